"""How the shapes and dtypes of several tensors come together, as torch has it."""

from __future__ import annotations

from archdsl.dims import agree, clearer
from archdsl.layers.tensor import FLOATS, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size


def kind_of(dtype: str) -> int:
    """Return how high a dtype stands: 0 for bool, 1 for whole numbers, 2 for floats."""
    return 0 if dtype == "bool" else 2 if dtype in FLOATS else 1


def promote(*dtypes: str) -> str:
    """Return the dtype that holds all of these."""
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = _wider(result, dtype)
    return result


def _wider(left: str, right: str) -> str:
    if left == right or kind_of(left) != kind_of(right):
        return left if kind_of(left) >= kind_of(right) else right
    if {left, right} == {"float16", "bfloat16"}:
        return "float32"
    if {left, right} == {"uint8", "int8"}:
        return "int16"
    return max(left, right, key=_bits)


def _bits(dtype: str) -> int:
    return int("".join(filter(str.isdigit, dtype))) - (dtype == "uint8")


def promote_number(dtype: str, number: float | bool) -> str:
    """Return the dtype of a tensor together with a plain number, which never widens within its kind."""
    own = 0 if isinstance(number, bool) else 1 if isinstance(number, int) else 2
    return dtype if kind_of(dtype) >= own else "int64" if own == 1 else "float32"


def floating(dtype: str) -> str:
    """Return the dtype that a mean or a square root gives: whole numbers become float32."""
    return dtype if dtype in FLOATS else "float32"


def broadcast(*tensors: Tensor) -> Tensor:
    """Return the tensor that elementwise operations on these give.

    A value without a batch aligns with the last dimensions of one that has it. Raises Mismatch, with
    the index of the value at fault.
    """
    result = tensors[0]
    for index, tensor in enumerate(tensors[1:], 1):
        result = _both(result, tensor, index)
    return result.replace(dtype=promote(*(tensor.dtype for tensor in tensors)))  # type: ignore[no-any-return]


def _both(left: Tensor, right: Tensor, index: int) -> Tensor:
    if left.batched and right.batched and len(left.shape) != len(right.shape):
        raise _ranks_differ(left, right, index)
    batched = left.batched or right.batched
    left_shape, right_shape = _beside(left, batched, right), _beside(right, batched, left)
    if left_shape is None or right_shape is None:
        raise _unlike(left, right, index)
    rank = max(len(left_shape), len(right_shape))
    sizes: list[Size] = []
    for a, b in zip(_filled(left_shape, rank), _filled(right_shape, rank), strict=True):
        size = join(a, b)
        if size is None:
            raise _unlike(left, right, index)
        sizes.append(size)
    ragged = next((tensor for tensor in (left, right) if tensor.ragged), None)
    return Tensor(tuple(sizes), left.dtype, batched, ragged is not None, ragged.lengths if ragged else "")


def _beside(tensor: Tensor, batched: bool, other: Tensor) -> tuple[Size, ...] | None:
    """Return a shape as it stands beside a batched one: without the leading 1 that meets the batch."""
    if not batched or tensor.batched or len(tensor.shape) < other.rank:
        return tensor.shape
    return tensor.shape[1:] if len(tensor.shape) == other.rank and tensor.shape[0] == 1 else None


def _filled(shape: tuple[Size, ...], rank: int) -> tuple[Size, ...]:
    return (1,) * (rank - len(shape)) + shape


def join(left: Size, right: Size) -> Size | None:
    """Return the size that two broadcast to, whatever their names stand for, or None where they do not."""
    if left == right:
        return clearer(left, right)
    if right == 1:
        return left
    if left == 1:
        return right
    return left if agree(left, right) else None


def _unlike(left: Tensor, right: Tensor, index: int) -> Mismatch:
    shapes = f"{show_shape(left.shape, left.batched)} and {show_shape(right.shape, right.batched)}"
    return Mismatch(f"wants shapes that go together and gets {shapes}", value=index)


def _ranks_differ(left: Tensor, right: Tensor, index: int) -> Mismatch:
    """In torch the batch of the one would meet a dimension of the other, which nobody means."""
    mismatch = _unlike(left, right, index)
    short, long = sorted((left, right), key=lambda tensor: len(tensor.shape))
    added = ", ".join([":"] * (len(short.shape) + 1) + ["None"] * (len(long.shape) - len(short.shape)))
    mismatch.suggestion = f"Give {show_shape(short.shape)} the missing dimensions, as in x[{added}]."
    return mismatch
