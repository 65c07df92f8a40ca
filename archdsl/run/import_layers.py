"""What torch's modules and functions are called in a spec, and with which arguments."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from archdsl.layers.registry import Layer, layers
from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_trace import CONTAINERS, TORCH, Value
from archdsl.run.import_tree import SPAN, Made, binary, call, literal
from archdsl.syntax import tree

ARGUMENTS = "_arguments_it_was_made_with"
PLACE = "_place_it_was_made_at"
IGNORED = {"inplace", "device", "dtype", "batch_first", "training", "_stacklevel", "layout", "requires_grad", "pin_memory", "out", "memory_format",
           "non_blocking", "copy", "generator"}  # fmt: skip
RENAMED = {"split_size": "split_size_or_sections", "split_sections": "split_size_or_sections", "axis": "dim", "shape": "unflattened_size"}
"""What torch calls otherwise where it is called in another way."""

Lower = Callable[[Any], tree.Expr]


def remember_arguments() -> Callable[[], None]:
    """Make modules keep what they are made with, until the function that is returned is called."""
    plain = nn.Module.__init__

    def made(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        self.__dict__[ARGUMENTS], self.__dict__[PLACE] = _given(self)
        plain(self, *args, **kwargs)

    nn.Module.__init__ = made  # type: ignore[method-assign]

    def restore() -> None:
        nn.Module.__init__ = plain  # type: ignore[method-assign]

    return restore


def _given(module: nn.Module) -> tuple[dict[str, Any], Place]:
    """Read the arguments of the outermost `__init__` that is under way for a module, and where it was called."""
    frame = inspect.currentframe()
    frame = frame.f_back.f_back if frame and frame.f_back else None
    found: dict[str, Any] = {}
    while frame is not None and frame.f_code.co_name == "__init__" and frame.f_code.co_argcount:
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount]
        if frame.f_locals.get(names[0]) is not module:
            break
        found = {name: frame.f_locals[name] for name in names[1:] if name in frame.f_locals}
        frame = frame.f_back
    return found, Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("", 0)


def made_with(module: nn.Module) -> dict[str, Any]:
    """Return the arguments that a module was made with, as far as they are known."""
    known: dict[str, Any] = module.__dict__.get(ARGUMENTS, {})
    return known


def made_at(module: nn.Module, otherwise: Place) -> Place:
    """Return the line on which a module was made."""
    place: Place = module.__dict__.get(PLACE, otherwise)
    return otherwise if place.file.startswith((TORCH, "<")) or not place.file else place


@cache
def _by_class() -> dict[str, Layer]:
    return {layer.module: layer for layer in layers() if layer.module and layer.group == "layer"}


@cache
def _by_function() -> dict[Any, Layer]:
    """Return what is called how: torch's functions and methods, and the layers that they are."""
    found: dict[Any, Layer] = {}
    for layer in layers():
        if layer.group == "layer":
            for path in (layer.torch, layer.function):
                function = _resolve(path)
                if function is not None:
                    found.setdefault(function, layer)
    return found


@cache
def _by_name() -> dict[str, Layer]:
    return {name: layer for layer in layers() if layer.group == "layer" for name in (layer.name, *layer.aliases)}


def _resolve(path: str) -> Any:
    if path.startswith("."):
        return getattr(torch.Tensor, path[1:], None)
    place: Any = {"torch": torch, "F": F, "nn": nn}.get(path.partition(".")[0])
    for part in path.split(".")[1:]:
        place = getattr(place, part, None)
    return place


def layer_of_class(module: nn.Module) -> Layer | None:
    """Return the declaration of torch's class that a module is, or inherits `forward` from."""
    for kind in type(module).__mro__:
        if kind.__module__.startswith("torch.nn") and type(module).forward is getattr(kind, "forward", None):
            found = _by_class().get(f"nn.{kind.__name__}")
            if found is not None:
                return found
    return None


def is_leaf(module: nn.Module) -> bool:
    """Say whether a module is torch's own, and its insides are no matter of a spec."""
    return not isinstance(module, CONTAINERS) and (layer_of_class(module) is not None or type(module).__module__.startswith("torch.nn"))


def layer_of_function(function: Any) -> Layer | None:
    """Return the declaration of a function or method of torch's."""
    try:
        found = _by_function().get(function)
    except TypeError:
        found = None
    if found is None:
        text = getattr(function, "__name__", "")
        text = text if text.endswith("__") or not text.endswith("_") else text[:-1]
        found = _by_name().get(text)
    return found


