"""The `graph` style: every operation, in Graphviz's language.

The text needs no Graphviz; a picture of it needs the `dot` program.
"""

from __future__ import annotations

from archdsl.draw.error import DrawError
from archdsl.draw.fonts import STACK
from archdsl.draw.reduce import show
from archdsl.draw.theme import LIGHT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from graphviz import Digraph

    from archdsl.draw.subject import Subject
    from archdsl.graph import Step

SHAPES = {"input": "oval", "output": "oval", "state": "oval", "next": "oval", "constant": "plaintext", "weight": "note"}
FONT = "Helvetica"


def source(subject: Subject) -> str:
    """Return the graph of a program's models in Graphviz's language."""
    return str(_graph(subject).source)


def render(subject: Subject) -> str:
    """Return the graph as SVG, laid out by Graphviz; raises DrawError where its program is not there."""
    from graphviz import ExecutableNotFound

    graph = _graph(subject)
    try:
        drawn: str = graph.pipe(format="svg", encoding="utf-8")
    except ExecutableNotFound:
        raise DrawError(
            "the graph style is laid out by Graphviz, and its program dot is not installed",
            suggestion="Install Graphviz, draw to a .dot file, or leave the style out: the other styles need no program.",
        ) from None
    return _accessible(drawn, subject)


def _graph(subject: Subject) -> Digraph:
    """Return the graph: a node for each step, a cluster for each model."""
    from graphviz import Digraph

    from archdsl.trace import trace

    ink, edge = LIGHT["page"][2], LIGHT["line"][1]
    graph = Digraph(
        "archdsl",
        graph_attr={"rankdir": "TB", "fontname": FONT, "fontcolor": ink, "bgcolor": "white"},
        node_attr={"fontname": FONT, "fontsize": "12", "fontcolor": ink, "shape": "box", "style": "filled,rounded"},
        edge_attr={"fontname": FONT, "fontsize": "10", "color": edge, "fontcolor": ink},
    )
    for place, (name, model) in enumerate(subject.program.models.items()):
        with graph.subgraph(name=f"cluster_{place}") as cluster:
            cluster.attr(label=_quoted(name), color=LIGHT["frame"][1], style="rounded")
            _fill(cluster, trace(model), f"m{place}_")
    return graph


def _fill(graph: Digraph, steps: tuple[Step, ...], prefix: str) -> None:
    for step in steps:
        paint = LIGHT.get(step.role, LIGHT["function"]) if step.kind == "layer" or step.role == "merge" else LIGHT["terminal"]
        fill, stroke, ink = paint
        below = " ".join(filter(None, (".".join(step.path) if step.kind == "layer" else step.name if step.name != step.word else "",)))
        label = _quoted(step.word) + (f"\\n{_quoted(below)}" if below else "")
        graph.node(
            f"{prefix}{step.number}",
            label,
            shape=SHAPES.get(step.kind, "box"),
            fillcolor=fill if fill != "none" else "white",
            color=stroke,
            fontcolor=ink,
        )
    for step in steps:
        for number in step.inputs:
            types = steps[number].types
            graph.edge(f"{prefix}{number}", f"{prefix}{step.number}", label=_quoted(show(types[0])) if types else "")


def _quoted(text: str) -> str:
    """Return text that means itself in a label."""
    from graphviz import escape

    return str(escape(text))


def _accessible(svg: str, subject: Subject) -> str:
    """Give Graphviz's SVG a role, a title and a font that stands in; its comment names a version, which goes."""
    from re import DOTALL, sub

    from archdsl.draw.svg import escape

    body = sub(r"<!--.*?-->\n?", "", svg, flags=DOTALL)
    body = body[body.index("<svg") :].replace(f'font-family="{FONT}', f'font-family="{escape(STACK)}')
    head, _, rest = body.partition(">")
    return f'{head} role="img">\n<title>{escape(subject.title)}</title>\n<desc>Every operation of {escape(subject.title)}.</desc>{rest}'
