"""The commands that train and use what was trained."""

from __future__ import annotations

import json
import sys

import pytest

SPEC = """\
model Digits {
  input image: [1, 8, 8]
  output logits = image -> flatten -> linear(16) -> relu -> linear(10)
}

train {
  data: digits(size=8)
  loss: cross_entropy(logits, label)
  optimizer: adam(lr=1e-2)
  metrics: [accuracy(logits, label)]
  epochs: 2
}
"""


@pytest.fixture
def digits(tmp_path):
    path = tmp_path / "digits.arch"
    path.write_text(SPEC)
    return path


def test_a_spec_is_trained_and_measured_and_gone_on_with(archdsl, digits, tmp_path):
    """`train` leaves a folder that `eval` measures and `--resume` takes up."""
    run = tmp_path / "run"
    trained = archdsl("train", digits, "-o", run, "--seed", "1", "--quiet")
    assert trained.code == 0, trained.err
    measured = archdsl("eval", run, "--format", "json")
    assert json.loads(measured.out)["accuracy"] > 0.5
    assert "accuracy" in archdsl("eval", run).out
    assert archdsl("train", "--resume", run).code == 0


def test_settings_of_the_command_line_reach_the_run(archdsl, digits, tmp_path):
    """`--set` changes the recipe that is trained."""
    run = tmp_path / "run"
    assert archdsl("train", digits, "-o", run, "--set", "train.epochs=1", "--quiet").code == 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {row["epoch"] for row in rows if "epoch" in row} == {1}


def test_a_run_is_not_trained_over(archdsl, digits, tmp_path):
    """What was trained is not lost to the same command once more."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "weights").write_text("mine")
    ended = archdsl("train", digits, "-o", run, "--quiet")
    assert ended.code == 1
    assert "--resume" in ended.err
    assert [path.name for path in run.iterdir()] == ["weights"]


def test_a_spec_without_a_recipe_cannot_be_trained(archdsl, tmp_path):
    """And says what is missing."""
    path = tmp_path / "bare.arch"
    path.write_text(SPEC.partition("train")[0])
    ended = archdsl("train", path, "-o", tmp_path / "run")
    assert ended.code == 1
    assert "no recipe" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ["train"],
        ["train", "digits.arch", "--resume", "run"],
        ["train", "--resume", "nowhere"],
        ["train", "digits.arch", "--set", "train.epoch=1"],
        ["eval", "nowhere"],
        ["sample", "nowhere"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_with_2(archdsl, digits, tmp_path, monkeypatch, words):
    """A run that is not there, and options that contradict each other."""
    monkeypatch.chdir(tmp_path)
    ended = archdsl(*words)
    assert ended.code == 2
    assert ended.err
    assert not (tmp_path / "runs").exists()


def test_a_package_that_is_missing_is_named(archdsl, digits, tmp_path, monkeypatch):
    """A data set may need a package that archdsl alone does not bring."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    ended = archdsl("train", digits, "-o", tmp_path / "run", "--quiet")
    assert ended.code == 1
    assert "this needs sklearn" in ended.err
