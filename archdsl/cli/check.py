"""Parse specs, resolve their names and infer their shapes; say nothing when they are sound."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    options.specs(parser)
    options.overrides(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Check each spec."""
    report = Report(given)
    for path in files.specs_of(given.specs):
        report.compile(path, given, whole=False)
    return report.code
