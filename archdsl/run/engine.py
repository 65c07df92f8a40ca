"""Starts a run, or takes one up again."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from archdsl import __version__
from archdsl.run import checkpoint
from archdsl.run.errors import RunError
from archdsl.run.folder import RunFolder, next_free
from archdsl.run.loop import Loop, Outcome
from archdsl.run.program import Running, choose_device
from archdsl.run.progress import Progress
from archdsl.run.state import fingerprint, restore

if TYPE_CHECKING:
    from os import PathLike


def start(spec: Any, out: str | PathLike[str] | None, *, seed: int | None, data: str | None, quiet: bool | None) -> Outcome:
    """Train a spec in a new folder."""
    if spec.program.recipe is None:
        raise RunError(f"{spec.path} has no recipe: train {{ ... }} says how to train")
    settings = {**spec.settings, **({} if seed is None else {"seed": seed})}
    name = os.path.splitext(os.path.basename(spec.path))[0]
    folder = RunFolder.create(Path(out) if out is not None else next_free("run" if name in ("", "-") else name))
    folder.hold()
    device = choose_device(settings.get("device"))
    ending = os.path.splitext(spec.path)[1] or ".arch"
    folder.write(f"spec{ending}", spec.text)
    folder.write("model.py", spec.source)
    about = {
        "spec": f"spec{ending}",
        "from": os.path.abspath(spec.path),
        "settings": settings,
        "versions": versions(),
        "fingerprint": fingerprint(device),
    }
    if data is not None:
        about["data_path"] = os.path.abspath(data)
    words = Progress(quiet=quiet)
    try:
        folder.write("run.json", json.dumps(about, indent=1) + "\n")
        running = Running(spec.source, settings, device, name=str(folder.path / "model.py"))
        try:
            _load(running, folder)
        except RunError:
            # Nothing was trained: whoever mends the data may use the folder's name again.
            folder.discard()
            raise
        folder.keep_metrics(0)
        return _finish(Loop(running, folder, words))
    finally:
        words.close()
        folder.release()


def go_on(run: str | PathLike[str], *, allow_different: bool, quiet: bool | None) -> Outcome:
    """Take a run up again from its last whole checkpoint."""
    folder = RunFolder.open(Path(run))
    folder.hold()
    words = Progress(quiet=quiet)
    try:
        about = folder.about
        device = choose_device(about["settings"].get("device"))
        if not allow_different:
            _same(about["fingerprint"], fingerprint(device))
        running = Running(folder.read("model.py"), about["settings"], device, name=str(folder.path / "model.py"))
        _load(running, folder)
        loop = Loop(running, folder, words)
        found, refused = checkpoint.newest(folder.path / "checkpoints")
        for reason in refused:
            words.say(f"{reason}; using the checkpoint before it")
        if found is not None:
            loop.go_on_from(restore(running, found))
        folder.keep_metrics(loop.rows)
        words.say(f"going on after step {loop.step}" if found is not None else "no checkpoint yet: starting from the beginning")
        return _finish(loop)
    finally:
        words.close()
        folder.release()


def _load(running: Running, folder: RunFolder) -> None:
    """Load the data and note what it was. Raises RunError where the run began with other data."""
    about = folder.about
    running.load_data(os.path.dirname(about["from"]), about.get("data_path"))
    found = digest(running)
    if about.setdefault("data", found) != found:
        raise RunError(f"the data is not what {folder.path} was trained with, and so this would be another run")
    folder.write("run.json", json.dumps(about, indent=1) + "\n")


def _finish(loop: Loop) -> Outcome:
    outcome = loop.run()
    if outcome.code == 0:
        loop.words.say(f"trained for {loop.epoch} epochs, {loop.step} steps; everything is in {loop.folder.path}")
    return outcome


def _same(before: dict[str, Any], now: dict[str, Any]) -> None:
    different = [f"{name} was {before[name]} and is {now[name]}" for name in before if before[name] != now.get(name)]
    if different:
        raise RunError(
            f"this is not where the run began ({'; '.join(different)}), so its numbers would differ. --allow-different goes on all the same."
        )


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    return {"archdsl": __version__, "python": platform.python_version(), "torch": torch.__version__, "platform": sys.platform}


def digest(running: Running) -> str:
    """Return the hash of the data, split as it is."""
    found = hashlib.sha256()
    for part in (running.train_data, running.valid_data):
        for field in [part] if isinstance(part, torch.Tensor) else part:
            found.update(f"{field.dtype}{tuple(field.shape)}".encode())
            found.update(field.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


__all__ = ["go_on", "start"]
