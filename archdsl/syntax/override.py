"""Settings from outside a spec: `-p latent=32`, `--set train.epochs=5`.

A setting is read as a line of the spec would be, from a source of its own, so that what is wrong
with it is complained of at its own place: `-p latent:1:1`.
"""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.read_arch import read_expression
from archdsl.text.complaint import Complaint
from archdsl.text.source import Source, Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.text.complaint import Complaints

PARAM, FIELD = "-p", "--set"


def is_outside(span: Span) -> bool:
    """Say whether a place is in a setting, and so in the call rather than in the spec."""
    return span.source.name in (PARAM, FIELD)


def settings(flag: str, values: Mapping[str, str], complaints: Complaints) -> dict[str, tree.Expr]:
    """Read settings, by name; a value that is no expression is complained of and left out."""
    found: dict[str, tree.Expr] = {}
    for name, text in values.items():
        source = Source(flag, f"{name}={text}")
        expression = read_expression(source, len(name) + 1, len(source.text), complaints)
        if expression is not None:
            found[name] = expression
    return found


def with_fields(file: tree.File, fields: Mapping[str, tree.Expr], complaints: Complaints) -> tree.File:
    """Return the spec with fields of its recipe set: `train.epochs`, or `train.generator.every` of a step.

    A field that has no place in the spec is complained of.
    """
    statements = file.statements
    for path, value in fields.items():
        head, _, rest = path.partition(".")
        at = next((index for index, one in enumerate(statements) if isinstance(one, tree.Train)), None)
        if head != "train" or not all(part.isidentifier() for part in rest.split(".")):
            complaints.add(_wrong_field(path, value, "A setting is a field of the recipe, as in train.epochs=5"))
        elif at is None:
            complaints.add(_wrong_field(path, value, f"This spec has no train that {rest} could be set in"))
        else:
            train = statements[at]
            train = train.replace(body=_with_field(train.body, rest.split("."), path, value, complaints))  # type: ignore[attr-defined]
            statements = (*statements[:at], train, *statements[at + 1 :])
    return file.replace(statements=statements)  # type: ignore[no-any-return]


def _with_field(
    body: tuple[tree.Statement, ...], parts: list[str], path: str, value: tree.Expr, complaints: Complaints
) -> tuple[tree.Statement, ...]:
    """Replace a field, or add it behind what is there; the first of several parts is a `step`."""
    name, *rest = parts
    for index, one in enumerate(body):
        if rest and isinstance(one, tree.Step) and one.name.id == name:
            changed = one.replace(body=_with_field(one.body, rest, path, value, complaints))
            return (*body[:index], changed, *body[index + 1 :])
        if not rest and isinstance(one, tree.Field) and one.name.id == name:
            return (*body[:index], one.replace(value=value), *body[index + 1 :])
    if rest:
        steps = [one.name.id for one in body if isinstance(one, tree.Step)]
        complaints.add(_wrong_field(path, value, f"This recipe has no step {name}", nearest(name, steps)))
        return body
    start = value.span.source.text.index("=") - len(name)
    word = tree.Name(value.span.replace(start=start, end=start + len(name)), name)
    return (*body, tree.Field(value.span, tree.NO_COMMENTS, word, value))


def _wrong_field(path: str, value: tree.Expr, message: str, near: str | None = None) -> Complaint:
    span = Span(value.span.source, 0, len(path))
    return Complaint("unknown-setting", message, span, "nothing of this name is there", suggestion=f"Did you mean {near}?" if near else "")
