"""What a recipe speaks of: fields of the data, models to call, what the models that are fed compute."""

from __future__ import annotations

from archdsl.analyze.declare import mentioned, nodes_in
from archdsl.analyze.models import ModelRef, agree_on, substituted, values_of
from archdsl.analyze.names import defined_in
from archdsl.analyze.values import BROKEN
from archdsl.graph import Read
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.recipe import Work
    from archdsl.dims import Size
    from archdsl.graph import Instance

CLASSES = ("cross_entropy", "nll_loss", "accuracy", "macro_f1", "multi_margin_loss")
"""Losses and metrics whose second value is a class."""


def open_scope(work: Work, statement: tree.Train) -> None:
    """Names of a recipe: the data's fields, models to call, and what the models that are fed compute."""
    scope, span = work.body.scope, statement.span
    for block in work.broken:
        scope |= dict.fromkeys((block.name.id, *defined_in(block.body)), BROKEN)
    for model, instance in work.compiler.models.items():
        called = is_called(statement, model)
        if not called:
            symbols = _fed_sizes(work, instance)
            for name, (kind, is_output) in values_of(instance).items():
                kind = substituted(kind, symbols)  # noqa: PLW2901 - the same type, for the data at hand
                scope[name] = Read(name, "model", None, kind, span)
                work.owners[name] = (model, is_output)
        if work.open_fields and not work.no_fields and not called:
            for name, kind in instance.inputs:
                work.recipe.fields.setdefault(name, kind)
        scope[model] = ModelRef(model, instance)
    for name, kind in work.recipe.fields.items():
        scope[name] = Read(name, "field", None, kind, span)
        work.owners.pop(name, None)
    if work.open_fields:
        wanted = _wanted(work, statement)
        for name in _unknown(work, statement):
            # Where the data itself is at fault, what its fields are is no mistake of its own.
            kind = wanted.get(name, Tensor(()))
            scope[name] = BROKEN if work.no_fields else Read(name, "field", None, kind, span)
            work.recipe.fields[name] = kind
    scope["batch_size"] = Read("batch_size", "symbol", None, Tensor((), "int64", batched=False), span)


def _fed_sizes(work: Work, instance: Instance) -> dict[str, Size]:
    """Find what the symbolic sizes of a model come to for the data that feeds it."""
    symbols: dict[str, Size] = {}
    field = work.fields.get("feed")
    entries = field.value.entries if field is not None and isinstance(field.value, tree.Entries) else ()
    given = {entry.key: entry.value.id for entry in entries if isinstance(entry.value, tree.Name)}
    for name, kind in instance.inputs:
        found = work.recipe.fields.get(given.get(name, name))
        if found is not None:
            agree_on(kind, found, symbols)
    return symbols


def _wanted(work: Work, statement: tree.Train) -> dict[str, Tensor]:
    """Say of fields that the data alone knows what is wanted of them: what a model takes, or classes."""
    found: dict[str, Tensor] = {}
    for call in calls_in(statement):
        name = call.function.id if isinstance(call.function, tree.Name) else ""
        model = work.compiler.models.get(name)
        given = [one.value.id if isinstance(one.value, tree.Name) else "" for one in call.arguments]
        if model is not None:
            found |= {own: kind for own, (_, kind) in zip(given, model.inputs, strict=False) if own}
        elif name in CLASSES and len(given) > 1:
            found[given[1]] = Tensor((), "int64")
    return found


def _unknown(work: Work, statement: tree.Train) -> list[str]:
    """Names that only the data itself can explain."""
    body = [*statement.body, *(inner for one in statement.body if isinstance(one, tree.Step) for inner in one.body)]
    defined = {target.id for one in body if isinstance(one, tree.Define) for target in one.targets}
    expressions = [
        one.value
        for one in body
        if isinstance(one, tree.Define | tree.Field)
        and (not isinstance(one, tree.Field) or one.name.id in ("loss", "metrics", "show", "feed"))
    ]
    called = {call.function.id for call in calls_in(statement) if isinstance(call.function, tree.Name)}  # no field is called
    known = set(work.body.scope) | defined | called | set(work.compiler.models)
    return [name for name in dict.fromkeys(mentioned(tuple(expressions))) if name not in known and lookup(name) is None]


def calls_in(part: tree.Node) -> list[tree.Call]:
    """Return every call in a part of the tree."""
    return [node for node in nodes_in(part) if isinstance(node, tree.Call)]


def is_called(statement: tree.Train, model: str) -> bool:
    """Whether a recipe calls a model itself, by `Model(x)` or `x -> Model`."""
    for node in nodes_in(statement.body):
        used = node.function if isinstance(node, tree.Call) else node.value if isinstance(node, tree.Member) else None
        if isinstance(used, tree.Name) and used.id == model:
            return True
    return False
