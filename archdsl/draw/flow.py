"""Flow: what feeds what while models are trained, as a generative adversarial network is drawn.

Noise and data on the left, the loss on the right; the shape of a box says its role. What several
sources bring to one input of a model shares a bus, and one arrow.
"""

from __future__ import annotations

from archdsl.draw import shapes
from archdsl.draw.fonts import CAP_HEIGHT, LEADING, text_width, wrap
from archdsl.draw.layered import layered
from archdsl.draw.lines import arrow, line
from archdsl.draw.picture import Group, Text, fit, lines_of
from archdsl.draw.scale import text_for
from archdsl.draw.story import tell
from archdsl.draw.subject import capital, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archdsl.draw.layered import Layout
    from archdsl.draw.picture import Item, Picture, Point
    from archdsl.draw.story import Actor, Story
    from archdsl.draw.subject import Subject

    Key = tuple[str, str]

GAP = 34.0
"""Between ranks, from outline to outline."""
APART = 30.0
"""Between boxes of one rank."""

DRAWN: dict[str, tuple[Callable[[float, float, float, float, str], tuple[Item, ...]], str]] = {
    "noise": (shapes.internal_storage, "noise"),
    "data": (shapes.stored_data, "data"),
    "network": (shapes.rounded_box, "network"),
    "judge": (shapes.rounded_box, "judge"),
    "sample": (shapes.document, "sample"),
    "verdict": (shapes.collate, "verdict"),
    "loss": (shapes.clipped, "loss"),
    "input": (shapes.plain, "value"),
    "output": (shapes.plain, "value"),
}

SAID = {
    "noise": "a dashed box with lines inside its left and upper edge", "data": "a drum on its side", "network": "a box with round ends",
    "judge": "a box with round ends in another colour", "sample": "a stack of sheets", "verdict": "two triangles tip on tip",
    "loss": "a box with its upper corners cut", "input": "a rectangle", "output": "a rectangle",
}  # fmt: skip
"""The shapes, for those who do not see them."""


class Stop:
    """A box to draw, around (x, y)."""

    __slots__ = ("high", "lines", "role", "size", "told", "wide", "x", "y")

    def __init__(self, role: str, text: str, size: float, told: str) -> None:
        self.role, self.told, self.size = role, told, size
        self.lines = wrap(text, 118.0 if role == "data" else 140.0, size)
        longest = max(text_width(one, size) for one in self.lines)
        extra = {"noise": 32.0, "data": 40.0, "network": 34.0, "judge": 34.0, "sample": 26.0, "loss": 34.0}.get(role, 26.0)
        self.wide = 26.0 if role == "verdict" else longest + extra
        self.high = 34.0 if role == "verdict" else {"network": 58.0, "judge": 58.0}.get(role, 48.0)
        self.high = max(self.high, len(self.lines) * LEADING * size + (26.0 if role == "data" else 22.0))
        self.x = self.y = 0.0

    @property
    def room(self) -> float:
        """How high the box is, with what is written above and below it."""
        return self.high + (2 * (self.size + 10) if self.role == "verdict" else 0)

    @property
    def left(self) -> float:
        """Where arrows arrive."""
        return self.x - self.wide / 2 + (self.wide / 4 if self.role == "verdict" else 0)

    @property
    def right(self) -> float:
        """Where arrows leave: a stack of sheets reaches further, the waist of a verdict less far."""
        if self.role == "verdict":
            return self.x + self.wide / 4
        return self.x + self.wide / 2 + {"sample": 7.0, "data": -2.0}.get(self.role, 0.0)


def layout(subject: Subject) -> Picture:
    """Lay out the story of a recipe, from left to right."""
    story = tell(subject)
    size = 16.0
    for _ in range(8):
        stops, edges, ports = _plan(subject, story, size)
        forward = _forward(len(stops), edges)
        straight = [edge for edge, keeps in zip(edges, forward, strict=True) if keeps]
        laid = layered([max(stop.room for stop in stops)] * len(stops), straight, gap=APART, lane=20.0)
        width = _place(stops, laid)
        wanted = min(26.0, text_for(width + 32, 16.0))
        if wanted <= size:
            break
        size = wanted
    items: list[Item] = [Group("connection", "", _edges(stops, edges, ports, forward, laid))]
    items.extend(Group(stop.role, stop.told, _drawn(stop, subject)) for stop in stops)
    return fit(items, subject.title, _told(subject, stops, edges))


