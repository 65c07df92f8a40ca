"""The JSON Schema of the YAML surface: complete, fresh, and of one mind with the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from yaml_texts import HARD, VAE, arch, read_yaml

from archdsl import schema
from archdsl.layers import registry
from archdsl.syntax.read_yaml import Vocabulary, read
from archdsl.syntax.write_yaml import write
from archdsl.syntax.yaml_nodes import Composer, plain_data
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source

ROOT = Path(__file__).parents[1]
SPECS = sorted((ROOT / "specs").rglob("*.arch"))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return schema.schema()


def data_of(text: str) -> Any:
    """Return plain data by YAML 1.2's core types."""
    node = Composer(Source("spec.yaml", text), Complaints()).compose()
    assert node is not None
    return plain_data(node)


def structure_only(text: str) -> list[Complaint]:
    """Read without the schema."""
    found = schema.vocabulary()
    complaints = Complaints()
    read(Source("spec.yaml", text), complaints, Vocabulary(found.names, found.lookup, found.data, found.init))
    return list(complaints)


def test_the_published_schema_is_the_registrys() -> None:
    """`python -m archdsl.schema` changes nothing."""
    assert (ROOT / "grammar" / "spec.schema.json").read_text(encoding="utf-8") == schema.text()


def test_the_schema_is_one(made: dict[str, Any]) -> None:
    """It is valid in its own dialect."""
    Draft202012Validator.check_schema(made)
    json.dumps(made, allow_nan=False)


def test_every_layer_and_argument_is_in_it_with_its_documentation(made: dict[str, Any]) -> None:
    """An editor completes whatever the registry has."""
    layers = {name.removeprefix("layer."): found for name, found in made["$defs"].items() if name.startswith("layer.")}
    assert sorted(layers) == registry.names()
    for name, found in layers.items():
        layer = registry.lookup(name)
        assert layer is not None
        assert found["description"] == layer.doc.strip()
        for argument in layer.arguments:
            assert argument.name in found["properties"], f"{name}: {argument.name}"
        assert found["additionalProperties"] is False
    padding = layers["conv2d"]["properties"]["padding_mode"]
    assert padding["default"] == "zeros"
    assert "reflect" in padding["anyOf"][0]["enum"]


def test_a_layer_is_found_by_its_name(made: dict[str, Any]) -> None:
    """No branch is tried: the whole schema has but small choices in it."""
    waiting: list[Any] = [made]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            assert len(part.get("anyOf", ())) <= 2
            assert "oneOf" not in part or isinstance(part["oneOf"], dict)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


@pytest.mark.parametrize("text", [HARD, *[path.read_text() for path in SPECS]], ids=["hard", *[path.stem for path in SPECS]])
def test_what_is_sound_is_accepted(text: str) -> None:
    """Every spec, written as YAML, is valid."""
    assert list(schema.verdicts(data_of(write(arch(text))))) == []
    assert list(schema.verdicts(data_of(VAE))) == []


MISTAKES = [
    "parms: {}",
    "- a",
    "text",
    "archdsl: 2",
    "params: [1]",
    "params: {1a: 1}",
    "imports: {a: b}",
    "blocks: [a]",
    "blocks: {B: [1]}",
    "blocks: {B: {name: B}}",
    "cells: {C: {states: {h: {start: 1}}}}",
    "cells: {C: {states: {h: {shape: [1], strat: 1}}}}",
    "model: M",
    "model: {inputs: {}}",
    "model: {name: M, grph: {}}",
    "model: {name: [M]}",
    "model: {name: M, inputs: {x: {}}}",
    "model: {name: M, inputs: {x: [[1]]}}",
    "model: {name: M, graph: {a: []}}",
    "model: {name: M, graph: {a: ~}}",
    "model: {name: M, graph: {a!: x}}",
    "model: {name: M, graph: {a: {relu: {}, gelu: {}}}}",
    "model: {name: M, graph: {a: [{relu: {}, gelu: {}}]}}",
    "model: {name: M, graph: {a: [[]]}}",
    "model: {name: M, graph: {a: [~]}}",
    "model: {name: M, graph: {a: {conv2d: {out_chanels: 8}}}}",
    "model: {name: M, graph: {a: [stem: {conv2d: {out_chanels: 8}}]}}",
    "model: {name: M, graph: [{a: x, b: y}]}",
    "model: {name: M, graph: [1]}",
    "model: {name: M, graph: [{for: c in w}]}",
    "model: {name: M, graph: [{for: c in w, od: []}]}",
    "model: {name: M, graph: [{if: c, then: [], esle: []}]}",
    "model: {name: M, inputs: {x: [1]}, layers: []}",
    "model: {name: M, inputs: {x: [1]}, layers: {a: 1}}",
    "model: {name: M, init: [1]}",
    "model: {name: M, tie: [1]}",
    "train: text",
    "train: {steps: {g: [[1]]}}",
    "figure: [1]",
    "figure: {caption: [1]}",
    "reading: {A: [1]}",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_reader_and_schema_reject_the_same(text: str) -> None:
    """Of a mistake in structure both say no, the reader alone as well as the schema alone; and it is said once, at a place."""
    assert not Draft202012Validator(schema.schema()).is_valid(data_of(text))
    assert structure_only(text) != []
    complaints = read_yaml(text)[1]
    assert len(complaints) == 1, [complaint.message for complaint in complaints]
    assert complaints[0].span.start <= complaints[0].span.end <= len(text)


def test_what_the_schema_alone_rejects_is_rejected_with_its_place() -> None:
    """The schema has the last word: its verdict becomes a complaint at line and column."""
    found = schema.vocabulary()
    text = "params:\n  a: 1\n  b: 2\n"
    complaints = Complaints()
    strict = Vocabulary(
        found.names, found.lookup, found.data, found.init, lambda _: [(("params", "b"), "type", ("a text",), "2 is not of type 'string'")]
    )
    read(Source("spec.yaml", text), complaints, strict)
    assert [(complaint.code, complaint.span.source.place(complaint.span.start)) for complaint in complaints] == [("wrong-kind", (3, 6))]


def test_an_editor_reads_the_same_data() -> None:
    """What PyYAML's safe loader makes of a spec without YAML 1.1's odd words is valid, too."""
    assert list(schema.verdicts(yaml.safe_load(VAE))) == []
