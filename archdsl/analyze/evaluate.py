"""What an expression comes to: a constant, a layer or a value."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.constants import CONSTANTS, MOST_ITEMS, ConstantError, compute, kind_name, subscript, weigh
from archdsl.analyze.values import BROKEN, BlockDecl, ChainSpec, ShorthandDecl, Weights, is_layer
from archdsl.dims import Dim
from archdsl.graph import Module, Node, Number, Operate, Pack, Weight
from archdsl.layers.broadcasting import broadcast
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Mismatch, Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.analyze.context import Body
    from archdsl.text.source import Span

MOST_FORMAT = 8
"""How long a format in an f-string may be: its width would else be a way to texts without end."""


def evaluate(body: Body, expr: tree.Expr) -> object:
    """Evaluate any expression; what is at fault is complained of and comes to BROKEN."""
    value = _RULES[type(expr)](body, expr)
    if isinstance(value, list | tuple | dict) and weigh(value, body.compiler.weights) > MOST_ITEMS:
        body.complain(say.too_large("this list", weigh(value, body.compiler.weights), MOST_ITEMS, expr.span))
        return BROKEN
    return value


def constant(body: Body, expr: tree.Expr) -> object:
    """Evaluate an expression that has to be a constant, layers and values being none."""
    value = evaluate(body, expr)
    if isinstance(value, Node) or is_layer(value):
        body.complain(say.not_a_constant(what_is(value), expr.span))
        return BROKEN
    return value


def value_of(body: Body, expr: tree.Expr) -> Node | None:
    """Evaluate an expression that has to be a value; a number becomes one. None where it is at fault."""
    return as_node(body, evaluate(body, expr), expr)


def as_node(body: Body, value: object, expr: tree.Expr) -> Node | None:
    """Return a value of analysis as a node; None, after a complaint, where it cannot be one."""
    if isinstance(value, Node):
        return value
    if isinstance(value, int | float | Dim) and value is not None:
        return Number(value, expr, expr.span)
    if isinstance(value, tuple | list) and value and all(isinstance(item, Node) for item in value):
        return Pack(tuple(value), expr.span)
    if isinstance(value, Weights):
        from archdsl.analyze.forms import own_weights

        return own_weights(body, value, value.kind)
    if value is not BROKEN and not (isinstance(value, tuple | list) and BROKEN in value):
        body.complain(say.not_a_value(what_is(value), expr.span))
    return None


def what_is(value: object) -> str:
    """Say what something is, for a complaint."""
    if isinstance(value, Node):
        return "a value" if isinstance(value.type, Tensor) else "several values"
    if is_layer(value):
        return "a layer"
    if isinstance(value, BlockDecl | ShorthandDecl):
        return f"the {value.definition.kind} {value.definition.name}"
    return kind_name(value)


def _literal(_body: Body, expr: tree.Literal) -> object:
    return expr.value


def _name(body: Body, expr: tree.Name) -> object:
    """A bare name: one's own, else a layer with its defaults, else a constant of the language."""
    name = expr.id
    if name in body.scope:
        body.read.add(name)
        value = body.scope[name]
        if isinstance(value, BlockDecl | ShorthandDecl):
            from archdsl.analyze.calls import call_declared

            return call_declared(body, value, (), expr)
        return _reread(value, expr.span)
    if name in CONSTANTS:
        return CONSTANTS[name]
    found = lookup(name)
    if found is None:
        body.complain(say.unknown_name(name, expr.span, [*body.scope, *_layer_names()]))
        return BROKEN
    from archdsl.analyze.calls import call_layer

    return call_layer(body, found, (), expr)


def _reread(value: object, span: Span) -> object:
    """A value that is read speaks of the place where it is read."""
    from archdsl.graph import Read

    if isinstance(value, Read):
        return Read(value.name, value.origin, value.bound, value.type, span)
    return value


def _layer_names() -> list[str]:
    from archdsl.layers.index import FILES

    return list(FILES)


def _fstring(body: Body, expr: tree.FString) -> object:
    texts: list[str] = []
    for part in expr.parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = constant(body, part.value)
        if value is BROKEN:
            return BROKEN
        if len(part.format) > MOST_FORMAT:
            body.complain(say.bad_constant("this format is longer than any number needs", part.span))
            return BROKEN
        try:
            texts.append(format(value, part.format))
        except (ValueError, TypeError) as error:
            body.complain(say.bad_constant(str(error), part.span))
            return BROKEN
    return "".join(texts)


def _unary(body: Body, expr: tree.Unary) -> object:
    value = evaluate(body, expr.operand)
    if value is BROKEN:
        return BROKEN
    if isinstance(value, Node):
        return operate(body, expr.op, [value], expr.span)
    return _computed(body, expr, expr.op, value)


