"""Neurons: one column for each width, as a multi-layer perceptron is drawn.

Up to six neurons are all drawn; of more, the first two, three dots and the last. The true number
stands below the column.
"""

from __future__ import annotations

from itertools import pairwise

from archdsl.draw.error import DrawError
from archdsl.draw.lines import arrow
from archdsl.draw.picture import Ellipse, Group, Rect, Text, fit
from archdsl.draw.reduce import called, consumers, count, known, show
from archdsl.draw.scale import line_for, text_for
from archdsl.draw.subject import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Item, Picture, Point
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

MOST = 6
HEIGHT = 214.0
RADIUS = 20.0
SQUARE = 15.0
"""Half the side of an input."""
GAP = 138.0


class Column:
    """A column to draw: how many neurons it has, where those that are drawn stand, and the dots between."""

    __slots__ = ("dots", "name", "size", "units", "x")

    def __init__(self, size: int, name: str, x: float) -> None:
        self.size, self.name, self.x = size, name, x
        if size <= MOST:
            step = min(HEIGHT * 0.38, HEIGHT / max(1, size - 1))
            self.units = [step * (i - (size - 1) / 2) for i in range(size)]
            self.dots: list[float] = []
        else:
            top, second, last = -HEIGHT / 2, -HEIGHT / 2 + HEIGHT * 0.34, HEIGHT / 2
            self.units = [top, second, last]
            middle = (second + last) / 2
            self.dots = [middle - 17, middle, middle + 17]


def layout(subject: Subject) -> Picture:
    """Lay out a chain of linear layers as columns of neurons."""
    columns = measure(subject.parts())
    thin = line_for((len(columns) - 1) * GAP + 140, 1.3)
    radius = min(RADIUS, HEIGHT / MOST / 2)
    items: list[Item] = []
    for left, right in pairwise(columns):
        items.append(Group("connection", "", _edges(left, right, radius, thin, first=left is columns[0])))
    for index, column in enumerate(columns):
        role = "source" if index == 0 else "sink" if index == len(columns) - 1 else "hidden"
        items.append(Group(role, f"{words(column.name)} {column.size}".strip(), _units(column, role, radius, thin)))
    size = text_for((len(columns) - 1) * GAP + 130)
    items.append(Group("labels", "", _labels(subject, columns, size, thin)))
    told = ", ".join(str(column.size) for column in columns)
    desc = (
        f"{subject.title} as {len(columns)} columns of neurons from left to right: {told}. The inputs are squares, all others circles; "
        "each neuron has an arrow to every neuron of the next column. Three dots stand for the neurons that are not drawn."
    )
    return fit(items, subject.title, desc)


def measure(parts: Sequence[Part]) -> list[Column]:
    """Return a column for each layer of a chain; raises DrawError for the first thing that is no linear layer of one."""
    readers = consumers(parts)
    columns: list[Column] = []
    for part in parts:
        name = called(part)
        if len(part.inputs) > 1 or len(readers[part.number]) > 1:
            others = [parts[n] for n in (readers[part.number] if len(readers[part.number]) > 1 else part.inputs)]
            raise DrawError(f"neurons show a chain, and the edge between {name} and {called(others[1])} leaves it", others[1].span)
        if part.kind == "output":
            continue
        shape = part.shapes[0]
        if part.kind != "input" and (part.role != "linear" or len(shape.shape) != 1 or known(shape.shape[0]) is None):
            before = parts[part.inputs[0]] if part.inputs else part
            raise DrawError(
                f"neurons show linear layers, and the edge from {called(before)} to {name} is {part.word} to {show(shape)}",
                part.span,
            )
        columns.append(Column(count(shape), part.name, len(columns) * GAP))
    if len(columns) < 2:
        raise DrawError("neurons show linear layers, and there is none")
    return columns


def _edges(left: Column, right: Column, radius: float, thin: float, *, first: bool) -> tuple[Item, ...]:
    """Return an arrow from each drawn neuron to each of the next column, between their outlines."""
    found: list[Item] = []
    for y0 in left.units:
        for y1 in right.units:
            start, end = (left.x, y0), (right.x, y1)
            begin = _leave_square(start, end) if first else _on_circle(start, end, radius + 1)
            found.extend(arrow([begin, _on_circle(end, begin, radius + 1)], width=thin, tip=4 + 3 * thin))
    return tuple(found)


def _on_circle(centre: Point, towards: Point, radius: float) -> Point:
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    length = (dx * dx + dy * dy) ** 0.5
    return centre[0] + dx * radius / length, centre[1] + dy * radius / length


def _leave_square(centre: Point, towards: Point) -> Point:
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    reach = (SQUARE + 1) / max(abs(dx), abs(dy))
    return centre[0] + dx * reach, centre[1] + dy * reach


def _units(column: Column, role: str, radius: float, thin: float) -> tuple[Item, ...]:
    """Return the drawn neurons of a column, and its dots."""
    shapes: list[Item] = []
    for y in column.units:
        if role == "source":
            shapes.append(Rect(column.x - SQUARE, y - SQUARE, 2 * SQUARE, 2 * SQUARE, "unit-source", radius=2.0, line=thin))
        else:
            shapes.append(Ellipse(column.x, y, radius, radius, f"unit-{role}", thin))
    shapes.extend(Ellipse(column.x, y, 3.4, 3.4, "dot", 0.0) for y in column.dots)
    return tuple(shapes)


def _labels(subject: Subject, columns: Sequence[Column], size: float, thin: float) -> tuple[Item, ...]:
    """Return the names above, with leaders to the hidden layers, and the numbers below."""
    above, below = -HEIGHT / 2 - 44.0, HEIGHT / 2 + 34.0 + size * 0.7
    inputs, outputs = subject.model.inputs[0][0], subject.model.outputs[0][0]
    found: list[Item] = [
        Text(columns[0].x, above, subject.label("input", inputs, default="Input layer"), size, bold=True),
        Text(columns[-1].x, above, subject.label("output", outputs, default="Output layer"), size, bold=True),
    ]
    hidden = columns[1:-1]
    if hidden:
        middle = (hidden[0].x + hidden[-1].x) / 2
        found.append(Text(middle, above, subject.label("hidden", default=f"Hidden layer{'s' * (len(hidden) > 1)}"), size, bold=True))
        for column in hidden:
            near = max(-36.0, min(36.0, (column.x - middle) * 0.5))
            top = column.units[0] - RADIUS - 4
            end = (column.x - (6 if near > 0 else -6 if near < 0 else 0), top)
            found.extend(arrow([(middle + near, above + 8), end], paint="quiet", width=thin, tip=4 + 3 * thin))
    found.extend(Text(column.x, below, str(column.size), size, "quiet") for column in columns)
    return tuple(found)
