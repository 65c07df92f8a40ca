"""The JSON Schema of the YAML surface, generated from the registry, and what it has against a spec.

    python -m archdsl.schema

writes `grammar/spec.schema.json`, by which an editor completes every layer and argument. A layer is found
by its name among properties, so that neither an editor nor `jsonschema` tries one branch after another.
"""

from __future__ import annotations

from archdsl.layers import registry
from archdsl.layers.check import KINDS
from archdsl.layers.data import data_names, lookup_data
from archdsl.layers.index import FILES
from archdsl.layers.inits import init_names, lookup_init
from archdsl.syntax.read_yaml import FILE_KEYS, Vocabulary
from archdsl.syntax.yaml_bodies import BODY_KEYS, FIELDS, STEP_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from archdsl.layers.registry import Argument, Layer

    Json = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANY = ["string", "number", "boolean", "array", "object"]
_NAMES = r"^[A-Za-z_][A-Za-z0-9_]*(\s*,\s*[A-Za-z_][A-Za-z0-9_]*)*$"
_OWN_QUOTES = "^[rRfF]{0,2}[\"']"

STYLES = ("bars", "volumes", "flow", "neurons", "cell", "latent", "blocks", "graph")

_TYPES: dict[str, list[str]] = {
    "Size": ["integer", "string"],
    "Sizes": ["integer", "string", "array"],
    "SizesOrNone": ["integer", "string", "array", "null"],
    "Pads": ["integer", "string", "array"],
    "SizeOrShape": ["integer", "string", "array"],
    "Dims": ["integer", "string", "array"],
    "Shape": ["array", "string"],
    "Probability": ["number", "string"],
    "DType": ["string"],
    "int": ["integer", "string"],
    "float": ["number", "string"],
    "bool": ["boolean", "string"],
    "str": ["string"],
    "Floats": ["array", "string"],
    "Table": ["array", "string"],
    "None": ["null"],
}
"""How constants of each kind may be written; a string is an expression. Kinds that are not here take anything."""

_WORDS = {
    "object": "a mapping", "array": "a list", "string": "an expression", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "null": "nothing",
}  # fmt: skip

_ABOUT_KEYS = {
    "archdsl": "The version of the language; it may be left out.",
    "about": "What the spec is for, in Markdown.",
    "imports": "Files whose blocks, cells and shorthands are used.",
    "params": "Constants that `-p NAME=VALUE` replaces; a text has quotes of its own.",
    "shorthands": "Chains of layers with parameters, spliced in where they are used: `conv_bn(width): ...`.",
    "blocks": "Reusable parts with parameters: `BasicBlock(width, stride = 1): ...`.",
    "cells": "Steps of recurrences, which `scan` runs over time.",
    "model": "The one model.",
    "models": "Several models, by name.",
    "train": "How the models are trained.",
    "figure": "What the figure says: style, title, caption, labels.",
    "reading": "Titles with their addresses.",
    "statements": "Statements of all kinds in one order, where the other keys cannot keep it.",
    "name": "The name of the model.",
    "inputs": "The inputs with their shapes, without the batch; in a block a list of names leaves these open.",
    "states": "What a cell remembers: `h: [128]`, or `h: {shape: [128], start: 1}`.",
    "parameters": "Learned values of their own, defined with `parameter(...)`.",
    "graph": "Definitions in order; a list where a name is defined twice, and for `for` and `if`.",
    "layers": "The path from the one input to the one output.",
    "next": "What the states become.",
    "outputs": "The values that come out, by name; a mapping defines them, too.",
    "tie": "Weights that are one: `decoder.weight: embed.weight`.",
    "init": "Initial weights, by kind, name or pattern.",
    "carry": "Layers whose state is an optional argument and an output of the model.",
}
_ABOUT_FIELDS = {
    "data": "Where the samples come from.",
    "split": "How the samples are parted into those to train on and those to validate with.",
    "augment": "What is done to each sample before it is learned from.",
    "feed": "Which field of the data each input is fed from, where the names differ.",
    "loss": "What is made small.",
    "optimizer": "What updates the weights.",
    "schedule": "How the learning rate changes.",
    "epochs": "How often all samples are gone through.",
    "max_steps": "After how many batches training ends.",
    "batch_size": "How many samples are learned from at once.",
    "metrics": "What is reported besides the loss.",
    "clip_grad_norm": "The most that the norm of the gradients may be.",
    "accumulate": "Over how many batches gradients are summed.",
    "precision": "The number format of the computation.",
    "ema": "The decay of a running average of the weights.",
    "early_stopping": "When training ends for want of progress.",
    "freeze": "Layers that are not trained.",
    "checkpoint": "When checkpoints are written.",
    "seed": "Where the random numbers begin.",
    "device": "Where it is computed.",
    "show": "Pictures that are written as training goes.",
    "update": "Which model a step updates.",
    "every": "On each how manieth batch a step runs.",
    "times": "On how many batches in a row a step runs.",
}


