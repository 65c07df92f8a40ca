"""Writes statements as YAML, as pairs of a mapping or as items of a list."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.write_arch import write_arch, write_expression, write_signature, write_type
from archdsl.syntax.write_expression import member
from archdsl.syntax.yaml_expressions import has_own_quotes
from archdsl.syntax.yaml_scalars import block_marker, expression_scalar, is_block, is_plain, is_plain_in_brackets, quoted, text_scalar
from archdsl.syntax.yaml_sections import ALONE, BODY_SECTIONS, Run, is_definitions, is_field, is_recipe, names_of, runs_of
from archdsl.syntax.yaml_statements import FIGURE_TEXTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from archdsl.syntax.tree import Comments, Expr
    from archdsl.syntax.yaml_lines import Lines

    Value: TypeAlias = str | list[str] | tuple[str, list[str]]
    """A word, a list of items, or a marker with the lines of a block."""

WIDTH = 100
LONG_CHAIN = 60
"""A chain of layers that is longer than this, or has more than three members, is written as a list."""


class Writer:
    """Writes statements; `at` is the column of a mapping's keys or of a list's dashes."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._values: set[str] = set()

    # ------------------------------------------------------------ pairs

    def pair(self, at: int, dash: str, key: str, value: Value, comments: Comments, led: bool = False) -> None:
        """Write a key with its value; `led` says that what is above it has been written."""
        if not led:
            self.lines.lead(at, comments)
        inner, head = at + _width(dash) + 2, _head(dash, key)
        if isinstance(value, str):
            self.lines.add(at, f"{head}:{' ' * bool(value)}{value}", comments.beside)
        elif isinstance(value, list):
            self.lines.add(at, f"{head}:", comments.beside)
            for item in value:
                self.lines.add(inner, f"- {item}")
        else:
            marker, rows = value
            self.lines.add(at, f"{head}: {marker}", comments.beside)
            for row in rows:
                self.lines.add(inner, row)

    def head(self, at: int, dash: str, key: str, comments: Comments, led: bool, empty: str = "") -> int:
        """Write the key of a statement that has a body, and return the body's column."""
        if not led:
            self.lines.lead(at, comments)
        self.lines.add(at, f"{_head(dash, key)}:{' ' * bool(empty)}{empty}", comments.beside)
        return at + _width(dash) + 2

    # ------------------------------------------------------------ values

    def layer(self, expr: Expr, column: int) -> Value:
        """Write what a name is defined as: a longer chain of layers is a list, a longer path a folded text."""
        text = write_expression(expr)
        if isinstance(expr, tree.Chain) and len(expr.members) > 1:
            first = expr.members[0]
            starts_with_value = first.name is None and isinstance(first.value, tree.Name) and first.value.id in self._values
            if not starts_with_value and (len(text) > LONG_CHAIN or len(expr.members) > 3):
                return [expression_scalar(member(each)) for each in expr.members]
            if column + len(text) > WIDTH:
                return ">-", _folded([member(each) for each in expr.members], WIDTH - column)
        return expression_scalar(text)

    def constant(self, expr: Expr) -> Value:
        """Write a constant or an argument: a list of plain things as a list."""
        flow = _brackets(expr)
        if flow is None and isinstance(expr, tree.ListExpr):
            items = [write_expression(item) for item in expr.items]
            if all(is_plain(item) and not isinstance(of, tree.ListExpr) for item, of in zip(items, expr.items, strict=True)):
                return [expression_scalar(item) for item in items]
        return flow or expression_scalar(write_expression(expr))

    def type(self, type_: tree.Type) -> str:
        """Write `[1, 28, 28]`, or `int64[T]` as a word."""
        text = write_type(type_)
        if type_.dtype is None and not type_.ragged and all(map(is_plain_in_brackets, _sizes(type_))):
            return text
        return expression_scalar(text)

    # ------------------------------------------------------------ sections

    def section(self, at: int, run: Run) -> None:
        """Write one key with the statements that stand under it."""
        first = run.statements[0]
        if run.key in ALONE:
            self.statement(at, "", first, led=False)
        elif run.key == "outputs" and isinstance(first, tree.Output) and not first.targets:
            self._outputs(at, first)
        elif run.key == "inputs" and all(
            isinstance(each, tree.Input) and each.type is None and not _commented(each) for each in run.statements
        ):
            names = [expression_scalar(each.name.id) for each in run.statements if isinstance(each, tree.Input)]
            self.pair(at, "", "inputs", f"[{', '.join(names)}]", first.comments)
        else:
            self.lines.lead(at, first.comments)
            self.lines.add(at, f"{run.key}:")
            listed = run.mixed or (run.key == "graph" and not is_definitions(run.statements))
            listed = listed or any(isinstance(each, tree.Input) and each.type is None for each in run.statements)
            for place, statement in enumerate(run.statements):
                if listed and run.key == "inputs" and isinstance(statement, tree.Input):
                    self._input(at + 2, "- ", statement, place == 0)
                elif listed:
                    self.item(at + 2, statement, place == 0)
                else:
                    self.statement(at + 2, "", statement, place == 0)

    def _outputs(self, at: int, output: tree.Output) -> None:
        texts = [write_expression(value) for value in output.values]
        if all(map(is_plain_in_brackets, texts)) and at + sum(map(len, texts)) < WIDTH - 20:
            self.pair(at, "", "outputs", f"[{', '.join(texts)}]", output.comments)
            return
        self.lines.lead(at, output.comments)
        self.lines.add(at, "outputs:")
        for text in texts[:-1]:
            self.lines.add(at + 2, f"- {expression_scalar(text)}")
        self.lines.add(at + 2, f"- {expression_scalar(texts[-1])}", output.comments.beside)

    def _input(self, at: int, dash: str, statement: tree.Input, led: bool) -> None:
        if statement.type is not None:
            self.pair(at, dash, statement.name.id, self.type(statement.type), statement.comments, led)
            return
        if not led:
            self.lines.lead(at, statement.comments)
        self.lines.add(at, dash + expression_scalar(statement.name.id), statement.comments.beside)

    # ------------------------------------------------------------ lists

    def item(self, at: int, statement: tree.Statement, led: bool) -> None:
        """Write a statement as an item of a list: with its word in front, or as a text where no pair can say it."""
        word = _word(statement)
        if word is None:
            self._spelled(at, statement, led)
        elif isinstance(statement, tree.For):
            head = f"{names_of(statement.targets)} in {write_expression(statement.iterable)}"
            column = self.head(at, "- ", "for", statement.comments, led, expression_scalar(head)) - 2
            self._inner(column, "do", statement.body)
            self.lines.comments(column + 2, statement.comments.below)
        elif isinstance(statement, tree.If):
            column = self.head(at, "- ", "if", statement.comments, led, expression_scalar(write_expression(statement.condition))) - 2
            self._inner(column, "then", statement.then)
            if statement.otherwise:
                self._inner(column, "else", statement.otherwise)
            self.lines.comments(column + 2, statement.comments.below)
        else:
            self.statement(at, f"- {word}", statement, led)

    def _inner(self, at: int, key: str, statements: Sequence[tree.Statement]) -> None:
        self.lines.add(at, f"{key}:" if statements else f"{key}: []")
        for statement in statements:
            self.item(at + 2, statement, led=False)

    def _spelled(self, at: int, statement: tree.Statement, led: bool) -> None:
        """Write a statement of `.arch` as a text."""
        comments = statement.comments
        if not led:
            self.lines.lead(at, comments)
        bare = statement.replace(comments=comments.replace(above=(), beside=None, blank=False))
        text = write_arch(tree.File(statement.span, (bare,), tree.NO_COMMENTS)).rstrip("\n")
        if "\n" not in text:
            self.lines.add(at, f"- {expression_scalar(text)}", comments.beside)
            return
        self.lines.add(at, "- |-", comments.beside)
        for row in text.split("\n"):
            self.lines.add(at + 2, row)

    # ------------------------------------------------------------ statements

    def statement(self, at: int, dash: str, statement: Any, led: bool) -> None:
        """Write a statement as a pair; `dash` is what stands before its key."""
        _WRITERS[type(statement)](self, at, dash, statement, led)

    def define(self, at: int, dash: str, statement: tree.Define, led: bool) -> None:
        column = at + len(dash) + len(names_of(statement.targets)) + 2
        value = self.layer(statement.value, column)
        self._values.update(target.id for target in statement.targets if not _is_chain_of_layers(statement.value, self._values))
        self.pair(at, dash, names_of(statement.targets), value, statement.comments, led)

    def param(self, at: int, dash: str, statement: tree.Param, led: bool) -> None:
        self.pair(at, dash, statement.name.id, self.constant(statement.value), statement.comments, led)

    def shorthand(self, at: int, dash: str, statement: tree.Shorthand, led: bool) -> None:
        key = write_signature(statement.name.id, statement.parameters)
        self.pair(at, dash, key, self.layer(statement.body, at + len(key) + 4), statement.comments, led)

    def typed_input(self, at: int, dash: str, statement: tree.Input, led: bool) -> None:
        self._values.add(statement.name.id)
        self._input(at, dash, statement, led)

    def state(self, at: int, dash: str, statement: tree.State, led: bool) -> None:
        value = self.type(statement.type)
        if statement.start is not None:
            shape = value if value.startswith(("[", "'", '"')) else write_type(statement.type)
            start = write_expression(statement.start)
            value = (
                f"{{shape: {shape if value == shape else quoted(shape)}, start: {start if is_plain_in_brackets(start) else quoted(start)}}}"
            )
        self._values.add(statement.name.id)
        self.pair(at, dash, statement.name.id, value, statement.comments, led)

    def next(self, at: int, dash: str, statement: tree.Next, led: bool) -> None:
        key = names_of(statement.targets)
        self.pair(at, dash, key, self.layer(statement.value, at + len(key) + 4), statement.comments, led)

    def output(self, at: int, dash: str, statement: tree.Output, led: bool) -> None:
        key = names_of(statement.targets)
        one = len(statement.values) == 1
        value: Value = (
            self.layer(statement.values[0], at + len(key) + 4)
            if one
            else [expression_scalar(write_expression(each)) for each in statement.values]
        )
        if one and isinstance(value, list) and len(statement.targets) > 1:
            value = expression_scalar(write_expression(statement.values[0]))
        self.pair(at, dash, key, value, statement.comments, led)

    def tie(self, at: int, dash: str, statement: tree.Tie, led: bool) -> None:
        right = expression_scalar(write_expression(statement.right))
        self.pair(at, dash, write_expression(statement.left), right, statement.comments, led)

    def carry(self, at: int, dash: str, statement: tree.Carry, led: bool) -> None:
        self.pair(at, dash, statement.name.id, expression_scalar(write_expression(statement.layer)), statement.comments, led)

    def about(self, at: int, dash: str, statement: tree.About, led: bool) -> None:
        text = str(statement.text.value)
        value: Value = (block_marker(text), text.split("\n")) if is_block(text) else text_scalar(text)
        self.pair(at, dash, "about", value, statement.comments, led)

    def path(self, at: int, statement: tree.Import, led: bool) -> None:
        """Write one path of `imports`."""
        if not led:
            self.lines.lead(at, statement.comments)
        self.lines.add(at, f"- {text_scalar(str(statement.path.value))}", statement.comments.beside)

    # ------------------------------------------------------------ bodies

    def model(self, block: tree.Block) -> None:
        """Write the one model of a file."""
        self.head(0, "", "model", block.comments, led=False)
        self.lines.add(2, f"name: {expression_scalar(write_signature(block.name.id, block.parameters))}")
        self._body(2, block)

    def block(self, at: int, dash: str, block: tree.Block, led: bool) -> None:
        key = write_signature(block.name.id, block.parameters)
        self._body(self.head(at, dash, key, block.comments, led, "" if block.body else "{}"), block)

    def _body(self, at: int, block: tree.Block) -> None:
        self._values = {statement.name.id for statement in block.body if isinstance(statement, (tree.Input, tree.State))}
        for run in runs_of(block.body, BODY_SECTIONS, "graph"):
            self.section(at, run)
        self.lines.comments(at, block.comments.below)

    def entries(self, at: int, dash: str, key: str, statement: Any, entries: Sequence[tree.Entry], led: bool) -> None:
        """Write a statement that is a mapping of entries."""
        column = self.head(at, dash, key, statement.comments, led, "" if entries else "{}")
        for entry in entries:
            self.pair(column, "", entry.key, self._entry(key, entry), entry.comments)
        self.lines.comments(column, statement.comments.below)

    def _entry(self, key: str, entry: tree.Entry) -> Value:
        text = entry.value.value if isinstance(entry.value, tree.Literal) else None
        if isinstance(text, str) and (key == "reading" or (key == "figure" and entry.key in FIGURE_TEXTS)):
            return expression_scalar(write_expression(entry.value)) if has_own_quotes(text) else text_scalar(text)
        return self.constant(entry.value)

    def train(self, at: int, dash: str, train: tree.Train, led: bool = False) -> None:
        """Write a recipe."""
        self._recipe(self.head(at, dash, "train", train.comments, led, "" if train.body else "{}"), train)

    def step(self, at: int, dash: str, step: tree.Step, led: bool) -> None:
        self._recipe(self.head(at, dash, step.name.id, step.comments, led, "" if step.body else "{}"), step)

    def _recipe(self, at: int, statement: tree.Train | tree.Step) -> None:
        plain, in_steps = is_recipe(statement.body), False
        for each in statement.body:
            if not plain:
                self.item(at, each, led=False)
            elif isinstance(each, tree.Step):
                if not in_steps:
                    self.lines.lead(at, each.comments)
                    self.lines.add(at, "steps:")
                self.step(at + 2, "", each, led=not in_steps)
                in_steps = True
            else:
                self.statement(at, "", each, led=False)
        self.lines.comments(at, statement.comments.below)

    def field(self, at: int, dash: str, field: tree.Field, led: bool) -> None:
        if isinstance(field.value, tree.Entries):
            self.entries(at, dash, field.name.id, field, field.value.entries, led)
        else:
            self.pair(at, dash, field.name.id, self.constant(field.value), field.comments, led)


