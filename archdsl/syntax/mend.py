"""Gets the parser past a mistake: says what it is, gives up the statement it is in, and goes on behind."""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax.arch_tables import SIGNS, WORDS
from archdsl.syntax.diagnose import diagnosed
from archdsl.syntax.lexer import END, FSTRING, NAME, NUMBER, RESERVED, STRING
from archdsl.syntax.parse import IN_ENTRIES, IN_STATEMENTS, Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.lexer import Tokens

MOST_COMPLAINTS = 100
"""After so many mistakes reading ends; a person has enough to do with those."""

_FARTHEST = 10_000
"""No bracket is looked for further away, in tokens, so that many mistakes do not take long."""

STARTS = frozenset(WORDS) - RESERVED
"""The words that begin statements, but for `if` and `for`."""

_OPENERS = {SIGNS["("]: SIGNS[")"], SIGNS["["]: SIGNS["]"], SIGNS["{"]: SIGNS["}"]}
_CLOSERS = frozenset(_OPENERS.values())
_CLOSE = SIGNS["}"]
_BRACED = frozenset({"model", "block", "cell", "train", "step", "if", "for", "init", "figure", "reading"})
_INDENTED = frozenset({"class", "def", "while", "with", "try"})
_OPENING = frozenset({"(", "[", "{"})
_FLOW = frozenset({"if", "for"})
_ENDS = frozenset({NAME, NUMBER, STRING, FSTRING, WORDS["None"], SIGNS["{"], *_CLOSERS})
_AFTER_TARGET = frozenset({SIGNS["="], SIGNS[","], SIGNS[":"]})


def mend(parser: Parser, deep: bool = False) -> bool:
    """Complain of what stands at the parser's place, and tell whether it can go on."""
    builder, tokens = parser.builder, parser.tokens
    entries, statements = parser.body(IN_ENTRIES), parser.body(IN_STATEMENTS)
    depth = max(entries, statements)
    first = parser.begins[depth - 1] if 0 < depth <= len(parser.begins) else parser.at
    at = _blamed(parser, first)
    open_brackets = parser.open_brackets()
    over = tokens.kinds[parser.at] == END and builder.ended
    if not over and not any(first <= fault <= max(at, parser.at) for fault in tokens.faults):
        builder.complain(say.too_deep(tokens.span(parser.at)) if deep else diagnosed(parser, at, first, open_brackets))
    builder.mistakes += 1
    builder.ended = builder.ended or tokens.kinds[parser.at] == END
    if not depth or builder.mistakes > MOST_COMPLAINTS:
        return False
    if _is_outdented(parser):
        tokens.insert(parser.at, _CLOSE, "}")
        return True
    if tokens.texts[first] in _BRACED and begins_statement(tokens, parser.at) and parser.accepts(SIGNS["{"]):
        tokens.insert(parser.at, SIGNS["{"], "{")
        return True
    parser.cut(depth)
    if tokens.texts[first] in _INDENTED:
        at = _behind_indented(tokens, first, at)
    _go_on(parser, at, first, [bracket for bracket in open_brackets if first <= bracket < at], entries > statements)
    return True


def _behind_indented(tokens: Tokens, first: int, at: int) -> int:
    """Return the first token behind what is indented below a line, as the body of a Python function is."""
    column = tokens.column(first)
    while tokens.kinds[at] != END and not (at > first and tokens.begins_line(at) and tokens.column(at) <= column):
        at += 1
    # Braces that were opened out of habit are closed at the column of the word.
    words = tokens.texts[first:at]
    return at + 1 if tokens.kinds[at] == _CLOSE and words.count("{") > words.count("}") else at


def _is_outdented(parser: Parser) -> bool:
    """Tell whether the parser stopped at a word that fits, but by its indentation stands behind a brace that is missing."""
    kind = parser.tokens.kinds[parser.at]
    return kind < 0 and parser.accepts(-kind)


def _blamed(parser: Parser, first: int) -> int:
    """Return the token at which things went wrong: the one found, or the one before it where that
    begins the next statement and was taken for a part of this one (`x = a ->` and then `y = b`).
    """
    tokens, at = parser.tokens, parser.at
    if at - 1 > first and begins_statement(tokens, at - 1):
        return at - 1
    return at


