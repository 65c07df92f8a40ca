"""Which names are read later on, so that one that is not may be used again."""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.graph import Branch, Let, Loop, Node, Read, SetState

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
