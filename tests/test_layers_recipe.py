"""The words of a recipe beside torch: losses, optimizers, schedules, draws, and values that are made."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn, optim
from torch_twin import BATCH, SIZES, agree, alike, called, made, outputs, quick, resolve, shapes, source_of

from archdsl.layers import registry
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Mismatch, Tensor

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


LOSSES = [layer.name for layer in registry.layers() if layer.group == "loss" and layer.torch]
CLASSES = {"cross_entropy", "nll_loss"}
STRANGE = {
    "ctc_loss",
    "linear_cross_entropy",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "cosine_embedding_loss",
    "gaussian_nll_loss",
}


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in CLASSES | STRANGE])
def test_losses_of_like_shapes_agree_with_torch(name) -> None:
    """A loss of values of one shape is a number, or with `reduction="none"` one for each place."""

    @quick
    @given(st.data())
    def check(data) -> None:
        layer = lookup(name)
        count = len(layer.values) - layer.optional_values
        values = data.draw(alike(count, rank=(1, 3), change=False))
        agree(name, values, {"reduction": data.draw(st.sampled_from(["none", "mean", "sum"]))})
        if "target" in layer.numbers:
            agree(name, [*values[:-1], data.draw(st.sampled_from([0, 1, 0.5]))])

    check()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_losses_of_classes_agree_with_torch(name) -> None:
    """A loss of classes takes scores [C, ...] and a class for each place."""

    @quick
    @given(st.data())
    def check(data) -> None:
        shape = tuple(data.draw(st.lists(SIZES, min_size=1, max_size=3)))
        target = data.draw(st.sampled_from([shape[1:]] * 4 + [shape, (*shape[1:], 7)]))
        dtype = data.draw(st.sampled_from(["int64"] * 4 + ["float32"]))
        weight = data.draw(st.sampled_from([None, Tensor((shape[0],), batched=False), Tensor((shape[0] + 1,), batched=False)]))
        values = [Tensor(shape), Tensor(target, dtype)] + ([] if weight is None else [weight])
        layer, arguments = lookup(name), {"reduction": data.draw(st.sampled_from(["none", "mean", "sum"]))}

        def twin():
            return resolve(layer.function)(*[made(value, "cpu") for value in values[:2]], weight=made(weight, "cpu"), **arguments)

        try:
            applied = layer.apply(values, arguments)
        except Mismatch:
            with pytest.raises(Exception):  # noqa: B017, PT011 - torch has no one class of complaint
                twin()
            return
        assert shapes(twin()) == outputs(applied)

    check()


FIXED = {
    "multi_margin_loss": [Tensor((5,)), Tensor((), "int64")],
    "multilabel_margin_loss": [Tensor((5,)), Tensor((5,), "int64")],
    "multilabel_soft_margin_loss": [Tensor((5,)), Tensor((5,))],
    "cosine_embedding_loss": [Tensor((5,)), Tensor((5,)), Tensor(())],
    "gaussian_nll_loss": [Tensor((5,)), Tensor((5,)), Tensor((5,))],
    "ctc_loss": [Tensor((6, 5)), Tensor((3,), "int64"), Tensor((), "int64"), Tensor((), "int64")],
    "linear_cross_entropy": [Tensor((6,)), Tensor((5, 6), batched=False), Tensor((), "int64")],
}


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", FIXED)
def test_losses_of_other_forms_agree_with_torch(name, reduction) -> None:
    """Losses whose values have shapes of their own give torch's."""
    agree(name, FIXED[name], {"reduction": reduction})


@pytest.mark.parametrize("number", [0, 1, 0.9])
def test_a_number_stands_for_a_target(number) -> None:
    """`binary_cross_entropy(output, 1)` compares with ones of the output's shape."""
    layer = lookup("binary_cross_entropy")
    value = Tensor((1, 1, 1))
    applied = layer.apply([value, number], {})
    scope = {"v0": torch.full((3, 1, 1, 1), 0.3), "F": nn.functional, "torch": torch}
    found = eval(source_of(layer, applied, [value, number], {}), scope)
    assert found.item() == pytest.approx(nn.functional.binary_cross_entropy(scope["v0"], torch.full((3, 1, 1, 1), float(number))).item())