def _binary(body: Body, expr: tree.Binary) -> object:
    """Go down the left spine in a loop, since a sum may have a thousand terms."""
    spine: list[tree.Binary] = []
    left: tree.Expr = expr
    while isinstance(left, tree.Binary):
        spine.append(left)
        left = left.left
    value = evaluate(body, left)
    for step in reversed(spine):
        value = _combine(body, step, value)
    return value


def _combine(body: Body, expr: tree.Binary, left: object) -> object:
    if expr.op in ("and", "or"):
        if left is BROKEN or isinstance(left, Node):
            return _logical(body, expr, left)
        return left if bool(left) == (expr.op == "or") else evaluate(body, expr.right)
    right = evaluate(body, expr.right)
    if left is BROKEN or right is BROKEN:
        return BROKEN
    if isinstance(left, Node) or isinstance(right, Node):
        nodes = [as_node(body, left, expr.left), as_node(body, right, expr.right)]
        found = [node for node in nodes if node is not None]
        return operate(body, expr.op, found, expr.span) if len(found) == len(nodes) else BROKEN
    return _computed(body, expr, expr.op, left, right)


def _logical(body: Body, expr: tree.Binary, left: object) -> object:
    if left is not BROKEN:
        sign = "&" if expr.op == "and" else "|"
        name = f"logical_{expr.op}"
        body.complain(
            say.bad_constant(
                f"{expr.op} is for constants, and this is a tensor", expr.span, f"{name}(a, b) is elementwise, as torch's {sign}."
            )
        )
    return BROKEN


def _computed(body: Body, expr: tree.Expr, op: str, *operands: object) -> object:
    for operand in operands:
        if is_layer(operand) or isinstance(operand, BlockDecl | ShorthandDecl):
            body.complain(say.bad_constant(f"{op} does not take {what_is(operand)}", expr.span, "Apply the layer to a value first."))
            return BROKEN
    try:
        return compute(op, *operands)
    except ConstantError as error:
        body.complain(say.bad_constant(str(error), expr.span, error.suggestion))
        return BROKEN


def _compare(body: Body, expr: tree.Compare) -> object:
    values = [evaluate(body, operand) for operand in expr.operands]
    if any(value is BROKEN for value in values):
        return BROKEN
    if any(isinstance(value, Node) for value in values):
        if len(values) != 2:
            body.complain(say.bad_constant("a chain of comparisons is for constants", expr.span, "Compare twice, and use logical_and."))
            return BROKEN
        nodes = [as_node(body, value, operand) for value, operand in zip(values, expr.operands, strict=True)]
        found = [node for node in nodes if node is not None]
        return operate(body, expr.ops[0], found, expr.span) if len(found) == 2 else BROKEN
    for op, left, right in zip(expr.ops, values, values[1:], strict=False):
        answer = _computed(body, expr, op, left, right)
        if answer is BROKEN or not answer:
            return answer
    return True


def operate(body: Body, op: str, nodes: list[Node], span: Span) -> object:
    """Apply an operator to values, elementwise but for `@`."""
    from archdsl.analyze.apply import settled

    nodes = [settled(node) for node in nodes]
    for node in nodes:
        if not isinstance(node.type, Tensor):
            body.complain(say.not_a_value("several values", node.span))
            return BROKEN
    types = [node.type for node in nodes]
    if op == "@":
        from archdsl.analyze.apply import apply_layer

        matmul = lookup("matmul")
        assert matmul is not None
        made = apply_layer(body, matmul, (), {}, list(nodes), span)
        return BROKEN if made is None else Operate("@", tuple(nodes), made.type, span)
    try:
        result = broadcast(*_promoted(types, nodes))  # type: ignore[arg-type]
    except Mismatch as mismatch:
        from archdsl.analyze.blame import explain

        body.complain(explain(mismatch, op, span, nodes))
        return BROKEN
    if op in ("==", "!=", "<", "<=", ">", ">=", "not"):
        result = result.replace(dtype="bool")
    elif op == "/" and not result.dtype.startswith(("float", "bfloat")):
        result = result.replace(dtype="float32")
    return Operate(op, tuple(nodes), result, span)


def _promoted(types: list[object], nodes: list[Node]) -> list[object]:
    """A plain number takes the dtype of the tensor beside it, unless it is of a higher kind."""
    from archdsl.layers.broadcasting import promote_number

    tensor = next((node.type for node in nodes if not isinstance(node, Number)), None)
    if tensor is None:
        return types
    found: list[object] = []
    for node in nodes:
        kind = node.type
        if isinstance(node, Number) and isinstance(kind, Tensor) and isinstance(tensor, Tensor):
            number = node.value if isinstance(node.value, int | float) else 1
            kind = kind.replace(dtype=promote_number(tensor.dtype, number))
        found.append(kind)
    return found


