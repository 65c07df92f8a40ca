"""Functions of each number by itself."""

from __future__ import annotations

from archdsl.layers.broadcasting import floating, kind_of
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import DType


def _floats(x: Tensor) -> Applied:
    """Whole numbers become floats."""
    return Applied(x.replace(dtype=floating(x.dtype)))


def _numbers(x: Tensor) -> Applied:
    if x.dtype == "bool":
        raise Mismatch("wants numbers and gets bool")
    return Applied(x)


def _truth(x: Tensor) -> Applied:
    return Applied(x.replace(dtype="bool"))


@layer("torch.exp", function="torch.exp", ragged="keeps")
def exp(x: Tensor, /) -> Applied:
    """Raises e to the power of each number."""
    return _floats(x)


@layer("torch.expm1", function="torch.expm1", ragged="keeps")
def expm1(x: Tensor, /) -> Applied:
    """Raises e to the power of each number, less 1, precise near 0."""
    return _floats(x)


@layer("torch.log", function="torch.log", ragged="keeps")
def log(x: Tensor, /) -> Applied:
    """The natural logarithm."""
    return _floats(x)


@layer("torch.log1p", function="torch.log1p", ragged="keeps")
def log1p(x: Tensor, /) -> Applied:
    """The natural logarithm of 1 and each number, precise near 0."""
    return _floats(x)


@layer("torch.log2", function="torch.log2", ragged="keeps")
def log2(x: Tensor, /) -> Applied:
    """The logarithm to base 2."""
    return _floats(x)


@layer("torch.log10", function="torch.log10", ragged="keeps")
def log10(x: Tensor, /) -> Applied:
    """The logarithm to base 10."""
    return _floats(x)


@layer("torch.sqrt", function="torch.sqrt", ragged="keeps")
def sqrt(x: Tensor, /) -> Applied:
    """The square root."""
    return _floats(x)


@layer("torch.rsqrt", function="torch.rsqrt", ragged="keeps")
def rsqrt(x: Tensor, /) -> Applied:
    """One over the square root."""
    return _floats(x)


@layer("torch.reciprocal", function="torch.reciprocal", ragged="keeps")
def reciprocal(x: Tensor, /) -> Applied:
    """One over each number."""
    return _floats(x)


@layer("torch.sin", function="torch.sin", ragged="keeps")
def sin(x: Tensor, /) -> Applied:
    """The sine."""
    return _floats(x)


@layer("torch.cos", function="torch.cos", ragged="keeps")
def cos(x: Tensor, /) -> Applied:
    """The cosine."""
    return _floats(x)


@layer("torch.tan", function="torch.tan", ragged="keeps")
def tan(x: Tensor, /) -> Applied:
    """The tangent."""
    return _floats(x)


@layer("torch.asin", function="torch.asin", ragged="keeps")
def asin(x: Tensor, /) -> Applied:
    """The angle of a sine."""
    return _floats(x)


@layer("torch.acos", function="torch.acos", ragged="keeps")
def acos(x: Tensor, /) -> Applied:
    """The angle of a cosine."""
    return _floats(x)


@layer("torch.atan", function="torch.atan", ragged="keeps")
def atan(x: Tensor, /) -> Applied:
    """The angle of a tangent."""
    return _floats(x)


@layer("torch.sinh", function="torch.sinh", ragged="keeps")
def sinh(x: Tensor, /) -> Applied:
    """The hyperbolic sine."""
    return _floats(x)


@layer("torch.cosh", function="torch.cosh", ragged="keeps")
def cosh(x: Tensor, /) -> Applied:
    """The hyperbolic cosine."""
    return _floats(x)


@layer("torch.erf", function="torch.erf", ragged="keeps")
def erf(x: Tensor, /) -> Applied:
    """The error function."""
    return _floats(x)


@layer("torch.logit", function="torch.logit", ragged="keeps")
def logit(x: Tensor, /) -> Applied:
    """The logit, which `sigmoid` undoes."""
    return _floats(x)


@layer("torch.abs", function="torch.abs", ragged="keeps")
def abs(x: Tensor, /) -> Applied:
    """The size of each number."""
    return _numbers(x)


@layer("torch.neg", function="torch.neg", ragged="keeps")
def neg(x: Tensor, /) -> Applied:
    """The negative of each number."""
    return _numbers(x)


@layer("torch.square", function="torch.square", ragged="keeps")
def square(x: Tensor, /) -> Applied:
    """Each number times itself."""
    return _numbers(x)


@layer("torch.sign", function="torch.sign", ragged="keeps")
def sign(x: Tensor, /) -> Applied:
    """-1, 0 or 1, as a number is below, at or above 0."""
    return _numbers(x)


@layer("torch.floor", function="torch.floor", ragged="keeps")
def floor(x: Tensor, /) -> Applied:
    """The whole number below."""
    return _numbers(x)


@layer("torch.ceil", function="torch.ceil", ragged="keeps")
def ceil(x: Tensor, /) -> Applied:
    """The whole number above."""
    return _numbers(x)


@layer("torch.round", function="torch.round", ragged="keeps")
def round(x: Tensor, /) -> Applied:
    """The nearest whole number, the even one of two."""
    return _numbers(x)


@layer("torch.trunc", function="torch.trunc", ragged="keeps")
def trunc(x: Tensor, /) -> Applied:
    """Each number without its part after the point."""
    return _numbers(x)


@layer("torch.isnan", function="torch.isnan", ragged="keeps")
def isnan(x: Tensor, /) -> Applied:
    """Whether a number is none."""
    return _truth(x)


@layer("torch.isinf", function="torch.isinf", ragged="keeps")
def isinf(x: Tensor, /) -> Applied:
    """Whether a number is infinite."""
    return _truth(x)


@layer("torch.isfinite", function="torch.isfinite", ragged="keeps")
def isfinite(x: Tensor, /) -> Applied:
    """Whether a number is finite."""
    return _truth(x)


@layer("torch.logical_not", function="torch.logical_not", ragged="keeps")
def logical_not(x: Tensor, /) -> Applied:
    """Whether a value is false."""
    return _truth(x)


@layer("torch.clamp", function=".clamp", aliases=("clip",), ragged="keeps")
def clamp(x: Tensor, /, min: float | None = None, max: float | None = None) -> Applied:
    """Clips numbers to a range, open where an end is not given."""
    if min is None and max is None:
        raise Mismatch("clamp wants a min, a max, or both")
    if x.dtype == "bool":
        raise Mismatch("wants numbers and gets bool")
    ends = [end for end in (min, max) if isinstance(end, float)]
    return Applied(x.replace(dtype=floating(x.dtype)) if ends and kind_of(x.dtype) < 2 else x)


@layer("torch.Tensor.detach", function=".detach", ragged="keeps")
def detach(x: Tensor, /) -> Applied:
    """Passes a value on, and no gradient back."""
    return Applied(x)


@layer("torch.Tensor.to", name="to", function=".to", ragged="keeps")
def to(x: Tensor, /, dtype: DType) -> Applied:
    """Turns numbers into those of another dtype, as `to("float32")`."""
    return Applied(x.replace(dtype=dtype), call=f"{{0}}.to(torch.{dtype})")
