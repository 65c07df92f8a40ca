"""The syntax tree as `import` builds it: nodes that are settled late, and short ways to make the others.

A `Ref` becomes a name when it is known which names are free, a `Made` drops arguments that are the
default once all uses of a block are known, and an `Applied` is written as a chain or as a call,
whichever reads better where it comes to stand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from archdsl.run.import_trace import Value
from archdsl.syntax import tree
from archdsl.text.source import Source, Span

SPAN = Span(Source("", ""), 0, 0)


class Ref(tree.Expr):
    """A value, by identity."""

    value: Value


class Made(tree.Expr):
    """A layer or function with all its arguments, by name; `defaults` are those that need not be said, `first` how many stand by position."""

    function: str
    arguments: tuple[tuple[str, tree.Expr], ...]
    defaults: tuple[tuple[str, tree.Expr], ...]
    first: int


class Link(tree.Expr):
    """One application: of a `layer` that has a name, or is made without weights."""

    layer: tree.Expr


class Applied(tree.Expr):
    """Values that pass through links, one after the other."""

    heads: tuple[tree.Expr, ...]
    links: tuple[Link, ...]


def name(text: str) -> tree.Name:
    """Return a bare name."""
    return tree.Name(SPAN, text)


def literal(value: Any) -> tree.Expr:
    """Return a constant; a negative number is a sign and a number, as it is read."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and (value < 0 or str(value) == "-0.0"):
        return tree.Unary(SPAN, "-", tree.Literal(SPAN, -value, _spelling(-value)))
    return tree.Literal(SPAN, value, _spelling(value))


def _spelling(value: object) -> str:
    return repr(value).replace("e-0", "e-").replace("1000000000.0", "1e9") if isinstance(value, float) and math.isfinite(value) else ""


def call(function: tree.Expr | str, *arguments: tree.Expr, **named: tree.Expr) -> tree.Call:
    """Return a call of a function, or of what a name stands for."""
    given = [tree.Argument(SPAN, None, each) for each in arguments] + [tree.Argument(SPAN, key, each) for key, each in named.items()]
    return tree.Call(SPAN, name(function) if isinstance(function, str) else function, tuple(given))


def binary(op: str, left: tree.Expr, right: tree.Expr) -> tree.Binary:
    """Return an operation of two expressions."""
    return tree.Binary(SPAN, op, left, right)


def chain(*members: tree.Expr | tuple[str | None, tree.Expr]) -> tree.Expr:
    """Return members as a chain; a lone one without a name is itself."""
    pairs = [each if isinstance(each, tuple) else (None, each) for each in members]
    if len(pairs) == 1 and pairs[0][0] is None:
        return pairs[0][1]
    return tree.Chain(SPAN, tuple([tree.Member(SPAN, key, each) for key, each in pairs]))


def define(target: str, value: tree.Expr, *, blank: bool = False) -> tree.Define:
    """Return a definition; a blank line may stand before it."""
    return tree.Define(SPAN, tree.Comments(blank=blank), (name(target),), value)


def rebuilt(node: Any, change: Callable[[Any], Any]) -> Any:
    """Return a node whose children are changed; anything else is returned as it is."""
    if isinstance(node, tuple):
        return tuple([change(one) for one in node])
    if isinstance(node, tree.Node):
        fields = node._fields  # type: ignore[attr-defined]
        return type(node)(*[getattr(node, field) if field == "span" else change(getattr(node, field)) for field in fields])
    return node


def located(node: Any, span: Span) -> Any:
    """Return a node that stands, with all that is in it, at a place."""
    if isinstance(node, tuple):
        return tuple([located(one, span) for one in node])
    if isinstance(node, tree.Node):
        fields = node._fields  # type: ignore[attr-defined]
        return type(node)(*[span if field == "span" else located(getattr(node, field), span) for field in fields])
    return node


def refs(node: Any) -> list[Value]:
    """Return the values that a node refers to, in order."""
    if isinstance(node, Ref):
        return [node.value]
    found: list[Value] = []
    rebuilt(node, lambda child: found.extend(refs(child)))
    return found


# ---------------------------------------------------------------- settling


def settled(node: Any, names: dict[Value, str], *, nested: bool = False) -> Any:
    """Return a node of the language: names for values, arguments as an author would write them, chains or calls."""
    if isinstance(node, Ref):
        return name(names[node.value])
    if isinstance(node, Made):
        return written(node, names)
    if isinstance(node, Applied):
        return _applied(node, names, nested)
    inside = isinstance(node, (tree.Binary, tree.Unary, tree.Compare, tree.Argument, tree.Subscript, tree.Conditional, Made)) or nested
    inside = inside and not isinstance(node, (tree.Chain, tree.Group))
    return rebuilt(node, lambda child: settled(child, names, nested=inside))


def written(made: Made, names: dict[Value, str], before: tuple[tree.Expr, ...] = ()) -> tree.Expr:
    """Write a layer with the arguments that have to be said."""
    defaults = dict(made.defaults)
    given = [tree.Argument(SPAN, None, each) for each in before]
    skipped = False
    for place, (key, value) in enumerate(made.arguments):
        if key in defaults and value == defaults[key]:
            skipped = True
            continue
        by_place = key.startswith("*") or key.isdigit() or (place < made.first and not skipped)
        values = value.items if key.startswith("*") and isinstance(value, tree.TupleExpr) else (value,)
        given += [tree.Argument(SPAN, None if by_place else key, settled(each, names, nested=True)) for each in values]
    return tree.Call(SPAN, name(made.function), tuple(given)) if given else name(made.function)


def _applied(node: Applied, names: dict[Value, str], nested: bool) -> tree.Expr:
    """Write a few calls inside an operator or argument as calls, and a path on its own as a chain."""
    functions = not any(isinstance(link.layer, tree.Name) for link in node.links)
    single = len(node.links) == 1 and isinstance(node.links[0].layer, Made) and not isinstance(node.heads[0], Applied)
    short = len(node.links) <= (3 if nested else 1)
    if short and (nested or (single and functions)):
        heads = tuple([settled(head, names, nested=True) for head in node.heads])
        for link in node.links:
            layer = link.layer
            heads = (written(layer, names, heads) if isinstance(layer, Made) else call(settled(layer, names), *heads),)
        return heads[0]  # type: ignore[no-any-return]
    heads = tuple([settled(head, names, nested=len(node.heads) > 1) for head in node.heads])
    links = node.links
    if len(heads) > 1 and isinstance(links[0].layer, Made):
        heads, links = (written(links[0].layer, names, heads),), links[1:]
    first = heads[0] if len(heads) == 1 else tree.TupleExpr(SPAN, heads)
    path = chain(first, *[settled(link.layer, names) for link in links])
    return tree.Group(SPAN, path) if nested else path
