"""Values of a recipe as Python expressions, and the names that a recipe's functions use."""

from __future__ import annotations

from archdsl.emit.nodes import Values, call_layer
from archdsl.emit.scope import Scope
from archdsl.emit.strands import Usage
from archdsl.graph import Apply, CallModel, Definition, Instance, Node, Number, Read
from archdsl.layers.tensor import Tensor
from archdsl.syntax.tree import NO_COMMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archdsl.emit.python import Document
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Given, Let, Module, Program, Recipe
    from archdsl.layers.registry import Layer

_OWN = {"batches", "data", "optimizer", "schedule", "loss", "count", "device", "order", "chosen", "totals", "measured", "average", "number"}


def walk(*nodes: Node | None) -> Iterator[Node]:
    """Go through nodes and all that they compute from, inputs before what reads them."""
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(nodes) if node is not None]
    while stack:
        node, seen = stack.pop()
        if seen:
            yield node
            continue
        stack.append((node, True))
        stack.extend((one, False) for one in reversed(node.operands) if one is not None)


def reads(*nodes: Node | None) -> list[Read]:
    """Return the named values that nodes read, each name once, in order."""
    found: dict[str, Read] = {}
    for node in walk(*nodes):
        if isinstance(node, Read):
            found.setdefault(node.name, node)
    return list(found.values())


def model_of(given: Given) -> str | None:
    """Return the name of the model that an argument is, if it is one."""
    return given.value.name if hasattr(given.value, "call_model") else None  # type: ignore[attr-defined]


def models_in(*nodes: Node | None) -> list[str]:
    """Return the models that nodes call, each once."""
    found: list[str] = []
    for node in walk(*nodes):
        if isinstance(node, CallModel):
            found.append(node.model)
        elif isinstance(node, Apply):
            found += [model for one in node.arguments if (model := model_of(one)) is not None]
    return list(dict.fromkeys(found))


def carries(program: Program, recipe: Recipe) -> list[str]:
    """Return the states that the networks which are fed carry from one batch to the next."""
    return [name for fed in recipe.fed for name, _ in program.models[fed.model].carries]


class Names:
    """What the networks, optimizers, functions and fields of a recipe are called."""

    def __init__(self, program: Program, recipe: Recipe) -> None:
        self.program, self.recipe = program, recipe
        single = len(program.models) == 1
        taken = {*recipe.fields, *(name for let in _lets(recipe) for name in let.targets)}
        taken |= {name for instance in program.models.values() for name, _ in (*instance.inputs, *instance.outputs)}
        self.nets = {model: _free("net" if single else snake(model), taken | _OWN) for model in program.models}
        self.modules: dict[int, str] = {}
        for model, instance in program.models.items():
            self._collect(instance.modules, self.nets[model])

    def _collect(self, modules: list[Module], path: str) -> None:
        for module in modules:
            self.modules[id(module)] = f"{path}[{module.name}]" if module.name.isdigit() else f"{path}.{module.name}"
            self._collect(module.children(), self.modules[id(module)])

    def optimizer(self, step: str) -> str:
        """Return the name of a step's optimizer."""
        return f"{step}_optimizer" if step else "optimizer"

    def loss(self, step: str) -> str:
        """Return the name under which a loss is logged."""
        return f"{step}_loss" if step else "loss"

    @property
    def optimizers(self) -> list[str]:
        """The names of all optimizers, in the order of the steps."""
        return [self.optimizer(update.name) for update in self.recipe.updates]

    @property
    def schedules(self) -> list[str]:
        """The names of the schedules, one for each optimizer."""
        if self.recipe.schedule is None:
            return []
        return [f"{update.name}_schedule" if update.name else "schedule" for update in self.recipe.updates]

    @property
    def averages(self) -> dict[str, str]:
        """The names of the running averages, by those of the networks, where the recipe keeps them."""
        if "ema" not in self.recipe.options:
            return {}
        single = len(self.nets) == 1
        return {net: "average" if single else f"{net}_average" for net in self.nets.values()}

    @property
    def made(self) -> list[str]:
        """All that `build` makes beside the networks, in order; `train` takes it behind the batches."""
        return [*self.optimizers, *self.schedules, *self.averages.values()]