OPTIMIZERS = [layer.name for layer in registry.layers() if layer.group == "optimizer"]
SCHEDULES = {
    "step_lr": {"step_size": 2}, "multi_step_lr": {"milestones": (1, 2)}, "constant_lr": {}, "linear_lr": {},
    "exponential_lr": {"gamma": 0.9}, "polynomial_lr": {}, "cosine_annealing_lr": {"T_max": 5}, "cosine_annealing_warm_restarts": {"T_0": 2},
    "cyclic_lr": {"base_lr": 0.1, "max_lr": 0.2}, "one_cycle_lr": {"max_lr": 0.1, "total_steps": 9}, "reduce_lr_on_plateau": {},
}  # fmt: skip
WRONG = [
    {"lr": -1.0},
    {"betas": (1.0, 0.9)},
    {"eps": -1.0},
    {"weight_decay": -1.0},
    {"nesterov": True},
    {"momentum": -0.5},
    {"rho": 2.0},
    {},
]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_optimizers_check_what_torch_checks(name, arguments) -> None:
    """An optimizer is refused with the arguments that torch refuses, and no others."""
    layer = lookup(name)
    if any(layer.argument(key) is None for key in arguments):
        return
    cls = resolve(layer.torch)
    try:
        cls([nn.Parameter(torch.zeros(2, 2))], **arguments)
    except (ValueError, TypeError):
        with pytest.raises(Mismatch):
            layer.apply([], arguments)
    else:
        layer.apply([], arguments)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_torchs(name) -> None:
    """A schedule with its required arguments can be made for an optimizer."""
    lookup(name).apply([], SCHEDULES[name])
    optimizer = optim.SGD([nn.Parameter(torch.zeros(2))], lr=0.1, momentum=0.9)
    resolve(lookup(name).torch)(optimizer, **SCHEDULES[name])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("arange", {"start": 5}), ("arange", {"start": 1, "end": 8, "step": 3}), ("arange", {"start": 8, "end": 1, "step": -2}),
     ("linspace", {"start": 0, "end": 1, "steps": 5}), ("zeros", {"size": (2, 3), "dtype": "int64"}), ("ones", {"size": (4,)}),
     ("full", {"size": (2, 3), "fill_value": 7.0}), ("eye", {"n": 3}), ("eye", {"n": 3, "m": 4})],
)  # fmt: skip
def test_made_values_are_torchs(name, arguments) -> None:
    """What a call makes has the shape and the dtype that the rule says."""
    layer = lookup(name)
    applied = layer.apply([], arguments)
    assert shapes(called(layer, applied, [], arguments)) == outputs(applied)


@pytest.mark.parametrize("shape", [(), (4,), (1, 2, 3)])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("normal", {}), ("normal", {"mean": 1.0, "std": 2.0}), ("uniform", {"low": -1, "high": 1}), ("randint", {"low": 3, "high": 9}),
     ("randint", {"low": 5}), ("bernoulli", {"p": 0.25})],
)  # fmt: skip
def test_draws_have_the_batch_in_front(name, arguments, shape) -> None:
    """A draw is one value of its shape for each sample, within its bounds."""
    layer = lookup(name)
    applied = layer.apply([], arguments | {"shape": shape})
    written = {key: repr(value) for key, value in arguments.items()} | {"shape": str(list(shape))}
    found = eval(layer.write(["len(x)", "x.device"], written), {"torch": torch, "x": torch.zeros(BATCH)})
    assert shapes(found) == outputs(applied)
    if name == "randint":
        assert found.min() >= arguments.get("low", 0) * ("high" in arguments)
        assert found.max() < arguments.get("high", arguments["low"] if "high" not in arguments else 9)
