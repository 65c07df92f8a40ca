"""The losses of an epoch, added up as they come, and watched for what is no number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LOOK_EVERY = 50
"""After how many losses an accelerator is asked for them: to ask is to wait for it."""


class NotFinite(Exception):
    """A loss is infinite or no number at all."""

    def __init__(self, name: str, value: float) -> None:
        super().__init__(f"{name} is {value}")


class Losses:
    """Losses by name: sums, counts and the last ones.

    On a CPU each loss is looked at as it comes, and on an accelerator some at a time.
    """

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.last: dict[str, float] = {}
        self._waiting: list[dict[str, Tensor]] = []

    def take(self, losses: dict[str, Tensor]) -> None:
        """Add the losses of one update. Raises NotFinite where one is no number."""
        if self.at_once:
            self._add({name: loss.item() for name, loss in losses.items()})
            return
        self._waiting.append(losses)
        if len(self._waiting) >= LOOK_EVERY:
            self.settle()

    def settle(self) -> None:
        """Look at what has not been looked at. Raises NotFinite."""
        for losses in self._waiting:
            self._add({name: float(loss) for name, loss in losses.items()})
        self._waiting.clear()

    def means(self) -> dict[str, float]:
        """Return the means, each over the updates that had that loss, and begin anew."""
        found = {name: total / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return found

    def _add(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            if not math.isfinite(value):
                raise NotFinite(name, value)
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1
        self.last.update(losses)