def _lets(recipe: Recipe) -> list[Let]:
    return [*recipe.lets, *(let for update in recipe.updates for let in update.lets)]


def _free(wanted: str, taken: set[str]) -> str:
    name = wanted
    while name in taken:
        name += "_"
    return name


def snake(name: str) -> str:
    """Return a class's name as a variable's: `ConvAutoencoder` is `conv_autoencoder`."""
    text = ""
    for place, letter in enumerate(name):
        begins = letter.isupper() and place > 0 and (not name[place - 1].isupper() or name[place + 1 : place + 2].islower())
        text += ("_" if begins and not text.endswith("_") else "") + letter.lower()
    return text


_DEFINITION = Definition("train", "recipe", (), (), (), (), NO_COMMENTS, None)  # type: ignore[arg-type]


class RecipeValues(Values):
    """Writes the values of a recipe.

    `batch` is a value that has as many entries as the batch, or "" where the number stands under `count`
    and the device under `device`. What is written before the expression itself is kept in `before`.
    """

    def __init__(self, document: Document, names: Names, shorthands: Shorthands, batch: str) -> None:
        scope = Scope(document, _DEFINITION, [Instance(_DEFINITION)], {}, Usage())
        super().__init__(scope, lambda module: names.modules[id(module)], shorthands, batch)
        self.names, self.batch = names, batch
        self.lengths_of: dict[str, str] = {}
        self.before: list[tuple[str, str]] = []

    @property
    def size(self) -> str:
        """The size of the batch."""
        return f"len({self.batch})" if self.batch else "count"

    @property
    def place(self) -> str:
        """The device of the batch."""
        return f"{self.batch}.device" if self.batch else "device"

    def write(self, node: Node) -> str:
        """Return a value as an expression."""
        if isinstance(node, Read) and node.name == "batch_size" and node.origin == "symbol":
            return self.size
        return super().write(node)

    def other(self, node: Node) -> str:
        """Write the call of a model."""
        if not isinstance(node, CallModel):
            return super().other(node)
        texts: list[str] = []
        for one in node.inputs:
            texts.append(self.write(one))
            if isinstance(one.type, Tensor) and one.type.ragged:
                texts.append(self.lengths_name(one.type.lengths))
        return f"{self.names.nets[node.model]}({', '.join(texts)})"

    def lengths_name(self, owner: str) -> str:
        """Return the lengths of a ragged value by the input or field that it comes from."""
        return self.lengths_of.get(owner, f"{owner}_lengths")

    def lengths(self, node: Node) -> str:
        """Return the lengths that travel with a value."""
        for operand in node.operands:
            if operand is not None and isinstance(operand.type, Tensor) and operand.type.ragged:
                return self.lengths_name(operand.type.lengths)
        return "lengths"

    def applied(self, node: Apply) -> str:
        """Write an operation; a draw has the batch in front, and a number for a target needs what it is like under a name."""
        if node.layer.group == "draw":
            texts, _ = self.arguments(node.layer, node.arguments)
            return call_layer(self.document, node.layer, [self.size, self.place], texts, set(), "")
        if node.layer.numbers and any(isinstance(one, Number) for one in node.inputs[1:]):
            first = node.inputs[0]
            if first is not None and not isinstance(first, Read) and id(first) not in self.stand_in:
                self._name(first)
        return super().applied(node)

    def arguments(self, layer: Layer, given: Sequence[Given]) -> tuple[dict[str, str], set[str]]:
        """Write arguments by name; one may be a model, which the function calls itself."""
        models = {one.name: self.names.nets[model] for one in given if (model := model_of(one)) is not None}
        texts, positional = super().arguments(layer, [one for one in given if one.name not in models])
        return {**texts, **models}, positional

    def _name(self, node: Node) -> None:
        """Give a value a name of its own, so that it is computed once."""
        text = self.write(node)
        wanted = self.names.program.models[node.model].outputs[0][0] if isinstance(node, CallModel) else "output"
        taken = {*_OWN, *self.names.recipe.fields, *self.names.nets.values(), *(name for name, _ in self.before)}
        taken |= {name for let in _lets(self.names.recipe) for name in let.targets}
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}{number}"
        self.before.append((name, text))
        self.stand_in[id(node)] = name
