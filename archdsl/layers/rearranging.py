"""`rearrange`: the patterns of einops, written as plain torch."""

from __future__ import annotations

from archdsl.dims import Dim, divide_exactly, product
from archdsl.layers.geometry import same
from archdsl.layers.registry import layer
from archdsl.layers.tensor import BATCH, Applied, Mismatch, Tensor, from_full, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size

    Side = list[list[str]]


@layer("", role="reshape")
def rearrange(x: Tensor, /, pattern: str, **sizes: Size) -> Applied:
    """Parts, moves and joins dimensions by a pattern: `rearrange("b (h w) c -> b c h w", h=7)`."""
    before, after = _sides(pattern)
    steps: list[str] = []
    names, known = _parted(x, before, dict(sizes), pattern, steps)
    wanted = [name for group in after for name in group]
    if sorted(wanted) != sorted(names):
        odd = sorted(set(wanted) ^ set(names)) or wanted
        raise Mismatch(f"{pattern!r} has {odd[0]} on one side only, or twice", argument="pattern")
    order = [names.index(name) for name in wanted]
    if order != list(range(len(order))):
        steps.append(f".permute({', '.join(map(str, order))})")
    full = _joined(after, known, pattern, steps)
    return Applied(from_full(full, x.dtype), call="{0}" + "".join(steps) if steps else "{0}")


def _sides(pattern: str) -> tuple[Side, Side]:
    left, arrow, right = pattern.partition("->")
    if not arrow or "->" in right:
        raise Mismatch(f"pattern wants one -> and gets {pattern!r}", argument="pattern")
    return _groups(left, pattern), _groups(right, pattern)


def _groups(side: str, pattern: str) -> Side:
    """Read a side of a pattern: names alone, groups in brackets, and 1 as an empty group."""
    groups: Side = []
    inside = False
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(" and not inside:
            groups.append([])
            inside = True
        elif word == ")" and inside:
            inside = False
        elif word == "1":
            groups.extend([] if inside else [[]])
        elif word.isidentifier() and word.isascii():
            groups[-1].append(word) if inside else groups.append([word])
        else:
            raise Mismatch(f"pattern has {word!r}, which is no name, in {pattern!r}", argument="pattern")
    if inside:
        raise Mismatch(f"pattern has an open bracket in {pattern!r}", argument="pattern")
    return groups


def _parted(x: Tensor, groups: Side, sizes: dict[str, Size], pattern: str, steps: list[str]) -> tuple[list[str], dict[str, Size]]:
    """Return the names on the left in order with their sizes, and note the steps that part the dimensions."""
    if len(groups) != x.rank:
        raise Mismatch(f"{pattern!r} begins with {len(groups)} dimensions and gets {show_shape(x.shape, x.batched)}", argument="pattern")
    known: dict[str, Size] = {}
    place = 0
    for group, size in zip(groups, x.full, strict=True):
        if size == BATCH and len(group) != 1:
            raise Mismatch("the batch stays a dimension of its own", argument="pattern")
        found = _sizes_of(group, size, sizes, pattern)
        if any(name in known for name in found):
            raise Mismatch(f"{pattern!r} names a dimension twice", argument="pattern")
        known |= found
        if not group:
            steps.append(f".squeeze({place})")
        elif len(group) > 1:
            steps.append(f".unflatten({place}, ({', '.join(_written(list(found), found, sizes))}))")
        place += len(group)
    spare = [name for name in sizes if name not in known]
    if spare:
        raise Mismatch(f"{pattern!r} has no dimension {spare[0]}", argument=spare[0])
    return list(known), known


def _written(names: list[str], found: dict[str, Size], given: dict[str, Size]) -> list[str]:
    """Write the sizes of a parted dimension: the one that was not given is -1."""
    free = [name for name in names if name not in given]
    return ["-1" if name in free[:1] else str(found[name]) for name in names]


def _sizes_of(group: list[str], size: Size, given: dict[str, Size], pattern: str) -> dict[str, Size]:
    free = [name for name in group if name not in given]
    for name in group:
        value = given.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | Dim) or (isinstance(value, int) and value < 1):
            raise Mismatch(f"{name} wants a positive whole number and gets {value}", argument=name)
    if len(free) > 1:
        raise Mismatch(f"{pattern!r} leaves both {free[0]} and {free[1]} open", argument="pattern")
    rest = product([given[name] for name in group if name in given])
    left: Size | None = 1
    if free:
        left = divide_exactly(size, rest)
        left = size // rest if left is None and (isinstance(size, Dim) or isinstance(rest, Dim)) else left
    if left is None or (not free and not same(rest, size)):
        raise Mismatch(f"{rest} does not make up a size of {size} in {pattern!r}", argument="pattern")
    return {name: given.get(name, left) for name in group}


def _joined(groups: Side, known: dict[str, Size], pattern: str, steps: list[str]) -> list[Size]:
    """Return the full shape on the right, and note the steps that join dimensions and add those of size 1."""
    full: list[Size] = []
    for place, group in enumerate(groups):
        if len(group) > 1:
            if any(known[name] == BATCH for name in group):
                raise Mismatch("the batch stays a dimension of its own", argument="pattern")
            steps.append(f".flatten({place}, {place + len(group) - 1})")
        elif not group:
            steps.append(f".unsqueeze({place})")
        full.append(product([known[name] for name in group]))
    return full
