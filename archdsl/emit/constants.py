"""Constants as Python: expressions as their author wrote them, over the names of a class."""

from __future__ import annotations

from archdsl.emit.python import literal, number
from archdsl.emit.wrap import split
from archdsl.syntax import tree
from archdsl.syntax.targets import target_names, write_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archdsl.emit.python import Document
    from archdsl.syntax.tree import Expr

TEST, OR, AND, NOT, COMPARE, SUM, PRODUCT, SIGN, POWER, POSTFIX = range(10)
"""How tightly an expression binds, loosest first."""

BINARY = {"or": OR, "and": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")
MATH = {"sqrt", "log", "exp", "ceil", "floor", "prod"}
LISTS = {"reversed", "zip", "enumerate", "range"}


class Unwritable(Exception):
    """An expression that speaks of something that has no name where it is to be written."""


def level_of(text: str) -> int:
    """Return how tightly a piece of source binds, from the operators at its top."""
    if len(split(text, " if ")) > 1:
        return TEST
    for op, level in (("or", OR), ("and", AND)):
        if len(split(text, f" {op} ")) > 1:
            return level
    if text.startswith("not "):
        return NOT
    if any(len(split(text, f" {op} ")) > 1 for op in COMPARISONS):
        return COMPARE
    for ops, level in ((("+", "-"), SUM), (("*", "/", "//", "%", "@"), PRODUCT)):
        if any(len(split(text, f" {op} ")) > 1 for op in ops):
            return level
    if text.startswith(("-", "~")):
        return SIGN
    return POWER if len(split(text, "**")) > 1 else POSTFIX


def within(text: str, least: int) -> str:
    """Return source as it stands where only what binds at least so tightly may stand."""
    return text if level_of(text) >= least else f"({text})"


def binary(op: str, left: str, right: str) -> str:
    """Write an operator between two pieces of source, with the parentheses that it needs."""
    if op == "**":
        left, right = within(left, POSTFIX), within(right, SIGN)
        close = _simple(left) and _simple(right.removeprefix("-"))
        return f"{left}**{right}" if close else f"{left} ** {right}"
    level = COMPARE if op in COMPARISONS else BINARY[op]
    return f"{within(left, level + (level == COMPARE))} {op} {within(right, level + 1)}"


def joined(left: str, steps: Sequence[tuple[str, str]]) -> str:
    """Write operators one after the other, each on what those before it gave; a sum may have a thousand terms."""
    text, level = left, level_of(left)
    for op, right in steps:
        if op == "**":
            text, level = binary(op, text, right), POWER
            continue
        own = COMPARE if op in COMPARISONS else BINARY[op]
        before = text if level >= own + (own == COMPARE) else f"({text})"
        text, level = f"{before} {op} {within(right, own + 1)}", own
    return text


def _simple(text: str) -> bool:
    return text.replace(".", "").replace("_", "").isalnum()


def negated(text: str) -> str:
    """Write the opposite of a condition."""
    opposite = {" == ": " != ", " != ": " == ", " is not ": " is ", " is ": " is not ", " not in ": " in ", " in ": " not in "}
    if level_of(text) == COMPARE:
        sign = next((sign for sign in opposite if len(split(text, sign)) == 2), None)
        if sign is not None:
            return opposite[sign].join(split(text, sign))
    return f"not {within(text, NOT)}"


class Constants:
    """Writes constant expressions.

    `name` says how a name is written at this place, or None where it cannot be; `ask` writes a question
    about a shape (`channels(x)`), or gives None where the call is none.
    """

    def __init__(self, document: Document, name: Callable[[str], str | None], ask: Callable[[tree.Call], str | None]) -> None:
        self.document, self.name, self.ask = document, name, ask
        self.bound: list[str] = []

    def write(self, expr: Expr) -> str:
        """Return an expression as Python. Raises Unwritable."""
        if isinstance(expr, tree.Group):
            return self.write(expr.inner)
        if isinstance(expr, tree.Literal):
            return number(expr.spelling) if expr.spelling and not isinstance(expr.value, bool) else literal(expr.value)
        if isinstance(expr, tree.Name):
            return self._name(expr.id)
        if isinstance(expr, tree.Unary):
            return self._unary(expr)
        if isinstance(expr, tree.Binary):
            return self._binary(expr)
        if isinstance(expr, tree.Compare):
            return self._compare(expr)
        if isinstance(expr, tree.Conditional):
            then, condition = within(self.write(expr.then), OR), within(self.write(expr.condition), OR)
            return f"{then} if {condition} else {self.write(expr.otherwise)}"
        if isinstance(expr, tree.Call):
            return self._call(expr)
        if isinstance(expr, tree.ListExpr):
            return f"[{', '.join([self.write(item) for item in expr.items])}]"
        if isinstance(expr, tree.TupleExpr):
            inner = ", ".join([self.write(item) for item in expr.items])
            return f"({inner},)" if len(expr.items) == 1 else f"({inner})"
        return self._rare(expr)

    def _rare(self, expr: Expr) -> str:
        if isinstance(expr, tree.Subscript):
            return f"{within(self.write(expr.base), POSTFIX)}[{', '.join([self.index(item) for item in expr.indices])}]"
        if isinstance(expr, tree.DictExpr):
            return "{" + ", ".join([f"{self.write(key)}: {self.write(value)}" for key, value in expr.items]) + "}"
        if isinstance(expr, tree.FString):
            return self._fstring(expr)
        if isinstance(expr, tree.Comprehension):
            return self._comprehension(expr)
        raise Unwritable(type(expr).__name__)

    def _name(self, name: str) -> str:
        if name in self.bound:
            return name
        found = self.name(name)
        if found is not None:
            return found
        if name == "pi":
            return self.document.function("math.pi")
        raise Unwritable(name)

    def _unary(self, expr: tree.Unary) -> str:
        if expr.op == "not":
            return f"not {within(self.write(expr.operand), NOT)}"
        return expr.op + within(self.write(expr.operand), POSTFIX)

    def _binary(self, expr: tree.Binary) -> str:
        """Go down the left spine in a loop, since a sum may have a thousand terms."""
        spine: list[tree.Binary] = []
        left: Expr = expr
        while isinstance(left, tree.Binary):
            spine.append(left)
            left = left.left
        return joined(self.write(left), [(step.op, self.write(step.right)) for step in reversed(spine)])

    def _compare(self, expr: tree.Compare) -> str:
        text = within(self.write(expr.operands[0]), SUM)
        for op, operand in zip(expr.ops, expr.operands[1:], strict=True):
            text += f" {op} {within(self.write(operand), SUM)}"
        return text

    def _call(self, expr: tree.Call) -> str:
        asked = self.ask(expr)
        if asked is not None:
            return asked
        if not isinstance(expr.function, tree.Name):
            raise Unwritable("call")
        name = expr.function.id
        parts = [("" if argument.name is None else f"{argument.name}=") + self.write(argument.value) for argument in expr.arguments]
        if name in MATH:
            return f"{self.document.function(f'math.{name}')}({', '.join(parts)})"
        if name in LISTS or name in ("len", "min", "max", "sum", "sorted", "int", "float", "round", "str", "abs"):
            return f"{name}({', '.join(parts)})"
        raise Unwritable(name)

    def index(self, expr: Expr) -> str:
        """Write what stands between the brackets of a subscript."""
        if isinstance(expr, tree.Dots):
            return "..."
        if not isinstance(expr, tree.Slice):
            return self.write(expr)
        parts = ["" if part is None else self.write(part) for part in (expr.start, expr.stop, expr.step)]
        apart = " " if any(level_of(part) < SIGN or "(" in part for part in parts) else ""
        text = f"{parts[0]}{apart if parts[0] else ''}:{apart if parts[1] else ''}{parts[1]}"
        return f"{text}{apart}:{apart}{parts[2]}" if parts[2] else text

    def _fstring(self, expr: tree.FString) -> str:
        pieces: list[str] = []
        for part in expr.parts:
            if isinstance(part, str):
                pieces.append(literal(part + '"')[1:-2].replace("\\'", "'").replace('"', '\\"').replace("{", "{{").replace("}", "}}"))
            else:
                pieces.append("{" + self.write(part.value).replace('"', "'") + (f":{part.format}" if part.format else "") + "}")
        return 'f"' + "".join(pieces) + '"'

    def _comprehension(self, expr: tree.Comprehension) -> str:
        before = len(self.bound)
        clauses: list[str] = []
        for clause in expr.clauses:
            iterable = within(self.write(clause.iterable), OR)
            self.bound.extend(target_names(clause.targets))
            conditions = "".join([f" if {within(self.write(condition), OR)}" for condition in clause.conditions])
            clauses.append(f"for {write_targets(clause.targets)} in {iterable}{conditions}")
        element = self.write(expr.element)
        if expr.key is not None:
            element = f"{self.write(expr.key)}: {element}"
        del self.bound[before:]
        brackets = {"list": "[{}]", "dict": "{{{}}}", "generator": "({})"}[expr.kind]
        return brackets.format(" ".join([element, *clauses]))
