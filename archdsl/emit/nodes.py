"""Values as Python expressions, the way that `forward` computes them."""

from __future__ import annotations

import re

from archdsl.emit.constants import POSTFIX, Unwritable, joined, within
from archdsl.emit.python import literal
from archdsl.graph import Apply, Index, Module, Node, Number, Operate, Pack, Read, Run, Take, Weight
from archdsl.layers.bind import bind
from archdsl.layers.tensor import Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archdsl.emit.python import Document
    from archdsl.emit.scope import Scope
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Given
    from archdsl.layers.registry import Layer
    from archdsl.layers.tensor import Applied


class Values:
    """Writes the values of one class.

    `access` says how a module is reached (`self.conv1`). `stand_in` has values that are written already,
    under a name that is read instead of them. `keep` makes a layer without weights an attribute of the class.
    """

    def __init__(self, scope: Scope, access: Callable[[Module], str], shorthands: Shorthands, device: str) -> None:
        self.scope, self.access, self.shorthands, self.device = scope, access, shorthands, device
        self.document = scope.document
        self.stand_in: dict[int, str] = {}
        self.renamed: dict[str, str] = {}
        self.expands = False
        self.carried: dict[str, str] = {}
        self.keep: Callable[[Apply, str], str] | None = None

    def write(self, node: Node) -> str:
        """Return a value as an expression."""
        known = self.stand_in.get(id(node))
        if known is not None:
            return known
        if isinstance(node, Read) and self.expands and node.origin == "value" and node.bound is not None:
            return self.write(node.bound)
        if isinstance(node, Read):
            return self.renamed.get(node.name, node.name)
        if isinstance(node, Number):
            return self.number(node)
        if isinstance(node, Apply):
            return self.apply(node)
        if isinstance(node, Run):
            return self.run(node)
        if isinstance(node, Operate):
            return self.operate(node)
        if isinstance(node, Index):
            return self.index(node)
        if isinstance(node, Take):
            return f"{within(self.write(node.base), POSTFIX)}[{node.index}]"
        if isinstance(node, Pack):
            return f"({', '.join([self.write(item) for item in node.items])}{',' if len(node.items) == 1 else ''})"
        if isinstance(node, Weight):
            path = self.access(node.module)
            return f"{path}.{node.name}" if node.name else path
        return self.other(node)

    def other(self, node: Node) -> str:
        """Write a node that only recipes have."""
        raise Unwritable(type(node).__name__)

    def number(self, node: Number) -> str:
        """Write a constant among values."""
        if node.expr is not None:
            try:
                return self.scope.forward.write(node.expr)
            except Unwritable:
                pass
        return self.scope.value([node.value] * len(self.scope.strands), "forward")

    def operate(self, node: Operate) -> str:
        """Write an operator."""
        if len(node.inputs) == 1:
            sign = {"not": "~"}.get(node.op, node.op)
            return sign + within(self.write(node.inputs[0]), POSTFIX)
        spine: list[Operate] = []
        left: Node = node
        while isinstance(left, Operate) and len(left.inputs) == 2 and (left is node or id(left) not in self.stand_in):
            spine.append(left)
            left = left.inputs[0]
        return joined(self.write(left), [(step.op, self.write(step.inputs[1])) for step in reversed(spine)])

    def index(self, node: Index) -> str:
        """Write an index as its author did; the slices that stand for whole dimensions too."""
        try:
            inner = [self.scope.forward.index(expr) for expr in node.exprs]
        except Unwritable:
            inner = [self._slice(index) for index in node.indices]
        return f"{within(self.write(node.base), POSTFIX)}[{', '.join(inner)}]"

    def _slice(self, index: object) -> str:
        if index is ...:
            return "..."
        if not isinstance(index, tuple):
            return self.scope.value([index] * len(self.scope.strands), "forward")
        start, stop, step = ("" if part is None else self.scope.value([part] * len(self.scope.strands), "forward") for part in index)
        return f"{start}:{stop}" + (f":{step}" if step else "")

    # ------------------------------------------------------------ operations

    def apply(self, node: Apply) -> str:
        """Write an operation: a function, a method or an operator of torch."""
        called = self.shorthands.call(self, node)
        if called is not None:
            return called
        return self.applied(node)

    def applied(self, node: Apply) -> str:
        """Write an operation by itself, whatever shorthand it came from."""
        layer = node.layer
        values = [self.write(one) for one in node.inputs if one is not None]
        if not node.inputs or all(one is None for one in node.inputs):
            values = [f"{self.device}.device"] if self.device else []
        texts, positional = self.shorthands.arguments_of(self, node)
        result = outcome(layer, node.inputs, node.arguments)
        prepare = node.prepare or (result.prepare if result is not None else {})
        if prepare:
            values = [
                prepare[place].format(*[within(one, POSTFIX) for one in values]) if place in prepare else value
                for place, value in enumerate(values)
            ]
        template = result.call if result is not None else ""
        if template:
            text = imported(self.document, fill(template, values, texts, layer, self.lengths(node)))
            return self.helped(layer, text, lengths=node.lengths)
        if not layer.function and layer.write is None:
            return self._module_on_the_spot(node, values)
        text = call_layer(self.document, layer, values, texts, positional, "self.training")
        return self.helped(layer, text, lengths=node.lengths)

    def _module_on_the_spot(self, node: Apply, values: Sequence[str]) -> str:
        """What torch has as a module only, without weights, is kept by the class, or else made where it is used."""
        layer, place = node.layer, "forward" if self.keep is None else "init"
        strands = len(self.scope.strands)
        texts = [("" if one.positional else f"{one.name}=") + self.scope.argument([one] * strands, place) for one in node.arguments]
        made = f"{self.document.function(layer.module)}({', '.join(texts)})"
        if self.keep is not None:
            return f"{self.keep(node, self.helped(layer, made, lengths=True))}({', '.join(values)})"
        return self.helped(layer, f"{made}.train(self.training)({', '.join(values)})", lengths=True)

    def helped(self, layer: Layer, text: str, *, lengths: bool) -> str:
        """Bring the helper of a layer, where its call needs it; it gives way to a value of the same name."""
        if not layer.helper or (layer.ragged == "uses" and not lengths):
            return text
        name = layer.helper_name if layer.helper.lstrip().startswith("def ") else layer.helper.partition("class ")[2].partition("(")[0]
        own = f"{name}_" if name in self.scope.values else name
        self.document.helper(own, re.sub(rf"\b{name}\(", f"{own}(", layer.helper), layer.helper_imports)
        return re.sub(rf"\b(?<!\.){name}\(", f"{own}(", text)

    def arguments(self, layer: Layer, given: Sequence[Given]) -> tuple[dict[str, str], set[str]]:
        """Write the arguments of an operation by name, and say which were given by position."""
        texts: dict[str, str] = {}
        for one in given:
            text = self.scope.argument([one] * len(self.scope.strands), "forward")
            argument = layer.argument(one.name)
            if argument is not None and argument.variadic:
                inner = text[1:-1].rstrip(",") if text[:1] in "([" and isinstance(one.value, tuple | list) else text
                text = f"{texts[one.name]}, {inner}" if one.name in texts else inner
            texts[one.name] = text
        return texts, {one.name for one in given if one.positional}

    def lengths(self, node: Node) -> str:
        """Return the lengths that travel with a value."""
        for operand in node.operands:
            if operand is not None and isinstance(operand.type, Tensor) and operand.type.ragged:
                return f"{operand.type.lengths}_lengths"
        return "lengths"

    # ------------------------------------------------------------ modules

    def run(self, node: Run) -> str:
        """Write a module applied to values."""
        module = node.module
        values = ["" if one is None else self.write(one) for one in node.inputs]
        if module.kind == "chain" and not whole(node):
            return self._one_by_one(node, self.access(module))
        path = self.access(module)
        if module.key in self.carried:
            values.append(self.carried[module.key])
        if node.scan is not None:
            return self.scan(node, path, values)
        layer = module.layer
        if layer is not None and module.kind == "layer":
            result = outcome(layer, node.inputs, module.arguments)
            forward = [one for one in module.arguments if one.name in layer.forward]
            if result is not None and result.call:
                known = {one.name: self.scope.argument([one], "forward") for one in forward}
                return self.helped(layer, fill(result.call, values, known, layer, self.lengths(node), path), lengths=node.lengths)
            values = [value for value in values if value]
            values += [f"{one.name}={self.scope.argument([one], 'forward')}" for one in forward]
        if module.kind == "block" and node.lengths:
            values += [f"{one.type.lengths}_lengths" for one in node.inputs if isinstance(one.type, Tensor) and one.type.ragged]
        return f"{path}({', '.join(values)})"

    def scan(self, node: Run, path: str, values: Sequence[str]) -> str:
        """Write a cell run over time."""
        from archdsl.emit.states import call

        return call(self, node, path, values)

    def _one_by_one(self, node: Run, path: str) -> str:
        """Call the members of a chain in turn, where nn.Sequential cannot."""
        text = ", ".join([self.write(one) for one in node.inputs])
        for inner in node.inner:
            name = inner.module.name
            member = f"{path}[{name}]" if name.isdigit() else f"{path}.{name}"
            text = self.member(inner, member, text)
        return text

    def member(self, inner: Run, path: str, text: str) -> str:
        """Write one member of a chain applied to what the members before it gave."""
        if any(isinstance(one, Take) for one in inner.inputs):
            text = f"{within(text, POSTFIX)}[0]" if len(inner.inputs) == 1 else f"*{text}"
        if inner.inner and not whole(inner):
            for one in inner.inner:
                name = one.module.name
                text = self.member(one, f"{path}[{name}]" if name.isdigit() else f"{path}.{name}", text)
            return text
        layer = inner.module.layer
        if (layer is not None and layer.name == "last") or (layer is not None and inner.lengths):
            result = outcome(layer, inner.inputs, inner.module.arguments)
            if result is not None and result.call:
                return self.helped(layer, fill(result.call, [text], {}, layer, self.lengths(inner), path), lengths=inner.lengths)
        if inner.scan is not None:
            return self.scan(inner, path, [text])
        return f"{path}({text})"


