"""`if` and `for`: decided, and unrolled, when a spec is compiled."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.displays import bind_targets, iterable
from archdsl.analyze.evaluate import constant
from archdsl.analyze.names import give_up, resolve
from archdsl.analyze.naming import check_name
from archdsl.analyze.values import BROKEN
from archdsl.dims import Dim, Traced, names_in, origin_of, symbol
from archdsl.graph import Branch, Loop, Node, Number, Read
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archdsl.analyze.context import Body
    from archdsl.dims import Size
    from archdsl.graph import Statement

    GoThrough = Callable[[Body, tuple[tree.Statement, ...]], None]

MOST_ITERATIONS = 100_000
QUESTIONS = ("shape", "channels", "numel", "dim", "len")


def branch(body: Body, statement: tree.If, go_through: GoThrough) -> None:
    """Go through what a condition takes, and only resolve the names of the rest."""
    value = constant(body, statement.condition)
    if isinstance(value, Dim):
        body.complain(say.not_a_constant("a size that is not known", statement.condition.span))
    if value is BROKEN or isinstance(value, Dim):
        give_up(body, (*statement.then, *statement.otherwise))
        return
    around, body.statements = body.statements, []
    go_through(body, statement.then if value else statement.otherwise)
    taken, body.statements = tuple(body.statements), around
    resolve(body, statement.otherwise if value else statement.then)
    body.statements.append(Branch(statement.comments, statement.condition, bool(value), taken, bool(statement.otherwise)))


def loop(body: Body, statement: tree.For, go_through: GoThrough) -> None:
    """Go through a loop's body once for each item."""
    items = iterable(body, statement.iterable)
    if items is None:
        body.scope.update((target.id, BROKEN) for target in statement.targets)
        give_up(body, statement.body)
        return
    targets = [target.id for target in statement.targets]
    for target in statement.targets:
        if not check_name(body.compiler, target.id, target.span):
            return
    body.compiler.loops += len(items)
    if body.compiler.loops > MOST_ITERATIONS:
        body.complain(say.too_large("the loops", body.compiler.loops, MOST_ITERATIONS, statement.span))
        return
    from archdsl.analyze.statements import let

    sums = _sums(body, statement.body)
    for name in sums:
        start = body.scope[name]
        assert isinstance(start, int | float)
        plain = int(start) if isinstance(start, int) else start
        let(body, (name,), [Number(plain, None, statement.span)], tree.NO_COMMENTS, statement.span)
    number = statement.span.start  # the same in every instance, so that emission can go through them in parallel
    carried = _carried(body, statement.body, sums) if body.compiler.traced else {}
    bodies: list[tuple[Statement, ...]] = []
    symbols: list[Mapping[str, Size]] = []
    around, errors = body.statements, body.compiler.count
    body.loop_lists.append([])
    for item in items:
        body.statements = []
        if not bind_targets(body, targets, item, statement.iterable.span) or body.compiler.count > errors:
            break
        symbols.append(_enter(body, targets, carried, number))
        before = body.compiler.loops
        go_through(body, statement.body)
        bodies.append(tuple(body.statements))
        within = (body.compiler.loops - before) * len(items)
        if len(bodies) == 1 and within > MOST_ITERATIONS:
            # The first round shows what all of them would come to, before they are gone through.
            body.complain(say.too_large("the loops", within, MOST_ITERATIONS, statement.span))
            break
    body.statements = around
    lists = body.loop_lists.pop()
    if body.loop_lists:
        body.loop_lists[-1].extend(one for one in lists if one not in body.loop_lists[-1])
    if bodies and carried:
        _leave(body, carried, number, targets)
    body.statements.append(
        Loop(statement.comments, tuple(targets), statement.iterable, tuple(items), tuple(bodies), tuple(lists), tuple(symbols))
    )


