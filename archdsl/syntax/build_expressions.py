"""Makes the nodes of expressions; each method bears the name of a rule in `grammar/arch.lark`.

A method gets the number of the first token of what was read, and the children: nodes, lists of them,
and for a token its number.
"""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax import tree
from archdsl.syntax.strings import NotANumber, body_of, decoded, number
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.syntax.lexer import Tokens
    from archdsl.syntax.parse import Parser
    from archdsl.syntax.tree import Expr
    from archdsl.text.complaint import Complaint, Complaints

MOST_POSTFIXES = 64
"""How many calls, subscripts and attributes may follow one another on one value."""

MOST_ESCAPES = 20
"""Of so many wrong escapes in one string one hears, and of no more."""

CONSTANTS = {"None": None, "True": True, "False": False, "none": None, "true": True, "false": False}


class ExpressionBuilder:
    """Makes expressions out of the tokens of one text."""

    parser: Parser

    def __init__(self, tokens: Tokens, complaints: Complaints, depth: int = 0) -> None:
        self.depth = depth
        self.mistakes = 0
        self.ended = False
        self.tokens = tokens
        self.complaints = complaints
        self.source = tokens.source

    def span(self, first: int) -> Span:
        """Return the stretch from a token to the last one read."""
        tokens = self.tokens
        last = self.parser.at - 1
        return Span(self.source, tokens.starts[first], tokens.ends[max(last, first)])

    def complain(self, complaint: Complaint) -> None:
        """Say it."""
        self.complaints.add(complaint)

    # ------------------------------------------------------------ lists

    def none(self, _first: int, _children: list[Any]) -> list[Any]:
        return []

    def one(self, _first: int, children: list[Any]) -> list[Any]:
        return children

    def more(self, _first: int, children: list[Any]) -> list[Any]:
        items: list[Any] = children[0]
        items.append(children[1])
        return items

    def same(self, _first: int, children: list[Any]) -> Any:
        return children[0]

    def nothing(self, _first: int, _children: list[Any]) -> None:
        return None

    def first_text(self, _first: int, children: list[int]) -> list[str]:
        return [self.tokens.texts[children[0]]]

    def more_text(self, _first: int, children: list[Any]) -> list[str]:
        texts: list[str] = children[0]
        texts.append(self.tokens.texts[children[1]])
        return texts

    def nested(self, _first: int, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children[0])

    def word(self, _first: int, children: list[int]) -> str:
        return self.tokens.texts[children[0]]

    def not_in(self, _first: int, _children: list[int]) -> str:
        return "not in"

    # ------------------------------------------------------------ atoms

    def name(self, first: int, _children: list[int]) -> tree.Name:
        tokens = self.tokens
        return tree.Name(Span(self.source, tokens.starts[first], tokens.ends[first]), tokens.texts[first])

    def number(self, first: int, _children: list[int]) -> tree.Literal:
        tokens = self.tokens
        span, text = Span(self.source, tokens.starts[first], tokens.ends[first]), tokens.texts[first]
        try:
            return tree.Literal(span, number(text), text)
        except NotANumber as why:
            self.complain(say.no_number(span, text, str(why)))
            return tree.Literal(span, 0, "0")

    def constant(self, first: int, _children: list[int]) -> tree.Literal:
        return tree.Literal(self.tokens.span(first), CONSTANTS[self.tokens.texts[first]])

    def string(self, first: int, _children: list[int]) -> tree.Literal:
        prefix, start, end = body_of(self.tokens.texts[first])
        return tree.Literal(self.tokens.span(first), self.text_of(first, start, end, "r" in prefix))

    def text_of(self, at: int, start: int, end: int, raw: bool = False) -> str:
        """Return what a stretch of a string token means."""
        heard: list[int] = []

        def complain(left: int, right: int) -> None:
            heard.append(left)
            if len(heard) <= MOST_ESCAPES:
                self.complain(say.odd_escape(self.within(at, start + left, start + right)))

        return decoded(self.tokens.texts[at][start:end], raw, complain)

    def within(self, at: int, start: int, end: int) -> Span:
        """Return where some characters of a token stand."""
        tokens = self.tokens
        offset = tokens.offsets[at]
        positions = tokens.positions
        if positions is None:
            return Span(self.source, offset + start, offset + end)
        return Span(self.source, positions[offset + start], positions[offset + end])

    def fstring(self, first: int, _children: list[int]) -> Expr:
        from archdsl.syntax.fstrings import fstring

        return fstring(self, first)

    # ------------------------------------------------------------ brackets

    def group(self, first: int, children: list[Expr]) -> Expr:
        return tree.Group(self.span(first), children[0])

    def generator(self, first: int, children: list[Any]) -> Expr:
        return tree.Comprehension(self.span(first), "generator", None, children[0], tuple(children[1]))

    def empty_tuple(self, first: int, _children: list[Any]) -> Expr:
        return tree.TupleExpr(self.span(first), ())

    def tuple_(self, first: int, children: list[Any]) -> Expr:
        return tree.TupleExpr(self.span(first), (children[0], *(children[1] if len(children) > 1 else ())))

    bare_tuple = tuple_

    def list_(self, first: int, children: list[Any]) -> Expr:
        return tree.ListExpr(self.span(first), tuple(children[0]) if children else ())

    def list_comprehension(self, first: int, children: list[Any]) -> Expr:
        return tree.Comprehension(self.span(first), "list", None, children[0], tuple(children[1]))

    def pair(self, _first: int, children: list[Expr]) -> tuple[Expr, Expr]:
        return children[0], children[1]

    def dict_(self, first: int, children: list[Any]) -> Expr:
        return tree.DictExpr(self.span(first), tuple(children[0]) if children else ())

    def dict_comprehension(self, first: int, children: list[Any]) -> Expr:
        (key, element), clauses = children
        return tree.Comprehension(self.span(first), "dict", key, element, tuple(clauses))

    def clause(self, first: int, children: list[Any]) -> tree.Clause:
        return tree.Clause(self.span(first), tuple(children[0]), children[2], ())

    def condition(self, first: int, children: list[Any]) -> tree.Clause:
        clause, condition = children
        return tree.Clause(self.span(first), clause.targets, clause.iterable, (*clause.conditions, condition))

    # ------------------------------------------------------------ what follows a value

    def positional(self, first: int, children: list[Expr]) -> tree.Argument:
        value = children[0]
        if isinstance(value, tree.Chain) and len(value.members) == 1 and isinstance(value.members[0].value, tree.Literal):
            return self._with_colon(first, value.members[0])
        return tree.Argument(self.span(first), None, value)

    def _with_colon(self, first: int, member: tree.Member) -> tree.Argument:
        """Read `kernel_size: 3` as the argument that was meant, since a number is no layer that could have a name."""
        self.complain(say.colon_in_call(member.span, str(member.name)))
        return tree.Argument(self.span(first), member.name, member.value)

    def keyword(self, first: int, children: list[Any]) -> tree.Argument:
        return tree.Argument(self.span(first), self.tokens.texts[children[0]], children[1])

    def generator_argument(self, first: int, children: list[Any]) -> list[tree.Argument]:
        return [tree.Argument(self.span(first), None, self.generator(first, children))]

    def call(self, first: int, children: list[Any]) -> Expr:
        function, arguments = children
        span = self.span(first)
        if not isinstance(function, tree.Name):
            if self._too_long(function):
                return function  # type: ignore[no-any-return]
            function, arguments = self._callable(span, function, arguments)
        return tree.Call(span, function, tuple(arguments))

    def _callable(self, span: Span, function: Expr, arguments: list[tree.Argument]) -> tuple[Expr, list[tree.Argument]]:
        """Return a function that may be called, and its arguments; complain of a method and of what is no function."""
        if isinstance(function, tree.Attribute):
            base = function.base
            name = tree.Name(Span(self.source, function.span.end - len(function.name), function.span.end), function.name)
            root = base
            while isinstance(root, tree.Attribute):
                root = root.base
            if isinstance(root, tree.Name) and root.id in say.MODULES:
                self.complain(say.python_module(function.span, base.span.text, function.name))
                return name.replace(id=say.in_the_registry(function.name)), arguments
            self.complain(say.method(function.span, base, function.name, arguments))
            return name, [tree.Argument(base.span, None, base), *arguments]
        if not isinstance(function, (tree.Call, tree.Group, tree.Subscript)):
            self.complain(say.not_called(function.span))
        return function, arguments

    def subscript(self, first: int, children: list[Any]) -> Expr:
        if self._too_long(children[0]):
            return children[0]  # type: ignore[no-any-return]
        return tree.Subscript(self.span(first), children[0], tuple(children[1]))

    def attribute(self, first: int, children: list[Any]) -> Expr:
        if self._too_long(children[0]):
            return children[0]  # type: ignore[no-any-return]
        if isinstance(children[0], tree.Literal):
            self.complain(say.no_parts(self.span(first)))
            return children[0]
        return tree.Attribute(self.span(first), children[0], self.tokens.texts[children[1]])

    def _too_long(self, base: Any) -> bool:
        """Tell whether so much follows on one value already that it is refused."""
        depth, node = 0, base
        while node is not None and depth <= MOST_POSTFIXES:
            node = getattr(node, "function", None) or getattr(node, "base", None)
            depth += 1
        if depth > MOST_POSTFIXES:
            self.complain(say.too_deep(base.span))
            return True
        return False

    indices = same

    def dots(self, first: int, _children: list[int]) -> Expr:
        return tree.Dots(self.tokens.span(first))

    def slice(self, first: int, children: list[Any]) -> Expr:
        return tree.Slice(self.span(first), children[0], children[1], children[2] if len(children) > 2 else None)

    # ------------------------------------------------------------ operators

    def binary(self, first: int, children: list[Any]) -> Expr:
        return tree.Binary(self.span(first), self.tokens.texts[children[1]], children[0], children[2])

    def unary(self, first: int, children: list[Any]) -> Expr:
        return tree.Unary(self.span(first), self.tokens.texts[children[0]], children[1])

    def first_comparison(self, _first: int, children: list[Any]) -> tuple[list[str], list[Expr]]:
        return [children[1]], [children[0], children[2]]

    def next_comparison(self, _first: int, children: list[Any]) -> tuple[list[str], list[Expr]]:
        (ops, operands), op, operand = children
        ops.append(op)
        operands.append(operand)
        return ops, operands

    def compare(self, first: int, children: list[Any]) -> Expr:
        ops, operands = children[0]
        return tree.Compare(self.span(first), tuple(ops), tuple(operands))

    def conditional(self, first: int, children: list[Expr]) -> Expr:
        then, condition, otherwise = children
        return tree.Conditional(self.span(first), condition, then, otherwise)

    # ------------------------------------------------------------ chains

    def chain(self, first: int, children: list[Any]) -> Expr:
        return tree.Chain(self.span(first), tuple(children[0]))

    def first_link(self, first: int, children: list[Any]) -> list[tree.Member]:
        value, member = children
        return [tree.Member(value.span, None, value), member]

    def member(self, first: int, children: list[Expr]) -> tree.Member:
        return tree.Member(self.span(first), None, children[0])

    def named(self, first: int, children: list[Any]) -> tree.Member:
        return tree.Member(self.span(first), self.tokens.texts[children[0]], children[1])

    expression_alone = same
    names_alone = same
