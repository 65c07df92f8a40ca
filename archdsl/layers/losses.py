"""Losses: how far an output is from its target. `reduction` makes one number of them."""

from __future__ import annotations

from archdsl.layers.geometry import same, same_shape, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Probability

    Target = Tensor | float

REDUCTION = {"reduction": ("none", "mean", "sum")}
NUMBER = ("target",)


def reduce(x: Tensor, reduction: str, prepare: dict[int, str] | None = None) -> Applied:
    """Return a loss for each place, or one number."""
    return Applied(x if reduction == "none" else Tensor((), x.dtype, batched=False), prepare=prepare)


def as_target(value: Target, like: Tensor, index: int = 1) -> tuple[Tensor, dict[int, str]]:
    """Return a target as a tensor, and how a plain number is written as one like the first value."""
    if isinstance(value, Tensor):
        return value, {}
    made = {0.0: "torch.zeros_like({0})", 1.0: "torch.ones_like({0})"}.get(float(value), f"torch.full_like({{0}}, {{{index}}})")
    return like, {index: made}


def pointwise(x: Tensor, target: Target, reduction: str, *, floats: bool = True) -> Applied:
    """Return the loss of an output and a target of its shape. Raises Mismatch where the shapes differ."""
    want_floats(x)
    goal, prepare = as_target(target, x)
    if floats and goal.dtype not in ("float16", "bfloat16", "float32", "float64"):
        if goal.dtype != "bool":
            raise Mismatch(f"wants a target of floats and gets {goal.dtype}", value=1, suggestion='to("float32") makes floats of it.')
        prepare = {1: "{1}.float()"}
    if not same_shape(x.shape, goal.shape) or x.batched != goal.batched:
        raise Mismatch(
            f"wants a target of the output's shape {show_shape(x.shape, x.batched)} and gets {show_shape(goal.shape, goal.batched)}",
            value=1,
        )
    return reduce(x, reduction, prepare)


