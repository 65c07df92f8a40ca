"""Layers of several values, tables and transformers beside torch, over random shapes."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch_twin import BATCH, SIZES, agree, alike, made, module_of, outputs, quick, shapes

from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Mismatch, Tensor

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")


@pytest.mark.parametrize("name", ["add", "mul", "maximum", "minimum", "logical_and", "logical_or", "logical_xor", "atan2"])
def test_binary_operations_broadcast_and_promote_as_torch(name) -> None:
    """Shape and dtype of an operation on two values are torch's."""

    @quick
    @given(alike(dtypes=DTYPES))
    def check(values) -> None:
        agree(name, values)

    check()


@quick
@given(alike(), st.booleans())
def test_values_without_a_batch_broadcast_over_it(values, first) -> None:
    """A value without a batch aligns with the last dimensions of one that has it."""
    place = 0 if first else 1
    values[place] = values[place].replace(batched=False)
    agree("add", values)


@quick
@given(alike(3, change=True), st.sampled_from([0, 1, 2]))
def test_where_takes_values_and_numbers(values, numbers) -> None:
    """A condition chooses between values, or between a value and a number."""
    condition = values[0].replace(dtype="bool")
    agree("where", [condition, values[1] if numbers != 1 else 0.0, values[2] if numbers != 2 else 1.5])


@quick
@given(alike(2), st.floats(-2, 2, allow_nan=False))
def test_masked_fill_agrees_with_torch(values, number) -> None:
    """A mask broadcasts over the value that it fills."""
    agree("masked_fill", [values[0], values[1].replace(dtype="bool")], {"value": number})


@quick
@given(alike(2, rank=(1, 3)), st.integers(-3, 3).filter(bool))
def test_distances_agree_with_torch(values, dim) -> None:
    """The dimension of the vectors goes, the others broadcast."""
    if dim != -values[0].rank:
        agree("cosine_similarity", values, {"dim": dim})
    agree("pairwise_distance", values)


@quick
@given(alike(3, rank=(1, 3)), st.integers(-4, 3))
def test_joining_agrees_with_torch(values, dim) -> None:
    """`concat` and `stack` give torch's shapes, and refuse what torch refuses."""
    rank = values[0].rank
    if dim not in (0, -rank):
        agree("concat", values, {"dim": dim})
    if dim not in (0, -rank - 1):
        agree("stack", values, {"dim": dim})


def test_joining_expands_values_without_a_batch() -> None:
    """A class token of one sample is joined to the tokens of every sample."""
    token, tokens = Tensor((1, 8), batched=False), Tensor((16, 8))
    agree("concat", [token, tokens], {"dim": 1})
    agree("concat", [token.replace(shape=(1, 1, 8)), tokens], {"dim": 1})
    agree("stack", [tokens, token.replace(shape=(16, 8))], {"dim": 1})


@quick
@given(st.data())
def test_products_of_matrices_agree_with_torch(data) -> None:
    """`matmul` has torch's shapes for vectors, matrices and stacks of them, with and without a batch."""
    values = [
        Tensor(tuple(data.draw(st.lists(st.integers(1, 3), min_size=0, max_size=3))), batched=data.draw(st.booleans())) for _ in range(2)
    ]
    agree("matmul", values)


@quick
@given(alike(2, rank=(2, 3)))
def test_bmm_and_cdist_agree_with_torch(values) -> None:
    """Products and distances for each sample."""
    if len(values[0].shape) == 2:
        agree("bmm", values)
    agree("cdist", values)


EQUATIONS = [
    "bij,bjk->bik",
    "bij,bij->b",
    "bhid,bhjd->bhij",
    "bij->bji",
    "...i,...i->...",
    "bi,bj->bij",
    "bij,kj->bik",
    "bi->bk",
    "bii,b",
    "b...i,ij",
]


@quick
@given(st.data(), st.sampled_from(EQUATIONS))
def test_einsum_agrees_with_torch(data, equation) -> None:
    """An equation has torch's result, and is refused where torch refuses it."""
    sizes = {}
    values = []
    for term in equation.partition("->")[0].split(","):
        letters = term.replace("...", "")
        shape = [sizes.setdefault(letter, data.draw(st.integers(1, 3))) for letter in letters]
        wrong = data.draw(st.integers(0, 9)) == 0
        shape = [size + 4 * wrong for size in shape]
        batched = letters.startswith("b") or term.startswith("...")
        values.append(Tensor(tuple(shape[1:] if letters.startswith("b") else shape), batched=batched))
    agree("einsum", values, {"equation": equation})


