"""Volumes: one box for each feature map, as a convolutional network is drawn.

The front face is depth by height, and the width recedes at 45 degrees. The roomiest hidden volume shows
its neurons on three faces, and its axes.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

from archdsl.draw.choose import MOST_VOLUMES
from archdsl.draw.error import DrawError
from archdsl.draw.fonts import CAP_HEIGHT, DESCENT, text_width
from archdsl.draw.lines import arrow, head
from archdsl.draw.picture import MARGIN, Ellipse, Group, Path, Text, fit, polygon
from archdsl.draw.reduce import called, known, show
from archdsl.draw.scale import line_for, text_for
from archdsl.draw.subject import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Item, Picture, Point
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

THICKEST, THINNEST = 82.0, 11.0
TALLEST, LOWEST = 176.0, 17.0
RECEDES = 0.34
"""How long the receding side is, of what it would be in front, along each axis."""
GAP = 40.0


class Volume:
    """A box to draw. `x` is its left end; it is centred on 0; `back` is how far its rear is moved right and up."""

    __slots__ = ("back", "high", "name", "paint", "shape", "sizes", "thick", "x")

    def __init__(self, sizes: tuple[int, int, int], shape: str, name: str) -> None:
        self.sizes, self.shape, self.name = sizes, shape, name
        self.x = self.thick = self.high = self.back = 0.0
        self.paint = "volume"

    @property
    def top(self) -> float:
        """The upper end of the rear."""
        return -(self.high + self.back) / 2

    @property
    def right(self) -> float:
        """The right end of the rear."""
        return self.x + self.thick + self.back

    def at(self, u: float, v: float, depth: float) -> Point:
        """Return a corner: `u` from left to right, `v` downwards, `depth` backwards, each from 0 to 1."""
        return self.x + u * self.thick + depth * self.back, self.top + v * self.high + (1 - depth) * self.back


def layout(subject: Subject) -> Picture:
    """Lay out a chain of feature maps as boxes."""
    volumes, joins = measure(subject.parts())
    scale(volumes)
    volumes[0].paint, volumes[-1].paint = "source", "sink"
    roomy = max(volumes[1:-1], key=lambda v: (v.thick * v.high + v.back * (v.thick + v.high), -v.x), default=None)
    names = [subject.label(axis, default=axis) for axis in ("depth", "height", "width")]
    size = _place(volumes, roomy, names)
    line = line_for(volumes[-1].right + 2 * MARGIN)
    items: list[Item] = []
    for place, (left, right) in enumerate(pairwise(volumes)):
        if (place, place + 1) not in joins:
            continue
        beyond = 8.0 if left is not roomy else 10.0
        items.append(
            Group("connection", "", arrow([(left.right + beyond, 0), (right.x - 7, 0)], paint="quiet", width=line * 1.3, tip=line * 6))
        )
    for volume in volumes:
        items.append(Group("layer", f"{words(volume.name)} {volume.shape}".strip(), _box(volume, line)))
        if volume is roomy:
            items.append(Group("neurons", "", _neurons(volume, line)))
            items.append(
                Group("axes", "", _axes(volume, names, size, line, beside=any(volumes[a] is volume and b - a > 1 for a, b in joins)))
            )
    items.append(Group("skips", "", _arcs(volumes, sorted(joins), line)))
    told = ", ".join(volume.shape for volume in volumes)
    shown = f" The one of {roomy.shape} shows its neurons and the axes {', '.join(names)}." if roomy else ""
    desc = f"{subject.title} as {len(volumes)} boxes from left to right, of depth×height×width {told}; an arrow leads from each to the next{_skips(joins)}.{shown}"
    return fit(items, subject.title, desc)


def measure(parts: Sequence[Part]) -> tuple[list[Volume], set[tuple[int, int]]]:
    """Return a volume for each feature map and vector, in the order of computation, and which reads which.

    Raises DrawError for what comes from a second input, or has a size that is not known.
    """
    volumes: list[Volume] = []
    place: dict[int, int] = {}
    joins: set[tuple[int, int]] = set()
    for part in parts:
        if part.kind == "output":
            continue
        if not part.inputs and volumes:
            first = next(one for one in parts if part.number in one.inputs)
            raise DrawError(
                f"volumes show what one input becomes, and the edge from {called(part)} to {called(first)} brings another", first.span
            )
        place[part.number] = len(volumes)
        joins |= {(place[number], len(volumes)) for number in part.inputs}
        tensor = part.image or part.type
        sizes = [known(size) for size in tensor.shape[-3:]]
        if None in sizes:
            raise DrawError(f"volumes need sizes that are known, and {called(part)} is {tensor}", part.span)
        volumes.append(Volume(_sizes([size or 1 for size in sizes]), show(tensor), part.name))
    if len(volumes) < 2:
        raise DrawError("volumes show what a layer makes of its input, and there is no layer")
    return (volumes, joins) if len(volumes) <= MOST_VOLUMES else _stages(volumes, joins)


def _sizes(sizes: Sequence[int]) -> tuple[int, int, int]:
    """Return depth, height and width. A square map with its channels last is turned, as figures know only one order."""
    depth, height, width = (*sizes, 1, 1, 1)[:3]
    return (width, depth, height) if depth == height != width > 1 else (depth, height, width)


def _stages(volumes: Sequence[Volume], joins: set[tuple[int, int]]) -> tuple[list[Volume], set[tuple[int, int]]]:
    """Return one volume for each run of equal height and width: the last of it, where there are too many to show.

    The input and the last one stay by themselves; vectors that maps follow, as in a squeeze and excitation, are no runs.
    """
    kept: list[Volume] = []
    stage: list[int] = []
    maps = max((place for place, volume in enumerate(volumes) if volume.sizes[1:] != (1, 1)), default=0)
    for place, volume in enumerate(volumes):
        alone = place in (0, 1, len(volumes) - 1)
        if volume.sizes[1:] == (1, 1) and 1 < place < maps:
            pass
        elif kept and not alone and kept[-1].sizes[1:] == volume.sizes[1:]:
            kept[-1] = volume
        else:
            kept.append(volume)
        stage.append(len(kept) - 1)
    return kept, {(stage[start], stage[end]) for start, end in joins if stage[start] != stage[end]}


def scale(volumes: Sequence[Volume]) -> None:
    """Give the boxes their sizes: by logarithms, and never nothing."""
    deepest = max(v.sizes[0] for v in volumes)
    largest = max(max(v.sizes[1:]) for v in volumes)
    for volume in volumes:
        depth, height, width = volume.sizes
        volume.thick = _grown(depth, deepest, THINNEST, THICKEST)
        volume.high = _grown(height, largest, LOWEST, TALLEST)
        volume.back = RECEDES * _grown(width, largest, LOWEST, TALLEST)


def _grown(size: int, largest: int, low: float, high: float) -> float:
    return low + (high - low) * (log(size) / log(largest) if largest > 1 else 0.0)


def _place(volumes: Sequence[Volume], roomy: Volume | None, names: Sequence[str]) -> float:
    """Put the boxes in a row, with room for the names of the axes; return the size of these."""
    size, gap = 15.0, GAP
    for _ in range(4):
        width = sum(v.thick + v.back + gap for v in volumes) + 2 * size
        size, gap = text_for(width), max(GAP, 16 + 11 * line_for(width))
    x = 0.0
    for volume in volumes:
        volume.x = x
        x = volume.right + gap
        if volume is roomy:
            height, width = (text_width(name, size) for name in names[1:])
            x = max(x, volume.right + 8 + max(height, width - volume.back / 2) + 12)
    return size


def _box(volume: Volume, line: float) -> tuple[Item, ...]:
    """Return top, side and front."""
    at, paint = volume.at, volume.paint
    return (
        polygon([at(0, 0, 0), at(0, 0, 1), at(1, 0, 1), at(1, 0, 0)], f"{paint}-top", line),
        polygon([at(1, 0, 0), at(1, 0, 1), at(1, 1, 1), at(1, 1, 0)], f"{paint}-side", line),
        polygon([at(0, 0, 0), at(1, 0, 0), at(1, 1, 0), at(0, 1, 0)], paint, line),
    )


def _arcs(volumes: Sequence[Volume], joins: Sequence[tuple[int, int]], line: float) -> tuple[Item, ...]:
    """Return an arc over what stands between for each edge that passes volumes by, from rear edge to rear edge."""
    found: list[Item] = []
    for start, end in joins:
        if end - start < 2:
            continue
        (x0, y0), (x1, y1) = volumes[start].at(0.7, 0, 1), volumes[end].at(0.3, 0, 1)
        highest = min(volume.top for volume in volumes[start : end + 1]) - 14 - 9 * (end - start)
        shape = (("M", (x0, y0)), ("C", (x0, highest, x1, highest, x1, y1 - line * 4)))
        found.append(Path(shape, "quiet", filled=False, line=line * 1.3))
        found.append(head((x1, highest), (x1, y1 - 1), "quiet", line * 6))
    return tuple(found)


def _skips(joins: set[tuple[int, int]]) -> str:
    arcs = [f"box {start + 1} to box {end + 1}" for start, end in sorted(joins) if end - start > 1]
    return f", and arcs lead over those between from {', '.join(arcs)}" if arcs else ""


def _neurons(volume: Volume, line: float) -> tuple[Item, ...]:
    """Return the neurons on front, top and side; those that recede lean with their face."""
    columns, deep = max(2, min(5, round(volume.thick / 24))), 2
    rows = max(2, min(6, round(volume.high / volume.thick * columns)))
    across, down, back = volume.thick / columns * 0.4, volume.high / rows * 0.4, volume.back / deep * 0.4
    thin = line
    across_of = [(column + 0.5) / columns for column in range(columns)]
    down_of, back_of = [(row + 0.5) / rows for row in range(rows)], [(layer + 0.5) / deep for layer in range(deep)]
    front = [Ellipse(*volume.at(u, v, 0), across, down, "neuron", thin) for u in across_of for v in down_of]
    top = [Ellipse(*volume.at(u, 0, w), across, back, "neuron", thin, shear=-1.0) for u in across_of for w in back_of]
    side = [Ellipse(*volume.at(1, v, w), back, down, "neuron", thin, rise=-1.0) for w in back_of for v in down_of]
    return (*front, *top, *side)


def _axes(volume: Volume, names: Sequence[str], size: float, line: float, *, beside: bool) -> tuple[Item, ...]:
    """Return the three coloured edges and their names, each outside the box; `beside` leaves room for an arc on top."""
    at = volume.at
    edges = [("axis-depth", at(0, 0, 1), at(1, 0, 1)), ("axis-height", at(1, 0, 1), at(1, 1, 1)), ("axis-width", at(1, 1, 0), at(1, 1, 1))]
    lines = tuple(Path((("M", start), ("L", end)), paint, filled=False, line=line * 2.2) for paint, start, end in edges)
    (_, top), (right, _) = at(0, 0, 1), at(1, 0, 1)
    middle = (at(0, 0, 1)[0] + right) / 2
    lowest = (at(1, 1, 0)[0] + at(1, 1, 1)[0]) / 2
    below = (at(1, 1, 0)[1] + at(1, 1, 1)[1]) / 2
    level = top - 5 - DESCENT * size
    if beside:
        above = Text(at(0.7, 0, 1)[0] - 8, level, names[0], size, "axis-depth", anchor="end")
    else:
        above = Text(middle, level, names[0], size, "axis-depth")
    return (
        *lines,
        above,
        Text(right + 8, top * 0.55 + CAP_HEIGHT * size / 2, names[1], size, "axis-height", anchor="start"),
        Text(lowest + 8, below + CAP_HEIGHT * size, names[2], size, "axis-width", anchor="start"),
    )
