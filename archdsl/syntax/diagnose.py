"""Finds the words for a token that does not fit: what was expected, what was found, what was meant."""

from __future__ import annotations

from archdsl.syntax import complaints as say
from archdsl.syntax.arch_tables import SIGNS, TERMINALS, WORDS
from archdsl.syntax.lexer import END, NAME, NUMBER, RESERVED, STRING
from archdsl.text.source import Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.lexer import Tokens
    from archdsl.syntax.parse import Parser
    from archdsl.text.complaint import Complaint

_FARTHEST = 10_000
_CLOSERS = frozenset(SIGNS[sign] for sign in ")]}")
_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_STATEMENT_WORDS = sorted(set(WORDS) - RESERVED | {"if", "for"})


def diagnosed(parser: Parser, at: int, first: int, open_brackets: list[int]) -> Complaint:
    """Return what is to be said of a token; `first` is where its statement begins."""
    tokens = parser.tokens
    expected = parser.expected()
    return (
        _habit(tokens, at, first)
        or _bracket(parser, at, first, expected, open_brackets)
        or _mixed_up(parser, at, first, expected)
        or _plainly(parser, at, expected)
    )


def _text(tokens: Tokens, at: int) -> str:
    return tokens.texts[at] if at < len(tokens.texts) else ""


def found(tokens: Tokens, at: int) -> str:
    """Name a token as one speaks of it."""
    kind, text = tokens.kinds[at], tokens.texts[at]
    if kind == END:
        return "the end" if tokens.positions is not None or tokens.ends[at] < len(tokens.source.text) else "the end of the file"
    shown = text if len(text) <= 30 and "\n" not in text else text.split("\n")[0][:27] + "..."
    if kind == STRING:
        return f"the text {shown}"
    return f"`{shown}`"


# ---------------------------------------------------------------- habits of other languages

_FIRST_WORDS = {
    "def": "A reusable part is a `block Name(width) { ... }`, a shorthand `layer name(width) = ...`.",
    "class": "A reusable part is a `block Name(width) { ... }`, the whole network a `model Name { ... }`.",
    "return": "What a model or block gives is written `output name`.",
    "elif": "Write `else if`.",
    "while": "There is no `while`; `for` goes through a list, and `scan` through time.",
    "from": 'Blocks are brought in with `import "path.arch"`.',
    "import": 'Write `import "path.arch"`, with the path between double quotes.',
    "lambda": "There are no functions of one's own; a shorthand is written `layer name(width) = ...`.",
    "let": "A definition has no word in front: `name = ...`.",
    "var": "A definition has no word in front: `name = ...`.",
    "const": "A definition has no word in front, or is a `param name = ...`.",
    "with": "There is no `with`.",
    "try": "There is no `try`.",
    "pass": "Nothing needs to stand in empty braces.",
    "print": "Nothing is printed from a spec; `archdsl summary` shows shapes.",
    "function": "A shorthand is written `layer name(width) = ...`.",
    "fn": "A shorthand is written `layer name(width) = ...`.",
    "del": "Nothing needs to be deleted.",
    "assert": "There is no `assert`.",
}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "@"})
_SIGNS_ELSEWHERE = {
    (":", "="): ("`:=` is not known", "Define the name in a line of its own."),
    ("=", ">"): ("`=>` is not known", "The arrow is `->`."),
    ("<", "-"): ("`<-` is not known", "The arrow points to the right: `value -> layer`."),
    ("<", ">"): ("`<>` is not known", "Write `!=`."),
    (">", ">"): ("`>>` is not known", "The arrow is `->`."),
    ("-", "-"): ("`--` is not known", "Comments begin with `#`."),
}


