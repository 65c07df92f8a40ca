"""Which names are read later on, so that one that is not may be used again."""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.graph import Branch, Let, Loop, SetState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archdsl.graph import Instance, Program, Statement


def read_after(rest: Sequence[Sequence[Statement]], outer: Sequence[Sequence[Statement]], instances: Sequence[Instance]) -> set[str]:
    """Return the names that are read after a statement: further on, around it, or as outputs."""
    found: set[str] = set()
    for body in [*rest, *outer]:
        found |= reads_of(body)
    for instance in instances:
        for name, node in instance.outputs:
            found |= {name, *reads(node)}
    return found


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


def hidden_values(program: Program, model: str) -> tuple[str, ...]:
    """Return the values of a model that are no outputs and that the recipe reads."""
    fed = program.recipe.fed if program.recipe is not None else ()
    return tuple(dict.fromkeys(name for one in fed if one.model == model for name in one.hidden))
