"""Joining values, and taking them apart again."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.broadcasting import promote
from archdsl.layers.geometry import same
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import SizeOrShape


def _over_batch(tensors: tuple[Tensor, ...]) -> tuple[list[Tensor], dict[int, str]]:
    """Give every value the batch that one of them has, and say how that is written."""
    first = next((index for index, tensor in enumerate(tensors) if tensor.batched), None)
    if first is None:
        return list(tensors), {}
    rank, aligned, prepare = tensors[first].rank, list(tensors), {}
    for index, tensor in enumerate(tensors):
        if not tensor.batched:
            shape = tensor.shape[1:] if len(tensor.shape) == rank and tensor.shape[0] == 1 else tensor.shape
            aligned[index] = Tensor(shape, tensor.dtype)
            stay = ", ".join(["-1"] * len(shape))
            prepare[index] = f"{{{index}}}.expand(len({{{first}}}), {stay})".replace(", )", ")")
    return aligned, prepare


@layer("torch.cat", name="concat", aliases=("cat",), variadic_values=True, role="merge", ragged="keeps")
def concat(tensors: tuple[Tensor, ...], /, dim: int = 0) -> Applied:
    """Joins values along a dimension, counted with the batch: `concat(a, b, dim=1)` joins channels."""
    aligned, prepare = _over_batch(tensors)
    first = aligned[0]
    axis = first.axis(dim)
    total: Size = 0
    for index, tensor in enumerate(aligned):
        _want_alike(first, tensor, axis, index)
        if tensor.ragged and axis == 0:
            raise Mismatch("cannot join along a ragged dimension", argument="dim", value=index)
        total = total + tensor.shape[axis]
    ragged = next((tensor for tensor in aligned if tensor.ragged), first)
    shape = (*ragged.shape[:axis], total, *ragged.shape[axis + 1 :])
    joined = ragged.like(shape, promote(*(tensor.dtype for tensor in aligned)))
    return Applied(joined, prepare=prepare)


def _want_alike(first: Tensor, other: Tensor, axis: int, index: int) -> None:
    alike = len(first.shape) == len(other.shape) and first.batched == other.batched
    if alike:
        pairs = enumerate(zip(first.shape, other.shape, strict=True))
        alike = all(place == axis or same(a, b) for place, (a, b) in pairs)
    if not alike:
        raise Mismatch(
            f"wants shapes that differ along one dimension only and gets {show_shape(first.shape)} and {show_shape(other.shape)}",
            value=index,
        )


@layer("torch.stack", variadic_values=True, role="merge", ragged="keeps")
def stack(tensors: tuple[Tensor, ...], /, dim: int = 0) -> Applied:
    """Joins values of one shape along a new dimension, counted with the batch."""
    aligned, prepare = _over_batch(tensors)
    first = aligned[0]
    for index, tensor in enumerate(aligned):
        _want_alike(first, tensor, -1, index)
    axis = Tensor((*first.shape, 1), batched=first.batched).axis(dim)
    if first.ragged and axis == 0:
        raise Mismatch("a ragged dimension stays first", argument="dim")
    dtype = promote(*(tensor.dtype for tensor in aligned))
    return Applied(first.like((*first.shape[:axis], len(aligned), *first.shape[axis:]), dtype), prepare=prepare)


def _parts(x: Tensor, axis: int, sizes: list[Size]) -> Applied:
    if x.ragged and axis == 0:
        raise Mismatch("cannot part a ragged dimension", argument="dim")
    parts = [x.like((*x.shape[:axis], size, *x.shape[axis + 1 :])) for size in sizes]
    return Applied(*parts, call="{0}" if len(parts) == 1 else "")  # torch would give a tuple of one


def _pieces(size: int, piece: int) -> list[Size]:
    """Cut a size into pieces, of which the last may be smaller."""
    whole, rest = divmod(size, piece)
    return [*[piece] * whole, *([rest] if rest else [])]


@layer("torch.chunk", function=".chunk", role="reshape", ragged="keeps")
def chunk(x: Tensor, /, chunks: Size, dim: int = 0) -> Applied:
    """Parts a dimension into so many pieces of one size, the last one smaller where it has to be."""
    axis = x.axis(dim)
    size = x.shape[axis]
    if isinstance(chunks, Dim):
        raise Mismatch(f"chunks wants a known number and gets {chunks}", argument="chunks")
    if isinstance(size, Dim) or size % chunks == 0:
        return _parts(x, axis, [size // chunks] * chunks)
    return _parts(x, axis, _pieces(size, -(-size // chunks)))


@layer("torch.split", function=".split", role="reshape", ragged="keeps")
def split(x: Tensor, /, split_size_or_sections: SizeOrShape, dim: int = 0) -> Applied:
    """Parts a dimension into pieces of a size, or of several given sizes."""
    axis = x.axis(dim)
    size, wanted = x.shape[axis], split_size_or_sections
    if isinstance(wanted, tuple):
        total: Size = 0
        for piece in wanted:
            total = total + piece
        if not same(total, size):
            raise Mismatch(f"the sections come to {total} where there are {size}", argument="split_size_or_sections")
        return _split(_parts(x, axis, list(wanted)))
    if isinstance(size, Dim) or isinstance(wanted, Dim):
        raise Mismatch(f"wants a known size at dim={dim} and gets {size}", argument="split_size_or_sections")
    return _split(_parts(x, axis, _pieces(size, wanted)))


def _split(parts: Applied) -> Applied:
    """The method's first argument has another name than the function's."""
    parts.call = parts.call or "{0}.split({split_size_or_sections}, dim={dim})"
    return parts


@layer("torch.unbind", function=".unbind", role="reshape")
def unbind(x: Tensor, /, dim: int = 0) -> Applied:
    """Takes a dimension apart, into as many values as it is long."""
    axis = x.axis(dim)
    size = x.shape[axis]
    if isinstance(size, Dim):
        raise Mismatch(f"wants a known size at dim={dim} and gets {size}", argument="dim")
    parts = [x.like((*x.shape[:axis], *x.shape[axis + 1 :]))] * size
    return Applied(*parts, call="{0}.squeeze({dim})" if size == 1 else "")
