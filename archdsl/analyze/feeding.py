"""What feeds the models of a recipe that run on each batch."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.statements import evaluate_value
from archdsl.analyze.values import BROKEN
from archdsl.dims import Dim, names_in
from archdsl.graph import Fed, Node, Read
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.recipe import Work
    from archdsl.text.source import Span


def fed(work: Work) -> list[Fed]:
    """Find which models run on each batch, and what feeds each of their inputs."""
    given: dict[str, tree.Expr] = {}
    field = work.fields.get("feed")
    if field is not None and isinstance(field.value, tree.Entries):
        given = {entry.key: entry.value for entry in field.value.entries}
    found: list[Fed] = []
    taken: set[str] = set()
    for model, instance in work.compiler.models.items():
        read = [name for name, (owner, _) in work.owners.items() if owner == model and name in work.body.read]
        if not read:
            continue
        inputs: list[tuple[str, Node]] = []
        for name, kind in instance.inputs:
            taken.add(name)
            node = _feeder(work, model, name, given.get(name))
            if node is not None and _fits(work, name, kind, node):
                inputs.append((name, node))
        hidden = tuple(name for name in read if not work.owners[name][1])
        found.append(Fed(model, tuple(inputs), hidden))
    for name, expr in given.items():
        if name not in taken and not work.broken:
            inputs_known = [name for instance in work.compiler.models.values() for name, _ in instance.inputs]
            work.compiler.complain(
                say.unknown_name(name, expr.span, inputs_known).replace(message=f"No model that is fed has an input {name}")
            )
    return found


def _feeder(work: Work, model: str, name: str, expr: tree.Expr | None) -> Node | None:
    if expr is not None:
        return evaluate_value(work.body, expr, None)
    own = work.body.scope.get(name)
    if isinstance(own, Node) and not (isinstance(own, Read) and own.origin == "model"):
        work.body.read.add(name)
        return own
    if own is not BROKEN and not work.no_fields:
        fields = ", ".join(work.recipe.fields) or "none that I know"
        work.complain_missing(f"Nothing feeds the input {name} of {model}", f"The data has {fields}; write feed: {{{name}: FIELD}}.")
    return None


def _fits(work: Work, name: str, wanted: Tensor, node: Node) -> bool:
    found = node.type
    sizes = len(found.shape) == len(wanted.shape) if isinstance(found, Tensor) else False
    if isinstance(found, Tensor) and sizes:
        pairs = zip(found.shape, wanted.shape, strict=True)
        agree = all(a == b or isinstance(a, Dim) or isinstance(b, Dim) or names_in(a) for a, b in pairs)
        if agree and found.dtype == wanted.dtype and not (found.ragged and not wanted.ragged):
            return True
    if isinstance(node, Read) and node.origin == "field" and work.open_fields:
        return True
    work.compiler.complain(
        say.mismatch(
            "shape-mismatch",
            f"The input {name} is {wanted}, and what feeds it is {found}",
            node.span if not isinstance(node, Read) else _field_span(work),
            f"gives {found}",
            (),
            "",
        )
    )
    return False


def _field_span(work: Work) -> Span:
    field = work.fields.get("feed") or work.fields.get("data")
    return field.value.span if field is not None else work.statement.span
