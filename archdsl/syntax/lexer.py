"""Cuts the text of a spec into tokens and comments, in one pass of one regular expression."""

from __future__ import annotations

import re

from archdsl.syntax import complaints as say
from archdsl.syntax.arch_tables import SIGNS, TERMINALS, WORDS
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.text.complaint import Complaints
    from archdsl.text.source import Source

END, NAME, NUMBER, STRING, FSTRING = (TERMINALS.index(name) for name in ("$END", "NAME", "NUMBER", "STRING", "FSTRING"))
IF_STATEMENT, ENTRIES = TERMINALS.index("IF_STATEMENT"), TERMINALS.index("ENTRIES")
RESERVED = frozenset(["and", "or", "not", "if", "else", "for", "in", "None", "True", "False", "none", "true", "false"])
"""Words that are never names; the others are words only where they begin a statement."""

MOST_FAULTS = 100
"""After so many things that are no tokens, the rest of a text is not read."""

_KINDS = {word: number if word in RESERVED else -number for word, number in WORDS.items()}
_IF, _ELSE, _BRACE, _COLON = WORDS["if"], WORDS["else"], SIGNS["{"], SIGNS[":"]

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
    ([A-Za-z_][A-Za-z0-9_]*)(?![\w"'])                                          # 1 a name or word
  | ((?:[0-9]\w*(?:\.(?!\.)\w*)?|\.[0-9]\w*)(?:(?<=[0-9._][eE])[+-][0-9]\w*)?)  # 2 a number
  | (->|\.\.\.|\*\*|//|[<>=!]=|[-+*/%@<>=()\[\]{},:.])                          # 3 a sign
  | \#([^\n]*)                                                                  # 4 a comment
  | ([A-Za-z]*(?:\"{3}[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*\"{3}              # 5 a string
               |'{3}[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'{3}
               |"(?!"")[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"
               |'(?!'')[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'))
  | (\"{3}[\s\S]*|'{3}[\s\S]*|["'][^\n]*|\w+|[^ \t\r\n])                        # 6 anything else
    )""",
    re.VERBOSE,
)
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+|\r(?!\n)"
)


class Tokens:
    """The tokens of a text, in columns: what each is, its text, where it starts and ends in the source.

    A kind below zero is one that the parser decides: a word that may be a name, an `if` that may begin
    a statement, a brace that may open entries. The last token is the end. `comments` are
    `(number of the token that follows, text, begins its line, blank line before)`; `faults` are the
    numbers of tokens at which something was complained of already.
    """

    __slots__ = ("comments", "ends", "faults", "kinds", "offsets", "positions", "source", "starts", "stops", "text", "texts")

    def __init__(self, source: Source, text: str, positions: Sequence[int] | None) -> None:
        self.source = source
        self.text = text
        self.positions = positions
        self.kinds: list[int] = []
        self.texts: list[str] = []
        self.starts: list[int] = []
        self.offsets = self.starts
        self.ends: list[int] = []
        self.stops = self.ends
        self.comments: list[tuple[int, str, bool, bool]] = []
        self.faults: list[int] = []

    def span(self, at: int) -> Span:
        """Return where a token stands."""
        return Span(self.source, self.starts[at], self.ends[at])

    def begins_line(self, at: int) -> bool:
        """Tell whether a token is the first on its line."""
        return at == 0 or "\n" in self.text[self.stops[at - 1] : self.offsets[at]]

    def column(self, at: int) -> int:
        """Return how many characters stand before a token on its line."""
        return self.offsets[at] - self.text.rfind("\n", 0, self.offsets[at]) - 1

    def indent(self, at: int) -> int:
        """Return how far the line on which a token stands is indented."""
        start = self.text.rfind("\n", 0, self.offsets[at]) + 1
        return len(self.text[start : self.offsets[at] + 1]) - len(self.text[start : self.offsets[at] + 1].lstrip(" \t"))

    def insert(self, at: int, kind: int, text: str) -> None:
        """Put in a token that was forgotten; it takes no room."""
        place = self.ends[at - 1] if at else 0
        for column, value in ((self.kinds, kind), (self.texts, text), (self.starts, place), (self.ends, place)):
            column.insert(at, value)  # type: ignore[arg-type]
        if self.offsets is not self.starts:
            stop = self.stops[at - 1] if at else 0
            self.offsets.insert(at, stop)
            self.stops.insert(at, stop)
        self.comments[:] = [(number + (number >= at), text, own, blank) for number, text, own, blank in self.comments]
        self.faults = [number + (number >= at) for number in self.faults]


def tokens_of(
    source: Source,
    complaints: Complaints,
    text: str | None = None,
    start: int = 0,
    end: int | None = None,
    positions: Sequence[int] | None = None,
) -> Tokens:
    """Cut a stretch of the source into tokens, or a `text` whose characters (and end) have `positions` in it."""
    text = source.text if text is None else text
    end = len(text) if end is None else end
    tokens = Tokens(source, text, positions)
    odd = _cut(tokens, start + 1 if start == 0 and text.startswith("\ufeff") else start, end)
    if positions is not None:
        tokens.starts, tokens.ends = [positions[at] for at in tokens.offsets], [positions[at] for at in tokens.stops]
    for number in odd:
        _look_closer(tokens, number, complaints)
    return tokens


_OPENS_STATEMENT = frozenset({_BRACE, _ELSE, -ENTRIES})
_NO_TOKEN = 6
_ROUGH_KINDS = {2: NUMBER, 5: STRING, _NO_TOKEN: NAME}


def _cut(tokens: Tokens, start: int, end: int) -> list[int]:
    """Fill the columns from a stretch of the text; return the tokens that want a closer look."""
    text, kinds, texts = tokens.text, tokens.kinds, tokens.texts
    odd: list[int] = []
    before, amiss = start, 0
    for match in _TOKEN.finditer(text, start, end):
        group = match.lastindex or 0
        at, stop = match.span(group)
        word = match[group]
        if group == 1:
            kind = _KINDS.get(word, NAME)
            if kind == _IF and (not kinds or kinds[-1] in _OPENS_STATEMENT or "\n" in text[before:at]):
                kind = -IF_STATEMENT
        elif group == 3:
            kind = SIGNS[word]
            if kind == _BRACE and kinds and kinds[-1] == _COLON:
                kind = -ENTRIES
        elif group == 4:
            gap = text[before:at].count("\n")
            tokens.comments.append((len(kinds), word.strip(), gap > 0 or before == start, gap > 1))
            before = stop
            continue
        else:
            kind = _ROUGH_KINDS[group]
            if (kind == STRING and word[0] not in "\"'") or group == _NO_TOKEN:
                odd.append(len(kinds))
            amiss += group == _NO_TOKEN
            if amiss > MOST_FAULTS:
                odd.pop()
                break
        kinds.append(kind)
        texts.append(word)
        tokens.offsets.append(at)
        tokens.stops.append(before := stop)
    kinds.append(END)
    texts.append("")
    tokens.offsets.append(end)
    tokens.stops.append(end)
    return odd


def _look_closer(tokens: Tokens, number: int, complaints: Complaints) -> None:
    """Sort out a string with a prefix, and complain of what is not a token at all."""
    word = tokens.texts[number]
    if tokens.kinds[number] == STRING:
        prefix = word[: min(at for at in (word.find('"'), word.find("'")) if at >= 0)].lower()
        if prefix in {"f", "rf", "fr"}:
            tokens.kinds[number] = FSTRING
        elif prefix not in {"", "r"}:
            complaints.add(say.odd_prefix(tokens.span(number), prefix))
            tokens.faults.append(number)
        return
    tokens.faults.append(number)
    span = tokens.span(number)
    if word[0] in "\"'":
        tokens.kinds[number] = STRING
        complaints.add(say.string_not_closed(span, word))
    elif word.isidentifier():
        complaints.add(say.not_ascii(span, word))
    elif not _REFUSED.match(word):
        complaints.add(say.odd_character(span, word))


def refuse_characters(source: Source, complaints: Complaints) -> None:
    """Complain of control and bidirectional characters, wherever they stand; of the first dozen, that is enough."""
    for count, match in enumerate(_REFUSED.finditer(source.text)):
        if match.start() == 0 and match[0] == "\ufeff":
            continue
        if count > 12:
            break
        complaints.add(say.refused_character(Span(source, match.start(), match.end()), match[0]))
