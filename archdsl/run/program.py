"""An emitted program while it runs: its networks, optimizers and data, and its functions called with what they ask for."""

from __future__ import annotations

import inspect
import os
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from archdsl.run.errors import RunError
from archdsl.run.execute import execute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SPREAD = 1_000_003
"""Keeps the orders of one seed apart from those of the next."""


class Running:
    """What `build` and `load_data` of an emitted program gave.

    `networks` are by their class's name, `optimizers` and `schedules` by the name that `train` has for them.
    `used` is like `named`, with running averages of weights in the place of the networks where there are any.
    """

    def __init__(self, source: str, settings: dict[str, Any], device: str, *, name: str = "model.py") -> None:
        self.module = execute(source, name)
        self.settings, self.device = settings, device
        seed = settings["seed"]
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        built = self.module.build(device)
        asked = [name for name in inspect.signature(self.module.train).parameters if name not in ("batches", "start")]
        self.named: dict[str, Any] = dict(zip(asked, built if isinstance(built, tuple) else (built,), strict=True))
        self.networks = {_class_of(one): one for one in self.named.values() if isinstance(one, nn.Module)}
        averages = {_class_of(one.module): one.module for one in self.named.values() if isinstance(one, AveragedModel)}
        self.used = {name: averages.get(_class_of(one), one) for name, one in self.named.items()}
        self.optimizers = {name: one for name, one in self.named.items() if isinstance(one, torch.optim.Optimizer)}
        self.schedules = {name: one for name, one in self.named.items() if isinstance(one, torch.optim.lr_scheduler.LRScheduler)}
        self.train_data: Any = None
        self.valid_data: Any = None

    def load_data(self, base: str = "", path: str | None = None) -> None:
        """Load the data; paths of the spec are relative to `base`, and `path` stands in for them.

        Raises RunError where a package that it needs is missing, or a file.
        """
        written = inspect.signature(self.module.load_data).parameters.get("path")
        given = {} if written is None else {"path": os.path.join(base, path or written.default)}
        try:
            self.train_data, self.valid_data = self.module.load_data(self.device, **given)
        except ModuleNotFoundError as error:
            raise RunError(f"the data needs the package {error.name}; pip install 'archdsl[data]' brings those of built-in data") from error
        except OSError as error:
            raise RunError(f"the data cannot be read: {error}") from error

    @property
    def batches_an_epoch(self) -> int:
        """How many batches an epoch has."""
        return sum(1 for _ in range(0, samples(self.train_data), self.settings["batch_size"]))

    def order(self, epoch: int) -> Iterator[Any]:
        """Go through the training data in the order of an epoch."""
        seed = self.settings["seed"] * SPREAD + epoch
        return iter(self.module.batches(self.train_data, self.settings["batch_size"], seed=seed))

    def train(self, batches: Iterable[Any], start: int) -> Iterator[dict[str, torch.Tensor]]:
        """Train on batches, of which `start` came before in this epoch."""
        given = {**self.named, "batches": batches, "start": start}
        return iter(self._call("train", given))

    def evaluate(self) -> dict[str, float]:
        """Measure on the data held out; nothing where the recipe measures nothing. The generators stay as they are."""
        if not hasattr(self.module, "evaluate"):
            return {}
        with torch.random.fork_rng():
            torch.manual_seed(self.settings["seed"])
            batches = self.module.batches(self.valid_data, self.settings["batch_size"])
            measured: dict[str, float] = self._call("evaluate", {**self.used, "batches": batches})
        return measured

    def show(self, count: int, seed: int) -> dict[str, torch.Tensor]:
        """Make the recipe's pictures, of `count` samples where they are drawn; nothing where there are none."""
        if not hasattr(self.module, "show"):
            return {}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            first = next(iter(self.module.batches(self.valid_data, count)))
            fields = first if isinstance(first, tuple) else (first,)
            asked = [name for name in inspect.signature(self.module.show).parameters if name not in self.named and name != "count"]
            pictures: dict[str, torch.Tensor] = self._call("show", {**self.used, "count": count, **dict(zip(asked, fields, strict=False))})
        return pictures

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        function = getattr(self.module, name)
        return function(**{asked: given[asked] for asked in inspect.signature(function).parameters})


def _class_of(one: object) -> str:
    """Return the name of a network's class; a running average is named after what it averages."""
    return f"{type(one.module).__name__}-average" if isinstance(one, AveragedModel) else type(one).__name__


def samples(data: Any) -> int:
    """Return how many samples there are in data, a tensor or several."""
    return len(data) if isinstance(data, torch.Tensor) else len(data[0])


def choose_device(wanted: object) -> str:
    """Return the device to train on: the one asked for, else an accelerator where there is one."""
    if isinstance(wanted, str) and wanted != "auto":
        try:
            torch.empty(0, device=wanted)
        except (RuntimeError, AssertionError) as error:
            raise RunError(f"there is no device {wanted} here: {str(error).splitlines()[0]}") from error
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
