"""The losses of a recipe: which have a function of their own, what it takes, and how it is written."""

from __future__ import annotations

from archdsl.emit.data import Data
from archdsl.emit.moment import Moment
from archdsl.emit.recipe_nodes import Names, carries, models_in, reads, snake, walk
from archdsl.graph import Apply, Read
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.python import Document, Lines
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Let, Node, Program, Recipe, Update


class LossFunction:
    """A loss that has a function of its own: what it is called, takes and gives."""

    def __init__(self, name: str, parameters: list[str], results: list[str], lets: list[Let]) -> None:
        self.name, self.parameters, self.results, self.lets = name, parameters, results, lets

    @property
    def call(self) -> str:
        """The call, over the names of the loop."""
        return f"{self.name}({', '.join(self.parameters)})"


class Plan:
    """What all functions of a recipe share: names, data, and a function for each loss that wants one."""

    def __init__(self, document: Document, program: Program, recipe: Recipe, shorthands: Shorthands) -> None:
        self.document, self.program, self.recipe, self.shorthands = document, program, recipe, shorthands
        self.names = Names(program, recipe)
        self.data = Data(document, program, recipe, self._fields())
        self.functions = [self._loss_function(update) for update in recipe.updates]

    def _fields(self) -> dict[str, Tensor]:
        """Return the data's fields that are used, in the data's order; those that only the data knows come last."""
        recipe = self.recipe
        nodes = [node for update in recipe.updates for node in (update.loss, *(let.node for let in update.lets))]
        nodes += [node for _, node in (*recipe.metrics, *recipe.show)] + [let.node for let in recipe.lets]
        nodes += [node for fed in recipe.fed for _, node in fed.inputs]
        used = {read.name: read.type for read in reads(*nodes) if read.origin == "field" and isinstance(read.type, Tensor)}
        found = {name: kind for name, kind in recipe.fields.items() if name in used}
        return found | used or dict(list(recipe.fields.items())[:1])

    # ------------------------------------------------------------ losses

    def _fed_lets(self) -> set[int]:
        """Return the definitions that a network is fed with, which have to stand before it."""
        lets = {name: let for let in self.recipe.lets for name in let.targets}
        found: set[int] = set()
        stack = [node for fed in self.recipe.fed for _, node in fed.inputs]
        while stack:
            for read in reads(stack.pop()):
                let = lets.get(read.name)
                if let is not None and id(let) not in found:
                    found.add(id(let))
                    stack.append(let.node)
        return found

    def _own_lets(self, update: Update) -> list[Let]:
        """Return the definitions that belong into the function of a loss alone, in order."""
        if update.name:
            return list(update.lets)
        fed = self._fed_lets()
        apart = {read.name for _, node in (*self.recipe.metrics, *self.recipe.show) for read in reads(node)}
        lets = {name: let for let in self.recipe.lets for name in let.targets}
        wanted: set[int] = set()
        stack: list[Node] = [update.loss, *(lets[name].node for name in update.logged)]
        wanted |= {id(lets[name]) for name in update.logged}
        while stack:
            for read in reads(stack.pop()):
                let = lets.get(read.name)
                if let is not None and id(let) not in wanted:
                    wanted.add(id(let))
                    stack.append(let.node)
        own = [let for let in self.recipe.lets if id(let) in wanted and id(let) not in fed]
        return [let for let in own if not apart & set(let.targets) or set(let.targets) & set(update.logged)]

    def _loss_function(self, update: Update) -> LossFunction | None:
        lets = self._own_lets(update)
        if not lets and not update.name and _is_simple(update.loss):
            return None
        own = {name for let in lets for name in let.targets}
        nodes = [*(let.node for let in lets), update.loss]
        models = dict.fromkeys(self.names.nets[model] for model in models_in(*nodes))
        models |= dict.fromkeys(self.names.modules[id(node.module)].partition(".")[0] for node in walk(*nodes) if hasattr(node, "module"))
        values = [read for read in reads(*nodes) if read.name not in own and read.origin != "symbol"]
        parameters = [*models, *dict.fromkeys(name for read in values for name in self._with_lengths(read))]
        if not any(isinstance(read.type, Tensor) and read.type.batched for read in values) and any(
            _needs_batch(node) for node in walk(*nodes)
        ):
            parameters.append(self.data.names[0])
        name = f"{update.name or snake(update.update[0].partition('.')[0])}_loss"
        name = f"{name}_of_batch" if name in own else name
        return LossFunction(name, parameters, ["loss", *update.logged], lets)

    def _with_lengths(self, read: Read) -> list[str]:
        """Return a value's name, and that of its lengths where it is ragged."""
        kind = read.type
        if not isinstance(kind, Tensor) or not kind.ragged:
            return [read.name]
        fed = {name: node for fed in self.recipe.fed for name, node in fed.inputs}
        source = fed.get(kind.lengths)
        owner = source.type.lengths if source is not None and isinstance(source.type, Tensor) and read.origin == "model" else kind.lengths
        return [read.name, f"{owner}_lengths"]

    def write_loss(self, lines: Lines, update: Update, function: LossFunction) -> None:
        batch = next((one for one in function.parameters if one in self.data.names), None) or self._batched(update, function)
        moment = self.moment(function.lets, [update.loss], batch, 4)
        moment.feeds = False
        lines.blank(2)
        lines.add(f"def {function.name}({', '.join(function.parameters)}):")
        for let in function.lets:
            moment.text(_read(let)) if len(let.targets) == 1 else moment.need(_read(let))
        text = moment.text(update.loss)
        if function.results == ["loss"]:
            moment.lines.add(f"return {text}", 4, update.loss.span)
        else:
            moment.lines.add(f"loss = {text}", 4, update.loss.span)
            moment.lines.add(f"return {', '.join(function.results)}", 4)
        lines.extend(moment.lines)

    def _batched(self, update: Update, function: LossFunction) -> str:
        nodes = [*(let.node for let in function.lets), update.loss]
        found = [
            read.name for read in reads(*nodes) if isinstance(read.type, Tensor) and read.type.batched and read.name in function.parameters
        ]
        return found[0] if found else self.data.names[0]

    def moment(self, lets: Sequence[Let], wanted: Sequence[Node], batch: str, indent: int) -> Moment:
        return Moment(self.document, self.names, self.shorthands, lets=lets, wanted=wanted, batch=batch, indent=indent)

    # ------------------------------------------------------------ in a function's body

    def begin(self, lines: Lines) -> None:
        """Write what states that are carried from batch to batch begin with."""
        for name in carries(self.program, self.recipe):
            lines.add(f"{name} = None", 4)

    def need(self, moment: Moment, update: Update, function: LossFunction | None) -> None:
        """Write what the function of a loss is given."""
        if function is not None:
            own = {name for let in function.lets for name in let.targets}
            nodes = [*(let.node for let in function.lets), update.loss]
            moment.need(*[read for read in reads(*nodes) if read.name not in own])

    def compute(self, moment: Moment, update: Update, function: LossFunction | None) -> None:
        """Write a loss, and what it needs."""
        if function is None:
            moment.assign("loss", update.loss)
            return
        self.need(moment, update, function)
        moment.lines.add(f"{', '.join(function.results)} = {function.call}", moment.indent, update.loss.span)

    def nets_of(self, nodes: Sequence[Node]) -> list[str]:
        """Return the networks that nodes speak of, in the order of the spec."""
        found = {self.names.nets[model] for model in models_in(*nodes)}
        found |= {self.names.modules[id(node.module)].partition(".")[0] for node in walk(*nodes) if hasattr(node, "module")}
        lets = {name: let for let in self.recipe.lets for name in let.targets}
        for read in reads(*nodes):
            if read.origin == "model" and read.name not in lets:
                found |= {
                    self.names.nets[fed.model]
                    for fed in self.recipe.fed
                    if read.name in [name for name, _ in self.program.models[fed.model].outputs]
                }
            elif read.name in lets:
                found |= set(self.nets_of([lets[read.name].node]))
        return [net for net in self.names.nets.values() if net in found]

    def parameters(self, update: Update) -> str:
        """Return what an update trains, as an expression."""
        parts = []
        for one in update.update:
            model, _, path = one.partition(".")
            parts.append(f"{self.names.nets[model]}{'.' if path else ''}{path}.parameters()")
        return parts[0] if len(parts) == 1 else f"[{', '.join([f'*{part}' for part in parts])}]"


def _read(let: Let) -> Read:
    """Return a node that reads what a definition defines."""
    return Read(let.targets[0], "value", let.node, let.node.type, let.node.span)


def _is_simple(node: Node) -> bool:
    """Whether a loss is one call over named values, which needs no function around it."""
    return isinstance(node, Apply) and all(one is None or isinstance(one, Read) or not one.operands for one in node.inputs)


def _needs_batch(node: Node) -> bool:
    return (isinstance(node, Read) and node.name == "batch_size") or (isinstance(node, Apply) and node.layer.group == "draw")
