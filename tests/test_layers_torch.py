"""The registry beside torch: the same names, arguments and defaults, and nothing left out."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn, optim
from torch_twin import resolve

from archdsl.layers import registry
from archdsl.layers.inits import init_names, lookup_init
from archdsl.layers.registry import REQUIRED

ALL = list(registry.layers())
DROPPED = {"device", "dtype", "_random_samples", "optimizer", "params", "args", "kwargs"}
LEFT_OUT = {
    "transformer": {"custom_encoder", "custom_decoder"},  # Python objects
    "cyclic_lr": {"scale_fn"},  # a Python function
    "hardtanh": {"min_value", "max_value"},  # torch deprecates them
    "embedding": {"_weight", "_freeze"},  # tensors; `tie` and `init` set weights
    "embedding_bag": {"_weight"},
}
OTHER_DEFAULT = {
    ("transformer_encoder_layer", "activation"): "torch's is the function F.relu, which 'relu' names",
    ("transformer_decoder_layer", "activation"): "torch's is the function F.relu, which 'relu' names",
    ("transformer", "activation"): "torch's is the function F.relu, which 'relu' names",
}
HIDDEN = {
    nn.RNN: "num_layers=1, nonlinearity='tanh', bias=True, dropout=0.0, bidirectional=False",
    nn.LSTM: "num_layers=1, bias=True, dropout=0.0, bidirectional=False, proj_size=0",
    nn.GRU: "num_layers=1, bias=True, dropout=0.0, bidirectional=False",
}
"""Classes whose signature is `*args, **kwargs`: what their documentation says."""

LAZY = "the shape is inferred when compiled"
NO_LAYER = "holds modules or parameters, and is a form of the language"
NOT_DECLARED = {
    **{name: LAZY for name in dir(nn) if name.startswith("Lazy")},
    **dict.fromkeys(("Module", "Sequential", "ModuleList", "ModuleDict", "Container", "ParameterList", "ParameterDict"), NO_LAYER),
    **dict.fromkeys(("Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"), "a tensor: `parameter`, `buffer`"),
    "RNNBase": "the base of rnn, lstm and gru",
    "RNNCellBase": "the base of the cells",
    "DataParallel": "how a run is spread over devices is not the network's affair",
    "NLLLoss2d": "torch deprecates it in favour of nll_loss",
    "LinearCrossEntropyLoss": "owns a weight that a network's last `linear` owns; linear_cross_entropy takes that one",
    "LinearCrossEntropyOptions": "options of LinearCrossEntropyLoss",
}
LOSS_OF = {
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "L1Loss": "l1_loss",
    "MSELoss": "mse_loss",
    "HuberLoss": "huber_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "PoissonNLLLoss": "poisson_nll_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
    "CTCLoss": "ctc_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "TripletMarginWithDistanceLoss": "triplet_margin_with_distance_loss",
}
NO_SCHEDULE = {
    "LRScheduler": "the base of all",
    "LambdaLR": "takes a Python function",
    "MultiplicativeLR": "takes a Python function",
}


def own(layer) -> list[tuple[str, object]]:
    """Return what an author may write of torch's own arguments, in order, with defaults."""
    return [
        (argument.name, None if argument.default is REQUIRED else argument.default, argument.default is REQUIRED)
        for argument in layer.arguments
        if argument.name not in layer.forward and argument.name not in layer.infers
    ]


