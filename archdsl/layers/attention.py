"""Attention between sequences."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.broadcasting import join
from archdsl.layers.geometry import count, same, same_shape, want_divisor, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Probability


@layer("F.scaled_dot_product_attention", optional_values=1, role="attention", positional=2)
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, /, dropout_p: Probability = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Applied:  # fmt: skip
    """Averages values [..., S, E] for each query [..., T, E], weighted by how well its key [..., S, E] fits."""
    *lead, length, wide = query.expect("...", "T", "E")
    *_, source, key_wide = key.expect("...", "S", "E")
    *_, value_source, out = value.expect("...", "S", "E")
    want_floats(query, key, value)
    if not same(wide, key_wide):
        raise Mismatch(f"wants queries and keys of one size and gets {wide} and {key_wide}", value=1)
    if not same(source, value_source):
        raise Mismatch(f"wants as many values as keys and gets {source} and {value_source}", value=2)
    if is_causal and attn_mask is not None:
        raise Mismatch("is_causal goes without attn_mask", argument="is_causal")
    before = _leading(tuple(lead), key, value, enable_gqa)
    return Applied(query.like((*before, length, out)), macs=count(before) * length * source * (wide + out))


def _leading(lead: tuple[Size, ...], key: Tensor, value: Tensor, grouped: bool) -> tuple[Size, ...]:
    """Return the dimensions before the last two, which broadcast; with grouped queries the heads divide."""
    for index, tensor in enumerate((key, value), 1):
        others = tensor.shape[:-2]
        if len(others) != len(lead):
            raise Mismatch(f"wants as many dimensions as the query and gets {show_shape(tensor.shape)}", value=index)
        joined: list[Size] = []
        for place, (a, b) in enumerate(zip(lead, others, strict=True)):
            heads = grouped and place == len(lead) - 1
            both = a if heads and (isinstance(a, Dim) or isinstance(b, Dim) or a % b == 0) else join(a, b)
            if both is None:
                raise Mismatch(f"wants {show_shape(lead)} before the last two sizes and gets {show_shape(others)}", value=index)
            joined.append(both)
        lead = tuple(joined)
    return lead


def attention_weights(
    embed: Size, key: Size, value: Size, bias: bool, prefix: str = "", *, added: bool = False
) -> dict[str, tuple[Size, ...]]:
    """Return the weights of `nn.MultiheadAttention` in torch's order."""
    shapes: dict[str, tuple[Size, ...]] = {}
    if key == embed and value == embed:
        shapes["in_proj_weight"] = (3 * embed, embed)
    else:
        shapes |= {"q_proj_weight": (embed, embed), "k_proj_weight": (embed, key), "v_proj_weight": (embed, value)}
    if bias:
        shapes["in_proj_bias"] = (3 * embed,)
    if added:
        shapes |= {"bias_k": (1, 1, embed), "bias_v": (1, 1, embed)}
    shapes["out_proj.weight"] = (embed, embed)
    if bias:
        shapes["out_proj.bias"] = (embed,)
    return {prefix + name: shape for name, shape in shapes.items()}


def attention_macs(embed: Size, key: Size, value: Size, length: Size, source: Size) -> Size:
    """Return the multiply-adds of attention with its four projections."""
    projections = 2 * length * embed * embed + source * embed * (key + value)
    return projections + 2 * length * source * embed


def want_sequence(x: Tensor, index: int, names: tuple[str, str] = ("T", "E")) -> tuple[Size, Size]:
    """Return length and width of a sequence, batch-first. Raises Mismatch where it is none."""
    if len(x.shape) != 2:
        raise Mismatch(f"wants a sequence [{', '.join(names)}] and gets {show_shape(x.shape)}", value=index)
    if not x.batched:
        raise Mismatch("wants a sequence for each sample and gets a value without a batch", value=index)
    want_floats(x)
    return x.shape[0], x.shape[1]