REARRANGEMENTS = {
    ("b c h w -> b (h w) c", ()): (5, 2, 3),
    ("b (h w) c -> b c h w", (("h", 2),)): (6, 5),
    ("b n (qkv h d) -> qkv b h n d", (("qkv", 3), ("h", 2))): (4, 12),
    ("b c (h p) (w q) -> b (h w) (p q c)", (("p", 2), ("q", 2))): (3, 4, 6),
    ("b h n d -> b n (h d)", ()): (2, 4, 3),
    ("b 1 n -> b n", ()): (1, 4),
    ("b n -> b n 1", ()): (4,),
    ("b c -> b c", ()): (4,),
}


@pytest.mark.parametrize(("pattern", "sizes"), REARRANGEMENTS, ids=[pattern for pattern, _ in REARRANGEMENTS])
def test_rearrange_gives_the_pattern(pattern, sizes) -> None:
    """The emitted calls give the pattern's shape, and put each number where the pattern says."""
    value = Tensor(REARRANGEMENTS[pattern, sizes])
    layer, arguments = lookup("rearrange"), {"pattern": pattern, **dict(sizes)}
    applied = layer.apply([value], arguments)
    source = applied.call.format("x")
    x = torch.arange(BATCH * made(value, "cpu")[0].numel()).reshape(made(value, "cpu").shape)
    found = eval(source, {"x": x})
    assert shapes(found)[0] == outputs(applied)[0]
    assert torch.equal(found, by_hand(x, pattern, dict(sizes))), source


def by_hand(x, pattern, sizes):
    """Compute a rearrangement index by index, from the pattern alone."""
    sides = [side.replace("(", " ( ").replace(")", " ) ").split() for side in pattern.split("->")]
    groups = []
    for side in sides:
        found, inside = [], False
        for word in side:
            if word in "()":
                inside = word == "("
                found += [[]] if inside else []
            elif inside:
                found[-1].append(word)
            else:
                found.append([] if word == "1" else [word])
        groups.append(found)
    known = dict(sizes)
    for group, size in zip(groups[0], x.shape, strict=True):
        free = [name for name in group if name not in known]
        for name in free:
            known[name] = size // torch.tensor([known[other] for other in group if other != name], dtype=torch.int64).prod().item()
    names = [name for group in groups[0] for name in group]
    flat = x.reshape([known[name] for name in names])
    order = [names.index(name) for group in groups[1] for name in group]
    count = [torch.tensor([known[name] for name in group], dtype=torch.int64).prod().item() for group in groups[1]]
    return flat.permute(order).reshape(count)


@pytest.mark.parametrize(
    ("pattern", "sizes"),
    [
        ("b c h w", {}),
        ("b (h w) -> b h w", {}),
        ("b c -> b d", {}),
        ("b c -> (b c)", {}),
        ("b (h w) -> b h w", {"h": 5}),
        ("b c -> b c c", {}),
    ],
)
def test_rearrange_refuses_patterns_that_do_not_fit(pattern, sizes) -> None:
    """A pattern without an arrow, with open sizes, new names or the batch in a group is refused."""
    with pytest.raises(Mismatch):
        lookup("rearrange").apply([Tensor((6,))], {"pattern": pattern, **sizes})


@quick
@given(st.data())
def test_padding_and_resizing_agree_with_torch(data) -> None:
    """`pad` and `interpolate` take torch's modes for torch's ranks."""
    value = Tensor(tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))))
    amounts = tuple(data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=6)))
    if len(amounts) <= 2 * len(value.shape):
        agree("pad", [value], {"pad": amounts, "mode": data.draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))})
    mode = data.draw(st.sampled_from(["nearest", "linear", "bilinear", "bicubic", "trilinear", "area"]))
    size = data.draw(st.sampled_from([{"size": 3}, {"scale_factor": 2}, {"scale_factor": 2.5}, {}, {"size": 2, "scale_factor": 2}]))
    align = data.draw(st.sampled_from([{}, {"align_corners": True}]))
    agree("interpolate", [value], {"mode": mode, **size, **align})


