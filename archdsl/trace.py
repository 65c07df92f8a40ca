"""Unrolls a model to the flat list of what it does, for figures and the summary.

Nothing here recurses: a chain of ten thousand layers, or an expression that is as deep, costs a
list of that length and no stack.
"""

from __future__ import annotations

from archdsl import graph
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from typing import Any

    from archdsl.dims import Size
    from archdsl.layers.registry import Layer
    from archdsl.text.source import Span

    Value = int | tuple["Value", ...]
    Work = Generator["Work", "Value", "Value"]

MERGES = frozenset(("+", "-", "*", "/", "@"))
"""Operators that join two values into one."""


def trace(model: graph.Instance) -> tuple[graph.Step, ...]:
    """Return the steps of a model, each after those that it reads.

    Loops and conditions are unrolled, chains and blocks entered; a scan's cell is entered once, with its
    states as steps of kind `state` and `next`.
    """
    tracer = _Tracer()
    frame = _Frame(model, (), ())
    for name, type_ in model.inputs:
        span = model.definition.span
        frame.values[name] = tracer.add(frame, "input", name, (), (type_,), role="source", span=span, name=name)
    outputs = _drive(tracer.body(frame))
    for (name, node), value in zip(model.outputs, outputs if isinstance(outputs, tuple) else (outputs,), strict=False):
        tracer.add(frame, "output", name, tuple(_flat(value)), _tensors(node.type), role="sink", span=node.span, name=name)
    return tracer.steps()


def _drive(work: Work) -> Value:
    """Run a generator that asks for the results of others, without a stack of calls."""
    stack, answer = [work], None
    while stack:
        try:
            asked = stack[-1].send(answer)  # type: ignore[arg-type] # None starts a generator
        except StopIteration as done:
            stack.pop()
            answer = done.value
        else:
            stack.append(asked)
            answer = None
    return answer  # type: ignore[return-value] # the last generator has answered


class _Frame:
    """One run of an instance: where it stands, and what its names and nodes have come to."""

    __slots__ = ("blocks", "done", "instance", "next", "path", "values")

    def __init__(self, instance: graph.Instance, path: tuple[str, ...], blocks: tuple[graph.Within, ...]) -> None:
        self.instance, self.path, self.blocks = instance, path, blocks
        self.values: dict[str, Value] = {}
        self.done: dict[int, Value] = {}
        self.next: dict[str, Value] = {}


