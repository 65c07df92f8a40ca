"""The members of a chain: shorthands and repetitions stay what they are, and what torch has no module for gets one."""

from __future__ import annotations

from archdsl.emit.constants import Unwritable
from archdsl.emit.parameters import is_constant, values_of
from archdsl.emit.python import literal
from archdsl.emit.strands import Differs, Strand
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from archdsl.emit.modules import Makers
    from archdsl.emit.scope import Scope
    from archdsl.graph import Module, Splice

    Written = TypeVar("Written")


class Part:
    """Members next to each other that came into a chain together, or one that stands by itself.

    `depth` is how many of the splices that they share have been written already.
    """

    def __init__(self, members_: Sequence[Module], depth: int = 0, splice: Splice | None = None) -> None:
        self.members, self.depth, self.splice = list(members_), depth, splice

    def inside(self) -> Part:
        """Return the same members, this splice being written."""
        return Part(self.members, self.depth + 1)

    def cut(self, start: int, end: int) -> Part:
        """Return some of the members."""
        return Part(self.members[start:end], self.depth + 1)

    def parts(self) -> list[Part]:
        """Group the members by the splice that they share at this depth."""
        found: list[Part] = []
        for member in self.members:
            splices = path(member.spliced)
            at = splices[self.depth] if len(splices) > self.depth else None
            if at is not None and found and found[-1].splice is not None and same(found[-1].splice, at):
                found[-1].members.append(member)
            else:
                found.append(Part([member], self.depth, at))
        return found


def path(splice: Splice | None) -> list[Splice]:
    """Return the splices that a member came through, outermost first."""
    found: list[Splice] = []
    while splice is not None:
        found.insert(0, splice)
        splice = splice.outer
    return found


def same(one: Splice, other: Splice) -> bool:
    """Whether two splices are one use of the same thing."""
    return one is other or (one.source is other.source and one.outer is other.outer)


def members(makers: Makers, columns: Sequence[Part]) -> list[str]:
    """Write the members of one chain, which is made in every strand."""
    grouped = [column.parts() for column in columns]
    if any(len(group) != len(grouped[0]) for group in grouped):
        raise Differs
    texts: list[str] = []
    for row in zip(*grouped, strict=True):
        splice = row[0].splice
        if splice is None:
            texts.append(makers.make([part.members[0] for part in row]))
        elif splice.kind == "repeat":
            texts += _repeated(makers, row)
        elif splice.kind == "shorthand":
            texts += _shorthand(makers, row)
        else:
            from archdsl.emit.comprehensions import listed

            texts += listed(makers, row)
    return texts


# ---------------------------------------------------------------- shorthands


def _shorthand(makers: Makers, row: Sequence[Part]) -> list[str]:
    splice = row[0].splice
    assert splice is not None
    assert splice.definition is not None
    if makers.shorthands.is_function(splice.definition):
        return [makers.shorthands.spliced_call(makers, row)]
    return inlined(makers.scope, splice, lambda: members(makers, [part.inside() for part in row]))


def inlined(scope: Scope, splice: Splice, write: Callable[[], Written], place: str = "init") -> Written:
    """Write what a shorthand holds with its arguments put in."""
    assert splice.definition is not None
    given = {one.name: one for one in splice.arguments}
    around = scope.substituted[-1] if scope.substituted else {}
    writer = scope.init if place == "init" else scope.forward
    inner: dict[str, str] = {}
    for name, default in splice.definition.parameters:
        if name in given:
            if is_constant(given[name].value):
                inner[name] = scope.argument([given[name]] * len(scope.strands), place)
        elif default is not None:
            scope.substituted.append({**around, **inner})
            try:
                inner[name] = writer.write(default)
            except Unwritable:
                continue
            finally:
                scope.substituted.pop()
    scope.substituted.append(inner)
    scope.put_in.append(values_of(splice.definition, splice.arguments, scope.put_in[-1] if scope.put_in else scope.strands[0].env))
    try:
        return write()
    finally:
        scope.substituted.pop()
        scope.put_in.pop()


# ---------------------------------------------------------------- repetitions


def _repeated(makers: Makers, row: Sequence[Part]) -> list[str]:
    """`repeat(n, f)` is a comprehension; where the first differs from the rest, it stands before it."""
    splice = row[0].splice
    assert splice is not None
    counts = [part.splice.count if part.splice is not None else 1 for part in row]
    count = _count(makers, row)
    if count in ("0", "1"):
        return members(makers, [part.inside() for part in row])
    for skip in (0, 1):
        try:
            return _attempt(makers, row, counts, count, skip)
        except Differs:
            continue
    return members(makers, [part.inside() for part in row])


def _count(makers: Makers, row: Sequence[Part]) -> str:
    splice = row[0].splice
    assert splice is not None
    source = splice.source
    if isinstance(source, tree.Call):
        written = next((one.value for one in source.arguments if one.name == "n"), source.arguments[0].value)
        try:
            return makers.scope.init.write(written)
        except Unwritable:
            pass
    return literal(splice.count)


def _attempt(makers: Makers, row: Sequence[Part], counts: list[int], count: str, skip: int) -> list[str]:
    """Write all but the first `skip` repetitions as one comprehension. Raises Differs where they are not alike."""
    scope, around = makers.scope, makers.scope.strands
    first: list[str] = []
    sizes = [len(part.members) // times for part, times in zip(row, counts, strict=True)]
    if skip:
        if any(times < 2 for times in counts):
            raise Differs
        first = members(makers, [part.cut(0, size) for part, size in zip(row, sizes, strict=True)])
    columns: list[Part] = []
    strands: list[Strand] = []
    for strand, part, times, size in zip(around, row, counts, sizes, strict=True):
        for number in range(skip, times):
            columns.append(part.cut(number * size, (number + 1) * size))
            strands.append(strand)
    scope.strands, scope.strict = strands, scope.strict + 1
    try:
        texts = members(makers, columns)
    finally:
        scope.strands, scope.strict = around, scope.strict - 1
    if skip and count == "2":
        return [*first, *texts]
    over = f"range({count})" if not skip else f"range({_less(count)})"
    if len(texts) == 1:
        star, text = ("*", texts[0]) if not texts[0].startswith("*") else ("*", "")
        if text:
            return [*first, f"{star}({text} for _ in {over})"]
    return [*first, f"*(layer for _ in {over} for layer in ({', '.join(texts)}{',' if len(texts) == 1 else ''}))"]


def _less(count: str) -> str:
    return str(int(count) - 1) if count.isdigit() else f"{count} - 1"
