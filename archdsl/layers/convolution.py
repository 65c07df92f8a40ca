"""Convolutions, and their transposes."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import count, each, image, want_divisor, windows
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Pads, Sizes

PADDING = {
    "padding": ("valid", "same"),
    "padding_mode": ("zeros", "reflect", "replicate", "circular"),
}


@layer("nn.Conv1d", infers="in_channels", role="convolution", choices=PADDING)
def conv1d(
    signal: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads | str = 0,
    dilation: Sizes = 1, groups: Size = 1, bias: bool = True, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Slides learned kernels along a sequence of channels [C, L]."""
    return _convolve(1, signal, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)


@layer("nn.Conv2d", infers="in_channels", role="convolution", choices=PADDING)
def conv2d(
    image: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads | str = 0,
    dilation: Sizes = 1, groups: Size = 1, bias: bool = True, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Slides learned kernels over an image [C, H, W]."""
    return _convolve(2, image, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)


@layer("nn.Conv3d", infers="in_channels", role="convolution", choices=PADDING)
def conv3d(
    volume: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads | str = 0,
    dilation: Sizes = 1, groups: Size = 1, bias: bool = True, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Slides learned kernels through a volume [C, D, H, W]."""
    return _convolve(3, volume, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)


def _convolve(
    dimensions: int, x: Tensor, out_channels: Size, kernel_size: Sizes, stride: Sizes, padding: Pads | str,
    dilation: Sizes, groups: Size, bias: bool, padding_mode: str,
) -> Applied:  # fmt: skip
    channels, space = image(x, dimensions)
    kernel = each(kernel_size, dimensions, "kernel_size")
    _want_groups(groups, channels, out_channels)
    if padding == "same":
        if any(step != 1 for step in each(stride, dimensions, "stride")):
            raise Mismatch("padding='same' wants a stride of 1", argument="padding")
        spans = zip(kernel, each(dilation, dimensions, "dilation"), strict=True)
        _want_padding_to_reach(padding_mode, space, tuple([(step * (size - 1) + 1) // 2 for size, step in spans]))
        reached = space
    else:
        pads = 0 if isinstance(padding, str) else padding
        _want_padding_to_reach(padding_mode, space, each(pads, dimensions, "padding"))
        reached = windows(space, kernel, stride, pads, dilation)
    weight = (out_channels, channels // groups, *kernel)
    return Applied(
        x.like((out_channels, *reached)),
        weights={"weight": weight, "bias": (out_channels,)} if bias else {"weight": weight},
        macs=count(weight) * count(reached),
        in_channels=channels,
    )


def _want_groups(groups: Size, channels: Size, out_channels: Size) -> None:
    want_divisor(groups, channels, "groups", "the channels that come in")
    want_divisor(groups, out_channels, "groups", "out_channels")


def _want_padding_to_reach(mode: str, space: tuple[Size, ...], padding: tuple[Size, ...]) -> None:
    """A reflection cannot reach further than the input, nor can a circle go round twice."""
    most = {"reflect": -1, "circular": 0}.get(mode)
    for size, pad in zip(space, padding, strict=True):
        if most is not None and isinstance(size, int) and isinstance(pad, int) and pad > size + most:
            raise Mismatch(f"padding={pad} is more than {mode!r} can fill from {size}", argument="padding")


@layer("nn.ConvTranspose1d", infers="in_channels", role="convolution", choices={"padding_mode": ("zeros",)})
def conv_transpose1d(
    signal: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads = 0,
    output_padding: Pads = 0, groups: Size = 1, bias: bool = True, dilation: Sizes = 1, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Spreads each moment of a sequence [C, L] over learned kernels, which makes it longer."""
    return _transpose(1, signal, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation)


@layer("nn.ConvTranspose2d", infers="in_channels", role="convolution", choices={"padding_mode": ("zeros",)})
def conv_transpose2d(
    image: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads = 0,
    output_padding: Pads = 0, groups: Size = 1, bias: bool = True, dilation: Sizes = 1, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Spreads each place of an image [C, H, W] over learned kernels, which makes it larger."""
    return _transpose(2, image, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation)


@layer("nn.ConvTranspose3d", infers="in_channels", role="convolution", choices={"padding_mode": ("zeros",)})
def conv_transpose3d(
    volume: Tensor, /, out_channels: Size, kernel_size: Sizes, stride: Sizes = 1, padding: Pads = 0,
    output_padding: Pads = 0, groups: Size = 1, bias: bool = True, dilation: Sizes = 1, padding_mode: str = "zeros",
) -> Applied:  # fmt: skip
    """Spreads each place of a volume [C, D, H, W] over learned kernels, which makes it larger."""
    return _transpose(3, volume, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation)


def _transpose(
    dimensions: int, x: Tensor, out_channels: Size, kernel_size: Sizes, stride: Sizes, padding: Pads,
    output_padding: Pads, groups: Size, bias: bool, dilation: Sizes,
) -> Applied:  # fmt: skip
    channels, space = image(x, dimensions)
    kernel = each(kernel_size, dimensions, "kernel_size")
    _want_groups(groups, channels, out_channels)
    sizes = zip(
        space,
        kernel,
        each(stride, dimensions, "stride"),
        each(padding, dimensions, "padding"),
        each(output_padding, dimensions, "output_padding"),
        each(dilation, dimensions, "dilation"),
        strict=True,
    )
    reached = tuple([_spread(*one) for one in sizes])
    weight = (channels, out_channels // groups, *kernel)
    return Applied(
        x.like((out_channels, *reached)),
        weights={"weight": weight, "bias": (out_channels,)} if bias else {"weight": weight},
        macs=count(weight) * count(space),
        in_channels=channels,
    )


def _spread(size: Size, kernel: Size, stride: Size, padding: Size, extra: Size, dilation: Size) -> Size:
    if not any(isinstance(part, Dim) for part in (extra, stride, dilation)) and extra >= stride and extra >= dilation:  # type: ignore[operator]
        raise Mismatch(f"output_padding={extra} has to be smaller than the stride or the dilation", argument="output_padding")
    reached = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
    if isinstance(reached, int) and reached < 1:
        raise Mismatch(f"padding={padding} leaves nothing of the output", argument="padding")
    return reached
