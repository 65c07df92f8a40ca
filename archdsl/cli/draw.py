"""Draw the figure of a spec, as SVG, PNG, PDF or DOT by the ending of `-o`."""

from __future__ import annotations

import os

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report
from archdsl.draw import DrawError
from archdsl.draw.choose import STYLES
from archdsl.spec import FIGURES
from archdsl.text.complaint import Complaint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from archdsl.graph import Program


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    options.specs(parser)
    options.output(parser, "FIGURE.svg|.png|.pdf|.dot")
    parser.add_argument("--style", choices=STYLES, help="how it is drawn, if not as the spec says or its form suggests")
    options.overrides(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Draw each spec."""
    from archdsl import spec

    report = Report(given)
    paths = files.specs_of(given.specs)
    for path, goal in zip(paths, files.goals(given.output, paths, ".svg"), strict=True):
        ending = ".svg" if goal is None else os.path.splitext(goal)[1]
        if ending not in FIGURES:
            raise Misuse(f"a figure ends in {', '.join(FIGURES)}, and {goal} does not")
        program = report.compile(path, given)
        if program is None:
            continue
        try:
            figure = spec.draw(program, given.style)
            content = figure.rendered(ending)
        except DrawError as error:
            report.say([cannot_draw(error, program)])
            continue
        if goal is None:
            print(figure.svg, end="")
        else:
            files.write(goal, content, force=given.force)
    return report.code


def cannot_draw(error: DrawError, program: Program) -> Complaint:
    """Say why there is no figure, at the place that it is about, or at the first model."""
    span = error.span or next(iter(program.models.values())).definition.span
    return Complaint("cannot-draw", error.message, span, suggestion=error.suggestion)
