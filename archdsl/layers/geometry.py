"""Arithmetic that several declarations share: windows over space, and sizes for each dimension."""

from __future__ import annotations

from archdsl.dims import Dim, agree, product
from archdsl.layers.tensor import FLOATS, Mismatch, Tensor, show_names, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.dims import Size

INDICES = ("int32", "int64")
"""What an index may be."""

SPACE = ("D", "H", "W")
"""The names of spatial dimensions, from the last."""


def image(x: Tensor, dimensions: int) -> tuple[Size, tuple[Size, ...]]:
    """Return the channels and the space of a signal [C, L], an image [C, H, W] or a volume [C, D, H, W]."""
    names = ("L",) if dimensions == 1 else SPACE[-dimensions:]
    channels, *space = x.expect("C", *names)
    want_floats(x)
    return channels, tuple(space)


def each(value: Size | Sequence[Size], count: int, argument: str) -> tuple[Size, ...]:
    """Return one size for each of so many dimensions, where one may have been given for all."""
    if isinstance(value, int | Dim):
        return (value,) * count
    if len(value) != count:
        raise Mismatch(f"{argument} wants {count} sizes and gets {len(value)}", argument=argument)
    return tuple(value)


def windows(
    space: Sequence[Size],
    kernel: Size | Sequence[Size],
    stride: Size | Sequence[Size],
    padding: Size | Sequence[Size],
    dilation: Size | Sequence[Size] = 1,
    *,
    round_up: bool = False,
) -> tuple[Size, ...]:
    """Return how many places a kernel takes along each dimension.

    Raises Mismatch where the kernel is larger than the padded input.
    """
    count = len(space)
    return tuple(
        [
            _window(*sizes, round_up)
            for sizes in zip(
                space,
                each(kernel, count, "kernel_size"),
                each(stride, count, "stride"),
                each(padding, count, "padding"),
                each(dilation, count, "dilation"),
                strict=True,
            )
        ]
    )


def _window(size: Size, kernel: Size, stride: Size, padding: Size, dilation: Size, round_up: bool) -> Size:
    span = dilation * (kernel - 1) + 1
    free = size + 2 * padding - span
    fits = not isinstance(free, int) or free >= 0
    if not fits and not (round_up and isinstance(stride, int) and isinstance(free, int) and free + stride - 1 >= 0):
        raise Mismatch(f"a window of {span} does not fit into {size + 2 * padding}", argument="kernel_size")
    if not round_up:
        return free // stride + 1
    places = (free + stride - 1) // stride + 1
    # A window that would begin in the padding after the input is left out.
    known = isinstance(places, int) and isinstance(stride, int) and not isinstance(size + padding, Dim)
    if known and (places - 1) * stride >= size + padding:  # type: ignore[operator]
        return places - 1
    return places


def divides(part: Size, whole: Size) -> bool:
    """Whether a size divides another, whatever the names in them stand for."""
    if isinstance(part, Dim) or isinstance(whole, Dim):
        return agree(whole // part * part, whole)
    return whole % part == 0


def want_divisor(part: Size, whole: Size, argument: str, of: str) -> None:
    """Raise Mismatch where an argument does not divide what it has to."""
    if not divides(part, whole):
        raise Mismatch(f"{argument}={part} does not divide {of}, {whole}", argument=argument)


def same(left: Size, right: Size) -> bool:
    """Whether two sizes are equal, whatever their names stand for."""
    return agree(left, right)


def same_shape(left: Sequence[Size], right: Sequence[Size]) -> bool:
    """Whether two shapes are equal, whatever the names in them stand for."""
    return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))


def want_rank(x: Tensor, *forms: tuple[str, ...]) -> None:
    """Raise Mismatch where a shape has none of several forms, as [C] or [C, L]."""
    if len(x.shape) not in [len(form) for form in forms]:
        wanted = " or ".join(show_names(form) for form in forms)
        raise Mismatch(f"wants {wanted} and gets {show_shape(x.shape)}")


def count(shape: Sequence[Size]) -> Size:
    """Return how many numbers a shape holds."""
    return product(shape)


def features(x: Tensor) -> Size:
    """Return the last size, which a layer over features works on."""
    last = x.expect("...", "F")[-1]
    if x.ragged and len(x.shape) == 1:
        raise Mismatch(f"wants features [..., F] and gets one number for each moment, {x}")
    want_floats(x)
    return last


def want_floats(*tensors: Tensor) -> None:
    """Raise Mismatch where a value is not of floats, as learned layers want."""
    for index, tensor in enumerate(tensors):
        if tensor.dtype not in FLOATS:
            raise Mismatch(f"wants floats and gets {tensor.dtype}", value=index, suggestion='to("float32") makes floats of it.')


def want_integers(tensor: Tensor, what: str, value: int = 0) -> None:
    """Raise Mismatch where a value is not of whole numbers, as indices are."""
    if tensor.dtype not in INDICES:
        raise Mismatch(f"wants {what}, int64, and gets {tensor.dtype}", value=value)
