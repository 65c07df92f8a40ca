"""Shorthands: a small function where one is used more than once, put in where it is not.

One whose members stand in chains becomes a function that returns them as a list; one that is applied to
values becomes a function of the value.
"""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.emit.chains import Part, inlined, members, path
from archdsl.emit.liveness import lets_of
from archdsl.emit.modules import Makers
from archdsl.emit.nodes import Values
from archdsl.emit.parameters import is_constant, is_plain, parameters, unsaid, values_of
from archdsl.emit.python import Lines
from archdsl.emit.scope import Scope
from archdsl.emit.strands import Differs, Usage
from archdsl.graph import Apply, Instance, Run, Take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archdsl.emit.modules import Signature
    from archdsl.emit.python import Document
    from archdsl.graph import Definition, Module, Node, Program, Splice, Statement


class Use:
    """One use of a shorthand: the members that came of it."""

    def __init__(self, part: Part, splice: Splice, params: Mapping[str, object]) -> None:
        self.part, self.splice = part, splice
        assert splice.definition is not None
        self.instance = Instance(splice.definition)
        self.instance.arguments = values_of(splice.definition, splice.arguments, params)


class Shorthands:
    """The shorthands of a program, and the functions that they become."""

    def __init__(self, program: Program, document: Document, signatures: Mapping[int, Signature]) -> None:
        self.document, self.signatures, self.program = document, signatures, program
        self.params = {name: given.value for name, given in program.params.items()}
        self.uses: dict[str, list[Use]] = {}
        self.places: dict[str, set[int]] = {}
        self.value_places: dict[str, set[int]] = {}
        self.written: dict[str, Usage] = {}
        self.runs: dict[int, Run] = {}
        self.lines = Lines()
        self.inline: set[str] = set()
        self.scans: list[Run] = []
        self.unpacked: list[Run] = []
        self.taken: list[tuple[Run, int]] = []
        for instance in [*(one for many in program.instances.values() for one in many), *program.models.values()]:
            self._collect(instance)

    def takes_lengths(self, name: str) -> bool:
        """Whether a cell has to know where sequences end: some use reads its last states, and is ragged."""
        return any(self._reads_states(run) for run in self.scans_of(name) if run.lengths)

    def scans_of(self, name: str) -> list[Run]:
        """Return the recurrences of a cell."""
        return [run for run in self.scans if run.module.definition is not None and run.module.definition.name == name]

    def _reads_states(self, run: Run) -> bool:
        outputs = len(run.instance.outputs) if run.instance is not None else 1
        return any(base is run and index >= outputs for base, index in self.taken) or run in self.unpacked

    # ------------------------------------------------------------ where they are used

    def _collect(self, instance: Instance) -> None:
        for module in instance.modules:
            self._collect_module(module)
        self.unpacked += [
            statement.node for statement in lets_of(instance.body) if isinstance(statement.node, Run) and len(statement.targets) > 1
        ]
        for node in nodes_of(instance.body):
            if isinstance(node, Run):
                self.runs.setdefault(id(node.module), node)
                if node.scan is not None:
                    self.scans.append(node)
            if isinstance(node, Take) and isinstance(node.base, Run) and node.base.scan is not None:
                self.taken.append((node.base, node.index))
            if isinstance(node, Apply):
                for splice in path(node.spliced):
                    if splice.kind == "shorthand" and splice.definition is not None:
                        self.value_places.setdefault(splice.definition.name, set()).add(id(splice.source))

    def _collect_module(self, module: Module) -> None:
        stack = [Part(module.members)] if module.kind == "chain" else []
        for member in module.members:
            self._collect_module(member)
        while stack:
            for part in stack.pop().parts():
                if part.splice is None:
                    continue
                if part.splice.kind == "shorthand" and part.splice.definition is not None:
                    name = part.splice.definition.name
                    self.uses.setdefault(name, []).append(Use(part.inside(), part.splice, self.params))
                    self.places.setdefault(name, set()).add(id(part.splice.source))
                stack.append(part.inside())

    def is_function(self, definition: Definition) -> bool:
        """Whether a shorthand becomes a function that returns a list of modules."""
        if definition.name not in self.inline and len(self.places.get(definition.name, ())) > 1:
            try:
                self._function(definition)
            except Differs:
                self.inline.add(definition.name)
            return definition.name not in self.inline
        return False

    def is_value_function(self, definition: Definition) -> bool:
        """Whether a shorthand becomes a function of a value."""
        return len(self.value_places.get(definition.name, ())) > 1 and definition.name not in self.places

    # ------------------------------------------------------------ lists of modules

    def spliced_call(self, makers: Makers, row: Sequence[Part]) -> str:
        """Write the use of a shorthand in a chain: `*conv_bn_relu(3, 64)`."""
        splice = row[0].splice
        assert splice is not None
        assert splice.definition is not None
        definition = splice.definition
        usage = self._function(definition)
        uses = {_key(use.part): use for use in self.uses[definition.name]}
        scope = makers.scope
        parts: list[str] = []
        for name, origins in usage.origins.items():
            values = [origins[id(uses[_key(part)].instance)] for part in row]
            parts.append(scope.value(values, hint=name))
        for one in splice.arguments:
            if not is_constant(one.value):
                raise Differs
            column = [next(other for other in part.splice.arguments if other.name == one.name) for part in row if part.splice is not None]
            parts.append(("" if one.positional else f"{one.name}=") + scope.argument(column))
        parts += unsaid(scope, definition, splice.arguments)
        parts += [f"{name}={scope.init.name(name) or name}" for name in definition.uses if name in usage.init]
        return f"{'' if usage.single else '*'}{definition.name}({', '.join(parts)})"

    def _function(self, definition: Definition) -> ShorthandUsage:
        known = self.written.get(definition.name)
        if isinstance(known, ShorthandUsage):
            return known
        uses = self.uses[definition.name]
        usage = ShorthandUsage()
        for _ in range(2):
            usage.init.clear()
            scope = ShorthandScope(self.document, definition, [use.instance for use in uses], self.params, usage)
            makers = Makers(scope, self.signatures, self, self.runs)
            texts = members(makers, [use.part for use in uses])
        self.written[definition.name] = usage
        usage.single = len(texts) == 1 and not texts[0].startswith("*")
        lines = Lines()
        lines.comment(definition.comments.above if definition.comments is not self.program.comments else ())
        lines.add(
            f"def {definition.name}({', '.join([*usage.origins, *parameters(scope, definition), *_used(definition, usage)])}):",
            0,
            definition.span,
        )
        listed = texts[0] if usage.single else f"[{''.join([text + ', ' for text in texts]).rstrip()}]"
        lines.add(f"return {listed}", 4, definition.span)
        self.lines.blank(2)
        self.lines.extend(lines)
        return usage

    # ------------------------------------------------------------ functions of a value

    def call(self, values: Values, node: Apply) -> str | None:
        """Write an operation that came out of a shorthand as a call of its function; None where it did not."""
        splices = [splice for splice in path(node.spliced) if splice.kind == "shorthand" and splice.definition is not None]
        if not splices:
            return None
        splice = splices[0]
        assert splice.definition is not None
        base, plain = _base(node, splice)
        if not plain or not self.is_value_function(splice.definition) or self._busy == splice.definition.name:
            return None
        self._value_function(splice, node, base, values)
        given = [
            ("" if one.positional else f"{one.name}=") + values.scope.argument([one] * len(values.scope.strands), "forward")
            for one in splice.arguments
        ]
        given += unsaid(values.scope, splice.definition, splice.arguments, "forward")
        given += [
            f"{name}={values.scope.forward.name(name)}"
            for name in splice.definition.uses
            if name in self.written[splice.definition.name].kept
        ]
        return f"{splice.definition.name}({', '.join([values.write(base), *given])})"

    _busy = ""

    def _value_function(self, splice: Splice, node: Apply, base: Node, values: Values) -> None:
        definition = splice.definition
        assert definition is not None
        if definition.name in self.written:
            return
        usage = Usage()
        self.written[definition.name] = usage
        instance = Instance(definition)
        instance.arguments = values_of(definition, splice.arguments, self.params)
        scope = FunctionScope(self.document, definition, [instance], self.params, usage)
        inner = Values(scope, values.access, self, "")
        name = "x" if "x" not in {parameter for parameter, _ in definition.parameters} else "value"
        inner.stand_in[id(base)] = name
        self._busy = definition.name
        text = inner.write(node)
        self._busy = ""
        lines = Lines()
        lines.comment(definition.comments.above if definition.comments is not self.program.comments else ())
        used = [own for own in definition.uses if own in usage.kept]
        lines.add(
            f"def {definition.name}({', '.join([name, *parameters(scope, definition), *_starred(definition, used)])}):", 0, definition.span
        )
        lines.add(f"return {text}", 4, definition.span)
        self.lines.blank(2)
        self.lines.extend(lines)

    def arguments_of(self, values: Values, node: Apply) -> tuple[dict[str, str], set[str]]:
        """Write the arguments of an operation, those of the shorthands around it put in."""
        splices = [splice for splice in path(node.spliced) if splice.kind == "shorthand" and splice.definition is not None]
        splices = [splice for splice in splices if splice.definition is not None and splice.definition.name != self._busy]

        def write(depth: int) -> tuple[dict[str, str], set[str]]:
            if depth < len(splices):
                return inlined(values.scope, splices[depth], lambda: write(depth + 1), "forward")
            return values.arguments(node.layer, node.arguments)

        return write(0)


