"""Writes expressions as `.arch` text, with as few parentheses as mean the same."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.targets import write_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.syntax.tree import Expr

CHAIN, TEST, OR, AND, NOT, COMPARE, SUM, PRODUCT, SIGN, POWER, POSTFIX, ATOM = range(12)
"""How tightly an expression binds, loosest first."""

_BINARY = {"or": OR, "and": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write_expression(expr: Expr) -> str:
    """Return an expression on one line."""
    return at_least(expr, CHAIN)


def short(expr: Expr, limit: int = 40) -> str:
    """Return an expression on one line, cut where it is long: for complaints."""
    text = write_expression(expr)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def level_of(expr: Expr) -> int:
    """Return how tightly an expression binds."""
    if isinstance(expr, tree.Chain):
        return CHAIN
    if isinstance(expr, tree.Conditional):
        return TEST
    if isinstance(expr, tree.Binary):
        return _BINARY[expr.op]
    if isinstance(expr, tree.Compare):
        return COMPARE
    if isinstance(expr, tree.Unary):
        return NOT if expr.op == "not" else SIGN
    if isinstance(expr, (tree.Call, tree.Attribute, tree.Subscript)):
        return POSTFIX
    if isinstance(expr, tree.Literal) and isinstance(expr.value, (int, float)) and not isinstance(expr.value, bool) and expr.value < 0:
        return SIGN
    return ATOM


def at_least(expr: Expr, least: int) -> str:
    """Write an expression where only one that binds at least so tightly may stand."""
    text: str = _WRITERS[type(expr)](expr)
    return text if level_of(expr) >= least else f"({text})"


def text_literal(text: str) -> str:
    """Return a text between double quotes, with escapes for what may not stand there plainly."""
    return '"' + "".join([_ESCAPES.get(character) or _plain(character) for character in text]) + '"'


def _plain(character: str) -> str:
    code = ord(character)
    if code < 0x7F and code >= 0x20:
        return character
    if character.isprintable() and not 0xD800 <= code < 0xE000:
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _literal(expr: tree.Literal) -> str:
    if isinstance(expr.value, str):
        return text_literal(expr.value)
    if isinstance(expr.value, float) and not expr.spelling and expr.value in (float("inf"), float("-inf")):
        return "1e999" if expr.value > 0 else "-1e999"
    return expr.spelling or repr(expr.value)


def _fstring(expr: tree.FString) -> str:
    """Write an f-string; the texts inside its expressions take the other quotes, as Python 3.11 wants."""
    nested = any(isinstance(part, tree.FormatField) and 'f"' in write_expression(part.value) for part in expr.parts)
    pieces = []
    for part in expr.parts:
        if isinstance(part, str):
            pieces.append(text_literal(part)[1:-1].replace("{", "{{").replace("}", "}}"))
            continue
        inner = at_least(part.value, TEST)
        inner = inner if nested else _other_quotes(inner)
        pieces.append(
            "{" + (" " if inner[:1] == "{" else "") + inner + (f":{text_literal(part.format)[1:-1]}" if part.format else "") + "}"
        )
    quotes = '"""' if nested else '"'
    return f"f{quotes}{''.join(pieces)}{quotes}"


def _other_quotes(text: str) -> str:
    """Put the strings of an expression between single quotes."""
    pieces, inside, at = [], False, 0
    while at < len(text):
        character = text[at]
        if character == "\\" and inside:
            pieces.append("\\x22" if text[at + 1] == '"' else text[at : at + 2])
            at += 2
            continue
        if character == '"':
            inside = not inside
        pieces.append({'"': "'", "'": "\\x27" if inside else "'"}.get(character, character))
        at += 1
    return "".join(pieces)


def _unary(expr: tree.Unary) -> str:
    if expr.op == "not":
        return "not " + at_least(expr.operand, NOT)
    return expr.op + at_least(expr.operand, SIGN)