def _word(statement: tree.Statement) -> str | None:
    """Return what stands before the key of a statement in a list; None where it has to be spelled as in `.arch`."""
    if isinstance(statement, tree.Output):
        return "output " if statement.targets else None
    if isinstance(statement, tree.Input):
        return "input " if statement.type is not None else None
    if isinstance(statement, tree.Block):
        return f"{statement.kind} "
    if isinstance(statement, tree.Field):
        return "" if is_field(statement) else None
    if isinstance(statement, (tree.Init, tree.Figure, tree.Reading)):
        return "" if runs_of((statement,), {type(statement): "entries"}, "")[0].key else None
    return _WORDS.get(type(statement))


_WORDS: dict[type, str] = {
    tree.Define: "", tree.For: "", tree.If: "", tree.Train: "", tree.Param: "param ", tree.Shorthand: "layer ", tree.State: "state ",
    tree.Next: "next ", tree.Tie: "tie ", tree.Carry: "carry ", tree.Step: "step ",
}  # fmt: skip

_WRITERS: dict[type, Callable[[Writer, int, str, Any, bool], None]] = {
    tree.Define: Writer.define, tree.Param: Writer.param, tree.Shorthand: Writer.shorthand, tree.Input: Writer.typed_input,
    tree.State: Writer.state, tree.Next: Writer.next, tree.Output: Writer.output, tree.Tie: Writer.tie, tree.Carry: Writer.carry,
    tree.About: Writer.about, tree.Block: Writer.block, tree.Train: Writer.train, tree.Step: Writer.step, tree.Field: Writer.field,
    tree.Init: lambda writer, at, dash, each, led: writer.entries(at, dash, "init", each, each.entries, led),
    tree.Figure: lambda writer, at, dash, each, led: writer.entries(at, dash, "figure", each, each.entries, led),
    tree.Reading: lambda writer, at, dash, each, led: writer.entries(at, dash, "reading", each, each.entries, led),
}  # fmt: skip


