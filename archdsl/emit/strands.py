"""The parallel ways through a body, and what a class needs that comes from several instances."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.graph import Instance, Type


class Differs(Exception):
    """A size that no expression over the names of the class gives in every strand."""


class Strand:
    """One of the parallel ways through a body: the values of names in it, and the types of named values."""

    __slots__ = ("env", "instance", "types")

    def __init__(self, instance: Instance, env: dict[str, object], types: dict[str, Type]) -> None:
        self.instance, self.env, self.types = instance, env, types

    def inner(self, env: Mapping[str, object]) -> Strand:
        """Return the strand of an iteration inside this one."""
        return Strand(self.instance, {**self.env, **env}, dict(self.types))


class Usage:
    """What a class turned out to need; found by writing it once, and known when it is written again."""

    def __init__(self) -> None:
        self.inferred: dict[str, str] = {}
        self.fresh: dict[str, dict[int, object]] = {}
        self.kept: set[str] = set()
        self.init: set[str] = set()
        self.locals: dict[str, tuple[str, str]] = {}
        self.clashes: set[str] = set()

    def copy(self) -> dict[str, object]:
        """Return what is known, to go back to."""
        return {name: value.copy() if hasattr(value, "copy") else value for name, value in vars(self).items()}

    def restore(self, known: dict[str, object]) -> None:
        """Go back to what was known."""
        vars(self).update(known)

    def state(self) -> object:
        """Return what tells two passes apart."""
        return (tuple(self.inferred), tuple(self.fresh), frozenset(self.kept), frozenset(self.init), tuple(self.locals), len(self.clashes))
