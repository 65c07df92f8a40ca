"""Losses of pairs, of several labels, and of sequences."""

from __future__ import annotations

from archdsl.layers.broadcasting import broadcast
from archdsl.layers.geometry import same, same_shape, want_floats, want_integers, want_rank
from archdsl.layers.losses import REDUCTION, as_target, reduce, want_class_weight
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import Layer, Probability
    from archdsl.layers.losses import Target

NUMBER = ("target",)


def _pair(input1: Tensor, input2: Tensor, target: Target, form: Tensor, reduction: str) -> Applied:
    """Return the loss of two values, whose target is one number for each place of a form."""
    goal, prepare = as_target(target, form, 2)
    if not same_shape(goal.shape, form.shape):
        raise Mismatch(f"wants a target {show_shape(form.shape)} and gets {show_shape(goal.shape)}", value=2)
    return reduce(broadcast(form, goal).replace(dtype=input1.dtype), reduction, prepare)


@layer("F.margin_ranking_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Target, /, margin: float = 0, reduction: str = "mean") -> Applied:
    """What one score lacks to be above another, where the target is 1; below it, where it is -1."""
    want_floats(input1, input2)
    if not same_shape(input1.shape, input2.shape):
        raise Mismatch(f"wants two scores of one shape and gets {show_shape(input1.shape)} and {show_shape(input2.shape)}", value=1)
    return _pair(input1, input2, target, input1, reduction)


@layer("F.cosine_embedding_loss", group="loss", role="loss", choices=REDUCTION, numbers=NUMBER, positional=0)
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Target, /, margin: float = 0, reduction: str = "mean") -> Applied:
    """How far two vectors [F] are from one direction, where the target is 1; how near to it, where it is -1."""
    (wide,), (other,) = input1.expect("F"), input2.expect("F")
    want_floats(input1, input2)
    if not same(wide, other):
        raise Mismatch(f"wants two vectors of one size and gets {wide} and {other}", value=1)
    form = input1.like(())
    if not isinstance(target, Tensor):
        applied = reduce(form, reduction)
        applied.prepare = {2: "torch.full_like({0}[:, 0], {2})"}
        return applied
    return _pair(input1, input2, target, form, reduction)


@layer("F.triplet_margin_loss", group="loss", role="loss", choices=REDUCTION, positional=0)
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, /, margin: float = 1.0, p: float = 2, eps: float = 1e-06,
    swap: bool = False, reduction: str = "mean",
) -> Applied:  # fmt: skip
    """What an anchor lacks to be nearer to one vector than to another, by a margin."""
    want_floats(anchor, positive, negative)
    if margin <= 0:
        raise Mismatch(f"margin={margin} has to be positive", argument="margin")
    both = broadcast(anchor, positive, negative)
    if not both.shape:
        raise Mismatch("wants vectors [..., F] and gets numbers")
    return reduce(both.like(both.shape[:-1]), reduction)


@layer("F.triplet_margin_with_distance_loss", group="loss", role="loss", choices=REDUCTION, positional=0)
def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, /, *, margin: float = 1.0, swap: bool = False,
    reduction: str = "mean",
) -> Applied:  # fmt: skip
    """As `triplet_margin_loss`, by the distance of `pairwise_distance`."""
    return triplet_margin_loss(anchor, positive, negative, margin, reduction=reduction)


def _want_labels(input: Tensor, target: Tensor, dtype: str) -> None:
    want_rank(input, ("C",))
    want_floats(input)
    if not same_shape(input.shape, target.shape):
        raise Mismatch(f"wants a target {show_shape(input.shape)} and gets {show_shape(target.shape)}", value=1)
    if dtype and target.dtype != dtype:
        raise Mismatch(f"wants a target of {dtype} and gets {target.dtype}", value=1)


@layer("F.multilabel_margin_loss", group="loss", role="loss", choices=REDUCTION, positional=0)
def multilabel_margin_loss(input: Tensor, target: Tensor, /, reduction: str = "mean") -> Applied:
    """What the scores [C] of the right classes lack to be above the others; the target lists them, then -1."""
    _want_labels(input, target, "int64")
    return reduce(input.like(()), reduction)


@layer("F.multilabel_soft_margin_loss", group="loss", role="loss", choices=REDUCTION, optional_values=1, positional=0)
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None, /, reduction: str = "mean") -> Applied:
    """The logistic loss of each class, averaged over them; the target is 0 or 1 for each."""
    if not input.shape or not same_shape(input.shape, target.shape):
        raise Mismatch(f"wants a target {show_shape(input.shape)} and gets {show_shape(target.shape)}", value=1)
    want_floats(input)
    return reduce(input.like(input.shape[:-1]), reduction)