@layer(
    "nn.MultiheadAttention", infers="embed_dim", fixed={"batch_first": True}, positional=7, optional_values=4,
    role="attention", yields=("output", "weights"), forward=("need_weights", "average_attn_weights", "is_causal"),
)  # fmt: skip
def multihead_attention(
    query: Tensor, key: Tensor | None, value: Tensor | None, key_padding_mask: Tensor | None,
    attn_mask: Tensor | None, /, num_heads: Size, dropout: Probability = 0.0, bias: bool = True,
    add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: Size | None = None, vdim: Size | None = None, *,
    need_weights: bool = True, average_attn_weights: bool = True, is_causal: bool = False,
) -> Applied:  # fmt: skip
    """Attention with several heads from queries [T, E] to keys and values [S, E]; of one sequence to itself.

    Gives the output, and the weights [T, S].
    """
    keys = query if key is None else key
    found = keys if value is None else value
    length, embed = want_sequence(query, 0)
    source, key_wide = want_sequence(keys, 1, ("S", "E"))
    value_source, value_wide = want_sequence(found, 2, ("S", "E"))
    want_divisor(num_heads, embed, "num_heads", "the features")
    if not same(source, value_source):
        raise Mismatch(f"wants as many values as keys and gets {source} and {value_source}", value=2)
    _want_width("kdim", key_wide, embed if kdim is None else kdim, 1)
    _want_width("vdim", value_wide, embed if vdim is None else vdim, 2)
    want_masks(key_padding_mask, attn_mask, length, source, 3)
    if is_causal and attn_mask is None:
        raise Mismatch("is_causal only says what attn_mask is, and wants one", argument="is_causal")
    output = query.like((length, embed))
    extra = source + (1 if add_bias_kv else 0) + (1 if add_zero_attn else 0)
    shape = (length, extra) if average_attn_weights else (num_heads, length, extra)
    return Applied(
        *((output, query.like(shape)) if need_weights else (output,)),
        weights=attention_weights(embed, key_wide, value_wide, bias, added=add_bias_kv),
        macs=attention_macs(embed, key_wide, value_wide, length, source),
        call=_written(key, value, key_padding_mask, attn_mask, need_weights, average_attn_weights, is_causal),
        embed_dim=embed,
    )


def want_masks(padding: Tensor | None, mask: Tensor | None, length: Size, source: Size, index: int) -> None:
    """Raise Mismatch where a mask of the padding is not [S] for each sample, or one of the attention not [T, S] for all.

    `index` is the place of the first among the values; the second follows it.
    """
    if padding is not None and not (padding.batched and same_shape(padding.shape, (source,))):
        found = show_shape(padding.shape, padding.batched)
        raise Mismatch(f"wants a mask of the padding {show_shape((source,), batched=True)} and gets {found}", value=index)
    if mask is not None and len(mask.full) != 3 and not same_shape(mask.full, (length, source)):
        found = show_shape(mask.shape, mask.batched)
        raise Mismatch(f"wants a mask of the attention {show_shape((length, source))} and gets {found}", value=index + 1)


def _want_width(argument: str, found: Size, wanted: Size, index: int) -> None:
    if not same(found, wanted):
        raise Mismatch(f"wants {wanted} features and gets {found}", value=index, suggestion=f"{argument}={found} allows them.")


def _written(key: object, value: object, padding: object, mask: object, weights: bool, average: bool, causal: bool) -> str:
    """Write the call: one sequence stands for all three, and what is left out is not said."""
    first = 0 if key is None else 1
    parts = ["{0}", f"{{{first}}}", f"{{{first if value is None else 2}}}"]
    parts += ["key_padding_mask={3}"] if padding is not None else []
    parts += ["attn_mask={4}"] if mask is not None else []
    parts += [] if weights else ["need_weights=False"]
    parts += [] if average else ["average_attn_weights=False"]
    parts += ["is_causal=True"] if causal else []
    return f"{{self}}({', '.join(parts)})" + ("" if weights else "[0]")