# ---------------------------------------------------------------- modules


def module_expression(module: nn.Module, place: Place) -> tree.Expr:
    """Return what makes one of torch's modules: `conv2d(64, 7, stride=2)`."""
    layer = layer_of_class(module)
    place = made_at(module, place)
    if layer is None:
        raise Inexpressible(place, f"nn.{type(module).__name__} has no layer in archdsl", "`archdsl layers` lists those that there are.")
    given = made_with(module)
    values: dict[str, Any] = {}
    for argument in layer.arguments:
        if argument.name in layer.forward or argument.name == "inplace":
            continue
        if argument.variadic:
            values["*" + argument.name] = given.get(argument.name, getattr(module, argument.name, ()))
        elif argument.name in given:
            values[argument.name] = given[argument.name]
        elif hasattr(module, argument.name):
            held = getattr(module, argument.name)
            values[argument.name] = held is not None if argument.name == "bias" else held
    _check_batch_first(module, layer, place)
    if layer.name in ("layer_norm", "rms_norm") and len(tuple(module.normalized_shape)) == 1:  # type: ignore[arg-type]
        del values["normalized_shape"]
    if values.get("stride") is not None and values.get("stride") == values.get("kernel_size") and "pool" in layer.name:
        del values["stride"]
    expr = made(layer, {key: _once(layer, key, value) for key, value in values.items()}, lambda leaf: constant(leaf, place))
    return wrapped(module, expr, place)


def wrapped(module: nn.Module, expr: tree.Expr, place: Place) -> tree.Expr:
    """Return a layer within `weight_norm` or `spectral_norm`, where its weight is computed so."""
    if module._forward_pre_hooks or module._forward_hooks:  # noqa: SLF001 - torch has no other way to ask
        what = "The weight_norm and spectral_norm of torch.nn.utils.parametrizations have counterparts; those of torch.nn.utils have not."
        raise Inexpressible(place, f"This nn.{type(module).__name__} has a hook", what)
    for key, rules in getattr(module, "parametrizations", {}).items():
        for rule in rules:
            word = {"_WeightNorm": "weight_norm", "_SpectralNorm": "spectral_norm"}.get(type(rule).__name__)
            if word is None:
                raise Inexpressible(place, f"The parametrization {type(rule).__name__} has no counterpart in a spec")
            named = {} if key == "weight" else {"name": literal(key)}
            named |= {"n_power_iterations": literal(rule.n_power_iterations)} if getattr(rule, "n_power_iterations", 1) != 1 else {}
            expr = call(word, expr, **named)
    return expr


def _once(layer: Layer, key: str, value: Any) -> Any:
    """Say a size once that is the same in each dimension."""
    argument = layer.argument(key)
    sizes = argument is not None and argument.kind.startswith(("Sizes", "Pads"))
    return value[0] if sizes and isinstance(value, tuple) and len(set(value)) == 1 else value


def _check_batch_first(module: nn.Module, layer: Layer, place: Place) -> None:
    if layer.fixed.get("batch_first") and not getattr(
        module, "batch_first", getattr(getattr(module, "self_attn", None), "batch_first", True)
    ):
        raise Inexpressible(
            place,
            f"This nn.{type(module).__name__} takes sequences time-first",
            "A spec's are batch-first: batch_first=True, without the transposes.",
        )


def made(layer: Layer, values: dict[str, Any], lower: Lower) -> Made:
    """Return a layer with the arguments that are known; what is not known is the default."""
    defaults = {
        argument.name: literal(argument.default)
        for argument in layer.arguments
        if not argument.required and not argument.variadic and _simple(argument.default)
    }
    shown: list[tuple[str, tree.Expr]] = []
    first = 0
    for argument in layer.arguments:
        key = "*" + argument.name if argument.variadic else argument.name
        if key in values:
            shown.append((key, lower(values[key])))
        elif key in defaults:
            shown.append((key, defaults[key]))
        first += argument.required or (
            first == 0 and argument is layer.arguments[0] and argument.name not in ("dim", "eps") and argument.kind != "bool"
        )
    extra = [(key, lower(value)) for key, value in values.items() if key.lstrip("*") not in {argument.name for argument in layer.arguments}]
    return Made(SPAN, layer.name, tuple(shown + extra), tuple(defaults.items()), first)


