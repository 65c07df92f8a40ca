"""The registry itself: binding, checks, symbolic sizes, ragged sequences and the helpers of emitted code."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from archdsl.dims import Dim, Traced, origin_of, substitute, symbol
from archdsl.layers import registry
from archdsl.layers.bind import bind, place_values, signature, split_values
from archdsl.layers.broadcasting import broadcast
from archdsl.layers.generate import index
from archdsl.layers.inits import lookup_init
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import BATCH, Mismatch, Tensor

T = symbol("T")
ALL = list(registry.layers())


def complaint(name, positional=(), named=None, values=None) -> Mismatch:
    """Return what a layer says to a wrong call."""
    layer = lookup(name)

    def call():
        layer.apply([Tensor((3, 8, 8))] if values is None else values, bind(layer, list(positional), named or {}))

    with pytest.raises(Mismatch) as caught:
        call()
    return caught.value


def test_index_is_fresh() -> None:
    """The map from names to files is what the declarations say."""
    assert pathlib.Path(index.__code__.co_filename).with_name("index.py").read_text() == index()


def test_asking_for_a_name_loads_its_file_alone() -> None:
    """A check pays for the declarations that it uses, and for neither torch nor numpy."""
    code = (
        "import sys; from archdsl.layers.registry import lookup; lookup('conv2d');"
        "found = [name for name in ('torch', 'numpy', 'typing', 'inspect', 'dataclasses') if name in sys.modules];"
        "found += [name for name in sys.modules if name in ('archdsl.layers.losses', 'archdsl.layers.transformer')];"
        "print(found)"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=pathlib.Path(__file__).parents[1], check=True
    )
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.name)
def test_every_declaration_is_documented(layer) -> None:
    """The documentation of a layer begins with a sentence, and its kinds of arguments are known."""
    from archdsl.layers.check import KINDS

    assert layer.doc.partition("\n")[0].rstrip().endswith(".")
    for argument in layer.arguments:
        assert all(kind in KINDS for kind in argument.kind.split(" | ")), argument.kind
        assert argument.default is registry.REQUIRED or argument.variadic or argument.choices or argument.kind


def test_positional_and_named_arguments_bind() -> None:
    """Arguments go where torch's would, lists become tuples, and inferred ones are kept by name."""
    assert bind(lookup("conv2d"), [32, 3], {"stride": [2, 1], "in_channels": 4}) == {
        "out_channels": 32,
        "kernel_size": 3,
        "stride": (2, 1),
        "in_channels": 4,
    }
    assert bind(lookup("permute"), [0, 2, 1], {}) == bind(lookup("permute"), [(0, 2, 1)], {})
    assert bind(lookup("lstm"), [8], {"batch_first": True}) == {"hidden_size": 8, "batch_first": True}
    assert bind(lookup("rearrange"), ["b c -> c b"], {"h": 2})["h"] == 2


def test_wrong_calls_are_complained_about() -> None:
    """Unknown, missing, doubled and superfluous arguments are named, with what was meant."""
    assert complaint("conv2d", [8, 3], {"strides": 2}).suggestion == "Did you mean stride?"
    assert "needs kernel_size" in complaint("conv2d", [8]).message
    assert "given out_channels twice" in complaint("conv2d", [8, 3], {"out_channels": 4}).message
    assert "no arguments" in complaint("sigmoid", [8]).message
    assert complaint("lstm", [8], {"batch_first": False}).argument == "batch_first"
    assert complaint("conv2d", [8, 3], {"padding_mode": "reflekt"}).suggestion == "Did you mean 'reflect'?"
    assert complaint("conv2d", [8.0, 3]).argument == "out_channels"
    assert complaint("dropout", [1.5]).argument == "p"
    assert complaint("conv2d", [True, 3]).argument == "out_channels"
    assert complaint("linear", [10], values=[]).message == "linear wants one value (x) and gets 0"
    assert complaint("linear", [10], values=[Tensor((3,), "int64")]).message == "linear wants floats and gets int64"
    assert complaint("flatten", [0]).suggestion.endswith("[B, 3, 8, 8].")
    assert signature(lookup("linear")) == "linear(out_features, bias=True)"


