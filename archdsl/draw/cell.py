"""Cell: one moment of a recurrence, as a recurrent network is drawn.

Inputs and old states stand on the first rank, outputs and new states on the last. Each state's new value
leads back to its old one by a loop that passes outside every box.
"""

from __future__ import annotations

from archdsl.draw.block_text import SIGNS
from archdsl.draw.error import DrawError
from archdsl.draw.fonts import CAP_HEIGHT, shorten, text_width
from archdsl.draw.layered import layered
from archdsl.draw.lines import arrow, smooth
from archdsl.draw.picture import Group, Rect, Text, fit
from archdsl.draw.reduce import reduce, show
from archdsl.draw.scale import text_for
from archdsl.trace import trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.layered import Layout
    from archdsl.draw.picture import Item, Picture, Point
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject
    from archdsl.graph import Instance

HIGH = 34.0
STEP = 70.0
"""From one rank to the next."""
GAP = 26.0
LANE = 26.0
FOLDED = frozenset(("normalization", "dropout", "reshape"))
PAINTS = {
    "linear": "linear",
    "convolution": "linear",
    "recurrent": "linear",
    "embedding": "linear",
    "attention": "linear",
    "activation": "activation",
}


def layout(subject: Subject) -> Picture:
    """Lay out the graph of a cell, one moment of it."""
    parts = cell_parts(subject)
    index = {part.number: place for place, part in enumerate(parts)}
    edges = [(index[number], index[part.number]) for part in parts for number in part.inputs if number in index]
    names = [name_of(subject, part) for part in parts]
    first = [place for kind in ("input", "state") for place, part in enumerate(parts) if part.kind == kind]
    last = [place for kind in ("output", "next") for place, part in enumerate(parts) if part.kind == kind]
    size = 16.0
    wide = max(112.0, min(190.0, max(text_width(name, size, bold=True) for name in names) + 28))
    laid = layered([wide] * len(parts), edges, gap=GAP, first=first, last=last, lane=wide / 3)
    states = [place for place, part in enumerate(parts) if part.kind == "state"]
    whole = laid.width + (LANE * (1 + len(states)) + 20)
    size = min(text_for(whole, 16.0), HIGH * 0.6)
    items: list[Item] = [Group("connection", "", _edges(laid, edges, wide))]
    items.append(Group("recurrence", "", _loops(laid, parts, states)))
    for place, part in enumerate(parts):
        x, y = laid.across[place], laid.rank[place] * STEP
        paint = PAINTS.get(part.role, "value")
        text = shorten(names[place], wide - 12, size, bold=True)
        box = (
            Rect(x - wide / 2, y - HIGH / 2, wide, HIGH, paint, radius=3.0, line=1.2),
            Text(x, y + CAP_HEIGHT * size / 2, text, size, paint, bold=True),
        )
        items.append(
            Group(part.kind if part.kind in ("input", "state", "next", "output") else part.role, f"{part.word} {show(part.type)}", box)
        )
    return fit(items, subject.title, _told(subject, parts, names, index))


def cell_parts(subject: Subject) -> list[Part]:
    """Return the parts of one moment: of a cell, or of a model with recurrent layers, each of which then has a state.

    Raises DrawError where there is neither.
    """
    found = find_cell(subject)
    model = subject.model
    parts = [part for part in reduce(trace(found or model), FOLDED) if part.word != "last"]
    if found is not None:
        return parts
    states: list[Part] = []
    nexts: list[Part] = []
    named = {key: name for name, key in model.carries}
    for place, part in enumerate(parts):
        if part.role == "recurrent":
            name = named.get(".".join(part.path)) or ("hidden, cell" if part.word == "lstm" else "hidden")
            old = part.replace(number=-1 - 2 * place, kind="state", role="state", word=name, name=name, inputs=(), folded=())
            states.append(old)
            nexts.append(old.replace(number=-2 - 2 * place, kind="next", inputs=(part.number,)))
            parts[place] = part.replace(inputs=(*part.inputs, old.number))
    if not states:
        raise DrawError(
            f"cell shows a state that goes from one moment to the next, and {model.name} has no such edge", model.definition.span
        )
    return [*states, *parts, *nexts]


def find_cell(subject: Subject) -> Instance | None:
    """Return the model, where it has states itself, or the first cell that it scans; None where there is neither."""
    from archdsl import graph

    model = subject.model
    stack = [model]
    while stack:
        instance = stack.pop()
        if instance.states:
            return instance
        for statement in instance.body:
            stack.extend(node.instance for node in _nodes(statement) if isinstance(node, graph.Run) and node.instance is not None)
    return None


