"""What the names and sizes of a spec are called inside one emitted class.

A class comes from all instances of its definition at once. They are gone through in parallel, as
`Strand`s: an instance, and an iteration of each loop around the place. A size is written by the
first expression over the names of the class that gives the right value in every strand.
"""

from __future__ import annotations

from archdsl.dims import Dim, Product, Traced, names_in, origin_of, substitute, symbol
from archdsl.emit.bodies import constants_of
from archdsl.emit.constants import Constants, Unwritable
from archdsl.emit.parameters import passed
from archdsl.emit.python import literal
from archdsl.emit.sizes import times, undivided
from archdsl.emit.spoken import Spoken
from archdsl.emit.strands import Differs, Strand, Usage
from archdsl.layers.tensor import Mismatch, Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archdsl.dims import Size
    from archdsl.emit.python import Document
    from archdsl.graph import Definition, Given, Instance

PROGRAM_NAMES = ("F", "nn", "torch", "math")
"""What the source means by these names."""

QUESTIONS = ("shape", "channels", "numel", "dim")
_ALIKE = {"num_features": "in_features", "num_channels": "in_channels", "normalized_shape": "in_features", "": "in_features"}


class Scope:
    """The names of one class, at the place that is being written."""

    def __init__(
        self, document: Document, definition: Definition, instances: Sequence[Instance], params: Mapping[str, object], usage: Usage
    ) -> None:
        self.document, self.definition, self.instances, self.usage = document, definition, instances, usage
        self.parameters = {name for name, _ in passed(definition, instances)}
        self.uses = set(definition.uses)
        self.constants: set[str] = set()
        self.spoken = Spoken()
        self.coming = constants_of(instances[0].body)
        self.targets: list[str] = []
        self.seen_targets: set[str] = set()
        self.unrolled: list[dict[str, object]] = []
        self.aliases: dict[str, Size] = {}
        self.carried: dict[str, str] = {}
        self.shadowed: set[str] = set()
        self.values: set[str] = set()
        self.substituted: list[dict[str, str]] = []
        self.modules: set[str] = {module.name for instance in instances for module in instance.modules}
        self.strands = [
            Strand(instance, {**params, **instance.arguments, **instance.symbols}, dict(instance.inputs)) for instance in instances
        ]
        self.init = Constants(document, self._init_name, lambda call: self._ask(call, self._init_symbol))
        self.forward = Constants(document, self._forward_name, lambda call: self._ask(call, self._forward_symbol))
        self.strict = 0
        self.put_in: list[dict[str, object]] = []
        self.passed: list[str] = []

    # ------------------------------------------------------------ names

    def _init_name(self, name: str) -> str | None:
        if self.substituted and name in self.substituted[-1]:
            return self.substituted[-1][name]
        return self._init_symbol(name)

    def _unrolled(self, name: str) -> str | None:
        """A target of a loop that is written iteration by iteration is the value that it has."""
        for frame in reversed(self.unrolled):
            if name in frame:
                try:
                    return literal(frame[name])
                except TypeError:
                    return None
        return None

    def _init_symbol(self, name: str, hint: str = "") -> str | None:
        known = self._unrolled(name)
        if known is not None:
            return known
        if name in self.targets:
            return name
        if name in self.constants or name in self.parameters or name in self.uses:
            self.usage.init.add(name)
            return name
        if name in self.carried:
            self.usage.init.add(name)
            return self.carried[name]
        if name in self.usage.inferred:
            if name in self.shadowed:
                self.usage.clashes.add(self.usage.inferred[name])
            return self.usage.inferred[name]
        if not self._known(name):
            return None
        self.usage.inferred[name] = self._argument(name, hint)
        return self.usage.inferred[name]

    def _known(self, name: str) -> bool:
        """Whether a size of the inputs is a number in every instance, and so may be an argument."""
        sizes = [instance.symbols.get(name) for instance in self.instances]
        return all(isinstance(size, int) for size in sizes)

    def position(self, name: str) -> tuple[int, int]:
        """Return where a size of the inputs stands, for sorting."""
        place = self._place(name)
        return (self.definition.inputs.index(place[0]), place[1]) if place is not None else (len(self.definition.inputs), 0)

    def _argument(self, name: str, hint: str, *, local: bool = False) -> str:
        """Name the constructor argument, or the variable, of an inferred size after what it is inferred for."""
        owner, dot, place = name.partition(".")
        if not dot:
            return f"{name.lower()}_size" if name in PROGRAM_NAMES else name
        kind = next(kind for input_, kind in self.instances[0].inputs if input_ == owner)
        word = _ALIKE.get(hint, hint)
        if len(kind.shape) > 2:
            word = "in_channels" if place == "0" else f"in_{('depth', 'height', 'width')[int(place) - len(kind.shape)]}"
        elif hint == "" and len(kind.shape) == 2 and place == "0":
            word = "in_length"
        if len(self.definition.inputs) > 1:
            word = (
                f"{owner}_{'features' if word in ('input_size', 'embed_dim', 'd_model') else word.removeprefix('in_').removeprefix('num_')}"
            )
        if not local:
            return self.fresh_name(word)
        word = word.removeprefix("in_")
        return f"{owner}_{word}" if word in self.values or word in {text for text, _ in self.usage.locals.values()} else word

    def fresh_name(self, wanted: str) -> str:
        """Return a name that nothing in the class has."""
        taken = self.parameters | self.uses | self.constants | set(self.usage.inferred.values()) | set(self.usage.fresh) | set(self.targets)
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}{number}"
        return name

    def _forward_name(self, name: str) -> str | None:
        if self.substituted and name in self.substituted[-1]:
            return self.substituted[-1][name]
        return self._forward_symbol(name)

    def _forward_symbol(self, name: str, hint: str = "") -> str | None:
        known = self._unrolled(name)
        if known is not None:
            return known
        if name in self.targets:
            self.seen_targets.add(name)
            return name
        if name in self.constants or name in self.parameters or name in self.uses:
            self.usage.kept.add(name)
            return f"self.{self.attribute(name)}"
        return self._local(name)

    def attribute(self, name: str) -> str:
        """Return the attribute that keeps an argument; a submodule of its name goes first."""
        return f"{name}_value" if name in self.modules else name

    def _local(self, name: str) -> str | None:
        """A size of an input is read off the input, once, where `forward` begins."""
        place = self._place(name)
        if place is None:
            return None
        owner, axis = place
        batched = next(kind for input_, kind in self.instances[0].inputs if input_ == owner).batched
        if name not in self.usage.locals:
            text = self._argument(name, "", local=True)
            if text == "F":
                # As a variable it would hide torch.nn.functional.
                text = "features" if "features" not in self.values else "F_size"
            self.usage.locals[name] = (text, f"{owner}.size({axis + batched})")
        return self.usage.locals[name][0]

    def _place(self, name: str) -> tuple[str, int] | None:
        for owner, pattern in zip(self.definition.inputs, self.definition.patterns, strict=True):
            if pattern is not None and name in pattern:
                return owner, pattern.index(name)
        owner, dot, axis = name.partition(".")
        return (owner, int(axis)) if dot and owner in self.definition.inputs and axis.isdigit() else None

    def _can(self, name: str, place: str) -> bool:
        """Whether a name can be written, with nothing noted."""
        if name in self.targets or name in self.constants or name in self.parameters or name in self.uses:
            return True
        if place == "init":
            return name in self.carried or name in self.usage.inferred or self._known(name)
        return self._place(name) is not None

    def speaks_of(self, names: set[str]) -> bool:
        """Whether all of these are names that a reader of the class knows."""
        patterns = {name for pattern in self.definition.patterns for name in pattern or () if name is not None}
        return names <= self.parameters | self.uses | self.constants | set(self.targets) | patterns

    # ------------------------------------------------------------ sizes

    def size(self, values: Sequence[object], place: str = "init", hint: str = "") -> str:
        """Write a size that has these values in the strands. Raises Differs where nothing gives them all."""
        for candidate in self._candidates(values):
            if isinstance(candidate, Product):
                parts = [value.factors for value in values if isinstance(value, Product)]
                factors = [self.size(column, place, hint) for column in zip(*parts, strict=True)]
                return times(factors)
            if not isinstance(candidate, Dim):
                return literal(candidate)
            if all(self._can(name, place) for name in names_in(candidate)) and self._holds(candidate, values):
                return self.dim(candidate, place, hint)
        return (self.spoken.find(self.strands, values) if place == "init" else "") or self._fresh(values, place, hint)

    def _candidates(self, values: Sequence[object]) -> list[object]:
        found: list[object] = []
        first = values[0]
        for value in values:
            origin = origin_of(value)  # type: ignore[arg-type]
            origin = undivided(substitute(origin, self.aliases | self._pending())) if isinstance(origin, Dim) else origin
            if isinstance(origin, Dim) and origin not in found and not (isinstance(value, Product) and origin == value.origin):
                found.append(origin)
        if any("@" in name for origin in found if isinstance(origin, Dim) for name in origin.names):
            found += [symbol(key) for key in self.carried]
        found += [symbol(key) for key in self.passed]
        if isinstance(first, Product) and all(isinstance(value, Product) and len(value.factors) == len(first.factors) for value in values):
            found.append(first)
        if all(not isinstance(value, Dim) and value == first for value in values):
            found.append(int(first) if isinstance(first, Traced) else first)
        return found

    def _pending(self) -> dict[str, Size]:
        """The constants of the class that stand below the place, as what they come from."""
        return {name: origin for name, origin in self.coming.items() if name not in self.constants}

    def _holds(self, candidate: Dim, values: Sequence[object]) -> bool:
        names = candidate.names
        for strand, value in zip(self.strands, values, strict=True):
            known = {name: strand.env[name] for name in names if isinstance(strand.env.get(name), int | Dim)}
            if substitute(candidate, {name: int(size) if isinstance(size, int) else size for name, size in known.items()}) != value:  # type: ignore[misc]
                return False
        return True

    def dim(self, size: Dim, place: str, hint: str = "") -> str:
        """Write a polynomial over the names of the class."""
        look = self._init_symbol if place == "init" else self._forward_symbol
        texts: dict[str, str] = {}
        for number, name in enumerate(sorted(size.names)):
            text = look(name, hint)
            if text is None:
                raise Unwritable(name)
            texts[f"{text.replace('.', '_')}__{number}"] = text
        names = sorted(size.names)
        renamed = substitute(size, {name: symbol(key) for name, key in zip(names, texts, strict=True)})
        written = str(renamed)
        for key, text in texts.items():
            written = written.replace(key, text)
        return written

    def _fresh(self, values: Sequence[object], place: str, hint: str) -> str:
        """Introduce an argument for what no expression gives; everybody who uses the class passes it."""
        by_instance: dict[int, object] = {}
        for strand, value in zip(self.strands, values, strict=True):
            if by_instance.setdefault(id(strand.instance), value) != value:
                raise Differs
        if self.strict or place != "init" or self.definition.kind == "model" or len({id(i) for i in self.instances}) != len(by_instance):
            raise Differs
        plain = {key: int(value) if isinstance(value, int) else value for key, value in by_instance.items()}
        for name, known in self.usage.fresh.items():
            if known == plain:
                return name
        name = self.fresh_name(_ALIKE.get(hint, hint))
        self.usage.fresh[name] = plain
        return name

    def attempt(self, write: Callable[[], list[str]]) -> list[str] | None:
        """Try to write something; where it cannot be said in this way, return None with nothing noted."""
        strands, targets, strict = self.strands, list(self.targets), self.strict
        carried, passed, substituted = dict(self.carried), list(self.passed), list(self.substituted)
        usage = self.usage.copy()
        try:
            found: list[str] | None = write()
        except (Differs, Unwritable):
            found = None
            self.usage.restore(usage)
            self.carried = carried
        self.strands, self.targets, self.strict, self.passed, self.substituted = strands, targets, strict, passed, substituted
        return found

    # ------------------------------------------------------------ sizes that a loop carries on

    def settle(self, owners: set[str]) -> list[str]:
        """Bring the variables that carry the sizes of values up to date; return the lines that do so."""
        lines: list[str] = []
        for key, name in list(self.carried.items()):
            owner, place = key.split("@")[0].split(".")
            kinds = [strand.types.get(owner) for strand in self.strands]
            if (
                owner not in owners
                or not self.is_used(name)
                or not all(isinstance(kind, Tensor) and int(place) < len(kind.shape) for kind in kinds)
            ):
                continue
            values = [kind.shape[int(place)] for kind in kinds if isinstance(kind, Tensor)]
            if any(strand.env.get(key) != value for strand, value in zip(self.strands, values, strict=True)):
                lines.append(f"{name} = {self.size(values)}")
            for strand, value in zip(self.strands, values, strict=True):
                self.hold(strand, name, value)
                kind = strand.types[owner]
                if isinstance(kind, Tensor) and isinstance(value, int):
                    shape = [*kind.shape[: int(place)], Traced(int(value), symbol(key)), *kind.shape[int(place) + 1 :]]
                    strand.types[owner] = kind.replace(shape=tuple(shape))
        return list(dict.fromkeys(lines))

    def is_used(self, variable: str) -> bool:
        """Whether anything is written with a variable that a loop carries on."""
        return any(key in self.usage.init for key, name in self.carried.items() if name == variable)

    def hold(self, strand: Strand, variable: str, value: object) -> None:
        """Note what a variable holds from here on, whatever names its size has."""
        for key, name in self.carried.items():
            if name == variable:
                strand.env[key] = int(value) if isinstance(value, int) else value

    # ------------------------------------------------------------ constants and arguments

    def _ask(self, call: tree.Call, look: object) -> str | None:
        """Write a question about a shape by the sizes that it comes to."""
        if not isinstance(call.function, tree.Name) or call.function.id not in QUESTIONS:
            return None
        place = "init" if look == self._init_symbol else "forward"
        subject = call.arguments[0].value
        while isinstance(subject, tree.Group):
            subject = subject.inner
        if not isinstance(subject, tree.Name):
            raise Unwritable(call.function.id)
        kinds = [strand.types.get(subject.id) for strand in self.strands]
        if not all(isinstance(kind, Tensor) for kind in kinds):
            raise Unwritable(subject.id)
        shapes = [kind.shape for kind in kinds if isinstance(kind, Tensor)]
        word = call.function.id
        try:
            if word in ("channels", "dim"):
                axis = 0 if word == "channels" else self._axis(call, kinds[0])
                return self.size([shape[axis] for shape in shapes], place)
            sizes = [self.size(column, place) for column in zip(*shapes, strict=True)]
        except (Differs, ValueError) as error:
            if place == "forward" and word in ("channels", "dim"):
                # No name holds the size of what a loop changes, but the value itself does.
                return f"{subject.id}.size({axis + kinds[0].batched})"  # type: ignore[union-attr]
            raise Unwritable(word) from error
        if word == "shape":
            return f"({', '.join(sizes)},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
        return times(sizes)

    @staticmethod
    def _axis(call: tree.Call, kind: object) -> int:
        written = call.arguments[1].value if len(call.arguments) > 1 else None
        negative = isinstance(written, tree.Unary)
        inner = written.operand if isinstance(written, tree.Unary) else written
        if not isinstance(inner, tree.Literal) or not isinstance(inner.value, int) or not isinstance(kind, Tensor):
            raise Unwritable("dim")
        try:
            return kind.axis(-inner.value if negative else inner.value)
        except Mismatch as error:
            raise Unwritable("dim") from error

    def argument(self, column: Sequence[Given], place: str = "init") -> str:
        """Write an argument: as its author did where that is possible, else by its value."""
        first = column[0]
        writer = self.init if place == "init" else self.forward
        if first.expr is not None:
            try:
                text = writer.write(first.expr)
            except Unwritable:
                pass
            else:
                self.spoken.note(text, self.strands, [given.value for given in column])
                return text
        return self.value([given.value for given in column], place)

    def value(self, values: Sequence[object], place: str = "init", hint: str = "") -> str:
        """Write a value that is known, by the names of the class where sizes have them."""
        first = values[0]
        if isinstance(first, tuple | list) and first:
            if any(not isinstance(value, tuple | list) or len(value) != len(first) for value in values):
                raise Differs
            parts = [self.value(column, place, hint) for column in zip(*values, strict=True)]
            if isinstance(first, list):
                return f"[{', '.join(parts)}]"
            return f"({', '.join(parts)},)" if len(parts) == 1 else f"({', '.join(parts)})"
        if isinstance(first, bool) or not isinstance(first, int | Dim):
            if any(value != first for value in values):
                raise Differs
            return literal(first)
        return self.size(values, place, hint)
