"""Which statements may stand where; those that stand elsewhere are complained of and left out."""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.text.complaint import Complaints

_FILE = frozenset({tree.Param, tree.Import, tree.Shorthand, tree.Block, tree.Train, tree.About, tree.Figure, tree.Reading})
_PART = frozenset({tree.Define, tree.Shorthand, tree.Input, tree.Output, tree.If, tree.For, tree.Tie, tree.Init, tree.Carry})
_OVER_TIME = _PART | {tree.State, tree.Next}
_ALLOWED: dict[str, frozenset[type]] = {
    "a file": _FILE,
    "a model": _OVER_TIME,
    "a cell": _OVER_TIME,
    "a block": _PART,
    "`train`": frozenset({tree.Define, tree.Field, tree.Step}),
    "a step": frozenset({tree.Define, tree.Field}),
}
_WHERE: dict[type, str] = {
    tree.Define: "in a model, block, cell or recipe",
    tree.Param: "in the file itself",
    tree.Import: "in the file itself",
    tree.Shorthand: "in the file itself, or in a model or block",
    tree.Block: "in the file itself",
    tree.Train: "in the file itself",
    tree.About: "in the file itself",
    tree.Figure: "in the file itself",
    tree.Reading: "in the file itself",
    tree.State: "in a cell, or in a model that runs over time",
    tree.Next: "in a cell, or in a model that runs over time",
    tree.Field: "in `train`",
    tree.Step: "in `train`",
}


def placed(statements: tuple[tree.Statement, ...], where: str, complaints: Complaints) -> tuple[tree.Statement, ...]:
    """Return the statements that may stand there, and within them those that may stand in them."""
    allowed = _ALLOWED[where]
    kept: list[tree.Statement] = []
    astray = False  # Where a head is missing, all that it would have held goes astray together, which is one mistake.
    for statement in statements:
        was_astray, astray = astray, False
        if type(statement) in allowed:
            kept.append(_inside(statement, where, complaints))
        elif (
            isinstance(statement, tree.Field)
            and not _follows_lambda(statement)
            and tree.Define in allowed
            and isinstance(statement.value, tree.Expr)
        ):
            if tree.Input in allowed and isinstance(statement.value, tree.ListExpr):
                complaints.add(say.input_without_word(statement.name.span, statement.name.id))
                kept.append(_as_input(statement, statement.value))
                continue
            complaints.add(say.colon_for_equals(statement.name.span, statement.name.id))
            kept.append(tree.Define(statement.span, statement.comments, (statement.name,), statement.value))
        elif isinstance(statement, tree.Field) and _follows_lambda(statement):
            complaints.add(say.python_word(statement.span, "lambda", "A shorthand is written `layer name(width) = ...`."))
        else:
            astray = True
            if was_astray:
                continue
            complaints.add(say.misplaced(statement, where, _WHERE.get(type(statement), "in a model, block or cell")))
    return statements if len(kept) == len(statements) and all(map(_same, kept, statements)) else tuple(kept)


def _as_input(statement: tree.Field, shape: tree.ListExpr) -> tree.Input:
    """Read `image: [1, 28, 28]` as the input that it was meant to be."""
    kind = tree.Type(shape.span, None, False, shape.items, (None,) * len(shape.items))
    return tree.Input(statement.span, statement.comments, statement.name, kind)


def _same(left: tree.Statement, right: tree.Statement) -> bool:
    return left is right


def _inside(statement: tree.Statement, where: str, complaints: Complaints) -> tree.Statement:
    if isinstance(statement, tree.If):
        then, otherwise = placed(statement.then, where, complaints), placed(statement.otherwise, where, complaints)
        unchanged = then is statement.then and otherwise is statement.otherwise
        return statement if unchanged else statement.replace(then=then, otherwise=otherwise)
    if not isinstance(statement, (tree.Block, tree.For, tree.Train, tree.Step)):
        return statement
    if isinstance(statement, tree.Block):
        where = f"a {statement.kind}"
    elif not isinstance(statement, tree.For):
        where = "`train`" if isinstance(statement, tree.Train) else "a step"
    body = placed(statement.body, where, complaints)
    return statement if body is statement.body else statement.replace(body=body)


def _follows_lambda(statement: tree.Statement) -> bool:
    """Tell whether a field is none, but the rest of Python's `lambda x: x`."""
    span = statement.span
    return span.source.text[max(0, span.start - 20) : span.start].rstrip().endswith("lambda")