class ShorthandUsage(Usage):
    """`origins` are the values of the sizes that a use has to pass, as its class knows them, by argument."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[str, dict[int, object]] = {}
        self.single = False


class ShorthandScope(Scope):
    """The names inside a function that returns modules: its parameters, and the sizes that uses pass."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.met = False
        self.said: set[str] = set()
        self.ordered = [name for name, _ in self.definition.parameters]

    def _init_symbol(self, name: str, hint: str = "") -> str | None:
        self.said.add(name)
        return super()._init_symbol(name, hint)

    def size(self, values: Sequence[object], place: str = "init", hint: str = "") -> str:
        """Write an inferred size: the first is what enters; later ones may be a parameter's."""
        usage = self.usage
        assert isinstance(usage, ShorthandUsage)
        if hint and not self.met:
            self.met = True
            return self._passed(values, hint)
        for names in ([name for name in self.ordered if name in self.said], list(usage.origins), self.ordered):
            for name in names:
                known = [
                    usage.origins[name][id(strand.instance)] if name in usage.origins else strand.env.get(name) for strand in self.strands
                ]
                if known == list(values):
                    return name
        for name in self.ordered:
            text = self._multiple(name, values)
            if text:
                return text
        if all(not isinstance(value, Dim) and value == values[0] for value in values):
            return str(int(values[0]))  # type: ignore[call-overload]
        return self._passed(values, hint)

    def _multiple(self, name: str, values: Sequence[object]) -> str:
        """Write a size that is so many times a parameter in every use, and in uses that differ."""
        known = [strand.env.get(name) for strand in self.strands]
        if len(set(map(str, known))) < 2 or not all(isinstance(one, int) and one for one in (*known, *values)):
            return ""
        for factor in (2, 3, 4, 6, 8):
            if all(value == factor * one for one, value in zip(known, values, strict=True)):  # type: ignore[operator]
                return f"{factor} * {self._init_symbol(name)}"
            if all(factor * value == one for one, value in zip(known, values, strict=True)):  # type: ignore[operator]
                return f"{self._init_symbol(name)} // {factor}"
        return ""

    def _passed(self, values: Sequence[object], hint: str) -> str:
        usage = self.usage
        assert isinstance(usage, ShorthandUsage)
        by_use: dict[int, object] = {}
        for strand, value in zip(self.strands, values, strict=True):
            if by_use.setdefault(id(strand.instance), value) != value:
                raise Differs
        for name, known in usage.origins.items():
            if known == by_use:
                return name
        if self.strict:
            raise Differs
        name = self.fresh_name(
            {"num_features": "in_channels", "normalized_shape": "in_features"}.get(hint, hint.rstrip("0123456789") or "size")
        )
        usage.fresh[name] = by_use
        usage.origins[name] = by_use
        return name


