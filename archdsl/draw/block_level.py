"""One level of nested boxes: the children of a group by rank, and the edges between them and to the outside.

Edges from rank to rank leave below and enter above. What comes from further up than the main input, a
skip, takes a lane on the right, the shorter ones inside, and enters from the side.
"""

from __future__ import annotations

from itertools import pairwise

from archdsl.draw.fonts import text_width
from archdsl.draw.layered import layered, ranked
from archdsl.draw.lines import arrow, line
from archdsl.draw.nest import Group, Leaf
from archdsl.draw.picture import Group as Drawn
from archdsl.draw.picture import Rect, Text, shift

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.blocks import Arranger
    from archdsl.draw.picture import Item, Point

    Edge = tuple[int, int, int]

SMALL = 11.5
GAP = 24.0
"""Between ranks."""
TAP = GAP * 0.36
"""How far below a rank a lane leaves the line that goes on."""
TRACK = 7.0
"""Between edges that run level in one gap."""
LANE = 13.0
PAD = 14.0
HEAD = 12.0
"""From the frame of a group down to its first rank."""
BELOW_TITLE = 22.0
"""From where edges enter a group to its first rank, so that they turn below its title."""
SHEETS = 6.0
"""How far the last sheet of a stack stands out."""


class Placed:
    """A laid out box: `items` stand relative to its upper left corner. By their producers, `tops` are where
    edges enter above, `sides` at which height others enter on the right, `outs` where edges leave below.
    `anchor` is the middle of what enters above.
    """

    __slots__ = ("anchor", "height", "items", "outs", "sides", "tops", "width")

    def __init__(self, width: float, height: float, items: tuple[Item, ...]) -> None:
        self.width, self.height, self.items = width, height, items
        self.anchor = width / 2
        self.tops: dict[int, float] = {}
        self.sides: dict[int, float] = {}
        self.outs: dict[int, float] = {}


