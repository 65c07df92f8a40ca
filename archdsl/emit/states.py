"""Cells, and models with states: one step as it stands in the spec, run over time.

What depends on the input alone is computed for all moments at once before the loop, and what no
state depends on after it; the loop keeps what really goes from moment to moment. Where that cannot be
told apart (conditions and loops inside the step, norms over the batch), `step` is called for each moment.
"""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.emit.python import Lines, literal
from archdsl.graph import Apply, Constant, Let, Make, Node, Read, Run, SetState
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archdsl.emit.model import ClassWriter
    from archdsl.graph import Instance, StateVar


class Split(Exception):
    """A step that cannot be taken apart."""


class Linear:
    """A linear layer on joined inputs and states: its columns for the inputs are used before the loop."""

    def __init__(self, run: Run, entering: list[Node], states: list[Node], entering_first: bool) -> None:  # noqa: FBT001
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
                self.inside.add(node.name)
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
        node.scan is not None or node.module.kind in ("block", "chain") and any(_normalizes(leaf) for _, _, _, leaf in node.module.state()) or _normalizes(node.module)
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


class StateWriter:
    """Writes the methods of a class that has states."""

    def __init__(self, writer: ClassWriter, *, ragged: bool, steps: bool, masks: bool) -> None:
        self.writer, self.instance = writer, writer.instances[0]
        self.values, self.document = writer.values, writer.document
        self.is_model = writer.definition.kind == "model"
        self.ragged, self.steps, self.masks = ragged, steps, masks
        self.names = [name for name, _ in self.instance.inputs]
        self.states = list(self.instance.states)

    def write(self, lines: Lines) -> None:
        """Write `forward`, and `step` where it is needed."""
        try:
            plan: Plan | None = Plan(self.instance)
        except Split:
            plan = None
        if plan is not None and not plan.worthwhile:
            plan = None
        if plan is None or self.steps:
            self._step(lines)
            lines.blank()
        if self.steps:
            self._unroll(lines)
            lines.blank()
        self._head(lines)
        if plan is None:
            self._plain(lines)
        else:
            self._split(plan, lines)

    # ------------------------------------------------------------ one step after the other

    def _step(self, lines: Lines) -> None:
        arguments = ", ".join(["self", *self.names, *[state.name for state in self.states]])
        lines.add(f"def step({arguments}):", 4, self.writer.definition.span)
        for name, text in self.writer.usage.locals.values():
            lines.add(f"{name} = {text}", 8)
        lines.extend(self.writer.forward)
        given = [self.values.write(node) for _, node in self.writer.results]
        given += [self.writer.next_names.get(state.name, state.name) for state in self.states]
        lines.add(f"return {', '.join(given)}", 8)

    def _head(self, lines: Lines) -> None:
        arguments = ["self"]
        for name in self.names:
            arguments += [name, *([f"{name}_lengths"] if self.is_model and self.ragged else [f"{name}_lengths=None"] if self.masks and name == self.names[0] else [])]
        if not self.is_model:
            arguments += [f"{state.name}=None" for state in self.states]
        if self.writer.hidden:
            self.writer.delegate(lines, arguments[1:])
        lines.add(f"def {self.writer.entry}({', '.join(arguments)}):", 4, self.writer.definition.span)

    def _starts(self, lines: Lines, batch: str) -> None:
        for state in self.states:
            made = self._start(state, batch)
            if self.is_model:
                lines.add(f"{state.name} = {made}", 8)
            else:
                lines.add(f"if {state.name} is None:", 8)
                lines.add(f"{state.name} = {made}", 12)

    def _start(self, state: StateVar, batch: str) -> str:
        sizes = [self.writer.scope.size([self._size(strand_state, place) for strand_state in self._same(state)], "forward") for place in range(len(state.type.shape))]
        shape = ", ".join([batch, *sizes])
        own = self.instance.inputs[0][0]
        dtype = "" if state.type.dtype == "float32" else f", dtype=torch.{state.type.dtype}"
        floats = self.instance.inputs[0][1].dtype.startswith(("float", "bfloat"))
        if dtype or not floats:
            self.document.function("torch")
            return f"torch.full(({shape}), {literal(state.start)}{dtype}, device={own}.device)"
        return f"{own}.new_zeros({shape})" if state.start == 0 else f"{own}.new_full(({shape}), {literal(state.start)})"

    def _same(self, state: StateVar) -> list[StateVar]:
        found = [next(one for one in strand.instance.states if one.name == state.name) for strand in self.writer.scope.strands]
        return found

    @staticmethod
    def _size(state: StateVar, place: int) -> object:
        return state.type.shape[place]

    def _mask(self, lines: Lines, batch_time: str) -> None:
        if not self.masks:
            return
        self.document.function("torch")
        name = self.names[0]
        lines.add(f"if {name}_lengths is None:", 8)
        lines.add(f"{name}_lengths = torch.full(({batch_time.split(',')[0]},), {batch_time.split(', ')[1]})", 12)
        lines.add(f"ends = {name}_lengths.to({name}.device)", 8)

    def _plain(self, lines: Lines) -> None:
        self.document.function("torch")
        first = self.names[0]
        self._starts(lines, f"len({first})")
        if self.masks:
            self._mask(lines, f"len({first}), {first}.size(1)")
        outputs = [name for name, _ in self.writer.results]
        for name in outputs:
            lines.add(f"{name}_all = []", 8)
        moments = [f"{name}.unbind(1)" for name in self.names]
        over = moments[0] if len(moments) == 1 else f"zip({', '.join(moments)})"
        count, over = ("t, ", f"enumerate({over})") if self.masks else ("", over)
        variables = ", ".join([f"{name}_t" for name in self.names])
        variables = f"({variables})" if count and len(self.names) > 1 else variables
        lines.add(f"for {count}{variables} in {over}:", 8)
        states = [state.name for state in self.states]
        new = [f"next_{name}" for name in states] if self.masks else states
        given = [f"{name}_t" if f"{name}_t" not in variables else f"{name}_out" for name in outputs]
        call = ", ".join([*[f"{name}_t" for name in self.names], *states])
        lines.add(f"{', '.join([*given, *new])} = self.step({call})", 12)
        for name, one in zip(outputs, given, strict=True):
            lines.add(f"{name}_all.append({one})", 12)
        self._keep(lines)
        stacked = [f"torch.stack({name}_all, 1)" for name in outputs]
        lines.add(f"return {', '.join([*stacked, *([] if self.is_model else states)])}", 8)

    def _keep(self, lines: Lines) -> None:
        """A state stays what it is once its sequence is over."""
        if not self.masks:
            return
        lines.add("going = t < ends", 12)
        for state in self.states:
            wide = "".join([", None"] * len(state.type.shape))
            lines.add(f"{state.name} = torch.where(going[:{wide}], next_{state.name}, {state.name})", 12)

    def _unroll(self, lines: Lines) -> None:
        self.document.function("torch")
        states = [state.name for state in self.states]
        name = self.names[0]
        lines.add(f"def unroll({', '.join(['self', name, 'steps', *[f'{one}=None' for one in states]])}):", 4, self.writer.definition.span)
        lines.docstring("Start from one moment and feed each output back in; give all of them.", 8)
        self._starts(lines, f"len({name})")
        lines.add("outputs = []", 8)
        lines.add("for _ in range(steps):", 8)
        lines.add(f"{', '.join([name, *states])} = self.step({', '.join([name, *states])})", 12)
        lines.add(f"outputs.append({name})", 12)
        lines.add(f"return {', '.join(['torch.stack(outputs, 1)', *states])}", 8)

    # ------------------------------------------------------------ taken apart

    def _split(self, plan: Plan, lines: Lines) -> None:
        self.document.function("torch")
        first = self.names[0]
        lines.add(f"B, T = {first}.shape[:2]", 8)
        self._starts(lines, "B")
        self._mask(lines, "B, T")
        early = plan.read_before() | {text.partition(".")[0] for _, text in self.writer.usage.locals.values()}
        for name in self.names:
            if name in early:
                lines.add(f"{name} = {name}.flatten(0, 1)", 8)
        for name, text in self.writer.usage.locals.values():
            lines.add(f"{name} = {text}", 8)
        for let in plan.order:
            self.values.stand_in.pop(id(let.node), None)
        body = _Pieces(self, plan, early)
        body.before(lines)
        body.loop(lines)
        body.after(lines)


