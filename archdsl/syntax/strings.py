"""What strings and numbers in a text stand for, by Python's rules."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|(\r?\n)|([\s\S]))")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


def body_of(spelling: str) -> tuple[str, int, int]:
    """Return a string's prefix in small letters, and where the text between its quotes starts and ends."""
    quote = min(at for at in (spelling.find('"'), spelling.find("'")) if at >= 0)
    width = 3 if spelling[quote : quote + 3] in ('"""', "'''") and len(spelling) - quote >= 6 else 1
    closed = len(spelling) >= quote + 2 * width and spelling.endswith(spelling[quote : quote + width])
    return spelling[:quote].lower(), quote + width, len(spelling) - (width if closed else 0)


def decoded(text: str, raw: bool, complain: Callable[[int, int], None]) -> str:
    """Return what a string's text means; `complain(start, end)` hears of escapes that Python does not know."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if raw or "\\" not in text:
        return text

    def meaning(match: re.Match[str]) -> str:
        octal, byte, short, long, name, line_end, other = match.groups()
        if line_end:
            return ""
        if octal:
            return chr(int(octal, 8))
        code = byte or short or long
        if code and int(code, 16) < 0x110000 and not 0xD800 <= int(code, 16) < 0xE000:
            return chr(int(code, 16))
        if name is not None:
            from unicodedata import lookup

            try:
                return lookup(name)
            except KeyError:
                pass
        if other in _SIMPLE:
            return _SIMPLE[other]
        complain(match.start(), match.end())
        return ""

    return _ESCAPE.sub(meaning, text)


def dedented(text: str) -> str:
    """Take off the indentation that all lines but the first share, and blank lines at both ends."""
    lines = text.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()), default=0)
    lines = [lines[0].lstrip(" "), *(line[margin:] for line in lines[1:])]
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


class NotANumber(ValueError):
    """A spelling that is no number; the message says why."""


def number(spelling: str) -> int | float:
    """Return the number that is spelled, or raise NotANumber."""
    if len(spelling) > 60:
        raise NotANumber("it has too many digits")
    word = spelling.lower()
    if word[:2] in ("0x", "0o", "0b") or not any(sign in word for sign in ".e"):
        try:
            whole = int(spelling, 0)
        except ValueError:
            raise NotANumber(_why_not(word)) from None
        if whole >= 2**63:
            raise NotANumber("whole numbers stay below 2**63")
        return whole
    try:
        value = float(spelling)
    except ValueError:
        raise NotANumber(_why_not(word)) from None
    if value in (float("inf"), float("-inf")):
        raise NotANumber("it is too large for a float")
    return value


def _why_not(word: str) -> str:
    if word.isascii() and word.replace("_", "").isdigit():
        return "whole numbers do not begin with 0" if word[0] == "0" else "underscores stand between digits"
    if word[-1] == "j":
        return "there are no complex numbers"
    return "a name does not begin with a digit, and a number holds digits, `.`, `_` and an exponent"
