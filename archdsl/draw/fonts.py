"""How wide text is, in the sans-serif fonts that figures ask for.

The widths are those of Helvetica, which Arial and Liberation Sans share to the unit. Where another
font stands in, the writer asks for the measured length, so that nothing moves.
"""

from __future__ import annotations

STACK = "Helvetica, Arial, 'Liberation Sans', Roboto, 'DejaVu Sans Condensed', sans-serif"

CAP_HEIGHT = 0.718
"""The height of a capital, as a part of the font size."""
DESCENT = 0.207
"""How far a `g` reaches below the line, as a part of the font size."""
LEADING = 1.2
"""From one line of text to the next, as a part of the font size."""

_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 "
    "975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 "
    "333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_OTHERS = {"×": 584, "·": 278, "…": 1000, "→": 1000, "–": 556, "−": 584, "σ": 578, "μ": 556, "²": 333}


def _table(widths: str) -> dict[str, int]:
    return dict(zip(map(chr, range(32, 127)), map(int, widths.split()), strict=True)) | _OTHERS


_TABLES = {False: _table(_REGULAR), True: _table(_BOLD)}


def measured(text: str) -> bool:
    """Say whether every character stands in the table, so that the width is exact."""
    return all(character in _TABLES[False] for character in text)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of one line, in the unit of `size`.

    What the table lacks counts as a wide letter; East Asian characters as a full square.
    """
    table = _TABLES[bold]
    units = sum(table.get(character) or (1000 if ord(character) >= 0x1100 else 667) for character in text)
    return units * size / 1000


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """Break text at spaces into lines no wider than `width`; a longer word stands alone.

    A line break in the text stays one. The lines are as even as their number allows.
    """
    lines: list[str] = []
    for part in text.split("\n"):
        lines.extend(_even(part.split(), width, size, bold) or [""])
    return tuple(lines)


def _even(words: list[str], width: float, size: float, bold: bool) -> list[str]:
    lines = _greedy(words, width, size, bold)
    if len(lines) < 2:
        return lines
    narrow, wide = max(text_width(word, size, bold=bold) for word in words), width
    while wide - narrow > size / 4:
        middle = (narrow + wide) / 2
        if len(_greedy(words, middle, size, bold)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return _greedy(words, wide, size, bold)


def _greedy(words: list[str], width: float, size: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut a line that is too wide, with an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    room = width - text_width("…", size, bold=bold)
    kept, used = 0, 0.0
    for character in text:
        used += text_width(character, size, bold=bold)
        if used > room:
            break
        kept += 1
    return text[:kept].rstrip() + "…"
