"""What a recipe draws afresh for each batch: for each sample, a value of a shape without the batch.

`write` gets two sources in place of values: the size of the batch, and the device.
"""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import Probability, Shape


def _size(values: list[str], arguments: dict[str, str]) -> str:
    """Write the shape of a draw, with the batch in front: `len(image), 64`."""
    shape = arguments.get("shape", "").strip("()[] ").removesuffix(",")
    return f"{values[0]}, {shape}" if shape else values[0]


def _bounds(arguments: dict[str, str], low: str, high: str) -> tuple[str, str]:
    return arguments.get("low", low), arguments.get("high", high)


def _write_normal(values: list[str], arguments: dict[str, str]) -> str:
    drawn = f"torch.randn({_size(values, arguments)}, device={values[1]})"
    std, mean = arguments.get("std", "1"), arguments.get("mean", "0")
    scaled = drawn if float_of(std) == 1 else f"{std} * {drawn}"
    return scaled if float_of(mean) == 0 else f"{mean} + {scaled}"


def float_of(source: str) -> float | None:
    """Return the number that a source writes, or None where it is more than that."""
    try:
        return float(source)
    except ValueError:
        return None


@layer("torch.randn", name="normal", group="draw", role="draw", write=_write_normal)
def normal(shape: Shape = (), mean: float = 0.0, std: float = 1.0) -> Applied:
    """Draws from a normal distribution."""
    if std < 0:
        raise Mismatch(f"std={std} is negative", argument="std")
    return Applied(Tensor(shape))


def _write_uniform(values: list[str], arguments: dict[str, str]) -> str:
    drawn = f"torch.rand({_size(values, arguments)}, device={values[1]})"
    low, high = _bounds(arguments, "0", "1")
    if float_of(low) == 0:
        return drawn if float_of(high) == 1 else f"{high} * {drawn}"
    return f"{low} + ({high} - {low}) * {drawn}"


@layer("torch.rand", name="uniform", group="draw", role="draw", write=_write_uniform)
def uniform(shape: Shape = (), low: float = 0.0, high: float = 1.0) -> Applied:
    """Draws evenly between two numbers."""
    if low > high:
        raise Mismatch(f"low={low} is above high={high}", argument="low")
    return Applied(Tensor(shape))


def _write_randint(values: list[str], arguments: dict[str, str]) -> str:
    low, high = arguments["low"], arguments.get("high")
    bounds = low if high is None else f"{low}, {high}"
    return f"torch.randint({bounds}, ({_size(values, arguments)},), device={values[1]})"


@layer("torch.randint", group="draw", role="draw", write=_write_randint)
def randint(low: int, high: int | None = None, shape: Shape = ()) -> Applied:
    """Draws whole numbers from `low` up to `high`, which is left out; from 0 where one number is given."""
    first, end = (0, low) if high is None else (low, high)
    if not isinstance(first, Dim) and not isinstance(end, Dim) and first >= end:
        raise Mismatch(f"nothing lies between {first} and {end}", argument="high" if high is not None else "low")
    return Applied(Tensor(shape, "int64"))


def _write_bernoulli(values: list[str], arguments: dict[str, str]) -> str:
    return f"(torch.rand({_size(values, arguments)}, device={values[1]}) < {arguments['p']}).float()"


@layer("torch.bernoulli", group="draw", role="draw", write=_write_bernoulli)
def bernoulli(p: Probability, shape: Shape = ()) -> Applied:
    """Draws 1 with a probability, and 0 otherwise."""
    return Applied(Tensor(shape))