def _plan(subject: Subject, story: Story, size: float) -> tuple[list[Stop], list[tuple[int, int]], list[int]]:
    """Return the boxes, the edges between them, and for each edge the port that it enters."""
    stops: list[Stop] = []
    places: dict[Key, int] = {}
    ending = {start for start, end, _ in story.edges if end[0] == "loss"} - {start for start, end, _ in story.edges if end[0] == "model"}
    many = sum(actor.kind == "model" for actor in story.actors.values()) > 1
    crowded = _crowded(story)
    for key, actor in sorted(story.actors.items(), key=lambda item: item[0][0] == "data"):
        role = actor.kind if actor.kind != "model" else "judge" if many and key in ending else "network"
        twin = any((key, end, port) in story.edges for end, port in crowded)
        places[key] = len(stops)
        stops.append(Stop(role, _name(subject, actor, twin=twin), size, _shape(actor)))
    edges: list[tuple[int, int]] = []
    ports: list[int] = []
    verdicts: dict[Key, int] = {}
    for start, end, port in sorted(story.edges, key=lambda edge: edge[0][0] == "data"):
        begin = places[start]
        if (end, port) in crowded:
            stops.append(Stop("sample", subject.label(f"{start[1]}_sample", "sample", default="Sample"), size, _shape(story.actors[start])))
            edges.append((begin, len(stops) - 1))
            ports.append(0)
            begin = len(stops) - 1
        elif end[0] == "loss" and {0.0, 1.0} <= story.targets.get(start, set()):
            if start not in verdicts:
                stops.append(Stop("verdict", "", size, ""))
                verdicts[start] = len(stops) - 1
                edges.append((begin, len(stops) - 1))
                ports.append(0)
            begin = verdicts[start]
        edges.append((begin, places[end]))
        ports.append(port)
    return stops, edges, ports


def _crowded(story: Story) -> set[tuple[Key, int]]:
    """Return the ports of models at which data and what a model made meet: there, each brings its samples."""
    arriving: dict[tuple[Key, int], set[str]] = {}
    for start, end, port in story.edges:
        if end[0] == "model":
            arriving.setdefault((end, port), set()).add(start[0])
    return {place for place, kinds in arriving.items() if {"data", "model"} <= kinds}


def _name(subject: Subject, actor: Actor, *, twin: bool) -> str:
    """Return what a box is called; data that meets what a model made is the real thing."""
    image = actor.type is not None and len(actor.type.shape) == 3
    default = actor.name if actor.kind == "model" or len(actor.name) <= 2 else capital(words(actor.name))
    if actor.kind == "data" and twin:
        default = "Real World Images" if image else f"Real {words(actor.name)}"
    return subject.label(actor.name, actor.kind, default=default)


def _shape(actor: Actor) -> str:
    from archdsl.draw.reduce import show

    return f"{words(actor.name)} {show(actor.type)}" if actor.type is not None else words(actor.name)


def _forward(nodes: int, edges: Sequence[tuple[int, int]]) -> list[bool]:
    """Say of each edge whether it leads on; those that close a cycle lead back."""
    leaving: list[list[int]] = [[] for _ in range(nodes)]
    for place, (start, _) in enumerate(edges):
        leaving[start].append(place)
    keeps, state = [True] * len(edges), [0] * nodes
    for root in range(nodes):
        stack = [(root, 0)] if not state[root] else []
        state[root] = state[root] or 1
        while stack:
            node, at = stack.pop()
            if at == len(leaving[node]):
                state[node] = 2
                continue
            stack.append((node, at + 1))
            place = leaving[node][at]
            end = edges[place][1]
            if state[end] == 1:
                keeps[place] = False
            elif not state[end]:
                state[end] = 1
                stack.append((end, 0))
    return keeps


def _place(stops: Sequence[Stop], laid: Layout) -> float:
    """Give the boxes their places: ranks from left to right, with room for a bus before what is joined. Return the width."""
    widest = [0.0] * laid.ranks
    for place, stop in enumerate(stops):
        widest[laid.rank[place]] = max(widest[laid.rank[place]], stop.wide)
    lefts, x = [], 0.0
    for wide in widest:
        lefts.append(x)
        x += wide + GAP + 4
    for place, stop in enumerate(stops):
        rank = laid.rank[place]
        stop.x, stop.y = lefts[rank] + widest[rank] / 2, laid.across[place]
    return x - GAP


