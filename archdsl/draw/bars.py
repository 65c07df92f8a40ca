"""Bars: an hourglass of widths, as an autoencoder is drawn.

One bar stands for each change of width; its height grows with the logarithm. The waist is the darkest.
Between neighbours a fan of four dotted lines says that everything is joined with everything.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

from archdsl.draw.error import DrawError
from archdsl.draw.fonts import LEADING, text_width, wrap
from archdsl.draw.lines import line
from archdsl.draw.picture import Group, Rect, bounds, fit, lines_of
from archdsl.draw.reduce import FOLDED, called, consumers, count, show
from archdsl.draw.scale import line_for, text_for
from archdsl.draw.subject import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Item, Picture
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

TALLEST = 236.0
LEAST = 0.28
WIDTH = 28.0
SHADES = 5


class Bar:
    """A bar to draw: the width that it stands for, the shape to show, and where it stands."""

    __slots__ = ("height", "name", "shape", "size", "x")

    def __init__(self, size: int, shape: str, name: str) -> None:
        self.size, self.shape, self.name = size, shape, name
        self.x = self.height = 0.0

    @property
    def top(self) -> float:
        """Its upper end; all bars are centred on 0."""
        return -self.height / 2


def layout(subject: Subject) -> Picture:
    """Lay out a chain as bars."""
    parts = subject.parts(FOLDED | {"pooling"})
    bars = measure(parts)
    place(bars)
    size = text_for(bars[-1].x + WIDTH + 190)
    waist = min(range(len(bars)), key=lambda i: (bars[i].size, abs(2 * i - len(bars) + 1)))
    items: list[Item] = []
    for left, right in pairwise(bars):
        items.append(Group("connection", "", fan(left, right)))
    items.extend(_drawn(bar, shade(index, waist, len(bars)), line_for(bars[-1].x + 220)) for index, bar in enumerate(bars))
    ends = (subject.model.inputs[0][0], subject.model.outputs[0][0])
    labels = {
        0: subject.label("input", ends[0], default="Input"),
        waist: subject.label("latent", "waist", bars[waist].name, default="Latent Space Representation"),
        len(bars) - 1: subject.label("output", ends[1], default="Reconstructed input" if bars[0].shape == bars[-1].shape else "Output"),
    }
    for index, text in labels.items():
        items.append(Group("label", "", caption(bars, index, text, size)))
    told = ", ".join(labels[i] + " " + bar.shape if i in labels else bar.shape for i, bar in enumerate(bars))
    desc = (
        f"{subject.title} as {len(bars)} bars from left to right, each as high as its layer is wide: {told}. "
        "The waist is the darkest; dotted lines join the ends of neighbouring bars, straight and crosswise."
    )
    west, _, east, _ = bounds(items) or (0.0, 0.0, 0.0, 0.0)
    middle = (bars[0].x + bars[-1].x + WIDTH) / 2
    uneven = (east - middle) - (middle - west)
    return fit(items, subject.title, desc, before=max(0.0, uneven), after=max(0.0, -uneven))


def measure(parts: Sequence[Part]) -> list[Bar]:
    """Return a bar for each change of width along a chain.

    Feature maps that swell before they narrow are measured by their height and width alone, so that the
    figure shows the waist. Raises DrawError at the first edge that leaves the chain.
    """
    readers = consumers(parts)
    for part in parts:
        if len(part.inputs) > 1 or len(readers[part.number]) > 1:
            other = parts[readers[part.number][1]] if len(readers[part.number]) > 1 else parts[part.inputs[1]]
            names = [called(one) for one in (part, other)]
            raise DrawError(f"bars show a chain, and the edge between {names[0]} and {names[1]} leaves it", other.span)
    chain = [part for part in parts if part.kind != "output"]
    for size in (count, _extent):
        bars: list[Bar] = []
        for index, part in enumerate(chain):
            shape = part.shapes[0] if index == 0 else part.type
            if not bars or size(shape) != bars[-1].size:
                bars.append(Bar(size(shape), show(shape), part.name))
            elif index == len(chain) - 1:
                bars[-1].shape = show(shape)
        if _narrows(bars):
            break
    return bars


def _extent(shape: object) -> int:
    from archdsl.layers.tensor import Tensor

    assert isinstance(shape, Tensor)
    return count(shape.like(shape.shape[1:])) if len(shape.shape) == 3 else count(shape)


def _narrows(bars: Sequence[Bar]) -> bool:
    """Say whether the bars only fall to the waist and only rise after it."""
    sizes = [bar.size for bar in bars]
    waist = sizes.index(min(sizes))
    return sizes[: waist + 1] == sorted(sizes[: waist + 1], reverse=True) and sizes[waist:] == sorted(sizes[waist:])


def place(bars: Sequence[Bar]) -> None:
    """Give the bars their heights, and equal gaps."""
    low, high = min(bar.size for bar in bars), max(bar.size for bar in bars)
    gap = min(128.0, max(44.0, (450.0 - len(bars) * WIDTH) / max(1, len(bars) - 1)))
    for index, bar in enumerate(bars):
        part = log(bar.size / low) / log(high / low) if high > low else 1.0
        bar.height = TALLEST * (LEAST + (1 - LEAST) * part)
        bar.x = index * (WIDTH + gap)


def shade(index: int, waist: int, bars: int) -> str:
    """Return the paint of a bar: the same on both sides, darker towards the waist."""
    reach = waist if index <= waist else bars - 1 - waist
    depth = 1 - abs(index - waist) / reach if reach else 1.0
    return f"shade{round(depth * (SHADES - 1))}"


def fan(left: Bar, right: Bar) -> tuple[Item, ...]:
    """Return four dotted lines, from the ends of one bar to those of the next."""
    x0, x1 = left.x + WIDTH, right.x
    ends = [(left.top, right.top), (-left.top, -right.top), (left.top, -right.top), (-left.top, right.top)]
    return tuple(line([(x0, y0), (x1, y1)], paint="faint", width=2.2, dash=(0.01, 7.0)) for y0, y1 in ends)


def _drawn(bar: Bar, paint: str, outline: float) -> Group:
    return Group(
        "layer", " ".join(filter(None, (words(bar.name), bar.shape))), (Rect(bar.x, bar.top, WIDTH, bar.height, paint, line=outline),)
    )


def caption(bars: Sequence[Bar], index: int, text: str, size: float) -> tuple[Item, ...]:
    """Return the label over a bar, above all that stands or runs beneath it."""
    middle = bars[index].x + WIDTH / 2
    lines = wrap(text, 10.2 * size, size, bold=True)
    half = max(text_width(one, size, bold=True) for one in lines) / 2 + 4
    highest = min(height_at(bars, x) for x in (middle - half, middle, middle + half, *_tops(bars, middle - half, middle + half)))
    return lines_of(lines, middle, highest - 10 - (LEADING - 1) * size / 2, size, bold=True, at="bottom")


def _tops(bars: Sequence[Bar], left: float, right: float) -> list[float]:
    return [x for bar in bars for x in (bar.x, bar.x + WIDTH) if left <= x <= right]


def height_at(bars: Sequence[Bar], x: float) -> float:
    """Return how high the figure reaches at `x`: the top of a bar, or of the dotted line between two."""
    for left, right in pairwise(bars):
        if left.x + WIDTH < x < right.x:
            part = (x - left.x - WIDTH) / (right.x - left.x - WIDTH)
            return left.top + (right.top - left.top) * part
    return next((bar.top for bar in bars if bar.x <= x <= bar.x + WIDTH), bars[-1].top if x > bars[-1].x else bars[0].top)
