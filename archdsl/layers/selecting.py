"""Taking parts of a value, and putting them in order."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import want_integers
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Dims


def _axis(x: Tensor, dim: int, argument: str = "dim") -> int:
    """Return a dimension in which places may change, which a ragged one is not."""
    axis = x.axis(dim, argument)
    if x.ragged and axis == 0:
        raise Mismatch("cannot go along a ragged dimension", argument=argument)
    return axis


def _resized(x: Tensor, axis: int, size: Size) -> Tensor:
    return x.like((*x.shape[:axis], size, *x.shape[axis + 1 :]))


@layer("torch.topk", function=".topk", yields=("values", "indices"), ragged="keeps")
def topk(x: Tensor, /, k: Size, dim: int = -1, largest: bool = True, sorted: bool = True) -> Applied:
    """The largest numbers along a dimension, and where they stand."""
    axis = _axis(x, dim)
    size = x.shape[axis]
    if isinstance(k, int) and isinstance(size, int) and k > size:
        raise Mismatch(f"k={k} is more than there are, {size}", argument="k")
    taken = _resized(x, axis, k)
    return Applied(taken, taken.replace(dtype="int64"))


@layer("torch.sort", function=".sort", yields=("values", "indices"), ragged="keeps")
def sort(x: Tensor, /, dim: int = -1, descending: bool = False) -> Applied:
    """The numbers along a dimension in order, and where they stood."""
    _axis(x, dim)
    return Applied(x, x.replace(dtype="int64"))


@layer("torch.argsort", function=".argsort", ragged="keeps")
def argsort(x: Tensor, /, dim: int = -1, descending: bool = False) -> Applied:
    """Where the numbers along a dimension stand, in order."""
    _axis(x, dim)
    return Applied(x.replace(dtype="int64"))


@layer("torch.gather", ragged="")
def gather(x: Tensor, index: Tensor, /, dim: int) -> Applied:
    """Takes the numbers at given indices along a dimension."""
    axis = x.axis(dim)
    if index.dtype != "int64":
        raise Mismatch(f"wants indices, int64, and gets {index.dtype}", value=1)
    if len(index.shape) != len(x.shape) or index.batched != x.batched:
        raise Mismatch(f"wants indices of as many dimensions as {show_shape(x.shape)} and gets {show_shape(index.shape)}", value=1)
    for place, (size, wanted) in enumerate(zip(x.shape, index.shape, strict=True)):
        if place != axis and isinstance(size, int) and isinstance(wanted, int) and wanted > size:
            raise Mismatch(f"wants indices within {show_shape(x.shape)} and gets {show_shape(index.shape)}", value=1)
    return Applied(Tensor(index.shape, x.dtype, x.batched), call="{0}.gather({dim}, {1})")


@layer("", name="take_rows", function="take_rows", ragged="keeps", write=lambda values, _arguments: f"{values[0]}[{values[1]}]")
def take_rows(table: Tensor, index: Tensor, /) -> Applied:
    """Takes the rows of a table that whole numbers name, `table[index]`: what a schedule says of each sample's step."""
    want_integers(index, "whole numbers", 1)
    if table.batched or not table.shape:
        raise Mismatch(f"wants a table, which has no batch, and gets {show_shape(table.shape, table.batched)}")
    shape = (*index.shape, *table.shape[1:])
    return Applied(Tensor(shape, table.dtype, index.batched, index.ragged, index.lengths))


@layer("torch.index_select", ragged="keeps")
def index_select(x: Tensor, index: Tensor, /, dim: int) -> Applied:
    """Takes the entries at given indices along a dimension, the same for every sample."""
    axis = _axis(x, dim)
    want_integers(index, "indices", 1)
    if index.batched or len(index.shape) != 1:
        raise Mismatch(f"wants a list of indices without a batch and gets {show_shape(index.shape, index.batched)}", value=1)
    return Applied(_resized(x, axis, index.shape[0]), call="{0}.index_select({dim}, {1})")


