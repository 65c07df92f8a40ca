"""Learned maps over features."""

from __future__ import annotations

from archdsl.layers.geometry import count, features, same_shape
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size


@layer("nn.Linear", infers="in_features", role="linear", ragged="keeps")
def linear(x: Tensor, /, out_features: Size, bias: bool = True) -> Applied:
    """Multiplies the last dimension by a learned matrix, and adds a learned vector."""
    wide = features(x)
    return Applied(
        x.like((*x.shape[:-1], out_features)),
        weights={"weight": (out_features, wide)} | ({"bias": (out_features,)} if bias else {}),
        macs=count(x.shape) * out_features,
        in_features=wide,
    )


@layer("nn.Bilinear", infers=("in1_features", "in2_features"), role="linear", ragged="keeps")
def bilinear(left: Tensor, right: Tensor, /, out_features: Size, bias: bool = True) -> Applied:
    """Combines two vectors through a learned form, bilinear in both."""
    a, b = features(left), features(right)
    if not same_shape(left.shape[:-1], right.shape[:-1]):
        raise Mismatch(
            f"wants two shapes alike but for the last size and gets {show_shape(left.shape)} and {show_shape(right.shape)}", value=1
        )
    return Applied(
        left.like((*left.shape[:-1], out_features)),
        weights={"weight": (out_features, a, b)} | ({"bias": (out_features,)} if bias else {}),
        macs=count(left.shape) * b * out_features,
        in1_features=a,
        in2_features=b,
    )


@layer("nn.Identity", ragged="keeps", role="function")
def identity(x: Tensor, /) -> Applied:
    """Passes its input on."""
    return Applied(x)