class Level:
    """The insides of one group. Nodes are its children by index, then what enters above, then what is read from outside."""

    def __init__(self, arranger: Arranger, box: Group, boxes: Sequence[Placed]) -> None:
        self.arranger, self.box, self.children, self.boxes = arranger, box, box.children, boxes
        self.home = {number: index for index, child in enumerate(self.children) for number in range(child.start, child.end)}
        aside = arranger.aside(box)
        above = [producer for producer in arranger.inputs(box) if producer not in aside]
        count = len(self.children)
        self.above = {producer: count + place for place, producer in enumerate(above)}
        self.below = {producer: count + len(above) + place for place, producer in enumerate(arranger.outputs(box))}
        self.edges, self.skips, self.entering = self.sort_edges()
        self.rank, self.across, self.via = self.lay()
        self.high = [0.0] * (max(self.rank) + 1)
        self.outermost = [0.0] * len(self.high)
        for index, one in enumerate(boxes):
            rank = self.rank[index]
            self.high[rank] = max(self.high[rank], one.height)
            self.outermost[rank] = max(self.outermost[rank], self.across[index])

    def sort_edges(self) -> tuple[list[Edge], list[Edge], list[tuple[int, int]]]:
        """Return the edges that go from rank to rank, those that take a lane, and those that enter from the side.

        An edge is (from, to, producer), one that enters (to, producer).
        """
        edges: dict[Edge, None] = {}
        entering: dict[tuple[int, int], None] = {}
        for index, child in enumerate(self.children):
            for producer in self.arranger.inputs(child):
                start = self.home.get(producer, self.above.get(producer))
                if start is None:
                    entering[index, producer] = None
                else:
                    edges[start, index, producer] = None
        leaves, arrives = dict[int, int](), dict[int, int]()
        for start, end, _ in edges:
            leaves[start], arrives[end] = leaves.get(start, 0) + 1, arrives.get(end, 0) + 1
        ranks = ranked(len(self.children) + len(self.above), [edge[:2] for edge in edges], self.above.values(), ())
        straight: list[Edge] = []
        skips: list[Edge] = []
        for edge in edges:
            start, end, producer = edge
            passes = ranks[end] - ranks[start] > 1 and leaves[start] > 1 and arrives[end] > 1
            (skips if passes or producer in self.arranger.aside(self.children[end]) else straight).append(edge)
        return straight, skips, list(entering)

    def lay(self) -> tuple[list[int], list[float], list[list[float]]]:
        """Return the rank of each node, its place across, and those of each edge on the ranks that it passes."""
        sizes = [2 * max(box.anchor, box.width - box.anchor) for box in self.boxes] + [1.0] * (len(self.above) + len(self.below))
        edges = [edge[:2] for edge in self.edges] + [(self.home[producer], node) for producer, node in self.below.items()]
        beside = [edge[:2] for edge in self.skips]
        first, last = list(self.above.values()), list(self.below.values())
        laid = layered(sizes, edges, gap=20.0, first=first, last=last, beside=beside, lane=14.0, lane_weight=0.01)
        return laid.rank, laid.across, laid.via

    def placed(self, *, outermost: bool) -> Placed:
        """Place the children, and draw the edges between them and the frame around."""
        self.tracks = self.share_gaps()
        used = [0] * (len(self.high) + len(self.below) + 1)
        for (rank, _, _), track in self.tracks.items():
            used[rank] = max(used[rank], track)
        self.upper: list[float] = []
        y = 0.0 if outermost else HEAD
        for rank, height in enumerate(self.high):
            self.upper.append(y)
            y += height + (GAP if height or rank else BELOW_TITLE) + TRACK * used[rank + 1]
        self.spots = [(self.across[i] - box.anchor, self.upper[self.rank[i]]) for i, box in enumerate(self.boxes)]
        items = self.straight()
        lanes, right = self.lanes()
        items.extend(lanes)
        for (x, upper), box in zip(self.spots, self.boxes, strict=True):
            items.extend(shift(box.items, x, upper))
        bottom = max(upper + box.height for (_, upper), box in zip(self.spots, self.boxes, strict=True))
        if outermost:
            return Placed(right, bottom, tuple(items))
        return self.framed(items, right, bottom)

    def leaves(self, node: int, producer: int) -> float:
        """Return the place across at which an edge leaves a child, or enters the group."""
        if node >= len(self.children):
            return self.across[node]
        box = self.boxes[node]
        return self.across[node] - box.anchor + box.outs.get(producer, box.anchor)

    def start(self, node: int, producer: int) -> Point:
        """Return where an edge leaves a child, or enters the group."""
        bottom = self.spots[node][1] + self.boxes[node].height if node < len(self.children) else 0.0
        return self.leaves(node, producer), bottom

    def enters(self, node: int, producer: int) -> float:
        """Return the place across at which an edge enters a child, or leaves the group."""
        if node >= len(self.children):
            return self.across[node]
        box = self.boxes[node]
        return self.across[node] - box.anchor + box.tops.get(producer, box.anchor)

    def share_gaps(self) -> dict[Edge, int]:
        """Return a track for what each source sends level through the gap above a rank: by (rank, from, producer).

        Sources that overlap there without a common goal have tracks of their own, so that nobody takes them for one.
        """
        spans: dict[int, dict[tuple[int, int], tuple[float, float, set[Point]]]] = {}
        edges = [*self.edges, *((self.home[producer], node, producer) for producer, node in self.below.items())]
        for (start, end, producer), via in zip(edges, self.via, strict=True):
            xs = [self.leaves(start, producer), *via, self.enters(end, producer)]
            for rank, (one, other) in enumerate(pairwise(xs), self.rank[start] + 1):
                if abs(one - other) > 0.5:
                    low, high, ends = spans.setdefault(rank, {}).get((start, producer), (one, one, set()))
                    spans[rank][start, producer] = (min(low, one, other), max(high, one, other), ends | {(end, xs[-1])})
        tracks: dict[Edge, int] = {}
        for rank, sources in spans.items():
            taken: list[tuple[float, float, set[Point], int]] = []
            for (start, producer), (low, high, ends) in sorted(sources.items(), key=lambda item: item[1][:2]):
                busy = {track for left, right, others, track in taken if left < high and low < right and not ends & others}
                track = next(number for number in range(len(busy) + 1) if number not in busy)
                taken.append((low, high, ends, track))
                tracks[rank, start, producer] = track
        return tracks

    def level(self, rank: int, start: int, producer: int) -> float:
        """Return the height at which an edge runs level above a rank."""
        return self.upper[rank] - GAP / 2 - TRACK * self.tracks.get((rank, start, producer), 0)

    def straight(self) -> list[Item]:
        """Draw the edges from rank to rank; those that go into a group, or out of this one, end at its frame without a tip."""
        found: list[Item] = []
        for (start, end, producer), via in zip(self.edges, self.via, strict=False):
            goal = (self.enters(end, producer), self.spots[end][1])
            found.extend(self.into(end, self.path(start, producer, via, goal, self.rank[end]), radius=6.0))
        for (producer, node), via in zip(self.below.items(), self.via[len(self.edges) :], strict=True):
            goal = (self.across[node], self.upper[self.rank[node]] - GAP / 2)
            found.append(line(self.path(self.home[producer], producer, via, goal, self.rank[node]), radius=6.0))
        return found

    def path(self, start: int, producer: int, via: Sequence[float], goal: Point, last: int) -> list[Point]:
        """Return the corners of an edge that goes down from rank to rank, turning right above each."""
        points = [self.start(start, producer)]
        for step, x in enumerate(via, self.rank[start] + 1):
            _bend(points, x, self.level(step, start, producer))
        _bend(points, goal[0], self.level(last, start, producer))
        return [*points, goal]

    def into(self, end: int, points: list[Point], *, radius: float) -> tuple[Item, ...]:
        """Draw an edge into a child: with a tip into a layer, without into the frame of a group."""
        if isinstance(self.children[end], Group):
            return (line(points, radius=radius),)
        return arrow(points, radius=radius, tip=7.5)

    def reach(self) -> list[float]:
        """Return how far each rank reaches to the right."""
        found = [0.0] * len(self.high)
        for index, ((x, _), box) in enumerate(zip(self.spots, self.boxes, strict=True)):
            found[self.rank[index]] = max(found[self.rank[index]], x + box.width)
        for (start, _, _), via in zip(self.edges, self.via, strict=False):
            for step, x in enumerate(via, self.rank[start] + 1):
                found[step] = max(found[step], x)
        return found

    def lanes(self) -> tuple[list[Item], float]:
        """Draw the edges that pass others by; return how far everything reaches."""
        found: list[Item] = []
        reach = self.reach()
        for start, end, producer in sorted(self.skips, key=lambda edge: (self.rank[edge[1]] - self.rank[edge[0]], edge)):
            first, last = self.rank[start], self.rank[end]
            x = max(reach[first + 1 : last + 1]) + LANE
            reach[first + 1 : last + 1] = [x] * (last - first)
            level = self.upper[first] + self.high[first] + TAP if start < len(self.children) else HEAD * 0.6
            begin = self.start(start, producer)
            found.extend(self.into(end, [(begin[0], level), (x, level), *self.side(end, producer, x)], radius=8.0))
            if level - begin[1] > TAP + 1:
                found.append(line([begin, (begin[0], level)]))
        return found, max(reach)

    def side(self, end: int, producer: int, x: float) -> list[Point]:
        """Return the corners from a lane at `x` into a child: from the right, or from above where another stands between."""
        (left, upper), box = self.spots[end], self.boxes[end]
        if isinstance(self.children[end], Leaf) and self.outermost[self.rank[end]] > self.across[end]:
            level, above = upper - GAP * 0.3, left + box.anchor + min(9.0, box.width / 4)
            return [(x, level), (above, level), (above, upper + (1.0 if box.width < 30 else 0.0))]
        level = upper + box.sides.get(producer, box.height / 2)
        return [(x, level), (left + box.width + 0.5, level)]

    def framed(self, items: list[Item], right: float, bottom: float) -> Placed:
        """Put a frame with a title around, wide enough that the title stands beside what enters above."""
        left = min(x for x, _ in self.spots)
        tops = {producer: self.across[node] for producer, node in self.above.items()}
        title = title_of(self.box)
        room = text_width(title, SMALL, bold=True) + 24
        x0 = min([left - PAD, *(x - room for x in tops.values())])
        x1 = max([right + PAD, x0 + room, *(x + (x - x0) * 0.4 for x in list(tops.values())[:1])])
        height = bottom + 12.0
        sides: dict[int, float] = {}
        for index, producer in self.entering:
            points = self.side(index, producer, x1)
            sides.setdefault(producer, points[0][1])
            items.extend(self.into(index, [(x1, sides[producer]), *points], radius=6.0))
        paint = "frame" if len(self.box.path) % 2 else "inner"
        behind, down = stack(x1 - x0, height, paint, 8.0) if self.box.times > 1 else ((), 0.0)
        stems = [line([(x, -down), (x, 0.0)]) for x in tops.values()] if down else []
        frame = Rect(x0, 0.0, x1 - x0, height, paint, radius=8.0, line=1.2)
        head = Text(x0 + 9, 15.0, title, SMALL, paint, bold=True, anchor="start")
        whole = Drawn("block", ".".join(self.box.path), (*shift(behind, x0, -down), frame, head, *stems, *items))
        placed = Placed(x1 - x0, height + down, shift((whole,), -x0, down))
        placed.tops = {producer: x - x0 for producer, x in tops.items()}
        placed.anchor = sum(placed.tops.values()) / len(tops) if tops else placed.width / 2
        placed.sides = {producer: y + down for producer, y in sides.items()}
        placed.outs = {producer: self.across[node] - x0 for producer, node in self.below.items()}
        return placed


def stack(width: float, height: float, paint: str, radius: float) -> tuple[tuple[Item, ...], float]:
    """Return the sheets behind a box that stands for several, and how far it moves down for them."""
    return tuple(Rect(d, SHEETS - d, width, height, paint, radius=radius, line=1.2) for d in (SHEETS, SHEETS / 2)), SHEETS


def title_of(box: Group) -> str:
    """Return what a group is called, and how many it stands for."""
    own = " · ".join(dict.fromkeys(filter(None, (box.name, box.title))))
    count = (f"{box.times} times" if box.shared else f"×{box.times}") if box.times > 1 else ""
    return f"{own}  {count}".strip()


def _bend(points: list[Point], x: float, y: float) -> None:
    """Go on to `x`, level at `y`, where the line is not there already."""
    if abs(points[-1][0] - x) > 0.5:
        points.extend(((points[-1][0], y), (x, y)))
