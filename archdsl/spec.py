"""The whole pipeline on one screen: a spec is read, analyzed, and becomes code, a figure, a summary or a trained network.

Each stage takes what the one before it gives, and collects complaints; the first that gives nothing
ends the line. What a stage needs is imported when it runs, so that a check pays for a check.
"""

from __future__ import annotations

import os

from archdsl.reading import importer, open_source, parse
from archdsl.text.complaint import Complaint, Complaints, SpecError
from archdsl.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from archdsl.draw import Figure as Drawn
    from archdsl.graph import Program
    from archdsl.run.loop import Outcome
    from archdsl.summary import Summary
    from archdsl.syntax import tree

FIGURES = (".svg", ".png", ".pdf", ".dot")


def resolve(
    file: tree.File,
    complaints: Complaints,
    *,
    params: Mapping[str, str] | None = None,
    sets: Mapping[str, str] | None = None,
    traced: bool = False,
) -> Program | None:
    """Analyze a tree, with settings from outside; None, and complaints, where it is at fault.

    With `traced`, sizes remember the arithmetic that they come from, for `emit` to write.
    """
    from archdsl.analyze import analyze

    overrides: dict[str, tree.Expr] = {}
    if params or sets:
        from archdsl.syntax.override import FIELD, PARAM, settings, with_fields

        overrides = settings(PARAM, params or {}, complaints)
        file = with_fields(file, settings(FIELD, sets or {}, complaints), complaints)
    return analyze(file, complaints, traced=traced, params=overrides, importer=importer(file.span.source.name, complaints))


def compile_source(
    source: Source,
    complaints: Complaints,
    *,
    params: Mapping[str, str] | None = None,
    sets: Mapping[str, str] | None = None,
    traced: bool = False,
    whole: bool = True,
) -> Program | None:
    """Take a source through to the graph: what could be read is analyzed even where some could not.

    A file of blocks to import is sound, but is no `whole` spec, which something can be made of.
    """
    file = parse(source, complaints)
    unread = list(complaints)
    program = resolve(file, complaints, params=params, sets=sets, traced=traced)
    if unread:
        complaints.keep(lambda complaint: complaint in unread or not is_echo(complaint, unread))
    if whole and program is not None and not program.models:
        start = Span(source, 0, 0)
        complaints.add(Complaint("missing", "This file has blocks to import, and no model", start, suggestion="Write model NAME { ... }."))
    return None if complaints.errors else program


MAY_ECHO = ("unknown-name", "unknown-layer", "unused-layer", "unused-input", "missing")
"""What analysis says of names, which it cannot know where their definitions could not be read."""


def is_echo(complaint: Complaint, unread: list[Complaint]) -> bool:
    """Say whether a complaint may only repeat that something could not be read.

    So it is on the same line, and where it misses a name that stands in the text before.
    """
    span = complaint.span
    if any(span.source is other.span.source and span.line == other.span.line for other in unread):
        return True
    if complaint.code not in MAY_ECHO:
        return False
    import re

    return not complaint.code.startswith("unknown-") or bool(re.search(rf"\b{re.escape(span.text)}\b", span.source.text[: span.start]))


def emit(program: Program) -> str:
    """Write the Python module of a spec."""
    from archdsl.emit.program import program_source

    return program_source(program)


def draw(program: Program, style: str | None = None) -> Figure:
    """Draw the figure of a spec, in a style or in the one that it names or its form suggests."""
    from archdsl.draw import draw as drawn

    return Figure(drawn(program, style))


def summarize(program: Program) -> Summary:
    """Count a spec: its layers, shapes, keys and multiply-adds."""
    from archdsl.summary import summarize as summary_of

    return summary_of(program)


