"""The data of a recipe: how it is loaded, held out in part, and gone through a batch at a time."""

from __future__ import annotations

from archdsl.emit.loaders import HOLD_OUT, HOLD_OUT_CLASSES, HOLD_OUT_END, LOADERS
from archdsl.emit.python import literal
from archdsl.emit.recipe_nodes import carries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.emit.loaders import Loader
    from archdsl.emit.python import Document, Lines
    from archdsl.graph import Program, Recipe
    from archdsl.layers.tensor import Tensor

PART = 0.2
"""Which part is held out, unless the recipe says otherwise."""

SHAPING = ("encoding", "vocabulary")
"""Arguments of sources that say what a batch looks like, not what is loaded."""


class Data:
    """The fields of the data that a recipe uses, and the functions that bring them."""

    def __init__(self, document: Document, program: Program, recipe: Recipe, fields: Mapping[str, Tensor]) -> None:
        self.document, self.program, self.recipe = document, program, recipe
        self.fields, self.names = dict(fields), list(fields)

    @property
    def parameters(self) -> list[str]:
        """The values of a batch: the fields, each ragged one with its lengths."""
        found: list[str] = []
        for name in self.names:
            found += [name, f"{name}_lengths"] if self.fields[name].ragged else [name]
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
        in_order = bool(carries(self.program, self.recipe))
        label = "" if in_order else loader.label or self._label()
        self._helper(lines, HOLD_OUT_END if in_order else HOLD_OUT_CLASSES if label else HOLD_OUT)
        arguments = self._arguments()
        call = f"load_{choice.name}({', '.join(['path' if name == 'path' else literal(value) for name, value in arguments.items()])})"
        self._load(lines, loader, call, label, arguments.get("path"))
        if in_order:
            self._streams(lines)
        else:
            self._batches(lines)

    def _arguments(self) -> dict[str, object]:
        """Return the arguments of the loader: those of the recipe, and the defaults of the others."""
        choice = self.recipe.data
        assert choice is not None
        assert choice.layer is not None
        found = {one.name: one.default for one in choice.layer.arguments} | {one.name: one.value for one in choice.arguments}
        return {name: value for name, value in found.items() if name not in SHAPING}

    def _label(self) -> str:
        """Return a field that has a class for each sample, if one is used."""
        return next((name for name, kind in self.fields.items() if kind.dtype == "int64" and not kind.shape), "")

    def _helper(self, lines: Lines, source: str) -> None:
        lines.blank(2)
        lines.entries.extend((line, None) for line in source.strip("\n").split("\n"))

    def _load(self, lines: Lines, loader: Loader, call: str, label: str, path: object) -> None:
        split = self.recipe.options.get("split")
        part = split.value if split is not None else PART
        lines.blank(2)
        lines.add("def load_data(device):" if path is None else f"def load_data(device, path={literal(path)}):")
        lines.docstring("Load the data: what to train with, and what is held out to measure with.", 4)
        if loader.gives:
            kept = {*self.parameters, label or self.parameters[0]}
            lines.add(f"{', '.join([name if name in kept else '_' for name in loader.gives])} = {call}", 4)
        else:
            lines.add(f"found = {call}", 4)
            for name in dict.fromkeys([*self.parameters, *([label] if label else [])]):
                kind = "long" if self.fields[name].dtype == "int64" else "float"
                lines.add(f'{name} = found["{name}"].{kind}()', 4)
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

    def _streams(self, lines: Lines) -> None:
        """Write `batches` for states that are carried on."""
        first = self.parameters[0]
        lines.blank(2)
        lines.add(f"def batches({first if self.single else 'data'}, batch_size, seed=None):")
        lines.docstring("Give the data a batch at a time, each going on where the last one stopped.", 4)
        if not self.single:
            lines.add(f"{', '.join(self.parameters)} = data", 4)
        lines.add(f"batch_size = min(batch_size, len({first}))", 4)
        lines.add(f"order = torch.arange(len({first}) // batch_size * batch_size)", 4)
        lines.add("for chosen in order.view(batch_size, -1).T:", 4)
        lines.add(f"yield {', '.join([self._chosen(lines, name) for name in self.names])}", 8)

    def _chosen(self, lines: Lines, name: str) -> str:
        field = self.fields[name]
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
