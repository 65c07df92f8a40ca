"""Sizes that remember whose they are, so that `x.shape[1] // 2` can be said again in a spec."""

from __future__ import annotations

from typing import Any, Self

BATCH = 3
"""How many samples a network is watched with; a number that few sizes have."""


class Size(int):
    """A number that knows how it came about: `("dim", value, axis)`, or `(op, left, right)`."""

    form: tuple[Any, ...]

    def __new__(cls, number: int, form: tuple[Any, ...]) -> Self:
        made = super().__new__(cls, number)
        made.form = form
        return made

    def _with(self, op: str, left: Any, right: Any, result: Any) -> Any:
        return Size(result, (op, left, right)) if type(result) is int and isinstance(left, int) and isinstance(right, int) else result

    def __add__(self, other: Any) -> Any:
        return self._with("+", self, other, int.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        return self._with("+", other, self, int.__radd__(self, other))

    def __sub__(self, other: Any) -> Any:
        return self._with("-", self, other, int.__sub__(self, other))

    def __rsub__(self, other: Any) -> Any:
        return self._with("-", other, self, int.__rsub__(self, other))

    def __mul__(self, other: Any) -> Any:
        return self._with("*", self, other, int.__mul__(self, other))

    def __rmul__(self, other: Any) -> Any:
        return self._with("*", other, self, int.__rmul__(self, other))

    def __floordiv__(self, other: Any) -> Any:
        return self._with("//", self, other, int.__floordiv__(self, other))

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with("//", other, self, int.__rfloordiv__(self, other))

    def __mod__(self, other: Any) -> Any:
        return self._with("%", self, other, int.__mod__(self, other))


def is_batch(size: object) -> bool:
    """Say whether a size is how many samples there are."""
    if isinstance(size, Size):
        kind, value, axis = size.form
        return kind == "dim" and axis == 0 and bool(value.batched)
    return False


def sized(size: object) -> bool:
    """Say whether the number of samples has a part in a size."""
    if not isinstance(size, Size):
        return False
    return is_batch(size) or (size.form[0] != "dim" and (sized(size.form[1]) or sized(size.form[2])))
