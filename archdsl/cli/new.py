"""Begin a spec from one of the library's; NAME.yaml begins it in YAML."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report
from archdsl.reading import ENDINGS, is_yaml, write_as
from archdsl.text.library import library_specs
from archdsl.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", metavar="NAME", help="the spec to write, NAME.arch if it has no ending")
    parser.add_argument("--from", dest="model", default="mlp", metavar="SPEC", help=f"one of {', '.join(library_specs())} (default: mlp)")
    options.force(parser)


def run(given: Namespace) -> int:
    """Copy the spec, in the surface that is asked for."""
    known = library_specs()
    if given.model not in known:
        from archdsl.text.suggest import nearest

        near = nearest(given.model, known)
        raise Misuse(f"the library has no {given.model}" + (f"; did you mean {near}?" if near else f": it has {', '.join(known)}"))
    goal = given.name if given.name.endswith(ENDINGS) else f"{given.name}.arch"
    report = Report(given)
    file = report.parse(known[given.model])
    if file is not None:
        target = Source(goal, "")
        files.write(goal, write_as(file, target) if is_yaml(target) else file.span.source.text, force=given.force)
        print(f"{goal} is yours: archdsl check {goal}")
    return report.code
