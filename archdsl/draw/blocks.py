"""Blocks: nested boxes from top to bottom, as residual networks and transformers are drawn.

Equal neighbours are one box with `×N`. An edge that passes others by takes a lane on the right.
"""

from __future__ import annotations

from archdsl.draw.block_text import Words, say
from archdsl.draw.fonts import text_width
from archdsl.draw.layered import layered
from archdsl.draw.lines import arrow, line
from archdsl.draw.nest import Group, Leaf, nest
from archdsl.draw.picture import Ellipse, Rect, Text, fit, lines_of, shift
from archdsl.draw.picture import Group as Drawn
from archdsl.draw.reduce import consumers, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.layered import Layout
    from archdsl.draw.picture import Item, Picture, Point
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

TEXT = 14.0
SMALL = 11.5
GAP = 24.0
"""Between ranks."""
LANE = 13.0
PAD = 14.0
SHEETS = 6.0
"""How far the last sheet of a stack stands out."""
LINE = {"merge": "merge", "input": "terminal", "output": "terminal", "state": "value", "next": "value"}
PAINTED = frozenset(
    ("convolution", "linear", "attention", "recurrent", "embedding", "normalization", "pooling", "merge", "activation", "value", "latent")
)


class Placed:
    """A laid out box: `items` stand relative to its upper left corner. `top` is where the main edge enters,
    `sides` at which height others enter on the right, by their producer, and `outs` where edges leave below.
    """

    __slots__ = ("height", "items", "outs", "sides", "top", "width")

    def __init__(self, width: float, height: float, items: tuple[Item, ...]) -> None:
        self.width, self.height, self.items = width, height, items
        self.top = width / 2
        self.sides: dict[int, float] = {}
        self.outs: dict[int, float] = {}


def layout(subject: Subject) -> Picture:
    """Lay out a model as nested boxes."""
    parts = subject.parts(across=False)
    root, alias = nest(parts)
    placed = _Arranger(parts, alias, subject).arrange(root, outermost=True)
    return fit(placed.items, subject.title, _told(subject, root))


class _Arranger:
    """Lays out groups from the inside out."""

    def __init__(self, parts: Sequence[Part], alias: dict[int, int], subject: Subject) -> None:
        self.parts, self.alias, self.subject = parts, alias, subject
        self.readers = consumers(parts)

    def inputs(self, box: Group | Leaf) -> dict[int, list[int]]:
        """Return what a box reads from outside: producers, each with the parts that read it. The main one, computed last, first."""
        found: dict[int, list[int]] = {}
        stack: list[Group | Leaf] = [box]
        while stack:
            top = stack.pop()
            if isinstance(top, Group):
                stack.extend(reversed(top.children))
            else:
                for read in top.part.inputs:
                    number = self.alias.get(read, read)
                    if not box.start <= number < box.end:
                        found.setdefault(number, []).append(top.part.number)
        return dict(sorted(found.items(), key=lambda item: -item[0]))

    def arrange(self, box: Group | Leaf, *, outermost: bool = False) -> Placed:
        """Lay out one box, its insides first."""
        if isinstance(box, Leaf):
            return self.leaf(box)
        level = _Level(self, box)
        return level.placed(outermost=outermost)

    def leaf(self, leaf: Leaf) -> Placed:
        """Lay out a part: a box with its text, or a small circle for an operator."""
        part, text = leaf.part, say(self.subject, leaf.part)
        paint = LINE.get(part.kind) or (part.role if part.role in PAINTED else "function")
        if part.role == "merge" and len(text.main) == 1:
            placed = Placed(
                26.0,
                26.0,
                (Ellipse(13.0, 13.0, 12.0, 12.0, "merge", 1.4), *lines_of([text.main], 13.0, 12.6, 15.0, paint="merge", bold=True)),
            )
        else:
            placed = _box(text, paint, leaf, pill=part.kind in ("input", "output"))
        placed.items = (
            Drawn(
                part.kind if part.kind in ("input", "output") else part.role,
                f"{'.'.join(part.path) or part.name} {show(part.type)}",
                placed.items,
            ),
        )
        placed.outs = {part.number: placed.top}
        placed.sides = dict.fromkeys(part.inputs, placed.height / 2)
        return placed


