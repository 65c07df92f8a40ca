"""Lists, tuples, dicts and comprehensions."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.constants import ConstantError, bounded, kind_name
from archdsl.analyze.evaluate import constant, evaluate, what_is
from archdsl.analyze.values import BROKEN
from archdsl.dims import Traced, symbol
from archdsl.graph import Module
from archdsl.syntax import tree
from archdsl.syntax.targets import target_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.analyze.context import Body
    from archdsl.text.source import Span


def _items(body: Body, items: tuple[tree.Expr, ...]) -> list[object] | None:
    values = [evaluate(body, item) for item in items]
    return None if any(value is BROKEN for value in values) else values


def list_of(body: Body, expr: tree.ListExpr) -> object:
    """Evaluate `[a, b]`."""
    values = _items(body, expr.items)
    return BROKEN if values is None else values


def tuple_of(body: Body, expr: tree.TupleExpr) -> object:
    """Evaluate `(a, b)`."""
    values = _items(body, expr.items)
    return BROKEN if values is None else tuple(values)


def dict_of(body: Body, expr: tree.DictExpr) -> object:
    """Evaluate `{key: value}`."""
    pairs: dict[object, object] = {}
    for key, item in expr.items:
        name, value = constant(body, key), evaluate(body, item)
        if name is BROKEN or value is BROKEN:
            return BROKEN
        if isinstance(name, list | dict):
            body.complain(say.bad_constant(f"{kind_name(name)} cannot be a key", key.span))
            return BROKEN
        if name in pairs:
            body.complain(say.defined_twice(repr(name), "The key", key.span, None))
            return BROKEN
        pairs[name] = value
    return pairs


def comprehension(body: Body, expr: tree.Comprehension) -> object:
    """Names of a comprehension are its own: the scope around it is put back."""
    before = dict(body.scope)
    found: list[tuple[object, object]] = []
    try:
        if not _clauses(body, expr, 0, found):
            return BROKEN
    finally:
        body.scope.clear()
        body.scope.update(before)
    return dict(found) if expr.key is not None else [value for _, value in found]


def _clauses(body: Body, expr: tree.Comprehension, depth: int, found: list[tuple[object, object]]) -> bool:
    if depth == len(expr.clauses):
        key = constant(body, expr.key) if expr.key is not None else None
        value = evaluate(body, expr.element)
        found.append((key, value))
        try:
            bounded(found)
        except ConstantError as error:
            body.complain(say.bad_constant(str(error), expr.span))
            return False
        return value is not BROKEN and key is not BROKEN
    clause = expr.clauses[depth]
    items = iterable(body, clause.iterable)
    if items is None:
        return False
    for item in items:
        if not bind_targets(body, clause.targets, item, clause.span):
            return False
        for target in target_names(clause.targets):
            value = body.scope[target]
            if body.compiler.traced and isinstance(value, int) and not isinstance(value, bool):
                body.scope[target] = Traced(int(value), symbol(target))
        tests = [constant(body, condition) for condition in clause.conditions]
        if any(test is BROKEN for test in tests):
            return False
        if all(tests) and not _clauses(body, expr, depth + 1, found):
            return False
    return True


def iterable(body: Body, expr: tree.Expr) -> list[object] | None:
    """Evaluate what a loop goes over; None, after a complaint, where it is nothing to go over."""
    own = body.scope.get(expr.id) if isinstance(expr, tree.Name) else None
    if isinstance(own, Module) and own.kind == "list":
        hint = f"Count them: for i in range({len(own.members)}), and take {own.name}[i]."
        body.complain(say.not_a_constant("a list of layers", expr.span).replace(suggestion=hint))
        return None
    value = constant(body, expr)
    if value is BROKEN:
        return None
    if isinstance(value, list | tuple | dict):
        return list(value)
    body.complain(say.bad_constant(f"a loop goes over a list, and this is {what_is(value)}", expr.span, "range(n) counts from 0 to n - 1."))
    return None


def bind_targets(body: Body, targets: Sequence[tree.Target], item: object, span: Span) -> bool:
    """Give the names before `in` what the item holds."""
    if len(targets) == 1:
        return _bind(body, targets[0], item, span)
    if not isinstance(item, list | tuple) or len(item) != len(targets):
        found = len(item) if isinstance(item, list | tuple) else 1
        body.complain(say.wrong_count("this loop", f"{len(targets)} entries in each item", found, span))
        return False
    return all(_bind(body, target, part, span) for target, part in zip(targets, item, strict=True))


def _bind(body: Body, target: tree.Target, item: object, span: Span) -> bool:
    if not isinstance(target, str):
        return bind_targets(body, target, item, span)
    body.scope[target] = item
    return True
