"""What the reader of `.arch` has to say, one function each."""

from __future__ import annotations

from archdsl.text.complaint import Complaint, Label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.syntax.tree import Argument, Expr, Statement
    from archdsl.text.source import Span

MODULES = frozenset(["torch", "nn", "F", "np", "numpy", "math", "functional", "init", "optim"])
"""Python modules that people write in front of a name out of habit."""


# ---------------------------------------------------------------- characters, strings, numbers


def escaped(text: str) -> str:
    """Show characters by their numbers."""
    return " ".join(f"U+{ord(character):04X}" for character in text[:4])


def refused_character(span: Span, text: str) -> Complaint:
    """A control character, or one that turns the direction of writing."""
    turning = any(0x200E <= ord(character) <= 0x2069 or character == "\u061c" for character in text)
    what = "characters that change the direction of text" if turning else "control characters"
    return Complaint(
        "refused-character",
        f"a spec holds no {what}",
        span,
        f"{escaped(text)} stands here",
        suggestion='Take it out; in a string, write it as an escape such as "\\u200e".'
        if turning
        else 'Take it out; in a string, write it as an escape such as "\\x1b".',
    )


def not_ascii(span: Span, word: str) -> Complaint:
    """A name with a letter beyond ASCII."""
    odd = next((character for character in word if not character.isascii()), word)
    return Complaint(
        "name-not-ascii",
        f"a name is made of ASCII letters, digits and `_`, and `{word}` has `{odd}`",
        span,
        f"`{odd}` is {escaped(odd)}",
        suggestion="Spell it with plain letters.",
    )


def odd_character(span: Span, word: str) -> Complaint:
    """A sign that the language does not have."""
    hints = {
        ";": "A line needs no end mark: leave it out.",
        "!": "Write `not` in front of what is negated.",
        "&": "Write `and`.",
        "|": "Write `or`.",
        "^": "Powers are written `**`.",
        "~": "Write `not`.",
        "`": "Names stand without quotes, texts between double quotes.",
        "$": "Names stand as they are: leave the `$` out.",
        "→": "Write the arrow as `->`.",
        "\u00d7": "Write `*`.",
        "\u2212": "Write the minus as `-`.",
        "≤": "Write `<=`.",
        "≥": "Write `>=`.",
        "“": 'Write straight quotes: `"`.',
        "”": 'Write straight quotes: `"`.',
        "\u2019": "Write a straight quote: `'`.",
    }
    following = span.source.text[span.end : span.end + 1]
    if word == "|" and following == ">":
        hints["|"] = "The arrow is `->`."
    shown = word if word.isprintable() else escaped(word)
    note = "this is no sign of the language" if word.isascii() else f"this is {escaped(word)}"
    return Complaint("odd-character", f"I cannot read `{shown}` here", span, note, suggestion=hints.get(word, ""))


def string_not_closed(span: Span, word: str) -> Complaint:
    """A string without its second quote."""
    quote = word[:3] if word[:3] in ('"""', "'''") else word[0]
    where = "before the file ends" if len(quote) == 3 else "before the line ends"
    return Complaint(
        "string-not-closed",
        f"a string is not closed {where}",
        span.replace(end=span.start + len(quote)),
        "it is opened here",
        suggestion=f"Close it with {quote}.",
    )


def odd_prefix(span: Span, prefix: str) -> Complaint:
    """A string with letters in front that mean nothing here."""
    hint = "There are no bytes: leave the prefix out." if "b" in prefix else "Leave the prefix out, or put a sign between."
    return Complaint("odd-string", f"a string has no prefix `{prefix}`", span, "only f and r may stand there", suggestion=hint)


def odd_escape(span: Span) -> Complaint:
    """A backslash that starts no escape."""
    return Complaint(
        "odd-escape",
        "a backslash begins an escape that Python does not know",
        span,
        "this one",
        suggestion=r'Write `\\` for a backslash, or `r"..."` for a string without escapes.',
    )