class _Pieces:
    """The three parts of a step that was taken apart."""

    def __init__(self, owner: StateWriter, plan: Plan, early: set[str]) -> None:
        self.owner, self.plan, self.values, self.early = owner, plan, owner.values, early
        self.states = [state.name for state in owner.states]
        self.moving: dict[str, str] = {}
        self.after_lets = [let for let in plan.order if isinstance(let, Let) and self._is_after(let)]
        read_after = {name for let in self.after_lets for name in reads(let.node)}
        read_after |= {name for _, node in owner.writer.results for name in reads(node)}
        self.collected = [name for name in [*self.states, *plan.inside] if name in read_after]
        self.collected.sort(key=lambda name: ([*self.states, *plan.lets]).index(name))

    def _is_after(self, let: Let) -> bool:
        return any(name in self.plan.stateful for name in let.targets) and not set(let.targets) & self.plan.inside

    def _line(self, lines: Lines, targets: str, node: Node, indent: int) -> None:
        flow = self.owner.writer.flow
        flow.lines, flow.quiet = lines, True
        flow.assign(targets, node, indent, node.span, set(self.plan.lets) | set(self.owner.names) | set(self.states))

    # ------------------------------------------------------------ before

    def before(self, lines: Lines) -> None:
        """Compute what depends on the inputs alone, all moments side by side."""
        for let in self.plan.order:
            if isinstance(let, Let) and not any(name in self.plan.stateful for name in let.targets):
                self._line(lines, ", ".join(let.targets), let.node, 8)
        linears = list(self.plan.linears.values())
        if linears or self.plan.hoisted:
            lines.comment(["What the inputs add to the state is computed for all moments at once."], 8)
        several = len(linears) + len(self.plan.hoisted) > 1
        for linear in linears:
            self._linear(lines, linear, several=several)
        for node in self.plan.hoisted.values():
            name = f"{_module_name(node)}_input" if several else "entering"
            lines.add(f"{name} = {self.values.write(node)}.unflatten(0, (B, T))", 8, node.span)
            self.moving[name] = f"{name}_t" if several else "moment"
            self.values.stand_in[id(node)] = self.moving[name]
        for name in [name for name in (*self.owner.names, *self.plan.lets) if name in self.plan.entering]:
            flat = name in self.early or name not in self.owner.names
            self.moving[f"{name}.unflatten(0, (B, T))" if flat else name] = f"{name}_t"

    def _linear(self, lines: Lines, linear: Linear, *, several: bool) -> None:
        """Use the columns of a weight that see the input; those that see the state are for the loop."""
        document = self.owner.document
        document.function("F")
        path, module = self.values.access(linear.run.module), linear.run.module
        entering, states = self._joined(linear.entering), self._joined(linear.states)
        name = f"{module.name}_input" if several else "entering"
        sizes, weights = [self._width(linear.entering), self._width(linear.states)], [f"{name}_weight" if several else "weight", f"{module.name}_state_weight" if several else "state_weight"]
        if not linear.entering_first:
            sizes, weights = sizes[::-1], weights[::-1]
        lines.add(f"{', '.join(weights)} = {path}.weight.split(({', '.join(sizes)}), dim=1)", 8, linear.run.span)
        bias = f", {path}.bias" if "bias" in module.weights else ""
        mine, theirs = weights if linear.entering_first else weights[::-1]
        lines.add(f"{name} = F.linear({entering}, {mine}{bias}).unflatten(0, (B, T))", 8, linear.run.span)
        self.moving[name] = f"{name}_t" if several else "moment"
        self.values.stand_in[id(linear.run)] = f"torch.addmm({self.moving[name]}, {states}, {theirs}.T)"

    def _joined(self, nodes: list[Node]) -> str:
        texts = [self.values.write(node) for node in nodes]
        return texts[0] if len(texts) == 1 else f"torch.cat(({', '.join(texts)}), dim=1)"

    def _width(self, nodes: list[Node]) -> str:
        """Write how many columns of a weight these see: a number where the class has one use, else as found."""
        only = nodes[0]
        if len(nodes) == 1 and isinstance(only, Read) and not self.owner.is_model:
            return f"{only.name}.size(1)"
        kinds = [node.type for node in nodes]
        total: object = 0
        for kind in kinds:
            assert isinstance(kind, Tensor)
            total = total + kind.shape[0]  # type: ignore[operator]
        return self.values.scope.value([total] * len(self.values.scope.strands), "forward")

    # ------------------------------------------------------------ the loop

    def loop(self, lines: Lines) -> None:
        """Go from moment to moment."""
        owner = self.owner
        for name in self.collected:
            lines.add(f"{name}_all = []", 8)
        moments = [f"{name}.unbind(1)" for name in self.moving]
        variables = list(self.moving.values())
        over = moments[0] if len(moments) == 1 else f"zip({', '.join(moments)})" if moments else "range(T)"
        names = ", ".join(variables) or "_"
        if owner.masks:
            names = f"t, {names}" if len(variables) == 1 else f"t, ({names})" if variables else "t"
            over = f"enumerate({over})" if variables else over
        lines.add(f"for {names} in {over}:", 8)
        renamed = {name: f"{name}_t" for name in self.plan.entering}
        self.values.renamed = renamed
        for name in self.states:
            if name in self.collected:
                lines.add(f"{name}_all.append({name})", 12)
        sets = [one for one in self.plan.order if isinstance(one, SetState)]
        inner = [let for let in self.plan.order if isinstance(let, SetState) or set(let.targets) & self.plan.inside]
        for place, let in enumerate(inner):
            later = {name for one in inner[place + 1 :] for name in reads(one.node)} | (set(self.states) if len(sets) > 1 else set())
            targets = ", ".join(let.targets) if isinstance(let, Let) else ", ".join([self._next(name, later) for name in let.targets])
            self._line(lines, targets, let.node, 12)
            if isinstance(let, Let):
                for name in let.targets:
                    if name in self.collected:
                        lines.add(f"{name}_all.append({name})", 12)
        if owner.masks:
            owner._keep(lines)  # noqa: SLF001
        else:
            waiting = [name for name in self.states if name in self._waiting]
            if waiting:
                lines.add(f"{', '.join(waiting)} = {', '.join([f'next_{name}' for name in waiting])}", 12)
        self.values.renamed = {}

    _waiting: tuple[str, ...] = ()

    def _next(self, name: str, later: set[str]) -> str:
        if name in later or self.owner.masks:
            self._waiting = (*self._waiting, name)
            return f"next_{name}"
        return name

    # ------------------------------------------------------------ after

    def after(self, lines: Lines) -> None:
        """Compute what no state depends on, all moments side by side again."""
        owner = self.owner
        renamed: dict[str, str] = {}
        needed = {name for let in self.after_lets for name in reads(let.node)}
        if self.after_lets:
            lines.comment(["No state depends on the rest, which is computed for all moments at once, too."], 8)
        for name in self.collected:
            if name in needed:
                own = name if owner.is_model or name not in self.states else f"{name}_before"
                renamed[name] = own
                lines.add(f"{own} = torch.stack({name}_all, 1).flatten(0, 1)", 8)
        for name in self.owner.names:
            if name in needed and name not in self.early:
                lines.add(f"{name} = {name}.flatten(0, 1)", 8)
        self.values.renamed = renamed
        for key in self.plan.linears:
            self.values.stand_in.pop(key, None)
        for let in self.after_lets:
            self._line(lines, ", ".join(let.targets), let.node, 8)
            if any(let.node is node for _, node in owner.writer.results):
                self.values.stand_in[id(let.node)] = let.targets[0]
        given = [self._given(node, renamed) for _, node in owner.writer.results]
        self.values.renamed = {}
        lines.add(f"return {', '.join([*given, *([] if owner.is_model else self.states)])}", 8)

    def _given(self, node: Node, renamed: dict[str, str]) -> str:
        if isinstance(node, Read) and node.name in self.collected and node.name not in renamed:
            return f"torch.stack({node.name}_all, 1)"
        return f"{self.values.write(node)}.unflatten(0, (B, T))"


def _module_name(node: Node) -> str:
    return next((one.module.name for one in below(node) if isinstance(one, Run)), "value")


def call(values: object, node: Run, path: str, inputs: Sequence[str]) -> str:
    """Write a cell run over time: over its sequence, or for so many steps from one moment."""
    scan = node.scan
    assert scan is not None
    starts = [f"{name}={values.write(start)}" for name, start in scan.starts]  # type: ignore[attr-defined]
    if scan.steps is not None:
        scope = values.scope  # type: ignore[attr-defined]
        steps = scope.forward.write(scan.steps_expr) if scan.steps_expr is not None else scope.value([scan.steps], "forward")
        return f"{path}.unroll({', '.join([*inputs, steps, *starts])})"
    given = list(inputs)
    if node.module.definition is not None and values.shorthands.takes_lengths(node.module.definition.name) and node.lengths:  # type: ignore[attr-defined]
        given.insert(1, values.lengths(node))  # type: ignore[attr-defined]
    return f"{path}({', '.join([*given, *starts])})"