def _box(text: Words, paint: str, leaf: Leaf, *, pill: bool) -> Placed:
    """Return a box with one line of text, or two; several equal ones are a stack."""
    main = text.main + (f"  ×{leaf.times}" if leaf.times > 1 else "")
    width = max(text_width(main, TEXT, bold=True), text_width(text.small, SMALL)) + 26
    width = max(width, 120.0 if not pill else 70.0)
    height = 44.0 if text.small else 30.0
    radius = height / 2 if pill else 4.0
    behind, top = _stack(width, height, paint, radius) if leaf.times > 1 else ((), 0.0)
    middle = top + height / 2
    words: tuple[Text, ...] = lines_of([main], width / 2, middle - (8 if text.small else 0), TEXT, paint=paint, bold=True)
    if text.small:
        words += lines_of([text.small], width / 2, middle + 10, SMALL, paint=paint)
    return Placed(width, height + top, (*behind, Rect(0.0, top, width, height, paint, radius=radius, line=1.2), *words))


def _stack(width: float, height: float, paint: str, radius: float) -> tuple[tuple[Item, ...], float]:
    """Return the sheets behind a box that stands for several, and how far it moves down for them."""
    return tuple(Rect(d, SHEETS - d, width, height, paint, radius=radius, line=1.2) for d in (SHEETS, SHEETS / 2)), SHEETS