def test_values_and_constants_of_a_call_are_told_apart() -> None:
    """A number is a value only where the layer takes one."""
    x = Tensor((3,))
    is_value = lambda given: isinstance(given, Tensor)  # noqa: E731
    assert split_values(lookup("where"), [x, 0.0, x], is_value) == ([x, 0.0, x], [])
    assert split_values(lookup("mse_loss"), [x, 1], is_value) == ([x, 1], [])
    assert split_values(lookup("clamp"), [x, 0, 1], is_value) == ([x], [0, 1])
    assert split_values(lookup("einsum"), ["bi,bj->bij", x, x], is_value) == ([x, x], ["bi,bj->bij"])
    assert place_values(lookup("cross_entropy"), [x], {"weight": x}) == [x, None, x]


def test_a_number_and_a_keyword_do_not_collide() -> None:
    """`normal` is a draw in a recipe, and an initial distribution in `init`."""
    assert lookup("normal").group == "draw"
    assert lookup_init("normal").function == "nn.init.normal_"


SYMBOLIC = [
    ("conv1d", (8, T), {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1}),
    ("conv_transpose1d", (8, T), {"out_channels": 4, "kernel_size": 4, "stride": 2, "padding": 1}),
    ("max_pool1d", (8, T), {"kernel_size": 2}),
    ("max_pool1d", (8, T), {"kernel_size": 2, "ceil_mode": True}),
    ("linear", (T, 8), {"out_features": 4}),
    ("lstm", (T, 8), {"hidden_size": 4}),
    ("unflatten", (T, 8), {"dim": 2, "unflattened_size": (2, -1)}),
    ("flatten", (T, 8), {}),
    ("reshape", (4, T), {"shape": (-1, 2)}),
    ("chunk", (T, 8), {"chunks": 2, "dim": 2}),
    ("transpose", (T, 8), {"dim0": 1, "dim1": 2}),
    ("mean", (T, 8), {"dim": 1}),
    ("pixel_unshuffle", (1, 4, 4), {"downscale_factor": 2}),
    ("upsample", (8, T), {"scale_factor": 2}),
    ("adaptive_avg_pool1d", (8, T), {"output_size": 3}),
    ("multihead_attention", (T, 8), {"num_heads": 2}),
    ("rearrange", (T, 8), {"pattern": "b t (h d) -> b h t d", "h": 2}),
]


@pytest.mark.parametrize(("name", "shape", "arguments"), SYMBOLIC, ids=[f"{name}" for name, *_ in SYMBOLIC])
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(length=st.integers(2, 20).map(lambda half: 2 * half))
def test_symbolic_sizes_come_to_the_known_ones(name, shape, arguments, length) -> None:
    """A rule over a name gives, with a number put in, what it gives over the number."""
    layer = lookup(name)

    def put(size):
        return substitute(size, {"T": length})

    def flat(outputs):
        return [one for output in outputs for one in (flat(output) if isinstance(output, tuple) else [output])]

    symbolic = layer.apply([Tensor(shape)], arguments)
    known = layer.apply([Tensor(tuple(put(size) for size in shape))], arguments)
    for a, b in zip(flat(symbolic.outputs), flat(known.outputs), strict=True):
        assert [put(size) for size in a.full] == list(b.full)
    assert {key: tuple(put(size) for size in one) for key, one in symbolic.weights.items()} == known.weights
    assert put(symbolic.macs) == known.macs


