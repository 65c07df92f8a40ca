"""Writes a tree as YAML: the other half of `convert`."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.yaml_lines import Lines
from archdsl.syntax.yaml_sections import FILE_SECTIONS, Run, runs_of
from archdsl.syntax.yaml_writers import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["write"]


def write(file: tree.File) -> str:
    """Return the text of a file; it reads back as an equal tree, with all its comments."""
    lines = Lines()
    writer = Writer(lines)
    for run in runs_of(file.statements, FILE_SECTIONS, "statements"):
        _section(writer, run)
    lines.comments(0, file.comments.below, bool(file.statements) and bool(file.comments.below))
    if not file.statements:
        lines.add(0, "{}")
    return lines.text()


def _section(writer: Writer, run: Run) -> None:
    """Write one key of the file."""
    first = run.statements[0]
    if run.key == "models" and len(run.statements) == 1 and isinstance(first, tree.Block):
        writer.model(first)
    elif run.key == "train" and isinstance(first, tree.Train):
        writer.train(0, "", first)
    elif run.key == "imports":
        _imports(writer, run.statements)
    else:
        writer.section(0, run)


def _imports(writer: Writer, statements: Sequence[tree.Statement]) -> None:
    writer.lines.lead(0, statements[0].comments)
    writer.lines.add(0, "imports:")
    for number, statement in enumerate(statements):
        if isinstance(statement, tree.Import):
            writer.path(2, statement, led=number == 0)
