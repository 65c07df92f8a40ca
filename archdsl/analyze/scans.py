"""`scan`: a cell's step, repeated over time."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import settled
from archdsl.analyze.values import BlockSpec, ScanSpec
from archdsl.graph import Instance, Module, Node, Run, Scan
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body
    from archdsl.text.source import Span


def run_scan(body: Body, module: Module, spec: ScanSpec, nodes: list[Node], span: Span) -> Node | None:
    """Run a cell over the moments of its sequences; gives its outputs as sequences, then the last states."""
    from archdsl.analyze.instances import elaborate_for, fill

    described = body.specs[spec.cell] if isinstance(spec.cell, Module) else spec.cell
    assert isinstance(described, BlockSpec)
    if isinstance(spec.cell, Module):
        body.applied.add(spec.cell)
    nodes = [settled(node) for node in nodes]
    moments = _moments(body, nodes, spec, span)
    if moments is None:
        return None
    instance = elaborate_for(body, described, moments, span)
    if instance is None or not fill(body, module, instance, span) or not _starts_fit(body, instance, spec, span):
        return None
    over = nodes[0].type
    assert isinstance(over, Tensor)
    outputs = [_sequence(kind, over, spec) for _, node in instance.outputs for kind in [node.type]]
    types = (*outputs, *(state.type for state in instance.states))
    made = Run(module, tuple(nodes), types, span)
    made.instance = instance
    made.scan = Scan(tuple(spec.starts.items()), spec.steps, spec.steps_expr)
    made.lengths = over.ragged
    return made


def _moments(body: Body, nodes: list[Node], spec: ScanSpec, span: Span) -> list[Tensor] | None:
    """Return the type of one moment of each sequence; with `steps` the value is one moment already."""
    found: list[Tensor] = []
    for node in nodes:
        kind = node.type
        if not isinstance(kind, Tensor):
            body.complain(say.not_a_value("several values", node.span))
            return None
        if spec.steps is not None:
            found.append(kind)
        elif not kind.shape:
            body.complain(say.mismatch("shape-mismatch", f"scan wants a sequence [T, ...] and gets {kind}", span, f"gets {kind}", (), ""))
            return None
        else:
            found.append(Tensor(kind.shape[1:], kind.dtype, kind.batched))
    return found


def _starts_fit(body: Body, instance: Instance, spec: ScanSpec, span: Span) -> bool:
    states = {state.name: state.type for state in instance.states}
    for name, node in spec.starts.items():
        kind = settled(node).type
        if name not in states:
            body.complain(say.unknown_name(name, node.span, states))
            return False
        if not isinstance(kind, Tensor) or kind.shape != states[name].shape:
            body.complain(
                say.mismatch(
                    "shape-mismatch", f"the state {name} is {states[name]}, and this start is {kind}", node.span, f"gets {kind}", (), ""
                )
            )
            return False
    return True


def _sequence(kind: object, over: Tensor, spec: ScanSpec) -> Tensor:
    """An output at each moment is a sequence again, as long as what was gone over."""
    assert isinstance(kind, Tensor)
    if spec.steps is not None:
        return Tensor((spec.steps, *kind.shape), kind.dtype)
    return Tensor((over.shape[0], *kind.shape), kind.dtype, over.batched, over.ragged, over.lengths)
