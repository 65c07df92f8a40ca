"""Writes a tree as `.arch`: the formatter, and one half of `convert`."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.layout import STEP, WIDTH, lay_out
from archdsl.syntax.lexer import RESERVED
from archdsl.syntax.write_expression import text_literal, write_expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Row = tuple[str, str | None]
    """A line, and the comment beside it."""

__all__ = ["write_arch", "write_expression", "write_signature", "write_type"]


def write_arch(file: tree.File) -> str:
    """Return the text of a file, in the one format there is; it ends with a line break, unless it is empty."""
    rows = _body(file.statements, 0, outermost=True)
    rows += _comment_lines(file.comments.below, 0)
    return "".join([line + "\n" for line in _with_comments(rows)])


def write_signature(name: str, parameters: Sequence[tree.Parameter], always: bool = False) -> str:
    """Return `Name(width, stride = 1)`; without parameters the name alone, unless `always`."""
    if not parameters and not always:
        return name
    inner = [each.name if each.default is None else f"{each.name} = {write_expression(each.default)}" for each in parameters]
    return f"{name}({', '.join(inner)})"


def write_type(type_: tree.Type) -> str:
    """Return `ragged int64[T <= length]`."""
    words = ("ragged " if type_.ragged else "") + (type_.dtype or "")
    sizes = [
        write_expression(size) + ("" if bound is None else f" <= {write_expression(bound)}")
        for size, bound in zip(type_.dims, type_.bounds, strict=True)
    ]
    return f"{words}[{', '.join(sizes)}]"


# ---------------------------------------------------------------- rows and comments


def _with_comments(rows: list[Row]) -> list[str]:
    """Put comments beside their lines, those of neighbouring lines in one column."""
    lines: list[str] = []
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and rows[end][1] is not None:
            end += 1
        column = max((len(text) for text, _ in rows[at:end]), default=0)
        lines += [f"{text.ljust(column)}  {_comment(comment or '')}" for text, comment in rows[at:end]]
        if end < len(rows):
            lines.append(rows[end][0])
        at = end + 1
    return lines


def _comment(text: str) -> str:
    return f"# {text}" if text else "#"


def _comment_lines(comments: Sequence[str | None], indent: int) -> list[Row]:
    return [("" if text is None else " " * indent + _comment(text), None) for text in comments]


def _body(statements: Sequence[tree.Statement], indent: int, outermost: bool = False) -> list[Row]:
    """Write statements one below the other; neighbouring definitions have their `=` in one column."""
    rows: list[Row] = []
    widths = _columns(statements)
    for at, (statement, width) in enumerate(zip(statements, widths, strict=True)):
        apart = outermost and (isinstance(statement, (tree.Block, tree.Train)) or isinstance(statements[at - 1], (tree.Block, tree.Train)))
        if at and (statement.comments.blank or apart):
            rows.append(("", None))
        rows += _comment_lines(statement.comments.above, indent)
        rows += _WRITERS[type(statement)](statement, indent, width)
    return rows


def _columns(statements: Sequence[tree.Statement]) -> list[int]:
    """Return for each statement how wide what stands before its `=` is to be; 0 where it does not matter."""
    widths = [0] * len(statements)
    at = 0
    while at < len(statements):
        end = at + 1
        if _aligns(statements[at]):
            while end < len(statements) and _aligns(statements[end]) and type(statements[end]) is type(statements[at]):
                comments = statements[end].comments
                if comments.blank or comments.above:
                    break
                end += 1
            widths[at:end] = [max(len(_head(each)) for each in statements[at:end])] * (end - at)
        at = end
    return widths


def _aligns(statement: tree.Statement) -> bool:
    return isinstance(statement, tree.Param) or (isinstance(statement, tree.Define) and len(statement.targets) == 1)


def _head(statement: Any) -> str:
    return f"param {statement.name.id}" if isinstance(statement, tree.Param) else ", ".join([target.id for target in statement.targets])


# ---------------------------------------------------------------- statements without braces


def _line(statement: tree.Statement, head: str, value: tree.Expr, indent: int) -> list[Row]:
    """Write a head and an expression behind it; the comment stands beside the last line."""
    lines = lay_out(value, indent + len(head), indent)
    return _beside([" " * indent + head + lines[0], *lines[1:]], statement.comments.beside)


def _beside(lines: list[str], comment: str | None) -> list[Row]:
    return [*((line, None) for line in lines[:-1]), (lines[-1], comment)]


def _define(statement: Any, indent: int, width: int) -> list[Row]:
    return _line(statement, _head(statement).ljust(width) + " = ", statement.value, indent)


def _shorthand(statement: tree.Shorthand, indent: int, _width: int) -> list[Row]:
    return _line(statement, f"layer {write_signature(statement.name.id, statement.parameters)} = ", statement.body, indent)


def _import(statement: tree.Import, indent: int, _width: int) -> list[Row]:
    return _line(statement, "import ", statement.path, indent)


def _input(statement: tree.Input, indent: int, _width: int) -> list[Row]:
    shown = "" if statement.type is None else f": {write_type(statement.type)}"
    return [(f"{' ' * indent}input {statement.name.id}{shown}", statement.comments.beside)]


def _state(statement: tree.State, indent: int, _width: int) -> list[Row]:
    head = f"state {statement.name.id}: {write_type(statement.type)}"
    if statement.start is None:
        return [(" " * indent + head, statement.comments.beside)]
    return _line(statement, head + " = ", statement.start, indent)


def _next(statement: tree.Next, indent: int, _width: int) -> list[Row]:
    return _line(statement, f"next {_head(statement)} = ", statement.value, indent)


def _output(statement: tree.Output, indent: int, _width: int) -> list[Row]:
    head = f"output {_head(statement)} = " if statement.targets else "output "
    if len(statement.values) == 1:
        return _line(statement, head, statement.values[0], indent)
    return [(" " * indent + head + ", ".join([write_expression(value) for value in statement.values]), statement.comments.beside)]


def _tie(statement: tree.Tie, indent: int, _width: int) -> list[Row]:
    return _line(statement, f"tie {write_expression(statement.left)} = ", statement.right, indent)


def _carry(statement: tree.Carry, indent: int, _width: int) -> list[Row]:
    return _line(statement, f"carry {statement.name.id} = ", statement.layer, indent)


def _about(statement: tree.About, indent: int, _width: int) -> list[Row]:
    text = str(statement.text.value)
    shown = "\n".join([text_literal(line)[1:-1].replace('\\"', '"') for line in text.split("\n")]).replace('"""', '\\"\\"\\"')
    if "\n" not in text and len(shown) + indent + 13 <= WIDTH:
        shown = shown[:-1] + '\\"' if shown.endswith('"') else shown
        lines = [f'{" " * indent}about """{shown}"""']
    else:
        margin = " " * indent
        lines = [f'{margin}about """', *[(margin + line).rstrip() for line in shown.split("\n")], f'{margin}"""']
    return _beside(lines, statement.comments.beside)


