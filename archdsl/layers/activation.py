"""Functions of one number at a time, and those that weigh numbers against each other."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import image, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size


def _activate(x: Tensor) -> Applied:
    want_floats(x)
    return Applied(x)


@layer("nn.ReLU", function="F.relu", role="activation", ragged="keeps")
def relu(x: Tensor, /, inplace: bool = False) -> Applied:
    """Passes what is positive, and makes the rest zero."""
    return Applied(x)


@layer("nn.ReLU6", function="F.relu6", role="activation", ragged="keeps")
def relu6(x: Tensor, /, inplace: bool = False) -> Applied:
    """Clips to the range from 0 to 6."""
    return Applied(x)


@layer("nn.LeakyReLU", function="F.leaky_relu", role="activation", ragged="keeps")
def leaky_relu(x: Tensor, /, negative_slope: float = 0.01, inplace: bool = False) -> Applied:
    """Passes what is positive, and a small part of what is negative."""
    return _activate(x)


@layer("nn.PReLU", role="activation", weighted=True, ragged="keeps")
def prelu(x: Tensor, /, num_parameters: Size = 1, init: float = 0.25) -> Applied:
    """Passes what is positive, and a learned part of what is negative, for all channels or for each."""
    want_floats(x)
    channels = x.shape[0] if x.shape else 1
    known = not isinstance(num_parameters, Dim) and not isinstance(channels, Dim)
    if known and num_parameters not in (1, channels):
        raise Mismatch(f"num_parameters={num_parameters} is neither 1 nor the channels, {channels}", argument="num_parameters")
    return Applied(x, weights={"weight": (num_parameters,)})


@layer("nn.RReLU", function="F.rrelu", training=True, positional=2, role="activation", ragged="keeps")
def rrelu(x: Tensor, /, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> Applied:
    """Passes what is positive, and a random small part of what is negative while training."""
    if lower > upper:
        raise Mismatch(f"lower={lower} is above upper={upper}", argument="lower")
    return _activate(x)


@layer("nn.ELU", function="F.elu", role="activation", ragged="keeps")
def elu(x: Tensor, /, alpha: float = 1.0, inplace: bool = False) -> Applied:
    """Passes what is positive, and bends what is negative towards `-alpha`."""
    return _activate(x)


@layer("nn.CELU", function="F.celu", role="activation", ragged="keeps")
def celu(x: Tensor, /, alpha: float = 1.0, inplace: bool = False) -> Applied:
    """Passes what is positive, and bends what is negative, smoothly for every `alpha`."""
    if alpha == 0:
        raise Mismatch("alpha may not be 0", argument="alpha")
    return _activate(x)


@layer("nn.SELU", function="F.selu", role="activation", ragged="keeps")
def selu(x: Tensor, /, inplace: bool = False) -> Applied:
    """An ELU whose scale keeps mean 0 and variance 1 from layer to layer."""
    return _activate(x)


@layer("nn.GELU", function="F.gelu", positional=0, role="activation", choices={"approximate": ("none", "tanh")}, ragged="keeps")
def gelu(x: Tensor, /, approximate: str = "none") -> Applied:
    """Weighs each number by the chance that a normal one is smaller."""
    return _activate(x)


@layer("nn.SiLU", function="F.silu", role="activation", ragged="keeps", aliases=("swish",))
def silu(x: Tensor, /, inplace: bool = False) -> Applied:
    """Multiplies each number by its sigmoid."""
    return _activate(x)


@layer("nn.Mish", function="F.mish", role="activation", ragged="keeps")
def mish(x: Tensor, /, inplace: bool = False) -> Applied:
    """Multiplies each number by the tanh of its softplus."""
    return _activate(x)


@layer("nn.Hardswish", function="F.hardswish", role="activation", ragged="keeps")
def hardswish(x: Tensor, /, inplace: bool = False) -> Applied:
    """A piecewise stand-in for `silu`."""
    return _activate(x)


@layer("nn.Sigmoid", function="torch.sigmoid", role="activation", ragged="keeps")
def sigmoid(x: Tensor, /) -> Applied:
    """Presses numbers into the range from 0 to 1."""
    return _activate(x)


@layer("nn.Hardsigmoid", function="F.hardsigmoid", role="activation", ragged="keeps")
def hardsigmoid(x: Tensor, /, inplace: bool = False) -> Applied:
    """A piecewise stand-in for `sigmoid`."""
    return _activate(x)


@layer("nn.LogSigmoid", function="F.logsigmoid", role="activation", ragged="keeps", aliases=("log_sigmoid",))
def logsigmoid(x: Tensor, /) -> Applied:
    """The logarithm of `sigmoid`, computed safely."""
    return _activate(x)


@layer("nn.Tanh", function="torch.tanh", role="activation", ragged="keeps")
def tanh(x: Tensor, /) -> Applied:
    """Presses numbers into the range from -1 to 1."""
    return _activate(x)


@layer("nn.Hardtanh", function="F.hardtanh", role="activation", ragged="keeps", positional=2)
def hardtanh(x: Tensor, /, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Applied:
    """Clips to a range."""
    if min_val >= max_val:
        raise Mismatch(f"min_val={min_val} is not below max_val={max_val}", argument="min_val")
    return Applied(x)


@layer("nn.Tanhshrink", function="F.tanhshrink", role="activation", ragged="keeps")
def tanhshrink(x: Tensor, /) -> Applied:
    """Each number less its tanh."""
    return _activate(x)


@layer("nn.Softshrink", function="F.softshrink", role="activation", ragged="keeps")
def softshrink(x: Tensor, /, lambd: float = 0.5) -> Applied:
    """Moves numbers towards zero, and makes small ones zero."""
    if lambd < 0:
        raise Mismatch(f"lambd={lambd} is negative", argument="lambd")
    return _activate(x)


@layer("nn.Hardshrink", function="F.hardshrink", role="activation", ragged="keeps")
def hardshrink(x: Tensor, /, lambd: float = 0.5) -> Applied:
    """Makes small numbers zero, and passes the rest."""
    return _activate(x)


@layer("nn.Softplus", function="F.softplus", role="activation", ragged="keeps")
def softplus(x: Tensor, /, beta: float = 1.0, threshold: float = 20.0) -> Applied:
    """A smooth `relu`."""
    return _activate(x)


@layer("nn.Softsign", function="F.softsign", role="activation", ragged="keeps")
def softsign(x: Tensor, /) -> Applied:
    """Divides each number by one more than its size."""
    return _activate(x)


@layer("nn.Threshold", function="F.threshold", role="activation", ragged="keeps")
def threshold(x: Tensor, /, threshold: float, value: float, inplace: bool = False) -> Applied:
    """Passes what is above a threshold, and puts a value in place of the rest."""
    return Applied(x)


@layer("nn.GLU", function="F.glu", role="activation", ragged="keeps")
def glu(x: Tensor, /, dim: int = -1) -> Applied:
    """Multiplies one half of a dimension by the sigmoid of the other."""
    want_floats(x)
    axis = x.axis(dim)
    size = x.shape[axis]
    if isinstance(size, int) and size % 2:
        raise Mismatch(f"wants an even size at dim={dim} and gets {size}", argument="dim")
    if x.ragged and axis == 0:
        raise Mismatch("cannot halve a ragged dimension", argument="dim")
    return Applied(x.like((*x.shape[:axis], size // 2, *x.shape[axis + 1 :])))


RAGGED_SOFTMAX = '''
def ragged_softmax(x, lengths):
    """Softmax over the moments of each sequence, none of them beyond its own length."""
    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
    return x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), -torch.inf).softmax(1)
'''


def _over(x: Tensor, dim: int | None, name: str) -> Applied:
    want_floats(x)
    if dim is None:
        raise Mismatch(f"{name} wants a dim", argument="dim", suggestion=f"{name}(dim=1) works along the first dimension after the batch.")
    along = x.axis(dim)
    return Applied(x, lengths=x.ragged and along == 0, call="ragged_softmax({0}, {lengths})" if x.ragged and along == 0 else "")


@layer("nn.Softmax", function="F.softmax", role="activation", ragged="uses", helper=RAGGED_SOFTMAX, helper_imports=("import torch",))
def softmax(x: Tensor, /, dim: int | None = None) -> Applied:
    """Makes numbers along a dimension positive, with sum 1."""
    return _over(x, dim, "softmax")


@layer("nn.LogSoftmax", function="F.log_softmax", role="activation", ragged="keeps")
def log_softmax(x: Tensor, /, dim: int | None = None) -> Applied:
    """The logarithm of `softmax`, computed safely."""
    applied = _over(x, dim, "log_softmax")
    if applied.lengths:
        raise Mismatch("log_softmax cannot go along a ragged dimension", argument="dim")
    return applied


@layer("nn.Softmin", function="F.softmin", role="activation", ragged="keeps")
def softmin(x: Tensor, /, dim: int | None = None) -> Applied:
    """The softmax of the negative numbers."""
    applied = _over(x, dim, "softmin")
    if applied.lengths:
        raise Mismatch("softmin cannot go along a ragged dimension", argument="dim")
    return applied


@layer("nn.Softmax2d", role="activation")
def softmax2d(x: Tensor, /) -> Applied:
    """Softmax over the channels at each place of an image [C, H, W]."""
    image(x, 2)
    return Applied(x)


@layer("F.gumbel_softmax", role="sample", positional=2)
def gumbel_softmax(x: Tensor, /, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Applied:
    """Draws from the classes whose logits these are, in a way that gradients pass."""
    want_floats(x)
    x.axis(dim)
    if tau == 0:
        raise Mismatch("tau may not be 0", argument="tau")
    return Applied(x)


@layer("F.normalize", role="normalization", ragged="keeps")
def normalize(x: Tensor, /, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Applied:
    """Divides by the norm along a dimension."""
    want_floats(x)
    if x.ragged and x.axis(dim) == 0:
        raise Mismatch("cannot normalize along a ragged dimension", argument="dim")
    x.axis(dim)
    return Applied(x)