def odd_fstring(span: Span, why: str, suggestion: str = "") -> Complaint:
    """Something amiss between the braces of an f-string."""
    return Complaint("odd-fstring", f"an f-string holds expressions in braces, but {why}", span, "here", suggestion=suggestion)


def no_number(span: Span, text: str, why: str) -> Complaint:
    """A number that is none, or too large."""
    return Complaint("odd-number", f"`{text if len(text) < 40 else text[:36] + '...'}` is not a number I can read", span, why)


# ---------------------------------------------------------------- expressions


def in_the_registry(name: str) -> str:
    """Return how the registry would spell a name of torch: `Conv2d` is `conv2d`, `BatchNorm2d` `batch_norm2d`."""
    if name.islower():
        return name
    letters: list[str] = []
    for at, letter in enumerate(name):
        after_small = at > 0 and not name[at - 1].isupper() and name[at - 1] != "_"
        before_small = 0 < at < len(name) - 1 and name[at - 1].isupper() and name[at + 1].islower()
        letters.append(("_" if letter.isupper() and (after_small or before_small) else "") + letter.lower())
    return "".join(letters)


def python_module(span: Span, module: str, name: str) -> Complaint:
    """`nn.Conv2d(...)`, out of habit."""
    spelled = in_the_registry(name)
    return Complaint(
        "python-habit",
        f"names stand without a module, and `{module}.` is one",
        span,
        f"this is `{spelled}` here",
        suggestion=f"Write `{spelled}(...)`.",
    )


def method(span: Span, base: Expr, name: str, arguments: Iterable[Argument]) -> Complaint:
    """`x.relu()`, out of habit."""
    from archdsl.syntax.write_expression import short

    inner = ", ".join(f"{argument.name}={short(argument.value)}" if argument.name else short(argument.value) for argument in arguments)
    member = f"{name}({inner})" if inner else name
    return Complaint(
        "no-methods",
        f"values have no methods, and `.{name}(...)` is one",
        span,
        "a method is called here",
        suggestion=f"Write `{short(base)} -> {member}`.",
    )


def no_parts(span: Span) -> Complaint:
    """A dot behind a number or a text."""
    return Complaint("unexpected", "Only a named layer has something behind a dot: its weight", span, "no layer")


def not_called(span: Span) -> Complaint:
    """A call of something that cannot be called."""
    return Complaint("not-callable", "only a name or a layer can be called", span, "this is neither")


def too_deep(span: Span) -> Complaint:
    """More nesting than is allowed."""
    return Complaint(
        "nested-too-deep", "this is nested too deeply for me", span, "at this place", suggestion="Give a part of it a name of its own."
    )


# ---------------------------------------------------------------- statements


def not_a_target(span: Span) -> Complaint:
    """Something other than a name left of `=`."""
    return Complaint("not-a-name", "left of `=` stands a name, or names with commas between", span, "this is no name")


def entries_run_together(span: Span) -> Complaint:
    """Two entries on one line without a comma."""
    return Complaint(
        "missing-comma",
        "entries on one line have commas between them",
        span,
        "a comma is missing before this",
        suggestion="Put a `,` in front, or begin a new line.",
    )


def two_types(span: Span, word: str) -> Complaint:
    """A type of two words the first of which is not `ragged`."""
    return Complaint(
        "odd-type", f"a type is written like `ragged int64[T]`, and `{word}` is not `ragged`", span, "only `ragged` may stand here"
    )


def expression_alone(span: Span, hint: str = "") -> Complaint:
    """An expression that nothing is done with."""
    return Complaint(
        "expression-alone",
        "an expression does not stand alone",
        span,
        "a statement was expected here",
        suggestion=hint or "Give it a name (`name = ...`), or let it be the output (`output ...`).",
    )


def side_by_side(span: Span, before: str, found: str) -> Complaint:
    """Two expressions with nothing between."""
    return Complaint(
        "side-by-side",
        f"something is missing between `{before}` and {found}",
        span,
        "an operator, `->` or a comma was expected before this",
    )


