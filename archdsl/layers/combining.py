"""Functions of two or three values at each place, which broadcast."""

from __future__ import annotations

from archdsl.layers.broadcasting import broadcast, floating, promote_number
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    Value = Tensor | float


def _both(left: Value, right: Value) -> Tensor:
    """Return what two values come to together, of which one may be a number."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return broadcast(left, right)
    tensor, number = (left, right) if isinstance(left, Tensor) else (right, left)
    if not isinstance(tensor, Tensor) or isinstance(number, Tensor):
        raise Mismatch("wants a value and gets two numbers")
    return tensor.replace(dtype=promote_number(tensor.dtype, number))  # type: ignore[no-any-return]


@layer("torch.add", role="merge", numbers=("right",), ragged="keeps")
def add(left: Tensor, right: Value, /) -> Applied:
    """The sum of two values; `a + b`."""
    return Applied(_both(left, right))


@layer("torch.mul", role="merge", numbers=("right",), ragged="keeps")
def mul(left: Tensor, right: Value, /) -> Applied:
    """The product of two values at each place; `a * b`."""
    return Applied(_both(left, right))


@layer("torch.maximum", ragged="keeps")
def maximum(left: Tensor, right: Tensor, /) -> Applied:
    """The larger of two values at each place."""
    return Applied(broadcast(left, right))


@layer("torch.minimum", ragged="keeps")
def minimum(left: Tensor, right: Tensor, /) -> Applied:
    """The smaller of two values at each place."""
    return Applied(broadcast(left, right))


@layer("torch.pow", numbers=("exponent",), ragged="keeps")
def pow(x: Tensor, exponent: Value, /) -> Applied:
    """Each number to a power; `x ** exponent`."""
    return Applied(_both(x, exponent))


@layer("torch.atan2", ragged="keeps")
def atan2(y: Tensor, x: Tensor, /) -> Applied:
    """The angle of a point."""
    both = broadcast(y, x)
    return Applied(both.replace(dtype=floating(both.dtype)))


@layer("torch.logical_and", ragged="keeps")
def logical_and(left: Tensor, right: Tensor, /) -> Applied:
    """Whether both values are true."""
    return Applied(broadcast(left, right).replace(dtype="bool"))


@layer("torch.logical_or", ragged="keeps")
def logical_or(left: Tensor, right: Tensor, /) -> Applied:
    """Whether one of two values is true."""
    return Applied(broadcast(left, right).replace(dtype="bool"))


@layer("torch.logical_xor", ragged="keeps")
def logical_xor(left: Tensor, right: Tensor, /) -> Applied:
    """Whether just one of two values is true."""
    return Applied(broadcast(left, right).replace(dtype="bool"))


@layer("torch.lerp", numbers=("weight",), ragged="keeps")
def lerp(start: Tensor, end: Tensor, weight: Value, /) -> Applied:
    """Goes from one value to another, by a part of the way."""
    both = broadcast(start, end)
    return Applied(broadcast(both, weight) if isinstance(weight, Tensor) else both)


@layer("torch.where", numbers=("input", "other"), ragged="keeps")
def where(condition: Tensor, input: Value, other: Value, /) -> Applied:
    """Takes one value where a condition holds, another where it does not."""
    if condition.dtype != "bool":
        raise Mismatch(f"wants a condition, bool, and gets {condition.dtype}")
    if isinstance(input, Tensor) or isinstance(other, Tensor):
        chosen = _both(input, other)
    else:
        chosen = Tensor((), "float32" if isinstance(input, float) or isinstance(other, float) else "int64", batched=False)
    return Applied(broadcast(condition, chosen).replace(dtype=chosen.dtype))


@layer("torch.Tensor.masked_fill", function=".masked_fill", ragged="keeps")
def masked_fill(x: Tensor, mask: Tensor, /, value: float) -> Applied:
    """Puts a number where a mask is true."""
    if mask.dtype != "bool":
        raise Mismatch(f"wants a mask, bool, and gets {mask.dtype}", value=1)
    both = broadcast(x, mask)
    return Applied(both.replace(dtype=x.dtype))


def _reduce_last(x1: Tensor, x2: Tensor, axis: int, keepdim: bool) -> Tensor:
    both = broadcast(x1, x2)
    kept = (1,) if keepdim else ()
    return both.like((*both.shape[:axis], *kept, *both.shape[axis + 1 :]))


@layer("nn.CosineSimilarity", function="F.cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, /, dim: int = 1, eps: float = 1e-08) -> Applied:
    """The cosine of the angle between vectors along a dimension."""
    return Applied(_reduce_last(x1, x2, broadcast(x1, x2).axis(dim), keepdim=False))


@layer("nn.PairwiseDistance", function="F.pairwise_distance")
def pairwise_distance(x1: Tensor, x2: Tensor, /, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Applied:
    """The distance between vectors along the last dimension."""
    axis = len(broadcast(x1, x2).shape) - 1
    if axis < 0:
        raise Mismatch("wants vectors [..., F] and gets numbers")
    return Applied(_reduce_last(x1, x2, axis, keepdim))
