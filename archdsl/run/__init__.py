"""Executes emitted source: trains, goes on, measures and draws. The only part of archdsl that imports torch.

What the command line and `Spec.train` call:

- `train(spec, out=None, *, seed=None, data=None, quiet=None)` trains a `Spec` (its `source`, `program`, `path` and
  `text` are read) in a new run folder, `out` or the next free `runs/NAME`; `data` stands in for the path of
  the recipe's data; returns an `Outcome`.
- `resume(run, *, allow_different=False, quiet=None)` goes on with an interrupted run, from its folder alone.
- `evaluate(run, *, checkpoint="best")` returns the metrics of a trained run on its held-out data, by name.
- `sample(run, out=None, *, count=64, seed=None, checkpoint="last")` draws what the recipe shows; returns the
  paths of the pictures.
- `module_of(source, name)` returns a class of emitted source.

An `Outcome` has the `folder`, the last `metrics`, and a `code`: 0, or 130 and 143 where Ctrl-C or SIGTERM
ended the run after a checkpoint. All of them raise `RunError` (a sentence that says what is wrong and what
to do; exit 1) and nothing else for what a run may be at fault for. Words for people go to standard error.
"""

from __future__ import annotations

from archdsl.run.errors import RunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path
    from typing import Any

    from archdsl.run.loop import Outcome

__all__ = ["RunError", "evaluate", "module_of", "resume", "sample", "train"]


def train(
    spec: Any, out: str | PathLike[str] | None = None, *, seed: int | None = None, data: str | None = None, quiet: bool | None = None
) -> Outcome:
    """Train a spec in a new run folder; the next free `runs/NAME` where none is named."""
    from archdsl.run.engine import start

    return start(spec, out, seed=seed, data=data, quiet=quiet)


def resume(run: str | PathLike[str], *, allow_different: bool = False, quiet: bool | None = None) -> Outcome:
    """Go on with an interrupted run; it ends as it would have without the interruption."""
    from archdsl.run.engine import go_on

    return go_on(run, allow_different=allow_different, quiet=quiet)


def evaluate(run: str | PathLike[str], *, checkpoint: str = "best") -> dict[str, float]:
    """Measure a trained run on its held-out data; `checkpoint` is `best` or `last`."""
    from archdsl.run.use import measure

    return measure(run, checkpoint)


def sample(
    run: str | PathLike[str], out: str | PathLike[str] | None = None, *, count: int = 64, seed: int | None = None, checkpoint: str = "last"
) -> list[Path]:
    """Draw `count` of what the recipe shows, as a picture each, and return their paths."""
    from archdsl.run.use import draw

    return draw(run, out, count=count, seed=seed, checkpoint=checkpoint)


def module_of(source: str, name: str) -> Any:
    """Return a class of emitted source by its name."""
    from archdsl.run.execute import execute

    return getattr(execute(source, f"<archdsl {name}>"), name)
