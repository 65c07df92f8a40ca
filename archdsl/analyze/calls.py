"""Calls: of the registry's words, of blocks and shorthands, of named layers, of the language's functions."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import apply_layer, make_in_passing, run, settled, spread, walk
from archdsl.analyze.blame import explain
from archdsl.analyze.constants import FUNCTIONS, ConstantError
from archdsl.analyze.constants import call as call_function
from archdsl.analyze.evaluate import as_node, evaluate, what_is
from archdsl.analyze.expand import bind_parameters, expand
from archdsl.analyze.values import BROKEN, BlockDecl, BlockSpec, Path, PlainSpec, ShorthandDecl, Spec, is_layer
from archdsl.graph import Given, Module, Node, Number
from archdsl.layers.bind import bind, place_values, split_values
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Mismatch
from archdsl.syntax import tree
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body
    from archdsl.layers.registry import Layer


class Arguments:
    """The evaluated arguments of a call, with what was written."""

    def __init__(self) -> None:
        self.positional: list[tuple[object, tree.Argument]] = []
        self.named: dict[str, tuple[object, tree.Argument]] = {}

    def values(self) -> list[tuple[object, tree.Argument]]:
        """All of them, in order."""
        return [*self.positional, *self.named.values()]


def read_arguments(body: Body, arguments: tuple[tree.Argument, ...], callee: str) -> Arguments | None:
    """Evaluate the arguments of a call; None, after complaints, where one is at fault."""
    found, sound = Arguments(), True
    for argument in arguments:
        value = evaluate(body, argument.value)
        if value is BROKEN:
            sound = False
        elif argument.name is None:
            if found.named:
                body.complain(say.bad_argument(callee, "An argument by position stands behind one by name", argument.span, "Put it first."))
                sound = False
            found.positional.append((value, argument))
        elif argument.name in found.named:
            body.complain(say.bad_argument(callee, f"{callee} is given {argument.name} twice", argument.span, "Take one of them out."))
            sound = False
        else:
            found.named[argument.name] = (value, argument)
    return found if sound else None


def call(body: Body, expr: tree.Call) -> object:
    """Evaluate a call wherever it stands but behind `->`."""
    return _called(body, expr, member=False)


def call_member(body: Body, expr: tree.Call) -> object:
    """Evaluate a call behind `->`, where the value that is passed on is left out."""
    return _called(body, expr, member=True)


def _called(body: Body, expr: tree.Call, *, member: bool) -> object:
    if not isinstance(expr.function, tree.Name):
        return _call_made(body, expr)
    name = expr.function.id
    own = body.scope.get(name)
    if own is BROKEN:
        return BROKEN
    if callable(getattr(own, "call_model", None)):
        return own.call_model(body, expr)  # type: ignore[attr-defined]
    if isinstance(own, BlockDecl | ShorthandDecl):
        return call_declared(body, own, expr.arguments, expr)
    if is_layer(own):
        return _call_named(body, own, expr, member=member)
    from archdsl.analyze.forms import FORMS

    if name in FORMS:
        return FORMS[name](body, expr)
    found = lookup(name)
    if name in FUNCTIONS and (found is None or not _has_values(body, expr)) and not (member and found is not None):
        return _call_function(body, name, expr)
    if found is not None:
        return call_layer(body, found, expr.arguments, expr, member=member)
    if own is not None:
        body.complain(say.not_a_layer(what_is(own), expr.function.span))
        return BROKEN
    from archdsl.layers.index import FILES

    body.complain(say.unknown_layer(name, expr.function.span, [*body.scope, *FUNCTIONS, *FORMS, *FILES]))
    return BROKEN


def _has_values(body: Body, expr: tree.Call) -> bool:
    from archdsl.analyze.chains import is_value

    return any(is_value(body, argument.value) for argument in expr.arguments)


def _call_function(body: Body, name: str, expr: tree.Call) -> object:
    arguments = read_arguments(body, expr.arguments, name)
    if arguments is None:
        return BROKEN
    for value, argument in arguments.values():
        if is_layer(value) or isinstance(value, Node):
            body.complain(say.not_a_constant(what_is(value), argument.span))
            return BROKEN
    try:
        return call_function(
            name, [value for value, _ in arguments.positional], {key: value for key, (value, _) in arguments.named.items()}
        )
    except ConstantError as error:
        body.complain(say.bad_constant(str(error), expr.span, error.suggestion))
        return BROKEN


def _call_made(body: Body, expr: tree.Call) -> object:
    """`linear(64)(x)`: a layer that is made, then applied."""
    layer = evaluate(body, expr.function)
    arguments = read_arguments(body, expr.arguments, "the layer")
    if layer is BROKEN or arguments is None:
        return BROKEN
    if not is_layer(layer):
        body.complain(say.not_a_layer(what_is(layer), expr.function.span))
        return BROKEN
    return apply_to(body, layer, arguments, expr)


def apply_to(body: Body, layer: object, arguments: Arguments, expr: tree.Call) -> object:
    """Apply a layer, made or named, to the values of a call."""
    nodes: list[Node] = []
    named: dict[str, Node] = {}
    declared = getattr(layer, "layer", None)
    for value, argument in arguments.values():
        node = as_node(body, value, argument.value)
        if node is None:
            return BROKEN
        if argument.name is not None and declared is not None and argument.name in declared.values:
            named[argument.name] = settled(node)
        else:
            nodes.extend(spread(node))
    if named and declared is not None:
        try:
            nodes = place_values(declared, nodes, named)  # type: ignore[assignment]  # None where one is left out
        except Mismatch as mismatch:
            body.complain(explain(mismatch, declared.name, expr.span, [], (), code="bad-argument"))
            return BROKEN
    if isinstance(layer, Path):
        from archdsl.graph import Pack

        done = walk(body, layer, nodes[0] if len(nodes) == 1 else Pack(tuple(nodes), expr.span))
    elif isinstance(layer, Module):
        done = run(body, layer, nodes, expr.span)
    else:
        assert isinstance(layer, Spec)
        done = _apply_spec(body, layer, nodes, expr)
    return BROKEN if done is None else done


def _apply_spec(body: Body, layer: Spec, nodes: list[Node], expr: tree.Call) -> Node | None:
    from archdsl.analyze.scans import run_scan
    from archdsl.analyze.values import ScanSpec

    if isinstance(layer, PlainSpec) and not layer.layer.weighted:
        return apply_layer(body, layer.layer, layer.given, layer.bound, nodes, expr.span)
    if isinstance(layer, ScanSpec) and isinstance(layer.cell, Module):
        return run_scan(body, layer.cell, layer, nodes, expr.span)
    return run(body, make_in_passing(body, layer, None), nodes, expr.span)


def _call_named(body: Body, own: object, expr: tree.Call, *, member: bool) -> object:
    """A named layer applied to values; called with constants alone, its name is still the registry's."""
    name = expr.function.id if isinstance(expr.function, tree.Name) else ""
    found = lookup(name)
    if found is not None and not _has_values(body, expr):
        return call_layer(body, found, expr.arguments, expr, member=member)
    arguments = read_arguments(body, expr.arguments, name)
    if arguments is None:
        return BROKEN
    if not any(isinstance(value, Node) for value, _ in arguments.values()):
        body.complain(say.bad_argument(name, f"{name} is made already, and is applied to values", expr.span, f"Write x -> {name}."))
        return BROKEN
    return apply_to(body, own, arguments, expr)


