"""Uses what was trained: measures it, and draws from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.run import checkpoint
from archdsl.run.errors import RunError
from archdsl.run.folder import RunFolder
from archdsl.run.pictures import save_pictures
from archdsl.run.program import Running, choose_device
from archdsl.run.state import load_weights

if TYPE_CHECKING:
    from os import PathLike


def trained(run: str | PathLike[str], which: str) -> tuple[RunFolder, Running]:
    """Load a run with its best or last weights. Raises RunError where it has none."""
    folder = RunFolder.open(Path(run))
    about = folder.about
    running = Running(
        folder.read("model.py"), about["settings"], choose_device(about["settings"].get("device")), name=str(folder.path / "model.py")
    )
    below = folder.path / "checkpoints"
    found = checkpoint.best(below) if which == "best" else None
    if found is None:
        found, _ = checkpoint.newest(below)
    if found is None:
        raise RunError(f"{folder.path} has no checkpoint yet: archdsl train --resume {folder.path} goes on with it")
    load_weights(running, found)
    running.load_data(os.path.dirname(about["from"]), about.get("data_path"))
    return folder, running


def measure(run: str | PathLike[str], which: str) -> dict[str, float]:
    """Measure a run on its held-out data."""
    folder, running = trained(run, which)
    found = running.evaluate()
    if not found:
        raise RunError(f"the recipe of {folder.path} has no metrics to measure")
    return found


def draw(run: str | PathLike[str], out: str | PathLike[str] | None, *, count: int, seed: int | None, checkpoint: str) -> list[Path]:
    """Draw what the recipe shows: to `out` where it is one `.png`, else to a folder, one file for each picture."""
    folder, running = trained(run, checkpoint)
    pictures = running.show(count, running.settings["seed"] if seed is None else seed)
    if not pictures:
        raise RunError(f"the recipe of {folder.path} shows nothing: show: {{ samples: ... }} says what to draw")
    goal = Path(out) if out is not None else folder.path / "samples"
    if goal.suffix == ".png":
        found = save_pictures(dict([list(pictures.items())[-1]]), goal.parent)
        found[0].replace(goal)
        return [goal]
    return save_pictures(pictures, goal)
