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
    from archdsl import spec

    report = Report(given)
    paths = files.specs_of(given.specs)
    for path, goal in zip(paths, files.goals(given.output, paths, ".py"), strict=True):
        program = report.compile(path, given, traced=True)
        if program is None:
            continue
        source = spec.emit(program)
        if goal is None:
            print(source, end="")
        else:
            files.write(goal, source, force=given.force)
    return report.code
