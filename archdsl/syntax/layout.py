"""Lays an expression out over lines, where one line would be too long or the author broke a chain."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax import write_expression as flat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.syntax.tree import Expr

WIDTH = 100
STEP = 2


def lay_out(expr: Expr, column: int, indent: int) -> list[str]:
    """Return the lines of an expression that starts in a column of a line indented so far.

    Lines after the first bear their own indentation. A chain keeps the line breaks before `->` that
    its author chose; beyond that a line is filled to its width.
    """
    if isinstance(expr, tree.Chain):
        breaks = _chosen_breaks(expr)
        text = flat.write_expression(expr)
        if not any(breaks) and column + len(text) <= WIDTH:
            return [text]
        pieces = [("" if at == 0 else "-> ", member.value, flat.member(member)) for at, member in enumerate(expr.members)]
        return _filled(pieces, breaks, column, indent)
    return _broken(expr, flat.write_expression(expr), column, indent)


def _chosen_breaks(chain: tree.Chain) -> list[bool]:
    """Tell for each member whether its author began a new line with its arrow."""
    breaks = [False]
    for left, right in zip(chain.members, chain.members[1:], strict=False):
        between = right.span.source.text[left.span.end : right.span.start] if left.span.end < right.span.start else ""
        code = " ".join(line.partition("#")[0] for line in between.split("\n"))
        breaks.append("\n" in between.partition("->")[0] and code.strip() == "->")
    return breaks


def _broken(expr: Expr, text: str, column: int, indent: int) -> list[str]:
    """Return an expression on one line if it fits, else broken at its signs or in its outermost brackets."""
    if column + len(text) <= WIDTH:
        return [text]
    if isinstance(expr, tree.Binary) and expr.op != "**":
        pieces = _operands(expr)
        return _filled(pieces, [False] * len(pieces), column, indent)
    opener, items, closer = _bracketed(expr)
    if not items:
        return [text]
    lines = [opener]
    margin = indent + STEP
    for at, (prefix, item, shown) in enumerate(items):
        inner = [shown] if item is None else _item(item, prefix, shown, margin)
        inner[-1] += "," if at + 1 < len(items) and item is not None else ""
        lines += [" " * margin + inner[0], *inner[1:]]
    return [*lines, " " * indent + closer]


def _item(item: Expr, prefix: str, shown: str, margin: int) -> list[str]:
    if margin + len(shown) + 1 <= WIDTH:
        return [shown]
    lines = lay_out(item, margin + len(prefix), margin)
    return [prefix + lines[0], *lines[1:]]


def _filled(pieces: list[tuple[str, Expr, str]], breaks: list[bool], column: int, indent: int) -> list[str]:
    """Put piece after piece on a line until it is full, and go on in the next, indented a step."""
    margin = indent + STEP
    lines: list[str] = []
    line, room = "", column
    for at, ((sign, expr, shown), breaks_here) in enumerate(zip(pieces, breaks, strict=True)):
        chunk = sign + shown
        if at and (breaks_here or room + 1 + len(chunk) > WIDTH):
            lines.append(line)
            line, room = " " * margin, margin
        elif at:
            line, room = line + " ", room + 1
        name = shown[: len(shown) - len(flat.write_expression(expr))] if not shown.startswith("(") else ""
        broken = [shown] if room + len(chunk) <= WIDTH else _member(expr, name, shown, room + len(sign), margin if at else indent)
        line += sign + broken[0]
        if len(broken) > 1:
            lines += [line, *broken[1:-1]]
            line, room = broken[-1], len(broken[-1])
        else:
            room += len(chunk)
    return [*lines, line]


def _member(expr: Expr, name: str, shown: str, column: int, indent: int) -> list[str]:
    if not _bracketed(expr)[1] or shown != name + flat.write_expression(expr):
        return [shown]
    lines = _broken(expr, shown[len(name) :], column + len(name), indent)
    return [name + lines[0], *lines[1:]]


def _operands(expr: tree.Binary) -> list[tuple[str, Expr, str]]:
    """Take a sum, product, `and` or `or` apart along its left side, each part with the sign before it."""
    level = flat.level_of(expr)
    pieces: list[tuple[str, Expr, str]] = []
    node: Expr = expr
    while isinstance(node, tree.Binary) and flat.level_of(node) == level:
        pieces.append((f"{node.op} ", node.right, flat.at_least(node.right, level + 1)))
        node = node.left
    pieces.append(("", node, flat.at_least(node, level)))
    return pieces[::-1]


def _bracketed(expr: Expr) -> tuple[str, list[tuple[str, Expr | None, str]], str]:
    """Return opening text, items (what stands before one, the expression, all of it) and closing text."""
    if isinstance(expr, tree.Call):
        only = expr.arguments[0].value if len(expr.arguments) == 1 else None
        function = flat.at_least(expr.function, flat.POSTFIX)
        if isinstance(only, tree.Comprehension) and only.kind == "generator":
            return f"{function}(", _clauses(only), ")"
        items = [(f"{each.name}=" if each.name else "", each.value, flat.argument(each)) for each in expr.arguments]
        return f"{function}(", items, ")"  # type: ignore[return-value]
    if isinstance(expr, tree.ListExpr):
        return "[", _plain(expr.items), "]"
    if isinstance(expr, tree.TupleExpr) and len(expr.items) > 1:
        return "(", _plain(expr.items), ")"
    if isinstance(expr, tree.Group):
        return "(", _plain((expr.inner,)), ")"
    if isinstance(expr, tree.DictExpr):
        keys = [flat.at_least(key, flat.TEST) + ": " for key, _ in expr.items]
        return "{", [(key, value, key + flat.write_expression(value)) for key, (_, value) in zip(keys, expr.items, strict=True)], "}"
    if isinstance(expr, tree.Comprehension):
        brackets = {"list": "[]", "dict": "{}", "generator": "()"}[expr.kind]
        return brackets[0], _clauses(expr), brackets[1]
    return "", [], ""


def _plain(items: Iterable[Expr]) -> list[tuple[str, Expr | None, str]]:
    return [("", item, flat.write_expression(item)) for item in items]


def _clauses(expr: tree.Comprehension) -> list[tuple[str, Expr | None, str]]:
    key = "" if expr.key is None else flat.at_least(expr.key, flat.TEST) + ": "
    return [("", None, key + flat.write_expression(expr.element)), *(("", None, flat.clause(each)) for each in expr.clauses)]