def _edges(
    stops: Sequence[Stop], edges: Sequence[tuple[int, int]], ports: Sequence[int], forward: Sequence[bool], laid: Layout
) -> tuple[Item, ...]:
    """Return the connectors: straight where they can be, else over a bus; what leads back runs below everything."""
    entering: dict[int, dict[int, list[float]]] = {}
    for place, (start, end) in enumerate(edges):
        entering.setdefault(end, {}).setdefault(ports[place], []).append(stops[start].y)
    heights = {end: _port_heights(stops[end], used) for end, used in entering.items()}
    via = iter(laid.via)
    buses: dict[tuple[int, int], list[list[Point]]] = {}
    found: list[Item] = []
    lowest = max(stop.y + stop.room / 2 for stop in stops) + 24
    for place, (start, end) in enumerate(edges):
        begin, goal = stops[start], stops[end]
        target = (goal.left - 1, heights[end][ports[place]])
        if forward[place]:
            buses.setdefault((end, ports[place]), []).append(_route(begin, target, next(via), laid, start, stops))
        else:
            aside = (begin.right + GAP / 2, goal.left - GAP / 2)
            points = [(begin.right, begin.y), (aside[0], begin.y), (aside[0], lowest), (aside[1], lowest), (aside[1], target[1]), target]
            found.extend(arrow(points, radius=8.0))
            lowest += 16
    for routes in buses.values():
        found.extend(line(route[:-1]) for route in routes[1:])
        found.extend(arrow(routes[0]))
    return tuple(found)


def _port_heights(stop: Stop, used: Mapping[int, Sequence[float]]) -> dict[int, float]:
    """Return where the ports of a box are: side by side in the order of what comes to them; one line that nearly is level becomes so."""
    if len(used) == 1:
        ((port, heights),) = used.items()
        if len(heights) == 1 and abs(heights[0] - stop.y) <= stop.high * 0.3:
            return {port: heights[0]}
    order = sorted(used, key=lambda port: (sum(used[port]) / len(used[port]), port))
    step = min(18.0, stop.high * 0.6 / len(order))
    return {port: stop.y + (place - (len(order) - 1) / 2) * step for place, port in enumerate(order)}


def _route(begin: Stop, target: Point, via: Sequence[float], laid: Layout, start: int, stops: Sequence[Stop]) -> list[Point]:
    """Return the corners of an edge: level, then up or down right before its goal, past other boxes in their lanes."""
    points: list[Point] = [(begin.right, begin.y)]
    level = begin.y
    for step, across in enumerate(via, laid.rank[start] + 1):
        if abs(across - level) > 0.5:
            row = [stop for place, stop in enumerate(stops) if laid.rank[place] == step]
            turn = min(stop.x - stop.wide / 2 for stop in row) - GAP / 2 if row else points[-1][0] + GAP / 2
            points.extend(((turn, level), (turn, across)))
            level = across
    turn = target[0] - GAP / 2 - 2
    return [*points, (turn, level), (turn, target[1]), target]


def _drawn(stop: Stop, subject: Subject) -> tuple[Item, ...]:
    """Return the shape of a box, and its text."""
    shape, paint = DRAWN[stop.role]
    drawn = shape(stop.x, stop.y, stop.wide, stop.high, paint)
    if stop.role == "verdict":
        above, below = subject.label("real", default="Real"), subject.label("fake", default="Fake")
        return (
            *drawn,
            Text(stop.x, stop.y - stop.high / 2 - 8, above, stop.size),
            Text(stop.x, stop.y + stop.high / 2 + 8 + CAP_HEIGHT * stop.size, below, stop.size),
        )
    dx, dy = {"noise": (5.5, 5.0), "data": (-5.0, 0.0), "sample": (0.0, -4.0)}.get(stop.role, (0.0, 0.0))
    return *drawn, *lines_of(stop.lines, stop.x + dx, stop.y + dy, stop.size, paint=paint)


def _told(subject: Subject, stops: Sequence[Stop], edges: Sequence[tuple[int, int]]) -> str:
    """Say the graph in words."""
    real, fake = subject.label("real", default="Real"), subject.label("fake", default="Fake")
    names = [f"the verdict ({real} or {fake})" if stop.role == "verdict" else " ".join(stop.lines) for stop in stops]
    said = "; ".join(f"{names[start]} to {names[end]}" for start, end in edges)
    forms = dict.fromkeys(f"{name} is {SAID[stop.role]}" for name, stop in zip(names, stops, strict=True))
    return f"{subject.title} from left to right. Arrows lead from {said}. {capital(', '.join(forms))}."
