"""Other shapes for the same numbers."""

from __future__ import annotations

from archdsl.dims import Dim, divide_exactly, product
from archdsl.layers.geometry import count, same
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Dims, Shape


@layer("nn.Flatten", function=".flatten", always="start_dim", role="reshape")
def flatten(x: Tensor, /, start_dim: int = 1, end_dim: int = -1) -> Applied:
    """Joins dimensions into one, by default all but the batch."""
    if not x.shape and start_dim == 1:
        raise Mismatch("wants [..., F] and gets one number for each sample")
    start, end = x.axis(start_dim, "start_dim"), x.axis(end_dim, "end_dim")
    if start > end:
        raise Mismatch(f"start_dim={start_dim} comes after end_dim={end_dim}", argument="start_dim")
    return Applied(x.like((*x.shape[:start], product(x.shape[start : end + 1]), *x.shape[end + 1 :])))


def _write_unflatten(values: list[str], arguments: dict[str, str]) -> str:
    return f"{values[0]}.unflatten({arguments['dim']}, {arguments['unflattened_size']})"


@layer("nn.Unflatten", function=".unflatten", write=_write_unflatten, role="reshape", ragged="keeps")
def unflatten(x: Tensor, /, dim: int, unflattened_size: Shape) -> Applied:
    """Parts one dimension into several; one of them may be -1, which is what is left."""
    axis = x.axis(dim)
    if x.ragged and axis == 0:
        raise Mismatch("cannot part a ragged dimension", argument="dim")
    parts = _filled(unflattened_size, x.shape[axis], "unflattened_size")
    return Applied(x.like((*x.shape[:axis], *parts, *x.shape[axis + 1 :])))


def _filled(sizes: Shape, total: Size, argument: str) -> Shape:
    """Return sizes with their -1 replaced by what is left of the total."""
    if not sizes:
        raise Mismatch(f"{argument} may not be empty", argument=argument)
    open_ended = [place for place, size in enumerate(sizes) if size == -1]
    if len(open_ended) > 1:
        raise Mismatch(f"{argument} may hold -1 once", argument=argument)
    if any(isinstance(size, int) and size < -1 for size in sizes):
        raise Mismatch(f"{argument} wants sizes and gets {show_shape(sizes)}", argument=argument)
    known = product([size for size in sizes if size != -1])
    if not open_ended:
        if not same(known, total):
            raise Mismatch(f"{argument}={show_shape(sizes)} holds {known} numbers where there are {total}", argument=argument)
        return tuple(sizes)
    left: Size | None = None
    if isinstance(total, int) and isinstance(known, int) and known and total % known == 0:
        left = total // known
    if left is None and (isinstance(total, Dim) or isinstance(known, Dim)):
        left = divide_exactly(total, known)
        left = total // known if left is None else left
    if left is None:
        raise Mismatch(f"{argument}={show_shape(sizes)} does not divide {total} numbers", argument=argument)
    return tuple([left if size == -1 else size for size in sizes])


def _reshaped(x: Tensor, shape: Shape, method: str) -> Applied:
    if x.ragged:
        raise Mismatch("cannot give a ragged sequence another shape")
    sizes = _filled(shape, count(x.shape), "shape")
    batch = "" if not x.batched else "len({0}), " if -1 in shape else "-1, "
    return Applied(x.like(sizes), call="{0}." + method + "(" + batch + "{shape})")


@layer("torch.reshape", module="", function=".reshape", role="reshape")
def reshape(x: Tensor, /, *shape: int) -> Applied:
    """Gives each sample another shape, written without the batch; one size may be -1, what is left."""
    return _reshaped(x, shape, "reshape")


@layer("torch.Tensor.view", module="", function=".view", role="reshape")
def view(x: Tensor, /, *shape: int) -> Applied:
    """Gives each sample another shape, without the batch, and copies nothing."""
    return _reshaped(x, shape, "view")