def _simple(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def constant(value: Any, place: Place) -> tree.Expr:
    """Return a constant of Python's as one of the spec's; a tuple of one number over and over stays as it was written."""
    if isinstance(value, float) and len(repr(value)) > 10:
        return root(value)
    if _simple(value):
        return literal(int(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    if isinstance(value, (tuple, list)):
        items = tuple([constant(one, place) for one in value])
        return tree.TupleExpr(SPAN, items) if isinstance(value, tuple) else tree.ListExpr(SPAN, items)
    if isinstance(value, torch.dtype):
        return literal(str(value).removeprefix("torch."))
    if isinstance(value, nn.Module) and is_leaf(value):
        return module_expression(value, place)
    name = getattr(value, "__name__", "")
    if callable(value) and getattr(F, name, None) is value:
        return literal(name)
    raise Inexpressible(
        place, f"A {type(value).__name__} is no constant of a spec", "Constants are numbers, texts, truth values, lists, tuples and dicts."
    )


def root(value: float) -> tree.Expr:
    """Return a long number as the root or logarithm that it is, if it is one."""
    for whole in {round(value * value), round(1 / (value * value)) if value else 0}:
        if whole > 0 and math.sqrt(whole) == value:
            return call("sqrt", literal(whole))
        if whole > 0 and 1 / math.sqrt(whole) == value:
            return binary("/", literal(1), call("sqrt", literal(whole)))
    whole = round(math.exp(abs(value))) if abs(value) < 30 else 0
    if whole > 1 and math.log(whole) == abs(value):
        logarithm = call("log", literal(whole))
        return tree.Unary(SPAN, "-", logarithm) if value < 0 else logarithm
    return literal(value)


# ---------------------------------------------------------------- functions


def bound(layer: Layer, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place) -> tuple[list[Any], dict[str, Any]]:
    """Tell the values of a call from its arguments, and give these the declaration's names."""
    named = {RENAMED.get(key, key): given for key, given in kwargs.items()}
    values: list[Any] = []
    rest = list(args)
    parameters = _parameters(function)
    if parameters is not None:
        defaults = {one.name: one.default for one in inspect.signature(function).parameters.values()}
        named = {key: given for key, given in named.items() if layer.argument(key) or given is not defaults.get(key)}
        for parameter, given in zip(parameters, args, strict=False):
            named[RENAMED.get(parameter, parameter)] = given
        rest = []
        if layer.variadic_values:
            values = list(named.pop(parameters[0]))
        for parameter in [] if layer.variadic_values else parameters[: len(layer.values)]:
            if parameter in named and (isinstance(named[parameter], Value) or named[parameter] is None or layer.numbers):
                values.append(named.pop(parameter))
    elif layer.variadic_values:
        values = list(rest.pop(0) if rest else named.pop("tensors"))
    else:
        while rest and len(values) < len(layer.values) and (isinstance(rest[0], Value) or layer.values[len(values)] in layer.numbers):
            values.append(rest.pop(0))
        for key in [key for key, given in named.items() if isinstance(given, Value) and layer.argument(key) is None]:
            values.append(named.pop(key))
    return values, {key: _once(layer, key, value) for key, value in _arguments(layer, rest, named, place).items()}


def _parameters(function: Any) -> list[str] | None:
    """Return the parameters of a function that is written in Python."""
    if not inspect.isfunction(function):
        return None
    found = list(inspect.signature(function).parameters.values())
    return None if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in found) else [one.name for one in found]


def _arguments(layer: Layer, rest: list[Any], named: dict[str, Any], place: Place) -> dict[str, Any]:
    given: dict[str, Any] = {}
    free = [argument for argument in layer.arguments if not argument.keyword_only]
    while rest and free:
        argument = free.pop(0)
        if argument.variadic:
            flat = rest[0] if len(rest) == 1 and isinstance(rest[0], (tuple, list)) else rest
            given["*" + argument.name], rest = tuple(flat), []
        else:
            given[argument.name] = rest.pop(0)
    for key, value in named.items():
        argument_of = layer.argument(key)
        if argument_of is not None and key != "inplace":
            given[("*" if argument_of.variadic else "") + key] = (
                tuple(value) if argument_of.variadic and isinstance(value, (tuple, list)) else value
            )
        elif key not in IGNORED and value is not None and value is not False:
            raise Inexpressible(
                place, f"{layer.name} has no argument {key} in a spec", f"`archdsl layers {layer.name}` shows those that it has."
            )
    return given
