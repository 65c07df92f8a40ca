"""The syntax tree: what a spec says, whichever surface it was written in.

Nodes are frozen. Every node has a `span`, which equality passes over, so that a spec and its
conversion to the other surface are equal when they say the same. Statements carry their comments.
"""

from __future__ import annotations

from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    Target = str | tuple["Target", ...]


class Node(Record):
    """Anything that stands somewhere in a source."""

    span: Span

    def _compared(self) -> tuple[object, ...]:
        return tuple([getattr(self, field) for field in self._fields if field != "span"])  # type: ignore[attr-defined]


# ---------------------------------------------------------------- expressions


class Expr(Node):
    """An expression; whether it is a constant, a layer or a value is found by analysis."""


class Literal(Expr):
    """A number, text, truth value or None.

    `spelling` keeps how a number was written (`1e-3`), since people choose it with care; it is
    empty for everything else, and not compared.
    """

    value: int | float | str | bool | None
    spelling: str = ""

    def _compared(self) -> tuple[object, ...]:
        return (type(self.value), self.value)


class Name(Expr):
    """A bare name."""

    id: str


class FString(Expr):
    """`f"layer{i + 1}"`: texts and expressions in turn; a format after a colon belongs to its expression."""

    parts: tuple[str | FormatField, ...]


class FormatField(Node):
    """One `{value:format}` of an f-string."""

    value: Expr
    format: str = ""


class Unary(Expr):
    """`-x`, `+x` or `not x`."""

    op: str
    operand: Expr


class Binary(Expr):
    """`left op right` for `+ - * / // % ** @`, and for `and`, `or`."""

    op: str
    left: Expr
    right: Expr

    def _compared(self) -> tuple[object, ...]:
        # In one step along the left side, since a sum of a thousand terms is a tree a thousand deep.
        parts: list[object] = []
        node: Expr = self
        while isinstance(node, Binary):
            parts += [node.op, node.right]
            node = node.left
        return (node, *parts)


class Compare(Expr):
    """`a < b <= c`: operands are one more than operators. `in` and `not in` are among them."""

    ops: tuple[str, ...]
    operands: tuple[Expr, ...]


class Conditional(Expr):
    """`then if condition else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr


class Argument(Node):
    """An argument of a call: by position when `name` is None. `name_span` is where the name stands."""

    name: str | None
    value: Expr


class Call(Expr):
    """`function(arguments)`; `function` is a Name, or a call or group that makes a layer."""

    function: Expr
    arguments: tuple[Argument, ...]


class Attribute(Expr):
    """`base.name`: a named layer's weight."""

    base: Expr
    name: str


class Subscript(Expr):
    """`base[indices]`; more than one index means they were separated by commas."""

    base: Expr
    indices: tuple[Expr, ...]


class Slice(Expr):
    """`start:stop:step` inside a subscript; what was left out is None."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


class Dots(Expr):
    """`...` inside a subscript."""


class ListExpr(Expr):
    """`[a, b]`."""

    items: tuple[Expr, ...]


class TupleExpr(Expr):
    """`(a, b)`, `a, b` where a statement allows it, or `()`."""

    items: tuple[Expr, ...]


class DictExpr(Expr):
    """`{key: value}`."""

    items: tuple[tuple[Expr, Expr], ...]


class Clause(Node):
    """`for targets in iterable if condition ...` of a comprehension; a target in parentheses is a tuple."""

    targets: tuple[Target, ...]
    iterable: Expr
    conditions: tuple[Expr, ...]


class Comprehension(Expr):
    """`[element for ...]`, or `{key: element for ...}` when `key` is given. `kind` is `list`, `dict` or `generator`."""

    kind: str
    key: Expr | None
    element: Expr
    clauses: tuple[Clause, ...]


class Group(Expr):
    """An expression in parentheses. Round a member of a chain they nest; elsewhere they only group."""

    inner: Expr


class Member(Node):
    """One member of a chain, with the name that may stand before it (`stem: conv2d(8, 3)`)."""

    name: str | None
    value: Expr


class Chain(Expr):
    """`a -> b -> c`: two or more members, or a single one that has a name (`conv1: conv2d(64, 7)`)."""

    members: tuple[Member, ...]


# ---------------------------------------------------------------- statements


class Comments(Record):
    """The comments of a statement, without `#` and the blank after it; whether a blank line stood above.

    `above` are the lines before and inside it, `beside` the one on its last line or behind its opening brace,
    `below` (with braces, or of the file) those before the closing brace or the end. `None` is a blank line
    between comments. `blank` says whether a blank line stood before the statement: `fmt` keeps one.
    """

    above: tuple[str | None, ...] = ()
    beside: str | None = None
    below: tuple[str | None, ...] = ()
    blank: bool = False

    def _compared(self) -> tuple[object, ...]:
        return (tuple(line for line in self.above if line is not None), self.beside, tuple(line for line in self.below if line is not None))


NO_COMMENTS = Comments()


class Statement(Node):
    """Anything that stands on its own in a file, a model, a block or a recipe."""

    comments: Comments


class Define(Statement):
    """`a = value`, or `a, b = value`."""

    targets: tuple[Name, ...]
    value: Expr


class Param(Statement):
    """`param name = value`: what `-p name=...` overrides."""

    name: Name
    value: Expr


class Import(Statement):
    """`import "path"`."""

    path: Literal


class Parameter(Node):
    """A parameter of a block or shorthand; `default` is None where it has to be given."""

    name: str
    default: Expr | None


class Shorthand(Statement):
    """`layer name(parameters) = body`: its members are spliced in where it is used."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: Expr


