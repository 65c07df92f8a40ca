"""What a spec comes to in numbers: layers and shapes, state-dict keys, parameters and multiply-adds.

Counts are for one sample; where a dimension is only known by name, they are formulas over that name.
"""

from __future__ import annotations

from archdsl.dims import Dim, product
from archdsl.layers.tensor import show_shape
from archdsl.text.record import Record
from archdsl.trace import trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archdsl.dims import Size
    from archdsl.graph import Instance, Program, Step
    from archdsl.layers.tensor import Tensor
    from archdsl.text.source import Span


class Key(Record):
    """One entry of the state dict. `trained` is False for a buffer; `tied` names the key whose weight this one is."""

    name: str
    shape: tuple[Size, ...]
    count: Size
    trained: bool
    tied: str
    place: Span


class Row(Record):
    """One thing that the model does: a layer under its name in the state dict, or an operation under that of its value."""

    word: str
    name: str
    outputs: tuple[Tensor, ...]
    parameters: Size
    multiply_adds: Size
    place: Span


class ModelSummary(Record):
    """One model: what comes in and goes out, the rows in order of computation, the keys in order of the state dict."""

    name: str
    inputs: tuple[tuple[str, Tensor], ...]
    outputs: tuple[tuple[str, tuple[Tensor, ...]], ...]
    rows: tuple[Row, ...]
    keys: tuple[Key, ...]

    @property
    def parameters(self) -> Size:
        """How many numbers are trained; a tied weight counts once."""
        return _total(key.count for key in self.keys if key.trained and not key.tied)

    @property
    def buffers(self) -> Size:
        """How many numbers of the state dict are not trained."""
        return _total(key.count for key in self.keys if not key.trained)

    @property
    def multiply_adds(self) -> Size:
        """How many multiply-adds one sample takes."""
        return _total(row.multiply_adds for row in self.rows)


class Summary(Record):
    """All models of a spec."""

    models: tuple[ModelSummary, ...]

    def __str__(self) -> str:
        return "\n\n".join(_page(model) for model in self.models)

    def json(self, file: str) -> str:
        """Return the same as one line of JSON; sizes that are formulas are texts."""
        import json

        return json.dumps({"file": file, "models": [_data(model) for model in self.models]})


def summarize(program: Program) -> Summary:
    """Count each model of a spec."""
    return Summary(tuple(_summarize(name, instance) for name, instance in program.models.items()))


def _summarize(name: str, instance: Instance) -> ModelSummary:
    steps = trace(instance)
    tied = dict(instance.ties)
    keys: list[Key] = []
    own: dict[int, Size] = {}
    for key, shape, trained, leaf in instance.state():
        keys.append(Key(key, shape, product(shape), trained, tied.get(key, ""), leaf.span))
        if trained and key not in tied:
            own[id(leaf)] = own.get(id(leaf), 0) + keys[-1].count
    rows: list[Row] = []
    for step in steps:
        # A module that is used again, or whose weights a layer has brought already, counts no more.
        fresh = _total(own.pop(id(leaf), 0) for *_, leaf in step.module.state()) if step.module else 0
        if step.kind in ("layer", "operation") or fresh:
            rows.append(_row(step, fresh))
    outputs = tuple((step.word, step.types) for step in steps if step.kind == "output")
    return ModelSummary(name, instance.inputs, outputs, tuple(rows), tuple(keys))


def _row(step: Step, parameters: Size) -> Row:
    return Row(step.word, ".".join(step.path) if step.module else step.name, step.types, parameters, step.macs, step.span)


def _total(counts: Iterable[Size]) -> Size:
    total: Size = 0
    for count in counts:
        total = total + count
    return total


# ---------------------------------------------------------------- as text


def _page(model: ModelSummary) -> str:
    """Return a model's tables, with its totals below."""
    inputs = ", ".join(f"{name} {tensor}" for name, tensor in model.inputs)
    outputs = ", ".join(f"{name} {_shapes(types)}" for name, types in model.outputs)
    rows = [
        (row.word, row.name, _shapes(row.outputs), _number(row.parameters), _number(row.multiply_adds), _place(row.place))
        for row in model.rows
    ]
    keys = [(key.name, show_shape(key.shape), _number(key.count), _remark(key), _place(key.place)) for key in model.keys]
    lines = [f"{model.name}: {inputs} -> {outputs}", ""]
    lines += _table(("layer", "name", "gives", "parameters", "multiply-adds", "line"), rows, right=(3, 4, 5))
    if keys:
        lines += ["", *_table(("key", "shape", "count", "", "line"), keys, right=(2, 4))]
    lines += ["", f"{_number(model.parameters) or 0} parameters, {_number(model.multiply_adds) or 0} multiply-adds a sample"]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Align columns; numbers stand to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        aligned = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return ("  " + "  ".join(aligned)).rstrip()

    return [line(head), "  " + "  ".join("-" * width for width in widths), *(line(row) for row in rows)]


def _shapes(types: Sequence[Tensor]) -> str:
    return ", ".join(str(tensor) for tensor in types)


def _number(count: Size) -> str:
    """Write a count with its thousands apart; nothing for none."""
    return str(count) if isinstance(count, Dim) else f"{int(count):,}" if count else ""


def _remark(key: Key) -> str:
    return f"= {key.tied}" if key.tied else "" if key.trained else "buffer"


def _place(span: Span) -> str:
    return str(span.line)


# ---------------------------------------------------------------- as data


def _data(model: ModelSummary) -> dict[str, object]:
    return {
        "name": model.name,
        "inputs": [_tensor(tensor) | {"name": name} for name, tensor in model.inputs],
        "outputs": [_tensor(tensor) | {"name": name} for name, types in model.outputs for tensor in types],
        "layers": [
            {
                "layer": row.word,
                "name": row.name,
                "outputs": [_tensor(tensor) for tensor in row.outputs],
                "parameters": _plain(row.parameters),
                "multiply_adds": _plain(row.multiply_adds),
                **_at(row.place),
            }
            for row in model.rows
        ],
        "keys": [
            {
                "key": key.name,
                "shape": [_plain(size) for size in key.shape],
                "count": _plain(key.count),
                "trained": key.trained,
                "tied": key.tied or None,
                **_at(key.place),
            }
            for key in model.keys
        ],
        "parameters": _plain(model.parameters),
        "buffers": _plain(model.buffers),
        "multiply_adds": _plain(model.multiply_adds),
    }


def _tensor(tensor: Tensor) -> dict[str, object]:
    return {"shape": [_plain(size) for size in tensor.shape], "dtype": tensor.dtype, "ragged": tensor.ragged}


def _plain(size: Size) -> int | str:
    return str(size) if isinstance(size, Dim) else int(size)


def _at(span: Span) -> dict[str, object]:
    return {"file": span.source.name, "line": span.line}
