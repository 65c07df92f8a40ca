"""Which names are read later on, so that one that is not may be used again."""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.graph import Branch, Let, Loop, Node, Read, SetState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archdsl.graph import Instance, Program, Statement


class Live:
    """The names that are read later on, while the statements of a body go by.

    Each body that is gone through counts what its statements still to come read; around a loop stands, for as
    long as it lasts, what the loop reads as a whole.
    """

    def __init__(self, always: Iterable[str]) -> None:
        self.always = set(always)
        self.counts: list[dict[str, int]] = []

    def enter(self, bodies: Sequence[Sequence[Statement]]) -> None:
        """Begin to go through a body."""
        self.counts.append({})
        for body in bodies:
            self._count(body, 1)

    def leave(self) -> None:
        """Be done with a body."""
        self.counts.pop()

    def passed(self, row: Sequence[Statement]) -> None:
        """Note that a statement stands behind."""
        self._count(row, -1)

    def _count(self, body: Sequence[Statement], by: int) -> None:
        counts = self.counts[-1]
        for name in (name for statement in body for name in reads_of([statement])):
            counts[name] = counts.get(name, 0) + by

    def __contains__(self, name: object) -> bool:
        return name in self.always or any(count.get(name, 0) > 0 for count in self.counts)  # type: ignore[call-overload]


def reads_of(body: Sequence[Statement]) -> set[str]:
    """Return the names that a body reads."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, Let | SetState):
            found.update(reads(statement.node))
        elif isinstance(statement, Branch):
            found |= reads_of(statement.body)
        elif isinstance(statement, Loop):
            for each in statement.bodies:
                found |= reads_of(each)
    return found


def lets_of(body: Sequence[Statement]) -> Iterator[Let | SetState]:
    """Go through the definitions of values of a body, those in loops and conditions too."""
    for statement in body:
        if isinstance(statement, Let | SetState):
            yield statement
        elif isinstance(statement, Branch):
            yield from lets_of(statement.body)
        elif isinstance(statement, Loop):
            for each in statement.bodies:
                yield from lets_of(each)


def targets_of(body: Sequence[Statement]) -> set[str]:
    """Return the names of values that a body defines, inside of conditions and loops too."""
    return {name for let in lets_of(body) for name in let.targets}


def read_by_buffers(instance: Instance) -> set[str]:
    """Return the values that only buffers are computed from: the constructor computes them."""
    nodes = [module.arguments[0].value for module in instance.modules if module.kind == "buffer" and module.arguments]
    found: set[str] = set()
    stack = [node for node in nodes if isinstance(node, Node)]
    while stack:
        node = stack.pop()
        if isinstance(node, Read) and node.origin == "value" and node.bound is not None:
            found.add(node.name)
            stack.append(node.bound)
        stack.extend(one for one in node.operands if one is not None)
    others: set[str] = {name for own, node in instance.outputs for name in (own, *reads(node))}
    lets = list(lets_of(instance.body))
    while True:
        more = {name for let in lets if not set(let.targets) <= found - others for name in reads(let.node)} - others
        if not more:
            return found - others
        others |= more


def hidden_values(program: Program, model: str) -> tuple[str, ...]:
    """Return the values of a model that are no outputs and that the recipe reads."""
    fed = program.recipe.fed if program.recipe is not None else ()
    return tuple(dict.fromkeys(name for one in fed if one.model == model for name in one.hidden))
