"""Modules as the calls that make them."""

from __future__ import annotations

from archdsl.emit.adapters import adapted, single
from archdsl.emit.chains import Part, inlined, members, path
from archdsl.emit.comprehensions import list_of, named_by_list
from archdsl.emit.nodes import outcome, whole
from archdsl.emit.parameters import is_constant, unsaid
from archdsl.emit.python import literal
from archdsl.emit.strands import Differs
from archdsl.graph import Choice, Module, Run
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from archdsl.emit.python import Lines
    from archdsl.emit.scope import Scope
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Given
    from archdsl.layers.registry import Layer


class Signature:
    """How a class is made: the sizes that it wants first, and the file's params that it uses.

    `inferred` are pairs of a size of the inputs (`x.0`, `D`) and the argument that it became, `fresh`
    maps further arguments to their values by instance; `unread` are parameters that the class has no use for.
    """

    def __init__(
        self, name: str, inferred: Mapping[str, str], fresh: Mapping[str, Mapping[int, object]], uses: Sequence[str], unread: Container[str]
    ) -> None:
        self.name, self.inferred, self.fresh, self.uses, self.unread = name, inferred, fresh, uses, unread


class Makers:
    """Writes the making of modules in one class."""

    def __init__(self, scope: Scope, signatures: Mapping[int, Signature], shorthands: Shorthands, runs: Mapping[int, Run]) -> None:
        self.scope, self.signatures, self.shorthands, self.runs = scope, signatures, shorthands, runs
        self.document = scope.document
        self.inside = False
        self.prelude: Lines | None = None
        self.lists = 0
        self.variables: set[str] = set()

    def make(self, column: Sequence[Module]) -> str:
        """Write the call that makes a module, which is the same one in every strand."""
        kind = column[0].kind
        if any(module.kind != kind for module in column):
            raise Differs
        if kind == "layer":
            return self._layer(column)
        if kind == "block":
            return self._block(column)
        if kind == "wrapper":
            return self._wrapper(column)
        if kind == "list":
            return self._list(column)
        return self._chain(column)

    def list_name(self) -> str:
        """Name a list of layers that a statement needs, apart from those that it has already."""
        self.lists += 1
        return self.scope.fresh_name("layers" if self.lists == 1 else f"layers{self.lists}")

    def attribute(self, column: Sequence[Module]) -> str:
        """Write the making of a module that stands by itself, and may have come out of a shorthand."""
        splices = [splice for splice in path(column[0].spliced) if splice.kind == "shorthand"]

        def write(depth: int) -> str:
            return inlined(self.scope, splices[depth], lambda: write(depth + 1)) if depth < len(splices) else self.make(column)

        return write(0)

    def _layer(self, column: Sequence[Module]) -> str:
        layer = column[0].layer
        assert layer is not None
        if any(module.layer is not layer or len(module.arguments) != len(column[0].arguments) for module in column):
            raise Differs
        if not layer.module:
            return adapted(self, column)
        if layer.helper and not layer.function and layer.module == layer.helper.partition("class ")[2].partition("(")[0]:
            self.document.helper(layer.module, layer.helper, layer.helper_imports)
        function = self.document.function(layer.module)
        run = self.runs.get(id(column[0]))
        if self.inside and run is not None and needs_adapter(run):
            function = single(self, run, function)
        return f"{function}({', '.join(self.arguments(layer, column))})"

    def arguments(self, layer: Layer, column: Sequence[Module]) -> list[str]:
        """Write a layer's arguments: what was inferred by position, then as the author wrote them, then what is always given."""
        given = [one for one in column[0].arguments if one.name not in layer.infers and one.name not in layer.forward]
        inferred = [self._inferred(name, column) for name in layer.infers if name in column[0].inferred]
        leading = [one for one in given if one.positional][: layer.leading]
        after = [one for one in given if one not in leading]
        if len(leading) < layer.leading:
            inferred = [f"{name}={text}" for name, text in zip(layer.infers, inferred, strict=False)]
            written = [self._given(one, column) for one in given]
            return [
                *[text for text, one in zip(written, given, strict=True) if one.positional],
                *inferred,
                *[text for text, one in zip(written, given, strict=True) if not one.positional],
                *_fixed(layer),
            ]
        before = [self._given(one, column) for one in leading]
        return [*before, *inferred, *[self._given(one, column) for one in after], *_fixed(layer)]

    def _inferred(self, name: str, column: Sequence[Module]) -> str:
        return self.scope.value([module.inferred[name] for module in column], hint=name)

    def _given(self, one: Given, column: Sequence[Module]) -> str:
        matching = [
            next((other for other in module.arguments if other.name == one.name and other.positional == one.positional), one)
            for module in column
        ]
        if one.positional:
            index = [other for other in column[0].arguments if other.positional].index(one)
            matching = [[other for other in module.arguments if other.positional][index] for module in column]
        if isinstance(one.value, Module) or hasattr(one.value, "layer"):
            text = self.layer_argument(one, column)
        else:
            text = self.scope.argument(matching)
        return text if one.positional and not _behind_fixed(column[0].layer, one) else f"{one.name}={text}"

    def layer_argument(self, one: Given, column: Sequence[Module]) -> str:
        """Write a layer that is an argument of another: what it infers is known of the other as `norm.normalized_shape`."""
        layer = getattr(one.value, "layer", None)
        if layer is None:
            raise Differs
        keys = [f"{one.name}.{name}" for name in layer.infers]
        inferred = [self.scope.value([module.inferred[key] for module in column]) for key in keys if key in column[0].inferred]
        given = [
            ("" if inner.positional else f"{inner.name}=") + self.scope.argument([inner] * len(column))
            for inner in getattr(one.value, "given", ())
            if f"{one.name}.{inner.name}" not in column[0].inferred
        ]
        texts = [*given[: layer.leading], *inferred, *given[layer.leading :], *_fixed(layer)]
        return f"{self.document.function(layer.module or layer.function)}({', '.join(texts)})"

    def _block(self, column: Sequence[Module]) -> str:
        definition = column[0].definition
        assert definition is not None
        found = {id(self.signatures[id(module.instance)]): self.signatures[id(module.instance)] for module in column}
        if len(found) > 1:
            raise Differs
        (signature,) = found.values()
        parts = [self._size_of(name, argument, column) for name, argument in signature.inferred.items()]
        for argument, values in signature.fresh.items():
            parts.append(self.scope.value([values[id(module.instance)] for module in column], hint=argument))
        given = [self._given(one, column) for one in column[0].arguments if is_constant(one.value) and one.name not in signature.unread]
        given += unsaid(self.scope, definition, column[0].arguments, unread=signature.unread)
        uses = [self.scope.init.name(name) or name for name in signature.uses]
        if definition.parameters:
            uses = [f"{name}={text}" for name, text in zip(signature.uses, uses, strict=True)]
        return f"{signature.name}({', '.join([*parts, *given, *uses])})"

    def _size_of(self, name: str, argument: str, column: Sequence[Module]) -> str:
        """Write what an inferred size of a block's input is here, from the value that the block is given."""
        values: list[object] = []
        for module in column:
            run, instance = self.runs.get(id(module)), module.instance
            assert instance is not None
            place = _place_of(name, instance)
            size: object = instance.symbols[name]
            if run is not None and place is not None:
                kind = run.inputs[place[0]].type
                shift = 1 if run.scan is not None and run.scan.steps is None else 0
                if isinstance(kind, Tensor):
                    size = kind.shape[place[1] + shift]
            values.append(size)
        return self.scope.value(values, hint=argument)

    def _wrapper(self, column: Sequence[Module]) -> str:
        layer = column[0].layer
        assert layer is not None
        inner = self.make([module.members[0] for module in column])
        given = [self._given(one, column) for one in column[0].arguments]
        self.document.use(f"from torch.nn.utils.parametrizations import {layer.name}")
        return f"{layer.name}({', '.join([inner, *given])})"

    def _list(self, column: Sequence[Module]) -> str:
        """A list made at once: the layers of a comprehension, or of a path."""
        self.document.function("nn")
        if all(member.name.isdigit() for member in column[0].members):
            written = list_of(self, column) if all(module.spliced is not None for module in column) else None
            if written is not None:
                return f"nn.ModuleList([{written}])"
            texts = self._each(column)
            if len(texts) > 1 and len(set(texts)) == 1:
                return f"nn.ModuleList([{texts[0]} for _ in range({len(texts)})])"
            return f"nn.ModuleList([{self._members(column)}])"
        return f"nn.ModuleDict({{{', '.join([f'{literal(member.name)}: {text}' for member, text in zip(column[0].members, self._each(column), strict=True)])},}})"

    def _members(self, column: Sequence[Module]) -> str:
        return "".join([text + ", " for text in self._each(column)]).rstrip()

    def _each(self, column: Sequence[Module]) -> list[str]:
        if any(len(module.members) != len(column[0].members) for module in column):
            raise Differs
        return [self.make(members_) for members_ in zip(*[module.members for module in column], strict=True)]

    def _chain(self, column: Sequence[Module]) -> str:
        self.document.function("nn")
        around, self.inside = self.inside, self.inside or self._is_whole(column[0])
        try:
            return self._sequential(column)
        finally:
            self.inside = around

    def _is_whole(self, module: Module) -> bool:
        run = self.runs.get(id(module))
        return run is not None and whole(run)

    def _sequential(self, column: Sequence[Module]) -> str:
        first = column[0]
        if any(not member.name.isdigit() for member in first.members):
            named = named_by_list(self, [Part(module.members) for module in column])
            if named is not None:
                return named
            self.document.use("from collections import OrderedDict")
            pairs = "".join([f"({literal(member.name)}, {text}), " for member, text in zip(first.members, self._each(column), strict=True)])
            return f"nn.Sequential(OrderedDict([{pairs.rstrip()}]))"
        texts = members(self, [Part(module.members) for module in column])
        if len(texts) == 1 and texts[0].startswith("*"):
            return f"nn.Sequential({texts[0]})"
        return f"nn.Sequential({''.join([text + ', ' for text in texts]).rstrip()})"

    def weights(self, column: Sequence[Module]) -> str:
        """Write a parameter's first value: empty, to be filled."""
        self.document.function("torch")
        self.document.function("nn")
        shape = [module.arguments[0] for module in column]
        written = self.scope.argument(shape)
        inner = written[1:-1].rstrip(",") if written[:1] in "[(" and written[-1:] in ")]" else f"*{written}"
        return f"nn.Parameter(torch.empty({inner}))" if inner else "nn.Parameter(torch.empty(()))"

    def filled(self, target: str, chosen: Choice | None) -> str:
        """Write the call that fills a parameter."""
        if chosen is None or chosen.layer is None:
            return ""
        arguments = [("" if one.positional else f"{one.name}=") + self.scope.argument([one]) for one in chosen.arguments]
        return f"{self.document.function(chosen.layer.function)}({', '.join([target, *arguments])})"


def needs_adapter(run: Run) -> bool:
    """Whether a layer, called by nn.Sequential on one value, would do something else than is wanted."""
    layer = run.module.layer
    if layer is None or run.module.kind != "layer":
        return False
    result = outcome(layer, run.inputs, run.module.arguments)
    return not isinstance(run.type, Tensor) or (result is not None and result.call not in ("", "{self}({0})"))


def _behind_fixed(layer: Layer | None, one: Given) -> bool:
    """Whether torch has an argument that is always given before this one, so that this one cannot stand by position."""
    if layer is None or not layer.fixed:
        return False
    return one.name in [argument.name for argument in layer.arguments[layer.positional :]]


def _fixed(layer: Layer) -> list[str]:
    return [f"{name}={literal(value)}" for name, value in layer.fixed.items()]


def _place_of(name: str, instance: object) -> tuple[int, int] | None:
    """Return which input, and which of its dimensions, a size of a block is."""
    definition = instance.definition  # type: ignore[attr-defined]
    owner, dot, axis = name.partition(".")
    if dot:
        return definition.inputs.index(owner), int(axis)
    for place, pattern in enumerate(definition.patterns):
        if pattern is not None and name in pattern:
            return place, pattern.index(name)
    return None
