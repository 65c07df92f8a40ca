"""Shapes, weights and argument checks of every layer beside torch's, over random inputs and arguments."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch_twin import called, made, module_of, outputs, shapes, source_of

from archdsl.layers import registry
from archdsl.layers.registry import REQUIRED
from archdsl.layers.tensor import Mismatch, Tensor

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

SPACE = {"1d": 1, "2d": 2, "3d": 3}
KINDS = {
    "Size": st.integers(1, 6),
    "Pads": st.integers(0, 3),
    "Probability": st.sampled_from([0.0, 0.25, 0.5]),
    "int": st.integers(-3, 4),
    "float": st.sampled_from([0.5, 1.0, 2.0]),
    "bool": st.booleans(),
    "None": st.none(),
    "DType": st.sampled_from(["float32", "float64", "int64", "bool"]),
    "Ratios": st.sampled_from([0.5, 1.5, 2, 3.0]),
    "Dims": st.integers(-4, 3) | st.lists(st.integers(-3, 3), min_size=1, max_size=2).map(tuple),
    "Shape": st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    "SizeOrShape": st.integers(1, 6) | st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
}
"""How an argument of a kind is drawn, where its dimensions do not matter."""


def several(one: st.SearchStrategy, dimensions: int, wrong: bool = True) -> st.SearchStrategy:
    """One number for all dimensions, or one for each; now and then too many."""
    counts = [dimensions] * 6 + ([dimensions + 1] if wrong else [])
    return one | st.sampled_from(counts).flatmap(lambda count: st.tuples(*[one] * count))


def argument_of(argument, dimensions: int) -> st.SearchStrategy:
    """Return a strategy for an argument of a layer over so many dimensions of space."""
    if argument.choices:
        options = st.sampled_from(argument.choices)
        others = [kind for kind in argument.kind.split(" | ") if kind != "str"]
        return options if not others else options | st.one_of([of_kind(kind, dimensions) for kind in others])
    return st.one_of([of_kind(kind, dimensions) for kind in argument.kind.split(" | ")])


def of_kind(kind: str, dimensions: int) -> st.SearchStrategy:
    """Return a strategy for a kind of argument."""
    if kind == "Sizes":
        return several(st.integers(1, 4), dimensions)
    if kind == "SizesOrNone":
        return several(st.integers(1, 4) | st.none(), dimensions)
    if kind == "Pads":
        return several(st.integers(0, 2), dimensions, wrong=False)
    if kind == "Ratios":
        return several(KINDS["Ratios"], dimensions)
    if kind == "Spread":
        return st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=2 * dimensions, max_size=2 * dimensions).map(tuple)
    return KINDS[kind]


def a_dim(value) -> st.SearchStrategy:
    """A dimension that mostly is one of the sample's."""
    inside = [*range(1, value.rank), *range(1 - value.rank, 0)]
    return st.sampled_from(inside * 4 + [value.rank + 1]) if inside else st.integers(-2, 2)


shapes_with_open = st.sampled_from([(-1,), (-1, 2), (2, -1), (1, -1), (3, -1, 1), (-1, -1)])
SHAPED = ("reshape", "view", "expand")
FITTING = {
    ("unflatten", "dim"): a_dim,
    ("unflatten", "unflattened_size"): lambda value: shapes_with_open | st.sampled_from([(size, 1) for size in value.shape] or [(1,)]),
    ("split", "split_size_or_sections"): lambda value: st.integers(1, 4) | st.sampled_from([(size - 1, 1) for size in value.shape] or [1]),
    ("upsample", "mode"): lambda _: st.sampled_from(["nearest", "bilinear", "area", "linear"]),
    ("flip", "dims"): lambda value: st.lists(a_dim(value), min_size=1, max_size=2).map(tuple),
    **{
        (name, "dim"): a_dim
        for name in ("split", "chunk", "softmax", "log_softmax", "softmin", "topk", "sort", "glu", "cumsum", "unbind", "narrow")
    },
    **{(name, "dims"): a_dim for name in ("roll",)},
    **{("transpose", name): a_dim for name in ("dim0", "dim1")},
    **{("diagonal", name): a_dim for name in ("dim1", "dim2")},
    **{("movedim", name): a_dim for name in ("source", "destination")},
}
"""Arguments that would hardly ever fit the value by chance."""


