"""Reads `.arch`: a whole file, or a stretch of any text that holds an expression."""

from __future__ import annotations

from gc import disable, enable, isenabled

from archdsl.syntax import tree
from archdsl.syntax.build import Builder
from archdsl.syntax.lexer import refuse_characters, tokens_of
from archdsl.syntax.mend import mend
from archdsl.syntax.parse import Parser
from archdsl.syntax.placement import placed
from archdsl.text.complaint import Complaints
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from archdsl.syntax.lexer import Tokens
    from archdsl.text.source import Source


def read(source: Source, complaints: Complaints) -> tree.File:
    """Read a whole spec. What cannot be read is complained of and left out."""
    refuse_characters(source, complaints)
    collecting = isenabled()
    disable()  # The collector would take more time than reading does, and finds nothing in a tree.
    found = Complaints()
    try:
        file: tree.File = _parsed(tokens_of(source, found), found, "file")
        if file is None:
            return tree.File(Span(source, 0, len(source.text)), (), tree.NO_COMMENTS)
        statements = placed(file.statements, "a file", found)
        return file if statements is file.statements else tree.File(file.span, statements, file.comments)
    finally:
        _pass_on(found, complaints)
        if collecting:
            enable()


def _pass_on(found: Complaints, complaints: Complaints) -> None:
    """Keep what is a mistake of its own: where a brace is missing, all that it would have held seems out of place."""
    unopened = astray = False
    for complaint in found:
        follows = unopened and complaint.code == "misplaced"
        closes = complaint.code == "closes-nothing" and complaint.span.text == "}" and (unopened or astray)
        if not follows and not closes:
            complaints.add(complaint)
        unopened = unopened or complaint.message.startswith("I expected `{`")
        astray = astray or complaint.code == "misplaced"


def read_expression(
    source: Source, start: int, end: int, complaints: Complaints, text: str | None = None, positions: Sequence[int] | None = None
) -> tree.Expr | None:
    """Read a stretch of the source as an expression, chains included; None where it is none.

    Where the source spells the text with escapes or folds its lines, `text` is what it stands for, and
    `positions` has for each of its characters, and for its end, the place in the source.
    """
    return _stretch(source, start, end, complaints, text, positions, "expression_alone")  # type: ignore[no-any-return]


def read_signature(
    source: Source, start: int, end: int, complaints: Complaints, text: str | None = None, positions: Sequence[int] | None = None
) -> tuple[str, tuple[tree.Parameter, ...]] | None:
    """Read `BasicBlock(width, stride = 1)` as a name and parameters."""
    return _stretch(source, start, end, complaints, text, positions, "signature_alone")  # type: ignore[no-any-return]


def read_type(
    source: Source, start: int, end: int, complaints: Complaints, text: str | None = None, positions: Sequence[int] | None = None
) -> tree.Type | None:
    """Read `ragged int64[T <= length]`."""
    return _stretch(source, start, end, complaints, text, positions, "type_alone")  # type: ignore[no-any-return]


def read_names(
    source: Source, start: int, end: int, complaints: Complaints, text: str | None = None, positions: Sequence[int] | None = None
) -> tuple[tree.Name, ...] | None:
    """Read `memory, state` as names."""
    names = _stretch(source, start, end, complaints, text, positions, "names_alone")
    return None if names is None else tuple(names)


def _stretch(
    source: Source, start: int, end: int, complaints: Complaints, text: str | None, positions: Sequence[int] | None, what: str
) -> Any:
    if text is None:
        return _parsed(tokens_of(source, complaints, None, start, end), complaints, what)
    return _parsed(tokens_of(source, complaints, text, positions=positions), complaints, what)


def _parsed(tokens: Tokens, complaints: Complaints, what: str) -> Any:
    builder = Builder(tokens, complaints)
    parser = Parser(tokens, builder, mend)
    builder.parser = parser
    return parser.run(what)
