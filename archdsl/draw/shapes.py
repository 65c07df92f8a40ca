"""The shapes of flow charts, each around a middle: what is stored, drawn, judged and lost."""

from __future__ import annotations

from archdsl.draw.picture import Path, Rect, polygon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.picture import Item


def internal_storage(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A dashed rectangle with a line inside its left and upper edge: noise."""
    left, top, dash = x - wide / 2, y - high / 2, (5.0, 3.5)
    return (
        Rect(left, top, wide, high, paint, dash=dash),
        Path((("M", (left + 11, top)), ("L", (left + 11, top + high))), paint, filled=False, dash=dash),
        Path((("M", (left, top + 10)), ("L", (left + wide, top + 10))), paint, filled=False, dash=dash),
    )


def stored_data(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A drum on its side: data. Its outline on the right is where arrows leave."""
    left, right, top, bottom, bend = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2, 9.0
    body = (
        ("M", (left + bend, top)), ("L", (right - bend, top)),
        ("C", (right + bend * 0.35, top + high * 0.3, right + bend * 0.35, bottom - high * 0.3, right - bend, bottom)),
        ("L", (left + bend, bottom)),
        ("C", (left - bend * 0.35, bottom - high * 0.3, left - bend * 0.35, top + high * 0.3, left + bend, top)), ("Z", ()),
    )  # fmt: skip
    rim = (
        ("M", (right - bend, top)),
        ("C", (right - bend * 2.35, top + high * 0.3, right - bend * 2.35, bottom - high * 0.3, right - bend, bottom)),
    )
    return Path(body, paint), Path(rim, paint, filled=False)


def document(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A stack of three sheets with a waved foot: a sample. The one in front is `wide` by `high`."""
    return tuple(_sheet(x + shift, y - shift, wide, high, paint) for shift in (7.0, 3.5, 0.0))


def _sheet(x: float, y: float, wide: float, high: float, paint: str) -> Path:
    left, right, top, foot = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2 - 7
    return Path((
        ("M", (left, top)), ("L", (right, top)), ("L", (right, foot)),
        ("C", (right - wide * 0.28, foot - 13, x + wide * 0.08, foot - 9, x, foot)),
        ("C", (x - wide * 0.14, foot + 10, left + wide * 0.2, foot + 11, left, foot + 2)), ("Z", ()),
    ), paint)  # fmt: skip


def rounded_box(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A box with round ends: a network."""
    return (Rect(x - wide / 2, y - high / 2, wide, high, paint, radius=min(high * 0.42, wide / 3)),)


def collate(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """Two triangles, tip on tip: a verdict."""
    left, right, top, bottom = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2
    return polygon([(left, top), (right, top), (x, y)], paint), polygon([(x, y), (right, bottom), (left, bottom)], paint)


def clipped(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A box whose upper corners are cut: a loss."""
    left, right, top, bottom, cut = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2, 11.0
    return (
        polygon(
            [(left + cut, top), (right - cut, top), (right, top + cut), (right, bottom), (left, bottom), (left, top + cut)], paint, 1.8
        ),
    )


def plain(x: float, y: float, wide: float, high: float, paint: str) -> tuple[Item, ...]:
    """A rectangle: an input or output of a model that no recipe feeds."""
    return (Rect(x - wide / 2, y - high / 2, wide, high, paint, radius=2.0),)
