"""What the commands that use a run share: its folder, and how its faults are told."""

from __future__ import annotations

import os
import sys

from archdsl.cli.misuse import Misuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable
    from types import ModuleType


def run_folder(path: str) -> str:
    """Return the folder of a run; raises Misuse where there is none."""
    if not os.path.isdir(path):
        raise Misuse(f"there is no run {path}")
    return path


def told(work: Callable[[ModuleType], int]) -> int:
    """Do something with `archdsl.run`; what a run is at fault for is told in its own words, and exits with 1."""
    from archdsl import run

    try:
        return work(run)
    except run.RunError as error:
        print(f"archdsl: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "archdsl").partition(".")[0] == "archdsl":
            raise
        print(
            f"archdsl: this needs {error.name}, which is not installed; pip install 'archdsl[data]' brings what data sets need",
            file=sys.stderr,
        )
        return 1


def checkpoint(parser: ArgumentParser, default: str) -> None:
    """Declare which of a run's checkpoints is used."""
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("--checkpoint", choices=("best", "last"), default=default, help=f"which weights (default: {default})")
