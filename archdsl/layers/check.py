"""The kinds of arguments, and the check that a given constant is of its argument's kind.

A declaration's annotations are these words. Outside type checking they are never evaluated:

- `Size`: a whole number from 1 on, or symbolic; `Sizes`: one, or one for each dimension.
  `SizesOrNone`: the same, where None in the list stands for the input's size.
- `Pads`: whole numbers from 0 on, one or one for each dimension; `Dims`: dimensions, one or several.
- `Spread`: whole numbers, negative ones too, one or several; `Ratios`: positive numbers, likewise.
- `Shape`: a tuple of whole numbers; `Probability`: from 0 to 1; `DType`: the name of one.
- `Layer` is given to a rule as anything with a `layer`, its declaration, and its `bound` arguments; see `apply_argument`.
- `int`, `float`, `bool`, `str`, `Floats` (a tuple), `Table` (nested lists of numbers), `Layer`, `Layers`, `Any`.
"""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.tensor import DTYPES, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from archdsl.dims import Size
    from archdsl.layers.registry import Argument
    from archdsl.layers.registry import Layer as Declaration

    Sizes: TypeAlias = Size | tuple[Size, ...]
    SizesOrNone: TypeAlias = Size | tuple[Size | None, ...]
    Pads: TypeAlias = Size | tuple[Size, ...]
    SizeOrShape: TypeAlias = Size | tuple[Size, ...]
    Dims: TypeAlias = int | tuple[int, ...]
    Spread: TypeAlias = Size | tuple[Size, ...]
    Ratios: TypeAlias = float | tuple[float, ...]
    Layer: TypeAlias = Any
    Shape: TypeAlias = tuple[Size, ...]
    Probability: TypeAlias = float
    DType: TypeAlias = str
    Floats: TypeAlias = tuple[float, ...]
    Table: TypeAlias = Any
    Layers: TypeAlias = Any


def is_whole(value: object) -> bool:
    """Whether a constant is a whole number; True is not one."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_size(value: object, least: int = 1) -> bool:
    """Whether a constant can be a size; a symbolic one is taken to be large enough."""
    return isinstance(value, Dim) or (isinstance(value, int) and not isinstance(value, bool) and value >= least)


def is_number(value: object) -> bool:
    """Whether a constant is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _each(value: object, test: Callable[[object], bool]) -> bool:
    return isinstance(value, tuple | list) and all(map(test, value))


def _is_table(value: object) -> bool:
    """Whether a constant is a list of numbers, or of such lists."""
    return _each(value, lambda item: isinstance(item, int | float) or _is_table(item))


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Size": (is_size, "a positive whole number"),
    "Sizes": (lambda v: is_size(v) or _each(v, is_size), "a positive whole number, or one for each dimension"),
    "SizesOrNone": (
        lambda v: is_size(v) or _each(v, lambda item: item is None or is_size(item)),
        "a positive whole number, or one for each dimension, where None is the input's",
    ),
    "Pads": (
        lambda v: is_size(v, 0) or _each(v, lambda item: is_size(item, 0)),
        "a whole number from 0 on, or one for each dimension",
    ),
    "SizeOrShape": (
        lambda v: is_size(v) or _each(v, lambda item: is_size(item, 0)),
        "a positive whole number, or a list of sizes",
    ),
    "Dims": (lambda v: is_whole(v) or _each(v, is_whole), "a dimension, or several"),
    "Shape": (
        lambda v: _each(v, lambda item: is_whole(item) or isinstance(item, Dim)),
        "a list of whole numbers",
    ),
    "Spread": (
        lambda v: is_whole(v) or isinstance(v, Dim) or _each(v, lambda item: is_whole(item) or isinstance(item, Dim)),
        "a whole number, or a list of them",
    ),
    "Ratios": (
        lambda v: (is_number(v) and v > 0) or _each(v, lambda item: isinstance(item, int | float) and is_number(item) and item > 0),
        "a positive number, or one for each dimension",
    ),
    "Probability": (lambda v: is_number(v) and 0 <= v <= 1, "a number from 0 to 1"),
    "DType": (lambda v: v in DTYPES, "the name of a dtype, as 'float32' or 'int64'"),
    "int": (lambda v: is_whole(v) or isinstance(v, Dim), "a whole number"),
    "float": (is_number, "a number"),
    "bool": (lambda v: isinstance(v, bool), "True or False"),
    "str": (lambda v: isinstance(v, str), "a text"),
    "Floats": (lambda v: _each(v, is_number), "a list of numbers"),
    "Table": (_is_table, "a list of numbers"),
    "Layer": (lambda _: True, "a layer"),
    "Layers": (lambda _: True, "a list of layers"),
    "None": (lambda v: v is None, "None"),
    "Any": (lambda _: True, "anything"),
}
"""What each kind accepts, and how it is called in a complaint."""


def check_arguments(layer: Declaration, arguments: Mapping[str, object]) -> None:
    """Check bound arguments against their kinds and choices, before a rule computes with them.

    Raises Mismatch for the first that does not fit.
    """
    for argument in layer.arguments:
        if argument.name in arguments:
            value = arguments[argument.name]
            if argument.variadic and isinstance(value, tuple):
                for one in value:
                    _check(argument, one)
            elif value is not argument.default:
                _check(argument, value)
    for name in layer.infers:
        value = arguments.get(name, 1)
        if not (is_size(value) or isinstance(value, bool | str) or _each(value, is_size)):
            raise Mismatch(f"{name} wants a positive whole number and gets {value!r}", argument=name)


def _check(argument: Argument, value: object) -> None:
    if argument.choices and isinstance(value, str):
        if value not in argument.choices:
            raise _wrong_choice(argument, value)
        return
    kinds = argument.kind.split(" | ")
    if not any(KINDS[kind][0](value) for kind in kinds):
        words = [KINDS[kind][1] for kind in kinds if not (kind == "str" and argument.choices)]
        words += [repr(choice) for choice in argument.choices]
        raise Mismatch(f"{argument.name} wants {_either(words)} and gets {show(value)}", argument=argument.name)


def _wrong_choice(argument: Argument, value: str) -> Mismatch:
    from archdsl.text.suggest import nearest

    near = nearest(value, [choice for choice in argument.choices if isinstance(choice, str)])
    return Mismatch(
        f"{argument.name} wants {_either([repr(choice) for choice in argument.choices])} and gets {value!r}",
        argument=argument.name,
        suggestion=f"Did you mean {near!r}?" if near else "",
    )


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def show(value: object) -> str:
    """Write a constant as specs do."""
    return repr(value) if isinstance(value, str) else str(value)