# ---------------------------------------------------------------- statements with braces


def _braced(statement: Any, head: str, body: Sequence[tree.Statement], indent: int) -> list[Row]:
    inside = _body(body, indent + STEP) + _comment_lines(statement.comments.below, indent + STEP)
    if not inside:
        return [(f"{' ' * indent}{head} {{ }}", statement.comments.beside)]
    return [(f"{' ' * indent}{head} {{", statement.comments.beside), *inside, (" " * indent + "}", None)]


def _block(statement: tree.Block, indent: int, _width: int) -> list[Row]:
    return _braced(statement, f"{statement.kind} {write_signature(statement.name.id, statement.parameters)}", statement.body, indent)


def _train(statement: tree.Train, indent: int, _width: int) -> list[Row]:
    return _braced(statement, "train", statement.body, indent)


def _step(statement: tree.Step, indent: int, _width: int) -> list[Row]:
    return _braced(statement, f"step {statement.name.id}", statement.body, indent)


def _for(statement: tree.For, indent: int, _width: int) -> list[Row]:
    targets = ", ".join([target.id for target in statement.targets])
    return _braced(statement, f"for {targets} in {write_expression(statement.iterable)}", statement.body, indent)


def _if(statement: tree.If, indent: int, _width: int) -> list[Row]:
    """Write an `if` with the branches behind it, an `else if` on the line of the brace."""
    rows: list[Row] = []
    word = "if"
    margin = " " * indent
    while True:
        rows.append((f"{margin}{word} {write_expression(statement.condition)} {{", statement.comments.beside))
        rows += _body(statement.then, indent + STEP)
        other = statement.otherwise
        follows = other[0] if len(other) == 1 else None
        if not isinstance(follows, tree.If) or follows.comments.above or statement.comments.below:
            break
        word, statement = "} else if", follows
    if other:
        rows += [(margin + "} else {", None), *_body(other, indent + STEP)]
    return [*rows, *_comment_lines(statement.comments.below, indent + STEP), (margin + "}", None)]


