"""Checkpoints: folders of safetensors and JSON, each whole or not there.

A checkpoint is written to a folder beside its place, file by file onto the disk, the manifest with
their hashes last, and then renamed. One whose files do not match its manifest is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from safetensors.torch import load, save

from archdsl.run.errors import RunError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

KEEP = 2


class Checkpoint:
    """What is saved: tensors by file and name, and plain values."""

    def __init__(self, tensors: dict[str, dict[str, Tensor]], values: dict[str, Any]) -> None:
        self.tensors, self.values = tensors, values


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Save a checkpoint as a folder, in the place of one that may stand there."""
    files = {f"{name}.safetensors": save(tensors) for name, tensors in checkpoint.tensors.items()}
    files["state.json"] = json.dumps(checkpoint.values, indent=1).encode()
    manifest = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    files["manifest.json"] = json.dumps(manifest, indent=1).encode()
    beside = folder.with_name(f".{folder.name}.partial")
    needed = sum(map(len, files.values()))
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, data in files.items():
            _put(beside / name, data)
        _sync(beside)
        if folder.exists():
            # Only `best` is ever replaced: the old one steps aside, and `newest` finds it there if we stop here.
            aside = folder.with_name(f".{folder.name}.old")
            shutil.rmtree(aside, ignore_errors=True)
            os.rename(folder, aside)
        os.rename(beside, folder)
        _sync(folder.parent)
        shutil.rmtree(folder.with_name(f".{folder.name}.old"), ignore_errors=True)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise RunError(
            f"{folder} cannot be saved, which takes {needed} bytes: {error.strerror}. The checkpoint before it is kept."
        ) from error


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(folder: Path) -> Checkpoint:
    """Load a checkpoint. Raises RunError where a file is missing or altered, before anything of it is used."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        files: dict[str, bytes] = {}
        for name, entry in manifest.items():
            if (folder / name).stat().st_size != entry["bytes"]:
                raise RunError(f"{folder / name} has another size than when it was saved")
            files[name] = (folder / name).read_bytes()
            if hashlib.sha256(files[name]).hexdigest() != entry["sha256"]:
                raise RunError(f"{folder / name} was altered since it was saved")
        tensors = {name.removesuffix(".safetensors"): load(data) for name, data in files.items() if name.endswith(".safetensors")}
        return Checkpoint(tensors, json.loads(files["state.json"]))
    except OSError as error:
        raise RunError(f"{folder} is no whole checkpoint: {error.filename} {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder} is no checkpoint: {error}") from error


def listed(below: Path) -> list[Path]:
    """Return the checkpoints of a run but the best, newest first."""
    return sorted((path for path in below.glob("step-*") if path.is_dir()), reverse=True) if below.is_dir() else []


def name_of(step: int) -> str:
    """Return the name of the checkpoint after so many steps; names sort as steps do."""
    return f"step-{step:09d}"


def prune(below: Path) -> None:
    """Remove all checkpoints but the last ones and the best."""
    for path in listed(below)[KEEP:]:
        shutil.rmtree(path, ignore_errors=True)


def newest(below: Path) -> tuple[Checkpoint | None, list[str]]:
    """Load the last whole checkpoint, and say which later ones were refused."""
    refused: list[str] = []
    for path in listed(below):
        try:
            return read(path), refused
        except RunError as error:
            refused.append(str(error))
    return None, refused


def best(below: Path) -> Checkpoint | None:
    """Load the best checkpoint, if there is one."""
    for name in ("best", ".best.old"):
        if (below / name / "manifest.json").is_file():
            return read(below / name)
    return None
