"""The summary: counts that agree with torch's, and a table to read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archdsl as package

SPECS = Path(__file__).parents[1] / "specs"
SHARED = """\
model Shared {
  input tokens: int64[T <= 16]
  embed = embedding(10, 4)
  twice = linear(4)
  hidden = tokens -> embed -> twice -> twice
  output logits = hidden -> head: linear(10, bias=False)
  tie head.weight = embed.weight
}
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.arch")))
def test_the_summary_of_the_library_stays_as_it_is(golden, archdsl, name, monkeypatch):
    """Each spec's tables are kept as a golden."""
    monkeypatch.chdir(SPECS)
    golden(f"cases/{name}.summary.txt", archdsl("summary", f"{name}.arch").out)


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.arch")))
def test_keys_shapes_and_counts_are_those_of_the_module(archdsl, name):
    """What the summary says without torch is what torch says of the built module."""
    spec = package.load(SPECS / f"{name}.arch")
    for model in json.loads(archdsl("summary", "--format", "json", SPECS / f"{name}.arch").out)["models"]:
        net = spec.module(model["name"])
        assert [(key["key"], key["shape"]) for key in model["keys"]] == [
            (key, list(value.shape)) for key, value in net.state_dict().items()
        ]
        assert model["parameters"] == sum(parameter.numel() for parameter in net.parameters())
        assert model["parameters"] == sum(layer["parameters"] for layer in model["layers"])


def test_what_is_shared_or_tied_counts_once(archdsl, tmp_path):
    """A layer that is used twice has one set of weights, and a tied weight is another's."""
    path = tmp_path / "shared.arch"
    path.write_text(SHARED)
    (model,) = json.loads(archdsl("summary", "--format", "json", path).out)["models"]
    assert model["parameters"] == 10 * 4 + (4 * 4 + 4)
    tied = next(key for key in model["keys"] if key["key"] == "head.weight")
    assert tied["tied"] == "embed.weight"


def test_a_dimension_known_by_name_makes_formulas(archdsl, tmp_path):
    """Multiply-adds over a sequence are counted in its length."""
    path = tmp_path / "shared.arch"
    path.write_text(SHARED)
    (model,) = json.loads(archdsl("summary", "--format", "json", path).out)["models"]
    assert model["multiply_adds"] == "72 * T"
    assert "72 * T multiply-adds" in archdsl("summary", path).out
