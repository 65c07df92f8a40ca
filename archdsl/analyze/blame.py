"""From a shape rule's refusal to a complaint: the place, and where the shape came from."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.dims import Dim, Product, counterexample, substitute
from archdsl.graph import Apply, Node, Number, Read, Run
from archdsl.layers.tensor import Tensor, show_shape
from archdsl.text.complaint import Complaint, Label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.graph import Given
    from archdsl.layers.tensor import Mismatch
    from archdsl.text.source import Span


def origin(node: Node) -> Node:
    """Return the node that gave a value its shape: back through everything that kept it."""
    while True:
        if isinstance(node, Read) and node.bound is not None:
            node = node.bound
        elif isinstance(node, Run) and node.inner:
            node = node.inner[-1]
        elif isinstance(node, Apply | Run) and len(node.operands) == 1 and _keeps(node):
            node = node.operands[0]
        else:
            return node


def _keeps(node: Node) -> bool:
    before, after = node.operands[0].type, node.type
    return isinstance(before, Tensor) and isinstance(after, Tensor) and before.shape == after.shape


def came_from(node: Node, at: Span) -> tuple[Label, ...]:
    """Return the label that says where a shape came from, unless that is the place of the complaint itself."""
    source = origin(node)
    if isinstance(source, Number) or not isinstance(source.type, Tensor):
        return ()
    span = source.span
    if span.source is at.source and span.start >= at.start and span.end <= at.end:
        return ()
    derived = next((size for size in source.type.shape if isinstance(size, Product)), None)
    if derived is not None:
        before = origin(source.operands[0]) if source.operands else source
        text = " × ".join(str(factor) for factor in derived.factors)
        return (Label(before.span, f"{text} = {int(derived)} come from here"),)
    return (Label(span, f"{show_shape(source.type.shape)} comes from here"),)


def explain(
    mismatch: Mismatch, layer: str, span: Span, nodes: Sequence[Node], given: Sequence[Given] = (), *, code: str = "shape-mismatch"
) -> Complaint:
    """Make a complaint of a mismatch: at the argument at fault where there is one, else at the layer."""
    if not mismatch.suggestion and len(nodes) > 1 and mismatch.value < len(nodes):
        mismatch.suggestion = _example(nodes[0], nodes[mismatch.value])
    argument = next((one for one in given if one.name == mismatch.argument), None)
    message = mismatch.message
    if not message.startswith(layer):
        message = f"{layer}: {message}" if not message.startswith("wants ") else f"{layer} {message}"
    if argument is not None and argument.span is not None:
        return say.mismatch(
            "bad-argument", message, argument.span, "this argument", _labels(nodes, mismatch, argument.span), mismatch.suggestion
        )
    code = "bad-argument" if mismatch.argument else code
    note = ""
    if nodes and mismatch.value < len(nodes) and isinstance(nodes[mismatch.value].type, Tensor):
        note = f"gets {nodes[mismatch.value].type}"
    return say.mismatch(code, message, span, note, _labels(nodes, mismatch, span), mismatch.suggestion)


def _example(left: Node, right: Node) -> str:
    """Say for which values of their names the symbolic sizes of two shapes differ."""
    if not isinstance(left.type, Tensor) or not isinstance(right.type, Tensor):
        return ""
    for a, b in zip(left.type.shape, right.type.shape, strict=False):
        if (isinstance(a, Dim) or isinstance(b, Dim)) and 1 not in (a, b):
            values = counterexample(a, b)
            if values is not None:
                names = " and ".join(f"{name} = {value}" for name, value in values.items())
                return f"With {names} these would be {substitute(a, values)} and {substitute(b, values)}."
    return ""


def _labels(nodes: Sequence[Node], mismatch: Mismatch, at: Span) -> tuple[Label, ...]:
    return came_from(nodes[mismatch.value], at) if mismatch.value < len(nodes) else ()