def _sums(body: Body, statements: tuple[tree.Statement, ...]) -> list[str]:
    """Find the numbers that a loop makes values of, as the 0 that a sum begins with; they are values from the start."""
    defines = _defines(statements)
    values: set[str] = set()
    before = -1
    while len(values) != before:
        before = len(values)
        for one in defines:
            if any(name in values or isinstance(body.scope.get(name), Node) for name in _read(one.value)):
                values.update(target.id for target in one.targets)
    own = {target.id for one in defines for target in one.targets if len(one.targets) == 1 and target.id in set(_read(one.value))}
    return [name for name in sorted(values & own) if isinstance(body.scope.get(name), int | float)]


def _defines(statements: tuple[tree.Statement, ...]) -> list[tree.Define]:
    """Return the definitions of a body, those in conditions and loops too."""
    found: list[tree.Define] = []
    for at in statements:
        if isinstance(at, tree.Define):
            found.append(at)
        elif isinstance(at, tree.If):
            found += _defines((*at.then, *at.otherwise))
        elif isinstance(at, tree.For):
            found += _defines(at.body)
    return found


def _read(expr: tree.Node) -> list[str]:
    """Return the names that an expression reads as values or constants: a question about a shape reads neither."""
    if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name) and expr.function.id in QUESTIONS:
        return []
    names = [expr.id] if isinstance(expr, tree.Name) else []
    for field in expr._fields:  # type: ignore[attr-defined]
        part = getattr(expr, field)
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, tree.Node):
                names += _read(one)
    return names


def _carried(body: Body, statements: tuple[tree.Statement, ...], sums: list[str]) -> dict[str, Node]:
    """Find the values that a loop defines anew: their sizes may change from one iteration to the next."""
    found: dict[str, Node] = {}
    for define in reversed(_defines(statements)):
        for target in define.targets:
            node = body.scope.get(target.id)
            if isinstance(node, Node) and isinstance(node.type, Tensor) and target.id not in sums:
                found[target.id] = node
    return found


def _enter(body: Body, targets: list[str], carried: dict[str, Node], number: int) -> dict[str, Size]:
    """Let the sizes at the entry of an iteration be known by names of their own."""
    symbols: dict[str, Size] = {}
    for target in targets:
        value = body.scope[target]
        if body.compiler.traced and isinstance(value, int) and not isinstance(value, bool):
            symbols[target] = value
            body.scope[target] = Traced(int(value), symbol(target))
    for name, before in carried.items():
        node = body.scope[name]
        if isinstance(node, Node) and isinstance(node.type, Tensor) and node.type.rank == before.type.rank:  # type: ignore[union-attr]
            _rebind(body, name, number, symbols)
    return symbols


def _rebind(body: Body, name: str, number: int, symbols: dict[str, Size]) -> None:
    node = body.scope[name]
    if not isinstance(node, Node) or not isinstance(node.type, Tensor):
        return
    sizes: list[Size] = []
    for k, size in enumerate(node.type.shape):
        key = f"{name}.{k}@{number}"
        if isinstance(size, Dim):
            sizes.append(size)
            continue
        symbols[key] = size
        sizes.append(Traced(int(size), symbol(key)))
    origin = node.origin if isinstance(node, Read) else "value"
    bound = node.bound if isinstance(node, Read) else node
    body.scope[name] = Read(name, origin, bound, node.type.replace(shape=tuple(sizes)), node.span)


def _leave(body: Body, carried: dict[str, Node], number: int, targets: list[str]) -> None:
    """After the loop a size that it left alone is what it was before; another is what the last iteration left."""
    for name, before in carried.items():
        node = body.scope[name]
        assert isinstance(before.type, Tensor)
        if not isinstance(node, Read) or not isinstance(node.type, Tensor) or len(node.type.shape) != len(before.type.shape):
            continue
        sizes: list[Size] = []
        for k, (size, old) in enumerate(zip(node.type.shape, before.type.shape, strict=True)):
            key = symbol(f"{name}.{k}@{number}")
            if isinstance(size, Dim):
                sizes.append(size)
            elif origin_of(size) == key and size == old:
                sizes.append(old)
            elif any("@" in own or own in targets for own in names_in(origin_of(size))):
                sizes.append(Traced(int(size), key))
            else:
                sizes.append(size)
        body.scope[name] = Read(name, node.origin, node.bound, node.type.replace(shape=tuple(sizes)), node.span)
