"""Draw what a trained run generates: the pictures that its recipe shows."""

from __future__ import annotations

from archdsl.cli.runs import checkpoint, run_folder, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import ModuleType


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    checkpoint(parser, "last")
    parser.add_argument("-o", dest="output", metavar="FOLDER", help="where the pictures go, if not into the run's folder")
    parser.add_argument("--count", type=int, default=64, metavar="N", help="how many samples (default: 64)")
    parser.add_argument("--seed", type=int, metavar="N", help="the seed of the draws")


def run(given: Namespace) -> int:
    """Draw the samples, and say where they are."""
    folder = run_folder(given.run)

    def drawn(runs: ModuleType) -> int:
        for path in runs.sample(folder, given.output, count=given.count, seed=given.seed, checkpoint=given.checkpoint):
            print(path)
        return 0

    return told(drawn)