@layer("torch.permute", function=".permute", role="reshape")
def permute(x: Tensor, /, *dims: int) -> Applied:
    """Puts the dimensions into another order, counted with the batch: `permute(0, 2, 3, 1)`."""
    if len(dims) != x.rank:
        raise Mismatch(f"dims wants all {x.rank} dimensions of {show_shape(x.shape, x.batched)} and gets {len(dims)}", argument="dims")
    order = [_place(dim, x) for dim in dims]
    if sorted(order) != list(range(x.rank)):
        raise Mismatch(f"dims={tuple(dims)} names a dimension twice", argument="dims")
    if x.batched and order[0] != 0:
        raise Mismatch("dims has to begin with 0, the batch", argument="dims")
    if x.ragged and order[1] != 1:
        raise Mismatch("a ragged dimension stays in its place", argument="dims")
    return Applied(x.like([x.shape[place - x.batched] for place in order[x.batched :]]))


def _place(dim: object, x: Tensor) -> int:
    """Return a dimension counted from 0, the batch included."""
    if isinstance(dim, int) and x.batched and dim in (0, -x.rank):
        return 0
    return x.axis(dim, "dims") + x.batched


@layer("torch.transpose", function=".transpose", role="reshape")
def transpose(x: Tensor, /, dim0: int, dim1: int) -> Applied:
    """Swaps two dimensions, counted with the batch."""
    a, b = x.axis(dim0, "dim0"), x.axis(dim1, "dim1")
    if x.ragged and a != b and 0 in (a, b):
        raise Mismatch("a ragged dimension stays in its place", argument="dim0")
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Applied(x.like(shape))


@layer("torch.squeeze", function=".squeeze", role="reshape", ragged="keeps")
def squeeze(x: Tensor, /, dim: Dims) -> Applied:
    """Leaves out dimensions of size 1."""
    axes = [x.axis(one) for one in (dim if isinstance(dim, tuple) else (dim,))]
    if len(set(axes)) < len(axes):
        raise Mismatch(f"dim={dim} names a dimension twice", argument="dim")
    if x.ragged and 0 in axes:
        raise Mismatch("a ragged dimension cannot be left out", argument="dim")
    return Applied(x.like([size for axis, size in enumerate(x.shape) if axis not in axes or size != 1]))


@layer("torch.unsqueeze", function=".unsqueeze", role="reshape", ragged="keeps")
def unsqueeze(x: Tensor, /, dim: int) -> Applied:
    """Adds a dimension of size 1."""
    larger = Tensor((*x.shape, 1), x.dtype, x.batched)
    axis = larger.axis(dim)
    if x.ragged and axis == 0:
        raise Mismatch("a ragged dimension stays first", argument="dim")
    return Applied(x.like((*x.shape[:axis], 1, *x.shape[axis:])))


@layer("torch.Tensor.expand", function=".expand", role="reshape")
def expand(x: Tensor, /, *sizes: int) -> Applied:
    """Repeats dimensions of size 1 without copying, to sizes written without the batch; -1 keeps one."""
    if x.ragged:
        raise Mismatch("cannot expand a ragged sequence")
    added = len(sizes) - len(x.shape)
    if added < 0 or (added > 0 and x.batched):
        raise Mismatch(f"sizes wants {len(x.shape)} sizes and gets {len(sizes)}", argument="sizes")
    shape: list[Size] = []
    for old, new in zip((1,) * added + x.shape, sizes, strict=True):
        if isinstance(new, int) and (new < -1 or new == 0):
            raise Mismatch(f"sizes wants positive whole numbers, or -1, and gets {new}", argument="sizes")
        if new != -1 and old != 1 and not same(old, new):
            raise Mismatch(f"a size of {old} cannot be expanded to {new}", argument="sizes")
        shape.append(old if new == -1 else new)
    return Applied(x.like(shape), call="{0}.expand(-1, {sizes})" if x.batched else "{0}.expand({sizes})")


@layer("torch.Tensor.contiguous", function=".contiguous", ragged="keeps", role="reshape")
def contiguous(x: Tensor, /) -> Applied:
    """Lays the numbers out in order in memory, where they are not."""
    return Applied(x)


@layer("torch.movedim", function=".movedim", role="reshape")
def movedim(x: Tensor, /, source: int, destination: int) -> Applied:
    """Moves a dimension to another place, counted with the batch."""
    a, b = x.axis(source, "source"), x.axis(destination, "destination")
    if x.ragged and a != b and 0 in (a, b):
        raise Mismatch("a ragged dimension stays in its place", argument="source")
    shape = list(x.shape)
    shape.insert(b, shape.pop(a))
    return Applied(x.like(shape))
