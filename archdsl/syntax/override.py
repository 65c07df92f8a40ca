"""Settings from outside a spec, written into its tree: `-p latent=32`, `--set train.epochs=5`.

Analysis then sees one spec, and complains of an override as it would of a line: at the place where
the override was written.
"""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.read_arch import read_expression
from archdsl.text.complaint import Complaints, SpecError
from archdsl.text.source import Source, Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class OverrideError(ValueError):
    """An override that the spec has no place for."""


def override(file: tree.File, params: Mapping[str, str], settings: Mapping[str, str]) -> tree.File:
    """Return the spec with its params and its recipe's fields replaced.

    Values are expressions as a spec would write them. Raises OverrideError for a param that is not
    there, a setting that does not begin with `train.` or `figure.`, and a value that cannot be read.
    """
    statements = file.statements
    for name, text in params.items():
        statements = _with_param(statements, name, _expression(f"-p {name}", text))
    for path, text in settings.items():
        statements = _with_setting(statements, path, _expression(f"--set {path}", text))
    return file.replace(statements=statements)  # type: ignore[no-any-return]


def _expression(name: str, text: str) -> tree.Expr:
    complaints = Complaints()
    expression = read_expression(Source(name, text), 0, len(text), complaints)
    if expression is None or complaints.errors:
        raise OverrideError(f"I cannot read the value of `{name}={text}`") from SpecError(complaints.errors)
    return expression


def _with_param(statements: tuple[tree.Statement, ...], name: str, value: tree.Expr) -> tuple[tree.Statement, ...]:
    known = [statement.name.id for statement in statements if isinstance(statement, tree.Param)]
    if name not in known:
        raise OverrideError(f"this spec has no param `{name}`{_hint(name, known)}")
    return tuple(
        statement.replace(value=value) if isinstance(statement, tree.Param) and statement.name.id == name else statement
        for statement in statements
    )


def _with_setting(statements: tuple[tree.Statement, ...], path: str, value: tree.Expr) -> tuple[tree.Statement, ...]:
    head, _, rest = path.partition(".")
    if head != "train" or not rest or not all(part.isidentifier() for part in rest.split(".")):
        raise OverrideError(f"`--set` wants a field of the recipe, as in `train.epochs=5`, and gets `{path}`{_hint(head, ['train'])}")
    for index, statement in enumerate(statements):
        if isinstance(statement, tree.Train):
            changed = statement.replace(body=_with_field(statement.body, rest.split("."), value))
            return (*statements[:index], changed, *statements[index + 1 :])
    raise OverrideError(f"this spec has no `train` that `{path}` could be set in")


def _with_field(body: tuple[tree.Statement, ...], path: list[str], value: tree.Expr) -> tuple[tree.Statement, ...]:
    """Replace a field, or add it behind what is there; a first part of several names a `step`."""
    name, *rest = path
    for index, statement in enumerate(body):
        if rest and isinstance(statement, tree.Step) and statement.name.id == name:
            return (*body[:index], statement.replace(body=_with_field(statement.body, rest, value)), *body[index + 1 :])
        if not rest and isinstance(statement, tree.Field) and statement.name.id == name:
            return (*body[:index], statement.replace(value=value), *body[index + 1 :])
    if rest:
        steps = [statement.name.id for statement in body if isinstance(statement, tree.Step)]
        raise OverrideError(f"this recipe has no step `{name}`{_hint(name, steps)}")
    word = tree.Name(Span(value.span.source, 0, 0), name)
    return (*body, tree.Field(value.span, tree.NO_COMMENTS, word, value))


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    if near:
        return f"; did you mean `{near}`?"
    return f": it has {', '.join(f'`{one}`' for one in known)}" if known else ""
