"""`x[...]` on a value: the batch counts as dimension 0, and stays."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import apply_layer, settled
from archdsl.analyze.chains import is_value
from archdsl.analyze.constants import kind_name
from archdsl.analyze.evaluate import constant, value_of
from archdsl.analyze.values import BROKEN
from archdsl.dims import Dim
from archdsl.graph import Index, Node, Pack, Take
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Tensor, show_shape
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body
    from archdsl.dims import Size


def index(body: Body, base: Node, expr: tree.Subscript) -> object:
    """Take an entry of several values, or index a tensor; a recurrent layer's first result is one."""
    if len(expr.indices) > 1 or isinstance(expr.indices[0], tree.Slice | tree.Dots):
        base = settled(base)
        if not isinstance(base.type, Tensor):
            body.complain(say.not_a_value("several values", expr.base.span))
            return BROKEN
    if not isinstance(base.type, Tensor):
        return entry(body, base, expr)
    if len(expr.indices) == 1 and is_value(body, expr.indices[0]):
        return _rows(body, base, expr)
    indices = [_index(body, item) for item in expr.indices]
    if any(item is BROKEN for item in indices):
        return BROKEN
    full = _without_dots(indices, base.type.rank)
    if full is None:
        body.complain(say.bad_constant(f"{show_shape(base.type.shape, base.type.batched)} has fewer dimensions than indices", expr.span))
        return BROKEN
    if base.type.batched and full and full[0] != (None, None, None):
        body.complain(
            say.mismatch(
                "bad-index",
                "The first index is the batch, which stays as it is",
                expr.indices[0].span,
                "takes from the batch",
                (),
                f"Write {_after_batch(base.type)}, where the colon stands for the batch.",
            )
        )
        return BROKEN
    kept = full[1:] if base.type.batched else full
    shape = _shape(body, list(base.type.shape), kept, expr)
    if shape is None:
        return BROKEN
    return Index(base, tuple(indices), expr.indices, base.type.like(shape), expr.span)


def _rows(body: Body, base: Node, expr: tree.Subscript) -> object:
    """`table[t]`: for each of several whole numbers, the row of a table."""
    chosen = value_of(body, expr.indices[0])
    layer = lookup("take_rows")
    assert layer is not None
    made = None if chosen is None else apply_layer(body, layer, (), {}, [base, chosen], expr.span)
    return BROKEN if made is None else made


def _after_batch(tensor: Tensor) -> str:
    return "x[:, 0]" if tensor.shape else "x"


def entry(body: Body, base: Node, expr: tree.Subscript) -> object:
    """Take one of several values by its number."""
    number = constant(body, expr.indices[0]) if len(expr.indices) == 1 else BROKEN
    assert not isinstance(base.type, Tensor)
    count = len(base.type)
    if isinstance(number, int) and -count <= number < count:
        if isinstance(base, Pack):
            return base.items[number]
        return Take(base, number % count, base.type[number], expr.span)
    if number is not BROKEN:
        body.complain(say.bad_constant(f"index {number} is outside the {count} values", expr.span))
    return BROKEN


def _index(body: Body, expr: tree.Expr) -> object:
    if isinstance(expr, tree.Dots):
        return ...
    if isinstance(expr, tree.Slice):
        parts = tuple([None if part is None else constant(body, part) for part in (expr.start, expr.stop, expr.step)])
        return BROKEN if any(part is BROKEN for part in parts) else parts
    value = constant(body, expr)
    if value is None or value is BROKEN or (isinstance(value, int | Dim) and not isinstance(value, bool)):
        return value
    if isinstance(value, slice):
        return (value.start, value.stop, value.step)
    body.complain(
        say.bad_constant(f"an index is a whole number, and this is {kind_name(value)}", expr.span, "gather(x, dim, index) takes by tensor.")
    )
    return BROKEN


def _without_dots(indices: list[object], rank: int) -> list[object] | None:
    used = sum(1 for item in indices if item is not None and item is not ...)
    if used > rank or sum(1 for item in indices if item is ...) > 1:
        return None
    everything: list[object] = [(None, None, None)] * (rank - used)
    if ... in indices:
        at = indices.index(...)
        return [*indices[:at], *everything, *indices[at + 1 :]]
    return [*indices, *everything]


def _shape(body: Body, sizes: list[Size], indices: list[object], expr: tree.Subscript) -> list[Size] | None:
    shape: list[Size] = []
    rest = list(sizes)
    for item in indices:
        if item is None:
            shape.append(1)
            continue
        size = rest.pop(0)
        if isinstance(item, tuple):
            shape.append(_sliced(size, item))
        elif isinstance(size, int) and isinstance(item, int) and not -size <= item < size:
            body.complain(say.bad_constant(f"index {item} is outside the {size} entries of this dimension", expr.span))
            return None
    return shape


def _sliced(size: Size, parts: tuple[object, ...]) -> Size:
    start, stop, step = parts
    if parts == (None, None, None):
        return size
    if isinstance(size, int) and all(part is None or isinstance(part, int) for part in parts):
        known = slice(start, stop, step).indices(int(size))
        return len(range(*known))
    return _symbolic_slice(size, start, stop, step)


def _symbolic_slice(size: Size, start: object, stop: object, step: object) -> Size:
    """Slice a size that is not known, on the understanding that it is long enough."""
    first = start if isinstance(start, int | Dim) else 0
    last = stop if isinstance(stop, int | Dim) else size
    first = first + size if isinstance(first, int) and first < 0 else first
    last = last + size if isinstance(last, int) and last < 0 else last
    length = last - first
    return length if step in (None, 1) or not isinstance(step, int) else (length + (step - 1)) // step