def unexpected(span: Span, message: str, note: str, suggestion: str = "", labels: tuple[Label, ...] = ()) -> Complaint:
    """Something that does not fit what stands before it."""
    return Complaint("unexpected", message, span, note, labels, suggestion)


def python_word(span: Span, word: str, hint: str) -> Complaint:
    """A word of Python, or of another language, that this one does not have."""
    return Complaint("python-habit", f"`{word}` is not a word of this language", span, "it cannot stand here", suggestion=hint)


def unknown_word(span: Span, word: str, hint: str) -> Complaint:
    """A statement begun with a word that begins none."""
    return Complaint(
        "unknown-word", f"no statement begins with `{word}`", span, "this word", suggestion=hint or "A definition is written `name = ...`."
    )


def else_alone(span: Span) -> Complaint:
    """An `else` that follows no `if { }`."""
    return Complaint("else-alone", "`else` follows the closing brace of an `if`, and here is none", span, "this one stands alone")


def closes_nothing(span: Span, sign: str) -> Complaint:
    """A closing bracket too many."""
    return Complaint(
        "closes-nothing", f"`{sign}` closes nothing", span, "nothing is open here", suggestion="Take it out, or look for the opening one."
    )


def not_closed(span: Span, opener: str, closer: str, found: str, opened: Span) -> Complaint:
    """A bracket without its other half."""
    return Complaint(
        "not-closed",
        f"`{opener}` is not closed before {found}",
        span,
        f"`{closer}` is missing behind this",
        (Label(opened, f"`{opener}` is opened here"),),
        f"Close it with `{closer}`.",
    )


_CALLED = {
    "Define": "a definition", "Param": "a `param`", "Import": "an `import`", "Shorthand": "a `layer` shorthand", "Input": "an `input`",
    "State": "a `state`", "Next": "a `next`", "Output": "an `output`", "If": "an `if`", "For": "a `for`", "Tie": "a `tie`", "Init": "an `init`",
    "Carry": "a `carry`", "Field": "a field", "Step": "a `step`", "Train": "a recipe", "About": "an `about`", "Figure": "a `figure`",
    "Reading": "a `reading`",
}  # fmt: skip


def misplaced(statement: Statement, where: str, allowed: str) -> Complaint:
    """A statement where it may not stand."""
    kind = type(statement).__name__
    word = statement.span.text.split(maxsplit=1)[0].split("=")[0].split(":")[0] or statement.span.text[:1]
    what = f"a `{word}`" if kind == "Block" else _CALLED[kind]
    suggestion = f"In a file, write `param {word} = ...`." if kind == "Define" and where == "a file" else ""
    return Complaint(
        "misplaced",
        f"{what} does not stand in {where}, but {allowed}",
        statement.span.replace(end=statement.span.start + len(word)),
        "this one",
        suggestion=suggestion,
    )


def colon_for_equals(span: Span, name: str) -> Complaint:
    """`name: value` where only definitions stand."""
    return Complaint(
        "colon-for-equals",
        "a definition is written with `=`, and only the fields of `train` with `:`",
        span,
        "this name has a colon behind it",
        suggestion=f"Write `{name} = ...`.",
    )


def input_without_word(span: Span, name: str) -> Complaint:
    """`image: [1, 28, 28]` in a model, which lacks its first word."""
    return Complaint(
        "colon-for-equals",
        "an input begins with the word `input`",
        span,
        "this name has a shape behind it",
        suggestion=f"Write `input {name}: [...]`.",
    )


def colon_in_call(span: Span, name: str) -> Complaint:
    """`conv2d(8, kernel_size: 3)`, out of habit from elsewhere."""
    return Complaint(
        "colon-for-equals",
        "an argument is given by name with `=`, and `:` names a layer",
        span,
        "this is no layer",
        suggestion=f"Write `{name}=...`.",
    )
