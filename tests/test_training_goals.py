"""What the library's specs are trained to. Slow: minutes, all together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl import run as runs
from archdsl.run.use import trained

SPECS = Path(__file__).parents[1] / "specs"
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "accuracy"), [("mlp", 0.95), ("cnn", 0.98)])
def test_digits_are_told_apart(tmp_path: Path, name: str, accuracy: float) -> None:
    """On scans that the network has not seen."""
    archdsl.load(SPECS / f"{name}.arch").train(tmp_path / "run", quiet=True)
    assert runs.evaluate(tmp_path / "run")["accuracy"] >= accuracy


def test_an_autoencoder_errs_less_than_principal_components(tmp_path: Path) -> None:
    """Of as many components as its waist has numbers, on the same held-out scans."""
    archdsl.load(SPECS / "autoencoder.arch").train(tmp_path / "run", quiet=True)
    _, running = trained(tmp_path / "run", "best")
    train, valid = running.train_data.flatten(1), running.valid_data.flatten(1)
    center = train.mean(0)
    _, _, axes = torch.linalg.svd(train - center, full_matrices=False)
    rebuilt = (valid - center) @ axes[:12].T @ axes[:12] + center
    assert runs.evaluate(tmp_path / "run")["loss"] < (rebuilt - valid).square().mean()


def test_a_recurrent_network_beats_letter_counts(tmp_path: Path) -> None:
    """By five points of macro F1 over logistic regression, which does not see the order of the letters."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    archdsl.load(SPECS / "rnn.arch").train(tmp_path / "run", quiet=True)
    _, running = trained(tmp_path / "run", "last")

    def counts(data: list[torch.Tensor]) -> torch.Tensor:
        name, lengths, *_ = data
        read = torch.arange(name.size(1)) < lengths[:, None]
        return (torch.nn.functional.one_hot(name, 57) * read[:, :, None]).sum(1)

    plain = LogisticRegression(C=10, max_iter=3000, class_weight="balanced").fit(counts(running.train_data), running.train_data[2])
    found = f1_score(running.valid_data[2], plain.predict(counts(running.valid_data)), average="macro")
    assert runs.evaluate(tmp_path / "run", checkpoint="last")["macro_f1"] > found + 0.05


def test_samples_of_a_variational_autoencoder_are_recognised(tmp_path: Path) -> None:
    """A network that tells digits apart is sure of half of them, over at least eight of the ten digits."""
    for name in ("cnn", "vae"):
        archdsl.load(SPECS / f"{name}.arch").train(tmp_path / name, quiet=True)
    _, judge = trained(tmp_path / "cnn", "best")
    _, maker = trained(tmp_path / "vae", "last")
    with torch.no_grad():
        chances = judge.networks["CNN"].eval()(maker.show(200, 0)["samples"]).softmax(1)
    sure = chances.amax(1) >= 0.9
    assert sure.float().mean() >= 0.5
    assert len(chances.argmax(1)[sure].unique()) >= 8
