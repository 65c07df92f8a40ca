"""What is measured besides the loss."""

from __future__ import annotations

from archdsl.layers.geometry import same_shape, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size

SCALAR = Tensor((), batched=False)


def _want_classes(logits: Tensor, label: Tensor) -> None:
    if not logits.shape:
        raise Mismatch("wants a score for each class [C, ...] and gets one number for each sample")
    want_floats(logits)
    if label.dtype != "int64" or not same_shape(logits.shape[1:], label.shape):
        raise Mismatch(f"wants a label int64{show_shape(logits.shape[1:])} and gets {label}", value=1)


@layer("", group="metric")
def accuracy(logits: Tensor, label: Tensor, /) -> Applied:
    """The part of the samples whose highest score is the right class's."""
    _want_classes(logits, label)
    return Applied(SCALAR, call="({0}.argmax(1) == {1}).float().mean()")


@layer("", group="metric")
def top_k_accuracy(logits: Tensor, label: Tensor, /, k: Size = 5) -> Applied:
    """The part of the samples whose right class is among the k highest scores."""
    _want_classes(logits, label)
    classes = logits.shape[0]
    if isinstance(classes, int) and isinstance(k, int) and k > classes:
        raise Mismatch(f"k={k} is more than the classes, {classes}", argument="k")
    count = str(k)
    return Applied(SCALAR, call=f"({{0}}.topk({count}, dim=1).indices == {{1}}.unsqueeze(1)).any(1).float().mean()")


MACRO_F1 = '''
def macro_f1(logits, label):
    """Average the F1 score over the classes that occur, each counting the same."""
    classes, found = logits.size(1), logits.argmax(1).flatten()
    label = label.flatten()
    hits = torch.bincount(label[found == label], minlength=classes)
    both = torch.bincount(label, minlength=classes) + torch.bincount(found, minlength=classes)
    return (2 * hits / both.clamp(min=1))[both > 0].mean()
'''


@layer("", function="macro_f1", group="metric", helper=MACRO_F1, helper_imports=("import torch",))
def macro_f1(logits: Tensor, label: Tensor, /) -> Applied:
    """The F1 score averaged over the classes, each counting the same."""
    _want_classes(logits, label)
    return Applied(SCALAR)


def _want_alike(output: Tensor, target: Tensor) -> None:
    want_floats(output)
    if not same_shape(output.shape, target.shape):
        raise Mismatch(f"wants a target {show_shape(output.shape)} and gets {show_shape(target.shape)}", value=1)


@layer("", group="metric")
def binary_accuracy(logits: Tensor, label: Tensor, /) -> Applied:
    """The part of the logits that are on the right side of 0."""
    _want_alike(logits, label)
    return Applied(SCALAR, call="(({0} > 0) == ({1} > 0.5)).float().mean()")


@layer("", group="metric")
def mean_absolute_error(output: Tensor, target: Tensor, /) -> Applied:
    """The size of the difference, averaged."""
    _want_alike(output, target)
    return Applied(SCALAR, call="({0} - {1}).abs().mean()")


@layer("", group="metric")
def mean_squared_error(output: Tensor, target: Tensor, /) -> Applied:
    """The square of the difference, averaged."""
    _want_alike(output, target)
    return Applied(SCALAR, call="({0} - {1}).square().mean()")


@layer("", group="metric")
def perplexity(logits: Tensor, label: Tensor, /) -> Applied:
    """Among how many equally likely classes the model hesitates, by its cross entropy."""
    _want_classes(logits, label)
    return Applied(SCALAR, call="F.cross_entropy({0}, {1}).exp()")


R2_SCORE = '''
def r2_score(output, target):
    """Tell which part of the target's variance the output explains."""
    return 1 - (target - output).square().sum() / (target - target.mean()).square().sum()
'''


@layer("", function="r2_score", group="metric", helper=R2_SCORE)
def r2_score(output: Tensor, target: Tensor, /) -> Applied:
    """The part of the target's variance that the output explains."""
    _want_alike(output, target)
    return Applied(SCALAR)