@quick
@given(st.data())
def test_attention_agrees_with_torch(data) -> None:
    """`scaled_dot_product_attention` has torch's shapes over heads that broadcast or not."""
    length, source, wide, out = (data.draw(SIZES) for _ in range(4))
    lead = tuple(data.draw(st.lists(SIZES, max_size=2)))
    off = data.draw(st.sampled_from([0, 0, 0, 1]))
    values = [Tensor((*lead, length, wide)), Tensor((*lead, source, wide + off)), Tensor((*lead, source + off, out))]
    agree("scaled_dot_product_attention", values, {"is_causal": data.draw(st.booleans())})


@quick
@given(st.data())
def test_embeddings_agree_with_torch(data) -> None:
    """Tables give a vector for each index, or one for a bag of them."""
    shape = tuple(data.draw(st.lists(SIZES, max_size=2)))
    arguments = {"num_embeddings": data.draw(SIZES), "embedding_dim": data.draw(SIZES)}
    padding = data.draw(st.none() | st.integers(-5, 5))
    bag = {"mode": data.draw(st.sampled_from(["sum", "mean", "max"])), "padding_idx": padding}
    for name, extra in (("embedding", {"padding_idx": padding}), ("embedding_bag", bag)):
        if name == "embedding_bag" and len(shape) != 1:
            continue
        layer, value = lookup(name), Tensor(shape, "int64")
        try:
            applied = layer.apply([value], arguments | extra)
        except Mismatch:
            with pytest.raises(Exception):  # noqa: B017, PT011 - torch has no one class of complaint
                module_of(layer, [value], arguments | extra, "cpu")(made(value, "cpu"))
            continue
        module = module_of(layer, [value], arguments | extra, "cpu")
        assert {key: tuple(one.shape) for key, one in module.state_dict().items()} == applied.weights
        assert shapes(module(made(value, "cpu"))) == outputs(applied)


def state(module) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a module's state dict, in order."""
    return {name: tuple(one.shape) for name, one in module.state_dict().items()}


class Written:
    """A layer as analysis gives it for an argument: its declaration, and its arguments."""

    def __init__(self, name, bound) -> None:
        self.layer, self.bound = lookup(name), bound


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm", [True, False])
def test_transformers_have_torchs_weights(bias, norm) -> None:
    """Layers, stacks and the whole transformer have torch's keys, in order, and its shapes."""
    x, memory = Tensor((4, 8)), Tensor((5, 8))
    settings = {"nhead": 2, "dim_feedforward": 16, "bias": bias}
    encoder = lookup("transformer_encoder_layer").apply([x], settings)
    decoder = lookup("transformer_decoder_layer").apply([x, memory], settings)
    twin_encoder = nn.TransformerEncoderLayer(8, **settings, batch_first=True)
    twin_decoder = nn.TransformerDecoderLayer(8, **settings, batch_first=True)
    assert list(encoder.weights.items()) == list(state(twin_encoder).items())
    assert list(decoder.weights.items()) == list(state(twin_decoder).items())
    last = {"norm": lookup("layer_norm")} if norm else {}
    stack = lookup("transformer_encoder").apply(
        [x], {"encoder_layer": Written("transformer_encoder_layer", settings), "num_layers": 3, **last}
    )
    assert stack.weights == state(nn.TransformerEncoder(twin_encoder, 3, nn.LayerNorm(8) if norm else None))
    stack = lookup("transformer_decoder").apply(
        [x, memory], {"decoder_layer": Written("transformer_decoder_layer", settings), "num_layers": 2, **last}
    )
    assert stack.weights == state(nn.TransformerDecoder(twin_decoder, 2, nn.LayerNorm(8) if norm else None))
    whole = lookup("transformer").apply([memory, x], {"num_encoder_layers": 2, "num_decoder_layers": 1, **settings})
    twin = nn.Transformer(8, num_encoder_layers=2, num_decoder_layers=1, batch_first=True, **settings)
    assert list(whole.weights.items()) == list(state(twin).items())
    assert shapes(twin(made(memory, "cpu"), made(x, "cpu"))) == outputs(whole)


def test_attention_with_keys_of_another_size_has_torchs_weights() -> None:
    """Keys and values of sizes of their own have projections of their own."""
    values = [Tensor((4, 8)), Tensor((5, 6)), Tensor((5, 3))]
    arguments = {"num_heads": 2, "kdim": 6, "vdim": 3, "add_bias_kv": True}
    applied = lookup("multihead_attention").apply(values, arguments)
    twin = nn.MultiheadAttention(8, **arguments, batch_first=True)
    assert list(applied.weights.items()) == list(state(twin).items())
    assert shapes(twin(*[made(value, "cpu") for value in values])) == outputs(applied)


