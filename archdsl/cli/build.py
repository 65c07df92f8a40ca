"""Write the PyTorch module that a spec comes to; it needs torch alone, and trains when it is run."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    options.specs(parser)
    options.output(parser, "FILE.py")
    options.overrides(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Build each spec."""
    report = Report(given)
    paths = files.specs_of(given.specs)
    for path, goal in zip(paths, files.goals(given.output, paths, ".py"), strict=True):
        spec = report.load(path, given)
        if spec is None:
            continue
        if goal is None:
            print(spec.source, end="")
        else:
            files.write(goal, spec.source, force=given.force)
    return report.code
