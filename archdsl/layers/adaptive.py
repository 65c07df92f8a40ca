"""A softmax for very many classes, the rare ones in clusters."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import features
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Shape


@layer("nn.AdaptiveLogSoftmaxWithLoss", infers="in_features", role="loss", yields=("output", "loss"))
def adaptive_log_softmax_with_loss(
    x: Tensor, target: Tensor, /, n_classes: Size, cutoffs: Shape, div_value: float = 4.0, head_bias: bool = False
) -> Applied:
    """The log-probability of each target class, classes beyond each cutoff being in a cluster, and the loss."""
    (wide,) = x.expect("F")
    features(x)
    if target.dtype != "int64" or target.shape:
        raise Mismatch(f"wants a target of classes, int64[], and gets {target}", value=1)
    cuts = [cut for cut in cutoffs if isinstance(cut, int)]
    if isinstance(wide, Dim) or isinstance(n_classes, Dim) or len(cuts) < len(cutoffs):
        raise Mismatch("wants known sizes")
    if not cuts or cuts != sorted(set(cuts)) or cuts[0] <= 0 or cuts[-1] > n_classes - 1:
        raise Mismatch(f"cutoffs={tuple(cuts)} have to rise from above 0 to below n_classes", argument="cutoffs")
    ends = [*cuts, n_classes]
    head = cuts[0] + len(cuts)
    weights: dict[str, tuple[Size, ...]] = {"head.weight": (head, wide)}
    if head_bias:
        weights["head.bias"] = (head,)
    for number in range(len(cuts)):
        inner = int(wide // div_value ** (number + 1))
        weights[f"tail.{number}.0.weight"] = (inner, wide)
        weights[f"tail.{number}.1.weight"] = (ends[number + 1] - ends[number], inner)
    return Applied(x.like(()), Tensor((), x.dtype, batched=False), weights=weights, macs=wide * head, in_features=wide)