def _brackets(expr: Expr) -> str | None:
    """Write a list of plain things between brackets; None where it is none."""
    if not isinstance(expr, tree.ListExpr):
        return None
    texts = [_brackets(item) if isinstance(item, tree.ListExpr) else write_expression(item) for item in expr.items]
    plain = all(
        text is not None and (isinstance(item, tree.ListExpr) or is_plain_in_brackets(text))
        for item, text in zip(expr.items, texts, strict=True)
    )
    return f"[{', '.join([text or '' for text in texts])}]" if plain else None


def _head(dash: str, key: str) -> str:
    """Write a key behind a list's dash; a word before the key is a part of it."""
    width = _width(dash)
    return dash[:width] + text_scalar(dash[width:] + key)


def _width(dash: str) -> int:
    """Return how far a list's dash moves the key."""
    return 2 if dash.startswith("- ") else 0


def _sizes(type_: tree.Type) -> list[str]:
    return [
        write_expression(size) + ("" if bound is None else f" <= {write_expression(bound)}")
        for size, bound in zip(type_.dims, type_.bounds, strict=True)
    ]


def _folded(members: Sequence[str], width: int) -> list[str]:
    """Break a chain into lines before its arrows."""
    rows = [members[0]]
    for text in members[1:]:
        if len(rows[-1]) + len(text) + 4 > width:
            rows.append(f"-> {text}")
        else:
            rows[-1] += f" -> {text}"
    return rows


def _is_chain_of_layers(expr: Expr, values: set[str]) -> bool:
    """Guess whether a definition makes layers: only the form of what is written hangs on it."""
    first = expr.members[0].value if isinstance(expr, tree.Chain) else expr
    if isinstance(first, tree.Name):
        return first.id not in values
    return isinstance(first, tree.Call) and not any(
        isinstance(each.value, tree.Name) and each.value.id in values for each in first.arguments
    )


def _commented(statement: tree.Statement) -> bool:
    return bool(statement.comments.above) or statement.comments.beside is not None
