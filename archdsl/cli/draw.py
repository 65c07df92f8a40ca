"""Draw the figure of a spec, as SVG, PNG or PDF by the ending of `-o`."""

from __future__ import annotations

import os

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

ENDINGS = (".svg", ".png", ".pdf")


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    options.specs(parser)
    options.output(parser, "FIGURE.svg|.png|.pdf")
    parser.add_argument("--style", help="how it is drawn, if not as the spec says or its form suggests")
    options.overrides(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Draw each spec."""
    from archdsl import spec

    report = Report(given)
    paths = files.specs_of(given.specs)
    for path in paths:
        goal = None if given.output is None else files.goal(given.output, path, ".svg", many=len(paths) > 1)
        ending = ".svg" if goal is None else os.path.splitext(goal)[1]
        if ending not in ENDINGS:
            raise Misuse(f"a figure ends in {', '.join(ENDINGS)}, and {goal} does not")
        program = report.compile(path, given)
        if program is None:
            continue
        svg = spec.draw(program, given.style)
        if goal is None:
            print(svg, end="")
        else:
            files.write(goal, spec.Figure(svg).rendered(ending), force=given.force)
    return report.code