def test_known_sizes_remember_where_they_came_from() -> None:
    """Sizes of one class's names stay arithmetic over them, for the emitted source."""
    width = Traced(64, symbol("width"))
    applied = lookup("conv2d").apply([Tensor((width, 8, 8))], {"out_channels": width // 2, "kernel_size": 3})
    assert str(origin_of(applied.outputs[0].shape[0])) == "width // 2"
    assert str(origin_of(applied.inferred["in_channels"])) == "width"
    flat = lookup("flatten").apply([Tensor((width, 7, 7))], {}).outputs[0].shape[0]
    assert [str(origin_of(factor)) for factor in flat.factors] == ["width", "7", "7"]


def test_values_without_a_batch_align_with_the_last_dimensions() -> None:
    """A position table is added to every sample; a number for each sample needs its dimensions."""
    tokens, table = Tensor((T, 8)), Tensor((T, 8), batched=False)
    assert broadcast(tokens, table) == tokens
    assert broadcast(tokens, table.replace(shape=(1, T, 8))) == tokens
    assert broadcast(Tensor((), batched=False), Tensor((4,))).shape == (4,)
    with pytest.raises(Mismatch, match="go together") as caught:
        broadcast(Tensor((3, 8, 8)), Tensor(()))
    assert caught.value.suggestion == "Give [] the missing dimensions, as in x[:, None, None, None]."


def test_a_state_keeps_the_batch_where_torch_has_it() -> None:
    """An lstm's state is [layers, B, H], and has a batch again when that comes to the front."""
    _, (hidden, _) = lookup("lstm").apply([Tensor((T, 8))], {"hidden_size": 4, "num_layers": 2}).outputs
    assert hidden.full == (2, BATCH, 4)
    assert lookup("transpose").apply([hidden], {"dim0": 0, "dim1": 1}).outputs[0] == Tensor((2, 4))


RAGGED = Tensor((T, 5), ragged=True, lengths="x")
LENGTHS = torch.tensor([4, 1, 3])


def test_ragged_sequences_stay_ragged_through_what_works_on_each_moment() -> None:
    """Elementwise layers keep the lengths; what moves or mixes moments refuses them."""
    for name, arguments in [("relu", {}), ("linear", {"out_features": 4}), ("layer_norm", {}), ("dropout", {}), ("softmax", {"dim": 2})]:
        output = lookup(name).apply([RAGGED], arguments).outputs[0]
        assert output.ragged
        assert output.lengths == "x"
    for name, arguments in [("transpose", {"dim0": 1, "dim1": 2}), ("chunk", {"chunks": 2, "dim": 1}), ("log_softmax", {"dim": 1})]:
        with pytest.raises(Mismatch):
            lookup(name).apply([RAGGED], arguments)


def ragged_call(name, arguments, x):
    """Run the call that is emitted for a ragged sequence."""
    layer = lookup(name)
    applied = layer.apply([RAGGED], arguments)
    assert applied.lengths
    scope = {"x": x, "x_lengths": LENGTHS, "module": arguments.get("module")}
    exec("\n".join(layer.helper_imports) + "\n" + layer.helper, scope)
    return eval(applied.call.format("x", lengths="x_lengths", self="module"), scope), applied


@pytest.mark.parametrize(
    ("name", "arguments", "alone"),
    [
        ("last", {}, lambda x: x[-1]),
        ("mean", {"dim": 1}, lambda x: x.mean(0)),
        ("mean", {"dim": 1, "keepdim": True}, lambda x: x.mean(0, keepdim=True)),
        ("sum", {"dim": 1}, lambda x: x.sum(0)),
        ("amax", {"dim": 1}, lambda x: x.amax(0)),
    ],
)
def test_ragged_reductions_go_over_each_samples_own_length(name, arguments, alone) -> None:
    """Padding of any value does not count."""
    x = torch.randn(3, 4, 5) + 100 * (torch.arange(4)[None, :, None] >= LENGTHS[:, None, None])
    found, applied = ragged_call(name, arguments, x)
    expected = torch.stack([alone(one[:length]) for one, length in zip(x, LENGTHS, strict=True)])
    torch.testing.assert_close(found, expected)
    assert tuple(found.shape[1:]) == applied.outputs[0].shape


def test_ragged_softmax_sums_to_one_over_each_samples_own_length() -> None:
    """Moments beyond a sample's length get nothing."""
    x = torch.randn(3, 4, 5)
    found, _ = ragged_call("softmax", {"dim": 1}, x)
    for one, source, length in zip(found, x, LENGTHS, strict=True):
        torch.testing.assert_close(one[:length], source[:length].softmax(0))
        assert not one[length:].any()


@pytest.mark.parametrize(("name", "cls"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_ragged_recurrent_layers_stop_at_each_samples_own_end(name, cls) -> None:
    """Outputs and last states are those of each sequence alone."""
    module = cls(5, 3, batch_first=True, bidirectional=True)
    x = torch.randn(3, 4, 5)
    layer = lookup(name)
    applied = layer.apply([RAGGED], {"hidden_size": 3, "bidirectional": True})
    scope = {"x": x, "x_lengths": LENGTHS, "module": module}
    exec("\n".join(layer.helper_imports) + "\n" + layer.helper, scope)
    output, state = eval(applied.call.format("x", lengths="x_lengths", self="module"), scope)
    hidden = state[0] if name == "lstm" else state
    for place, length in enumerate(LENGTHS):
        alone, last = module(x[place : place + 1, :length])
        torch.testing.assert_close(output[place, :length], alone[0])
        torch.testing.assert_close(hidden[:, place], (last[0] if name == "lstm" else last)[:, 0])


def helper(name):
    """Return the function that emitted code gets."""
    layer = lookup(name)
    scope = {"nn": nn}
    exec("\n".join(layer.helper_imports) + "\n" + layer.helper, scope)
    return scope[layer.helper_name]


def test_helpers_compute_what_they_say() -> None:
    """What torch lacks is right in the source that is emitted for it."""
    mean, logvar = torch.randn(6, 4), torch.randn(6, 4)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mean, (0.5 * logvar).exp()), normal(torch.zeros(4), torch.ones(4))).sum(1).mean()
    torch.testing.assert_close(helper("gaussian_kl")(mean, logvar), expected)
    draws = helper("gaussian_sample")(torch.full((4000, 1), 3.0), torch.full((4000, 1), -2.0))
    assert draws.mean().item() == pytest.approx(3, abs=0.05)
    assert draws.std().item() == pytest.approx(0.3679, abs=0.02)
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert torch.equal(helper("center_crop")(image, 2), image[..., 2:4, 2:4])
    assert torch.equal(helper("center_crop")(image, (4, 2)), image[..., 1:5, 2:4])
    found = helper("gradient_penalty")(lambda x: 3 * x.sum(1), torch.zeros(2, 4), torch.ones(2, 4))
    assert found.item() == pytest.approx((6 - 1) ** 2)


def test_macro_f1_is_sklearns() -> None:
    """The score of each class that occurs counts the same."""
    metrics = pytest.importorskip("sklearn.metrics")
    logits, label = torch.randn(50, 6), torch.randint(0, 5, (50,))
    expected = metrics.f1_score(label, logits.argmax(1), average="macro")
    assert helper("macro_f1")(logits, label).item() == pytest.approx(expected)


def test_layer_norm2d_and_stochastic_depth_are_modules() -> None:
    """Modules that torch lacks have the keys of the layers that they stand on, and drop whole samples."""
    scope = {}
    for name in ("layer_norm2d", "stochastic_depth"):
        exec("\n".join(lookup(name).helper_imports) + "\n" + lookup(name).helper, scope)
    norm = scope["LayerNorm2d"](3)
    assert {key: tuple(one.shape) for key, one in norm.state_dict().items()} == lookup("layer_norm2d").apply(
        [Tensor((3, 8, 8))], {}
    ).weights
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(norm(x).mean(1), torch.zeros(2, 4, 4), atol=1e-5, rtol=0)
    drop = scope["StochasticDepth"](0.5)
    dropped = drop(torch.ones(200, 2, 2)).flatten(1)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(dropped.amin(1), dropped.amax(1))
    assert torch.equal(drop.eval()(x), x)


def test_dims_never_compare() -> None:
    """A symbolic size where a number could be too small is taken to fit; one has to divide for all that its name can be."""
    width = 8 * symbol("C")
    applied = lookup("group_norm").apply([Tensor((width, 4, 4))], {"num_groups": 8})
    assert applied.weights == {"weight": (width,), "bias": (width,)}
    assert isinstance(lookup("conv2d").apply([Tensor((3, T, T))], {"out_channels": 8, "kernel_size": 9}).outputs[0].shape[1], Dim)
    with pytest.raises(Mismatch):
        lookup("group_norm").apply([Tensor((symbol("C"), 4, 4))], {"num_groups": 8})