def schema() -> Json:
    """Return the schema as plain data."""
    properties = {key: _described(_file_key(key), _ABOUT_KEYS[key]) for key in FILE_KEYS}
    return {
        "$schema": _DIALECT,
        "title": "archdsl, version 1: the YAML surface",
        "description": "A neural network, its training and its figure. Strings are expressions.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        "$defs": {
            **_shapes_of_statements(),
            **_bodies(),
            **{f"layer.{name}": _layer(found) for name in FILES if (found := registry.lookup(name)) is not None},
            **{f"data.{name}": _layer(found) for name in data_names() if (found := lookup_data(name)) is not None},
            **{f"init.{name}": _layer(found) for name in init_names() if (found := lookup_init(name)) is not None},
        },
    }


def _described(made: Json, description: str) -> Json:
    return {"description": description, **made}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _by_name(value: Json, names: str | None = None) -> Json:
    """Return a mapping all of whose values are alike."""
    made: Json = {"type": ["object", "null"], "additionalProperties": value}
    return made | ({"propertyNames": {"pattern": names}} if names else {})


def _file_key(key: str) -> Json:
    special: dict[str, Json] = {
        "archdsl": {"const": 1},
        "imports": {"type": ["array", "string", "null"], "items": {"type": "string"}},
        "params": _by_name({}, _NAMES),
        "model": _ref("model"),
        "train": _ref("recipe"),
        "statements": _ref("statements"),
    }
    if key in ("models", "blocks", "cells"):
        return _by_name(_ref("body"))
    return special.get(key) or _body_key(key)


def _body_key(key: str) -> Json:
    special: dict[str, Json] = {
        "name": {"type": "string"},
        "about": {"type": ["string", "number", "boolean"]},
        "inputs": {"type": ["object", "array", "string", "null"], "additionalProperties": _ref("type"), "items": {"type": ["string", "object"]}},
        "states": _by_name(_ref("state"), _NAMES),
        "graph": {
            "type": ["object", "array", "string", "null"], "propertyNames": {"pattern": _NAMES}, "additionalProperties": _ref("definition"),
            "items": _ref("statement"),
        },
        "layers": {"type": "array", "minItems": 1, "items": _ref("definition")},
        "outputs": {"type": ["object", "array", "string", "null"], "propertyNames": {"pattern": _NAMES}},
        "init": {"type": "object", "additionalProperties": {"properties": {name: _ref(f"init.{name}") for name in init_names()}}},
        "figure": {
            "type": "object",
            "properties": {
                "style": {"anyOf": [{"enum": list(STYLES)}, {"type": "string"}]},
                "title": {"type": "string"},
                "caption": {"type": "string"},
                "labels": {"type": ["object", "string"]},
            },
        },
        "reading": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
    }  # fmt: skip
    return special.get(key) or _by_name(_ref("definition"), None if key in ("shorthands", "tie") else _NAMES)


def _bodies() -> Json:
    """Return models, blocks and recipes."""
    keys = {key: _described(_body_key(key), _ABOUT_KEYS[key]) for key in BODY_KEYS}
    fields: Json = {key: {"description": _ABOUT_FIELDS[key]} for key in (*FIELDS, *STEP_FIELDS)}
    fields["data"]["properties"] = {name: _ref(f"data.{name}") for name in data_names()}
    return {
        "model": {"type": "object", "required": ["name"], "properties": keys, "additionalProperties": False},
        "body": {
            "type": ["object", "null"], "properties": {key: made for key, made in keys.items() if key != "name"}, "additionalProperties": False,
        },
        "recipe": {
            "type": ["object", "array", "null"],
            "properties": fields | {"steps": _described(_by_name(_ref("recipe")), "Who is updated by what, in order.")},
            "additionalProperties": _ref("definition"),
            "items": {"type": ["object", "string"]},
        },
    }  # fmt: skip


def _shapes_of_statements() -> Json:
    """Return definitions, members, types, and lists of statements."""
    one = {"minProperties": 1, "maxProperties": 1}
    calls = {name: _ref(f"layer.{name}") for name in FILES}
    return {
        "definition": {
            "description": "An expression, a list as a chain of layers, or a layer with its arguments.",
            "type": _ANY,
            "minItems": 1,
            "items": _ref("definition"),
            **one,
            "properties": calls,
            "additionalProperties": _ref("named"),
        },
        "named": {
            "description": "What a name stands for in a chain, or the arguments of a part of the file's own.",
            "properties": calls,
            "items": _ref("named"),
        },
        "type": {
            "description": "Sizes without the batch: `[1, 28, 28]`, or `ragged int64[T <= length]` as a word.",
            "type": ["array", "string", "null"],
            "items": {"type": ["integer", "string"]},
        },
        "state": {
            "type": ["array", "string", "object"],
            "items": {"type": ["integer", "string"]},
            "required": ["shape"],
            "additionalProperties": False,
            "properties": {"shape": _ref("type"), "start": _ref("definition")},
        },
        "statements": {"type": ["array", "object", "string", "null"], "items": _ref("statement")},
        "statement": _statement(one),
    }


