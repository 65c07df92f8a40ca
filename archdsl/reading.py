"""How specs are opened and read: by their ending, from below a root, in either surface."""

from __future__ import annotations

import os

from archdsl.text.complaint import Complaint
from archdsl.text.files import Unreadable, read_text
from archdsl.text.library import library
from archdsl.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.syntax import tree
    from archdsl.text.complaint import Complaints

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


def is_yaml(source: Source) -> bool:
    """Tell the surface by the ending, or else by the first line that says something: in `.arch` none begins with `word:`."""
    if source.name.endswith(ENDINGS):
        return source.name.endswith(YAML_ENDINGS)
    for line in source.text.lstrip("\ufeff").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            word, colon, _ = line.partition(":")
            return line.startswith(("---", "{", "%")) or (bool(colon) and word.strip("\"' ").isidentifier())
    return False


def parse(source: Source, complaints: Complaints) -> tree.File:
    """Read a source in the surface that it is in; what cannot be read is complained of and left out."""
    if is_yaml(source):
        from archdsl.schema import vocabulary
        from archdsl.syntax import read_yaml

        return read_yaml.read(source, complaints, vocabulary())
    from archdsl.syntax import read_arch

    return read_arch.read(source, complaints)


def write_as(file: tree.File, target: Source) -> str:
    """Write a tree in the surface that the target is in."""
    if is_yaml(target):
        from archdsl.syntax import write_yaml

        return write_yaml.write(file)
    from archdsl.syntax import write_arch

    return write_arch.write_arch(file)


def importer(spec: str, complaints: Complaints) -> Callable[[tree.Import], tree.File | None]:
    """Return what reads a spec's imports, which lie below its own folder or in archdsl's library, links followed.

    An import that leads elsewhere, or nowhere, is a complaint.
    """
    roots = [os.path.realpath(os.path.dirname(spec) or "."), os.path.realpath(library())]

    def bring(statement: tree.Import) -> tree.File | None:
        wanted = str(statement.path.value)
        for root in roots:
            path = os.path.realpath(os.path.join(root, wanted))
            if wanted.endswith(ENDINGS) and path.startswith(root + os.sep) and os.path.lexists(path):
                source = open_source(path, complaints)
                return None if source is None else parse(source, complaints)
        complaints.add(_not_found(statement, roots))
        return None

    return bring


def _not_found(statement: tree.Import, roots: list[str]) -> Complaint:
    from archdsl.text.suggest import nearest

    wanted = str(statement.path.value)
    if not wanted.endswith(ENDINGS):
        return Complaint("bad-import", f"An imported file ends in {' or '.join(ENDINGS)}", statement.path.span, "this one does not")
    below = [os.path.join(os.path.dirname(wanted), name) for root in roots for name in _beside(root, wanted)]
    near = nearest(wanted, below)
    note = "nothing of this name lies below the spec's folder or in archdsl's library"
    return Complaint(
        "missing-import", f"I find no {wanted} to import", statement.path.span, note, suggestion=f"Did you mean {near}?" if near else ""
    )


def _beside(root: str, wanted: str) -> list[str]:
    """Return the names that lie where the wanted file would, below a root alone."""
    folder = os.path.realpath(os.path.join(root, os.path.dirname(wanted)))
    inside = folder == root or folder.startswith(root + os.sep)
    return sorted(name for name in os.listdir(folder) if name.endswith(ENDINGS)) if inside and os.path.isdir(folder) else []