def _nodes(statement: object) -> list[object]:
    """Return all nodes of a statement, loops and branches entered."""
    from archdsl import graph

    found: list[object] = []
    stack: list[object] = [statement]
    while stack:
        top = stack.pop()
        if isinstance(top, graph.Loop):
            stack.extend(inner for body in top.bodies for inner in body)
        elif isinstance(top, graph.Branch):
            stack.extend(top.body)
        elif isinstance(top, graph.Let | graph.SetState):
            stack.append(top.node)
        elif isinstance(top, graph.Node):
            found.append(top)
            stack.extend(top.operands)
            stack.extend(getattr(top, "inner", ()))
    return found


def name_of(subject: Subject, part: Part) -> str:
    """Return what a box is called: a layer by its module, an activation by its word, a join by the value that it gives."""
    if part.kind in ("input", "state", "next", "output") or part.role == "activation":
        own = part.word
    elif part.kind == "layer":
        own = part.path[-1] if not part.path[-1].isdigit() else part.word
    else:
        own = part.name or SIGNS.get(part.word, part.word)
    return subject.label(own, default=own)


def _edges(laid: Layout, edges: Sequence[tuple[int, int]], wide: float) -> tuple[Item, ...]:
    """Return the edges between ranks: they leave at the bottom and arrive at the top, beside each other."""
    leaving = _ports(laid, [(start, end, place) for place, (start, end) in enumerate(edges)], wide)
    arriving = _ports(laid, [(end, start, place) for place, (start, end) in enumerate(edges)], wide)
    found: list[Item] = []
    for place, (start, end) in enumerate(edges):
        points: list[Point] = [(leaving[place], laid.rank[start] * STEP + HIGH / 2)]
        for step, x in enumerate(laid.via[place], laid.rank[start] + 1):
            points.extend(((x, step * STEP - HIGH / 2), (x, step * STEP + HIGH / 2)))
        points.append((arriving[place], laid.rank[end] * STEP - HIGH / 2 - 1))
        found.extend(smooth(points))
    return tuple(found)


def _ports(laid: Layout, ends: Sequence[tuple[int, int, int]], wide: float) -> dict[int, float]:
    """Return where each edge meets its box: in the middle when alone, else side by side in the order of the other ends."""
    at: dict[int, list[tuple[float, int]]] = {}
    for own, other, edge in ends:
        at.setdefault(own, []).append((laid.across[other], edge))
    ports: dict[int, float] = {}
    for own, others in at.items():
        space = min(20.0, (wide - 24) / len(others))
        for place, (_, edge) in enumerate(sorted(others)):
            ports[edge] = laid.across[own] + (place - (len(others) - 1) / 2) * space
    return ports


def _loops(laid: Layout, parts: Sequence[Part], states: Sequence[int]) -> tuple[Item, ...]:
    """Return a loop for each state: down from its new value, around all boxes on the right, and into the old one from above."""
    found: list[Item] = []
    pairs: list[tuple[int, int]] = []
    for place in states:
        ends = [other for other, part in enumerate(parts) if part.kind == "next" and part.path == parts[place].path]
        ends = [other for other in ends if parts[other].word == parts[place].word]
        pairs.extend((place, end) for end in ends[:1])
    pairs.sort(key=lambda pair: -laid.across[pair[1]])
    top, bottom = -HIGH / 2, max(laid.rank) * STEP + HIGH / 2
    for lane, (start, end) in enumerate(pairs):
        away = 40.0 + lane * LANE
        outside = laid.width + away - 4
        old, new = laid.across[start], laid.across[end]
        points = [(new, bottom), (new, bottom + away), (outside, bottom + away), (outside, top - away), (old, top - away), (old, top - 1)]
        found.extend(arrow(points, radius=34.0 + lane * LANE, width=1.6))
    return tuple(found)


def _told(subject: Subject, parts: Sequence[Part], names: Sequence[str], index: dict[int, int]) -> str:
    """Say the graph in words."""
    said = []
    for place, part in enumerate(parts):
        if part.inputs:
            said.append(f"{names[place]} from {' and '.join(names[index[n]] for n in part.inputs if n in index)}")
    states = ", ".join(names[place] for place, part in enumerate(parts) if part.kind == "state")
    return f"One moment of {subject.title}, from top to bottom: {'; '.join(said)}. A loop outside the boxes leads from each new state to the old one: {states}."