def whole(node: Run) -> bool:
    """Whether an nn.Sequential can be called as one: each member is given one value, and knows no lengths."""
    for inner in node.inner:
        inputs = [one for one in inner.inputs if not (isinstance(one, Take) and one.index == 0)]
        several = len(inner.inputs) != 1 or (not isinstance(inner.type, Tensor) and not passes_first(inner))
        if (
            several
            or inner.lengths
            or inner.scan is not None
            or any(isinstance(one, Take) for one in inputs)
            or (inner.inner and not whole(inner))
        ):
            return False
    return True


def passes_first(run: Run) -> bool:
    """Whether a module's first result is what it passes on in a chain."""
    layer = run.module.layer
    return layer is not None and layer.role in ("recurrent", "attention")


def outcome(layer: Layer, inputs: Sequence[Node | None], given: Sequence[Given]) -> Applied | None:
    """Ask a layer's rule again what it says of these inputs; None where it cannot be asked."""
    values: list[object] = []
    for place, node in enumerate(inputs):
        name = layer.values[min(place, len(layer.values) - 1)] if layer.values else ""
        numeric = isinstance(node, Number) and name in layer.numbers
        values.append(node.value if numeric and isinstance(node, Number) else None if node is None else node.type)
    try:
        bound = bind(layer, [one.value for one in given if one.positional], {one.name: one.value for one in given if not one.positional})
        return layer.apply(values, bound)
    except Mismatch:
        return None


