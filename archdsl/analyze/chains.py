"""`a -> b -> c`: a value that passes through layers, or layers in a row."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import check_alone, follow
from archdsl.analyze.calls import call_declared, call_layer, call_member
from archdsl.analyze.evaluate import as_node, constant, evaluate, what_is
from archdsl.analyze.naming import Plan
from archdsl.analyze.values import (
    BROKEN,
    BlockDecl,
    Broken,
    ChainSpec,
    MemberSpec,
    Path,
    ScanSpec,
    ShorthandDecl,
    Spec,
    has_weights,
    is_layer,
)
from archdsl.graph import Module, Node
from archdsl.layers.registry import lookup
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body


def chain(body: Body, expr: tree.Chain) -> object:
    """Evaluate a chain: a value where its first member is one, else a layer."""
    head = expr.members[0]
    if head.name is None and is_value(body, head.value):
        return _flow(body, expr)
    if head.name is None and isinstance(head.value, tree.Name) and head.value.id not in body.scope and lookup(head.value.id) is None:
        # A chain most often begins with a value, so the nearest name may be any.
        evaluate(body, head.value)
        check_alone(body, [member.layer for member in members(body, expr.members[1:]) or ()])
        return BROKEN
    found = members(body, expr.members)
    return BROKEN if found is None else row(found, expr)


def row(found: list[MemberSpec], expr: tree.Expr) -> object:
    """Make one layer of members: a chain, or a path where it mentions layers that have names."""
    if any(_is_named(member.layer) for member in found):
        return Path(found, expr.span)
    return ChainSpec(found, expr.span)


def _is_named(layer: object) -> bool:
    """Whether a member is a layer with a name of its own, or runs one."""
    return not isinstance(layer, Spec) or (isinstance(layer, ScanSpec) and isinstance(layer.cell, Module))


def members(body: Body, parts: tuple[tree.Member, ...]) -> list[MemberSpec] | None:
    """Evaluate the members of a chain; None, after complaints, where one is no layer."""
    found: list[MemberSpec] = []
    sound = True
    for part in parts:
        layer = member_layer(body, part.value)
        if layer is None:
            sound = False
        elif isinstance(layer, ChainSpec) and layer.spliced:
            if part.name is None:
                found.extend(layer.members)
            else:
                found.append(MemberSpec(part.name, ChainSpec(layer.members, layer.span), part.value.span))
        else:
            found.append(MemberSpec(part.name, layer, part.value.span))
    if not sound:
        check_alone(body, [member.layer for member in found])
    return found if sound and _labels_differ(body, parts) else None


def _labels_differ(body: Body, parts: tuple[tree.Member, ...]) -> bool:
    seen: dict[str, tree.Member] = {}
    for part in parts:
        if part.name is not None and part.name in seen:
            body.complain(say.defined_twice(part.name, "The member", part.span, seen[part.name].span))
            return False
        if part.name is not None:
            seen[part.name] = part
    return True


def member_layer(body: Body, expr: tree.Expr) -> object | None:
    """Evaluate what follows `->`: looked up among one's layers first, then in the registry."""
    if isinstance(expr, tree.Group):
        return _nested(body, expr)
    if isinstance(expr, tree.Name):
        layer = named_layer(body, expr)
    elif isinstance(expr, tree.Call):
        layer = call_member(body, expr)
    else:
        layer = evaluate(body, expr)
    if isinstance(layer, Broken):
        return None
    if isinstance(layer, list | tuple) and layer and all(is_layer(item) for item in layer):
        body.complain(say.not_a_layer("a list of layers", expr.span).replace(suggestion="chain(list) makes one layer of them."))
        return None
    if not is_layer(layer):
        body.complain(say.not_a_layer(what_is(layer), expr.span))
        return None
    return layer


def _nested(body: Body, expr: tree.Group) -> object | None:
    """Parentheses round a member nest it."""
    inner = expr.inner
    if isinstance(inner, tree.Chain) and not (inner.members[0].name is None and is_value(body, inner.members[0].value)):
        found = members(body, inner.members)
        return None if found is None else row(found, inner)
    layer = member_layer(body, inner)
    if layer is None or not isinstance(layer, Spec):
        return layer
    if isinstance(layer, ChainSpec) and layer.spliced:
        return ChainSpec(layer.members, layer.span)
    return ChainSpec([MemberSpec(None, layer, inner.span)], expr.span)


def named_layer(body: Body, expr: tree.Name) -> object:
    """Look a bare name up where a layer is wanted."""
    own = body.scope.get(expr.id)
    if isinstance(own, BlockDecl | ShorthandDecl):
        return call_declared(body, own, (), expr)
    if is_layer(own) or own is BROKEN:
        return own
    found = lookup(expr.id)
    if found is not None:
        return call_layer(body, found, (), expr, member=True)
    if own is not None:
        return own
    from archdsl.layers.index import FILES

    body.complain(
        say.unknown_layer(
            expr.id, expr.span, [*(n for n, v in body.scope.items() if is_layer(v) or isinstance(v, BlockDecl | ShorthandDecl)), *FILES]
        )
    )
    return BROKEN


# ---------------------------------------------------------------- values that flow


