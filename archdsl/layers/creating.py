"""Values that are made, not computed; they have no batch, unless they are made like one that has."""

from __future__ import annotations

from archdsl.layers.geometry import want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.dims import Size
    from archdsl.layers.check import DType, Shape


def writes(function: str) -> Callable[[list[str], dict[str, str]], str]:
    """Return a `write` for a function that makes a value, on the device whose source comes in place of a value."""

    def write(values: list[str], arguments: dict[str, str]) -> str:
        given = [source for name, source in arguments.items() if name != "dtype"]
        if "dtype" in arguments:
            given.append(f"dtype=torch.{arguments['dtype'][1:-1]}")
        return f"{function}({', '.join([*given, *[f'device={device}' for device in values]])})"

    return write


@layer("torch.arange", write=writes("torch.arange"))
def arange(start: int, end: int | None = None, step: int = 1) -> Applied:
    """Counts from 0, or from a start, up to an end that is left out."""
    first, stop = (0, start) if end is None else (start, end)
    if step == 0:
        raise Mismatch("step may not be 0", argument="step")
    length: Size = stop - first if step == 1 else -((first - stop) // step)
    if isinstance(length, int) and length < 0:
        raise Mismatch(f"the end {stop} lies before the start {first}", argument="end")
    return Applied(Tensor((length,), "int64", batched=False))


@layer("torch.linspace", write=writes("torch.linspace"))
def linspace(start: float, end: float, steps: Size) -> Applied:
    """Goes from one number to another in even steps, both ends included."""
    return Applied(Tensor((steps,), batched=False))


@layer("torch.zeros", write=writes("torch.zeros"))
def zeros(*size: Size, dtype: DType = "float32") -> Applied:
    """Zeros, of a shape that has no batch."""
    return Applied(Tensor(size, dtype, batched=False))


@layer("torch.ones", write=writes("torch.ones"))
def ones(*size: Size, dtype: DType = "float32") -> Applied:
    """Ones, of a shape that has no batch."""
    return Applied(Tensor(size, dtype, batched=False))


def _write_full(values: list[str], arguments: dict[str, str]) -> str:
    dtype = [f"dtype=torch.{arguments['dtype'][1:-1]}"] if "dtype" in arguments else []
    device = [f"device={source}" for source in values]
    return f"torch.full({', '.join([arguments['size'], arguments['fill_value'], *dtype, *device])})"


@layer("torch.full", write=_write_full)
def full(size: Shape, fill_value: float, dtype: DType = "float32") -> Applied:
    """One number everywhere, in a shape that has no batch."""
    return Applied(Tensor(size, dtype, batched=False))


@layer("torch.eye", write=writes("torch.eye"))
def eye(n: Size, m: Size | None = None) -> Applied:
    """A matrix with ones on its diagonal."""
    return Applied(Tensor((n, n if m is None else m), batched=False))


@layer("torch.zeros_like", ragged="keeps")
def zeros_like(x: Tensor, /) -> Applied:
    """Zeros of another value's shape."""
    return Applied(x)


@layer("torch.ones_like", ragged="keeps")
def ones_like(x: Tensor, /) -> Applied:
    """Ones of another value's shape."""
    return Applied(x)


@layer("torch.full_like", ragged="keeps")
def full_like(x: Tensor, /, fill_value: float) -> Applied:
    """One number everywhere, in another value's shape."""
    return Applied(x)


@layer("torch.rand_like", role="sample", ragged="keeps")
def rand_like(x: Tensor, /) -> Applied:
    """Draws evenly from 0 to 1, in another value's shape."""
    want_floats(x)
    return Applied(x)


@layer("torch.randn_like", role="sample", ragged="keeps")
def randn_like(x: Tensor, /) -> Applied:
    """Draws from the standard normal distribution, in another value's shape."""
    want_floats(x)
    return Applied(x)
