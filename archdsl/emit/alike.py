"""Whether values are computed alike in all strands: then one expression stands for all of them."""

from __future__ import annotations

from archdsl.graph import Apply, Index, Number, Operate, Pack, Read, Run, Take, Weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.graph import Module, Node


def alike(nodes: Sequence[Node | None]) -> bool:
    """Compare expressions node by node; what arguments come to is not looked at, for it is written by name."""
    stack: list[tuple[Node | None, Node | None]] = [(nodes[0], other) for other in nodes[1:]]
    while stack:
        one, other = stack.pop()
        if one is other:
            continue
        if one is None or other is None or type(one) is not type(other) or _said(one) != _said(other):
            return False
        if len(one.operands) != len(other.operands):
            return False
        stack.extend(zip(one.operands, other.operands, strict=True))
    return True


def _said(node: Node) -> object:
    """Return what of a node itself is written."""
    if isinstance(node, Read):
        return node.name
    if isinstance(node, Apply):
        return (node.layer.name, tuple(one.name for one in node.arguments), sorted(node.prepare), node.lengths)
    if isinstance(node, Run):
        return (_owner(node.module), node.lengths, node.scan is None)
    if isinstance(node, Operate):
        return node.op
    if isinstance(node, Take):
        return node.index
    if isinstance(node, Index):
        return len(node.indices)
    if isinstance(node, Weight):
        return (_owner(node.module), node.name)
    if isinstance(node, Number):
        return node.expr is not None or node.value
    return isinstance(node, Pack)


def _owner(module: Module) -> str:
    """Return the attribute that a module is reached by: an element of a list stands for its list."""
    return ".".join([part for part in module.key.split(".") if not part.isdigit()])