def _statement(one: Json) -> Json:
    """Return an item of a list of statements: a loop, a condition, or one key with its value."""
    loop = {"for": _described({"type": "string"}, "`c in widths`"), "do": _ref("statements")}
    branch = {"if": {"type": ["string", "boolean", "number"]}, "then": _ref("statements"), "else": _ref("statements")}
    condition = {
        "if": {"required": ["if"]},
        "then": {"required": ["then"], "properties": branch, "additionalProperties": False},
        "else": one,
    }
    return {
        "type": ["object", "string"],
        "if": {"required": ["for"]},
        "then": {"required": ["do"], "properties": loop, "additionalProperties": False},
        "else": condition,
    }


# ---------------------------------------------------------------- layers


def _layer(layer: Layer) -> Json:
    properties: Json = {argument.name: _argument(argument) for argument in layer.arguments}
    for name in layer.infers:
        properties.setdefault(name, {"description": "Follows from the input; where it is given, it is checked."})
    for name in layer.values:
        properties.setdefault(name, {"description": "A value that goes in."})
    for name, value in layer.fixed.items():
        properties.setdefault(name, {"description": f"Always {value}."})
    return {"description": layer.doc.strip(), "type": [*_ANY, "null"], "properties": properties, "additionalProperties": False}


def _argument(argument: Argument) -> Json:
    """Return what one argument takes, its default and what it is."""
    kinds = argument.kind.split(" | ")
    texts = [KINDS[kind][1] for kind in kinds if kind in KINDS and not (kind == "str" and argument.choices)]
    words = " or ".join([*texts, *[f"`{choice}`" for choice in argument.choices]])
    made: Json = {"description": words[:1].upper() + words[1:] + "."} if words else {}
    if argument.variadic or not all(kind in _TYPES for kind in kinds):
        return made
    types = [name for name in ("string", "integer", "number", "boolean", "array", "null") if any(name in _TYPES[kind] for kind in kinds)]
    if argument.choices and all(kind in ("str", "None") for kind in kinds):
        allowed: list[Any] = [*argument.choices, *([None] if "None" in kinds else [])]
        made["anyOf"] = [{"enum": allowed}, {"type": "string", "pattern": _OWN_QUOTES}]
    else:
        made["type"] = types
    if isinstance(argument.default, bool | int | float | str) or (argument.default is None and not argument.required):
        made["default"] = argument.default
    return made


# ---------------------------------------------------------------- verdicts


def vocabulary() -> Vocabulary:
    """Return what the reader of YAML asks of the registry and of the schema."""
    return Vocabulary(FILES, registry.lookup, lookup_data, lookup_init, verdicts)


_validator: list[Any] = []
"""The one that has been made, once there is one."""


def verdicts(data: Any) -> Iterator[tuple[tuple[str | int, ...], str, tuple[str, ...], str]]:
    """Give what the schema has against plain data: path, keyword, what is allowed, and jsonschema's words."""
    if not _validator:
        from jsonschema import Draft202012Validator

        _validator.append(Draft202012Validator(schema()))
    for error in _validator[0].iter_errors(data):
        yield from _verdict(error)


def _verdict(error: Any) -> Iterator[tuple[tuple[str | int, ...], str, tuple[str, ...], str]]:
    path, keyword, value = tuple(error.absolute_path), str(error.validator), error.validator_value
    if keyword == "additionalProperties":
        known = tuple(error.schema.get("properties", ()))
        for key in error.instance:
            if key not in known:
                yield (*path, key), keyword, known, error.message
        return
    allowed: tuple[str, ...] = ()
    if keyword == "required":
        allowed = tuple(name for name in value if f"{name!r} is" in error.message)
    elif keyword == "type":
        allowed = tuple(_WORDS[name] for name in ([value] if isinstance(value, str) else value) if name != "null")
    elif keyword == "enum":
        allowed = tuple(map(str, value))
    elif keyword == "anyOf":
        keyword, allowed = "enum", tuple(str(choice) for choice in value[0]["enum"])
    yield path, keyword, allowed, error.message


def text() -> str:
    """Return the text of `grammar/spec.schema.json`."""
    import json

    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema beside the grammar."""
    from pathlib import Path

    (Path(__file__).parents[1] / "grammar" / "spec.schema.json").write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
