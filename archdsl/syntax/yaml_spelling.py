"""Where each character of a scalar stands in the source, however YAML has spelled it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.yaml_nodes import Scalar

_WIDTHS = {"x": 4, "u": 6, "U": 10}


def positions_of(source: str, scalar: Scalar) -> list[int]:
    """Return the place in the source of each character of a scalar's text, and of its end.

    Quotes double or escape, lines are folded and indented; all else stands as it is.
    """
    at = source.find("\n", scalar.start, scalar.end) if scalar.style in ("|", ">") else scalar.start + 1
    at = scalar.end if at < 0 else at
    last = max(scalar.start, scalar.end - 1)
    places: list[int] = []
    for character in scalar.text:
        if not character.isspace():
            at = _past_blanks(source, at, last, scalar.style)
        places.append(min(at, last))
        if not character.isspace() or at <= last:
            at += _width(source, at, scalar.style, character)
    places.append(min(at, last) if scalar.style in ("'", '"') else scalar.end)
    return places


def _past_blanks(source: str, at: int, last: int, style: str) -> int:
    """Pass over folded line breaks and indentation."""
    while at < last:
        if source[at].isspace():
            at += 1
        elif style == '"' and source.startswith(("\\\n", "\\\r\n"), at):
            at = source.find("\n", at) + 1
        else:
            break
    return at


def _width(source: str, at: int, style: str, character: str) -> int:
    """Return how many characters spell the one at a place."""
    if at >= len(source):
        return 0
    if style == "'" and character == "'":
        return 2
    if style == '"' and source[at] == "\\":
        return _WIDTHS.get(source[at + 1 : at + 2], 2)
    if character.isspace() and not source[at].isspace():
        return 0
    return 1
