"""The epochs of a run: drives the emitted `train`, measures, saves, and stops where it has to."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from archdsl.run import checkpoint
from archdsl.run.errors import RunError
from archdsl.run.losses import Losses, NotFinite
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

    `epoch`, and `batch` within it, are what is done; `rows` counts the rows of metrics, `waited` the epochs
    since the best one.
    """

    def __init__(self, running: Running, folder: RunFolder, words: Progress) -> None:
        self.running, self.folder, self.words = running, folder, words
        self.epoch = self.batch = self.step = self.rows = self.waited = 0
        self.losses = Losses(at_once=running.device == "cpu")
        self.best: float | None = None
        self._best: checkpoint.Checkpoint | None = None
        self._saved = (time.monotonic(), -1)
        settings = running.settings
        self.epochs: int | None = settings.get("epochs")
        self.max_steps: int | None = settings.get("max_steps")
        self.round: int = settings.get("round", 1)

    # ------------------------------------------------------------ where it stands

    @property
    def progress(self) -> dict[str, Any]:
        """The loop's own part of a checkpoint."""
        names = ("epoch", "batch", "step", "rows", "waited", "best")
        return {**{name: getattr(self, name) for name in names}, "losses": [dict(self.losses.sums), dict(self.losses.counts)]}

    def go_on_from(self, progress: dict[str, Any]) -> None:
        """Take up the loop's own part of a checkpoint."""
        for name, value in progress.items():
            if name == "losses":
                self.losses.sums, self.losses.counts = map(dict, value)
            else:
                setattr(self, name, value)

    # ------------------------------------------------------------ epochs

    def run(self) -> Outcome:
        """Train to the end, or until a signal."""
        with Signals() as signals:
            try:
                while not self._finished:
                    self._epoch(signals)
                    signals.heed()
            except Interrupted:
                self.words.close()
                self.losses.settle()
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
        try:
            for found in self.running.train(self._batches(signals), self.batch):
                self.losses.take(found)
                self.words.step(self.batch + 1, self.losses.last)
            self.losses.settle()
        except NotFinite as error:
            raise self._not_finite(error) from error
        self._ended(time.monotonic() - began)

    def _batches(self, signals: Signals) -> Iterator[Any]:
        """Give batches to the loop; when it asks for the next one, the step before is complete."""
        batches = itertools.islice(self.running.order(self.epoch), self.batch, None)
        for batch in batches:
            if self.max_steps is not None and self.step >= self.max_steps:
                return
            if self.batch % self.round == 0:
                signals.heed()
            yield batch
            self.batch += 1
            self.step += 1

    def _not_finite(self, error: NotFinite) -> RunError:
        self.words.close()
        place = f"in epoch {self.epoch + 1}, batch {self.batch + 1} (step {self.step + 1})"
        kept = self._keep_best()
        return RunError(
            f"{error} {place}, and the run stops before the weights take it{kept}. A smaller learning rate or clip_grad_norm may help."
        )

    def _keep_best(self) -> str:
        """Save the best weights where they are new, and say where they are."""
        place = self.folder.path / "checkpoints" / "best"
        if self._best is not None:
            checkpoint.write(place, self._best)
            self._best = None
        return f"; the best weights so far are in {place}" if place.exists() else ""

    # ------------------------------------------------------------ after an epoch

    def _ended(self, seconds: float) -> None:
        row: dict[str, Any] = self.losses.means()
        valid = self.running.evaluate()
        row |= {f"valid_{name}": value for name, value in valid.items()}
        self.epoch += 1
        self.batch = 0
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
        self._keep_best()
        checkpoint.write(below / checkpoint.name_of(self.step), capture(self.running, self.progress))
        checkpoint.prune(below)
        self._saved = (time.monotonic(), self.step)
