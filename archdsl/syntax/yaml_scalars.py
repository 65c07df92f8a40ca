"""Writes words and texts as YAML scalars: plain where that is read back the same, else in quotes."""

from __future__ import annotations

import re

from archdsl.syntax.write_expression import text_literal

_ODD_START = re.compile(r"[-?:](?:\s|$)|[,\[\]{}#&*!|>'\"%@`]|---|\.\.\.")
_ODD_INSIDE = re.compile(r":(?:\s|$)|\s#|\s$|^\s|[^\x20-\x7e\xa0-\u2027\u202f-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ODD_IN_BRACKETS = re.compile(r"[,\[\]{}]|:$")
_TYPED = re.compile(r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?\.?[0-9].*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|<<|=")
_NOT_EXPRESSIONS = frozenset({"~", "null", "Null", "NULL", "TRUE", "FALSE"})


def is_plain(text: str) -> bool:
    """Whether YAML reads a text without quotes as just that text, outside of brackets."""
    return bool(text) and not _ODD_START.match(text) and not _ODD_INSIDE.search(text)


def expression_scalar(text: str) -> str:
    """Write an expression; numbers and truth values mean the same plain."""
    return text if is_plain(text) and text not in _NOT_EXPRESSIONS else quoted(text)


def is_plain_in_brackets(text: str) -> bool:
    """Whether an expression can stand plainly between brackets."""
    return is_plain(text) and not _ODD_IN_BRACKETS.search(text) and text not in _NOT_EXPRESSIONS


def text_scalar(text: str) -> str:
    """Write a text on one line; one that looks like a number or truth value gets quotes, too."""
    return text if is_plain(text) and not _TYPED.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Write a text between quotes: double ones, unless single ones save escapes."""
    if text.isprintable() and not re.search(r"[\xad\ufeff]", text) and ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return text_literal(text)


def is_block(text: str) -> bool:
    """Whether a text of several lines can be written as a block behind `|-`."""
    lines = text.split("\n")
    whole = all(line.isprintable() and line == line.rstrip() and not re.search(r"[\xad\ufeff]", line) for line in lines)
    return whole and len(lines) > 1 and bool(lines[0]) and bool(lines[-1])


def block_marker(text: str, style: str = "|") -> str:
    """Return what stands before a block: its indentation is said where its first line is indented."""
    return f"{style}2-" if text[:1] == " " else f"{style}-"
