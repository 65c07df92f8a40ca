"""Shorthands, written out where they are used; and the arguments of what a spec declares."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.context import MOST_LAYERS
from archdsl.analyze.values import BROKEN, ChainSpec, MemberSpec
from archdsl.graph import Given, Splice
from archdsl.syntax import tree
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.calls import Arguments
    from archdsl.analyze.context import Body
    from archdsl.analyze.values import ShorthandDecl


def bind_parameters(
    body: Body, name: str, parameters: tuple[tuple[str, tree.Expr | None], ...], arguments: Arguments, expr: tree.Expr
) -> tuple[dict[str, object], tuple[Given, ...]] | None:
    """Bind the arguments of a block or shorthand to its parameters; defaults follow when it is expanded."""
    names = [parameter for parameter, _ in parameters]
    values: dict[str, object] = {}
    given: list[Given] = []
    if len(arguments.positional) > len(names):
        body.complain(
            say.wrong_count(name, f"{len(names)} argument{'s' * (len(names) != 1)} at most", len(arguments.positional), expr.span)
        )
        return None
    for parameter, (value, argument) in zip(names, arguments.positional, strict=False):
        values[parameter] = value
        given.append(Given(parameter, value, argument.value, positional=True, span=argument.span))
    for parameter, (value, argument) in arguments.named.items():
        if parameter not in names:
            near = nearest(parameter, names)
            hint = f"Did you mean {near}?" if near else f"It takes {', '.join(names) or 'none'}."
            body.complain(say.bad_argument(name, f"{name} has no parameter {parameter}", argument.span, hint))
            return None
        if parameter in values:
            body.complain(say.bad_argument(name, f"{name} is given {parameter} twice", argument.span))
            return None
        values[parameter] = value
        given.append(Given(parameter, value, argument.value, span=argument.span))
    missing = [parameter for parameter, default in parameters if default is None and parameter not in values]
    if missing:
        body.complain(say.bad_argument(name, f"{name} needs {' and '.join(missing)}", expr.span, f"Write {name}({', '.join(missing)})."))
        return None
    return values, tuple(given)


def spliced_in(members: list[MemberSpec], splice: Splice) -> list[MemberSpec]:
    """Note of members that they came into a chain together; those that shared a splice share it still."""
    nested: dict[int, Splice] = {}

    def within(inner: Splice | None) -> Splice:
        if inner is None:
            return splice
        if id(inner) not in nested:
            nested[id(inner)] = inner.replace(outer=within(inner.outer))
        return nested[id(inner)]

    return [member.replace(splice=within(member.splice)) for member in members]


def expand(body: Body, decl: ShorthandDecl, values: dict[str, object], given: tuple[Given, ...], expr: tree.Expr) -> object:
    """Evaluate a shorthand's body where it is used: its members are spliced into the chain around it."""
    if decl.busy:
        body.complain(say.recursion(decl.definition.name, expr.span, decl.shorthand.name.span))
        return BROKEN
    if body.compiler.layers > MOST_LAYERS:
        return BROKEN
    from archdsl.analyze.chains import member_layer, members
    from archdsl.analyze.instances import default_values

    around, decl.busy = body.scope, True
    try:
        body.scope = dict(decl.scope)
        body.scope.update(body.compiler.globals)
        local = default_values(body, decl.definition, values)
        if local is None:
            return BROKEN
        body.scope.update({**local, **values})  # what was passed is known by the names around the use
        inner = decl.shorthand.body
        if isinstance(inner, tree.Chain):
            found = members(body, inner.members)
        else:
            layer = member_layer(body, inner)
            found = None if layer is None else [MemberSpec(None, layer, inner.span)]
            if isinstance(layer, ChainSpec) and layer.spliced:
                found = layer.members
    finally:
        body.scope, decl.busy = around, False
    if found is None or not _within_budget(body, len(found), expr):
        return BROKEN
    splice = Splice("shorthand", decl.definition, given, 1, expr)
    return ChainSpec(spliced_in(found, splice), expr.span, spliced=True)


def _within_budget(body: Body, count: int, expr: tree.Expr) -> bool:
    """Count layers as shorthands bring them, and complain once when they become too many."""
    before = body.compiler.layers
    body.compiler.layers += count
    if before <= MOST_LAYERS < body.compiler.layers:
        body.complain(say.too_large("the spec", body.compiler.layers, MOST_LAYERS, expr.span))
    return body.compiler.layers <= MOST_LAYERS
