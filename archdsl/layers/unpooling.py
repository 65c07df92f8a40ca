"""Pooling that goes back, and pooling in windows of random places."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import each, image, same_shape, want_integers
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Pads, Ratios, Sizes


def _unpool(dimensions: int, x: Tensor, indices: Tensor, kernel: Sizes, stride: Sizes | None, padding: Pads) -> Applied:
    channels, space = image(x, dimensions)
    want_integers(indices, "the indices of a pooling", 1)
    if not same_shape(x.shape, indices.shape):
        raise Mismatch(f"wants indices {show_shape(x.shape)} and gets {show_shape(indices.shape)}", value=1)
    sizes = each(kernel, dimensions, "kernel_size")
    steps = sizes if stride is None else each(stride, dimensions, "stride")
    pads = each(padding, dimensions, "padding")
    reached = [(size - 1) * step - 2 * pad + k for size, k, step, pad in zip(space, sizes, steps, pads, strict=True)]
    if any(isinstance(size, int) and size < 1 for size in reached):
        raise Mismatch(f"padding={padding} leaves nothing of the output", argument="padding")
    return Applied(x.like((channels, *reached)))


@layer("nn.MaxUnpool1d", function="F.max_unpool1d", role="pooling")
def max_unpool1d(x: Tensor, indices: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0) -> Applied:
    """Puts the numbers of a pooled sequence back where they came from, zeros elsewhere."""
    return _unpool(1, x, indices, kernel_size, stride, padding)


@layer("nn.MaxUnpool2d", function="F.max_unpool2d", role="pooling")
def max_unpool2d(x: Tensor, indices: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0) -> Applied:
    """Puts the numbers of a pooled image back where they came from, zeros elsewhere."""
    return _unpool(2, x, indices, kernel_size, stride, padding)


@layer("nn.MaxUnpool3d", function="F.max_unpool3d", role="pooling")
def max_unpool3d(x: Tensor, indices: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0) -> Applied:
    """Puts the numbers of a pooled volume back where they came from, zeros elsewhere."""
    return _unpool(3, x, indices, kernel_size, stride, padding)


def _fractional(dimensions: int, x: Tensor, kernel: Sizes, size: Sizes | None, ratio: Ratios | None, indices: bool) -> Applied:
    channels, space = image(x, dimensions)
    if (size is None) == (ratio is None):
        raise Mismatch("wants either output_size or output_ratio", argument="output_size" if size is not None else "output_ratio")
    if size is None:
        ratios = ratio if isinstance(ratio, tuple) else (ratio,) * dimensions
        if len(ratios) != dimensions:
            raise Mismatch(f"output_ratio wants {dimensions} numbers and gets {len(ratios)}", argument="output_ratio")
        reached = [_part(old, part) for old, part in zip(space, ratios, strict=True)]  # type: ignore[arg-type]
    else:
        reached = list(each(size, dimensions, "output_size"))
    for old, new, window in zip(space, reached, each(kernel, dimensions, "kernel_size"), strict=True):
        known = isinstance(old, int) and isinstance(new, int) and isinstance(window, int)
        if known and new + window - 1 > old - (dimensions == 3):  # type: ignore[operator]  # strictly less, in three
            raise Mismatch(f"{new} windows of {window} do not fit into {old}", argument="kernel_size")
    pooled = x.like((channels, *reached))
    return Applied(pooled, pooled.replace(dtype="int64")) if indices else Applied(pooled)


def _part(size: Size, ratio: float) -> Size:
    if not 0 < ratio < 1:
        raise Mismatch(f"output_ratio={ratio} is not between 0 and 1", argument="output_ratio")
    if isinstance(size, Dim):
        raise Mismatch(f"output_ratio wants a known size and gets {size}", argument="output_ratio")
    return int(size * ratio)


@layer("nn.FractionalMaxPool2d", role="pooling")
def fractional_max_pool2d(
    x: Tensor, /, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Ratios | None = None,
    return_indices: bool = False,
) -> Applied:  # fmt: skip
    """Takes the largest numbers of an image in windows of random places, down to a size or by a ratio."""
    return _fractional(2, x, kernel_size, output_size, output_ratio, return_indices)


@layer("nn.FractionalMaxPool3d", role="pooling")
def fractional_max_pool3d(
    x: Tensor, /, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Ratios | None = None,
    return_indices: bool = False,
) -> Applied:  # fmt: skip
    """Takes the largest numbers of a volume in windows of random places, down to a size or by a ratio."""
    return _fractional(3, x, kernel_size, output_size, output_ratio, return_indices)
