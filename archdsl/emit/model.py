"""A definition, in all its instances, as one class."""

from __future__ import annotations

from archdsl.emit.alike import alike
from archdsl.emit.bodies import InitPlace, note_types, paths, said
from archdsl.emit.branches import BranchWriter
from archdsl.emit.constants import Unwritable
from archdsl.emit.flow import Flow, peers, reads
from archdsl.emit.indexed import picked
from archdsl.emit.initial import write_initial
from archdsl.emit.liveness import Live, hidden_values, lets_of, read_by_buffers, targets_of
from archdsl.emit.loops import LoopWriter
from archdsl.emit.modules import Makers, Signature
from archdsl.emit.nodes import Values
from archdsl.emit.parameters import parameters
from archdsl.emit.python import Lines
from archdsl.emit.scope import Scope
from archdsl.emit.states import StateWriter
from archdsl.emit.strands import Differs, Usage
from archdsl.graph import Branch, Choice, Constant, Let, Loop, Make, Module, Read, SetState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archdsl.emit.python import Document
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Apply, Definition, Instance, Node, Program, Statement


class ClassWriter:
    """Writes one class: the constructor and `forward` side by side, as the statements of the body go by.

    A class is written until nothing new is found out about what it needs: what one pass learns late
    (that `forward` uses a parameter) the next one knows early.
    """

    def __init__(
        self, document: Document, program: Program, definition: Definition, instances: Sequence[Instance],
        signatures: Mapping[int, Signature], shorthands: Shorthands, name: str = "",
    ) -> None:  # fmt: skip
        self.name = name or definition.name
        self.document, self.program, self.definition, self.instances = document, program, definition, instances
        self.signatures, self.shorthands = signatures, shorthands
        self.usage = Usage()
        self.hidden = hidden_values(program, definition.name) if definition.kind == "model" else ()
        lets = {name: let for let in lets_of(instances[0].body) for name in let.targets}
        known = [Read(name, "value", lets[name].node, lets[name].node.type, lets[name].node.span) for name in self.hidden if name in lets]
        self.results: list[tuple[str, Node]] = [*instances[0].outputs, *((node.name, node) for node in known)]

    def write(self, about: str = "") -> Lines:
        """Return the class."""
        before: object = None
        while before != self.usage.state():
            before = self.usage.state()
            self._pass()
        return self._assemble(about)

    @property
    def signature(self) -> Signature:
        """How the class is made."""
        return Signature(self.name, self.usage.inferred, self.usage.fresh, self.uses, self._unread)

    @property
    def _unread(self) -> set[str]:
        """The parameters that nothing in the class reads."""
        return {name for name, _ in self.definition.parameters} - self.usage.init - self.usage.kept

    @property
    def uses(self) -> list[str]:
        """The file's params that the class speaks of."""
        return [name for name in self.definition.uses if name in self.usage.init | self.usage.kept]

    # ------------------------------------------------------------ one pass

    def _pass(self) -> None:
        self.scope = Scope(self.document, self.definition, self.instances, self.shorthands.params, self.usage)
        self.init, self.forward = Lines(), Lines()
        self.overrides: dict[int, str] = {}
        self.paths: dict[int, str] = {}
        self.next_names: dict[str, str] = {}
        self.returned = False
        self.lists: set[str] = set()
        self.iterators: set[str] = set()
        self.entries: Lines | None = None
        for instance in self.instances:
            paths(instance.modules, "self", self.paths)
        first = self.instances[0]
        device = first.inputs[0][0] if first.inputs else first.states[0].name if first.states else ""
        self.values = Values(self.scope, self.access, self.shorthands, device)
        self.values.carried = {key: name for name, key in first.carries}
        self.spots: dict[int, str] = {}
        self.makers = Makers(self.scope, self.signatures, self.shorthands, self.shorthands.runs)
        names = {name for name, _ in first.inputs} | targets_of(first.body)
        self.flow = Flow(self.values, self.forward, spare="x", unnamed=self.definition.kind != "model")
        self.live = Live([name for own, node in self.results for name in (own, *reads(node))])
        self.for_buffers = read_by_buffers(first)
        self.scope.values = names
        self.body([instance.body for instance in self.instances], 8, 8)
        self.usage.inferred = dict(sorted(self.usage.inferred.items(), key=lambda item: self.scope.position(item[0])))
        self.methods = Lines()
        self._keeps(8)
        if first.states:
            name = self.definition.name
            runs = self.shorthands.scans_of(name)
            steps = any(run.scan is not None and run.scan.steps is not None for run in runs)
            ragged = any(kind.ragged for _, kind in first.inputs)
            StateWriter(self, ragged=ragged, steps=steps, masks=self.shorthands.takes_lengths(name)).write(self.methods)
        else:
            self._forward(self.methods, first)

    def access(self, module: Module) -> str:
        """Return how a module is reached in `forward`."""
        return self.overrides.get(id(module)) or self.paths[id(module)]

    def body(self, columns: Sequence[Sequence[Statement]], init: int, forward: int) -> None:
        """Write the statements of a body that is gone through in all strands at once."""
        if any(len(column) != len(columns[0]) for column in columns):
            raise Differs
        self.live.enter(columns)
        for place, row in enumerate(zip(*columns, strict=True)):
            self.live.passed(row)
            self.statement(row, place + 1 == len(columns[0]), init, forward)
        self.live.leave()

    def statement(self, row: Sequence[Statement], last: bool, init: int, forward: int) -> None:
        """Write one statement."""
        first = row[0]
        if isinstance(first, Constant):
            self._constant([one for one in row if isinstance(one, Constant)], init)
        elif isinstance(first, Make):
            self.init.comment(said(first), init)
            self.make([one.module for one in row if isinstance(one, Make)], init)
        elif isinstance(first, Let | SetState):
            self._let([one for one in row if isinstance(one, Let | SetState)], last, init, forward)
        elif isinstance(first, Branch):
            BranchWriter(self).write([one for one in row if isinstance(one, Branch)], init, forward)
        elif isinstance(first, Loop):
            LoopWriter(self).write([one for one in row if isinstance(one, Loop)], init, forward)

    # ------------------------------------------------------------ constants and modules

    def _constant(self, row: Sequence[Constant], init: int) -> None:
        name = row[0].name
        try:
            text = self.scope.init.write(row[0].expr)
        except Unwritable:
            try:
                text = self.scope.value([one.value for one in row])
            except (Differs, TypeError):
                return
        for strand, one in zip(self.scope.strands, row, strict=True):
            strand.env[name] = one.value
        self.scope.constants.add(name)
        attribute = f"self.{self.scope.attribute(name)}"
        self.init.comment(said(row[0]), init)
        if name in self.usage.init:
            self.init.add(f"{name} = {text}", init, row[0].expr.span)
        if name in self.usage.kept:
            self.init.add(f"{attribute} = {name if name in self.usage.init else text}", init, row[0].expr.span)

    def make(self, column: Sequence[Module], init: int) -> None:
        """Write the line that makes a submodule: an attribute, or one more element of a loop's list."""
        first = column[0]
        if first.kind == "buffer":
            self._buffer(column, init)
            return
        holder, _, last = first.key.rpartition(".")
        in_list = holder in self.lists and last.isdigit()
        if first.kind == "parameter":
            text = self.makers.weights(column)
        else:
            self.makers.prelude, self.makers.lists = Lines() if init == 8 else None, 0
            text = self.makers.attribute(column)
            self.init.extend(self.makers.prelude or Lines())
            self.makers.prelude = None
        if in_list:
            self.init.add(f"self.{holder}.append({text})", init, first.span)
            return
        self.init.add(f"self.{first.name} = {text}", init, first.span)
        chosen = next((one.value for one in first.arguments if one.name == "init"), None)
        filled = (
            self.makers.filled(f"self.{first.name}", chosen)
            if isinstance(chosen, Choice)
            else f"nn.init.zeros_(self.{first.name})"
            if first.kind == "parameter"
            else ""
        )
        if filled:
            self.init.add(filled, init, first.span)

    def _keeps(self, init: int) -> None:
        """Let the constructor keep layers without weights, unless a loop would make each anew."""
        self.depth = init
        loops = self.scope.targets or self.scope.unrolled
        self.values.keep = None if loops or self.instances[0].states else self.keep

    def keep(self, node: Apply, text: str) -> str:
        """Make a layer without weights in the constructor, once; return how `forward` reaches it."""
        if id(node) not in self.spots:
            taken = self.scope.modules | self.scope.uses | {name for name, _ in self.definition.parameters} | set(self.spots.values())
            names = (node.layer.name, *[f"{node.layer.name}{number}" for number in range(2, 1000)])
            self.spots[id(node)] = next(name for name in names if name not in taken)
            self.init.add(f"self.{self.spots[id(node)]} = {text}", self.depth, node.span)
        return f"self.{self.spots[id(node)]}"

    def _buffer(self, column: Sequence[Module], init: int) -> None:
        first = column[0]
        given = first.arguments[0]
        value = given.value
        if isinstance(value, tuple | list | int | float):
            self.document.function("torch")
            text = f"torch.tensor({self.scope.argument([module.arguments[0] for module in column])})"
        else:
            inner = Values(InitPlace(self.scope), self.access, self.shorthands, "")  # type: ignore[arg-type]
            inner.expands = True
            text = inner.write(value)  # type: ignore[arg-type]
        self.init.add(f'self.register_buffer("{first.name}", {text})', init, first.span)

    # ------------------------------------------------------------ values

    def _let(self, row: Sequence[Let | SetState], last: bool, init: int, forward: int) -> None:
        first = row[0]
        if not alike([one.node for one in row]) or any(len(one.makes) != len(first.makes) for one in row):
            raise Differs
        for column in zip(*[one.makes for one in row], strict=True):
            self.make(column, init)
        for strand, one in zip(self.scope.strands, row, strict=True):
            note_types(strand, one)
        if isinstance(first, Let) and set(first.targets) <= self.for_buffers:
            return
        self.forward.comment(said(first), forward)
        self._keeps(init)
        self.flow.peers = peers([one.node for one in row])
        around = self.overrides
        self.overrides = around | picked([one.node for one in row], self.access, self.scope)
        try:
            self._computed(first, last, forward)
        finally:
            self.overrides = around

    def _computed(self, first: Let | SetState, last: bool, forward: int) -> None:
        if isinstance(first, Let) and self._is_result(first, last):
            self.flow.give(first.node, forward, first.node.span)
            self.returned = True
            return
        targets = (
            first.targets if isinstance(first, Let) else tuple(name if name not in self.live else f"next_{name}" for name in first.targets)
        )
        if isinstance(first, SetState):
            self.next_names |= dict(zip(first.targets, targets, strict=True))
        self._assign(", ".join(targets), first, forward)

    def _assign(self, targets: str, first: Let | SetState, forward: int) -> None:
        self.flow.assign(targets, first.node, forward, first.node.span, self.live)
        if any(first.node is node for _, node in self.results):
            self.values.stand_in[id(first.node)] = targets

    def _is_result(self, let: Let, last: bool) -> bool:
        """Whether a value is all that is left to give: it is returned as it is computed."""
        instance = self.instances[0]
        last = last and len(self.live.counts) == 1 and len(self.results) == 1 and len(let.targets) == 1
        return last and let.targets[0] == instance.outputs[0][0] and not instance.states and not instance.carries

    # ------------------------------------------------------------ the whole class

    def _assemble(self, about: str) -> Lines:
        definition = self.definition
        self.document.function("nn")
        lines = Lines()
        lines.add(f"class {self.name}(nn.Module):", 0, definition.span)
        if about:
            lines.docstring(about, 4)
            lines.blank()
        kept = [name for name, _ in definition.parameters if name in self.usage.kept] + [
            name for name in definition.uses if name in self.usage.kept
        ]
        initial = Lines()
        write_initial(self, initial)
        if self.init or kept or initial or self._signature():
            lines.add(f"def __init__({', '.join(['self', *self._signature()])}):", 4, definition.span)
            lines.add("super().__init__()", 8)
            for name in kept:
                lines.add(f"self.{self.scope.attribute(name)} = {name}", 8)
            lines.extend(self.init)
            if initial:
                lines.extend(initial)
            lines.blank()
        lines.extend(self.methods)
        return lines

    def _signature(self) -> list[str]:
        """Write the constructor's arguments: inferred sizes, the author's parameters, the file's params."""
        own = parameters(self.scope, self.definition, self._unread)
        inferred = [*self.usage.inferred.values(), *self.usage.fresh]
        defaulted = self.definition.kind == "model" or any("=" in text for text in own)
        uses = [f"{name}={self.default(name)}" if defaulted else name for name in self.uses]
        return [*inferred, *own, *uses]

    def default(self, name: str) -> str:
        """Write the value of one of the file's params: as it was written where that says it all."""
        from archdsl.emit.python import literal, number
        from archdsl.syntax import tree

        given = self.program.params[name]
        if isinstance(given.expr, tree.Literal) and given.expr.spelling:
            return number(given.expr.spelling)
        return literal(given.value)

    def _forward(self, lines: Lines, instance: Instance) -> None:
        names: list[str] = []
        for name, kind in instance.inputs:
            names += [name, f"{name}_lengths"] if kind.ragged else [name]
        names += [f"{name}=None" for name, _ in instance.carries]
        if self.hidden:
            self.delegate(lines, names)
        lines.add(f"def {self.entry}({', '.join(['self', *names])}):", 4, self.definition.span)
        if self.hidden:
            lines.docstring(f"Return what `forward` does, and {', '.join(self.hidden)}, which training reads.", 8)
        for name, text in self.usage.locals.values():
            lines.add(f"{name} = {text}", 8)
        lines.extend(self.forward)
        if not self.returned:
            outputs = [self.values.write(node) if not isinstance(node, Read) else node.name for _, node in self.results]
            outputs += [name for name, _ in instance.carries]
            lines.add(f"return {', '.join(outputs)}", 8)

    @property
    def entry(self) -> str:
        """The method that computes: `compute` where training reads more than `forward` gives."""
        return "compute" if self.hidden else "forward"

    def delegate(self, lines: Lines, names: Sequence[str]) -> None:
        """Write the `forward` of a class whose `compute` gives more."""
        given = [name.partition("=")[0] for name in names]
        lines.add(f"def forward({', '.join(['self', *names])}):", 4, self.definition.span)
        outputs = ", ".join([name for name, _ in self.instances[0].outputs])
        lines.add(f"{outputs}, *_ = self.compute({', '.join(given)})", 8)
        lines.add(f"return {outputs}", 8)
        lines.blank()
