"""Rewrite a spec in the other surface, comments and all; the ending of `-o` says which."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report
from archdsl.reading import ENDINGS, write_as
from archdsl.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a spec, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="OTHER", required=True, help="the file to write, .arch or .yaml")
    options.force(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Convert the spec."""
    if not given.output.endswith(ENDINGS):
        raise Misuse(f"a spec ends in {', '.join(ENDINGS)}, and {given.output} does not")
    paths = files.specs_of([given.spec])
    if len(paths) > 1:
        raise Misuse(f"one spec at a time: {given.spec} holds {len(paths)}")
    report = Report(given)
    file = report.parse(paths[0])
    if file is not None:
        files.write(given.output, write_as(file, Source(given.output, "")), force=given.force)
    return report.code