def _habit(tokens: Tokens, at: int, first: int) -> Complaint | None:
    """Recognise what is written so in Python or elsewhere."""
    before, word, after = _text(tokens, at - 1) if at else "", _text(tokens, at), _text(tokens, at + 1)
    opening = _text(tokens, first)
    for place in {first, at, at - 1} if at else {first, at}:
        if (
            place >= first
            and tokens.kinds[place] != END
            and (hint := _FIRST_WORDS.get(_text(tokens, place)))
            and (place == first or _text(tokens, place) == "lambda")
        ):
            if place < at and _text(tokens, place + 1) in {"=", ","}:
                continue
            return say.python_word(tokens.span(place), _text(tokens, place), hint)
    if word == "is" or before == "is":
        return say.python_word(tokens.span(at if word == "is" else at - 1), "is", "Write `==`, or `!=` for `is not`.")
    if word == "else" and opening == "else":
        return say.else_alone(tokens.span(at))
    for pair in ((before, word), (word, after)):
        if pair in _SIGNS_ELSEWHERE and at:
            left = at - 1 if pair == (before, word) else at
            if tokens.ends[left] == tokens.starts[left + 1]:
                message, hint = _SIGNS_ELSEWHERE[pair]
                return say.unexpected(Span(tokens.source, tokens.starts[left], tokens.ends[left + 1]), message, "this sign", hint)
    if word in _ARITHMETIC and after == "=" and tokens.ends[at] == tokens.starts[at + 1]:
        before, at, word = word, at + 1, "="
    if word == "=" and before in _ARITHMETIC:
        name = _text(tokens, at - 2)
        return say.unexpected(
            Span(tokens.source, tokens.starts[at - 1], tokens.ends[at]),
            f"`{before}=` is not known",
            "this sign",
            f"Write `{name} = {name} {before} ...`.",
        )
    if word in {"*", "**"} and before in {"(", ","}:
        return say.unexpected(
            tokens.span(at), "arguments cannot be unpacked here", f"`{word}` stands before an argument", "Write the arguments out."
        )
    return None


# ---------------------------------------------------------------- brackets


def _bracket(parser: Parser, at: int, first: int, expected: set[int], open_brackets: list[int]) -> Complaint | None:
    """Recognise a bracket that is not closed, closed by another, or never opened."""
    from archdsl.syntax.mend import begins_statement

    tokens = parser.tokens
    word, kind = tokens.texts[at], tokens.kinds[at]
    inner = open_brackets[-1] if open_brackets else None
    if inner is None:
        return say.closes_nothing(tokens.span(at), word) if kind in _CLOSERS else None
    opener = tokens.texts[inner]
    closer = _CLOSER_OF[opener]
    if kind in _CLOSERS and inner < first and word != "}":
        return say.closes_nothing(tokens.span(at), word)
    if kind in _CLOSERS:
        return None if closer == word else say.not_closed(_behind(tokens, at), opener, closer, found(tokens, at), tokens.span(inner))
    if inner < first:
        outdented = parser.tokens.kinds[at] < 0 and at == parser.at and parser.accepts(-parser.tokens.kinds[at])
        if kind != END and not outdented:
            return None
        inner = _unmatched(tokens, at, inner)
    elif kind == END or begins_statement(tokens, at):
        at = next((place for place in range(inner + 1, at) if begins_statement(tokens, place)), at)
    else:
        return None
    return say.not_closed(_behind(tokens, at), opener, closer, found(tokens, at), tokens.span(inner))


def _unmatched(tokens: Tokens, end: int, inner: int) -> int:
    """Return the brace that was most likely left open: one whose closing brace is indented otherwise, if there is one."""
    stack: list[int] = []
    for at in range(max(0, end - _FARTHEST), end):
        text = tokens.texts[at]
        if text == "{" and tokens.kinds[at] != STRING:
            stack.append(at)
        elif text == "}" and stack:
            opener = stack.pop()
            if tokens.begins_line(at) and tokens.column(at) < tokens.indent(opener):
                return opener
    return inner


def _behind(tokens: Tokens, at: int) -> Span:
    """Return the place right behind the token before this one: what is missing is missing there."""
    if at == 0:
        return tokens.span(at)
    end = tokens.ends[at - 1]
    return Span(tokens.source, max(end - 1, tokens.starts[at - 1]), end)


# ---------------------------------------------------------------- mix-ups


