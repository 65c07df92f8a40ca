"""The parameters of a block or shorthand: a default that speaks of other names is passed by every use."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.emit.constants import Unwritable
from archdsl.emit.folding import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from archdsl.emit.scope import Scope
    from archdsl.graph import Definition, Given, Instance
    from archdsl.syntax.tree import Expr


def is_plain(expr: Expr | None) -> bool:
    """Whether a default says by itself what it is."""
    if expr is None:
        return False
    try:
        fold(expr, {})
    except Unwritable:
        return False
    return True


def is_constant(value: object) -> bool:
    """Whether a value can be passed on as it is; a layer cannot: the class that uses it says it itself."""
    if isinstance(value, list | tuple):
        return all(map(is_constant, value))
    if isinstance(value, dict):
        return all(map(is_constant, value.values()))
    return value is None or isinstance(value, bool | int | float | str | Dim)


def passed(definition: Definition, instances: Sequence[Instance]) -> list[tuple[str, Expr | None]]:
    """Return the parameters that are passed on, with their defaults."""
    return [
        (name, default)
        for name, default in definition.parameters
        if all(name in instance.arguments and is_constant(instance.arguments[name]) for instance in instances)
    ]


def parameters(scope: Scope, definition: Definition, unread: Container[str] = ()) -> list[str]:
    """Write parameters with their defaults; one that has to be given stands behind a star after those that need not."""
    texts: list[str] = []
    for name, default in passed(definition, scope.instances):
        if name in unread:
            continue
        if is_plain(default) and default is not None:
            texts.append(f"{name}={scope.init.write(default)}")
            continue
        if any("=" in text for text in texts) and "*" not in texts:
            texts.append("*")
        texts.append(name)
    return texts


def unsaid(scope: Scope, definition: Definition, given: Sequence[Given], place: str = "init", unread: Container[str] = ()) -> list[str]:
    """Write the arguments that a use leaves to a default which speaks of other names."""
    own = {one.name for one in given}
    if all(default is None or is_plain(default) or name in own or name in unread for name, default in definition.parameters):
        return []
    known = {one.name: scope.argument([one] * len(scope.strands), place) for one in given if is_constant(one.value)}
    layers = {one.name for one in given if not is_constant(one.value)}
    writer = scope.init if place == "init" else scope.forward
    texts: list[str] = []
    for name, default in definition.parameters:
        if name in known or name in layers or default is None:
            continue
        scope.substituted.append({**(scope.substituted[-1] if scope.substituted else {}), **known})
        try:
            known[name] = writer.write(default)
        except Unwritable:
            continue
        finally:
            scope.substituted.pop()
        if not is_plain(default) and name not in unread:
            texts.append(f"{name}={known[name]}")
    return texts


def values_of(definition: Definition, given: Sequence[Given], params: Mapping[str, object]) -> dict[str, object]:
    """Return what the parameters come to at a use."""
    found: dict[str, object] = {one.name: one.value for one in given}
    for name, default in definition.parameters:
        if name not in found and default is not None:
            try:
                found[name] = fold(default, {**params, **found})
            except Unwritable:
                continue
    return found
