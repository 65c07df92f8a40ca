"""A recipe as functions: losses, `train`, `evaluate` and `show`, then what sets them going."""

from __future__ import annotations

from archdsl.emit.data import Data
from archdsl.emit.moment import Moment
from archdsl.emit.python import Lines
from archdsl.emit.recipe_nodes import Names, models_in, reads, snake, walk
from archdsl.emit.script import write_script
from archdsl.graph import Apply, Read
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.python import Document
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Let, Node, Program, Recipe, Update


SHORT = 60
"""How long an expression may be that stands in a dictionary."""


def write_training(document: Document, program: Program, shorthands: Shorthands) -> Lines:
    """Write all that a program needs to be trained; the models stand above it."""
    assert program.recipe is not None
    return _Writer(document, program, program.recipe, shorthands).write()


class LossFunction:
    """A loss that has a function of its own: what it is called, takes and gives."""

    def __init__(self, name: str, parameters: list[str], results: list[str], lets: list[Let]) -> None:
        self.name, self.parameters, self.results, self.lets = name, parameters, results, lets

    @property
    def call(self) -> str:
        """The call, over the names of the loop."""
        return f"{self.name}({', '.join(self.parameters)})"


class _Writer:
    def __init__(self, document: Document, program: Program, recipe: Recipe, shorthands: Shorthands) -> None:
        self.document, self.program, self.recipe, self.shorthands = document, program, recipe, shorthands
        self.names = Names(program, recipe)
        self.data = Data(document, program, recipe, self._fields())
        self.accumulate = self._option("accumulate", 1)
        self.cycle = max([1, *(update.times for update in recipe.updates)])
        self.losses = [self._loss_function(update) for update in recipe.updates]

    def _option(self, name: str, default: int) -> int:
        given = self.recipe.options.get(name)
        return given.value if given is not None and isinstance(given.value, int) else default

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

    def _write_loss(self, lines: Lines, update: Update, function: LossFunction) -> None:
        batch = next((one for one in function.parameters if one in self.data.names), None) or self._batched(update, function)
        moment = self._moment(function.lets, [update.loss], batch, 4)
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

    def _moment(self, lets: Sequence[Let], wanted: Sequence[Node], batch: str, indent: int) -> Moment:
        return Moment(self.document, self.names, self.shorthands, lets=lets, wanted=wanted, batch=batch, indent=indent)

    # ------------------------------------------------------------ train

    def _train(self, lines: Lines) -> None:
        nets = list(self.names.nets.values())
        counted = self.accumulate > 1 or self.cycle > 1 or any(update.every > 1 for update in self.recipe.updates)
        parameters = [*nets, "batches", *self.names.made]
        lines.blank(2)
        lines.add(f"def train({', '.join(parameters)}{', start=0' if counted else ''}):")
        lines.docstring("Yield the losses of each batch, and then let the weights take them.", 4)
        for net in nets:
            lines.add(f"{net}.train()", 4)
        lines.add(
            f"for number, {self.data.targets(packed=True)} in enumerate(batches, start):"
            if counted
            else f"for {self.data.targets()} in batches:",
            4,
        )
        inner = {id(let) for function in self.losses if function is not None for let in function.lets}
        wanted = [
            node for update in self.recipe.updates for node in (update.loss, *(let.node for let in (*update.lets, *self.recipe.lets)))
        ]
        precise = self._autocast()
        moment = self._moment([let for let in self.recipe.lets if id(let) not in inner], wanted, self.data.names[0], 12 if precise else 8)
        for update, function in zip(self.recipe.updates, self.losses, strict=True):
            self._update(lines, moment, update, function, precise)
        for schedule in self.names.schedules:
            lines.add(f"{schedule}.step()", 4)

    def _autocast(self) -> str:
        given = self.recipe.options.get("precision")
        kind = {"bf16": "bfloat16", "fp16": "float16"}.get(str(given.value), str(given.value)) if given is not None else "float32"
        return "" if kind in ("float32", "fp32") else f"with torch.autocast({self.data.names[0]}.device.type, torch.{kind}):"

    def _update(self, lines: Lines, moment: Moment, update: Update, function: LossFunction | None, precise: str) -> None:
        every = self._every(update)
        if update is not self.recipe.updates[0]:
            lines.blank()
        self._compute(moment, update, function)
        pad = 0
        if every > 1:
            lines.add(f"if number % {every} == {every - 1}:", 8)
            pad = 4
        if precise:
            lines.add(precise, 8 + pad)
        lines.extend(moment.lines, pad)
        moment.lines.entries.clear()
        self._step(lines, update, 8 + pad)

    def _compute(self, moment: Moment, update: Update, function: LossFunction | None) -> None:
        if function is None:
            moment.assign("loss", update.loss)
            return
        own = {name for let in function.lets for name in let.targets}
        nodes = [*(let.node for let in function.lets), update.loss]
        moment.need(*[read for read in reads(*nodes) if read.name not in own])
        moment.lines.add(f"{', '.join(function.results)} = {function.call}", moment.indent, update.loss.span)

    def _every(self, update: Update) -> int:
        """Return on each how manieth batch an update runs: a step that runs several times in a row makes the others wait."""
        return max(update.every, self.cycle if update.times == 1 else 1)

    def _backward(self, update: Update) -> str:
        """Return what limits the gradients to those that an update is about, where there are several updates."""
        if len(self.recipe.updates) == 1 or "freeze" in self.recipe.options:
            return ""
        parameters = self.parameters(update)
        return f"inputs={parameters if parameters.startswith('[') else f'list({parameters})'}"

    def _step(self, lines: Lines, update: Update, indent: int) -> None:
        optimizer, many, every = self.names.optimizer(update.name), self.accumulate, self._every(update)
        logged = {self.names.loss(update.name): "loss", **{name: name for name in update.logged}}
        number = f"number // {every}" if every > 1 else "number"
        if many > 1:
            lines.add(f"if {number} % {many} == 0:", indent)
            lines.add(f"{optimizer}.zero_grad()", indent + 4)
            lines.add(f"(loss / {many}).backward({self._backward(update)})", indent)
        else:
            lines.add(f"{optimizer}.zero_grad()", indent)
            lines.add(f"loss.backward({self._backward(update)})", indent)
        entries = ", ".join([f'"{name}": {value}.detach()' for name, value in logged.items()])
        lines.add(f"yield {{{entries}}}", indent)
        if many > 1:
            lines.add(f"if {number} % {many} == {many - 1}:", indent)
            indent += 4
        clip = self.recipe.options.get("clip_grad_norm")
        if clip is not None:
            self.document.use("from torch import nn")
            lines.add(f"nn.utils.clip_grad_norm_({self.parameters(update)}, {clip.value})", indent)
        lines.add(f"{optimizer}.step()", indent)
        trained = {self.names.nets[one.partition(".")[0]] for one in update.update}
        for net, average in self.names.averages.items():
            if net in trained:
                lines.add(f"{average}.update_parameters({net})", indent)

    def parameters(self, update: Update) -> str:
        """Return what an update trains, as an expression."""
        parts = []
        for one in update.update:
            model, _, path = one.partition(".")
            parts.append(f"{self.names.nets[model]}{'.' if path else ''}{path}.parameters()")
        return parts[0] if len(parts) == 1 else f"[{', '.join([f'*{part}' for part in parts])}]"

    # ------------------------------------------------------------ evaluate and show

    @property
    def measures(self) -> bool:
        """Whether there is anything to measure on the data held out."""
        return bool(self.recipe.metrics) or len(self.recipe.updates) == 1

    def _measured(self) -> list[str]:
        """Return the networks that `evaluate` takes."""
        nodes = [node for _, node in self.recipe.metrics]
        if len(self.recipe.updates) == 1:
            nodes += [self.recipe.updates[0].loss, *(let.node for let in self.recipe.lets)]
        return self._nets_of(nodes) or list(self.names.nets.values())

    def _evaluate(self, lines: Lines) -> None:
        recipe, single = self.recipe, len(self.recipe.updates) == 1
        update, function = recipe.updates[0], self.losses[0]
        inner = {id(let) for let in function.lets} if function is not None and single else set()
        wanted = [node for _, node in recipe.metrics] + ([update.loss, *(let.node for let in recipe.lets)] if single else [])
        moment = self._moment([let for let in recipe.lets if id(let) not in inner], wanted, self.data.names[0], 8)
        entries, whole = {}, {}
        if single:
            if function is None:
                entries = {"loss": moment.text(update.loss)}
            else:
                self._compute(moment, update, function)
                entries = {name: name for name in function.results}
        for name, node in recipe.metrics:
            if isinstance(node, Apply) and node.layer.group == "metric" and node.layer.helper:
                whole[name] = (node, [moment.text(one) for one in node.inputs if one is not None])
            else:
                entries[name] = self._entry(moment, name, node)
        used = self._measured()
        lines.blank(2)
        lines.add("@torch.no_grad()")
        lines.add(f"def evaluate({', '.join(used)}, batches):")
        lines.docstring("Measure what the batches come to, averaged over their samples.", 4)
        for net in used:
            lines.add(f"{net}.eval()", 4)
        lines.add("totals, count = {}, 0", 4)
        for name in whole:
            lines.add(f"for_{name} = []", 4)
        lines.add(f"for {self.data.targets()} in batches:", 4)
        lines.extend(moment.lines)
        self._average(lines, entries, whole)

    @staticmethod
    def _entry(moment: Moment, name: str, node: Node) -> str:
        """Return a metric as an expression, or its name where a line of its own reads better."""
        text = moment.text(node)
        if len(text) <= SHORT:
            return text
        moment.lines.add(f"{name} = {text}", moment.indent, node.span)
        return name

    def _average(self, lines: Lines, entries: dict[str, str], whole: dict[str, tuple[Apply, list[str]]]) -> None:
        size = f"len({self.data.names[0]})"
        written = ", ".join([f'"{name}": {text}' for name, text in entries.items()])
        for name, (_, texts) in whole.items():
            lines.add(f"for_{name}.append(({', '.join(texts)}))", 8)
        lines.add(f"measured = {{{written}}}", 8)
        lines.add("for name, value in measured.items():", 8)
        lines.add(f"totals[name] = totals.get(name, 0) + {size} * value", 12)
        lines.add(f"count += {size}", 8)
        means = "{name: float(total / count) for name, total in totals.items()}"
        if not whole:
            lines.add(f"return {means}", 4)
            return
        lines.add(f"means = {means}", 4)
        for name, (node, _) in whole.items():
            self.document.helper(node.layer.helper_name, node.layer.helper, node.layer.helper_imports)
            lines.add(f'means["{name}"] = float({node.layer.helper_name}(*map(torch.cat, zip(*for_{name}))))', 4)
        lines.add("return means", 4)

    def _nets_of(self, nodes: Sequence[Node]) -> list[str]:
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
                found |= set(self._nets_of([lets[read.name].node]))
        return [net for net in self.names.nets.values() if net in found]

    def _show(self, lines: Lines) -> None:
        nodes = [node for _, node in self.recipe.show]
        lets = {name: let for let in self.recipe.lets for name in let.targets}
        fed = any(
            read.origin in ("field", "model")
            for node in nodes
            for read in reads(node, *(lets[one.name].node for one in reads(node) if one.name in lets))
        )
        nets = self._nets_of(nodes)
        batch = self.data.names[0] if fed else ""
        moment = self._moment(self.recipe.lets, nodes, batch, 4)
        for name, node in self.recipe.show:
            moment.flow(name, node)
        entries = [f'"{name}": {name}' for name, _ in self.recipe.show]
        lines.blank(2)
        lines.add("@torch.no_grad()")
        lines.add(f"def show({', '.join([*nets, *(self.data.parameters if fed else ['count'])])}):")
        lines.docstring("Make the pictures that show how far training has come.", 4)
        for net in nets:
            lines.add(f"{net}.eval()", 4)
        if not fed and nets:
            lines.add(f"device = next({nets[0]}.parameters()).device", 4)
        lines.extend(moment.lines)
        lines.add(f"return {{{', '.join(entries)}}}", 4)

    # ------------------------------------------------------------ all of it

    def write(self) -> Lines:
        """Return the whole part."""
        lines = Lines()
        self.document.use("import torch")
        for update, function in zip(self.recipe.updates, self.losses, strict=True):
            if function is not None:
                self._write_loss(lines, update, function)
        self._train(lines)
        if self.measures:
            self._evaluate(lines)
        if self.recipe.show:
            self._show(lines)
        self.data.write(lines)
        trained = [self.parameters(update) for update in self.recipe.updates]
        write_script(
            lines, self.document, self.program, self.recipe, self.names, self.data, trained, self._measured() if self.measures else ()
        )
        return lines


def _read(let: Let) -> Read:
    """Return a node that reads what a definition defines."""
    return Read(let.targets[0], "value", let.node, let.node.type, let.node.span)


def _is_simple(node: Node) -> bool:
    """Whether a loss is one call over named values, which needs no function around it."""
    return isinstance(node, Apply) and all(one is None or isinstance(one, Read) or not one.operands for one in node.inputs)


def _needs_batch(node: Node) -> bool:
    return (isinstance(node, Read) and node.name == "batch_size") or (isinstance(node, Apply) and node.layer.group == "draw")
