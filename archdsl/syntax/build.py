"""Makes the nodes of statements; each method bears the name of a rule in `grammar/arch.lark`."""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax import tree
from archdsl.syntax.arch_tables import SIGNS
from archdsl.syntax.build_expressions import ExpressionBuilder
from archdsl.syntax.comments import Keeper
from archdsl.syntax.strings import dedented
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.syntax.lexer import Tokens
    from archdsl.text.complaint import Complaints

_COMMA, _BRACE = SIGNS[","], SIGNS["{"]


class Builder(ExpressionBuilder):
    """Makes a whole file."""

    def __init__(self, tokens: Tokens, complaints: Complaints, depth: int = 0) -> None:
        super().__init__(tokens, complaints, depth)
        self.keeper = Keeper(tokens)

    def done(self, first: int) -> tuple[Span, tree.Comments]:
        """Return span and comments of a statement that has no braces and ends here."""
        return self.span(first), self.keeper.of(first, self.parser.at - 1)

    def braced(self, first: int, body: int) -> tuple[Span, tree.Comments]:
        """Return span and comments of a statement that ends here; `body` is the child that its braces hold."""
        return self.span(first), self.keeper.of(first, self.parser.at - 1, self._brace_before(body))

    def _brace_before(self, body: int) -> int:
        """Return the number of the brace that opened; the parser's stack has the token in front of the body."""
        return self.parser.values[body - 1]  # type: ignore[no-any-return]

    def file(self, _first: int, children: list[Any]) -> tree.File:
        whole = Span(self.source, 0, len(self.source.text))
        return tree.File(whole, tuple(children[0]), self.keeper.rest())

    # ------------------------------------------------------------ definitions

    def define(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Define(span, comments, tuple(children[0]), children[1])

    def param(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Param(span, comments, children[0], children[1])

    def shorthand(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Shorthand(span, comments, children[0], tuple(children[1]), children[2])

    def import_(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Import(span, comments, children[0])

    def input(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Input(span, comments, children[0], children[1] if len(children) > 1 else None)

    def state(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.State(span, comments, children[0], children[1], children[2] if len(children) > 2 else None)

    def next(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Next(span, comments, tuple(children[0]), children[1])

    def output(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        left = self._parts(children[0])
        if len(children) == 1:
            return tree.Output(span, comments, (), left)
        for target in left:
            if not isinstance(target, tree.Name):
                self.complain(say.not_a_target(target.span))
        targets = tuple(target for target in left if isinstance(target, tree.Name))
        return tree.Output(span, comments, targets, self._parts(children[1]))

    def _parts(self, value: tree.Expr) -> tuple[tree.Expr, ...]:
        """Take a tuple apart that was written without parentheses."""
        if isinstance(value, tree.TupleExpr) and value.items and value.span.start == value.items[0].span.start:
            return value.items
        return (value,)

    def tie(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Tie(span, comments, children[0], children[1])

    def carry(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.done(first)
        return tree.Carry(span, comments, children[0], children[1])

    # ------------------------------------------------------------ with braces

    def block(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        kind, name, parameters, body = children
        return tree.Block(span, comments, kind, name, tuple(parameters), tuple(body))

    def if_(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.If(span, comments, children[1], tuple(children[2]), ())

    def else_if(self, first: int, children: list[Any]) -> tree.Statement:
        return self._if_with_else(first, -4, children[1], children[2], [children[3]])

    def if_else(self, first: int, children: list[Any]) -> tree.Statement:
        return self._if_with_else(first, -6, *children[1:])

    def _if_with_else(self, first: int, then_at: int, condition: tree.Expr, then: list[Any], otherwise: list[Any]) -> tree.Statement:
        """Make an `if` with two branches; comments between them go above the first statement behind `else`."""
        span, last = self.span(first), self.parser.at - 1
        comments = self.keeper.of(first, last, self._brace_before(then_at), self.parser.values[then_at + 1])
        between = tuple(self.keeper.between)
        if between and otherwise:
            inner = otherwise[0].comments
            otherwise[0] = otherwise[0].replace(comments=inner.replace(above=between + inner.above))
        elif between:
            comments = comments.replace(below=between + comments.below)
        return tree.If(span, comments, condition, tuple(then), tuple(otherwise))

    def for_(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.For(span, comments, tuple(children[0]), children[2], tuple(children[3]))

    def train(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.Train(span, comments, tuple(children[0]))

    def step(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.Step(span, comments, children[0], tuple(children[1]))

    def init(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.Init(span, comments, tuple(children[0]))

    def figure(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.Figure(span, comments, tuple(children[0]))

    def reading(self, first: int, children: list[Any]) -> tree.Statement:
        span, comments = self.braced(first, -2)
        return tree.Reading(span, comments, tuple(children[0]))

    def about(self, first: int, children: list[tree.Literal]) -> tree.Statement:
        span, comments = self.done(first)
        text = children[0]
        return tree.About(span, comments, text.replace(value=dedented(str(text.value))))

    def field(self, first: int, children: list[Any]) -> tree.Statement:
        name, value = children
        if isinstance(value, _Braces):
            span, comments = self.span(first), self.keeper.of(first, self.parser.at - 1, value.brace)
            return tree.Field(span, comments, name, value.entries)
        span, comments = self.done(first)
        return tree.Field(span, comments, name, value)

    def braces(self, first: int, children: list[Any]) -> _Braces:
        return _Braces(first, tree.Entries(self.span(first), tuple(children[1])))

    # ------------------------------------------------------------ parts

    def entry(self, first: int, children: list[Any]) -> tree.Entry:
        key, value = children
        at = self.parser.at
        last = at if self.tokens.kinds[at] == _COMMA else at - 1
        return tree.Entry(self.span(first), self.keeper.of(first, last), key, value)

    def next_entry(self, _first: int, children: list[Any]) -> list[tree.Entry]:
        entries, entry = children
        between = self.source.text[entries[-1].span.end : entry.span.start]
        if "\n" not in between:
            self.complain(say.entries_run_together(entry.span))
        entries.append(entry)
        return entries  # type: ignore[no-any-return]

    def dotted_key(self, _first: int, children: list[list[str]]) -> str:
        return ".".join(children[0])

    def quoted_key(self, first: int, _children: list[int]) -> str:
        return str(self.string(first, []).value)

    def parameter(self, first: int, children: list[Any]) -> tree.Parameter:
        return tree.Parameter(self.span(first), self.tokens.texts[children[0]], children[1] if len(children) > 1 else None)

    def signature_alone(self, _first: int, children: list[Any]) -> tuple[str, tuple[tree.Parameter, ...]]:
        return self.tokens.texts[children[0]], tuple(children[1])

    def type(self, first: int, children: list[Any]) -> tree.Type:
        span = self.span(first)
        *words, sizes = children
        ragged = bool(words) and self.tokens.texts[words[0]] == "ragged"
        if len(words) == 2 and not ragged:
            self.complain(say.two_types(self.tokens.span(words[0]), self.tokens.texts[words[0]]))
        dtype = self.tokens.texts[words[-1]] if len(words) == 2 or (words and not ragged) else None
        dims, bounds = [], []
        for size in sizes:
            bounded = isinstance(size, tree.Compare) and size.ops == ("<=",)
            dims.append(size.operands[0] if bounded else size)
            bounds.append(size.operands[1] if bounded else None)
        return tree.Type(span, dtype, ragged, tuple(dims), tuple(bounds))

    type_alone = ExpressionBuilder.same


class _Braces:
    """Entries in braces, and the token that opened them, on their way into a field."""

    def __init__(self, brace: int, entries: tree.Entries) -> None:
        self.brace, self.entries = brace, entries
