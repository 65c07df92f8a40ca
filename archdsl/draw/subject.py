"""What a layout is given: the program, the model that it is to show, and how things are called."""

from __future__ import annotations

from archdsl.draw.error import DrawError
from archdsl.draw.reduce import FOLDED, reduce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.draw.reduce import Part
    from archdsl.graph import Instance, Program, Step


class Subject:
    """A program, seen by a layout. Steps and parts are computed when first asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._steps: tuple[Step, ...] | None = None
        self._parts: dict[tuple[frozenset[str], bool], tuple[Part, ...]] = {}

    @property
    def options(self) -> Mapping[str, object]:
        """What the spec's `figure` says."""
        return self.program.figure

    @property
    def model(self) -> Instance:
        """The model to show: the one that `figure` names, else the first.

        Raises DrawError where the spec has none of that name, or none at all.
        """
        models = self.program.models
        wanted = self.options.get("model")
        if wanted is not None and wanted not in models:
            raise DrawError(f"figure wants the model {wanted}, and the spec has {', '.join(models) or 'none'}")
        if not models:
            raise DrawError("there is no model to draw")
        return models[str(wanted)] if wanted is not None else next(iter(models.values()))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The model's steps."""
        if self._steps is None:
            from archdsl.trace import trace

            self._steps = trace(self.model)
        return self._steps

    def parts(self, folding: frozenset[str] = FOLDED, *, across: bool = True) -> tuple[Part, ...]:
        """Return the model's parts, with these roles folded into their producers; see `reduce`."""
        key = (folding, across)
        if key not in self._parts:
            self._parts[key] = reduce(self.steps, folding, across=across)
        return self._parts[key]

    @property
    def title(self) -> str:
        """The figure's title: the spec's, else the names of what it shows."""
        given = self.options.get("title")
        return str(given) if given else ", ".join(self.program.models) or "Figure"

    def label(self, *keys: str, default: str) -> str:
        """Return what the spec's `figure` calls something, by the first of its names that it lists."""
        labels = self.options.get("labels")
        if isinstance(labels, dict):
            for key in keys:
                if key in labels:
                    return str(labels[key])
        return default


def words(name: str) -> str:
    """Write a name as words: `mean_vector` and `MeanVector` are `mean vector`."""
    out = ""
    for index, character in enumerate(name):
        before = name[index - 1] if index else ""
        if character == "_":
            out += " "
        elif character.isupper() and before.islower():
            out += " " + character.lower()
        else:
            out += character
    return out.strip()


def capital(text: str) -> str:
    """Write the first letter as a capital."""
    return text[:1].upper() + text[1:]