def _mixed_up(parser: Parser, at: int, first: int, expected: set[int]) -> Complaint | None:
    """Recognise `=` for `:`, `=` for `==`, a mistyped word, and a missing comma."""
    tokens = parser.tokens
    word, kind = tokens.texts[at], tokens.kinds[at]
    before = _text(tokens, at - 1) if at > first else ""
    opening = _text(tokens, first)
    if word == "=" and SIGNS[":"] in expected and SIGNS["="] not in expected:
        what = "a type stands behind a colon" if opening in {"input", "state"} else "an entry is written with a colon"
        return say.unexpected(tokens.span(at), what, "`=` stands here", "Write `:` for `=`.")
    if kind == NUMBER and word[0] == "." and SIGNS[":"] in expected and SIGNS["."] in expected:
        return say.unexpected(
            tokens.span(at), "a key with an index stands in quotes", "this is an index", 'Write `"layer1.0.weight"`, for example.'
        )
    if word == ":" and SIGNS["="] in expected:
        return say.unexpected(tokens.span(at), "what a name stands for is written with `=`", "`:` stands here", "Write `=` for `:`.")
    if word == "," and WORDS["output"] in expected:
        return say.unexpected(
            tokens.span(at), "statements and fields have no commas between them", "this one is too much", "Begin a new line for each."
        )
    if word == "=" and opening in {"if", "for"}:
        return say.unexpected(tokens.span(at), "`=` defines, and cannot be asked for", "this compares nothing", "Compare with `==`.")
    if word == ":" and SIGNS["{"] in expected:
        return say.unexpected(tokens.span(at), f"what belongs to `{opening}` stands in braces", "`:` stands here", "Write `{ ... }`.")
    if at == first + 1 and tokens.kinds[first] == NAME and not tokens.begins_line(first) and _text(tokens, first - 1) not in {"{", "}"}:
        return say.side_by_side(tokens.span(first), _short(_text(tokens, first - 1)), found(tokens, first))
    if at == first + 1 and tokens.kinds[first] == NAME and (kind in {NAME, STRING} or kind < 0 or word == "{"):
        meant = nearest(opening, _STATEMENT_WORDS)
        if meant:
            return say.unknown_word(tokens.span(first), opening, f"Did you mean `{meant}`?")
        return say.unknown_word(tokens.span(first), opening, "")
    starts_value = kind in {NAME, NUMBER, STRING} or kind < 0 or word in {"(", "[", "{"}
    beside = not tokens.begins_line(at) or any(bracket >= first for bracket in parser.open_brackets())
    if starts_value and SIGNS[","] in expected and at > first and before != "=" and beside:
        return say.side_by_side(tokens.span(at), _short(before), found(tokens, at))
    return None


def _short(text: str) -> str:
    return text if len(text) <= 20 and "\n" not in text else text.split("\n", maxsplit=1)[0][:17] + "..."


# ---------------------------------------------------------------- the rest


def _plainly(parser: Parser, at: int, expected: set[int]) -> Complaint:
    """Say what was expected and what was found."""
    tokens = parser.tokens
    wanted = _wanted(expected) if at == parser.at else "a value"
    before = f" after `{_short(tokens.texts[at - 1])}`" if at else ""
    if at and (at != parser.at or tokens.kinds[at] == END or tokens.begins_line(at)):
        return say.unexpected(_behind(tokens, at), f"{wanted} is missing{before}", f"{found(tokens, at)} comes next")
    return say.unexpected(tokens.span(at), f"I expected {wanted}{before} and found {found(tokens, at)}", "this does not fit here")


def _wanted(expected: set[int]) -> str:
    """Put a set of kinds into words."""
    parts: list[str] = []
    if NUMBER in expected:
        parts.append("an expression")
    elif WORDS["output"] in expected:
        parts.append("a statement")
    elif NAME in expected:
        parts.append("a name")
    if NUMBER not in expected and STRING in expected:
        parts.append("a text in quotes")
    order = ["=", ":", "->", ",", "{", "(", "[", ")", "]", "}", "in", "else"]
    covered = {"[", "(", "{"} if NUMBER in expected else set()
    names = {TERMINALS[kind] for kind in expected}
    parts += [f"`{sign}`" for sign in order if sign in names and sign not in covered]
    if not parts:
        parts = sorted(f"`{name}`" for name in names if name.islower()) or ["nothing more"]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]
