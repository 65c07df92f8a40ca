"""A run's folder: what it holds, and who may write to it.

spec.arch            the spec, as it was            model.py         the emitted source, which was run
run.json             settings, versions, data       metrics.jsonl    a line for each epoch
checkpoints/         the last two, and the best     pictures/        what the recipe shows
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from archdsl.run.errors import RunError


class RunFolder:
    """The folder of one run; while it is held, nobody else trains in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """Make a new folder. Raises RunError where something stands there already, or it cannot be made."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise RunError(f"{path} is not empty. To go on with a run there: archdsl train --resume {path}")
            return cls(path)
        except OSError as error:
            raise RunError(f"{path} cannot be made a run's folder: {error.strerror}") from error

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open the folder of a run. Raises RunError where there is none."""
        if not (path / "run.json").is_file():
            raise RunError(f"{path} is no run's folder: it has no run.json")
        return cls(path)

    def hold(self) -> None:
        """Keep others out until the process ends. Raises RunError that names who was first."""
        lock = (self.path / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise RunError(f"process {lock.read().strip() or 'another'} is training in {self.path}") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def release(self) -> None:
        """Let others in again."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def discard(self) -> None:
        """Remove a folder in which nothing was trained."""
        for path in self.path.iterdir():
            path.unlink()
        self.path.rmdir()

    # ------------------------------------------------------------ what it holds

    def write(self, name: str, text: str) -> None:
        """Write a file, whole or not at all."""
        replace(self.path / name, text.encode())

    def read(self, name: str) -> str:
        """Read a file. Raises RunError where it is missing."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except OSError as error:
            raise RunError(f"{self.path / name} cannot be read: {error.strerror}") from error

    @property
    def about(self) -> dict[str, Any]:
        """What `run.json` says."""
        try:
            found: dict[str, Any] = json.loads(self.read("run.json"))
        except ValueError as error:
            raise RunError(f"{self.path / 'run.json'} is damaged: {error}") from error
        return found

    def keep_metrics(self, count: int) -> None:
        """Cut the metrics back to the first rows: what came after them is about to be computed again."""
        path = self.path / "metrics.jsonl"
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        replace(path, "".join(rows[:count]).encode())

    def add_metrics(self, row: dict[str, Any]) -> None:
        """Add a row of metrics. Raises RunError where the disk takes no more."""
        path, line = self.path / "metrics.jsonl", json.dumps(row) + "\n"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror} ({len(line)} bytes)") from error

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """All rows of metrics so far."""
        path = self.path / "metrics.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another in one move, and onto the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror} ({len(data)} bytes)") from error


def next_free(name: str, below: Path = Path("runs")) -> Path:
    """Return a folder for a new run: `runs/NAME`, numbered from the second on."""
    path, number = below / name, 1
    while path.exists():
        number += 1
        path = below / f"{name}-{number}"
    return path
