"""Arithmetic on constants, as Python has it, within bounds.

A spec is data, and reading it ends: whole numbers stay below 2**63, texts and lists below a length,
powers are looked at before they are computed.
"""

from __future__ import annotations

import math
import operator

from archdsl.dims import Dim, TooManyTerms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LARGEST = 2**63
MOST_ITEMS = 100_000
CONSTANTS = {"pi": math.pi}


class ConstantError(Exception):
    """A constant expression that has no answer; `str()` is the sentence."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def bounded(value: object) -> object:
    """Return a computed constant, if it is within bounds."""
    if isinstance(value, int) and not isinstance(value, bool) and not -LARGEST <= value < LARGEST:
        raise ConstantError("this number is beyond 2**63", "No size of a network needs so large a number.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConstantError(f"this comes to {value}, which is no finite number")
    if isinstance(value, complex):
        raise ConstantError("this comes to a complex number")
    if isinstance(value, str | list | tuple) and len(value) > MOST_ITEMS:
        raise ConstantError(f"this comes to {len(value)} items, and {MOST_ITEMS} is the most")
    return value


def weigh(value: object, known: dict[int, tuple[object, int]]) -> int:
    """Count the items of lists, tuples and dicts at all depths; a list that stands in another twice counts twice.

    Written out, sixty lists of two make more than the memory holds. `known` remembers what was counted.
    """
    if not isinstance(value, list | tuple | dict):
        return 1
    found = known.get(id(value))
    if found is None:
        items = value.values() if isinstance(value, dict) else value
        found = known[id(value)] = value, 1 + sum([weigh(item, known) for item in items])
    return found[1]


def _endless(value: object) -> bool:
    """Whether a constant was written as infinity, `float("inf")`, and may stay that."""
    return isinstance(value, float) and math.isinf(value)


def _power(left: Any, right: Any) -> object:
    if isinstance(left, int) and isinstance(right, int) and (right > 64 and abs(left) > 1):
        raise ConstantError("this number is beyond 2**63", "No size of a network needs so large a number.")
    if isinstance(left, Dim) and isinstance(right, int) and 0 <= right <= 4:
        result: Any = 1
        for _ in range(right):
            result = left * result
        return result
    return left**right


def _multiply(left: Any, right: Any) -> object:
    for a, b in ((left, right), (right, left)):
        if isinstance(a, str | list | tuple) and isinstance(b, int) and len(a) * b > MOST_ITEMS:
            raise ConstantError(f"this comes to {len(a) * b} items, and {MOST_ITEMS} is the most")
    return left * right


def _divide(left: Any, right: Any) -> object:
    if isinstance(left, Dim) or isinstance(right, Dim):
        raise ConstantError("a symbolic size cannot be divided by /", "Use // for whole numbers.")
    return left / right


BINARY: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add, "-": operator.sub, "*": _multiply, "/": _divide, "//": operator.floordiv, "%": operator.mod,
    "**": _power, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip

UNARY: dict[str, Callable[[Any], object]] = {"-": operator.neg, "+": operator.pos, "not": operator.not_}


def compute(op: str, *operands: object) -> object:
    """Apply an operator to constants. Raises ConstantError where Python would refuse, or a bound is passed."""
    rule: Callable[..., object] | None = (UNARY if len(operands) == 1 else BINARY).get(op)
    if rule is None:
        raise ConstantError(f"{op} is for tensors, and these are constants")
    try:
        result = rule(*operands)
        return result if any(map(_endless, operands)) and _endless(result) else bounded(result)
    except ZeroDivisionError:
        raise ConstantError("this divides by zero") from None
    except TypeError:
        kinds = " and ".join(kind_name(operand) for operand in operands)
        raise ConstantError(f"{op} does not take {kinds}") from None
    except OverflowError:
        raise ConstantError("this number is too large") from None
    except TooManyTerms:
        raise ConstantError("this symbolic size has too many terms") from None


def kind_name(value: object) -> str:
    """Say what kind of constant this is."""
    names = {bool: "a truth value", str: "a text", list: "a list", tuple: "a tuple", dict: "a dict", float: "a float"}
    if value is None:
        return "None"
    if isinstance(value, bool):
        return names[bool]
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, Dim):
        return "a symbolic size"
    return names.get(type(value), "a layer")


def _range(*arguments: Any) -> list[int]:
    if any(isinstance(argument, Dim) for argument in arguments):
        raise ConstantError("range wants numbers that are known, and gets a symbolic size")
    items = range(*arguments)
    if len(items) > MOST_ITEMS:
        raise ConstantError(f"this range has {len(items)} numbers, and {MOST_ITEMS} is the most")
    return list(items)


def _prod(items: Any) -> object:
    result: Any = 1
    for item in items:
        result = result * item
    return result


FUNCTIONS: dict[str, Callable[..., object]] = {
    "range": _range, "len": len, "min": min, "max": max, "sum": sum, "zip": lambda *lists: list(zip(*lists, strict=False)),
    "enumerate": lambda items, start=0: list(enumerate(items, start)), "reversed": lambda items: list(reversed(items)),
    "sorted": sorted, "int": int, "float": float, "round": round, "str": str, "abs": abs, "sqrt": math.sqrt,
    "log": math.log, "exp": math.exp, "ceil": math.ceil, "floor": math.floor, "prod": _prod,
}  # fmt: skip


def call(name: str, positional: list[object], named: dict[str, object]) -> object:
    """Call one of the language's functions on constants. Raises ConstantError."""
    if name in ("int", "str", "float") and any(isinstance(value, str) and len(value) > 40 for value in positional):
        raise ConstantError("this text is too long to be read as a number")
    try:
        result = FUNCTIONS[name](*positional, **named)
        return result if name == "float" and _endless(result) else bounded(result)
    except ConstantError:
        raise
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, IndexError) as error:
        kinds = ", ".join(kind_name(value) for value in positional) or "nothing"
        raise ConstantError(f"{name} does not take {kinds}: {error}") from None


def subscript(base: object, index: object) -> object:
    """Take one entry, or a slice, of a constant. Raises ConstantError."""
    try:
        return base[index]  # type: ignore[index]
    except IndexError:
        raise ConstantError(f"index {index} is outside the {len(base)} items") from None  # type: ignore[arg-type]
    except KeyError:
        raise ConstantError(f"there is no {index!r} in this dict") from None
    except (TypeError, ValueError):
        raise ConstantError(f"{kind_name(base)} cannot be indexed like this") from None
