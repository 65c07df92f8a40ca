"""The fields of a recipe whose values are plain: what each takes."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.evaluate import constant, what_is
from archdsl.analyze.values import BROKEN
from archdsl.graph import Given
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.analyze.context import Body

FIELDS: dict[str, str | None] = {
    "data": None, "split": "split", "augment": None, "feed": None, "loss": None, "optimizer": None, "schedule": None,
    "epochs": "positive", "max_steps": "positive", "batch_size": "positive", "metrics": None, "clip_grad_norm": "number",
    "accumulate": "positive", "precision": "precision", "ema": "fraction", "early_stopping": "stopping", "freeze": "names",
    "checkpoint": "checkpoint", "seed": "whole", "device": "text", "show": None,
}  # fmt: skip
"""Every field, with the kind of value that it takes; None where it is no plain value."""

LATER = ("augment",)
"""Fields of the language that training does not have yet: to accept one and do nothing would be worse than to refuse it."""

STEP_FIELDS = ("update", "loss", "optimizer", "every", "times")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "positive": (lambda v: _whole(v, 1), "a positive whole number"),
    "whole": (lambda v: _whole(v, 0), "a whole number from 0 on"),
    "number": (lambda v: _number(v) and v > 0, "a positive number"),  # type: ignore[operator]
    "fraction": (lambda v: _number(v) and 0 < v < 1, "a number between 0 and 1"),  # type: ignore[operator]
    "split": (lambda v: _number(v) and 0 < v < 1, "the part held out, between 0 and 1"),  # type: ignore[operator]
    "precision": (lambda v: v in ("float32", "bfloat16", "float16", "bf16", "fp16", "fp32"), "float32, bfloat16 or float16"),
    "stopping": (
        lambda v: _whole(v["patience"] if isinstance(v, dict) and list(v) == ["patience"] else v, 1),
        "how many epochs to wait, a whole number or { patience: 3 },",
    ),
    "checkpoint": (lambda v: _whole(v, 1) or isinstance(v, dict), "after how many epochs to save"),
    "names": (lambda v: isinstance(v, str | list | tuple), "the names of parts"),
    "text": (lambda v: isinstance(v, str), "a text"),
}


def option(body: Body, field: tree.Field, kind: str | None) -> Given | None:
    """Evaluate a plain field; None, after a complaint, where it has the wrong kind."""
    assert kind is not None
    test, wanted = _KINDS[kind]
    value = _plain(body, field.value, kind)
    if value is BROKEN:
        return None
    if not test(value):
        found = repr(value) if isinstance(value, int | float | str) else what_is(value)
        body.complain(say.bad_field(field.name.id, wanted, found, field.value.span))
        return None
    expr = None if isinstance(field.value, tree.Entries) else field.value
    return Given(field.name.id, value, expr, span=field.span)


def _plain(body: Body, value: tree.Expr | tree.Entries, kind: str) -> object:
    """A field that takes a word takes it without quotes too."""
    if isinstance(value, tree.Entries):
        found = {entry.key: _plain(body, entry.value, "text") for entry in value.entries}
        return BROKEN if any(one is BROKEN for one in found.values()) else found
    if kind in ("names", "text", "precision"):
        if isinstance(value, tree.Name) and value.id not in body.scope:
            return value.id
        if isinstance(value, tree.Attribute):
            return value.span.text
        if isinstance(value, tree.ListExpr):
            return [_plain(body, item, kind) for item in value.items]
    return constant(body, value)