def test_recurrent_layers_take_a_state() -> None:
    """The state that a recurrent layer gives is one that it takes."""
    for name in ("rnn", "gru", "lstm"):
        layer, value = lookup(name), Tensor((4, 8))
        _, last = layer.apply([value], {"hidden_size": 6, "num_layers": 2, "bidirectional": True}).outputs
        again = layer.apply([value, last], {"hidden_size": 6, "num_layers": 2, "bidirectional": True})
        assert again.outputs[1] == last
        with pytest.raises(Mismatch):
            layer.apply([value, last], {"hidden_size": 5, "num_layers": 2, "bidirectional": True})


def test_adaptive_softmax_and_bilinear_agree_with_torch() -> None:
    """Layers of two values have torch's weights and outputs."""
    values = [Tensor((16,)), Tensor((), "int64")]
    arguments = {"n_classes": 20, "cutoffs": (5, 10), "head_bias": True}
    applied = lookup("adaptive_log_softmax_with_loss").apply(values, arguments)
    twin = nn.AdaptiveLogSoftmaxWithLoss(16, **arguments)
    assert applied.weights == state(twin)
    assert shapes(tuple(twin(*[made(value, "cpu") for value in values]))) == outputs(applied)
    applied = lookup("bilinear").apply([Tensor((4, 6)), Tensor((4, 3))], {"out_features": 5})
    assert applied.weights == state(nn.Bilinear(6, 3, 5))


@quick
@given(st.data())
def test_folding_undoes_unfolding(data) -> None:
    """The columns that `unfold` gives are those that `fold` takes, and no others."""
    space = tuple(data.draw(st.lists(st.integers(3, 7), min_size=2, max_size=2)))
    window = {
        "kernel_size": data.draw(st.sampled_from([1, 2, (2, 3)])),
        "padding": data.draw(st.integers(0, 1)),
        "stride": data.draw(st.integers(1, 2)),
    }
    image = Tensor((3, *space))
    columns = lookup("unfold").apply([image], window).outputs[0]
    agree("unfold", [image], window)
    agree("fold", [columns], {"output_size": space, **window})
    assert lookup("fold").apply([columns], {"output_size": space, **window}).outputs[0] == image
    agree("fold", [columns.replace(shape=(columns.shape[0], columns.shape[1] + 1))], {"output_size": space, **window})


@pytest.mark.parametrize("dimensions", [2, 3])
@quick
@given(st.data())
def test_fractional_pooling_agrees_with_torch(dimensions, data) -> None:
    """Windows of random places fit where torch says so, for sizes and for ratios."""
    value = Tensor((2, *data.draw(st.lists(st.integers(4, 9), min_size=dimensions, max_size=dimensions))))
    reached = data.draw(
        st.sampled_from([{"output_size": 2}, {"output_size": 3}, {"output_ratio": 0.5}, {"output_ratio": (0.4,) * dimensions}])
    )
    arguments = {"kernel_size": data.draw(st.integers(1, 4)), **reached, "return_indices": data.draw(st.booleans())}
    layer = lookup(f"fractional_max_pool{dimensions}d")
    try:
        applied = layer.apply([value], arguments)
    except Mismatch:
        with pytest.raises(Exception):  # noqa: B017, PT011 - torch has no one class of complaint
            module_of(layer, [value], arguments)(made(value, "cpu"))
        return
    assert shapes(module_of(layer, [value], arguments)(made(value, "cpu"))) == outputs(applied)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@quick
@given(st.data())
def test_unpooling_agrees_with_torch(dimensions, data) -> None:
    """What pooling gives with its indices goes back to a size that torch finds too."""
    value = Tensor((2, *data.draw(st.lists(st.integers(4, 8), min_size=dimensions, max_size=dimensions))))
    window = {
        "kernel_size": data.draw(st.integers(2, 3)),
        "stride": data.draw(st.none() | st.integers(1, 3)),
        "padding": data.draw(st.integers(0, 1)),
    }
    pooled = lookup(f"max_pool{dimensions}d").apply([value], {**window, "return_indices": True})
    agree(f"max_unpool{dimensions}d", list(pooled.outputs), window)
