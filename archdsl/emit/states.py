"""Cells, and models with states: one step as it stands in the spec, run over time.

What depends on the input alone is computed for all moments at once before the loop, and what no
state depends on after it; the loop keeps what really goes from moment to moment. Where that cannot be
told apart (conditions and loops inside the step, norms over the batch), `step` is called for each moment.
"""

from __future__ import annotations

from archdsl.emit.python import literal
from archdsl.emit.recurrence import Recurrence
from archdsl.emit.stepping import Plan, Split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.model import ClassWriter
    from archdsl.emit.python import Lines
    from archdsl.graph import Run, StateVar


class StateWriter:
    """Writes the methods of a class that has states."""

    def __init__(self, writer: ClassWriter, *, ragged: bool, steps: bool, masks: bool) -> None:
        self.writer, self.instance = writer, writer.instances[0]
        self.values, self.document = writer.values, writer.document
        self.is_model = writer.definition.kind == "model"
        self.ragged, self.steps, self.masks = ragged, steps, masks
        self.packed = ragged and self.is_model and len(self.instance.inputs) == 1
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
            arguments += [
                name,
                *(
                    [f"{name}_lengths"]
                    if self.is_model and self.ragged
                    else [f"{name}_lengths=None"]
                    if self.masks and name == self.names[0]
                    else []
                ),
            ]
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
        sizes = [
            self.writer.scope.size([self._size(strand_state, place) for strand_state in self._same(state)], "forward")
            for place in range(len(state.type.shape))
        ]
        shape = ", ".join([batch, *sizes])
        own = self.instance.inputs[0][0]
        dtype = "" if state.type.dtype == "float32" else f", dtype=torch.{state.type.dtype}"
        floats = self.instance.inputs[0][1].dtype.startswith(("float", "bfloat"))
        if (dtype or not floats) and state.start == 0:
            return f"{self.document.function('torch.zeros')}({shape}{dtype}, device={own}.device)"
        if dtype or not floats:
            self.document.function("torch")
            dtype = dtype or ", dtype=torch.float32"
            return f"torch.full(({shape}), {literal(state.start)}{dtype}, device={own}.device)"
        return f"{own}.new_zeros({shape})" if state.start == 0 else f"{own}.new_full(({shape}), {literal(state.start)})"

    def _same(self, state: StateVar) -> list[StateVar]:
        return [next(one for one in strand.instance.states if one.name == state.name) for strand in self.writer.scope.strands]

    @staticmethod
    def _size(state: StateVar, place: int) -> object:
        return state.type.shape[place]

    def _mask(self, lines: Lines, batch_time: str) -> None:
        if not self.masks:
            return
        self.document.function("torch")
        name = self.names[0]
        lines.add(f"if {name}_lengths is None:", 8)
        lines.add(f"{name}_lengths = torch.full(({batch_time.split(',', maxsplit=1)[0]},), {batch_time.split(', ')[1]})", 12)
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

    def side_by_side(self, name: str) -> str:
        """Write an input with all its moments side by side; where it is packed, those beyond an end are left out."""
        return "packed.data" if self.packed else f"{name}.flatten(0, 1)"

    def moments(self, name: str) -> str:
        """Write what the loop goes through: the values of one moment after the other."""
        return f"{name}.split(packed.batch_sizes.tolist())" if self.packed else f"{name}.unbind(1)"

    def apart(self, text: str) -> str:
        """Write a value with its moments as a dimension of its own, where the loop needs that."""
        return text if self.packed else f"{text}.unflatten(0, (B, T))"

    def padded(self, lines: Lines, texts: Sequence[str]) -> list[str]:
        """Write values as sequences again; those that were packed are padded with zeros."""
        if not self.packed:
            return [f"{text}.unflatten(0, (B, T))" for text in texts]
        names: list[str] = []
        for (name, _), text in zip(self.writer.results, texts, strict=True):
            lines.add(f"packed = packed._replace(data={text})", 8)
            lines.add(f"{name}, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=T)", 8)
            names.append(name)
        return names

    def _split(self, plan: Plan, lines: Lines) -> None:
        self.document.function("torch")
        first = self.names[0]
        lines.add(f"B, T = {first}.shape[:2]", 8)
        self._starts(lines, "B")
        if self.packed:
            self.document.function("nn")
            pack = f"nn.utils.rnn.pack_padded_sequence({first}, {first}_lengths.cpu(), batch_first=True, enforce_sorted=False)"
            lines.add(f"packed = {pack}", 8)
        self._mask(lines, "B, T")
        early = plan.read_before() | {text.partition(".")[0] for _, text in self.writer.usage.locals.values()}
        for name in self.names:
            if name in early:
                lines.add(f"{name} = {self.side_by_side(name)}", 8)
        for name, text in self.writer.usage.locals.values():
            lines.add(f"{name} = {text}", 8)
        self.values.stand_in.clear()
        body = Recurrence(self, plan, early)
        body.before(lines)
        body.loop(lines)
        body.after(lines)


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