def begins_statement(tokens: Tokens, at: int) -> bool:
    """Tell whether a token looks like the first of a statement: it begins a line, and what follows fits."""
    word, kind = tokens.texts[at], tokens.kinds[at]
    if kind == END or not tokens.begins_line(at):
        return False
    if word in _FLOW:
        return True
    follows = tokens.kinds[at + 1]
    if word in STARTS and (follows == NAME or follows < 0 or follows in {STRING, SIGNS["{"]} or word in {"output", "tie"}):
        return True
    return (kind == NAME or kind < 0) and word.isidentifier() and follows in _AFTER_TARGET


def begins_next(tokens: Tokens, at: int, first: int) -> bool:
    """Tell whether a token begins the statement after the one that begins at `first`, and no line of that one."""
    return begins_statement(tokens, at) and tokens.column(at) <= tokens.indent(first)


def _go_on(parser: Parser, at: int, first: int, abandoned: list[int], in_entries: bool) -> None:
    """Put the parser where the next statement, or entry, begins; the end of what holds them is one, too."""
    tokens = parser.tokens
    place = None if abandoned and begins_next(tokens, at, first) else _behind(tokens, at, abandoned)
    begins = begins_statement
    if place is None:
        place = abandoned[0] + 1
    else:
        begins = _may_begin_statement
    depth = 0
    while (kind := tokens.kinds[place]) != END:
        if depth == 0:
            if kind == _CLOSE and parser.accepts(_CLOSE):
                break
            if _begins_entry(tokens, place) if in_entries else begins_statement(tokens, place) or (place > at and begins(tokens, place)):
                break
        if in_entries and begins_statement(tokens, place) and tokens.texts[place] in STARTS and tokens.kinds[place + 1] != SIGNS[":"]:
            break
        depth = max(0, depth + (tokens.texts[place] in _OPENING) - (kind in _CLOSERS))
        place += 1
    parser.rewind(place)
    if not parser.accepts(tokens.kinds[place]) and not _may_begin(parser, place):
        _close(parser, place)


def _may_begin_statement(tokens: Tokens, at: int) -> bool:
    """Tell whether a token is a word that begins a line, and not the right side of a sign."""
    kind = tokens.kinds[at]
    if kind != NAME and kind >= 0 and tokens.texts[at] not in _FLOW:
        return False
    return tokens.begins_line(at) and (at == 0 or tokens.kinds[at - 1] in _ENDS or tokens.kinds[at - 1] < 0)


def _may_begin(parser: Parser, place: int) -> bool:
    kind = parser.tokens.kinds[place]
    return kind < 0 and (parser.accepts(-kind) or parser.accepts(NAME)) and parser.body(IN_ENTRIES) < parser.body(IN_STATEMENTS)


def _close(parser: Parser, place: int) -> None:
    """Put in the brace that is missing, since the mistake has been spoken of."""
    tokens = parser.tokens
    if parser.accepts(_CLOSE):
        tokens.insert(place, _CLOSE, "}")
    elif tokens.kinds[place] != END:
        parser.at = place + 1


def _begins_entry(tokens: Tokens, at: int) -> bool:
    if not (tokens.begins_line(at) or tokens.kinds[at - 1] == SIGNS[","]):
        return False
    return tokens.texts[at + 1] in {":", "."} and (tokens.kinds[at] in (NAME, STRING) or tokens.kinds[at] < 0)


def _behind(tokens: Tokens, at: int, abandoned: list[int]) -> int | None:
    """Return the place behind the brackets that were given up; None where one of them is not closed."""
    if not abandoned:
        return at
    waiting = [_OPENERS[SIGNS[tokens.texts[bracket]]] for bracket in abandoned]
    limit = at + _FARTHEST
    while tokens.kinds[at] != END and at < limit:
        kind = tokens.kinds[at]
        if tokens.texts[at] in STARTS and begins_statement(tokens, at) and tokens.kinds[at + 1] not in _AFTER_TARGET:
            return None
        if tokens.texts[at] in _OPENING:
            waiting.append(_OPENERS[SIGNS[tokens.texts[at]]])
        elif kind in _CLOSERS:
            if kind != waiting[-1]:
                return None
            waiting.pop()
            if not waiting:
                return at + 1
        at += 1
    return None
