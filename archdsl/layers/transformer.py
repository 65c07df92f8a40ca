"""The layers of the transformer, and stacks of them, over batch-first sequences [T, E]."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.attention import attention_macs, attention_weights, want_masks, want_sequence
from archdsl.layers.bind import apply_argument
from archdsl.layers.geometry import same, want_divisor
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.dims import Size
    from archdsl.layers.check import Layer, Probability

    Weights = dict[str, tuple[Size, ...]]

BATCH_FIRST = {"batch_first": True}
ACTIVATION = {"activation": ("relu", "gelu")}


def _linear(name: str, out: Size, enters: Size, bias: bool) -> Weights:
    return {f"{name}.weight": (out, enters)} | ({f"{name}.bias": (out,)} if bias else {})


def _norm(name: str, size: Size, bias: bool) -> Weights:
    weights: Weights = {f"{name}.weight": (size,)}
    return weights | ({f"{name}.bias": (size,)} if bias else {})


def _layer_weights(wide: Size, inner: Size, bias: bool, *, decoder: bool) -> Weights:
    """Return the weights of one layer in torch's order; a decoder's attends to the memory as well."""
    weights = attention_weights(wide, wide, wide, bias, "self_attn.")
    if decoder:
        weights |= attention_weights(wide, wide, wide, bias, "multihead_attn.")
    weights |= _linear("linear1", inner, wide, bias) | _linear("linear2", wide, inner, bias)
    for number in range(1, 4 if decoder else 3):
        weights |= _norm(f"norm{number}", wide, bias)
    return weights


def _want_memory(memory: Tensor, wide: Size) -> Size:
    source, memory_wide = want_sequence(memory, 1, ("S", "E"))
    if not same(memory_wide, wide):
        raise Mismatch(f"wants a memory of {wide} features and gets {memory_wide}", value=1)
    return source


@layer(
    "nn.TransformerEncoderLayer", infers="d_model", fixed=BATCH_FIRST, positional=5, optional_values=2,
    role="attention", choices=ACTIVATION, forward=("is_causal",),
)  # fmt: skip
def transformer_encoder_layer(
    src: Tensor, src_mask: Tensor | None, src_key_padding_mask: Tensor | None, /, nhead: Size,
    dim_feedforward: Size = 2048, dropout: Probability = 0.1, activation: str = "relu",
    layer_norm_eps: float = 1e-05, norm_first: bool = False, bias: bool = True, *, is_causal: bool = False,
) -> Applied:  # fmt: skip
    """Self-attention and two linear layers, each with a residual connection and a layer norm."""
    length, wide = want_sequence(src, 0)
    want_divisor(nhead, wide, "nhead", "the features")
    want_masks(src_key_padding_mask, src_mask, length, length, 1)
    if is_causal and src_mask is None:
        raise Mismatch("is_causal only says what src_mask is, and wants one", argument="is_causal")
    return Applied(
        src,
        weights=_layer_weights(wide, dim_feedforward, bias, decoder=False),
        macs=attention_macs(wide, wide, wide, length, length) + 2 * length * wide * dim_feedforward,
        call=_written((src_mask, src_key_padding_mask), ("src_mask", "src_key_padding_mask"), 1, is_causal=is_causal),
        d_model=wide,
    )


def _written(values: tuple[object, ...], names: tuple[str, ...], first: int, **flags: bool) -> str:
    """Write a call whose optional values and flags stand by name, and only where they are given."""
    parts = [f"{{{index}}}" for index in range(first)]
    parts += [f"{name}={{{first + index}}}" for index, name in enumerate(names) if values[index] is not None]
    parts += [f"{name}=True" for name, given in flags.items() if given]
    return f"{{self}}({', '.join(parts)})"


@layer(
    "nn.TransformerDecoderLayer", infers="d_model", fixed=BATCH_FIRST, positional=5, optional_values=4,
    role="attention", choices=ACTIVATION, forward=("tgt_is_causal",),
)  # fmt: skip
def transformer_decoder_layer(
    tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, memory_mask: Tensor | None,
    tgt_key_padding_mask: Tensor | None, memory_key_padding_mask: Tensor | None, /, nhead: Size,
    dim_feedforward: Size = 2048, dropout: Probability = 0.1, activation: str = "relu",
    layer_norm_eps: float = 1e-05, norm_first: bool = False, bias: bool = True, *, tgt_is_causal: bool = False,
) -> Applied:  # fmt: skip
    """Self-attention, attention to a memory [S, E], and two linear layers, each with a residual connection."""
    length, wide = want_sequence(tgt, 0)
    source = _want_memory(memory, wide)
    want_masks(tgt_key_padding_mask, tgt_mask, length, length, 2)
    want_masks(memory_key_padding_mask, memory_mask, length, source, 2)
    want_divisor(nhead, wide, "nhead", "the features")
    own = attention_macs(wide, wide, wide, length, length)
    other = attention_macs(wide, wide, wide, length, source)
    return Applied(
        tgt,
        weights=_layer_weights(wide, dim_feedforward, bias, decoder=True),
        macs=own + other + 2 * length * wide * dim_feedforward,
        call=_written(
            (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask),
            ("tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask"),
            2,
            tgt_is_causal=tgt_is_causal,
        ),
        d_model=wide,
    )


def _inner(**made: Applied | None) -> dict[str, Any]:
    """Return what inference supplies to layers that are arguments: `encoder_layer.d_model`."""
    found = {argument: applied.inferred for argument, applied in made.items() if applied is not None}
    return {f"{argument}.{name}": size for argument, inferred in found.items() for name, size in inferred.items()}


def _stacked(one: Applied, count: Size, norm: Applied | None, prefix: str = "") -> Weights:
    if isinstance(count, Dim):
        raise Mismatch(f"num_layers wants a known number and gets {count}", argument="num_layers")
    weights: Weights = {}
    for number in range(count):
        weights |= {f"{prefix}layers.{number}.{name}": shape for name, shape in one.weights.items()}
    if norm is not None:
        weights |= {f"{prefix}norm.{name}": shape for name, shape in norm.weights.items()}
    return weights


@layer("nn.TransformerEncoder", weighted=True, optional_values=2, role="attention", forward=("is_causal",))
def transformer_encoder(
    src: Tensor, mask: Tensor | None, src_key_padding_mask: Tensor | None, /, encoder_layer: Layer,
    num_layers: Size, norm: Layer | None = None, enable_nested_tensor: bool = True, mask_check: bool = True, *,
    is_causal: bool | None = None,
) -> Applied:  # fmt: skip
    """A stack of encoder layers, each with its own weights."""
    one = apply_argument(encoder_layer, src)
    last = None if norm is None else apply_argument(norm, src)
    return Applied(
        src,
        weights=_stacked(one, num_layers, last),
        macs=one.macs * num_layers,
        call=_written((mask, src_key_padding_mask), ("mask", "src_key_padding_mask"), 1, is_causal=bool(is_causal)),
        **_inner(encoder_layer=one, norm=last),
    )


@layer("nn.TransformerDecoder", weighted=True, optional_values=4, role="attention", forward=("tgt_is_causal",))
def transformer_decoder(
    tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, memory_mask: Tensor | None,
    tgt_key_padding_mask: Tensor | None, memory_key_padding_mask: Tensor | None, /, decoder_layer: Layer,
    num_layers: Size, norm: Layer | None = None, *, tgt_is_causal: bool | None = None,
) -> Applied:  # fmt: skip
    """A stack of decoder layers, each with its own weights."""
    one = apply_argument(decoder_layer, tgt, memory)
    last = None if norm is None else apply_argument(norm, tgt)
    return Applied(
        tgt,
        weights=_stacked(one, num_layers, last),
        macs=one.macs * num_layers,
        call=_written(
            (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask),
            ("tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask"),
            2,
            tgt_is_causal=bool(tgt_is_causal),
        ),
        **_inner(decoder_layer=one, norm=last),
    )


@layer(
    "nn.Transformer", infers="d_model", fixed=BATCH_FIRST, positional=6, optional_values=6, role="attention",
    choices=ACTIVATION, forward=("tgt_is_causal",),
)  # fmt: skip
def transformer(
    src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None, memory_mask: Tensor | None,
    src_key_padding_mask: Tensor | None, tgt_key_padding_mask: Tensor | None,
    memory_key_padding_mask: Tensor | None, /, nhead: Size = 8, num_encoder_layers: Size = 6,
    num_decoder_layers: Size = 6, dim_feedforward: Size = 2048, dropout: Probability = 0.1,
    activation: str = "relu", layer_norm_eps: float = 1e-05, norm_first: bool = False, bias: bool = True, *,
    tgt_is_causal: bool | None = None,
) -> Applied:  # fmt: skip
    """An encoder over a source [S, E] and a decoder over a target [T, E], each with a layer norm at the end."""
    _, wide = want_sequence(src, 0, ("S", "E"))
    length, tgt_wide = want_sequence(tgt, 1)
    if not same(wide, tgt_wide):
        raise Mismatch(f"wants source and target of one size and gets {wide} and {tgt_wide}", value=1)
    settings = (nhead, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias)
    encoder = transformer_encoder_layer(src, None, None, *settings)
    decoder = transformer_decoder_layer(tgt, src, None, None, None, None, *settings)
    norm = Applied(weights=_norm("norm", wide, bias))
    norm.weights = {name.removeprefix("norm."): shape for name, shape in norm.weights.items()}
    weights = _stacked(encoder, num_encoder_layers, norm, "encoder.")
    weights |= _stacked(decoder, num_decoder_layers, norm, "decoder.")
    names = ("src_mask", "tgt_mask", "memory_mask", "src_key_padding_mask", "tgt_key_padding_mask", "memory_key_padding_mask")
    given = (src_mask, tgt_mask, memory_mask, src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask)
    return Applied(
        tgt.like((length, wide)),
        weights=weights,
        macs=encoder.macs * num_encoder_layers + decoder.macs * num_decoder_layers,
        call=_written(given, names, 2, tgt_is_causal=bool(tgt_is_causal)),
        d_model=wide,
    )
