"""List a spec's layers and shapes, its state-dict keys with the lines they come from, parameters and multiply-adds."""

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
    """Summarize each spec: as tables, or as one JSON object a line."""
    from archdsl import spec

    report = Report(given)
    for number, path in enumerate(files.specs_of(given.specs)):
        program = report.compile(path, given)
        if program is None:
            continue
        summary = spec.summarize(program)
        if report.json:
            print(summary.json(path))
        else:
            print(("\n" if number else "") + str(summary))
    return report.code