class FunctionScope(Scope):
    """The names inside a function of a value: its parameters stand by themselves."""

    def _forward_symbol(self, name: str, hint: str = "") -> str | None:
        if name in self.uses:
            self.usage.kept.add(name)
        return name if name in self.parameters or name in self.uses else None


def _used(definition: Definition, usage: Usage) -> list[str]:
    """Return the file's params that a shorthand speaks of, as arguments by name."""
    return _starred(definition, [name for name in definition.uses if name in usage.init])


def _starred(definition: Definition, used: list[str]) -> list[str]:
    plain = [is_plain(default) for _, default in definition.parameters]
    return [*(["*"] if any(plain) and all(plain[plain.index(True) :]) else []), *used] if used else []


def _key(part: Part) -> int:
    return id(part.members[0])


def _base(node: Node, splice: Splice) -> tuple[Node, bool]:
    """Return the value that a shorthand was applied to, and whether it is all one straight line to there."""
    plain = True
    while isinstance(node, Apply) and any(one is splice or one.source is splice.source for one in path(node.spliced)):
        plain = plain and len([one for one in node.inputs if one is not None]) == 1
        node = node.inputs[0]
    return node, plain


def nodes_of(body: Sequence[Statement]) -> Iterator[Node]:
    """Go through every node of a body, those inside chains too."""
    stack: list[Node] = []
    for statement in lets_of(body):
        stack.append(statement.node)
        while stack:
            node = stack.pop()
            yield node
            stack.extend(one for one in node.operands if one is not None)
            if isinstance(node, Run):
                stack.extend(node.inner)
