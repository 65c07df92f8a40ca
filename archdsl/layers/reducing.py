"""One number out of many: sums, means, largest ones."""

from __future__ import annotations

from archdsl.layers.broadcasting import broadcast, floating, kind_of
from archdsl.layers.geometry import want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Dims

_BEYOND = """    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
"""
RAGGED_SUM = f'''
def ragged_sum(x, lengths, keepdim=False):
    """Sum over the moments of each sequence, none of them beyond its own length."""
{_BEYOND}    return x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), 0).sum(1, keepdim)
'''
RAGGED_MEAN = f'''
def ragged_mean(x, lengths, keepdim=False):
    """Average over the moments of each sequence, none of them beyond its own length."""
{_BEYOND}    total = x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), 0).sum(1, keepdim)
    return total / lengths.to(x).view(-1, *[1] * (total.ndim - 1))
'''
RAGGED_AMAX = f'''
def ragged_amax(x, lengths, keepdim=False):
    """Take the largest over the moments of each sequence, none of them beyond its own length."""
{_BEYOND}    return x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), -torch.inf).amax(1, keepdim)
'''
TORCH = ("import torch",)


def reduced(x: Tensor, dim: Dims | None, keepdim: bool, dtype: str | None = None, *, helper: str = "") -> Applied:
    """Return what is left of a value when dimensions are reduced; without any, one number for all.

    Raises Mismatch along a ragged dimension, unless the layer has a helper for that.
    """
    if dim is None:
        if keepdim:
            raise Mismatch("keepdim wants a dim", argument="keepdim")
        if x.ragged:
            raise Mismatch(f"wants a dim, since the sequences of {x} differ in length", argument="dim")
        return Applied(Tensor((), dtype or x.dtype, batched=False))
    given = dim if isinstance(dim, tuple) else (dim,)
    axes = [x.axis(one) for one in given]
    if len(set(axes)) < len(axes):
        raise Mismatch(f"dim={dim} names a dimension twice", argument="dim")
    if not x.ragged or 0 not in axes:
        return Applied(x.like(_left(x, axes, keepdim), dtype))
    if not helper or axes != [0]:
        raise Mismatch("cannot go along a ragged dimension", argument="dim")
    arguments = ", keepdim=True" if keepdim else ""
    left = Tensor(_left(x, axes, keepdim), dtype or x.dtype)
    return Applied(left, lengths=True, call=helper + "({0}, {lengths}" + arguments + ")")


def _whole(applied: Applied, dim: object, method: str) -> Applied:
    """Write a reduction of everything without arguments: torch's methods take no dim of None."""
    if dim is None and not applied.call:
        applied.call = f"{{0}}.{method}()"
    return applied


def _left(x: Tensor, axes: list[int], keepdim: bool) -> tuple[Size, ...]:
    if keepdim:
        return tuple([1 if axis in axes else size for axis, size in enumerate(x.shape)])
    return tuple([size for axis, size in enumerate(x.shape) if axis not in axes])


