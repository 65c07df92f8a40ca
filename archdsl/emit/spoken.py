"""Arguments that follow a loop: a size that is one of them in every iteration is written as it is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.strands import Strand


class Spoken:
    """What was written for arguments that differ from one iteration to the next: `width * 2**i`.

    A block's result has the size that its argument says, which after `Block(width * 2 ** i)` no other name gives.
    """

    def __init__(self) -> None:
        self.texts: list[tuple[str, dict[int, tuple[Strand, object]]]] = []

    def note(self, text: str, strands: Sequence[Strand], values: Sequence[object]) -> None:
        """Note what an argument is in each strand; the strands are kept, so that no other has their identity."""
        if len(strands) == len(values) and _differ(values):
            self.texts.append((text, {id(strand): (strand, value) for strand, value in zip(strands, values, strict=True)}))

    def find(self, strands: Sequence[Strand], values: Sequence[object]) -> str:
        """Return the argument that has these values in these strands, or nothing."""
        if not _differ(values):
            return ""
        for text, known in reversed(self.texts):
            if all(id(strand) in known and known[id(strand)][1] == value for strand, value in zip(strands, values, strict=True)):
                return text
        return ""


def _differ(values: Sequence[object]) -> bool:
    return all(isinstance(value, int) for value in values) and len(set(values)) > 1
