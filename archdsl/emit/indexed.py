"""Layers of a list that a loop picks by its variable: `self.experts[i]`."""

from __future__ import annotations

import re

from archdsl.emit.strands import Differs
from archdsl.graph import Run, Weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archdsl.emit.scope import Scope
    from archdsl.graph import Module, Node


def picked(rows: Sequence[Node], access: Callable[[Module], str], scope: Scope) -> dict[int, str]:
    """Return how the first of parallel expressions reaches the layers that are others in the others.

    Raises Differs where no variable of a loop says which.
    """
    found: dict[int, str] = {}
    stack: list[tuple[Node | None, ...]] = [tuple(rows)]
    while stack:
        nodes = [node for node in stack.pop() if node is not None]
        if not nodes or all(node is nodes[0] for node in nodes):
            continue
        modules = [node.module for node in nodes if isinstance(node, Run | Weight)]
        texts = [access(module) for module in modules]
        if any(text != texts[0] for text in texts):
            found[id(modules[0])] = _by_variable(texts, scope)
        stack.extend(zip(*[node.operands for node in nodes], strict=True))
    return found


def _by_variable(texts: Sequence[str], scope: Scope) -> str:
    """Write `self.experts[0]`, `self.experts[1]`, ... with the loop's variable for the number."""
    parts = [re.split(r"(?<=\[)(\d+)(?=\])", text) for text in texts]
    if any(len(part) != len(parts[0]) for part in parts):
        raise Differs
    differing = [place for place, column in enumerate(zip(*parts, strict=True)) if len(set(column)) > 1]
    if len(differing) != 1 or differing[0] % 2 == 0:
        raise Differs
    numbers = [int(part[differing[0]]) for part in parts]
    for target in reversed(scope.targets):
        values = [strand.env.get(target) for strand in scope.strands]
        offsets = {number - int(value) for number, value in zip(numbers, values, strict=True) if isinstance(value, int)}
        if len(offsets) == 1 and all(isinstance(value, int) for value in values):
            scope.seen_targets.add(target)
            offset = offsets.pop()
            index = target if offset == 0 else f"{target} {'+' if offset > 0 else '-'} {abs(offset)}"
            return "".join([*parts[0][: differing[0]], index, *parts[0][differing[0] + 1 :]])
    raise Differs
