"""Runs: what they leave behind, how they end, and that an interruption changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

import archdsl
from archdsl import run as runs
from archdsl.run import checkpoint

if TYPE_CHECKING:
    from archdsl.run.loop import Outcome

SPEC = """
model Digits {
  input image: [1, 8, 8]
  output logits = image -> flatten -> linear(16) -> relu -> dropout(0.2) -> linear(10)
}
train {
  data: digits(size=8)
  loss: cross_entropy(logits, label)
  optimizer: adam(lr=1e-2)
  schedule: cosine_annealing_lr(6)
  metrics: [accuracy(logits, label)]
  epochs: 6
  checkpoint: 1
  OPTIONS
}
"""
PAIR = """
model G {
  input z: [8]
  output image = z -> linear(64) -> unflatten(1, (1, 8, 8)) -> batch_norm2d -> sigmoid
}
model D {
  input image: [1, 8, 8]
  output score = image -> flatten -> linear(1)
}
train {
  data: digits(size=8)
  fake = G(normal([8]))
  step critic {
    update: D
    loss: mean(D(detach(fake))) - mean(D(image))
    times: 2
  }
  step maker {
    update: G
    loss: -mean(D(fake))
  }
  optimizer: rmsprop(lr=1e-3)
  show: { samples: G(normal([8])) }
  epochs: 3
  checkpoint: 1
  ema: 0.9
  accumulate: 2
}
"""


def write_spec(folder: Path, text: str = SPEC, options: str = "") -> Path:
    path = folder / "digits.arch"
    path.write_text(text.replace("OPTIONS", options))
    return path


def train(folder: Path, name: str = "run", text: str = SPEC, options: str = "", **given: object) -> Outcome:
    return archdsl.load(write_spec(folder, text, options)).train(folder / name, quiet=True, **given)


def contents(folder: Path) -> dict[str, bytes]:
    """Everything of a run that its numbers depend on, or that came of them."""
    below = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("lock", "run.json")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in below}


def test_a_run_leaves_the_spec_its_source_and_all_that_came_of_it(tmp_path: Path) -> None:
    """The folder says by itself what was trained, with what, and how it went."""
    outcome = train(tmp_path)
    folder = outcome.folder
    assert (folder / "spec.arch").read_text() == (tmp_path / "digits.arch").read_text()
    assert (folder / "model.py").read_text() == archdsl.load(tmp_path / "digits.arch").source
    about = json.loads((folder / "run.json").read_text())
    assert about["versions"]["torch"] == torch.__version__
    assert about["settings"]["epochs"] == 6
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {"loss", "valid_loss", "valid_accuracy", "step"} <= set(rows[0])
    assert rows[-1]["valid_accuracy"] > 0.8
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert names == ["best", "step-000000115", "step-000000138"]


def test_saved_weights_have_the_keys_of_the_model(tmp_path: Path) -> None:
    """A checkpoint's weights load into the module that the spec makes."""
    folder = train(tmp_path).folder
    net = archdsl.load(tmp_path / "digits.arch").module()
    net.load_state_dict(load_file(folder / "checkpoints" / "best" / "Digits.safetensors"))


