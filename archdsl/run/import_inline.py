"""Gathers lines into the expressions that a person would have written: paths become chains, what has no name stands where it is used."""

from __future__ import annotations

from collections import Counter
from typing import Any

from archdsl.run.import_merge import outline
from archdsl.run.import_trace import Value
from archdsl.run.import_tree import SPAN, Applied, Made, Ref, rebuilt, refs
from archdsl.run.import_writer import Body, Item
from archdsl.syntax import tree


def gather(body: Body, *, model: bool = False) -> None:
    """Put lines into those that use them, where that reads better; a block's outputs need no name, and a model's do."""
    _drop_unused(body)
    transitional = {value.name for value in body.inputs}
    at = 0
    while at < len(body.flow):
        item = body.flow[at]
        if len(item.targets) == 1 and _uses(body)[item.targets[0]] == 1 and _joins(item, body, transitional, model=model):
            body.flow.pop(at)
            for later in body.flow:
                later.expr = substituted(later.expr, item.targets[0], item.expr)
            body.outputs = [substituted(expr, item.targets[0], item.expr) for expr in body.outputs]
        else:
            at += 1


def _uses(body: Body) -> Counter[Value]:
    return Counter([value for item in body.flow for value in refs(item.expr)] + [value for expr in body.outputs for value in refs(expr)])


def _drop_unused(body: Body) -> None:
    while True:
        uses = _uses(body)
        kept = [item for item in body.flow if any(uses[value] for value in item.targets)]
        if len(kept) == len(body.flow):
            return
        body.flow = kept


def _joins(item: Item, body: Body, transitional: set[str], *, model: bool) -> bool:
    """Say whether a line becomes part of the one that uses it."""
    value = item.targets[0]
    if not value.name:
        return True
    for later in body.flow:
        if value in refs(later.expr):
            same = len(later.targets) == 1 and later.targets[0].name == value.name
            return same and _follows(item, later.expr, value)
    if any(other.expr is not item.expr and _alike(other, item) for other in body.flow):
        # One of several lines that may become a loop stays a line.
        return False
    # What only passes through the name of an input is on its way to the output.
    if value.name in transitional and len(body.outputs) == 1:
        return _follows(item, body.outputs[0], value) or isinstance(body.outputs[0], Ref)
    if not model and len(body.outputs) == 1 and _follows(item, body.outputs[0], value) and not isinstance(item.expr, Applied):
        return True
    return not model and len(body.outputs) == 1 and isinstance(body.outputs[0], Ref) and item is body.flow[-1]


def _alike(one: Item, other: Item) -> bool:
    return [value.name for value in one.targets] == [value.name for value in other.targets] and outline(one.expr) == outline(other.expr)


def _follows(item: Item, later: Any, value: Value) -> bool:
    """Say whether a line goes on where another ends: a path with a path, what is computed with one function of it."""
    if isinstance(item.expr, Applied):
        return _is_head(later, value)
    lone = isinstance(later, Applied) and len(later.links) == 1 and isinstance(later.links[0].layer, Made)
    return lone and _is_head(later, value)


def _is_head(expr: Any, value: Value) -> bool:
    """Say whether an expression is a path that begins with a value."""
    while isinstance(expr, Applied) and len(expr.heads) == 1:
        expr = expr.heads[0]
    return isinstance(expr, Ref) and expr.value is value


def substituted(node: Any, value: Value, expr: tree.Expr) -> Any:
    """Return a node with an expression in the place of a value; a path that begins there is gone on with."""
    if isinstance(node, Ref):
        return expr if node.value is value else node
    if isinstance(node, Applied) and len(node.heads) == 1:
        head = substituted(node.heads[0], value, expr)
        links = tuple([substituted(link, value, expr) for link in node.links])
        if isinstance(head, Applied):
            return Applied(SPAN, head.heads, (*head.links, *links))
        return Applied(SPAN, (head,), links)
    return rebuilt(node, lambda child: substituted(child, value, expr))
