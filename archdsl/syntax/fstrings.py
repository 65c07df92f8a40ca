"""Reads `f"layer{i + 1}"`: texts, and expressions in braces at their own places."""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax import tree
from archdsl.syntax.lexer import tokens_of
from archdsl.syntax.strings import body_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.build_expressions import ExpressionBuilder
    from archdsl.syntax.tree import Expr

MOST_NESTED = 1
"""How deep f-strings may stand in f-strings."""

_CLOSES = {"(": ")", "[": "]", "{": "}"}


def fstring(builder: ExpressionBuilder, at: int) -> Expr:
    """Make an f-string out of a token; what is amiss in it is complained of and left out."""
    spelling = builder.tokens.texts[at]
    prefix, start, end = body_of(spelling)
    raw = "r" in prefix
    parts: list[str | tree.FormatField] = []
    text_from = position = start
    pieces: list[str] = []
    while position < end:
        character = spelling[position]
        if character == "\\" and not raw:
            position += 3 if spelling.startswith("\\N{", position) else 2
            if spelling.startswith("\\N{", position - 3):
                position = max(position, spelling.find("}", position) + 1)
            continue
        if character not in "{}":
            position += 1
            continue
        pieces.append(builder.text_of(at, text_from, position, raw))
        if spelling.startswith(character * 2, position) and position + 1 < end:
            pieces.append(character)
            position += 2
        elif character == "}":
            builder.complain(
                say.odd_fstring(builder.within(at, position, position + 1), "this one closes nothing", "Write `}}` for a brace.")
            )
            position += 1
        else:
            if text := "".join(pieces):
                parts.append(text)
            pieces = []
            field, position = _field(builder, at, position, end)
            if field is not None:
                parts.append(field)
        text_from = position
    pieces.append(builder.text_of(at, text_from, min(position, end), raw))
    if text := "".join(pieces):
        parts.append(text)
    return tree.FString(builder.tokens.span(at), tuple(parts))


def _field(builder: ExpressionBuilder, at: int, opened: int, end: int) -> tuple[tree.FormatField | None, int]:
    """Read one `{expression:format}`; return it, and where the text goes on."""
    spelling = builder.tokens.texts[at]
    stop = _end_of_expression(spelling, opened + 1, end)
    close = stop if spelling[stop : stop + 1] == "}" else spelling.find("}", stop, end)
    if stop >= end or close < 0:
        builder.complain(
            say.odd_fstring(
                builder.within(at, opened, opened + 1), "this one is not closed", "Close it with `}`, or write `{{` for a brace."
            )
        )
        return None, end
    span = builder.within(at, opened, close + 1)
    if spelling[stop] in "!=" or "{" in spelling[stop:close]:
        builder.complain(say.odd_fstring(builder.within(at, stop, close), "`!r`, `=` and formats with braces are not known"))
        return None, close + 1
    if not spelling[opened + 1 : stop].strip():
        builder.complain(say.odd_fstring(span, "these are empty"))
        return None, close + 1
    value = _expression(builder, at, opened + 1, stop)
    if value is None:
        return None, close + 1
    return tree.FormatField(span, value, builder.text_of(at, stop + 1, close) if spelling[stop] == ":" else ""), close + 1


def _end_of_expression(spelling: str, position: int, end: int) -> int:
    """Return where an expression in braces ends: at `}`, `:`, `!` or `=` outside brackets and quotes."""
    open_brackets: list[str] = []
    while position < end:
        character = spelling[position]
        if character in "\"'":
            position = spelling.find(character, position + 1, end)
            if position < 0:
                return end
        elif character in _CLOSES:
            open_brackets.append(_CLOSES[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif not open_brackets and character in "}:":
            return position
        elif not open_brackets and character in "!=<>":
            if spelling[position + 1 : position + 2] == "=":
                position += 1
            elif character in "!=":
                return position
        position += 1
    return end


def _expression(builder: ExpressionBuilder, at: int, start: int, stop: int) -> Expr | None:
    from archdsl.syntax.mend import mend
    from archdsl.syntax.parse import Parser

    tokens, depth = builder.tokens, builder.depth + 1
    if depth > MOST_NESTED:
        builder.complain(say.too_deep(builder.within(at, start, stop)))
        return None
    offset = tokens.offsets[at]
    inner = tokens_of(tokens.source, builder.complaints, tokens.text, offset + start, offset + stop, tokens.positions)
    within = type(builder)(inner, builder.complaints, depth)
    parser = Parser(inner, within, mend)
    within.parser = parser
    return parser.run("expression_alone")  # type: ignore[no-any-return]