@layer("F.mse_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def mse_loss(input: Tensor, target: Target, /, reduction: str = "mean") -> Applied:
    """The square of the difference."""
    return pointwise(input, target, reduction)


@layer("F.binary_cross_entropy", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, optional_values=1, positional=0)
def binary_cross_entropy(input: Tensor, target: Target, weight: Tensor | None, /, reduction: str = "mean") -> Applied:
    """How unlikely a target of 0 or 1 is under a probability."""
    return pointwise(input, target, reduction)


@layer(
    "F.binary_cross_entropy_with_logits", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER,
    optional_values=2, positional=0, logits=True,
)  # fmt: skip
def binary_cross_entropy_with_logits(
    input: Tensor, target: Target, weight: Tensor | None, pos_weight: Tensor | None, /, reduction: str = "mean"
) -> Applied:
    """How unlikely a target of 0 or 1 is under the sigmoid of a logit."""
    return pointwise(input, target, reduction)


def _want_classes(x: Tensor, target: Tensor) -> Tensor:
    """Return the shape of a loss for each place: that of the target, which is the input's without classes."""
    if not x.shape:
        raise Mismatch("wants a score for each class [C, ...] and gets one number for each sample")
    want_floats(x)
    if target.dtype != "int64":
        raise Mismatch(f"wants a target of classes, int64, and gets {target.dtype}", value=1)
    if not same_shape(x.shape[1:], target.shape) or x.batched != target.batched:
        raise Mismatch(
            f"wants a target {show_shape(x.shape[1:], x.batched)} for scores {show_shape(x.shape, x.batched)} "
            f"and gets {show_shape(target.shape, target.batched)}",
            value=1,
            suggestion=_classes_hint(x, target),
        )
    return Tensor(target.shape, x.dtype, target.batched)


def _classes_hint(x: Tensor, target: Tensor) -> str:
    last = len(x.shape) > 1 and same_shape(x.shape[:-1], target.shape)
    return "The classes come first: transpose(1, -1) brings them there." if last else ""


def _class_number(x: Tensor, target: Target) -> tuple[Tensor, dict[int, str]]:
    """A plain number is one class for every place."""
    if isinstance(target, Tensor):
        return target, {}
    if not isinstance(target, int):
        raise Mismatch(f"wants a target of classes and gets {target}", value=1)
    return Tensor(x.shape[1:], "int64", x.batched), {1: "torch.full_like({0}[:, 0], {1}, dtype=torch.int64)"}


def want_class_weight(weight: Tensor | tuple[float, ...] | None, classes: Size) -> None:
    """Raise Mismatch where there is not a weight for each class."""
    if weight is None:
        return
    shape = weight.shape if isinstance(weight, Tensor) else (len(weight),)
    if len(shape) != 1 or not same(shape[0], classes):
        raise Mismatch(f"wants a weight for each of {classes} classes and gets {show_shape(shape)}", value=2)


@layer("F.cross_entropy", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, optional_values=1, positional=0, logits=True)
def cross_entropy(
    input: Tensor, target: Target, weight: Tensor | None, /, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: Probability = 0.0,
) -> Applied:  # fmt: skip
    """How unlikely the target class is under the softmax of the logits [C, ...]."""
    goal, prepare = _class_number(input, target)
    want_class_weight(weight, input.shape[0] if input.shape else 1)
    if input.shape and goal.dtype in ("float32", "float64") and same_shape(input.shape, goal.shape):
        want_floats(input)
        return reduce(Tensor(input.shape[1:], input.dtype, input.batched), reduction)
    return reduce(_want_classes(input, goal), reduction, prepare)


@layer("F.nll_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, optional_values=1, positional=0)
def nll_loss(input: Tensor, target: Target, weight: Tensor | None, /, ignore_index: int = -100, reduction: str = "mean") -> Applied:
    """How unlikely the target class is under log-probabilities [C, ...], as `log_softmax` gives them."""
    goal, prepare = _class_number(input, target)
    want_class_weight(weight, input.shape[0] if input.shape else 1)
    return reduce(_want_classes(input, goal), reduction, prepare)


@layer("F.l1_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def l1_loss(input: Tensor, target: Target, /, reduction: str = "mean") -> Applied:
    """The size of the difference."""
    return pointwise(input, target, reduction)


@layer("F.smooth_l1_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def smooth_l1_loss(input: Tensor, target: Target, /, reduction: str = "mean", beta: float = 1.0) -> Applied:
    """The square of small differences and the size of large ones, with slope 1 there."""
    if beta < 0:
        raise Mismatch(f"beta={beta} is negative", argument="beta")
    return pointwise(input, target, reduction)


@layer("F.huber_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def huber_loss(input: Tensor, target: Target, /, reduction: str = "mean", delta: float = 1.0) -> Applied:
    """The square of small differences and the size of large ones, with slope `delta` there."""
    if delta <= 0:
        raise Mismatch(f"delta={delta} has to be positive", argument="delta")
    return pointwise(input, target, reduction)


@layer(
    "F.kl_div", group="loss", role="loss", numbers=NUMBER, positional=0,
    choices={"reduction": ("none", "batchmean", "mean", "sum")},
)  # fmt: skip
def kl_div(input: Tensor, target: Target, /, reduction: str = "mean", log_target: bool = False) -> Applied:
    """How far log-probabilities are from the target's probabilities, by Kullback and Leibler."""
    return pointwise(input, target, reduction)


@layer("F.poisson_nll_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def poisson_nll_loss(
    input: Tensor, target: Target, /, log_input: bool = True, full: bool = False, eps: float = 1e-08,
    reduction: str = "mean",
) -> Applied:  # fmt: skip
    """How unlikely a count is under a Poisson distribution, of which the logarithm of the mean is given."""
    return pointwise(input, target, reduction, floats=False)


@layer("F.gaussian_nll_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def gaussian_nll_loss(
    input: Tensor, target: Target, var: Tensor, /, full: bool = False, eps: float = 1e-06, reduction: str = "mean"
) -> Applied:
    """How unlikely a target is under a normal distribution with a mean and a variance."""
    applied = pointwise(input, target, reduction)
    if not (same_shape(var.shape, input.shape) or same_shape(var.shape, (*input.shape[:-1], 1)) or same_shape(var.shape, input.shape[:-1])):
        raise Mismatch(f"wants a variance {show_shape(input.shape)} and gets {show_shape(var.shape)}", value=2)
    if eps <= 0:
        raise Mismatch(f"eps={eps} has to be positive", argument="eps")
    return applied


@layer("F.soft_margin_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def soft_margin_loss(input: Tensor, target: Target, /, reduction: str = "mean") -> Applied:
    """The logistic loss of a score whose target is 1 or -1."""
    return pointwise(input, target, reduction, floats=False)


@layer("F.hinge_embedding_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def hinge_embedding_loss(input: Tensor, target: Target, /, margin: float = 1.0, reduction: str = "mean") -> Applied:
    """A distance where the target is 1; where it is -1, what it lacks to a margin."""
    return pointwise(input, target, reduction, floats=False)
