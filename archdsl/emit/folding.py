"""What a constant expression comes to, for values of its names: emission looks into comprehensions with it."""

from __future__ import annotations

from archdsl.analyze.constants import CONSTANTS, FUNCTIONS, ConstantError, call, compute, subscript
from archdsl.emit.constants import Unwritable
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archdsl.syntax.tree import Expr


def fold(expr: Expr, env: Mapping[str, object]) -> object:
    """Compute a constant expression. Raises Unwritable where a name has no value here."""
    try:
        return _fold(expr, env)
    except ConstantError as error:
        raise Unwritable(str(error)) from error


def _fold(expr: Expr, env: Mapping[str, object]) -> object:
    if isinstance(expr, tree.Group):
        return _fold(expr.inner, env)
    if isinstance(expr, tree.Literal):
        return expr.value
    if isinstance(expr, tree.Name):
        if expr.id not in env and expr.id not in CONSTANTS:
            raise Unwritable(expr.id)
        return env.get(expr.id, CONSTANTS.get(expr.id))
    if isinstance(expr, tree.Unary):
        return compute(expr.op, _fold(expr.operand, env))
    if isinstance(expr, tree.Binary):
        left = _fold(expr.left, env)
        if expr.op in ("and", "or"):
            return left if bool(left) == (expr.op == "or") else _fold(expr.right, env)
        return compute(expr.op, left, _fold(expr.right, env))
    if isinstance(expr, tree.Compare):
        values = [_fold(operand, env) for operand in expr.operands]
        return all(compute(op, left, right) for op, left, right in zip(expr.ops, values, values[1:], strict=False))
    if isinstance(expr, tree.Conditional):
        return _fold(expr.then if _fold(expr.condition, env) else expr.otherwise, env)
    if isinstance(expr, tree.TupleExpr):
        return tuple([_fold(item, env) for item in expr.items])
    if isinstance(expr, tree.ListExpr):
        return [_fold(item, env) for item in expr.items]
    return _rare(expr, env)


def _rare(expr: Expr, env: Mapping[str, object]) -> object:
    if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name) and expr.function.id in FUNCTIONS:
        positional = [_fold(one.value, env) for one in expr.arguments if one.name is None]
        return call(expr.function.id, positional, {one.name: _fold(one.value, env) for one in expr.arguments if one.name is not None})
    if isinstance(expr, tree.Subscript) and len(expr.indices) == 1:
        index = expr.indices[0]
        if isinstance(index, tree.Slice):
            bounds = [None if part is None else _fold(part, env) for part in (index.start, index.stop, index.step)]
            return subscript(_fold(expr.base, env), slice(*bounds))
        return subscript(_fold(expr.base, env), _fold(index, env))
    if isinstance(expr, tree.Comprehension) and expr.kind == "list":
        return [_fold(expr.element, inner) for inner in bindings(expr, env)]
    raise Unwritable(type(expr).__name__)


def bindings(expr: tree.Comprehension, env: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the values of all names for each item of a comprehension. Raises Unwritable."""
    found = [dict(env)]
    for clause in expr.clauses:
        inner: list[dict[str, object]] = []
        for around in found:
            items = _fold(clause.iterable, around)
            if not isinstance(items, list | tuple | dict):
                raise Unwritable("iterable")
            for item in items:
                bound = {**around, **_bound(clause.targets, item)}
                if all(_fold(condition, bound) for condition in clause.conditions):
                    inner.append(bound)
        found = inner
    return found


def _bound(targets: Sequence[tree.Target], item: object) -> dict[str, object]:
    """Give the names before `in` what an item holds."""
    items = [item] if len(targets) == 1 else list(item)  # type: ignore[call-overload]
    found: dict[str, object] = {}
    for target, part in zip(targets, items, strict=True):
        found |= {target: part} if isinstance(target, str) else _bound(target, part)
    return found