@st.composite
def arguments_of(draw, layer, value, dimensions: int = 2):
    """Draw arguments for a layer over a value: the required ones, and some of the others."""
    given_arguments = {}
    for argument in layer.arguments:
        if (layer.name, argument.name) in FITTING:
            given_arguments[argument.name] = draw(FITTING[layer.name, argument.name](value))
        elif argument.variadic and layer.name == "permute":
            given_arguments[argument.name] = (0, *draw(st.permutations(range(1, value.rank))))
        elif argument.variadic and layer.name in SHAPED:
            given_arguments[argument.name] = draw(
                st.just(value.shape or (1,)) | st.permutations(value.shape or (1, 1)).map(tuple) | shapes_with_open
            )
        elif argument.variadic:
            given_arguments[argument.name] = tuple(draw(st.lists(st.integers(-3, 4), min_size=1, max_size=4)))
        elif argument.name in layer.infers or argument.name in SKIPPED.get(layer.name, ()):
            continue
        elif argument.default is REQUIRED or draw(st.integers(0, 2)) == 0:
            given_arguments[argument.name] = draw(argument_of(argument, dimensions))
    return given_arguments


SKIPPED = {
    "multihead_attention": ("kdim", "vdim", "is_causal"),
    "sync_batch_norm": ("process_group",),
    "embedding": ("max_norm", "sparse"),
    "embedding_bag": ("max_norm", "sparse", "include_last_offset"),
    "transformer_encoder_layer": ("is_causal",),
    "transformer_decoder_layer": ("tgt_is_causal",),
    "transformer": ("tgt_is_causal",),
}
"""Arguments that concern the values alone, and no shape."""


@st.composite
def tensor(draw, rank=None, dtype="float32", most=8):
    """Draw a value with a batch, of floats or of whole numbers."""
    count = draw(st.integers(0, 4)) if rank is None else rank
    return Tensor(tuple(draw(st.lists(st.integers(1, most), min_size=count, max_size=count))), dtype)


def near(rank: int) -> st.SearchStrategy:
    """A value that mostly has the rank that a layer wants."""
    return st.sampled_from([rank] * 8 + [rank - 1, rank + 1]).flatmap(lambda count: tensor(max(count, 0)))


def space_of(layer) -> int:
    """Return over how many dimensions of space a layer works, by its name."""
    return next((count for suffix, count in SPACE.items() if layer.name.endswith(suffix)), 2)


def both_ways(layer, values, arguments, twin) -> None:
    """Hold a layer's rule to torch: both refuse, or both give the same shapes."""
    try:
        applied = layer.apply(values, arguments)
    except Mismatch as mismatch:
        refused = mismatch
    else:
        refused = None
    if refused is not None:
        assume(not any(phrase in refused.message for phrase in STRICTER))
        with pytest.raises(Exception) as error:  # noqa: PT011 - torch has no one class of complaint
            twin(None)
        assert not isinstance(error.value, NameError | AttributeError)
        return
    found = twin(applied)
    assert shapes(found) == outputs(applied), source_or_name(layer, applied, values, arguments)


def source_or_name(layer, applied, values, arguments) -> str:
    """Say what was called, for a failing test."""
    return f"{layer.name} {[str(value) for value in values]} {arguments}"


STRICTER = {
    "is the batch": "torch does not know which dimension is the batch",
    "keepdim wants a dim": "torch keeps the batch as 1",
    "one number for each sample": "torch refuses it only where something can be dropped",
    "leaves nothing": "torch goes on with nothing",
}
"""What a rule says where torch would go on, and why."""

MODULES = [
    layer
    for layer in registry.layers()
    if layer.module.startswith("nn.")
    and layer.group == "layer"
    and len(layer.values) - layer.optional_values == 1
    and layer.name not in ("transformer_encoder", "embedding", "embedding_bag", "transformer_encoder_layer", "cross_map_lrn2d")
]
RANKS = {
    "linear": 2, "rnn": 2, "lstm": 2, "gru": 2, "rnn_cell": 1, "lstm_cell": 1, "gru_cell": 1, "multihead_attention": 2,
    "fold": 2, "unfold": 3, "upsample": 3, "pixel_shuffle": 3, "pixel_unshuffle": 3, "channel_shuffle": 3, "group_norm": 3,
    "local_response_norm": 3, "unflatten": 2,
}  # fmt: skip
ONLY = {
    # torch reads another rank as a value without a batch, or warns where we refuse.
    "rnn", "lstm", "gru", "rnn_cell", "lstm_cell", "gru_cell", "multihead_attention", "dropout1d", "dropout2d", "dropout3d",
    "softmax2d", "pixel_shuffle", "pixel_unshuffle", "fold", "unfold", "local_response_norm", "channel_shuffle",
}  # fmt: skip


