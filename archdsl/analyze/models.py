"""Models as a recipe sees them: called with values, or fed and read by name."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.calls import read_arguments
from archdsl.analyze.evaluate import as_node
from archdsl.analyze.values import BROKEN
from archdsl.dims import Dim, substitute
from archdsl.graph import Branch, CallModel, Let, Loop, Node
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.analyze.context import Body
    from archdsl.dims import Size
    from archdsl.graph import Instance, Statement, Type


def values_of(instance: Instance) -> dict[str, tuple[Type, bool]]:
    """Return what a model computes under names: the type of each, and whether it is an output."""
    found: dict[str, tuple[Type, bool]] = {}
    stack: list[tuple[Statement, ...]] = [instance.body]
    while stack:
        for statement in stack.pop():
            if isinstance(statement, Let):
                for i, name in enumerate(statement.targets):
                    kind = statement.node.type if len(statement.targets) == 1 else statement.node.type[i]  # type: ignore[index]
                    found[name] = (kind, False)
            elif isinstance(statement, Branch):
                stack.append(statement.body)
            elif isinstance(statement, Loop) and statement.bodies:
                stack.append(statement.bodies[-1])
    for name, node in instance.outputs:
        found[name] = (over_time(instance, node.type), True)
    return found


def over_time(instance: Instance, kind: Type) -> Type:
    """An output of a model with states is a sequence, as long as its inputs."""
    if not instance.states or not isinstance(kind, Tensor):
        return kind
    over = instance.inputs[0][1]
    return Tensor((over.shape[0], *kind.shape), kind.dtype, True, over.ragged, over.lengths)


class ModelRef:
    """A model that a recipe may call."""

    def __init__(self, name: str, instance: Instance) -> None:
        self.name, self.instance = name, instance

    def call_model(self, body: Body, expr: tree.Call) -> object:
        """Call the model on values: `Discriminator(fake)`."""
        arguments = read_arguments(body, expr.arguments, self.name)
        if arguments is None:
            return BROKEN
        nodes = [as_node(body, value, argument.value) for value, argument in arguments.values()]
        found = [node for node in nodes if node is not None]
        if len(found) < len(nodes):
            return BROKEN
        wanted = self.instance.inputs
        if len(found) != len(wanted):
            listed = ", ".join(name for name, _ in wanted)
            body.complain(say.wrong_count(self.name, f"{len(wanted)} input{'s' * (len(wanted) != 1)} ({listed})", len(found), expr.span))
            return BROKEN
        symbols: dict[str, Size] = {}
        for (name, kind), node in zip(wanted, found, strict=True):
            if not agree_on(kind, node.type, symbols):
                body.complain(
                    say.mismatch(
                        "shape-mismatch",
                        f"The input {name} of {self.name} is {kind}, and this is {node.type}",
                        node.span,
                        f"gets {node.type}",
                        (),
                        "",
                    )
                )
                return BROKEN
        return self._result(found, symbols, expr)

    def part(self, body: Body, expr: tree.Attribute) -> object:
        """Return a named layer of the model: `VAE.decoder` draws from what was learned."""
        found = next((module for module in self.instance.modules if module.name == expr.name), None)
        if found is None:
            body.complain(say.unknown_name(expr.name, expr.span, [module.name for module in self.instance.modules]))
            return BROKEN
        return found

    def _result(self, nodes: list[Node], symbols: Mapping[str, Size], expr: tree.Call) -> Node:
        types = [substituted(over_time(self.instance, node.type), symbols) for _, node in self.instance.outputs]
        return CallModel(self.name, tuple(nodes), types[0] if len(types) == 1 else tuple(types), expr.span)


def agree_on(wanted: Tensor, found: Type, symbols: dict[str, Size]) -> bool:
    """Whether a value fits an input; notes what the input's symbolic sizes have to be for it."""
    if not isinstance(found, Tensor) or len(found.shape) != len(wanted.shape) or found.dtype != wanted.dtype:
        return False
    for a, b in zip(wanted.shape, found.shape, strict=True):
        if isinstance(a, Dim) and len(a.names) == 1 and str(a) in a.names:
            if symbols.setdefault(str(a), b) != b:
                return False
        elif a != b and not isinstance(a, Dim) and not isinstance(b, Dim):
            return False
    return True


def substituted(kind: Type, symbols: Mapping[str, Size]) -> Type:
    """Replace symbolic sizes by what they come to."""
    if not isinstance(kind, Tensor):
        return tuple(substituted(part, symbols) for part in kind)
    return kind.replace(shape=tuple(substitute(size, symbols) for size in kind.shape))  # type: ignore[no-any-return]
