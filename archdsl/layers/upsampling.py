"""Larger and smaller images, by interpolation or by moving channels into space."""

from __future__ import annotations

from archdsl.dims import Dim, product
from archdsl.layers.geometry import each, image, same, want_divisor, want_floats, windows
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Pads, Ratios, Sizes

MODES = {"mode": ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")}
DIMENSIONS = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}


def _scaled(size: Size, ratio: float) -> Size:
    """Return a size times a ratio; a symbolic one can be multiplied or divided by a whole number."""
    if float(ratio).is_integer():
        return size * int(ratio)
    if float(1 / ratio).is_integer():
        return size // int(1 / ratio)
    if isinstance(size, Dim):
        raise Mismatch(f"scale_factor={ratio} wants a known size and gets {size}", argument="scale_factor")
    return int(size * ratio)


def _resized(x: Tensor, size: Sizes | None, ratio: Ratios | None, mode: str, align: bool | None, recompute: bool | None = None) -> Applied:
    dimensions = len(x.shape) - 1
    if not 1 <= dimensions <= 3:
        raise Mismatch(f"wants [C, L], [C, H, W] or [C, D, H, W] and gets {show_shape(x.shape)}")
    channels, space = image(x, dimensions)
    if (size is None) == (ratio is None):
        raise Mismatch("wants either size or scale_factor", argument="size" if size is not None else "scale_factor")
    if dimensions not in DIMENSIONS.get(mode, (1, 2, 3)):
        raise Mismatch(f"mode={mode!r} is not for {show_shape(x.shape)}", argument="mode")
    if align is not None and mode not in DIMENSIONS:
        raise Mismatch(f"mode={mode!r} takes no align_corners", argument="align_corners")
    if recompute and size is not None:
        raise Mismatch("recompute_scale_factor wants a scale_factor", argument="recompute_scale_factor")
    if size is not None:
        return Applied(x.like((channels, *each(size, dimensions, "size"))))
    ratios = ratio if isinstance(ratio, tuple) else (ratio,) * dimensions
    if len(ratios) != dimensions:
        raise Mismatch(f"scale_factor wants {dimensions} numbers and gets {len(ratios)}", argument="scale_factor")
    reached = [_scaled(old, times) for old, times in zip(space, ratios, strict=True)]  # type: ignore[arg-type]
    if any(isinstance(new, int) and new < 1 for new in reached):
        raise Mismatch(f"scale_factor={ratio} leaves nothing of {show_shape(space)}", argument="scale_factor")
    return Applied(x.like((channels, *reached)))


@layer("nn.Upsample", function="F.interpolate", role="upsampling", choices=MODES)
def upsample(
    x: Tensor, /, size: Sizes | None = None, scale_factor: Ratios | None = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Applied:  # fmt: skip
    """Makes an image larger, to a size or by a factor."""
    return _resized(x, size, scale_factor, mode, align_corners, recompute_scale_factor)


@layer("F.interpolate", role="upsampling", choices=MODES)
def interpolate(
    x: Tensor, /, size: Sizes | None = None, scale_factor: Ratios | None = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Applied:  # fmt: skip
    """Makes an image larger or smaller, to a size or by a factor."""
    if antialias and mode not in ("bilinear", "bicubic"):
        raise Mismatch(f"mode={mode!r} takes no antialias", argument="antialias")
    return _resized(x, size, scale_factor, mode, align_corners, recompute_scale_factor)


@layer("nn.UpsamplingNearest2d", role="upsampling")
def upsampling_nearest2d(x: Tensor, /, size: Sizes | None = None, scale_factor: Ratios | None = None) -> Applied:
    """Makes an image [C, H, W] larger by repeating its pixels."""
    image(x, 2)
    return _resized(x, size, scale_factor, "nearest", None)


@layer("nn.UpsamplingBilinear2d", role="upsampling")
def upsampling_bilinear2d(x: Tensor, /, size: Sizes | None = None, scale_factor: Ratios | None = None) -> Applied:
    """Makes an image [C, H, W] larger by going evenly between its pixels."""
    image(x, 2)
    return _resized(x, size, scale_factor, "bilinear", align=True)


@layer("nn.PixelShuffle", function="F.pixel_shuffle", role="upsampling")
def pixel_shuffle(x: Tensor, /, upscale_factor: Size) -> Applied:
    """Moves channels into space: [C * r * r, H, W] becomes [C, H * r, W * r]."""
    *before, channels, height, width = x.expect("...", "C", "H", "W")
    square = upscale_factor * upscale_factor
    want_divisor(square, channels, "upscale_factor squared", "the channels")
    return Applied(x.like((*before, channels // square, height * upscale_factor, width * upscale_factor)))


@layer("nn.PixelUnshuffle", function="F.pixel_unshuffle", role="upsampling")
def pixel_unshuffle(x: Tensor, /, downscale_factor: Size) -> Applied:
    """Moves space into channels: [C, H * r, W * r] becomes [C * r * r, H, W]."""
    *before, channels, height, width = x.expect("...", "C", "H", "W")
    for size in (height, width):
        want_divisor(downscale_factor, size, "downscale_factor", "the image")
    square = downscale_factor * downscale_factor
    return Applied(x.like((*before, channels * square, height // downscale_factor, width // downscale_factor)))


@layer("nn.ChannelShuffle", function="F.channel_shuffle", role="reshape")
def channel_shuffle(x: Tensor, /, groups: Size) -> Applied:
    """Deals channels out among groups, as cards are."""
    if len(x.shape) < 2:
        raise Mismatch(f"wants [C, ...] and gets {show_shape(x.shape)}")
    want_divisor(groups, x.shape[0], "groups", "the channels")
    return Applied(x)


@layer("nn.Unfold", function="F.unfold", role="reshape")
def unfold(x: Tensor, /, kernel_size: Sizes, dilation: Sizes = 1, padding: Pads = 0, stride: Sizes = 1) -> Applied:
    """Takes every window of an image [C, H, W] out as a column: [C * k * k, L]."""
    channels, space = image(x, 2)
    places = windows(space, kernel_size, stride, padding, dilation)
    return Applied(x.like((channels * product(each(kernel_size, 2, "kernel_size")), product(places))))


@layer("nn.Fold", function="F.fold", role="reshape")
def fold(x: Tensor, /, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Pads = 0, stride: Sizes = 1) -> Applied:
    """Adds columns [C * k * k, L] up to an image, as the opposite of `unfold`."""
    columns, length = x.expect("C * k * k", "L")
    want_floats(x)
    space = each(output_size, 2, "output_size")
    kernel = product(each(kernel_size, 2, "kernel_size"))
    want_divisor(kernel, columns, "kernel_size", "the columns")
    places = product(windows(space, kernel_size, stride, padding, dilation))
    if not same(places, length):
        raise Mismatch(f"wants {places} windows and gets {length}")
    return Applied(x.like((columns // kernel, *space)))
