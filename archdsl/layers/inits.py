"""How weights begin: the functions of `torch.nn.init`, named without their last underscore.

They stand in `init { ... }` and `parameter(..., init=...)` alone, with a look-up of their own, so
that `normal` there and the draw of a recipe do not meet.
"""

from __future__ import annotations

from archdsl.layers.registry import Layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MODE = ("fan_in", "fan_out")
NONLINEARITY = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "sigmoid", "tanh", "relu", "leaky_relu", "selu",
)  # fmt: skip
KAIMING = {"mode": MODE, "nonlinearity": NONLINEARITY}

_inits: dict[str, Layer] = {}


def _init(**options: object) -> Callable[[Callable[..., Applied]], Callable[..., Applied]]:
    def declare(rule: Callable[..., Applied]) -> Callable[..., Applied]:
        name = rule.__name__.rstrip("_")
        _inits[name] = Layer(rule, f"nn.init.{name}_", {"module": "", "function": f"nn.init.{name}_", "group": "init", **options})
        return rule

    return declare


def lookup_init(name: str) -> Layer | None:
    """Return the declaration of an initial distribution; its value is the weight that it fills."""
    return _inits.get(name)


def init_names() -> list[str]:
    """Return the names of all initial distributions, in order."""
    return sorted(_inits)


def _want_matrix(weight: Tensor, name: str) -> None:
    if len(weight.shape) < 2:
        raise Mismatch(f"{name} wants a weight of two dimensions or more and gets {weight}")


@_init()
def zeros(weight: Tensor, /) -> Applied:
    """Zero everywhere."""
    return Applied(weight)


@_init()
def ones(weight: Tensor, /) -> Applied:
    """One everywhere."""
    return Applied(weight)


@_init()
def constant(weight: Tensor, /, val: float) -> Applied:
    """One number everywhere."""
    return Applied(weight)


@_init()
def normal(weight: Tensor, /, mean: float = 0.0, std: float = 1.0) -> Applied:
    """Normally distributed."""
    if std < 0:
        raise Mismatch(f"std={std} is negative", argument="std")
    return Applied(weight)


@_init()
def trunc_normal(weight: Tensor, /, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Applied:
    """Normally distributed, drawn again outside of `a` to `b`."""
    return normal(weight, mean, std)


@_init()
def uniform(weight: Tensor, /, a: float = 0.0, b: float = 1.0) -> Applied:
    """Evenly distributed from `a` to `b`."""
    if a > b:
        raise Mismatch(f"a={a} is above b={b}", argument="a")
    return Applied(weight)


@_init()
def xavier_normal(weight: Tensor, /, gain: float = 1.0) -> Applied:
    """Normally distributed, scaled by the sizes on both sides (Glorot)."""
    _want_matrix(weight, "xavier_normal")
    return Applied(weight)


@_init()
def xavier_uniform(weight: Tensor, /, gain: float = 1.0) -> Applied:
    """Evenly distributed, scaled by the sizes on both sides (Glorot)."""
    _want_matrix(weight, "xavier_uniform")
    return Applied(weight)


@_init(choices=KAIMING)
def kaiming_normal(weight: Tensor, /, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Applied:
    """Normally distributed, scaled by the size on one side (He)."""
    _want_matrix(weight, "kaiming_normal")
    return Applied(weight)


@_init(choices=KAIMING)
def kaiming_uniform(weight: Tensor, /, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Applied:
    """Evenly distributed, scaled by the size on one side (He)."""
    _want_matrix(weight, "kaiming_uniform")
    return Applied(weight)


@_init()
def orthogonal(weight: Tensor, /, gain: float = 1) -> Applied:
    """A matrix whose rows or columns are at right angles."""
    _want_matrix(weight, "orthogonal")
    return Applied(weight)


@_init()
def eye(weight: Tensor, /) -> Applied:
    """The identity matrix."""
    if len(weight.shape) != 2:
        raise Mismatch(f"eye wants a weight of two dimensions and gets {weight}")
    return Applied(weight)


@_init()
def dirac(weight: Tensor, /, groups: int = 1) -> Applied:
    """Passes as many channels of a convolution on as it can."""
    if len(weight.shape) not in (3, 4, 5):
        raise Mismatch(f"dirac wants the weight of a convolution and gets {weight}")
    first = weight.shape[0]
    if groups < 1 or (isinstance(first, int) and first % groups):
        raise Mismatch(f"groups={groups} does not divide {first}", argument="groups")
    return Applied(weight)


@_init()
def sparse(weight: Tensor, /, sparsity: float, std: float = 0.01) -> Applied:
    """Normally distributed, with a part of each column zero."""
    if len(weight.shape) != 2:
        raise Mismatch(f"sparse wants a weight of two dimensions and gets {weight}")
    if not 0 <= sparsity <= 1:
        raise Mismatch(f"sparsity={sparsity} is not from 0 to 1", argument="sparsity")
    return normal(weight, 0.0, std)
