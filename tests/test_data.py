"""The data that recipes name: what is loaded, what is held out, and the order of batches."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import archdsl
from archdsl.run.execute import execute

NAMES = """
model Net {
  input name: ragged [T, 57]
  output score = name -> lstm(8) -> last -> linear(18)
}
train {
  data: surnames()
  optimizer: sgd
  loss: mean(weight * cross_entropy(score, language, reduction="none"))
}
"""
DIGITS = """
model Net {
  input image: [1, 12, 12]
  output logits = image -> flatten -> linear(10)
}
train {
  data: digits(size=12)
  optimizer: sgd
  loss: cross_entropy(logits, label)
  SPLIT
}
"""


def program(tmp_path: Path, text: str) -> ModuleType:
    """Build a spec and execute what comes of it."""
    path = tmp_path / "net.arch"
    path.write_text(text)
    return execute(archdsl.load(path).source, "net.py")


def test_digits_are_images_from_0_to_1_of_the_size_asked_for(tmp_path: Path) -> None:
    """All 1797 scans, enlarged, none of them lost between training and validation."""
    train, valid = program(tmp_path, DIGITS.replace("SPLIT", "")).load_data("cpu")
    images = torch.cat([train[0], valid[0]])
    assert images.shape == (1797, 1, 12, 12)
    assert images.dtype == torch.float32
    assert images.min() == 0
    assert images.max() == 1
    assert torch.cat([train[1], valid[1]]).bincount().min() > 170


@pytest.mark.parametrize(("split", "part"), [("", 0.2), ("split: 0.1", 0.1)])
def test_what_is_held_out_has_its_part_of_every_class(tmp_path: Path, split: str, part: float) -> None:
    """The split is stratified, and the same whenever the data is loaded."""
    module = program(tmp_path, DIGITS.replace("SPLIT", split))
    _, valid = module.load_data("cpu")
    counts = valid[1].bincount()
    assert len(valid[1]) == pytest.approx(1797 * part, abs=1)
    assert counts.max() - counts.min() <= 2
    assert torch.equal(valid[0], module.load_data("cpu")[1][0])


def test_an_epoch_has_each_sample_once_in_an_order_of_its_seed(tmp_path: Path) -> None:
    """The same seed gives the same batches, another one others, and none the order of the data."""
    module = program(tmp_path, DIGITS.replace("SPLIT", ""))
    data = [torch.arange(100.0), torch.arange(100)]
    first = torch.cat([label for _, label in module.batches(data, 32, seed=3)])
    again = torch.cat([label for _, label in module.batches(data, 32, seed=3)])
    other = torch.cat([label for _, label in module.batches(data, 32, seed=4)])
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(first.sort().values, torch.arange(100))
    assert torch.equal(torch.cat([label for _, label in module.batches(data, 32)]), torch.arange(100))


def test_a_batch_norm_never_meets_a_batch_of_one(tmp_path: Path) -> None:
    """What is left of an epoch when one sample is over is left out, where a batch of one would fail."""
    module = program(tmp_path, DIGITS.replace("SPLIT", "").replace("flatten ->", "batch_norm2d -> flatten ->"))
    sizes = [len(label) for _, label in module.batches([torch.arange(65.0), torch.arange(65)], 32, seed=0)]
    assert sizes == [32, 32]


def test_surnames_are_ragged_letters_with_weights_that_make_languages_equal(tmp_path: Path) -> None:
    """Each batch is as long as its longest name; 18 languages, each with the same total weight."""
    module = program(tmp_path, NAMES)
    (name, lengths, language, weight), valid = module.load_data("cpu")
    assert name.dtype == torch.int64
    assert name.max() < 57
    assert lengths.min() >= 1
    both, weights = torch.cat([language, valid[2]]), torch.cat([weight, valid[3]])
    assert both.unique().tolist() == list(range(18))
    totals = torch.zeros(18).index_add(0, both, weights)
    assert totals.max() - totals.min() < 0.01 * totals.mean()
    assert weights.mean().item() == pytest.approx(1, abs=1e-4)
    letters, long, *_ = next(module.batches([name, lengths, language, weight], 16, seed=0))
    assert letters.shape == (16, long.max(), 57)
    assert letters.sum(2).eq(1).all()


def test_a_surname_belongs_to_one_language_only(tmp_path: Path) -> None:
    """Names that two languages share are in neither."""
    module = program(tmp_path, NAMES)
    name, lengths, language, _ = module.load_surnames()
    spelled = [tuple(letters[:length]) for letters, length in zip(name.tolist(), lengths.tolist(), strict=True)]
    assert len(set(spelled)) == len(spelled) == len(language)


def write_table(folder: Path) -> str:
    rows = [(random.random(), random.choice("xyz")) for _ in range(40)]
    text = "\n".join(["width,kind,price", *[f"{a},{b},{2 * a}" for a, b in rows]])
    (folder / "data.csv").write_text(text + "\n")
    return 'csv("data.csv", target="price")'


def write_arrays(folder: Path) -> str:
    random_numbers = np.random.default_rng(0)
    np.savez(folder / "data.npz", features=random_numbers.random((40, 2)), price=random_numbers.random(40))
    return 'npz("data.npz")'


@pytest.mark.parametrize("write", [write_table, write_arrays])
def test_tables_and_arrays_are_read_by_the_names_of_their_columns(tmp_path: Path, write: object) -> None:
    """Fields that only the data knows are taken from it; words become classes."""
    source = write(tmp_path)  # type: ignore[operator]
    (tmp_path / "net.arch").write_text(f"""
model Net {{
  input features: [2]
  output guess = features -> linear(1) -> squeeze(1)
}}
train {{
  data: {source}
  optimizer: sgd
  loss: mse_loss(guess, price)
  epochs: 2
}}
""")
    outcome = archdsl.load(tmp_path / "net.arch").train(tmp_path / "run", quiet=True)
    assert outcome.metrics["valid_loss"] > 0


def test_a_text_is_cut_into_pieces_whose_targets_are_one_further(tmp_path: Path) -> None:
    """Bytes in, the next bytes as targets."""
    (tmp_path / "words.txt").write_text("abcdefghij" * 20)
    text = """
model Net {
  input tokens: int64[T]
  output logits = tokens -> embedding(256, 4) -> linear(256) -> transpose(1, 2)
}
train {
  data: text("words.txt", length=8)
  optimizer: sgd
  loss: cross_entropy(logits, targets)
}
"""
    module = program(tmp_path, text)
    tokens, targets = module.load_text(tmp_path / "words.txt", 8)
    assert torch.equal(tokens[:, 1:], targets[:, :-1])
    assert bytes(tokens[0].tolist()) == b"abcdefgh"
