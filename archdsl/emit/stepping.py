"""What of a step can be computed for all moments at once: before the loop, what depends on the input alone, and
after it, what no state depends on.
"""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.graph import Apply, Constant, Let, Make, Node, Read, Run, SetState
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.graph import Instance


class Split(Exception):
    """A step that cannot be taken apart."""


class Linear:
    """A linear layer on joined inputs and states: its columns for the inputs are used before the loop."""

    def __init__(self, run: Run, entering: list[Node], states: list[Node], entering_first: bool) -> None:
        self.run, self.entering, self.states, self.entering_first = run, entering, states, entering_first


class Plan:
    """Which statements of a step stand before the loop, in it and after it. Raises Split."""

    def __init__(self, instance: Instance) -> None:
        self.states = {state.name for state in instance.states}
        self.inputs = [name for name, _ in instance.inputs]
        self.lets: dict[str, Let] = {}
        self.sets: list[SetState] = []
        self.order: list[Let | SetState] = []
        for statement in instance.body:
            self._take(statement)
        self.stateful: set[str] = set(self.states)
        for let in self.order:
            if isinstance(let, Let) and self.depends(let.node):
                self.stateful.update(let.targets)
        self.linears: dict[int, Linear] = {}
        self.hoisted: dict[int, Node] = {}
        self.inside: set[str] = set()
        self.entering: set[str] = set()
        for one in self.sets:
            self._visit(one.node)

    def _take(self, statement: object) -> None:
        if isinstance(statement, Let):
            if any(name in self.lets or name in self.states or name in self.inputs for name in statement.targets):
                raise Split
            self.lets.update(dict.fromkeys(statement.targets, statement))
            self.order.append(statement)
        elif isinstance(statement, SetState):
            self.sets.append(statement)
            self.order.append(statement)
        elif not isinstance(statement, Make | Constant):
            raise Split
        if isinstance(statement, Let | SetState) and any(_over_batch(node) for node in below(statement.node)):
            raise Split

    def depends(self, node: Node) -> bool:
        """Whether a value depends on a state."""
        return any(name in self.stateful for name in reads(node))

    def _visit(self, node: Node) -> None:
        """Go through what the next states need."""
        if not self.depends(node):
            if isinstance(node, Read):
                self.entering.add(node.name)
            elif any(isinstance(one, Run) for one in below(node)):
                self.hoisted[id(node)] = node
            else:
                for operand in node.operands:
                    self._visit(operand)
            return
        if isinstance(node, Read):
            if node.name not in self.states and node.name not in self.inside:
                self.inside.update(self.lets[node.name].targets)
                self._visit(self.lets[node.name].node)
            return
        linear = self._linear(node)
        if linear is not None:
            self.linears[id(node)] = linear
            for state in linear.states:
                self._visit(state)
            return
        for operand in node.operands:
            if operand is not None:
                self._visit(operand)

    def _linear(self, node: Node) -> Linear | None:
        """Read `concat(x, h) -> linear` as what `x` and what `h` add to it."""
        if not isinstance(node, Run) or node.module.layer is None or node.module.layer.name != "linear" or len(node.inputs) != 1:
            return None
        joined: Node = node.inputs[0]
        while isinstance(joined, Read) and joined.name in self.lets:
            joined = self.lets[joined.name].node
        if not isinstance(joined, Apply) or joined.layer.name != "concat":
            return None
        parts = list(joined.inputs)
        if any(not isinstance(part.type, Tensor) or len(part.type.shape) != 1 or not isinstance(part.type.shape[0], int) for part in parts):
            return None
        entering, states = [part for part in parts if not self.depends(part)], [part for part in parts if self.depends(part)]
        if entering and states and parts in ([*entering, *states], [*states, *entering]):
            return Linear(node, entering, states, parts[0] is entering[0])
        return None

    def read_before(self) -> set[str]:
        """Return the names that are read before the loop."""
        nodes = [let.node for let in self.order if isinstance(let, Let) and not any(name in self.stateful for name in let.targets)]
        nodes += [node for linear in self.linears.values() for node in linear.entering] + list(self.hoisted.values())
        return {name for node in nodes for name in reads(node)}

    @property
    def worthwhile(self) -> bool:
        """Whether anything can be done for all moments at once."""
        after = [let for let in self.order if isinstance(let, Let) and not set(let.targets) & self.inside]
        return bool(self.linears or self.hoisted) or any(isinstance(node, Run) for let in after for node in below(let.node))


def _over_batch(node: Node) -> bool:
    return isinstance(node, Run) and (
        node.scan is not None
        or (node.module.kind in ("block", "chain") and any(_normalizes(leaf) for _, _, _, leaf in node.module.state()))
        or _normalizes(node.module)
    )


def _normalizes(module: object) -> bool:
    return "running_mean" in getattr(module, "weights", ())


def below(node: Node) -> Iterator[Node]:
    """Go through a node and everything that it computes from."""
    stack = [node]
    while stack:
        at = stack.pop()
        yield at
        stack.extend(one for one in at.operands if one is not None)