def load(path: str | os.PathLike[str], *, params: Mapping[str, object] | None = None, sets: Mapping[str, object] | None = None) -> Spec:
    """Read and analyze a spec.

    `params` replace the spec's own (`{"latent": 8}`), `sets` fields of its recipe (`{"train.epochs": 5}`).
    Raises FileNotFoundError, and SpecError, which holds all complaints, for a spec or setting that is at fault.
    """
    complaints = Complaints()
    source = open_source(os.fspath(path), complaints)
    own_params, own_sets = _spelled(params), _spelled(sets)
    program = None if source is None else compile_source(source, complaints, params=own_params, sets=own_sets, traced=True)
    if source is None or program is None:
        raise SpecError(complaints.errors)
    return Spec(source, program, params=own_params, sets=own_sets)


def _spelled(values: Mapping[str, object] | None) -> dict[str, str]:
    """Write Python values as a spec would; a text is an expression already."""
    return {name: value if isinstance(value, str) else repr(value) for name, value in (values or {}).items()}


class Spec:
    """A spec that is sound, and what can be made of it.

    `path` and `text` are the spec's own, `params` and `sets` what was set from outside.
    """

    def __init__(self, source: Source, program: Program, *, params: Mapping[str, str], sets: Mapping[str, str]) -> None:
        self.path, self.text, self.program = source.name, source.text, program
        self.params, self.sets = params, sets
        self._source: str | None = None

    @property
    def models(self) -> list[str]:
        """The names of the models, in the order of the spec."""
        return list(self.program.models)

    @property
    def source(self) -> str:
        """The Python module that the spec comes to."""
        if self._source is None:
            self._source = emit(self.program)
        return self._source

    @property
    def settings(self) -> dict[str, object]:
        """The plain options of the recipe (`epochs`, `batch_size`, `seed`, ...), defaults filled in; empty where there is none."""
        from archdsl.emit.script import settings_of

        return {} if self.program.recipe is None else settings_of(self.program)

    def module(self, name: str | None = None, /, **params: object) -> nn.Module:
        """Make a model (the only one, unless named) with fresh weights; `params` go to its constructor.

        Raises KeyError where there is no such model, and TypeError for a param that it does not take.
        """
        from archdsl.run import module_of

        net: nn.Module = module_of(self.source, self._one(name))(**params)
        return net

    def _one(self, name: str | None) -> str:
        if name is None and len(self.models) == 1:
            return self.models[0]
        if name not in self.models:
            raise KeyError(f"this spec has the models {', '.join(self.models)}, and not {name}")
        return name

    def figure(self, style: str | None = None) -> Figure:
        """Draw the spec, in the style that it names, that its form suggests, or that is given."""
        return draw(self.program, style)

    def summary(self) -> Summary:
        """Count layers, keys, parameters and multiply-adds; printed, it is a table."""
        return summarize(self.program)

    def train(
        self, run: str | os.PathLike[str] | None = None, *, seed: int | None = None, data: str | None = None, quiet: bool | None = None
    ) -> Outcome:
        """Train in a new folder `run` (the next free `runs/NAME`, if none is named), on the data at a path of its own.

        Raises `archdsl.run.RunError`, which says what to do.
        """
        from archdsl.run import train

        return train(self, run, seed=seed, data=data, quiet=quiet)

    def _repr_svg_(self) -> str:
        return self.figure().svg

    def __repr__(self) -> str:
        return f"<Spec {self.path}: {', '.join(self.models)}>"


class Figure:
    """A drawn spec, which a notebook shows and `save` writes."""

    def __init__(self, drawn: Drawn) -> None:
        self._drawn = drawn

    @property
    def svg(self) -> str:
        """The figure as SVG."""
        return self._drawn.svg

    def rendered(self, ending: str) -> bytes:
        """Return the bytes of a file with this ending; `.dot` is every operation in Graphviz's language."""
        if ending in (".png", ".pdf"):
            return self._drawn.png() if ending == ".png" else self._drawn.pdf()
        return (self._drawn.dot if ending == ".dot" else self.svg).encode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the figure, in the form that the ending of the path names; raises ValueError for another."""
        ending = os.path.splitext(os.fspath(path))[1]
        if ending not in FIGURES:
            raise ValueError(f"a figure ends in {', '.join(FIGURES)}, and {os.fspath(path)} does not")
        with open(path, "wb") as file:
            file.write(self.rendered(ending))

    def _repr_svg_(self) -> str:
        return self.svg