def fill(template: str, values: Sequence[str], arguments: Mapping[str, str], layer: Layer, lengths: str, path: str = "") -> str:
    """Put the sources of values and arguments into a layer's template of a call."""
    known = {argument.name: literal(argument.default) if _plain(argument.default) else "" for argument in layer.arguments}
    known |= arguments
    only = template.startswith("{0}.") or ".{0}." in template
    sources = [
        within(value, POSTFIX) if only or f"{{{place}}}." in template or f"{{{place}}}[" in template else value
        for place, value in enumerate(values)
    ]
    return template.format(*sources, **known, lengths=lengths, self=path)


def imported(document: Document, text: str) -> str:
    """Import what a source that a layer wrote itself speaks of."""
    for word in ("torch.", "F.", "nn.", "math."):
        if word in text:
            document.function(word + "x")
    return text


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str) or (isinstance(value, tuple) and all(map(_plain, value)))


def call_layer(
    document: Document, layer: Layer, values: Sequence[str], texts: Mapping[str, str], positional: set[str], training: str
) -> str:
    """Write the call of a layer's function form on values."""
    if layer.write is not None:
        head = layer.torch if layer.torch.startswith(("F.", "torch.")) else ""
        if head:
            document.function(head)
        known = {
            argument.name: literal(argument.default)
            for argument in layer.arguments
            if argument.name in layer.always and _plain(argument.default)
        }
        text = layer.write([within(value, POSTFIX) for value in values], {**known, **texts})
        return imported(document, text)
    named = dict(texts)
    parts: list[str] = []
    for place, argument in enumerate(layer.arguments):
        name = argument.name
        if name in layer.always and name not in named and _plain(argument.default):
            named[name] = literal(argument.default)
            positional = (
                {*positional, name}
                if place < layer.positional and all(one.name in positional for one in layer.arguments[:place])
                else positional
            )
        if name in named and name in positional and (place < layer.positional or argument.variadic):
            parts.append(named.pop(name))
    parts += [f"{name}={text}" for name, text in named.items()]
    if layer.training and training:
        parts.append(f"training={training}")
    if layer.function.startswith("."):
        return f"{within(values[0], POSTFIX)}{layer.function}({', '.join([*values[1:], *parts])})"
    function = document.function(layer.function)
    heads = list(values)
    if layer.variadic_values:
        fixed = len(layer.values) - 1
        several = values[fixed:]
        heads = [*values[:fixed], f"({', '.join(several)}{',' if len(several) == 1 else ''})"]
    return f"{function}({', '.join([*heads, *parts])})"