def input_of(layer) -> st.SearchStrategy:
    """Return a strategy for the value that a layer takes."""
    for suffix, count in SPACE.items():
        if layer.name.endswith(suffix):
            return tensor(count + 1) if layer.name in ONLY or layer.name.endswith(ONLY_FULL) else near(count + 1)
    if layer.name in RANKS:
        return tensor(RANKS[layer.name]) if layer.name in ONLY else near(RANKS[layer.name])
    return tensor(most=6)


ONLY_FULL = tuple(f"{kind}{suffix}" for kind in ("conv", "transpose", "pool", "norm", "pad", "nearest", "bilinear") for suffix in SPACE)
"""Layers that would take [H, W] with the batch in front for an image without a batch."""


@pytest.mark.parametrize("layer", MODULES, ids=lambda layer: layer.name)
def test_modules_agree_with_torch(layer) -> None:
    """A module's output, weights and buffers have torch's shapes, and its complaints come where torch's do."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(st.data())
    def check(data) -> None:
        value = data.draw(input_of(layer))
        arguments = data.draw(arguments_of(layer, value, space_of(layer)))
        assume(allowed(layer, arguments))

        def twin(applied):
            device = "cpu" if applied is None or arguments.get("momentum", 0) is None else "meta"
            module = module_of(layer, [value], arguments, device)
            if applied is not None and applied.call:
                scope = {"module": module, "v0": made(value, device)}
                result = eval(applied.call.format("v0", self="module"), scope)
            else:
                result = module(*[made(value, device)] * (3 if layer.name == "multihead_attention" else 1))
            if applied is not None:
                expected = {**applied.weights, **applied.buffers}
                assert {name: tuple(one.shape) for name, one in module.state_dict().items()} == expected
                assert [name for name, _ in module.named_parameters()] == list(applied.weights)
                if layer.function:
                    assert shapes(called(layer, applied, [value], arguments)) == shapes(result)
            return result

        both_ways(layer, [value], arguments, twin)

    check()


def allowed(layer, arguments) -> bool:
    """Leave out the dimension that old torch guesses, with a warning."""
    return layer.name not in ("softmax", "log_softmax", "softmin") or arguments.get("dim") is not None


FUNCTIONS = [
    layer
    for layer in registry.layers()
    if layer.group == "layer"
    and not layer.module.startswith("nn.")
    and (layer.function or layer.write)
    and len(layer.values) == 1
    and not layer.variadic_values
    and layer.name not in ("one_hot", "gumbel_softmax", "affine_grid", "center_crop", "interpolate", "pad", "last")
]


@pytest.mark.parametrize("layer", FUNCTIONS, ids=lambda layer: layer.name)
def test_functions_agree_with_torch(layer) -> None:
    """What an operation's call gives in torch has the shape and the dtype that the rule says."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(st.data())
    def check(data) -> None:
        value = data.draw(st.sampled_from(["float32"] * 4 + ["int64"]).flatmap(lambda dtype: tensor(dtype=dtype, most=6)))
        arguments = data.draw(arguments_of(layer, value))
        try:
            applied = layer.apply([value], arguments)
        except Mismatch as mismatch:
            assume(layer.name not in REWRITTEN and not any(phrase in mismatch.message for phrase in STRICTER))
            assume(value.dtype == "float32")  # of whole numbers we ask what torch only asks on some devices
            with pytest.raises(Exception):  # noqa: B017, PT011 - torch has no one class of complaint
                called(layer, _plain(layer), [value], arguments, "cpu")
            return
        found = called(layer, applied, [value], arguments)
        assert shapes(found) == outputs(applied), source_of(layer, applied, [value], arguments)

    check()


def _plain(layer):
    """Stand in for what a rule would have said, where it refuses: an ordinary call."""
    from archdsl.layers.tensor import Applied

    methods = {
        "split": "{0}.split({split_size_or_sections}, dim={dim})",
        "reshape": "{0}.reshape(-1, {shape})",
        "view": "{0}.view(-1, {shape})",
        "expand": "{0}.expand(-1, {sizes})",
    }
    return Applied(call=methods.get(layer.name, ""))


REWRITTEN = {
    "reshape": "its sizes are without the batch, which torch's are not",
    "view": "its sizes are without the batch, which torch's are not",
    "expand": "its sizes are without the batch, which torch's are not",
    "tril": "torch takes the batch for rows",
    "triu": "torch takes the batch for rows",
}
