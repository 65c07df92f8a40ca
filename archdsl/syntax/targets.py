"""The targets of a comprehension, which may be tuples: their names, and how they are written."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.tree import Target


def target_names(targets: tuple[Target, ...]) -> list[str]:
    """Return the names among targets, in order."""
    return [name for one in targets for name in ([one] if isinstance(one, str) else target_names(one))]


def write_targets(targets: tuple[Target, ...]) -> str:
    """Write targets as they stand behind `for`."""
    return ", ".join([one if isinstance(one, str) else f"({write_targets(one)})" for one in targets])