# ---------------------------------------------------------------- the registry


def call_layer(body: Body, layer: Layer, written: tuple[tree.Argument, ...], expr: tree.Expr, *, member: bool = False) -> object:
    """A word of the registry: called on values it computes; with constants alone it is a layer."""
    if layer.group in ("optimizer", "schedule") or (layer.group in ("draw", "metric") and not body.is_recipe):
        where = "here" if body.is_recipe else "in a model"
        body.complain(say.misplaced(f"The {layer.group} {layer.name}", where, expr.span))
        return BROKEN
    arguments = read_arguments(body, written, layer.name)
    if arguments is None:
        return BROKEN
    named = next((argument for value, argument in arguments.values() if isinstance(value, Module | Path)), None)
    if named is not None:
        hint = "Write it in place, as transformer_encoder(transformer_encoder_layer(8), 6)."
        body.complain(say.bad_argument(layer.name, f"{layer.name} makes layers after one that has no name of its own", named.span, hint))
        return BROKEN
    if not _values_are_values(body, layer, arguments):
        return BROKEN
    misplaced = None if layer.values else next((one for one in arguments.values() if isinstance(one[0], Node)), None)
    if misplaced is not None:
        body.complain(say.not_a_constant(what_is(misplaced[0]), misplaced[1].span))
        return BROKEN
    plain = [value for value, _ in arguments.positional]
    values_wanted = set(layer.values)
    named_values = {name: value for name, (value, _) in arguments.named.items() if name in values_wanted}
    is_node = _holds_value
    if any(is_node(value) for value in plain) or any(is_node(value) for value in named_values.values()):
        values, constants = split_values(layer, plain, is_node)
    else:
        values, constants = [], plain
        named_values = {}
    given = _given(layer, arguments, constants, named_values)
    try:
        bound = bind(layer, constants, {one.name: one.value for one in given if not one.positional})
        placed = place_values(layer, values, named_values)
    except Mismatch as mismatch:
        body.complain(explain(mismatch, layer.name, expr.span, [], given, code="bad-argument"))
        return BROKEN
    if not placed and not named_values and (layer.values or layer.weighted):
        return PlainSpec(layer, bound, given, expr.span)
    return _compute(body, layer, given, bound, placed, arguments, expr, member=member)


