"""What sets training going in an emitted file: `build` makes the networks and their optimizers, `main` runs the epochs."""

from __future__ import annotations

from math import lcm

from archdsl.emit.python import literal
from archdsl.emit.recipe_nodes import carries, snake
from archdsl.emit.scope import Scope
from archdsl.emit.strands import Usage
from archdsl.graph import Definition, Instance
from archdsl.syntax.tree import NO_COMMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.data import Data
    from archdsl.emit.python import Document, Lines
    from archdsl.emit.recipe_nodes import Names
    from archdsl.graph import Choice, Program, Recipe

EPOCHS, BATCH_SIZE = 10, 64
"""What a recipe that does not say trains for."""

WHOLE_EPOCH = 1 << 30
"""More batches than an epoch has."""

_ARGUMENTS = Definition("arguments", "recipe", (), (), (), (), NO_COMMENTS, None)  # type: ignore[arg-type]


def settings_of(program: Program) -> dict[str, object]:
    """Return the plain options of a recipe, with the defaults of those that every run has.

    `round` is after how many batches nothing hangs over to the next one: no gradients that wait to be taken,
    no state that is carried on.
    """
    recipe = program.recipe
    assert recipe is not None
    given: dict[str, object] = {name: one.value for name, one in recipe.options.items()}
    if "epochs" not in given and "max_steps" not in given:
        given["epochs"] = EPOCHS
    if "accumulate" in given:
        cycle = max(update.times for update in recipe.updates)
        periods = [max(update.every, cycle if update.times == 1 else 1) for update in recipe.updates]
        given["round"] = lcm(*periods) * recipe.options["accumulate"].value  # type: ignore[operator]
    if carries(program, recipe):
        given["round"] = WHOLE_EPOCH
    return {"batch_size": BATCH_SIZE, "seed": 0, **given}


class _Script:
    def __init__(self, document: Document, program: Program, recipe: Recipe, names: Names, data: Data) -> None:
        self.document, self.program, self.recipe, self.names, self.data = document, program, recipe, names, data
        self.settings = settings_of(program)
        self.nets = list(names.nets.values())

    def arguments(self, choice: Choice) -> list[str]:
        """Write the arguments of an optimizer or a schedule."""
        scope = Scope(self.document, _ARGUMENTS, [Instance(_ARGUMENTS)], {}, Usage())
        return [("" if one.positional else f"{one.name}=") + scope.argument([one], "forward") for one in choice.arguments]

    def build(self, lines: Lines, trained: Sequence[str]) -> None:
        """Write `build`."""
        made = [*self.nets, *self.names.made]
        lines.blank(2)
        lines.add("def build(device):")
        lines.docstring(f"Make the network{'s' * (len(self.nets) > 1)}, and what updates {'them' if len(self.nets) > 1 else 'it'}.", 4)
        for model, net in self.names.nets.items():
            lines.add(f"{net} = {model}().to(device)", 4)
        for path in self._frozen():
            lines.add(f"{path}.requires_grad_(False)", 4)
        for update, parameters in zip(self.recipe.updates, trained, strict=True):
            choice = update.optimizer
            assert choice.layer is not None
            texts = self.arguments(choice)
            given = {one.name for one in choice.arguments}
            if choice.layer.argument("fused") is not None and not given & {"fused", "foreach", "capturable", "differentiable"}:
                texts.append("fused=True")
            lines.add(f"{self.names.optimizer(update.name)} = torch.{choice.layer.torch}({', '.join([parameters, *texts])})", 4)
        if self.recipe.schedule is not None:
            choice = self.recipe.schedule
            assert choice.layer is not None
            for optimizer, schedule in zip(self.names.optimizers, self.names.schedules, strict=True):
                lines.add(f"{schedule} = torch.{choice.layer.torch}({', '.join([optimizer, *self.arguments(choice)])})", 4)
        for net, average in self.names.averages.items():
            self.document.use("from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn")
            lines.add(f"decayed = get_ema_multi_avg_fn({literal(self.settings['ema'])})", 4)
            lines.add(f"{average} = AveragedModel({net}, multi_avg_fn=decayed, use_buffers=True)", 4)
        lines.add(f"return {', '.join(made)}", 4)

    def _frozen(self) -> list[str]:
        value = self.settings.get("freeze", ())
        paths = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        found: list[str] = []
        for path in paths:
            head, _, rest = str(path).partition(".")
            found.append(f"{self.names.nets[head]}{'.' if rest else ''}{rest}" if head in self.names.nets else f"{self.nets[0]}.{path}")
        return found

    def main(self, lines: Lines, *, measures: bool) -> None:
        """Write `main`."""
        size, seed, epochs = self.settings["batch_size"], self.settings["seed"], self.settings.get("epochs")
        used = self.names.made
        averages = self.names.averages
        lines.blank(2)
        lines.add("def main():")
        lines.docstring("Train, say how it goes, and save the weights.", 4)
        lines.add(f"torch.manual_seed({seed})", 4)
        lines.add('device = "cuda" if torch.cuda.is_available() else "cpu"', 4)
        lines.add(f"{', '.join([*self.nets, *used])} = build(device)", 4)
        lines.add(f"train_data, {'valid_data' if measures else '_'} = load_data(device)", 4)
        offset = "epoch" if seed == 0 else f"{seed} * 1_000_003 + epoch"
        shuffled = f"batches(train_data, {size}, seed={offset})"
        if epochs is None:
            self.document.use("import itertools")
            lines.add(f"steps = {self.settings['max_steps']}", 4)
            lines.add("for epoch in itertools.count():", 4)
            lines.add(f"shuffled = list(itertools.islice({shuffled}, steps))", 8)
        else:
            lines.add(f"for epoch in range({epochs}):", 4)
            lines.add(f"shuffled = {shuffled}", 8)
        lines.add(f"for losses in train({', '.join([*self.nets, 'shuffled', *used])}):", 8)
        if measures:
            lines.add("pass", 12)
            lines.add(
                f"measured = evaluate({', '.join([*(f'{averages[net]}.module' if net in averages else net for net in self.measured), f'batches(valid_data, {size})'])})",
                8,
            )
        else:
            lines.add("measured = {name: float(loss) for name, loss in losses.items()}", 12)
        lines.add('print(f"epoch {epoch + 1}:", *[f"{name} {value:.4f}" for name, value in measured.items()])', 8)
        if epochs is None:
            lines.add("steps -= len(shuffled)", 8)
            lines.add("if steps == 0:", 8)
            lines.add("break", 12)
        for model, net in self.names.nets.items():
            kept = f"{averages[net]}.module" if net in averages else net
            lines.add(f'torch.save({kept}.state_dict(), "{snake(model)}.pt")', 4)
        lines.blank(2)
        lines.add('if __name__ == "__main__":')
        lines.add("main()", 4)

    measured: Sequence[str] = ()


def write_script(
    lines: Lines,
    document: Document,
    program: Program,
    recipe: Recipe,
    names: Names,
    data: Data,
    trained: Sequence[str],
    measured: Sequence[str],
) -> None:
    """Write `build`, `main` and the line that calls it; `measured` are the networks that `evaluate` takes, if there is one."""
    script = _Script(document, program, recipe, names, data)
    script.measured = measured
    script.build(lines, trained)
    script.main(lines, measures=bool(measured))
