"""A picture: shapes, text and connectors in absolute positions. It knows no neural network and no SVG.

Lengths are in CSS pixels, y grows downwards. A shape names its paint, an entry of the theme; a text is
written in the ink of its paint.
"""

from __future__ import annotations

from math import ceil

from archdsl.draw.fonts import CAP_HEIGHT, DESCENT, LEADING, text_width
from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Point = tuple[float, float]
    Box = tuple[float, float, float, float]


MARGIN = 16.0
"""The white around a picture."""


class Rect(Record):
    """A rectangle from its upper left corner; `radius` rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    paint: str
    radius: float = 0.0
    line: float = 1.5
    dash: tuple[float, ...] = ()


class Ellipse(Record):
    """An ellipse; `shear` and `rise` are how far its right end is lifted and its top pushed aside, for
    faces that recede: the point (u, v) of the upright one stands at (u + shear v, v + rise u).
    """

    x: float
    y: float
    rx: float
    ry: float
    paint: str
    line: float = 1.2
    shear: float = 0.0
    rise: float = 0.0


class Path(Record):
    """An outline of `M`, `L`, `C`, `Q` and `Z` commands with absolute points.

    `filled` is the inside's paint with a stroke around; otherwise it is a line.
    """

    commands: tuple[tuple[str, tuple[float, ...]], ...]
    paint: str
    filled: bool = True
    line: float = 1.5
    dash: tuple[float, ...] = ()


class Head(Record):
    """The tip of an arrow: a filled triangle, or chevron, in the colour of its line."""

    points: tuple[Point, ...]
    paint: str


class Text(Record):
    """One line of text; `y` is its base line, `anchor` is `start`, `middle` or `end`."""

    x: float
    y: float
    text: str
    size: float
    paint: str = "page"
    bold: bool = False
    anchor: str = "middle"


class Image(Record):
    """A picture from outside, as a data URI."""

    x: float
    y: float
    width: float
    height: float
    href: str


class Group(Record):
    """Shapes that mean one thing: `role` says what it is, `label` what a pointer over it shows."""

    role: str
    label: str
    items: tuple[Item, ...]


class Picture(Record):
    """A whole figure; `title` names it, `desc` says it in words."""

    width: float
    height: float
    items: tuple[Item, ...]
    title: str
    desc: str


if TYPE_CHECKING:
    Shape = Rect | Ellipse | Path | Head | Text | Image
    Item = Shape | Group


def fit(items: Sequence[Item], title: str, desc: str, *, before: float = 0.0, after: float = 0.0) -> Picture:
    """Move all that was drawn so that it stands in a picture of its size, with a margin around.

    `before` and `after` are room to leave on the left and on the right, besides.
    """
    left, top, right, bottom = bounds(items) or (0.0, 0.0, 1.0, 1.0)
    # Whole sizes, so that the last column and row of pixels are covered too.
    width, height = ceil(right - left + 2 * MARGIN + before + after), ceil(bottom - top + 2 * MARGIN)
    return Picture(width, height, shift(items, MARGIN + before - left, MARGIN - top), title, desc)


def flat(items: Iterable[Item]) -> list[Shape]:
    """Return all shapes and texts, groups opened, in the order of drawing."""
    found: list[Shape] = []
    for item in items:
        if isinstance(item, Group):
            found.extend(flat(item.items))
        else:
            found.append(item)
    return found


def bounds(items: Iterable[Item]) -> Box | None:
    """Return left, top, right and bottom of what is drawn, with the width of its lines; None for nothing."""
    boxes = [box(item) for item in flat(items)]
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def box(item: Item) -> Box:
    """Return the rectangle around one shape or text; that of a curve is the one around its handles."""
    if isinstance(item, Text):
        width = text_width(item.text, item.size, bold=item.bold)
        left = item.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[item.anchor] * width
        return left, item.y - CAP_HEIGHT * item.size, left + width, item.y + DESCENT * item.size
    if isinstance(item, Rect):
        half = item.line / 2
        return item.x - half, item.y - half, item.x + item.width + half, item.y + item.height + half
    if isinstance(item, Image):
        return item.x, item.y, item.x + item.width, item.y + item.height
    if isinstance(item, Ellipse):
        half = item.line / 2
        wide, high = item.rx + abs(item.shear) * item.ry + half, item.ry + abs(item.rise) * item.rx + half
        return item.x - wide, item.y - high, item.x + wide, item.y + high
    if isinstance(item, Group):
        return bounds(item.items) or (0.0, 0.0, 0.0, 0.0)
    half = item.line / 2 if isinstance(item, Path) else 0.0
    points = item.points if isinstance(item, Head) else _points(item)
    return (
        min(x for x, _ in points) - half,
        min(y for _, y in points) - half,
        max(x for x, _ in points) + half,
        max(y for _, y in points) + half,
    )


def _points(path: Path) -> list[Point]:
    return [(p[i], p[i + 1]) for _, p in path.commands for i in range(0, len(p), 2)]


def shift(items: Iterable[Item], dx: float, dy: float) -> tuple[Item, ...]:
    """Return the items moved right by `dx` and down by `dy`."""
    return tuple(_shifted(item, dx, dy) for item in items)


def _shifted(item: Item, dx: float, dy: float) -> Item:
    """Large figures move a hundred thousand shapes: they are made anew, which is quicker than `replace`."""
    if isinstance(item, Group):
        return Group(item.role, item.label, shift(item.items, dx, dy))
    if isinstance(item, Path):
        commands = tuple([(letter, tuple([n + (dy if i % 2 else dx) for i, n in enumerate(p)])) for letter, p in item.commands])
        return Path(commands, item.paint, item.filled, item.line, item.dash)
    if isinstance(item, Head):
        return Head(tuple([(x + dx, y + dy) for x, y in item.points]), item.paint)
    if isinstance(item, Rect):
        return Rect(item.x + dx, item.y + dy, item.width, item.height, item.paint, item.radius, item.line, item.dash)
    if isinstance(item, Text):
        return Text(item.x + dx, item.y + dy, item.text, item.size, item.paint, item.bold, item.anchor)
    moved: Item = item.replace(x=item.x + dx, y=item.y + dy)
    return moved


def polygon(points: Sequence[Point], paint: str, line: float = 1.5) -> Path:
    """Return a closed outline with straight sides."""
    return Path((("M", points[0]), *(("L", point) for point in points[1:]), ("Z", ())), paint, line=line)


def lines_of(
    lines: Sequence[str], x: float, y: float, size: float, *, paint: str = "page", bold: bool = False, at: str = "middle"
) -> tuple[Text, ...]:
    """Return text of several centred lines whose block has its `top`, `middle` or `bottom` at `y`."""
    height = (len(lines) - 1) * LEADING * size + CAP_HEIGHT * size
    top = y - {"top": 0.0, "middle": 0.5, "bottom": 1.0}[at] * height - (DESCENT * size if at == "bottom" else 0)
    first = top + CAP_HEIGHT * size
    return tuple(Text(x, first + i * LEADING * size, text, size, paint, bold) for i, text in enumerate(lines))
