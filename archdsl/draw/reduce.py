"""From steps to parts: what a person would draw.

Activations, norms, dropouts and reshapes become part of what produced their input; constants and
weights go away. Each part has a role, which the layouts draw by.
"""

from __future__ import annotations

from archdsl.layers.tensor import Tensor
from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archdsl.dims import Size
    from archdsl.graph import Module, Step, Within
    from archdsl.text.source import Span

FOLDED = frozenset(("activation", "normalization", "dropout", "reshape"))
"""The roles that join their producer."""


class Part(Record):
    """Something to draw. `word`, `role`, `path`, `blocks`, `module`, `arguments` and `span` are those of the
    step that computes, `name` is the value that it ends in, `shapes` what it goes through (its own result, then
    those of what was folded into it, whose words are `folded`). `inputs` are numbers of parts.
    """

    number: int
    kind: str
    role: str
    word: str
    name: str
    path: tuple[str, ...]
    blocks: tuple[Within, ...]
    module: Module | None
    arguments: Mapping[str, object]
    inputs: tuple[int, ...]
    shapes: tuple[Tensor, ...]
    folded: tuple[str, ...]
    span: Span

    @property
    def type(self) -> Tensor:
        """What the part gives in the end."""
        return self.shapes[-1] if self.shapes else Tensor(())

    @property
    def image(self) -> Tensor | None:
        """The last of its shapes that is a feature map [C, H, W]."""
        return next((shape for shape in reversed(self.shapes) if len(shape.shape) == 3 and not shape.ragged), None)


def reduce(steps: Sequence[Step], folding: frozenset[str] = FOLDED, *, across: bool = True) -> tuple[Part, ...]:
    """Fold steps into parts, numbered from 0 in the order of computation.

    `across` says that what follows a block may join the last thing in it.
    """
    readers = [0] * len(steps)
    for step in steps:
        for number in set(step.inputs):
            readers[number] += 1
    place: list[int | None] = [None] * len(steps)
    last: list[int] = []
    parts: list[dict[str, object]] = []
    for step in steps:
        inputs = tuple(dict.fromkeys(number for number in (place[n] for n in step.inputs) if number is not None))
        if step.kind in ("constant", "weight") or _idle(step, inputs):
            continue
        single = inputs[0] if len(inputs) == 1 else None
        near = single is not None and (across or step.role == "reshape" or parts[single]["blocks"] == step.blocks)
        if single is not None and near and _folds(step, folding, readers, last[single]):
            _fold(parts[single], step)
            last[single] = step.number
            place[step.number] = single
            continue
        place[step.number] = len(parts)
        last.append(step.number)
        parts.append({
            "number": len(parts), "kind": step.kind, "role": step.role, "word": step.word, "name": step.name, "path": step.path,
            "blocks": step.blocks, "module": step.module, "arguments": step.arguments, "inputs": inputs,
            "shapes": step.types[:1], "folded": (), "span": step.span,
        })  # fmt: skip
    return tuple(Part(**part) for part in parts)  # type: ignore[arg-type] # the fields, as collected


def _idle(step: Step, inputs: tuple[int, ...]) -> bool:
    """Say whether a step makes something of constants alone, as `arange(T)` does."""
    return step.kind == "operation" and not inputs and step.role != "draw"


def _folds(step: Step, folding: frozenset[str], readers: list[int], producer: int) -> bool:
    """Say whether a step joins its producer: a reshape always does, the rest where nothing else reads the producer."""
    if step.kind in ("output", "next"):
        return False
    if step.role == "reshape":
        return "reshape" in folding
    scales = step.kind == "operation" and step.role == "function" and not step.word.isidentifier() and step.inputs.count(producer) == 1
    return (step.role in folding or (scales and bool(folding))) and readers[producer] == 1


def _fold(part: dict[str, object], step: Step) -> None:
    part["shapes"] = (*part["shapes"], *step.types[:1])  # type: ignore[misc] # a tuple
    part["folded"] = (*part["folded"], step.word)  # type: ignore[misc] # a tuple
    if step.name:
        part["name"] = step.name


def called(part: Part) -> str:
    """Return what a complaint calls a part: its value, else its module, else its word."""
    module = next((name for name in reversed(part.path) if not name.isdigit()), "") if part.kind == "layer" else ""
    return part.name or module or part.word


def consumers(parts: Sequence[Part]) -> list[list[int]]:
    """Return, for each part, the numbers of those that read it."""
    found: list[list[int]] = [[] for _ in parts]
    for part in parts:
        for number in part.inputs:
            found[number].append(part.number)
    return found


def is_chain(parts: Sequence[Part]) -> bool:
    """Say whether each part reads one other and is read by one."""
    return all(len(part.inputs) <= 1 for part in parts) and all(len(readers) <= 1 for readers in consumers(parts))


def count(shape: Tensor) -> int:
    """Return how many numbers one sample holds; a size that is not known counts as one."""
    total = 1
    for size in shape.shape:
        total *= known(size) or 1
    return total


def known(size: Size) -> int | None:
    """Return a size as a plain number, None where it is symbolic."""
    return int(size) if isinstance(size, int) else None


def show(shape: Tensor) -> str:
    """Write a shape as figures do: `1×28×28`."""
    return "×".join(str(size) for size in shape.shape) or "1"