class _Level:
    """The insides of one group: its children, and the edges between them and to the outside."""

    def __init__(self, arranger: _Arranger, box: Group) -> None:
        self.arranger, self.box = arranger, box
        self.children = box.children
        self.boxes = [arranger.arrange(child) for child in self.children]
        self.home = {number: index for index, child in enumerate(self.children) for number in range(child.start, child.end)}
        outside = arranger.inputs(box)
        self.main_input = next(iter(outside), None)
        self.side_inputs = [producer for producer in outside if producer != self.main_input]
        self.read_outside = self.outputs()
        self.edges, self.skips, self.entering = self.sort_edges()

    def outputs(self) -> list[int]:
        """Return the parts in here that something outside reads, aliases resolved."""
        alias, box = self.arranger.alias, self.box
        if not box.path and not box.name and box.start == 0 and box.end == len(self.arranger.parts):
            return []
        size = (box.end - box.start) * box.times
        found: dict[int, None] = {}
        for reader in self.readers_beyond(box.start + size):
            for read in reader.inputs:
                number = alias.get(read, read)
                if box.start <= number < box.end:
                    found[number] = None
        return list(found) or [self.children[-1].end - 1]

    def readers_beyond(self, end: int) -> Sequence[Part]:
        """Return the parts that may read this group from below."""
        arranger = self.arranger
        numbers = dict.fromkeys(reader for number in range(self.box.start, end) for reader in arranger.readers[number] if reader >= end)
        return [arranger.parts[number] for number in numbers]

    def sort_edges(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]], list[tuple[int, int]]]:
        """Return the edges that go from rank to rank, those that take a lane, and those that enter from the side.

        An edge is (from, to, producer), children by index, the group's own top as -1; one that enters is (to, producer).
        """
        edges: dict[tuple[int, int, int], None] = {}
        entering: dict[tuple[int, int], None] = {}
        for index, child in enumerate(self.children):
            for producer in self.arranger.inputs(child):
                if producer in self.home:
                    edges[self.home[producer], index, producer] = None
                elif producer == self.main_input:
                    edges[-1, index, producer] = None
                else:
                    entering[index, producer] = None
        leaves, arrives = dict[int, int](), dict[int, int]()
        for start, end, _ in edges:
            leaves[start], arrives[end] = leaves.get(start, 0) + 1, arrives.get(end, 0) + 1
        straight: list[tuple[int, int, int]] = []
        skips: list[tuple[int, int, int]] = []
        for edge in edges:
            start, end, producer = edge
            child = self.children[end]
            aside = isinstance(child, Group) and producer != next(iter(self.arranger.inputs(child)))
            (skips if aside else straight).append(edge)
        ranks = self.rank(straight)
        for edge in list(straight):
            start, end, _ = edge
            if ranks[end] - ranks[start] > 1 and leaves[start] > 1 and arrives[end] > 1:
                straight.remove(edge)
                skips.append(edge)
        return straight, skips, list(entering)

    def rank(self, edges: Sequence[tuple[int, int, int]]) -> dict[int, int]:
        """Return the rank of each child by these edges alone; -1 is the group's top."""
        from archdsl.draw.layered import ranked

        found = ranked(
            len(self.children) + 1, [(start % (len(self.children) + 1), end) for start, end, _ in edges], {len(self.children)}, ()
        )
        return {**dict(enumerate(found)), -1: found[-1]}

    def placed(self, *, outermost: bool) -> Placed:
        """Place the children, and draw the edges between them and the frame around."""
        laid, nodes = self.lay()
        tops = self.tops(laid, outermost=outermost)
        spots = [(laid.across[i] - box.top, tops[laid.rank[i]]) for i, box in enumerate(self.boxes)]
        rows = self.rows(laid, spots)
        items: list[Item] = [*self.straight(laid, spots, tops, nodes)]
        lanes, right = self.lanes(laid, spots, rows)
        items.extend(lanes)
        left = min(x for x, _ in spots)
        for (x, y), box in zip(spots, self.boxes, strict=True):
            items.extend(shift(box.items, x, y))
        bottom = max(y + box.height for (_, y), box in zip(spots, self.boxes, strict=True))
        if outermost:
            return Placed(right - left, bottom, tuple(items))
        return self.framed(items, (left, right, bottom), laid, spots, nodes)

    def lay(self) -> tuple[Layout, dict[int, int]]:
        """Lay the children out by rank; nodes beyond them are the top and what is read from outside."""
        count = len(self.children)
        outs = {producer: count + 1 + place for place, producer in enumerate(self.read_outside)}
        sizes = [2 * max(box.top, box.width - box.top) for box in self.boxes] + [1.0] * (1 + len(outs))
        edges = [(start % (count + 1) if start < 0 else start, end) for start, end, _ in self.edges]
        edges += [(self.home[producer], node) for producer, node in outs.items()]
        edges = [(count if start == -1 else start, end) for start, end in edges]
        order = [(count if start < 0 else start, end) for start, end, _ in self.skips]
        return layered(sizes, edges, gap=20.0, first=[count], last=list(outs.values()), lane=14.0, lane_weight=0.01), outs | {
            -1: len(order)
        }

    def tops(self, laid: Layout, *, outermost: bool) -> list[float]:
        """Return the upper end of each rank."""
        high = [0.0] * laid.ranks
        for index, box in enumerate(self.boxes):
            high[laid.rank[index]] = max(high[laid.rank[index]], box.height)
        found, y = [], 0.0 if outermost else 12.0
        for rank, height in enumerate(high):
            found.append(y)
            y += height + (GAP if height or rank else 14.0)
        return found

    def rows(self, laid: Layout, spots: Sequence[Point]) -> list[float]:
        """Return how far each rank reaches to the right."""
        found = [laid.across[len(self.children)]] * laid.ranks
        for index, ((x, _), box) in enumerate(zip(spots, self.boxes, strict=True)):
            found[laid.rank[index]] = max(found[laid.rank[index]], x + box.width)
        for via, (start, _, _) in zip(laid.via, self.edges, strict=False):
            for step, x in enumerate(via, 1 + (laid.rank[start] if start >= 0 else 0)):
                found[step] = max(found[step], x)
        return found

    def start(self, index: int, producer: int, laid: Layout, spots: Sequence[Point]) -> Point:
        """Return where an edge leaves a child, or the group's top."""
        if index < 0:
            return laid.across[len(self.children)], 0.0
        (x, y), box = spots[index], self.boxes[index]
        return x + box.outs.get(producer, box.top), y + box.height

    def straight(self, laid: Layout, spots: Sequence[Point], tops: Sequence[float], nodes: dict[int, int]) -> list[Item]:
        """Draw the edges from rank to rank; those that go into a group end at its frame without a tip."""
        found: list[Item] = []
        for (start, end, producer), via in zip(self.edges, laid.via, strict=False):
            begin = self.start(start, producer, laid, spots)
            goal = (laid.across[end], spots[end][1])
            points = [begin]
            first = laid.rank[start] if start >= 0 else 0
            for step, x in enumerate(via, first + 1):
                _bend(points, x, tops[step] - GAP / 2)
            _bend(points, goal[0], goal[1] - GAP / 2)
            points.append(goal)
            inside = isinstance(self.children[end], Group)
            found.extend([line(points, radius=6.0)] if inside else arrow([*points[:-1], (goal[0], goal[1] - 1)], radius=6.0, tip=7.5))
        for producer, node in nodes.items():
            if producer >= 0:
                begin = self.start(self.home[producer], producer, laid, spots)
                points = [begin]
                _bend(points, laid.across[node], tops[laid.rank[node]] - GAP / 2)
                found.append(line([*points, (laid.across[node], tops[laid.rank[node]] - GAP + 12)], radius=6.0))
        return found

    def lanes(self, laid: Layout, spots: Sequence[Point], rows: Sequence[float]) -> tuple[list[Item], float]:
        """Draw the edges that pass others by, each in a lane on the right, the shorter ones inside; return how far they reach."""
        found: list[Item] = []
        top = len(self.children)
        reach = list(rows)
        spans = sorted(self.skips, key=lambda edge: (laid.rank[edge[1]] - laid.rank[edge[0] if edge[0] >= 0 else top], edge[1]))
        for start, end, producer in spans:
            begin = self.start(start, producer, laid, spots)
            first, last = laid.rank[start if start >= 0 else top], laid.rank[end]
            x = max(reach[first + 1 : last + 1]) + LANE
            reach[first + 1 : last + 1] = [x] * (last - first)
            box, (left, upper) = self.boxes[end], spots[end]
            goal = (left + box.width, upper + box.sides.get(producer, box.height / 2))
            tap = (begin[0], begin[1] + (GAP * 0.36 if start >= 0 else 7.0))
            points = [begin, tap, (x, tap[1]), (x, goal[1]), goal]
            inside = isinstance(self.children[end], Group)
            found.extend([line(points[1:], radius=8.0)] if inside else arrow([*points[1:-1], (goal[0] + 1, goal[1])], radius=8.0, tip=7.5))
        return found, max([*reach, *rows])

    def framed(
        self, items: list[Item], extent: tuple[float, float, float], laid: Layout, spots: Sequence[Point], nodes: dict[int, int]
    ) -> Placed:
        """Put a frame with a title around, wide enough that the title stands beside the edge that enters."""
        left, right, bottom = extent
        top = laid.across[len(self.children)]
        title = _title(self.box)
        half = max(top - left, text_width(title, SMALL, bold=True) + 16) + PAD
        x0, x1 = top - half, max(right + PAD + (4 if self.side_inputs else 0), top + half * 0.4)
        height = bottom + 12.0
        edge: list[Item] = []
        sides: dict[int, float] = {}
        for index, producer in self.entering:
            box, (left_, upper) = self.boxes[index], spots[index]
            y = upper + box.sides.get(producer, box.height / 2)
            sides.setdefault(producer, y)
            goal = (left_ + box.width, y)
            inside = isinstance(self.children[index], Group)
            path = [(x1, sides[producer]), goal]
            edge.extend([line(path)] if inside else arrow([path[0], (goal[0] + 1, y)], tip=7.5))
        depth = "frame" if len(self.box.path) % 2 else "inner"
        behind, down = _stack(x1 - x0, height, depth, 8.0) if self.box.times > 1 else ((), 0.0)
        head = Text(x0 + 9, 15.0, title, SMALL, depth, bold=True, anchor="start")
        frame = Rect(x0, 0.0, x1 - x0, height, depth, radius=8.0, line=1.2)
        stem = (line([(top, -down), (top, 0.0)]),) if down else ()
        whole = Drawn("block", ".".join(self.box.path), (*shift(behind, x0, -down), frame, head, *stem, *items, *edge))
        placed = Placed(x1 - x0, height + down, shift((whole,), -x0, down))
        sides = {producer: y + down for producer, y in sides.items()}
        placed.top, placed.sides = top - x0, sides
        placed.outs = {producer: laid.across[node] - x0 for producer, node in nodes.items() if producer >= 0}
        return placed


def _bend(points: list[Point], x: float, y: float) -> None:
    """Go on to `x`, level at `y`, where the line is not there already."""
    if abs(points[-1][0] - x) > 0.5:
        points.extend(((points[-1][0], y), (x, y)))


def _title(box: Group) -> str:
    """Return what a group is called, and how many it stands for."""
    own = " · ".join(dict.fromkeys(filter(None, (box.name, box.title))))
    count = (f"{box.times} times" if box.shared else f"×{box.times}") if box.times > 1 else ""
    return f"{own}  {count}".strip()


def _told(subject: Subject, root: Group) -> str:
    """Say the nesting in words."""
    said: list[str] = []
    stack: list[Group | Leaf | str] = list(reversed(root.children))
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            said[-1] += top
        elif isinstance(top, Leaf):
            told = say(subject, top.part)
            said.append(" ".join(filter(None, (told.main, told.small))) + (f" ×{top.times}" if top.times > 1 else ""))
        else:
            said.append(f"{_title(top) or 'a group'} (")
            stack.append(")")
            stack.extend(reversed(top.children))
    text = ", ".join(said).replace("(, ", "(")
    return f"{subject.title} as nested boxes from top to bottom: {text}."
