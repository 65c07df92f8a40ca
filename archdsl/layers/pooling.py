"""Pooling: one number for each window."""

from __future__ import annotations

from archdsl.layers.geometry import each, image, windows
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Pads, Sizes, SizesOrNone


def _want_half(padding: Pads, kernel: Sizes, dimensions: int) -> None:
    """Padding is half the window at most, so that no window lies in the padding alone."""
    pads, sizes = each(padding, dimensions, "padding"), each(kernel, dimensions, "kernel_size")
    for pad, size in zip(pads, sizes, strict=True):
        if isinstance(pad, int) and isinstance(size, int) and pad > size // 2:
            raise Mismatch(f"padding={pad} is more than half of kernel_size={size}", argument="padding")


def _pool(dimensions: int, x: Tensor, kernel: Sizes, stride: Sizes | None, padding: Pads, dilation: Sizes, ceil: bool) -> Tensor:
    channels, space = image(x, dimensions)
    _want_half(padding, kernel, dimensions)
    steps = kernel if stride is None else stride
    return x.like((channels, *windows(space, kernel, steps, padding, dilation, round_up=ceil)))


def _max_pool(
    dimensions: int, x: Tensor, kernel: Sizes, stride: Sizes | None, padding: Pads, dilation: Sizes,
    indices: bool, ceil: bool,
) -> Applied:  # fmt: skip
    pooled = _pool(dimensions, x, kernel, stride, padding, dilation, ceil)
    return Applied(pooled, pooled.replace(dtype="int64")) if indices else Applied(pooled)


@layer("nn.MaxPool1d", function="F.max_pool1d", positional=4, role="pooling")
def max_pool1d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    return_indices: bool = False, ceil_mode: bool = False,
) -> Applied:  # fmt: skip
    """Takes the largest number of each window of a sequence [C, L]."""
    return _max_pool(1, x, kernel_size, stride, padding, dilation, return_indices, ceil_mode)


@layer("nn.MaxPool2d", function="F.max_pool2d", positional=4, role="pooling")
def max_pool2d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    return_indices: bool = False, ceil_mode: bool = False,
) -> Applied:  # fmt: skip
    """Takes the largest number of each window of an image [C, H, W]."""
    return _max_pool(2, x, kernel_size, stride, padding, dilation, return_indices, ceil_mode)


@layer("nn.MaxPool3d", function="F.max_pool3d", positional=4, role="pooling")
def max_pool3d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    return_indices: bool = False, ceil_mode: bool = False,
) -> Applied:  # fmt: skip
    """Takes the largest number of each window of a volume [C, D, H, W]."""
    return _max_pool(3, x, kernel_size, stride, padding, dilation, return_indices, ceil_mode)


def _want_divisor(divisor: int | None) -> None:
    if divisor == 0:
        raise Mismatch("divisor_override may not be 0", argument="divisor_override")


@layer("nn.AvgPool1d", function="F.avg_pool1d", role="pooling")
def avg_pool1d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Applied:  # fmt: skip
    """Averages each window of a sequence [C, L]."""
    return Applied(_pool(1, x, kernel_size, stride, padding, 1, ceil_mode))


@layer("nn.AvgPool2d", function="F.avg_pool2d", role="pooling")
def avg_pool2d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Applied:  # fmt: skip
    """Averages each window of an image [C, H, W]."""
    _want_divisor(divisor_override)
    return Applied(_pool(2, x, kernel_size, stride, padding, 1, ceil_mode))


