"""Tables of learned vectors."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import want_integers
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size


def _want_within(padding_idx: int | None, size: Size) -> None:
    if padding_idx is not None and not isinstance(size, Dim) and not -size <= padding_idx < size:
        raise Mismatch(f"padding_idx={padding_idx} is outside the {size} entries", argument="padding_idx")


@layer("nn.Embedding", weighted=True, role="embedding", ragged="keeps")
def embedding(
    x: Tensor, /, num_embeddings: Size, embedding_dim: Size, padding_idx: int | None = None,
    max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Applied:  # fmt: skip
    """Looks up a learned vector for each index."""
    want_integers(x, "indices")
    _want_within(padding_idx, num_embeddings)
    return Applied(x.like((*x.shape, embedding_dim), "float32"), weights={"weight": (num_embeddings, embedding_dim)})


@layer("nn.EmbeddingBag", weighted=True, role="embedding", choices={"mode": ("sum", "mean", "max")})
def embedding_bag(
    x: Tensor, /, num_embeddings: Size, embedding_dim: Size, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Applied:  # fmt: skip
    """Looks up a learned vector for each index of a bag [L], and joins them into one."""
    want_integers(x, "indices")
    x.expect("L")
    _want_within(padding_idx, num_embeddings)
    if mode == "max" and (sparse or scale_grad_by_freq):
        raise Mismatch("mode='max' goes neither with sparse nor with scale_grad_by_freq", argument="mode")
    return Applied(x.like((embedding_dim,), "float32"), weights={"weight": (num_embeddings, embedding_dim)})