def _conditional(body: Body, expr: tree.Conditional) -> object:
    condition = constant(body, expr.condition)
    if condition is BROKEN:
        return BROKEN
    if isinstance(condition, Dim):
        body.complain(say.not_a_constant("a symbolic size", expr.condition.span))
        return BROKEN
    from archdsl.analyze.names import resolve

    resolve(body, expr.otherwise if condition else expr.then)
    return evaluate(body, expr.then if condition else expr.otherwise)


def _attribute(body: Body, expr: tree.Attribute) -> object:
    """A named layer's weight; through blocks, lists and chains by their names."""
    base = _layer_part(body, expr.base)
    if base is BROKEN:
        return BROKEN
    part_of = getattr(base, "part", None)
    if callable(part_of):
        return part_of(body, expr)
    if not isinstance(base, Module):
        hint = f"Operations are functions: {expr.name}(...), or x -> {expr.name}." if isinstance(base, Node) else ""
        body.complain(say.bad_constant(f"only a named layer has weights behind a dot, and this is {what_is(base)}", expr.span, hint))
        return BROKEN
    child = next((module for module in base.children() if module.name == expr.name), None)
    if child is not None:
        if child.kind in ("parameter", "buffer"):
            return Weight(child, "", Tensor(child.weights[""], batched=False), expr.span)
        return child
    if not base.weights:
        from archdsl.analyze.apply import foresee

        foresee(body, base)
    if expr.name in base.weights:
        body.weights_read.add(base)
        return Weight(base, expr.name, Tensor(base.weights[expr.name], batched=False), expr.span)
    known = [*base.weights, *(module.name for module in base.children())]
    body.complain(say.unknown_name(expr.name, expr.span, known))
    return BROKEN


def _layer_part(body: Body, expr: tree.Expr) -> object:
    if isinstance(expr, tree.Name) and is_layer(body.scope.get(expr.id)):
        return body.scope[expr.id]
    return evaluate(body, expr)


def _subscript(body: Body, expr: tree.Subscript) -> object:
    base = evaluate(body, expr.base)
    if isinstance(base, Weights):
        base = as_node(body, base, expr.base)
    if base is BROKEN:
        return BROKEN
    if isinstance(base, Node):
        from archdsl.analyze.indexing import index

        return index(body, base, expr)
    if isinstance(base, Module) and base.kind in ("list", "chain"):
        base = list(base.members)
    elif is_layer(base):
        body.complain(say.not_a_value("a layer", expr.base.span))
        return BROKEN
    indices = [_slice(body, item) if isinstance(item, tree.Slice) else constant(body, item) for item in expr.indices]
    if any(item is BROKEN for item in indices):
        return BROKEN
    try:
        return subscript(base, indices[0] if len(indices) == 1 else tuple(indices))
    except ConstantError as error:
        body.complain(say.bad_constant(str(error), expr.span))
        return BROKEN


def _slice(body: Body, expr: tree.Slice) -> object:
    parts = [None if part is None else constant(body, part) for part in (expr.start, expr.stop, expr.step)]
    return BROKEN if any(part is BROKEN for part in parts) else slice(*parts)


def _group(body: Body, expr: tree.Group) -> object:
    inner = evaluate(body, expr.inner)
    if isinstance(inner, ChainSpec):
        inner = ChainSpec(inner.members, inner.span)
        inner.grouped = True
    return inner


def _misplaced(body: Body, expr: tree.Expr) -> object:
    body.complain(say.misplaced("This", "outside an index", expr.span))
    return BROKEN


def _list(body: Body, expr: tree.ListExpr) -> object:
    from archdsl.analyze.displays import list_of

    return list_of(body, expr)


def _tuple(body: Body, expr: tree.TupleExpr) -> object:
    from archdsl.analyze.displays import tuple_of

    return tuple_of(body, expr)


def _dict(body: Body, expr: tree.DictExpr) -> object:
    from archdsl.analyze.displays import dict_of

    return dict_of(body, expr)


def _comprehension(body: Body, expr: tree.Comprehension) -> object:
    from archdsl.analyze.displays import comprehension

    return comprehension(body, expr)


def _call(body: Body, expr: tree.Call) -> object:
    from archdsl.analyze.calls import call

    return call(body, expr)


def _chain(body: Body, expr: tree.Chain) -> object:
    from archdsl.analyze.chains import chain

    return chain(body, expr)


_RULES: dict[type[tree.Expr], Callable[[Body, Any], object]] = {
    tree.Literal: _literal, tree.Name: _name, tree.FString: _fstring, tree.Unary: _unary, tree.Binary: _binary,
    tree.Compare: _compare, tree.Conditional: _conditional, tree.ListExpr: _list, tree.TupleExpr: _tuple,
    tree.DictExpr: _dict, tree.Comprehension: _comprehension, tree.Attribute: _attribute, tree.Subscript: _subscript,
    tree.Group: _group, tree.Call: _call, tree.Chain: _chain, tree.Slice: _misplaced, tree.Dots: _misplaced,
}  # fmt: skip
