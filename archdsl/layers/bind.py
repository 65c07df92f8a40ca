"""Which argument is meant by what was written, and the call of a rule with the answer."""

from __future__ import annotations

from archdsl.layers.check import check_arguments, show
from archdsl.layers.registry import REQUIRED
from archdsl.layers.tensor import Applied, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from archdsl.layers.registry import Layer
    from archdsl.layers.tensor import Tensor


def bind(layer: Layer, positional: Sequence[object], named: Mapping[str, object]) -> dict[str, object]:
    """Bind constants to the names of a layer's arguments; what was left out is left out.

    Lists become tuples. Inferred names are bound under their own. Raises Mismatch for a name that is
    unknown or given twice, for too many, and for a required argument that is missing.
    """
    bound: dict[str, object] = {}
    rest = [_frozen(value) for value in positional]
    for argument in layer.arguments:
        if argument.keyword_only or not rest:
            break
        if argument.variadic:
            bound[argument.name] = _spread(rest)
            rest = []
        else:
            bound[argument.name] = rest.pop(0)
    if rest:
        raise _too_many(layer, len(positional), rest)
    for name, value in named.items():
        argument_found = layer.argument(name)
        if name in bound:
            raise Mismatch(f"{layer.name} is given {name} twice", argument=name)
        if argument_found is None and name not in layer.infers and name not in layer.fixed and not layer.open:
            raise _unknown(layer, name)
        bound[name] = _frozen(value)
    _complete(layer, bound)
    return bound


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _spread(values: list[object]) -> object:
    """`permute((0, 2, 1))` is `permute(0, 2, 1)`."""
    return values[0] if len(values) == 1 and isinstance(values[0], tuple) else tuple(values)


def _complete(layer: Layer, bound: Mapping[str, object]) -> None:
    missing = [argument.name for argument in layer.arguments if argument.required and argument.name not in bound]
    if missing:
        raise Mismatch(f"{layer.name} needs {' and '.join(missing)}", suggestion=f"It is {signature(layer)}.")
    for name, fixed in layer.fixed.items():
        if name in bound and bound[name] != fixed:
            raise Mismatch(f"{layer.name} is always made with {name}={fixed}", argument=name)


def _too_many(layer: Layer, given: int, rest: Sequence[object]) -> Mismatch:
    most = given - len(rest)
    count = "no arguments" if most == 0 else f"{most} argument{'s' * (most > 1)} by position at most"
    hint = f"It is {signature(layer)}."
    if layer.infers:
        hint += f" What follows from the input is left out: {', '.join(layer.infers)}."
    return Mismatch(f"{layer.name} takes {count} and gets {given}", suggestion=hint)


def _unknown(layer: Layer, name: str) -> Mismatch:
    from archdsl.text.suggest import nearest

    names = [argument.name for argument in layer.arguments]
    near = nearest(name, [*names, *layer.infers, *layer.values])
    hint = f"Did you mean {near}?" if near else f"It is {signature(layer)}."
    return Mismatch(f"{layer.name} has no argument {name}", argument=name, suggestion=hint)


def signature(layer: Layer) -> str:
    """Write a layer as it is called in a spec: `conv2d(out_channels, kernel_size, stride=1)`."""
    parts: list[str] = []
    for argument in layer.arguments:
        if argument.variadic:
            parts.append(f"*{argument.name}")
        elif argument.default is REQUIRED:
            parts.append(argument.name)
        else:
            parts.append(f"{argument.name}={show(argument.default)}")
    return f"{layer.name}({', '.join(parts)})"


def split_values(layer: Layer, positional: Sequence[object], is_value: Callable[[object], bool]) -> tuple[list[object], list[object]]:
    """Part what stands in a call's brackets into values and constants, each in order.

    A number is taken for a value where the layer allows one and a place is left: `where(mask, x, 0)`.
    """
    values: list[object] = []
    constants: list[object] = []
    for given in positional:
        place = layer.values[len(values)] if len(values) < len(layer.values) else ""
        number = isinstance(given, int | float) and not isinstance(given, bool) and place in layer.numbers
        (values if is_value(given) or number else constants).append(given)
    return values, constants


def place_values(layer: Layer, positional: Sequence[object], named: Mapping[str, object]) -> list[object]:
    """Bring values given by position and by name into the rule's order, None where one is left out.

    Raises Mismatch where a value is given twice.
    """
    placed: list[object] = list(positional)
    for name, value in named.items():
        place = layer.values.index(name)
        placed += [None] * (place + 1 - len(placed))
        if placed[place] is not None:
            raise Mismatch(f"{layer.name} is given {name} twice", argument=name)
        placed[place] = value
    return placed


def call_rule(layer: Layer, values: Sequence[object], arguments: Mapping[str, object]) -> Applied:
    """Call a layer's rule; see `Layer.apply`."""
    check_arguments(layer, arguments)
    placed = _counted(layer, values)
    extra: tuple[object, ...] = ()
    named: dict[str, object] = {}
    asked = {argument.name for argument in layer.arguments}
    leading: list[object] = []
    for argument in layer.arguments:
        if argument.variadic:
            given = arguments.get(argument.name, ())
            extra = given if isinstance(given, tuple) else (given,)
        elif argument.name in arguments:
            named[argument.name] = arguments[argument.name]
    if extra:
        # What stands before a starred argument can only be given by position along with it.
        for argument in layer.arguments:
            if argument.variadic:
                break
            leading.append(named.pop(argument.name, argument.default))
    if layer.open:
        named |= {name: given for name, given in arguments.items() if name not in asked}
    named |= {name: arguments[name] for name in layer.infers if name in asked and name in arguments}
    try:
        return layer.rule(*placed, *leading, *extra, **named)
    except Mismatch as mismatch:
        if mismatch.message.startswith("wants "):
            mismatch.message = f"{layer.name} {mismatch.message}"
            mismatch.args = (mismatch.message,)
        raise


def apply_argument(given: Any, *values: Tensor) -> Applied:
    """Apply a layer that is an argument of another: one that was named with its `bound` arguments, or a bare declaration."""
    declared = getattr(given, "layer", given)
    if not hasattr(declared, "rule"):
        raise Mismatch("wants a layer of the registry in its arguments")
    return declared.apply(values, getattr(given, "bound", {}))  # type: ignore[no-any-return]


def _counted(layer: Layer, values: Sequence[object]) -> list[object]:
    """Fill up what may be left out, gather what may be many, and refuse any other number."""
    placed, most = list(values), len(layer.values)
    least = most - layer.optional_values
    if layer.variadic_values and len(placed) >= most:
        placed = [*placed[: most - 1], tuple(placed[most - 1 :])]
    if len(placed) < least or any(value is None for value in placed[:least]):
        given = len([value for value in placed if value is not None])
        raise Mismatch(
            f"wants {_counted_values(least)} ({', '.join(layer.values[:least])}) and gets {given}".replace("wants", f"{layer.name} wants")
        )
    if len(placed) > most:
        raise Mismatch(f"{layer.name} wants {_counted_values(most)} ({', '.join(layer.values)}) and gets {len(placed)}")
    return placed + [None] * (most - len(placed))


def _counted_values(count: int) -> str:
    return {0: "no value", 1: "one value", 2: "two values", 3: "three values"}.get(count, f"{count} values")
