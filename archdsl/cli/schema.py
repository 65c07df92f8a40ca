"""Print the JSON Schema of the YAML surface, for editors and validators."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """The command takes nothing."""


def run(given: Namespace) -> int:
    """Print the schema."""
    from archdsl.schema import text

    print(text(), end="")
    return 0
