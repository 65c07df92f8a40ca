"""How two sides are measured: in turn, in one run, each by the median of its times."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SCRIPTS = Path(sys.executable).parent
# An installed package is compiled; a checkout is, unless the environment forbids it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def times(sides: dict[str, Callable[[], object]], repeats: int = 9) -> dict[str, float]:
    """Return the median seconds of each side, after one run of each that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side()
    for _ in range(repeats):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def report(what: str, above: float, below: float, wanted: str) -> None:
    """Print a ratio, with both sides in milliseconds and what it should be."""
    print(f"{what}: {above / below:.2f}  ({1e3 * above:.2f} ms / {1e3 * below:.2f} ms; wanted {wanted})")


def command(*words: str) -> Callable[[], object]:
    """Return a side that runs a command and wants it to succeed."""
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