def test_the_same_seed_gives_the_same_run_and_another_one_another(tmp_path: Path) -> None:
    """All that is drawn follows from the seed."""
    first, again, other = (train(tmp_path, name, seed=seed).folder for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert contents(first) == contents(again)
    assert contents(first)["metrics.jsonl"] != contents(other)["metrics.jsonl"]


@pytest.mark.parametrize("text", [SPEC, PAIR], ids=["one loss", "steps, averages, accumulation"])
def test_a_run_cut_back_to_any_checkpoint_ends_the_same(tmp_path: Path, text: str) -> None:
    """Resumed from its last checkpoint, a run comes to the same weights, optimizers and metrics, byte for byte."""
    whole = contents(train(tmp_path, "whole", text).folder)
    folder = train(tmp_path, "cut", text).folder
    checkpoint_of_the_end = checkpoint.listed(folder / "checkpoints")[0]
    for path in sorted(checkpoint_of_the_end.iterdir(), reverse=True):
        path.unlink()
    checkpoint_of_the_end.rmdir()
    assert runs.resume(folder, quiet=True).code == 0
    assert contents(folder) == whole


def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A byte that changed is noticed before anything of the file is used, and said."""
    whole = contents(train(tmp_path, "whole").folder)
    folder = train(tmp_path, "damaged").folder
    weights = checkpoint.listed(folder / "checkpoints")[0] / "Digits.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    runs.resume(folder)
    assert "was altered since it was saved; using the checkpoint before it" in capsys.readouterr().err
    assert contents(folder) == whole


def test_a_checkpoint_that_is_not_whole_is_no_checkpoint(tmp_path: Path) -> None:
    """A truncated file is told from its manifest."""
    folder = train(tmp_path).folder
    newest = checkpoint.listed(folder / "checkpoints")[0]
    weights = newest / "Digits.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(runs.RunError, match="another size"):
        checkpoint.read(newest)


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start a long run of the spec in a process of its own, and wait until it has been through two epochs."""
    spec = write_spec(folder, SPEC.replace("epochs: 6", "epochs: 100000").replace("checkpoint: 1", ""))
    command = [sys.executable, "-m", "archdsl.cli.main", "train", str(spec), "-o", str(folder / "run"), *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    metrics = folder / "run" / "metrics.jsonl"
    for _ in range(1200):
        if metrics.exists() and metrics.read_text().count("\n") >= 2:
            return process
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    raise AssertionError("the run never got anywhere")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_after_a_checkpoint(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """The state after the step at hand is saved, and the exit code says why the run ended."""
    process = started(tmp_path)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "go on with: archdsl train --resume" in said
    saved, refused = checkpoint.newest(tmp_path / "run" / "checkpoints")
    assert saved is not None
    assert not refused
    assert saved.values["progress"]["step"] >= 46


def test_a_run_in_use_is_left_to_who_was_first(tmp_path: Path) -> None:
    """A second trainer leaves at once and names the first; kill -9 frees the folder."""
    process = started(tmp_path)
    with pytest.raises(runs.RunError, match=rf"process {process.pid} is training"):
        runs.resume(tmp_path / "run", quiet=True)
    process.kill()
    process.communicate()
    about = tmp_path / "run" / "run.json"
    settings = json.loads(about.read_text())
    settings["settings"]["epochs"] = 1
    about.write_text(json.dumps(settings))
    threads = {**settings["fingerprint"], "threads": torch.get_num_threads()}
    assert runs.resume(tmp_path / "run", allow_different=settings["fingerprint"] != threads, quiet=True).code == 0


def test_a_loss_that_is_no_number_stops_before_the_weights_take_it(tmp_path: Path) -> None:
    """The step is named, and the weights that were best are kept."""
    text = SPEC.replace(
        "cross_entropy(logits, label)\n  optimizer", "cross_entropy(logits, label) + 0 * log(mean(image) - 0.305)\n  optimizer"
    )
    with pytest.raises(
        runs.RunError, match=r"loss is nan in epoch 1, batch \d+ \(step \d+\), and the run stops before the weights take it"
    ):
        train(tmp_path, text=text)


def test_a_resume_elsewhere_says_what_differs(tmp_path: Path) -> None:
    """Other threads give other sums; whoever wants that all the same says so."""
    folder = train(tmp_path).folder
    about = json.loads((folder / "run.json").read_text())
    about["fingerprint"]["threads"] = 99
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(runs.RunError, match="threads was 99 and is"):
        runs.resume(folder, quiet=True)
    assert runs.resume(folder, allow_different=True, quiet=True).code == 0


def test_a_resume_with_other_data_is_refused(tmp_path: Path) -> None:
    """It would be another run."""
    (tmp_path / "data.csv").write_text("a,b\n" + "\n".join(f"{i},{i}" for i in range(20)))
    text = """
model Line {
  input features: [1]
  output y = features -> linear(1) -> squeeze(1)
}
train {
  data: csv("data.csv", target="b")
  loss: mse_loss(y, b)
  optimizer: sgd(lr=1e-5)
  epochs: 2
}
"""
    folder = train(tmp_path, text=text).folder
    (tmp_path / "data.csv").write_text("a,b\n" + "\n".join(f"{i},{i + 1}" for i in range(20)))
    with pytest.raises(runs.RunError, match="the data is not what"):
        runs.resume(folder, quiet=True)


def test_waiting_in_vain_ends_a_run(tmp_path: Path) -> None:
    """early_stopping counts the epochs since the best one."""
    outcome = train(tmp_path, text=SPEC.replace("lr=1e-2", "lr=0").replace("epochs: 6", "epochs: 50"), options="early_stopping: 3")
    assert outcome.metrics["epoch"] == 4


def test_a_number_of_steps_is_kept_to(tmp_path: Path) -> None:
    """max_steps ends a run within an epoch."""
    assert train(tmp_path, text=SPEC.replace("epochs: 6", "max_steps: 30")).metrics["step"] == 30


def test_what_a_recipe_shows_is_drawn_while_training_and_afterwards(tmp_path: Path) -> None:
    """Pictures are PNG files with the samples in a grid."""
    folder = train(tmp_path, text=PAIR).folder
    first = (folder / "pictures" / "epoch-0001-samples.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    (path,) = runs.sample(folder, tmp_path / "drawn", count=9, seed=5)
    width, height = int.from_bytes(path.read_bytes()[16:20]), int.from_bytes(path.read_bytes()[20:24])
    assert width == height == 3 * 8 + 2 * 2
    (again,) = runs.sample(folder, tmp_path / "again", count=9, seed=5)
    assert again.read_bytes() == path.read_bytes()


def test_a_run_is_measured_with_its_best_weights(tmp_path: Path) -> None:
    """eval gives what the best epoch was measured at."""
    folder = train(tmp_path).folder
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    best = min(rows, key=lambda row: row["valid_loss"])
    assert runs.evaluate(folder)["loss"] == pytest.approx(best["valid_loss"])
    assert runs.evaluate(folder, checkpoint="last")["loss"] == pytest.approx(rows[-1]["valid_loss"])


def test_the_source_that_is_trained_is_the_source_that_is_built(tmp_path: Path) -> None:
    """A built file run by itself comes to the same weights as `train`, bit for bit."""
    folder = train(tmp_path).folder
    (tmp_path / "alone.py").write_text(archdsl.load(tmp_path / "digits.arch").source)
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    subprocess.run([sys.executable, "-P", "alone.py"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    trained = load_file(checkpoint.listed(folder / "checkpoints")[0] / "Digits.safetensors")
    alone = torch.load(tmp_path / "digits.pt", weights_only=True)
    assert list(trained) == sorted(alone)
    assert all(torch.equal(trained[key], alone[key]) for key in alone)


def test_a_traceback_quotes_the_emitted_source(tmp_path: Path) -> None:
    """What fails in emitted code is shown with its line."""
    import traceback

    from archdsl.run.execute import execute

    module = execute("def fail():\n    raise ValueError('here')  # this line\n", "emitted.py")
    try:
        module.fail()
    except ValueError:
        assert "# this line" in traceback.format_exc()


def test_tensors_that_share_memory_are_saved(tmp_path: Path) -> None:
    """Tied weights are one tensor under two names, and a checkpoint holds both names."""
    shared = torch.arange(4.0)
    saved = {"a": shared.clone(), "b": shared.clone()}
    save_file(saved, tmp_path / "x.safetensors")
    text = """
model Tied {
  input image: [1, 8, 8]
  down = linear(64)
  up   = linear(64)
  output copy = image -> flatten -> down -> up -> unflatten(1, (1, 8, 8))
  tie up.weight = down.weight
}
train {
  data: digits(size=8)
  loss: mse_loss(copy, image)
  optimizer: sgd(lr=0.1)
  epochs: 1
}
"""
    folder = train(tmp_path, text=text).folder
    weights = load_file(folder / "checkpoints" / "best" / "Tied.safetensors")
    assert torch.equal(weights["up.weight"], weights["down.weight"])
    assert runs.evaluate(folder)["loss"] > 0