@layer("nn.AvgPool3d", function="F.avg_pool3d", role="pooling")
def avg_pool3d(
    x: Tensor, /, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Applied:  # fmt: skip
    """Averages each window of a volume [C, D, H, W]."""
    _want_divisor(divisor_override)
    windows(image(x, 3)[1], kernel_size, 1, 0)  # torch wants the window to fit even without the padding
    return Applied(_pool(3, x, kernel_size, stride, padding, 1, ceil_mode))


def _power(dimensions: int, x: Tensor, norm: float, kernel: Sizes, stride: Sizes | None, ceil: bool) -> Applied:
    if norm == 0:
        raise Mismatch("norm_type may not be 0", argument="norm_type")
    return Applied(_pool(dimensions, x, kernel, stride, 0, 1, ceil))


@layer("nn.LPPool1d", function="F.lp_pool1d", role="pooling")
def lp_pool1d(x: Tensor, /, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False) -> Applied:
    """Takes the power sum of each window of a sequence [C, L]."""
    return _power(1, x, norm_type, kernel_size, stride, ceil_mode)


@layer("nn.LPPool2d", function="F.lp_pool2d", role="pooling")
def lp_pool2d(x: Tensor, /, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False) -> Applied:
    """Takes the power sum of each window of an image [C, H, W]."""
    return _power(2, x, norm_type, kernel_size, stride, ceil_mode)


@layer("nn.LPPool3d", function="F.lp_pool3d", role="pooling")
def lp_pool3d(x: Tensor, /, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False) -> Applied:
    """Takes the power sum of each window of a volume [C, D, H, W]."""
    windows(image(x, 3)[1], kernel_size, 1, 0)  # as in avg_pool3d
    return _power(3, x, norm_type, kernel_size, stride, ceil_mode)


def _adapted(dimensions: int, x: Tensor, output_size: object) -> Tensor:
    """A size of None stays as the input has it."""
    channels, space = image(x, dimensions)
    wanted = output_size if isinstance(output_size, tuple) else (output_size,) * dimensions
    if len(wanted) != dimensions:
        raise Mismatch(f"output_size wants {dimensions} sizes and gets {len(wanted)}", argument="output_size")
    return x.like((channels, *[old if new is None else new for new, old in zip(wanted, space, strict=True)]))


def _adapted_max(dimensions: int, x: Tensor, output_size: object, indices: bool) -> Applied:
    pooled = _adapted(dimensions, x, output_size)
    return Applied(pooled, pooled.replace(dtype="int64")) if indices else Applied(pooled)


@layer("nn.AdaptiveAvgPool1d", function="F.adaptive_avg_pool1d", role="pooling")
def adaptive_avg_pool1d(x: Tensor, /, output_size: Sizes) -> Applied:
    """Averages a sequence [C, L] down to a given length."""
    return Applied(_adapted(1, x, output_size))


@layer("nn.AdaptiveAvgPool2d", function="F.adaptive_avg_pool2d", role="pooling")
def adaptive_avg_pool2d(x: Tensor, /, output_size: SizesOrNone) -> Applied:
    """Averages an image [C, H, W] down to a given height and width."""
    return Applied(_adapted(2, x, output_size))


@layer("nn.AdaptiveAvgPool3d", function="F.adaptive_avg_pool3d", role="pooling")
def adaptive_avg_pool3d(x: Tensor, /, output_size: SizesOrNone) -> Applied:
    """Averages a volume [C, D, H, W] down to a given size."""
    return Applied(_adapted(3, x, output_size))


@layer("nn.AdaptiveMaxPool1d", function="F.adaptive_max_pool1d", role="pooling")
def adaptive_max_pool1d(x: Tensor, /, output_size: Sizes, return_indices: bool = False) -> Applied:
    """Takes the largest numbers of a sequence [C, L], down to a given length."""
    return _adapted_max(1, x, output_size, return_indices)


@layer("nn.AdaptiveMaxPool2d", function="F.adaptive_max_pool2d", role="pooling")
def adaptive_max_pool2d(x: Tensor, /, output_size: SizesOrNone, return_indices: bool = False) -> Applied:
    """Takes the largest numbers of an image [C, H, W], down to a given height and width."""
    return _adapted_max(2, x, output_size, return_indices)


@layer("nn.AdaptiveMaxPool3d", function="F.adaptive_max_pool3d", role="pooling")
def adaptive_max_pool3d(x: Tensor, /, output_size: SizesOrNone, return_indices: bool = False) -> Applied:
    """Takes the largest numbers of a volume [C, D, H, W], down to a given size."""
    return _adapted_max(3, x, output_size, return_indices)