def _binary(expr: tree.Binary) -> str:
    """Write operators of one level from a long left spine without recursion."""
    level = _BINARY[expr.op]
    if expr.op == "**":
        return f"{at_least(expr.left, POSTFIX)} ** {at_least(expr.right, SIGN)}"
    pieces: list[str] = []
    node: Expr = expr
    while isinstance(node, tree.Binary) and node.op != "**" and _BINARY[node.op] >= level:
        if _BINARY[node.op] > level:
            break
        pieces += [at_least(node.right, level + 1), node.op]
        node = node.left
    pieces.append(at_least(node, level))
    return " ".join(reversed(pieces))


def _compare(expr: tree.Compare) -> str:
    pieces = [at_least(expr.operands[0], SUM)]
    for op, operand in zip(expr.ops, expr.operands[1:], strict=True):
        pieces += [op, at_least(operand, SUM)]
    return " ".join(pieces)


def _conditional(expr: tree.Conditional) -> str:
    return f"{at_least(expr.then, OR)} if {at_least(expr.condition, OR)} else {at_least(expr.otherwise, TEST)}"


def argument(expr: tree.Argument) -> str:
    """Write one argument of a call."""
    return at_least(expr.value, CHAIN) if expr.name is None else f"{expr.name}={at_least(expr.value, CHAIN)}"


def _call(expr: tree.Call) -> str:
    function = at_least(expr.function, POSTFIX)
    only = expr.arguments[0] if len(expr.arguments) == 1 else None
    if only is not None and only.name is None and isinstance(only.value, tree.Comprehension) and only.value.kind == "generator":
        return function + at_least(only.value, CHAIN)
    return f"{function}({', '.join([argument(each) for each in expr.arguments])})"


def _subscript(expr: tree.Subscript) -> str:
    return f"{at_least(expr.base, POSTFIX)}[{', '.join([at_least(index, TEST) for index in expr.indices])}]"


def _slice(expr: tree.Slice) -> str:
    start, stop, step = ("" if part is None else at_least(part, TEST) for part in (expr.start, expr.stop, expr.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _tuple(expr: tree.TupleExpr) -> str:
    inner = ", ".join([at_least(item, CHAIN) for item in expr.items])
    return f"({inner},)" if len(expr.items) == 1 else f"({inner})"


def _comprehension(expr: tree.Comprehension) -> str:
    element = at_least(expr.element, CHAIN)
    if expr.key is not None:
        element = f"{at_least(expr.key, TEST)}: {element}"
    inner = " ".join([element, *map(clause, expr.clauses)])
    return {"list": "[{}]", "dict": "{{{}}}", "generator": "({})"}[expr.kind].format(inner)


def clause(each: tree.Clause) -> str:
    """Write one `for ... in ... if ...` of a comprehension."""
    conditions = "".join([f" if {at_least(condition, OR)}" for condition in each.conditions])
    return f"for {write_targets(each.targets)} in {at_least(each.iterable, OR)}{conditions}"


def member(expr: tree.Member) -> str:
    """Write one member of a chain."""
    return at_least(expr.value, TEST) if expr.name is None else f"{expr.name}: {at_least(expr.value, TEST)}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    tree.Literal: _literal,
    tree.Name: lambda expr: expr.id,
    tree.FString: _fstring,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Compare: _compare,
    tree.Conditional: _conditional,
    tree.Call: _call,
    tree.Attribute: lambda expr: f"{at_least(expr.base, POSTFIX)}.{expr.name}",
    tree.Subscript: _subscript,
    tree.Slice: _slice,
    tree.Dots: lambda _expr: "...",
    tree.ListExpr: lambda expr: f"[{', '.join([at_least(item, CHAIN) for item in expr.items])}]",
    tree.TupleExpr: _tuple,
    tree.DictExpr: lambda expr: "{" + ", ".join([f"{at_least(key, TEST)}: {at_least(value, CHAIN)}" for key, value in expr.items]) + "}",
    tree.Comprehension: _comprehension,
    tree.Group: lambda expr: f"({at_least(expr.inner, CHAIN)})",
    tree.Chain: lambda expr: " -> ".join([member(each) for each in expr.members]),
}