@layer("torch.mean", function=".mean", ragged="uses", helper=RAGGED_MEAN, helper_imports=TORCH)
def mean(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Averages over dimensions, counted with the batch; over everything where none is given."""
    applied = reduced(x, dim, keepdim, floating(x.dtype), helper="ragged_mean")
    if kind_of(x.dtype) < 2:
        applied.prepare = {0: "{0}.float()"}
    return _whole(applied, dim, "mean")


@layer("torch.sum", function=".sum", ragged="uses", helper=RAGGED_SUM, helper_imports=TORCH)
def sum(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Adds up over dimensions, counted with the batch; over everything where none is given."""
    return _whole(reduced(x, dim, keepdim, x.dtype if kind_of(x.dtype) == 2 else "int64", helper="ragged_sum"), dim, "sum")


@layer("torch.amax", function=".amax", ragged="uses", helper=RAGGED_AMAX, helper_imports=TORCH)
def amax(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Takes the largest number along dimensions, counted with the batch."""
    if x.ragged:
        want_floats(x)
    return reduced(x, dim, keepdim, helper="ragged_amax")


@layer("torch.amin", function=".amin", ragged="keeps")
def amin(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Takes the smallest number along dimensions, counted with the batch."""
    return reduced(x, dim, keepdim)


@layer("torch.argmax", function=".argmax", ragged="keeps")
def argmax(x: Tensor, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """Tells where along a dimension the largest number stands."""
    if x.dtype == "bool":
        raise Mismatch("wants numbers and gets bool")
    return reduced(x, dim, keepdim, "int64")


@layer("torch.argmin", function=".argmin", ragged="keeps")
def argmin(x: Tensor, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """Tells where along a dimension the smallest number stands."""
    if x.dtype == "bool":
        raise Mismatch("wants numbers and gets bool")
    return reduced(x, dim, keepdim, "int64")


@layer("torch.prod", function=".prod", ragged="keeps")
def prod(x: Tensor, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """Multiplies along a dimension, counted with the batch."""
    return _whole(reduced(x, dim, keepdim, x.dtype if kind_of(x.dtype) == 2 else "int64"), dim, "prod")


def _extreme(x: Tensor, other: Tensor | None, dim: int | None, keepdim: bool) -> Applied:
    if other is not None:
        if dim is not None:
            raise Mismatch("two values are compared at each place, without a dim", argument="dim")
        return Applied(broadcast(x, other))
    if dim is None:
        return reduced(x, None, keepdim)
    values = reduced(x, dim, keepdim).outputs[0]
    return Applied(values, values.replace(dtype="int64"))  # type: ignore[union-attr]


@layer("torch.max", optional_values=1, yields=("values", "indices"), ragged="keeps")
def max(x: Tensor, other: Tensor | None, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """The largest number; along a dimension the largest ones and where they stand; of two values the larger."""
    applied = _extreme(x, other, dim, keepdim)
    return applied if other is not None else _whole(applied, dim, "max")


@layer("torch.min", optional_values=1, yields=("values", "indices"), ragged="keeps")
def min(x: Tensor, other: Tensor | None, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """The smallest number; along a dimension the smallest ones and where they stand; of two values the smaller."""
    applied = _extreme(x, other, dim, keepdim)
    return applied if other is not None else _whole(applied, dim, "min")


@layer("torch.median", function=".median", yields=("values", "indices"), ragged="keeps")
def median(x: Tensor, /, dim: int | None = None, keepdim: bool = False) -> Applied:
    """The number in the middle; along a dimension, where it stands as well."""
    return _whole(_extreme(x, None, dim, keepdim), dim, "median")


@layer("torch.std", function=".std", positional=1, ragged="keeps")
def std(x: Tensor, /, dim: Dims | None = None, correction: int = 1, keepdim: bool = False) -> Applied:
    """The standard deviation along dimensions, counted with the batch."""
    want_floats(x)
    return reduced(x, dim, keepdim)


@layer("torch.var", function=".var", positional=1, ragged="keeps")
def var(x: Tensor, /, dim: Dims | None = None, correction: int = 1, keepdim: bool = False) -> Applied:
    """The variance along dimensions, counted with the batch."""
    want_floats(x)
    return reduced(x, dim, keepdim)


@layer("torch.norm", function="torch.linalg.vector_norm", ragged="keeps")
def norm(x: Tensor, /, ord: float = 2, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """The length of vectors along dimensions, counted with the batch."""
    want_floats(x)
    return reduced(x, dim, keepdim)


@layer("torch.logsumexp", function=".logsumexp", ragged="keeps")
def logsumexp(x: Tensor, /, dim: Dims, keepdim: bool = False) -> Applied:
    """The logarithm of the sum of exponentials along dimensions, computed safely."""
    want_floats(x)
    return reduced(x, dim, keepdim)


@layer("torch.any", function=".any", ragged="keeps")
def any(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Whether one value along dimensions is true."""
    return reduced(x, dim, keepdim, "bool")


@layer("torch.all", function=".all", ragged="keeps")
def all(x: Tensor, /, dim: Dims | None = None, keepdim: bool = False) -> Applied:
    """Whether every value along dimensions is true."""
    return reduced(x, dim, keepdim, "bool")


@layer("torch.cumsum", function=".cumsum", ragged="keeps")
def cumsum(x: Tensor, /, dim: int) -> Applied:
    """Adds up along a dimension, and keeps each step."""
    x.axis(dim)
    return Applied(x.replace(dtype=x.dtype if kind_of(x.dtype) == 2 else "int64"))


@layer("torch.cumprod", function=".cumprod", ragged="keeps")
def cumprod(x: Tensor, /, dim: int) -> Applied:
    """Multiplies along a dimension, and keeps each step."""
    x.axis(dim)
    return Applied(x.replace(dtype=x.dtype if kind_of(x.dtype) == 2 else "int64"))