class _Tracer:
    """Collects steps; each method that computes a value is a generator for `_drive`."""

    def __init__(self) -> None:
        self.drafts: list[dict[str, Any]] = []
        self.calls = 0
        self.paths: dict[int, dict[int, tuple[str, ...]]] = {}

    def steps(self) -> tuple[graph.Step, ...]:
        """Return what has been collected, frozen."""
        return tuple(graph.Step(**draft) for draft in self.drafts)

    def add(
        self,
        frame: _Frame,
        kind: str,
        word: str,
        inputs: tuple[int, ...],
        types: tuple[Tensor, ...],
        *,
        role: str,
        span: Span,
        name: str = "",
        path: tuple[str, ...] | None = None,
        module: graph.Module | None = None,
        arguments: Iterable[graph.Given] = (),
        macs: Size = 0,
    ) -> int:
        """Append a step and return its number."""
        number = len(self.drafts)
        given: Mapping[str, object] = {argument.name: argument.value for argument in arguments}
        self.drafts.append({
            "number": number, "kind": kind, "word": word, "inputs": inputs, "types": types, "role": role,
            "path": frame.path if path is None else path, "blocks": frame.blocks, "name": name,
            "module": module, "arguments": given, "macs": macs, "span": span,
        })  # fmt: skip
        return number

    def body(self, frame: _Frame) -> Work:
        """Go through the statements of an instance; the result holds its outputs, then its next states."""
        for state in frame.instance.states:
            span = frame.instance.definition.span
            frame.values[state.name] = self.add(frame, "state", state.name, (), (state.type,), role="state", span=span, name=state.name)
        stack = [iter(frame.instance.body)]
        while stack:
            statement = next(stack[-1], None)
            if statement is None:
                stack.pop()
            elif isinstance(statement, graph.Loop):
                stack.append(iter([inner for body in statement.bodies for inner in body]))
            elif isinstance(statement, graph.Branch):
                stack.append(iter(statement.body))
            elif isinstance(statement, graph.Let | graph.SetState):
                value = yield self.node(frame, statement.node)
                self.define(frame, statement, value)
        outputs = []
        for _, node in frame.instance.outputs:
            outputs.append((yield self.node(frame, node)))
        return (*outputs, *(frame.next[state.name] for state in frame.instance.states if state.name in frame.next))

    def define(self, frame: _Frame, statement: graph.Let | graph.SetState, value: Value) -> None:
        """Give a value its names, and a state its next value."""
        several = len(statement.targets) > 1 and isinstance(value, tuple)
        named = getattr(statement, "named", True) and not isinstance(statement.node, graph.Read)
        for index, target in enumerate(statement.targets):
            part = value[index] if several else value  # type: ignore[index] # a tuple, as `several` says
            if isinstance(statement, graph.SetState):
                span = statement.node.span
                kept = frame.instance.states
                types = next(((state.type,) for state in kept if state.name == target), ())
                frame.next[target] = self.add(frame, "next", target, tuple(_flat(part)), types, role="state", span=span, name=target)
            else:
                frame.values[target] = part
                alone = len(statement.targets) == 1 or (isinstance(value, tuple) and value.count(part) == 1)
                if isinstance(part, int) and named and alone:
                    self.drafts[part]["name"] = target

    def node(self, frame: _Frame, node: graph.Node | None) -> Work:
        """Compute a node, once in each frame."""
        if node is None:
            return ()
        found = frame.done.get(id(node))
        if found is None:
            found = yield self.compute(frame, node)
            frame.done[id(node)] = found
        return found

    def compute(self, frame: _Frame, node: graph.Node) -> Work:
        """Compute a node from its operands."""
        if isinstance(node, graph.Read):
            return self.read(frame, node)
        operands: list[Value] = []
        for operand in [one for one in node.operands if one is not None]:
            computed = yield self.node(frame, operand)
            operands.append(computed)
        if isinstance(node, graph.Pack):
            return tuple(operands)
        if isinstance(node, graph.Take):
            base = operands[0]
            return base[node.index] if isinstance(base, tuple) and node.index < len(base) else base
        if isinstance(node, graph.Run):
            return (yield self.run(frame, node, operands))
        return self.operation(frame, node, tuple(n for operand in operands for n in _flat(operand)))

    def read(self, frame: _Frame, node: graph.Read) -> Value:
        """Look a name up: what it was bound to where it stands, else what it means in the frame."""
        if node.bound is not None and id(node.bound) in frame.done:
            return frame.done[id(node.bound)]
        if node.name not in frame.values:
            frame.values[node.name] = self.add(frame, "constant", node.name, (), _tensors(node.type), role="constant", span=node.span)
        return frame.values[node.name]

    def operation(self, frame: _Frame, node: graph.Node, inputs: tuple[int, ...]) -> int:
        """Add the step of whatever computes from its operands alone."""
        types = _tensors(node.type)
        if isinstance(node, graph.Apply):
            return self.add(
                frame, "operation", node.layer.name, inputs, types,
                role=node.layer.role, span=node.span, arguments=node.arguments, macs=node.macs,
            )  # fmt: skip
        if isinstance(node, graph.Operate):
            role = "merge" if node.op in MERGES and self.joins(inputs) else "function"
            return self.add(frame, "operation", node.op, inputs, types, role=role, span=node.span)
        if isinstance(node, graph.Index):
            return self.add(frame, "operation", "[]", inputs, types, role="reshape", span=node.span)
        if isinstance(node, graph.Weight):
            word = ".".join(part for part in (node.module.key, node.name) if part)
            return self.add(frame, "weight", word, (), types, role="weight", span=node.span, module=node.module)
        word = str(node.value) if isinstance(node, graph.Number) else type(node).__name__.lower()
        return self.add(frame, "constant", word, inputs, types, role="constant", span=node.span)

    def joins(self, inputs: tuple[int, ...]) -> bool:
        """Say whether two or more of the inputs are computed, rather than constants or weights."""
        return sum(self.drafts[n]["kind"] not in ("constant", "weight") for n in set(inputs)) > 1

    def run(self, frame: _Frame, node: graph.Run, operands: list[Value]) -> Work:
        """Run a module: a chain by its members, a block or cell by its body, a layer as one step."""
        module = node.module
        path = (*frame.path, *self.path(frame.instance, module))
        if node.instance is not None:
            return (yield self.enter(frame, node, operands, path))
        if node.inner:
            value: Value = ()
            for inner in node.inner:
                value = yield self.node(frame, inner)
            return value
        if module.kind == "chain":
            return operands[0] if len(operands) == 1 else tuple(operands)
        layer = _layer(module)
        inputs = tuple(n for operand in operands for n in _flat(operand))
        return self.add(
            frame, "layer", layer.name if layer else module.kind, inputs, _tensors(node.type), path=path, module=module,
            role=layer.role if layer else "function", span=node.span, arguments=module.arguments, macs=module.macs,
        )  # fmt: skip

    def path(self, instance: graph.Instance, module: graph.Module) -> tuple[str, ...]:
        """Return where a module stands in its instance's state dict."""
        found = self.paths.get(id(instance))
        if found is None:
            found = self.paths[id(instance)] = {}
            stack: list[tuple[graph.Module, tuple[str, ...]]] = [(one, ()) for one in instance.modules]
            while stack:
                one, above = stack.pop()
                found[id(one)] = (*above, one.name)
                stack.extend((member, found[id(one)]) for member in one.members)
        return found.get(id(module)) or tuple(module.key.split("."))

    def enter(self, frame: _Frame, node: graph.Run, operands: list[Value], path: tuple[str, ...]) -> Work:
        """Run the body of a block, or of a cell, for these inputs."""
        instance = node.instance
        assert instance is not None
        self.calls += 1
        within = graph.Within(len(path), instance.definition.name, instance.definition.kind, self.calls)
        inner = _Frame(instance, path, (*frame.blocks, within))
        given = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
        inner.values.update({name: value for (name, _), value in zip(instance.inputs, given, strict=False)})
        results = yield self.body(inner)
        assert isinstance(results, tuple)
        if not isinstance(node.type, tuple):
            return results[0]
        return results[: len(node.type)]


def _layer(module: graph.Module) -> Layer | None:
    """Return the declaration that a module is an instance of; that of what a wrapper wraps."""
    while module.layer is None and module.members:
        module = module.members[0]
    return module.layer if module.kind != "wrapper" or not module.members else module.members[0].layer


def _flat(value: Value) -> list[int]:
    """Return the numbers in a value, in order."""
    found: list[int] = []
    stack: list[Value] = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple):
            stack.extend(reversed(top))
        else:
            found.append(top)
    return found


def _tensors(type_: graph.Type) -> tuple[Tensor, ...]:
    """Return the tensors of a type, in order."""
    if isinstance(type_, Tensor):
        return (type_,)
    return tuple(tensor for part in type_ for tensor in _tensors(part))
