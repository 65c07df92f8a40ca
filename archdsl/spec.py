"""The whole pipeline on one screen: a spec is read, analyzed, and becomes code, a figure, a summary or a trained network.

Each stage takes what the one before it gives, and collects complaints; the first that gives nothing
ends the line. What a stage needs is imported when it runs, so that a check pays for a check.
"""

from __future__ import annotations

import os

from archdsl.text.complaint import Complaint, Complaints, SpecError
from archdsl.text.files import Unreadable, read_text
from archdsl.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from torch import nn

    from archdsl.graph import Program
    from archdsl.summary import Summary
    from archdsl.syntax import tree

YAML_ENDINGS = (".yaml", ".yml")
ENDINGS = (".arch", *YAML_ENDINGS)


def open_source(path: str, complaints: Complaints) -> Source | None:
    """Open a spec; a file that is no text is a complaint. Raises FileNotFoundError."""
    try:
        return Source(path, read_text(path))
    except Unreadable as error:
        complaints.add(unreadable(path, error))
        return None


def unreadable(path: str, error: Unreadable) -> Complaint:
    """Say that a file cannot be read as a spec."""
    return Complaint("unreadable-file", str(error), Span(Source(path, ""), 0, 0), suggestion="A spec is a UTF-8 text of at most 1 MB.")


def parse(source: Source, complaints: Complaints) -> tree.File:
    """Read a source by the ending of its name, or by its looks where it has none."""
    if is_yaml(source):
        from archdsl.syntax import read_yaml

        return read_yaml.read(source, complaints)
    from archdsl.syntax import read_arch

    return read_arch.read(source, complaints)


def is_yaml(source: Source) -> bool:
    """Tell the surface by the ending, or else by the first line that says something: in `.arch` none begins with `word:`."""
    if source.name.endswith(ENDINGS):
        return source.name.endswith(YAML_ENDINGS)
    for line in source.text.lstrip("\ufeff").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            word, colon, _ = line.partition(":")
            return line.startswith(("---", "{", "%")) or (bool(colon) and word.strip("\"' ").isidentifier())
    return False


def resolve(
    file: tree.File, complaints: Complaints, params: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Program | None:
    """Analyze a tree, with settings from outside applied; None, and complaints, where it is at fault.

    Raises OverrideError (see `archdsl.syntax.override`) for a setting that has no place in it.
    """
    if params or settings:
        from archdsl.syntax.override import override

        file = override(file, params or {}, settings or {})
    from archdsl.analyze import analyze

    return analyze(file, complaints)


def compile_source(
    source: Source, complaints: Complaints, params: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Program | None:
    """Take a source through to the graph: what could be read is analyzed even where some could not."""
    program = resolve(parse(source, complaints), complaints, params, settings)
    return None if complaints.errors else program


def write_as(file: tree.File, target: Source) -> str:
    """Write a tree in the surface that the target's name, or where it has no ending its text, is in."""
    if is_yaml(target):
        from archdsl.syntax import write_yaml

        return write_yaml.write(file)
    from archdsl.syntax import write_arch

    return write_arch.write(file)


def emit(program: Program) -> str:
    """Write the Python module of a spec."""
    from archdsl.emit.program import program_source

    return program_source(program)


def draw(program: Program, style: str | None = None) -> str:
    """Draw the figure of a spec, as SVG."""
    from archdsl.draw import draw_svg

    return draw_svg(program, style)


def summarize(program: Program) -> Summary:
    """Count a spec: its layers, shapes, keys and multiply-adds."""
    from archdsl.summary import summarize as summary_of

    return summary_of(program)


def load(path: str | os.PathLike[str], *, params: Mapping[str, object] | None = None, sets: Mapping[str, object] | None = None) -> Spec:
    """Read and analyze a spec.

    `params` replace the spec's own (`{"latent": 8}`), `sets` fields of its recipe (`{"train.epochs": 5}`).
    Raises FileNotFoundError, ValueError for a param or field that is not there, and SpecError, which
    holds all complaints, for a spec that is at fault.
    """
    complaints = Complaints()
    source = open_source(os.fspath(path), complaints)
    program = None if source is None else compile_source(source, complaints, _spelled(params), _spelled(sets))
    if source is None or program is None:
        raise SpecError(complaints.errors)
    return Spec(source, program, list(complaints))


def _spelled(values: Mapping[str, object] | None) -> dict[str, str]:
    """Write Python values as a spec would; a text among settings is an expression already."""
    return {name: value if isinstance(value, str) else repr(value) for name, value in (values or {}).items()}


class Spec:
    """A spec that is sound, and what can be made of it."""

    def __init__(self, text: Source, program: Program, warnings: list[Complaint]) -> None:
        self.path, self.text, self.program, self.warnings = text.name, text.text, program, warnings
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

    def module(self, name: str | None = None, /, **params: object) -> nn.Module:
        """Make a model (the only one, unless named) with fresh weights; `params` go to its constructor.

        Raises KeyError where there is no such model, and TypeError for a param that it does not take.
        """
        from archdsl.run import module_of

        return module_of(self.source, self._one(name))(**params)

    def _one(self, name: str | None) -> str:
        if name is None and len(self.models) == 1:
            return self.models[0]
        if name not in self.models:
            raise KeyError(f"this spec has the models {', '.join(self.models)}, and not {name}")
        return name

    def figure(self, style: str | None = None) -> Figure:
        """Draw the spec, in the style that it names, that its form suggests, or that is given."""
        return Figure(draw(self.program, style))

    def summary(self) -> Summary:
        """Count layers, keys, parameters and multiply-adds; printed, it is a table."""
        return summarize(self.program)

    def train(self, run: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """Train, in a folder for the run; see `archdsl.run.train` for the options."""
        from archdsl.run import train

        return train(self, run, **options)

    def _repr_svg_(self) -> str:
        return self.figure().svg

    def __repr__(self) -> str:
        return f"<Spec {self.path}: {', '.join(self.models)}>"


class Figure:
    """A drawn spec, which a notebook shows and `save` writes."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the figure as `.svg`, `.png` or `.pdf`, by the ending of the path."""
        with open(path, "wb") as file:
            file.write(self.rendered(os.path.splitext(os.fspath(path))[1]))

    def rendered(self, ending: str) -> bytes:
        """Return the figure's bytes as a file of this ending."""
        from archdsl.draw.raster import rendered

        return self.svg.encode() if ending == ".svg" else rendered(self.svg, ending)

    def _repr_svg_(self) -> str:
        return self.svg
