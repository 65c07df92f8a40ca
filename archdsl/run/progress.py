"""What people see of a run: a bar with loss and speed and a line an epoch on a terminal; a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Mapping

REFRESH = 0.1
"""How many seconds the bar stands still at least."""

SELDOM = 10.0
"""How many seconds lie between two lines on a pipe at least."""


class Progress:
    """The words of a run, on standard error; `quiet` leaves only what is wrong."""

    def __init__(self, *, quiet: bool | None) -> None:
        self.quiet = bool(quiet)
        self.terminal = sys.stderr.isatty() and not self.quiet
        self._bar: tqdm[Any] | None = None
        self._next = 0.0
        self._spoke = time.monotonic()

    def epoch(self, number: int, epochs: int | None, batches: int, done: int) -> None:
        """Begin an epoch, of which some batches may be done."""
        self._next = 0.0
        if self.terminal:
            head = f"epoch {number}/{epochs}" if epochs else f"epoch {number}"
            self._bar = tqdm(total=batches, initial=done, desc=head, unit="batch", leave=False, dynamic_ncols=True, file=sys.stderr)

    def step(self, done: int, losses: Mapping[str, float]) -> None:
        """Show how many batches are done and their losses, unless that was shown a moment ago."""
        if self._bar is None:
            return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + REFRESH
            self._bar.n = done
            self._bar.set_postfix_str(shown(losses))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def measured(self, number: int, row: Mapping[str, float], seconds: float, *, last: bool) -> None:
        """Say what an epoch came to; on a pipe, of the last one and of some before it."""
        self.close()
        if self.terminal or last or time.monotonic() - self._spoke >= SELDOM:
            self._spoke = time.monotonic()
            self.say(f"epoch {number}: {shown(row)}  ({seconds:.1f} s)")

    def say(self, text: str) -> None:
        """Say something."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)


def shown(values: Mapping[str, float]) -> str:
    """Write numbers by name, shortly."""
    return "  ".join([f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items()])
