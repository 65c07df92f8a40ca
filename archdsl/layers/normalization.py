"""Layers that centre and scale."""

from __future__ import annotations

from archdsl.layers.geometry import image, same_shape, want_divisor, want_floats, want_rank
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Sizes


def _affine(channels: Size, affine: bool, bias: bool) -> dict[str, tuple[Size, ...]]:
    weights: dict[str, tuple[Size, ...]] = {"weight": (channels,)} if affine else {}
    return weights | ({"bias": (channels,)} if affine and bias else {})


def _scaled(x: Tensor, channels: Size, affine: bool, track: bool, bias: bool) -> Applied:
    return Applied(
        x,
        weights=_affine(channels, affine, bias),
        buffers={"running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()} if track else {},
        num_features=channels,
    )


@layer("nn.BatchNorm1d", infers="num_features", role="normalization")
def batch_norm1d(
    x: Tensor, /, eps: float = 1e-05, momentum: float | None = 0.1, affine: bool = True,
    track_running_stats: bool = True, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each feature of [C] or [C, L] over the batch."""
    want_rank(x, ("C",), ("C", "L"))
    want_floats(x)
    return _scaled(x, x.shape[0], affine, track_running_stats, bias)


@layer("nn.BatchNorm2d", infers="num_features", role="normalization")
def batch_norm2d(
    x: Tensor, /, eps: float = 1e-05, momentum: float | None = 0.1, affine: bool = True,
    track_running_stats: bool = True, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel of an image [C, H, W] over the batch."""
    return _scaled(x, image(x, 2)[0], affine, track_running_stats, bias)


@layer("nn.BatchNorm3d", infers="num_features", role="normalization")
def batch_norm3d(
    x: Tensor, /, eps: float = 1e-05, momentum: float | None = 0.1, affine: bool = True,
    track_running_stats: bool = True, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel of a volume [C, D, H, W] over the batch."""
    return _scaled(x, image(x, 3)[0], affine, track_running_stats, bias)


@layer("nn.SyncBatchNorm", infers="num_features", role="normalization")
def sync_batch_norm(
    x: Tensor, /, eps: float = 1e-05, momentum: float | None = 0.1, affine: bool = True,
    track_running_stats: bool = True, process_group: None = None, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel over the batches of all processes."""
    channels = x.expect("C", "...")[0] if not x.shape else x.shape[0]
    want_floats(x)
    return _scaled(x, channels, affine, track_running_stats, bias)


def _instance(dimensions: int, x: Tensor, affine: bool, track: bool, bias: bool) -> Applied:
    channels, space = image(x, dimensions)
    if all(isinstance(size, int) and size == 1 for size in space):
        raise Mismatch(f"wants more than one place in each channel and gets {show_shape(x.shape)}")
    return _scaled(x, channels, affine, track, bias)


@layer("nn.InstanceNorm1d", infers="num_features", role="normalization")
def instance_norm1d(
    x: Tensor, /, eps: float = 1e-05, momentum: float = 0.1, affine: bool = False,
    track_running_stats: bool = False, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel of each sequence [C, L] by itself."""
    return _instance(1, x, affine, track_running_stats, bias)


@layer("nn.InstanceNorm2d", infers="num_features", role="normalization")
def instance_norm2d(
    x: Tensor, /, eps: float = 1e-05, momentum: float = 0.1, affine: bool = False,
    track_running_stats: bool = False, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel of each image [C, H, W] by itself."""
    return _instance(2, x, affine, track_running_stats, bias)


@layer("nn.InstanceNorm3d", infers="num_features", role="normalization")
def instance_norm3d(
    x: Tensor, /, eps: float = 1e-05, momentum: float = 0.1, affine: bool = False,
    track_running_stats: bool = False, *, bias: bool = True,
) -> Applied:  # fmt: skip
    """Centres and scales each channel of each volume [C, D, H, W] by itself."""
    return _instance(3, x, affine, track_running_stats, bias)


@layer("nn.GroupNorm", infers="num_channels", leading=1, role="normalization")
def group_norm(x: Tensor, /, num_groups: Size, eps: float = 1e-05, affine: bool = True, *, bias: bool = True) -> Applied:
    """Centres and scales the channels of each sample in groups."""
    if not x.shape:
        raise Mismatch("wants [C, ...] and gets one number for each sample")
    want_floats(x)
    channels = x.shape[0]
    want_divisor(num_groups, channels, "num_groups", "the channels")
    return Applied(x, weights=_affine(channels, affine, bias), num_channels=channels)


def _last_sizes(x: Tensor, given: Sizes | None) -> tuple[Size | tuple[Size, ...], tuple[Size, ...]]:
    """Return the sizes that are normalized over, as written in the source and as a shape."""
    want_floats(x)
    if given is None:
        size = x.expect("...", "F")[-1]
        return size, (size,)
    shape = given if isinstance(given, tuple) else (given,)
    if not same_shape(x.shape[-len(shape) :], shape) or not shape:
        raise Mismatch(f"normalized_shape={show_shape(shape)} is not the end of {show_shape(x.shape)}", argument="normalized_shape")
    return given, shape


@layer("nn.LayerNorm", infers="normalized_shape", role="normalization", ragged="keeps")
def layer_norm(
    x: Tensor, /, eps: float = 1e-05, elementwise_affine: bool = True, bias: bool = True, *,
    normalized_shape: Sizes | None = None,
) -> Applied:  # fmt: skip
    """Centres and scales the last dimension of each sample, or the last few given as `normalized_shape`."""
    written, shape = _last_sizes(x, normalized_shape)
    weights = {"weight": shape} if elementwise_affine else {}
    if elementwise_affine and bias:
        weights["bias"] = shape
    return Applied(x, weights=weights, normalized_shape=written)


@layer("nn.RMSNorm", infers="normalized_shape", role="normalization", ragged="keeps")
def rms_norm(
    x: Tensor, /, eps: float | None = None, elementwise_affine: bool = True, *,
    normalized_shape: Sizes | None = None,
) -> Applied:  # fmt: skip
    """Scales the last dimension of each sample by its root mean square."""
    written, shape = _last_sizes(x, normalized_shape)
    return Applied(x, weights={"weight": shape} if elementwise_affine else {}, normalized_shape=written)


LAYER_NORM2D = '''
class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of an image."""

    def forward(self, image):
        return super().forward(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
'''


@layer(
    "",
    module="LayerNorm2d",
    infers="normalized_shape",
    role="normalization",
    helper=LAYER_NORM2D,
    helper_imports=("from torch import nn",),
)
def layer_norm2d(x: Tensor, /, eps: float = 1e-06, elementwise_affine: bool = True, bias: bool = True) -> Applied:
    """Centres and scales the channels at each place of an image [C, H, W]."""
    channels, _ = image(x, 2)
    return Applied(x, weights=_affine(channels, elementwise_affine, bias), normalized_shape=channels)


@layer("nn.LocalResponseNorm", function="F.local_response_norm", role="normalization")
def local_response_norm(x: Tensor, /, size: Size, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> Applied:
    """Scales each channel by the strength of the channels next to it."""
    if not x.shape or len(x.shape) < 2:
        raise Mismatch(f"wants [C, ..., L] and gets {show_shape(x.shape)}")
    want_floats(x)
    return Applied(x)


@layer("nn.CrossMapLRN2d", role="normalization")
def cross_map_lrn2d(x: Tensor, /, size: Size, alpha: float = 0.0001, beta: float = 0.75, k: float = 1) -> Applied:
    """Scales each channel of an image by the strength of the channels next to it, as Caffe has it."""
    image(x, 2)
    return Applied(x)