@layer("F.multi_margin_loss", group="loss", role="loss", choices=REDUCTION, optional_values=1, positional=0)
def multi_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None, /, p: int = 1, margin: float = 1.0, reduction: str = "mean"
) -> Applied:
    """What the score of the right class lacks to be above the others [C], by a margin."""
    (classes,) = input.expect("C")
    want_floats(input)
    if target.dtype != "int64" or target.shape:
        raise Mismatch(f"wants a target of classes, int64[], and gets {target}", value=1)
    if p not in (1, 2):
        raise Mismatch(f"p wants 1 or 2 and gets {p}", argument="p")
    want_class_weight(weight, classes)
    return reduce(input.like(()), reduction)


@layer("F.ctc_loss", group="loss", role="loss", choices=REDUCTION, positional=0)
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, /, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Applied:  # fmt: skip
    """How unlikely a sequence of labels [S] is under log-probabilities [T, C], wherever in time they fall."""
    _, classes = log_probs.expect("T", "C")
    want_floats(log_probs)
    targets.expect("S")
    for index, tensor in enumerate((targets, input_lengths, target_lengths), 1):
        want_integers(tensor, "whole numbers", index)
        if index > 1 and tensor.shape:
            raise Mismatch(f"wants one length for each sample and gets {tensor}", value=index)
    if isinstance(classes, int) and not 0 <= blank < classes:
        raise Mismatch(f"blank={blank} is none of the {classes} classes", argument="blank")
    return reduce(log_probs.like(()), reduction, {0: "{0}.transpose(0, 1)"})


@layer("F.linear_cross_entropy", group="loss", role="loss", choices=REDUCTION, positional=0, logits=True)
def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, /, *, reduction: str = "mean",
    ignore_index: int | None = None, label_smoothing: Probability = 0.0,
) -> Applied:  # fmt: skip
    """`cross_entropy` of `linear`, computed in one go without holding the logits; the weight is [C, F]."""
    *before, wide = input.expect("...", "F")
    classes, entering = linear_weight.expect("C", "F")
    want_floats(input, linear_weight)
    if not same(wide, entering):
        raise Mismatch(f"wants a weight for {wide} features and gets {entering}", value=1)
    if target.dtype != "int64" or not same_shape(before, target.shape):
        raise Mismatch(f"wants a target int64{show_shape(before)} of {classes} classes and gets {target}", value=2)
    return reduce(input.like(before), reduction)


GRADIENT_PENALTY = '''
def gradient_penalty(critic, real, fake, target=1.0):
    """How far the critic's gradient, somewhere between real and fake, is from having a given length."""
    mix = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    between = (mix * real + (1 - mix) * fake).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - target).square().mean()
'''


@layer("", group="loss", role="loss", helper=GRADIENT_PENALTY, helper_imports=("import torch",))
def gradient_penalty(real: Tensor, fake: Tensor, /, critic: Layer, target: float = 1.0) -> Applied:
    """How far a critic's gradient, somewhere between real and fake, is from having a given length."""
    want_floats(real, fake)
    if not same_shape(real.shape, fake.shape):
        raise Mismatch(f"wants real and fake of one shape and gets {show_shape(real.shape)} and {show_shape(fake.shape)}", value=1)
    rest = "" if target == 1.0 else ", {target}"
    return Applied(Tensor((), real.dtype, batched=False), call="gradient_penalty({critic}, {0}, {1}" + rest + ")")


GAUSSIAN_KL = '''
def gaussian_kl(mean, logvar):
    """How far a normal distribution is from the standard one: summed over the code, averaged over the batch."""
    return -0.5 * (1 + logvar - mean.square() - logvar.exp()).flatten(1).sum(1).mean()
'''


@layer("", name="gaussian_kl", function="gaussian_kl", group="loss", role="loss", helper=GAUSSIAN_KL)
def gaussian_kl(mean: Tensor, logvar: Tensor, /) -> Applied:
    """How far a normal distribution is from the standard one: summed over the code, averaged over the batch."""
    want_floats(mean, logvar)
    if not same_shape(mean.shape, logvar.shape):
        raise Mismatch(f"wants a mean and a logvar of one shape and gets {show_shape(mean.shape)} and {show_shape(logvar.shape)}", value=1)
    return Applied(Tensor((), mean.dtype, batched=False))
