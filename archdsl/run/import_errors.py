"""What `import` cannot do, with the place in the user's Python."""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

from archdsl.text.source import Source, Span


class Place(NamedTuple):
    """A line of the user's code; the file is empty where there is none."""

    file: str
    line: int


@cache
def _source(file: str) -> Source:
    try:
        with open(file, encoding="utf-8") as opened:
            return Source(os.path.relpath(file), opened.read())
    except (OSError, UnicodeDecodeError):
        return Source(file or "-", "")


def span_of(place: Place) -> Span:
    """Return the text of a line, without what it is indented by."""
    source = _source(place.file)
    lines = source.text.splitlines(keepends=True)
    if not 0 < place.line <= len(lines):
        return Span(source, 0, 0)
    before = sum(map(len, lines[: place.line - 1]))
    line = lines[place.line - 1].rstrip()
    return Span(source, before + len(line) - len(line.lstrip()), before + len(line))


class Inexpressible(Exception):
    """Something that no spec says: what, where, and what would mend it."""

    def __init__(self, place: Place, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.suggestion = place, message, suggestion

    @property
    def span(self) -> Span:
        """The line that it is about."""
        return span_of(self.place)


class CannotImport(Exception):
    """A call that leads to no network: no such module or class, not allowed, wrong arguments. The message says it."""