def theirs(layer, function) -> list[tuple[str, object]]:
    """Return the same of torch's signature."""
    skipped = DROPPED | LEFT_OUT.get(layer.name, set()) | set(layer.infers) | set(layer.fixed)
    return [
        (name, None if parameter.default is parameter.empty else parameter.default, parameter.default is parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in skipped
    ]


def same_default(layer, mine, other) -> bool:
    """Whether two arguments agree, or their difference is listed."""
    return mine == other or (mine[0] == other[0] and (layer.name, mine[0]) in OTHER_DEFAULT)


CLASSES = [layer for layer in ALL if layer.torch.startswith(("nn.", "optim.")) and layer.group != "form"]


@pytest.mark.parametrize("layer", CLASSES, ids=lambda layer: layer.name)
def test_arguments_are_torchs(layer) -> None:
    """Names, order and defaults are those of torch's class, minus what inference supplies."""
    cls = resolve(layer.torch)
    if cls in HIDDEN:
        expected = eval(f"inspect.signature(lambda {HIDDEN[cls]}: 0)").parameters
        mine = [(name, default) for name, default, _ in own(layer)]
        assert mine == [("hidden_size", None), *[(name, parameter.default) for name, parameter in expected.items()]]
        return
    expected = theirs(layer, cls)
    found = own(layer)
    assert [name for name, *_ in found] == [name for name, *_ in expected]
    assert all(same_default(layer, a, b) for a, b in zip(found, expected, strict=True)), (found, expected)


LOSSES = [layer for layer in ALL if layer.group == "loss" and layer.torch]
OLD = {"size_average", "reduce"}


@pytest.mark.parametrize("layer", LOSSES, ids=lambda layer: layer.name)
def test_losses_have_torchs_arguments(layer) -> None:
    """A loss has the values and the arguments of torch's function, minus those that torch deprecates."""
    found = {name: default for name, default, _ in own(layer)}
    parameters = inspect.signature(resolve(layer.torch)).parameters
    absent = {"mse_loss": {"weight"}, "l1_loss": {"weight"}, "huber_loss": {"weight"}, "kl_div": set()}.get(layer.name, set())
    absent = absent | {"distance_function"} | ({"linear_bias", "weight", "options"} if layer.name == "linear_cross_entropy" else set())
    expected = {name: p.default for name, p in parameters.items() if name not in OLD | absent | set(layer.values)}
    assert found == expected
    assert set(layer.values) <= set(parameters)


@pytest.mark.parametrize("name", init_names())
def test_inits_have_torchs_arguments(name) -> None:
    """An initial distribution has the arguments of `torch.nn.init`, with their order and defaults."""
    layer = lookup_init(name)
    found = [(argument, default) for argument, default, _ in own(layer)]
    parameters = list(inspect.signature(resolve(layer.function)).parameters.values())[1:]
    assert found == [(p.name, None if p.default is p.empty else p.default) for p in parameters if p.name != "generator"]


def test_every_init_of_torch_is_declared() -> None:
    """No function of `torch.nn.init` that fills a weight is missing."""
    torchs = {name[:-1] for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert torchs == set(init_names())


def test_every_class_of_nn_is_declared() -> None:
    """Each public class of `torch.nn` is in the registry, or listed here with a reason."""
    declared = {layer.torch.removeprefix("nn.") for layer in ALL if layer.torch.startswith("nn.")}
    losses = {cls for cls, name in LOSS_OF.items() if registry.lookup(name) is not None}
    classes = {name for name in dir(nn) if isinstance(getattr(nn, name), type)}
    assert classes - declared - losses - set(NOT_DECLARED) == set()


def test_every_loss_of_functional_is_declared() -> None:
    """Each loss of `torch.nn.functional` is in the registry under its own name."""
    named = {name for name in dir(nn.functional) if name.endswith("_loss") and not name.startswith("_")}
    named |= {"kl_div", "cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "linear_cross_entropy"}
    assert {name for name in named if registry.lookup(name) is None} == set()


def test_every_optimizer_is_declared() -> None:
    """Each optimizer of `torch.optim` is in the registry."""
    declared = {layer.torch.removeprefix("optim.") for layer in ALL if layer.group == "optimizer"}
    classes = {name for name, cls in vars(optim).items() if isinstance(cls, type) and issubclass(cls, optim.Optimizer)}
    assert classes - {"Optimizer"} == declared


def test_every_schedule_is_declared() -> None:
    """Each schedule of `torch.optim.lr_scheduler` is in the registry, or listed here with a reason."""
    module = optim.lr_scheduler
    classes = {n for n, c in vars(module).items() if isinstance(c, type) and issubclass(c, module.LRScheduler) and not n.startswith("_")}
    declared = {layer.torch.rpartition(".")[2] for layer in ALL if layer.group == "schedule"}
    assert classes - declared - set(NO_SCHEDULE) == set()


FUNCTIONS = [layer for layer in ALL if layer.torch and layer.function and layer.group in ("layer", "loss")]


@pytest.mark.parametrize("layer", FUNCTIONS, ids=lambda layer: layer.name)
def test_function_forms_exist(layer) -> None:
    """What a layer is called as on values is a function of torch, or a method of its tensors."""
    if layer.function.startswith("."):
        assert callable(getattr(torch.Tensor, layer.function[1:]))
    else:
        assert callable(resolve(layer.function))


def names_of(path: str) -> list[str]:
    """Return the names of a function's arguments; none where torch does not tell them."""
    try:
        names = list(inspect.signature(resolve(path)).parameters)
    except ValueError:
        return []
    return [] if names == ["args", "kwargs"] else names


TOLD = [layer for layer in FUNCTIONS if layer.module and layer.function.startswith("F.") and names_of(layer.function)]


@pytest.mark.parametrize("layer", TOLD, ids=lambda layer: layer.name)
def test_positional_arguments_mean_the_same_in_the_function_form(layer) -> None:
    """As many arguments as `positional` says stand in the same order in module and function."""
    mine = [argument.name for argument in layer.arguments][: layer.positional]
    assert names_of(layer.function)[len(layer.values) : len(layer.values) + len(mine)] == mine
