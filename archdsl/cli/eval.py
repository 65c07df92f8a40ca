"""Measure a trained run on its held-out data."""

from __future__ import annotations

from archdsl.cli.runs import checkpoint, run_folder, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import ModuleType


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    checkpoint(parser, "best")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json gives one object")


def run(given: Namespace) -> int:
    """Print each metric by its name."""
    folder = run_folder(given.run)

    def measured(runs: ModuleType) -> int:
        metrics = runs.evaluate(folder, checkpoint=given.checkpoint)
        if given.format == "json":
            import json

            print(json.dumps(metrics))
        else:
            width = max(map(len, metrics), default=0) + 2
            print("\n".join(f"{name:<{width}}{value:.6g}" for name, value in metrics.items()))
        return 0

    return told(measured)
