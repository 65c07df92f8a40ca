"""What `import` cannot do, with the place in the user's Python."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A line of the user's code; the file is empty where there is none."""

    file: str
    line: int


class Inexpressible(Exception):
    """Something that no spec says: what, where, and what would mend it."""

    def __init__(self, place: Place, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.suggestion = place, message, suggestion


class CannotImport(Exception):
    """A call that leads to no network: no such module or class, not allowed, wrong arguments. The message says it."""
