"""The data of a recipe: how it is loaded, held out in part, and gone through a batch at a time."""

from __future__ import annotations

from archdsl.emit.loaders import HOLD_OUT, HOLD_OUT_CLASSES, LOADERS
from archdsl.emit.python import literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.python import Document, Lines
    from archdsl.graph import Program, Recipe

PART = 0.2
"""Which part is held out, unless the recipe says otherwise."""


class Data:
    """The fields of the data that a recipe uses, and the functions that bring them."""

    def __init__(self, document: Document, program: Program, recipe: Recipe, names: Sequence[str]) -> None:
        self.document, self.program, self.recipe, self.names = document, program, recipe, list(names)

    @property
    def parameters(self) -> list[str]:
        """The values of a batch: the fields, each ragged one with its lengths."""
        found: list[str] = []
        for name in self.names:
            found += [name, f"{name}_lengths"] if self.recipe.fields[name].ragged else [name]
        return found

    def targets(self, *, packed: bool = False) -> str:
        """Return what a batch is unpacked to; in parentheses where it stands beside something else."""
        text = ", ".join(self.parameters)
        return f"({text})" if packed and len(self.parameters) > 1 else text

    @property
    def single(self) -> bool:
        """Whether a batch is one tensor."""
        return len(self.parameters) == 1

    def write(self, lines: Lines) -> None:
        """Write `load_data`, `batches` and what they need."""
        choice = self.recipe.data
        assert choice is not None
        loader = LOADERS[choice.name]
        self._helper(lines, loader.source)
        self.document.use(*loader.imports)
        self._helper(lines, HOLD_OUT_CLASSES if loader.label else HOLD_OUT)
        arguments = ", ".join([literal(one.value) for one in choice.arguments if one.name not in ("encoding",)])
        kept = {*self.parameters, loader.label or self.parameters[0]}
        given = ", ".join([name if name in kept else "_" for name in loader.gives])
        self._load(lines, f"{given} = load_{choice.name}({arguments or self._defaults()})", loader.label)
        self._batches(lines)

    def _defaults(self) -> str:
        """Return the arguments that a loader needs and the recipe leaves out."""
        choice = self.recipe.data
        assert choice is not None
        assert choice.layer is not None
        return ", ".join([literal(one.default) for one in choice.layer.arguments if one.name != "encoding"])

    def _helper(self, lines: Lines, source: str) -> None:
        lines.blank(2)
        lines.entries.extend((line, None) for line in source.strip("\n").split("\n"))

    def _load(self, lines: Lines, load: str, label: str) -> None:
        split = self.recipe.options.get("split")
        part = split.value if split is not None else PART
        lines.blank(2)
        lines.add("def load_data(device):")
        lines.docstring("Load the data: what to train with, and what is held out to measure with.", 4)
        lines.add(load, 4)
        lines.add(f"held_out = hold_out({label or self.parameters[0]}, {literal(part)})", 4)
        if self.single:
            name = self.parameters[0]
            lines.add(f"{name} = {name}.to(device)", 4)
            lines.add(f"return {name}[~held_out], {name}[held_out]", 4)
            return
        moved = ", ".join([f"{name}.to(device)" for name in self.parameters])
        lines.add(f"data = [{moved}]", 4)
        lines.add("return [one[~held_out] for one in data], [one[held_out] for one in data]", 4)

    def _batches(self, lines: Lines) -> None:
        first = self.parameters[0]
        lines.blank(2)
        lines.add(f"def batches({first if self.single else 'data'}, batch_size, seed=None):")
        lines.docstring("Give the data a batch at a time, in an order that the seed determines.", 4)
        if not self.single:
            lines.add(f"{', '.join(self.parameters)} = data", 4)
        lines.add(f"order = torch.arange(len({first}))", 4)
        lines.add("if seed is not None:", 4)
        lines.add("generator = torch.Generator().manual_seed(seed)", 8)
        lines.add(f"order = torch.randperm(len({first}), generator=generator)", 8)
        if self._normalizes():
            lines.add("if len(order) % batch_size == 1:", 8)
            lines.comment(["A batch of one has no variance to normalize by."], 12)
            lines.add("order = order[:-1]", 12)
        lines.add(f"for chosen in order.to({first}.device).split(batch_size):", 4)
        texts = [self._chosen(lines, name) for name in self.names]
        lines.add(f"yield {', '.join(texts)}", 8)

    def _chosen(self, lines: Lines, name: str) -> str:
        field = self.recipe.fields[name]
        if not field.ragged:
            return f"{name}[chosen]"
        lines.add(f"lengths = {name}_lengths[chosen]", 8)
        text = f"{name}[chosen, : lengths.max()]"
        if len(field.shape) == 2:
            self.document.use("import torch.nn.functional as F")
            text = f"F.one_hot({text}, {field.shape[1]}).float()"
        return f"{text}, lengths"

    def _normalizes(self) -> bool:
        """Whether a network has a batch norm, which fails on a batch of one."""
        stack = [module for instance in self.program.models.values() for module in instance.modules]
        while stack:
            module = stack.pop()
            if module.layer is not None and "BatchNorm" in module.layer.torch:
                return True
            stack.extend(module.children())
        return False