class Type(Node):
    """`ragged int64[T <= length, 57]`: a dtype (None: float32), whether it is ragged, and sizes without the batch.

    `bounds` has for each dimension the expression behind `<=`, or None.
    """

    dtype: str | None
    ragged: bool
    dims: tuple[Expr, ...]
    bounds: tuple[Expr | None, ...]


class Input(Statement):
    """`input name: type`; in a block the type may be left out."""

    name: Name
    type: Type | None


class State(Statement):
    """`state h: [128] = 0` of a cell: its type, and what it starts from (None: zeros)."""

    name: Name
    type: Type
    start: Expr | None


class Next(Statement):
    """`next h, c = value`."""

    targets: tuple[Name, ...]
    value: Expr


class Output(Statement):
    """`output a, b`, where `targets` is empty, or `output name = value`."""

    targets: tuple[Name, ...]
    values: tuple[Expr, ...]


class Block(Statement):
    """A `model`, `block` or `cell` with its statements."""

    kind: str
    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]


class If(Statement):
    """`if condition { } else { }`; an `else if` is an If alone in `otherwise`."""

    condition: Expr
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class For(Statement):
    """`for targets in iterable { }`."""

    targets: tuple[Name, ...]
    iterable: Expr
    body: tuple[Statement, ...]


class Tie(Statement):
    """`tie left = right`: the left weight becomes the right one."""

    left: Expr
    right: Expr


class Entry(Node):
    """`key: value` in the braces of a field. `key` is a name, a dotted name (`conv.weight`) or, else, a text in quotes."""

    comments: Comments
    key: str
    value: Expr


class Init(Statement):
    """`init { ... }`."""

    entries: tuple[Entry, ...]


class Carry(Statement):
    """`carry state = rnn`: a layer's state becomes an argument and an output of the model."""

    name: Name
    layer: Expr


class Field(Statement):
    """`name: value` in a recipe; in braces after the colon (`show: { a: b }`), `value` is Entries."""

    name: Name
    value: Expr | Entries


class Entries(Node):
    """`{ key: value, ... }` after a field."""

    entries: tuple[Entry, ...]


class Step(Statement):
    """`step name { ... }` of a recipe."""

    name: Name
    body: tuple[Statement, ...]


class Train(Statement):
    """`train { ... }`."""

    body: tuple[Statement, ...]


class About(Statement):
    """`about \"\"\"...\"\"\"`: Markdown, with the indentation that its lines share taken off."""

    text: Literal


class Figure(Statement):
    """`figure { style: latent, caption: "..." }`."""

    entries: tuple[Entry, ...]


class Reading(Statement):
    """`reading { "Title": "https://..." }`."""

    entries: tuple[Entry, ...]


class File(Node):
    """A whole spec."""

    statements: tuple[Statement, ...]
    comments: Comments