@layer("torch.repeat_interleave", function=".repeat_interleave", ragged="keeps")
def repeat_interleave(x: Tensor, /, repeats: Size, dim: int) -> Applied:
    """Repeats each entry along a dimension."""
    axis = _axis(x, dim)
    return Applied(_resized(x, axis, x.shape[axis] * repeats))


@layer("torch.roll", function=".roll", ragged="keeps")
def roll(x: Tensor, /, shifts: Dims, dims: Dims) -> Applied:
    """Moves numbers along dimensions, those at the end to the beginning."""
    moved = shifts if isinstance(shifts, tuple) else (shifts,)
    along = dims if isinstance(dims, tuple) else (dims,)
    if len(moved) != len(along):
        raise Mismatch(f"shifts wants {len(along)} numbers, one for each of dims, and gets {len(moved)}", argument="shifts")
    for dim in along:
        _axis(x, dim, "dims")
    return Applied(x)


@layer("torch.flip", function=".flip", ragged="keeps")
def flip(x: Tensor, /, *dims: int) -> Applied:
    """Reverses dimensions."""
    axes = [_axis(x, dim, "dims") for dim in dims]
    if len(set(axes)) < len(axes):
        raise Mismatch(f"dims={tuple(dims)} names a dimension twice", argument="dims")
    return Applied(x)


def _want_matrices(x: Tensor) -> None:
    x.expect("...", "M", "N")
    if x.ragged and len(x.shape) == 2:
        raise Mismatch("cannot go along a ragged dimension")


@layer("torch.tril", function=".tril", ragged="keeps")
def tril(x: Tensor, /, diagonal: int = 0) -> Applied:
    """Keeps the lower triangle of matrices [..., M, N], with zeros above."""
    _want_matrices(x)
    return Applied(x)


@layer("torch.triu", function=".triu", ragged="keeps")
def triu(x: Tensor, /, diagonal: int = 0) -> Applied:
    """Keeps the upper triangle of matrices [..., M, N], with zeros below."""
    _want_matrices(x)
    return Applied(x)


@layer("torch.diagonal", function=".diagonal")
def diagonal(x: Tensor, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Applied:
    """The diagonal of matrices, as their last dimension."""
    a, b = _axis(x, dim1, "dim1"), _axis(x, dim2, "dim2")
    if a == b:
        raise Mismatch("dim1 and dim2 are one dimension", argument="dim2")
    rows, columns = x.shape[a], x.shape[b]
    if isinstance(rows, Dim) or isinstance(columns, Dim):
        if rows != columns or offset != 0:
            raise Mismatch(f"wants known sizes and gets {rows} and {columns}")
        length: Size = rows
    else:
        length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    return Applied(x.like((*[size for axis, size in enumerate(x.shape) if axis not in (a, b)], length)))


@layer("torch.narrow", function=".narrow", ragged="keeps")
def narrow(x: Tensor, /, dim: int, start: int, length: Size) -> Applied:
    """Takes a part of a dimension, from a start on."""
    axis = _axis(x, dim)
    size = x.shape[axis]
    first = start + size if start < 0 else start
    if isinstance(size, int) and isinstance(length, int) and isinstance(first, int) and not 0 <= first <= size - length:
        raise Mismatch(f"start={start} and length={length} reach beyond {size}", argument="start")
    return Applied(_resized(x, axis, length))


@layer("F.one_hot", ragged="keeps")
def one_hot(x: Tensor, /, num_classes: Size) -> Applied:
    """Writes each index as a vector of zeros with a single one."""
    if x.dtype != "int64":
        raise Mismatch(f"wants indices, int64, and gets {x.dtype}")
    return Applied(x.like((*x.shape, num_classes)))


@layer("torch.bucketize", ragged="keeps")
def bucketize(x: Tensor, boundaries: Tensor, /, right: bool = False) -> Applied:
    """Tells between which boundaries each number lies."""
    if len(boundaries.shape) != 1 or boundaries.batched:
        raise Mismatch(f"wants a list of boundaries and gets {show_shape(boundaries.shape, boundaries.batched)}", value=1)
    return Applied(x.replace(dtype="int64"))
