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
        or _bracket(parser, at, first, open_brackets)
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
_GOES_ON = _ARITHMETIC | {"(", "[", ".", "->", "<", ">", "<=", ">=", "==", "!="}
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
    for place in (first, at, at - 1):
        name = _text(tokens, place)
        told = place == first or name == "lambda"
        if told and first <= place and name in _FIRST_WORDS and (place == at or _text(tokens, place + 1) not in {"=", ","}):
            return say.python_word(tokens.span(place), name, _FIRST_WORDS[name])
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


def _bracket(parser: Parser, at: int, first: int, open_brackets: list[int]) -> Complaint | None:
    """Recognise a bracket that is not closed, closed by another, or never opened."""
    from archdsl.syntax.mend import begins_next

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
        outdented = kind < 0 and at == parser.at and parser.accepts(-parser.tokens.kinds[at])
        if kind != END and not outdented:
            return None
        inner = _unmatched(tokens, at, inner)
    elif kind == END or begins_next(tokens, at, first):
        at = next((place for place in range(inner + 1, at) if begins_next(tokens, place, first)), at)
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
    """Recognise a type, an entry or a definition with the wrong sign, a mistyped word, and a missing comma."""
    tokens = parser.tokens
    opening = _text(tokens, first)
    return (
        (_typed(tokens, at, expected) if opening in {"input", "state"} else None)
        or _alone(tokens, at, first, expected)
        or _wrong_sign(parser, at, first, expected)
        or _beside(parser, at, first, expected)
    )


def _typed(tokens: Tokens, at: int, expected: set[int]) -> Complaint | None:
    """Recognise what goes wrong in the type of an input or a state."""
    word, before = tokens.texts[at], _text(tokens, at - 1)
    if SIGNS[":"] in expected and word == "[":
        return say.unexpected(tokens.span(at), "a type stands behind a colon", "the type begins here", f"Write `{before}: [...]`.")
    if SIGNS[":"] in expected and word == "=":
        return say.unexpected(tokens.span(at), "a type stands behind a colon", "`=` stands here", "Write `:` for `=`.")
    if SIGNS["["] in expected and NUMBER not in expected and tokens.kinds[at - 1] == NAME:
        hint = f"Write `{before}[]` for one number a sample."
        return say.unexpected(tokens.span(at - 1), "a type has sizes in brackets", "there are none behind this", hint)
    return None


def _wrong_sign(parser: Parser, at: int, first: int, expected: set[int]) -> Complaint | None:
    """Recognise `=` for `:` or `==`, `:` for `=` or `{`, a comma too many, a set, and an index in a key."""
    tokens = parser.tokens
    word, opening, span = tokens.texts[at], _text(tokens, first), tokens.span(at)
    colon, equals, brace = (SIGNS[sign] in expected for sign in ":={")
    around = parser.open_brackets()
    if word == "," and colon and not equals and around and around[-1] >= first and tokens.kinds[around[-1]] == SIGNS["{"]:
        return say.unexpected(span, "braces hold `key: value`, and there are no sets", "a value is missing before this", "Write `[a, b]`.")
    if word == "=" and colon and not equals:
        return say.unexpected(span, "an entry is written with a colon", "`=` stands here", "Write `:` for `=`.")
    if tokens.kinds[at] == NUMBER and word[0] == "." and colon and SIGNS["."] in expected:
        return say.unexpected(span, "a key with an index stands in quotes", "this is an index", 'Write `"layer1.0.weight"`, for example.')
    if word == ":" and equals:
        return say.unexpected(span, "what a name stands for is written with `=`", "`:` stands here", "Write `=` for `:`.")
    if word == "," and WORDS["output"] in expected:
        return say.unexpected(span, "statements and fields have no commas between them", "this is one", "Begin a new line for each.")
    if word == "=" and opening in {"if", "for"}:
        return say.unexpected(span, "`=` defines, and cannot be asked for", "this compares nothing", "Compare with `==`.")
    if word == ":" and brace:
        return say.unexpected(span, f"what belongs to `{opening}` stands in braces", "`:` stands here", "Write `{ ... }`.")
    return None


def _beside(parser: Parser, at: int, first: int, expected: set[int]) -> Complaint | None:
    """Recognise two things side by side: a mistyped first word and its name, or values with nothing between."""
    tokens = parser.tokens
    kind, word = tokens.kinds[at], tokens.texts[at]
    starts_value = kind in {NAME, NUMBER, STRING} or kind < 0 or word in {"(", "[", "{"}
    if at == first + 1 and tokens.kinds[first] == NAME:
        before = _text(tokens, first - 1)
        if not tokens.begins_line(first) and before not in {"{", "}"}:
            return say.side_by_side(tokens.span(first), _short(before), found(tokens, first))
        if starts_value and word not in {"(", "["} and kind != NUMBER:
            meant = nearest(tokens.texts[first], _STATEMENT_WORDS)
            return say.unknown_word(tokens.span(first), tokens.texts[first], f"Did you mean `{meant}`?" if meant else "")
    in_brackets = any(bracket >= first for bracket in parser.open_brackets())
    if starts_value and at > first and SIGNS[","] in expected and (in_brackets or not tokens.begins_line(at)):
        return say.side_by_side(tokens.span(at), _short(tokens.texts[at - 1]), found(tokens, at))
    return None


def _alone(tokens: Tokens, at: int, first: int, expected: set[int]) -> Complaint | None:
    """Recognise an expression where a statement should be, and a left side that is no name."""
    word = tokens.texts[at]
    starts = tokens.begins_line(first) or _text(tokens, first - 1) in {"{", "}"}
    if at == first + 1 and tokens.kinds[first] == NAME and starts and word in _GOES_ON:
        if word == "." and (_text(tokens, at + 2) == "=" or tokens.texts[first] == "self"):
            return say.unexpected(
                tokens.span(at), "left of `=` stands a plain name", "this has a dot", f"Write `{_text(tokens, at + 1)} = ...`."
            )
        return say.expression_alone(tokens.span(first))
    if at == first and WORDS["output"] in expected and (word in {"(", "["} or tokens.kinds[at] in {NUMBER, STRING}):
        tuple_hint = "Names on the left stand without parentheses: `a, b = ...`." if word == "(" else ""
        return say.expression_alone(tokens.span(at), tuple_hint)
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
    names = {TERMINALS[kind] for kind in expected}
    covered = {"[", "(", "{"} if NUMBER in expected else {"("} if "{" in names else set()
    parts += [f"`{sign}`" for sign in order if sign in names and sign not in covered]
    if not parts:
        parts = sorted(f"`{name}`" for name in names if name.islower()) or ["nothing more"]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]