def _values_are_values(body: Body, layer: Layer, arguments: Arguments) -> bool:
    """A bare name of the registry among the values of a call is most often a mistyped value of one's own."""
    if any("Layer" in argument.kind or argument.kind == "Any" for argument in layer.arguments) or not layer.values:
        return True
    for value, argument in arguments.values():
        if isinstance(value, Spec):
            own = [name for name, known in body.scope.items() if isinstance(known, Node)]
            near = nearest(argument.value.id, own) if isinstance(argument.value, tree.Name) else None
            complaint = say.not_a_value("a layer", argument.value.span)
            body.complain(complaint.replace(suggestion=f"Did you mean {near}?") if near else complaint)
            return False
    return True


def _holds_value(value: object) -> bool:
    return isinstance(value, Node) or (isinstance(value, tuple | list) and bool(value) and all(isinstance(item, Node) for item in value))


def _compute(
    body: Body,
    layer: Layer,
    given: tuple[Given, ...],
    bound: dict[str, object],
    placed: list[object],
    arguments: Arguments,
    expr: tree.Expr,
    *,
    member: bool,
) -> object:
    """Call a word of the registry on values; behind `->` the first of them comes from the chain."""
    nodes: list[Node | None] = []
    for value in placed:
        nodes.extend(_nodes(value, expr))
    if member and layer.values:
        return PlainSpec(layer, bound, given, expr.span, tuple(node for node in nodes if node is not None))
    if layer.weighted:
        hint = f"Write x -> {layer.name}(...), or {layer.name}(...)(x)."
        body.complain(say.bad_argument(layer.name, f"{layer.name} owns weights: it is made first, then applied", expr.span, hint))
        return BROKEN
    done = apply_layer(body, layer, given, bound, nodes, expr.span)
    return BROKEN if done is None else done


def _nodes(value: object, expr: tree.Expr) -> list[Node | None]:
    """`concat([a, b])` is `concat(a, b)`."""
    if isinstance(value, tuple | list):
        return [node for item in value for node in _nodes(item, expr)]
    if value is None or isinstance(value, Node):
        return list(spread(value)) if isinstance(value, Node) else [None]
    return [Number(value, None, expr.span)]


def _given(layer: Layer, arguments: Arguments, constants: list[object], named_values: dict[str, object]) -> tuple[Given, ...]:
    """Pair what was written with the names of the layer's arguments."""
    names = [argument for argument in layer.arguments if not argument.keyword_only]
    found: list[Given] = []
    place = 0
    remaining = list(constants)
    for value, argument in arguments.positional:
        if not remaining or not any(value is one for one in remaining):
            continue
        remaining.remove(next(one for one in remaining if one is value))
        owner = names[min(place, len(names) - 1)] if names else None
        found.append(Given(owner.name if owner is not None else "", value, argument.value, positional=True, span=argument.span))
        place += 0 if owner is not None and owner.variadic else 1
    for name, (value, argument) in arguments.named.items():
        if name not in named_values:
            found.append(Given(name, value, argument.value, span=argument.span))
    return tuple(found)


# ---------------------------------------------------------------- blocks and shorthands


def call_declared(body: Body, decl: BlockDecl | ShorthandDecl, written: tuple[tree.Argument, ...], expr: tree.Expr) -> object:
    """A block or shorthand, made with its arguments; called on values it is made with its defaults and applied."""
    definition = decl.definition
    arguments = read_arguments(body, written, definition.name)
    if arguments is None:
        return BROKEN
    on_values = [one for one in arguments.values() if isinstance(one[0], Node)]
    if on_values and len(on_values) == len(arguments.values()) and isinstance(expr, tree.Call):
        made = call_declared(body, decl, (), expr.function)
        return made if made is BROKEN else apply_to(body, made, arguments, expr)
    bound = bind_parameters(body, definition.name, definition.parameters, arguments, expr)
    if bound is None:
        return BROKEN
    values, given = bound
    if isinstance(decl, BlockDecl):
        return BlockSpec(decl, values, given, expr.span)
    return expand(body, decl, values, given, expr)