def _flow(body: Body, expr: tree.Chain) -> object:
    """Pass a value through the members behind it."""
    start = evaluate(body, expr.members[0].value)
    node = as_node(body, start, expr.members[0].value)
    found = body.plan_members.pop(id(expr), None) if body.plan is not None else None
    if found is None:
        found = members(body, expr.members[1:])
    if found is None:
        return BROKEN
    done = follow(body, node, found)
    return BROKEN if done is None else done


# ---------------------------------------------------------------- before a definition is evaluated


def is_value(body: Body, expr: tree.Expr) -> bool:
    """Whether an expression gives a value, told from its form and the names in it alone."""
    while True:
        if isinstance(expr, tree.Group):
            expr = expr.inner
        elif isinstance(expr, tree.Chain):
            if expr.members[0].name is not None:
                return False
            expr = expr.members[0].value
        elif isinstance(expr, tree.Binary):
            if is_value(body, expr.right):
                return True
            expr = expr.left
        elif isinstance(expr, tree.Unary):
            expr = expr.operand
        elif isinstance(expr, tree.Subscript):
            expr = expr.base
        else:
            return _is_value_leaf(body, expr)


def _is_value_leaf(body: Body, expr: tree.Expr) -> bool:
    if isinstance(expr, tree.Name):
        own = body.scope.get(expr.id)
        return isinstance(own, Node) or (isinstance(own, tuple | list) and any(isinstance(item, Node) for item in own))
    if isinstance(expr, tree.Call):
        return _is_value_call(body, expr)
    if isinstance(expr, tree.Compare):
        return any(is_value(body, operand) for operand in expr.operands)
    if isinstance(expr, tree.TupleExpr | tree.ListExpr):
        return any(is_value(body, item) for item in expr.items)
    if isinstance(expr, tree.Conditional):
        return is_value(body, expr.then) or is_value(body, expr.otherwise)
    if isinstance(expr, tree.Attribute):
        return isinstance(expr.base, tree.Name | tree.Attribute | tree.Subscript)
    return False


def _is_value_call(body: Body, expr: tree.Call) -> bool:
    from archdsl.analyze.forms import FORMS

    if isinstance(expr.function, tree.Name):
        name = expr.function.id
        own = body.scope.get(name)
        if name in FORMS and own is None:
            return False
        if callable(getattr(own, "call_model", None)):
            return True
        if not is_layer(own) and not isinstance(own, BlockDecl | ShorthandDecl):
            found = lookup(name)
            if found is not None and not found.values:
                return True
    return any(is_value(body, argument.value) for argument in expr.arguments)


def plan(body: Body, expr: tree.Expr, target: str | None) -> Plan:
    """Decide what the unnamed layers in a value's definition are called.

    The only one with weights is named after the value; several become the numbered members of one module of
    that name: an nn.Sequential where they stand in a row, which is then applied as one.
    """
    made = Plan()
    body.plan_members = {}
    found: list[tuple[tree.Chain, int, MemberSpec]] = []
    _scan(body, expr, found)
    unnamed = [entry for entry in found if entry[2].name is None and isinstance(entry[2].layer, Spec)]
    weighted = sum(has_weights(entry[2].layer) for entry in unnamed)
    if target is None:
        return made
    if weighted < 2:
        made.single = target
        return made
    chains = {id(entry[0]) for entry in unnamed}
    indices = [entry[1] for entry in unnamed]
    if len(chains) == 1 and indices == list(range(indices[0], indices[0] + len(indices))):
        all_members = body.plan_members[id(unnamed[0][0])]
        first, last = indices[0], indices[-1] + 1
        span = all_members[first].span.to(all_members[last - 1].span)
        whole = MemberSpec(None, ChainSpec(all_members[first:last], span), span)
        body.plan_members[id(unnamed[0][0])] = [*all_members[:first], whole, *all_members[last:]]
        made.single = target
        return made
    made.container = Module("list", target, expr.span)
    return made


def _scan(body: Body, expr: tree.Expr, found: list[tuple[tree.Chain, int, MemberSpec]]) -> None:
    """Find the members of every chain in an expression that a value flows through."""
    stack: list[tree.Expr] = [expr]
    while stack:
        at = stack.pop()
        if isinstance(at, tree.Chain) and at.members[0].name is None and is_value(body, at.members[0].value):
            layers = members(body, at.members[1:])
            if layers is not None:
                body.plan_members[id(at)] = layers
                found.extend((at, i, member) for i, member in enumerate(layers))
            stack.append(at.members[0].value)
        elif isinstance(at, tree.Call):
            stack.extend(argument.value for argument in reversed(at.arguments))
        elif isinstance(at, tree.Conditional):
            stack.append(at.then if constant(body, at.condition) else at.otherwise)
        else:
            stack.extend(reversed(_operands(at)))


def _operands(expr: tree.Expr) -> list[tree.Expr]:
    if isinstance(expr, tree.Group):
        return [expr.inner]
    if isinstance(expr, tree.Binary):
        return [expr.left, expr.right]
    if isinstance(expr, tree.Unary):
        return [expr.operand]
    if isinstance(expr, tree.Compare):
        return list(expr.operands)
    if isinstance(expr, tree.TupleExpr | tree.ListExpr):
        return list(expr.items)
    return [expr.base] if isinstance(expr, tree.Subscript) else []
