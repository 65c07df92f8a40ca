"""Train a spec in a folder for the run, or go on with a run that was interrupted."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report
from archdsl.cli.runs import run_folder, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", nargs="?", help="a spec, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="RUN", help="the run's folder, a new one (the next free runs/NAME, if left out)")
    parser.add_argument("--resume", metavar="RUN", help="go on with an interrupted run, from its folder alone")
    parser.add_argument("--allow-different", action="store_true", help="resume on another device or with another torch")
    parser.add_argument("--seed", type=int, metavar="N", help="the seed of everything that is drawn, if not the recipe's")
    parser.add_argument("--data", metavar="PATH", help="where the data is, if not where the spec says")
    parser.add_argument("--quiet", action="store_true", default=None, help="no progress bar")
    options.overrides(parser)
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Train, or resume."""
    if given.resume is not None:
        if any(one is not None for one in (given.spec, given.output, given.params, given.sets, given.seed, given.data)):
            raise Misuse("--resume takes all from the run's folder: leave out SPEC, -o, -p, --set, --seed and --data")
        folder = run_folder(given.resume)
        return told(lambda run: run.resume(folder, allow_different=given.allow_different, quiet=given.quiet).code)
    if given.spec is None:
        raise Misuse("train wants a spec, or --resume with a run's folder")
    paths = files.specs_of([given.spec])
    if len(paths) > 1:
        raise Misuse(f"one spec at a time: {given.spec} holds {len(paths)}")
    report = Report(given)
    spec = report.load(paths[0], given)
    if spec is None:
        return report.code
    return told(lambda run: run.train(spec, given.output, seed=given.seed, data=given.data, quiet=given.quiet).code)
