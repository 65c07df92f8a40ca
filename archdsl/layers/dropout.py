"""Layers that drop parts of a value while training."""

from __future__ import annotations

from archdsl.layers.geometry import image, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import Probability


def _drops(x: Tensor) -> Applied:
    want_floats(x)
    return Applied(x)


@layer("nn.Dropout", function="F.dropout", training=True, positional=1, role="dropout", ragged="keeps")
def dropout(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Sets numbers to zero at random while training, and scales up the rest."""
    return _drops(x)


@layer("nn.Dropout1d", function="F.dropout1d", training=True, positional=1, role="dropout")
def dropout1d(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Sets whole channels of a sequence [C, L] to zero at random while training."""
    image(x, 1)
    return Applied(x)


@layer("nn.Dropout2d", function="F.dropout2d", training=True, positional=1, role="dropout")
def dropout2d(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Sets whole channels of an image [C, H, W] to zero at random while training."""
    image(x, 2)
    return Applied(x)


@layer("nn.Dropout3d", function="F.dropout3d", training=True, positional=1, role="dropout")
def dropout3d(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Sets whole channels of a volume [C, D, H, W] to zero at random while training."""
    image(x, 3)
    return Applied(x)


@layer("nn.AlphaDropout", function="F.alpha_dropout", training=True, positional=1, role="dropout", ragged="keeps")
def alpha_dropout(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Drops numbers at random while training, keeping mean and variance; it goes with `selu`."""
    return _drops(x)


@layer("nn.FeatureAlphaDropout", function="F.feature_alpha_dropout", training=True, positional=1, role="dropout")
def feature_alpha_dropout(x: Tensor, /, p: Probability = 0.5, inplace: bool = False) -> Applied:
    """Drops whole channels at random while training, keeping mean and variance."""
    if not x.shape:
        raise Mismatch("wants channels [C, ...] and gets one number for each sample")
    return _drops(x)


STOCHASTIC_DEPTH = '''
class StochasticDepth(nn.Module):
    """Drops a whole branch at random while training, for each sample or for the batch."""

    def __init__(self, p, mode="row"):
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        count = len(x) if self.mode == "row" else 1
        keep = torch.rand(count, *[1] * (x.ndim - 1), device=x.device) >= self.p
        return x * keep / (1 - self.p) if self.p < 1 else x * keep
'''


@layer(
    "",
    module="StochasticDepth",
    role="dropout",
    choices={"mode": ("row", "batch")},
    helper=STOCHASTIC_DEPTH,
    helper_imports=("import torch", "from torch import nn"),
    ragged="keeps",
)
def stochastic_depth(x: Tensor, /, p: Probability, mode: str = "row") -> Applied:
    """Drops a whole branch at random while training: of each sample (`row`), or of the batch."""
    return _drops(x)