# ---------------------------------------------------------------- entries


def _entries(statement: Any, head: str, entries: Sequence[tree.Entry], indent: int) -> list[Row]:
    """Write entries on one line where they fit and have no comments, else one a line."""
    comments = statement.comments
    plain = not comments.below and not any(each.comments.above or each.comments.beside is not None for each in entries)
    inner = ", ".join([f"{_key(each.key)}: {write_expression(each.value)}" for each in entries])
    line = f"{' ' * indent}{head} {{ {inner} }}" if entries else f"{' ' * indent}{head} {{ }}"
    if plain and len(line) <= WIDTH:
        return [(line, comments.beside)]
    rows: list[Row] = [(f"{' ' * indent}{head} {{", comments.beside)]
    margin = indent + STEP
    for at, entry in enumerate(entries):
        if at and entry.comments.blank:
            rows.append(("", None))
        rows += _comment_lines(entry.comments.above, margin)
        rows += _line(entry, f"{_key(entry.key)}: ", entry.value, margin)  # type: ignore[arg-type]
    return [*rows, *_comment_lines(comments.below, margin), (" " * indent + "}", None)]


def _key(key: str) -> str:
    """Write a key as it is where that can be read, else between quotes."""
    parts = key.split(".")
    plain = all(part.isidentifier() and part.isascii() and part not in RESERVED for part in parts)
    return key if plain else text_literal(key)


def _init(statement: tree.Init, indent: int, _width: int) -> list[Row]:
    return _entries(statement, "init", statement.entries, indent)


def _figure(statement: tree.Figure, indent: int, _width: int) -> list[Row]:
    return _entries(statement, "figure", statement.entries, indent)


def _reading(statement: tree.Reading, indent: int, _width: int) -> list[Row]:
    return _entries(statement, "reading", statement.entries, indent)


def _field(statement: tree.Field, indent: int, _width: int) -> list[Row]:
    if isinstance(statement.value, tree.Entries):
        return _entries(statement, f"{statement.name.id}:", statement.value.entries, indent)
    return _line(statement, f"{statement.name.id}: ", statement.value, indent)


_WRITERS: dict[type, Callable[[Any, int, int], list[Row]]] = {
    tree.Define: _define,
    tree.Param: _define,
    tree.Shorthand: _shorthand,
    tree.Import: _import,
    tree.Input: _input,
    tree.State: _state,
    tree.Next: _next,
    tree.Output: _output,
    tree.Tie: _tie,
    tree.Carry: _carry,
    tree.About: _about,
    tree.Block: _block,
    tree.Train: _train,
    tree.Step: _step,
    tree.For: _for,
    tree.If: _if,
    tree.Init: _init,
    tree.Figure: _figure,
    tree.Reading: _reading,
    tree.Field: _field,
}
