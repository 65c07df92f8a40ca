"""A recipe as functions: losses, `train`, `evaluate` and `show`, then what sets them going."""

from __future__ import annotations

from archdsl.emit.losses import Plan
from archdsl.emit.measures import Measures
from archdsl.emit.python import Lines
from archdsl.emit.script import write_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.emit.losses import LossFunction
    from archdsl.emit.moment import Moment
    from archdsl.emit.python import Document
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Program, Update


EACH_BATCH = ("optim.lr_scheduler.CyclicLR", "optim.lr_scheduler.OneCycleLR")
"""Schedules that go by batches; all others go by epochs."""

ON_PLATEAU = "optim.lr_scheduler.ReduceLROnPlateau"
"""The schedule that goes by the loss."""


def write_training(document: Document, program: Program, shorthands: Shorthands) -> Lines:
    """Write all that a program needs to be trained; the models stand above it."""
    assert program.recipe is not None
    plan = Plan(document, program, program.recipe, shorthands)
    measures = Measures(plan)
    measured = measures.networks() if measures.any else []
    lines = Lines()
    document.use("import torch")
    for update, function in zip(plan.recipe.updates, plan.functions, strict=True):
        if function is not None:
            plan.write_loss(lines, update, function)
    Training(plan).write(lines)
    if measures.any:
        measures.evaluate(lines)
    if plan.recipe.show:
        measures.show(lines)
    plan.data.write(lines)
    trained = [plan.parameters(update) for update in plan.recipe.updates]
    write_script(lines, document, program, plan.recipe, plan.names, plan.data, trained, measured)
    return lines


class Training:
    """Writes `train`: the loop over the batches."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.recipe, self.names, self.data = plan, plan.recipe, plan.names, plan.data
        given = self.recipe.options.get("accumulate")
        self.accumulate = given.value if given is not None and isinstance(given.value, int) else 1
        self.cycle = max(1, *(update.times for update in self.recipe.updates))

    def write(self, lines: Lines) -> None:
        """Write the function."""
        nets = list(self.names.nets.values())
        counted = self.accumulate > 1 or self.cycle > 1 or any(update.every > 1 for update in self.recipe.updates)
        parameters = [*nets, "batches", *self.names.made]
        lines.blank(2)
        lines.add(f"def train({', '.join(parameters)}{', start=0' if counted else ''}):")
        lines.docstring("Yield the losses of each batch, and then let the weights take them.", 4)
        for net in nets:
            lines.add(f"{net}.train()", 4)
        self.plan.begin(lines)
        lines.add(
            f"for number, {self.data.targets(packed=True)} in enumerate(batches, start):"
            if counted
            else f"for {self.data.targets()} in batches:",
            4,
        )
        inner = {id(let) for function in self.plan.functions if function is not None for let in function.lets}
        wanted = [
            node for update in self.recipe.updates for node in (update.loss, *(let.node for let in (*update.lets, *self.recipe.lets)))
        ]
        precise = self._autocast()
        moment = self.plan.moment(
            [let for let in self.recipe.lets if id(let) not in inner], wanted, self.data.names[0], 12 if precise else 8
        )
        moment.carries = True
        for update, function in zip(self.recipe.updates, self.plan.functions, strict=True):
            self._update(lines, moment, update, function, precise)
        for schedule in self.names.schedules if self._schedule not in EACH_BATCH else ():
            lines.add(f"{schedule}.step({'loss.item()' if self._schedule == ON_PLATEAU else ''})", 4)

    @property
    def _schedule(self) -> str:
        """The schedule's class, if there is one."""
        choice = self.recipe.schedule
        return choice.layer.torch if choice is not None and choice.layer is not None else ""

    def _autocast(self) -> str:
        given = self.recipe.options.get("precision")
        kind = {"bf16": "bfloat16", "fp16": "float16"}.get(str(given.value), str(given.value)) if given is not None else "float32"
        return "" if kind in ("float32", "fp32") else f"with torch.autocast({self.data.names[0]}.device.type, torch.{kind}):"

    def _update(self, lines: Lines, moment: Moment, update: Update, function: LossFunction | None, precise: str) -> None:
        every = self._every(update)
        if update is not self.recipe.updates[0]:
            lines.blank()
        pad = 0
        if every > 1:
            # What other steps may use as well is computed on each batch.
            self.plan.need(moment, update, function)
            self._take(lines, moment, precise, 0)
            lines.add(f"if number % {every} == {every - 1}:", 8)
            pad = 4
        self.plan.compute(moment, update, function)
        self._take(lines, moment, precise, pad)
        self._step(lines, update, 8 + pad)

    @staticmethod
    def _take(lines: Lines, moment: Moment, precise: str, pad: int) -> None:
        """Take over what has been written of the batch."""
        if precise and moment.lines:
            lines.add(precise, 8 + pad)
        lines.extend(moment.lines, pad)
        moment.lines.entries.clear()

    def _every(self, update: Update) -> int:
        """Return on each how manieth batch an update runs: a step that runs several times in a row makes the others wait."""
        return max(update.every, self.cycle if update.times == 1 else 1)

    def _backward(self, update: Update) -> str:
        """Return what limits the gradients to those that an update is about, where there are several updates."""
        if len(self.recipe.updates) == 1 or "freeze" in self.recipe.options:
            return ""
        parameters = self.plan.parameters(update)
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
            self.plan.document.use("from torch import nn")
            lines.add(f"nn.utils.clip_grad_norm_({self.plan.parameters(update)}, {clip.value})", indent)
        lines.add(f"{optimizer}.step()", indent)
        trained = {self.names.nets[one.partition(".")[0]] for one in update.update}
        if self._schedule in EACH_BATCH:
            lines.add(f"{self.names.schedules[self.recipe.updates.index(update)]}.step()", indent)
        for net, average in self.names.averages.items():
            if net in trained:
                lines.add(f"{average}.update_parameters({net})", indent)
