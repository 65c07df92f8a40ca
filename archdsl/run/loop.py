"""The epochs of a run: drives the emitted `train`, measures, saves, and stops where it has to."""

from __future__ import annotations

import itertools
import math
import time
from typing import TYPE_CHECKING, Any

import torch

from archdsl.run import checkpoint
from archdsl.run.errors import RunError
from archdsl.run.pictures import save_pictures
from archdsl.run.signals import Interrupted, Signals
from archdsl.run.state import capture, weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archdsl.run.folder import RunFolder
    from archdsl.run.program import Running
    from archdsl.run.progress import Progress

SAVE_EVERY = 20.0
"""Seconds between checkpoints at least, where the recipe does not say after how many epochs."""

SHOWN = 64
"""How many samples the pictures have."""


class Outcome:
    """How a run ended: its folder, the last metrics, and the exit code (130 or 143 after a signal)."""

    def __init__(self, folder: Path, metrics: dict[str, Any], code: int = 0) -> None:
        self.folder, self.metrics, self.code = folder, metrics, code

    def __repr__(self) -> str:
        return f"<run {self.folder}: {self.metrics}>"


class Loop:
    """Trains from where `progress` says to the end.

    `epoch` and `batch` are what is done, `sums` the losses of this epoch so far.
    """

    def __init__(self, running: Running, folder: RunFolder, words: Progress) -> None:
        self.running, self.folder, self.words = running, folder, words
        self.epoch = self.batch = self.step = self.rows = self.waited = 0
        self.sums: dict[str, float] = {}
        self.best: float | None = None
        self._best: checkpoint.Checkpoint | None = None
        self._saved = (time.monotonic(), -1)
        settings = running.settings
        self.epochs: int | None = settings.get("epochs")
        self.max_steps: int | None = settings.get("max_steps")
        self.accumulate: int = settings.get("accumulate", 1)
        self._total = torch.zeros((), device=running.device)

    # ------------------------------------------------------------ where it stands

    @property
    def progress(self) -> dict[str, Any]:
        """The loop's own part of a checkpoint."""
        names = ("epoch", "batch", "step", "rows", "waited", "sums", "best")
        return {name: getattr(self, name) for name in names}

    def go_on_from(self, progress: dict[str, Any]) -> None:
        """Take up the loop's own part of a checkpoint."""
        for name, value in progress.items():
            setattr(self, name, value)

    # ------------------------------------------------------------ epochs

    def run(self) -> Outcome:
        """Train to the end, or until a signal."""
        with Signals() as signals:
            try:
                while not self._finished:
                    self._epoch(signals)
                    if signals.code:
                        raise Interrupted
            except Interrupted:
                self.words.close()
                self.save()
                self.words.say(f"stopped after step {self.step}; go on with: archdsl train --resume {self.folder.path}")
        if self._saved[1] != self.step:
            self.save()
        rows = self.folder.metrics
        return Outcome(self.folder.path, rows[-1] if rows else {}, signals.code)

    @property
    def _finished(self) -> bool:
        over = self.epochs is not None and self.epoch >= self.epochs
        patience = self._patience
        return over or (self.max_steps is not None and self.step >= self.max_steps) or (patience is not None and self.waited >= patience)

    @property
    def _patience(self) -> int | None:
        given = self.running.settings.get("early_stopping")
        found = given.get("patience") if isinstance(given, dict) else given
        return int(found) if found is not None else None

    def _epoch(self, signals: Signals) -> None:
        began = time.monotonic()
        self.words.epoch(self.epoch + 1, self.epochs, self.running.batches_an_epoch, self.batch)
        losses = self.running.train(self._batches(signals), self.batch)
        for found in losses:
            self._take(found)
        self._ended(time.monotonic() - began)

    def _batches(self, signals: Signals) -> Iterator[Any]:
        """Give batches to the loop; when it asks for the next one, the step before is complete."""
        batches = itertools.islice(self.running.order(self.epoch), self.batch, None)
        for batch in batches:
            if self.max_steps is not None and self.step >= self.max_steps:
                return
            if signals.code and self.batch % self.accumulate == 0:
                raise Interrupted
            yield batch
            self.batch += 1
            self.step += 1

    def _take(self, losses: dict[str, torch.Tensor]) -> None:
        """Add up losses; a loss that is no number stops the run before the weights take it."""
        if self.running.device != "cpu":
            self._take_apart(losses)
            return
        for name, loss in losses.items():
            value = loss.item()
            if not math.isfinite(value):
                raise self._not_finite(name, value)
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.words.step({name: loss.item() for name, loss in losses.items()} if self.words.terminal else {})

    def _take_apart(self, losses: dict[str, torch.Tensor]) -> None:
        """On an accelerator, look at the losses now and then only: to look is to wait for it."""
        for name, loss in losses.items():
            self._on_device = getattr(self, "_on_device", {})
            self._on_device[name] = self._on_device.get(name, 0.0) + loss.double()
        if self.batch % 50 == 0:
            self._collect()
        self.words.step({})

    def _collect(self) -> None:
        for name, total in getattr(self, "_on_device", {}).items():
            value = float(total)
            if not math.isfinite(value):
                raise self._not_finite(name, value)
            self.sums[name] = self.sums.get(name, 0.0) + value
        self._on_device = {}

    def _not_finite(self, name: str, value: float) -> RunError:
        self.words.close()
        place = f"in epoch {self.epoch + 1}, batch {self.batch + 1} (step {self.step + 1})"
        kept = "; the best weights are kept" if (self.folder.path / "checkpoints" / "best").exists() else ""
        return RunError(f"{name} is {value} {place}, and was not taken into the weights{kept}. A smaller learning rate or clip_grad_norm may help.")

    # ------------------------------------------------------------ after an epoch

    def _ended(self, seconds: float) -> None:
        self._collect()
        count = max(self.batch, 1)
        row: dict[str, Any] = {name: total / count for name, total in self.sums.items()}
        valid = self.running.evaluate()
        row |= {f"valid_{name}": value for name, value in valid.items()}
        self.epoch += 1
        self.batch, self.sums = 0, {}
        self.folder.add_metrics({"epoch": self.epoch, "step": self.step, **row})
        self.rows += 1
        self._judge(valid.get("loss"))
        self.words.measured(self.epoch, row, seconds, last=self._finished)
        self._pictures()
        if self._due():
            self.save()

    def _judge(self, loss: float | None) -> None:
        """Keep the weights where they measure best; where nothing is measured, the last are as good as any."""
        if loss is not None and (self.best is None or loss < self.best):
            self.best, self.waited = loss, 0
            self._best = checkpoint.Checkpoint(weights(self.running), {"epoch": self.epoch, "valid_loss": loss})
        elif loss is not None:
            self.waited += 1

    def _pictures(self) -> None:
        """Write pictures now and then: every power of two at first, then ten to twenty times in all."""
        every = max(1, (self.epochs or 100) // 10)
        last = self.epochs is not None and self.epoch == self.epochs
        if self.epoch & (self.epoch - 1) == 0 or self.epoch % every == 0 or last:
            found = self.running.show(SHOWN, self.running.settings["seed"])
            save_pictures(found, self.folder.path / "pictures", f"epoch-{self.epoch:04d}-")

    def _due(self) -> bool:
        given = self.running.settings.get("checkpoint")
        every = given.get("every") if isinstance(given, dict) else given
        if every is not None:
            return self.epoch % int(every) == 0
        return time.monotonic() - self._saved[0] >= SAVE_EVERY

    def save(self) -> None:
        """Save a checkpoint, and the best weights where they are new."""
        below = self.folder.path / "checkpoints"
        self._collect()
        if self._best is not None:
            checkpoint.write(below / "best", self._best)
            self._best = None
        checkpoint.write(below / checkpoint.name_of(self.step), capture(self.running, self.progress))
        checkpoint.prune(below)
        self._saved = (time.monotonic(), self.step)
