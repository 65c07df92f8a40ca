"""What the reader of YAML has to say, one function each."""

from __future__ import annotations

from archdsl.text.complaint import Complaint, Label
from archdsl.text.source import Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archdsl.text.source import Source


def meant(name: str, candidates: Iterable[str], otherwise: str = "") -> str:
    """Ask for the nearest name, where there is one."""
    near = nearest(name, candidates)
    return f"Did you mean `{near}`?" if near else otherwise


def _listed(words: Sequence[str]) -> str:
    shown = [f"`{word}`" for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


# ---------------------------------------------------------------- the stream


def bad_yaml(source: Source, at: int, problem: str, begun: int | None) -> Complaint:
    """What is no YAML; the commonest mistakes are named. `begun` is where what was being read begins."""
    text = source.text
    at = min(at, len(text))
    if begun is not None and begun < at and _goes_on(text, at, begun, problem):
        # Where what was begun is not ended, the place to look at is its beginning.
        return _not_ended(Span(source, begun, begun + 1), problem)
    span = Span(source, at, min(at + 1, len(text)))
    labels = (Label(Span(source, begun, begun + 1), "this begins here"),) if begun is not None and begun != at and begun < len(text) else ()
    if "mapping values" in problem and (head := _headless(source, at)) is not None:
        return Complaint("bad-yaml", "a key has a colon behind it", head, "this has none", suggestion=f"Write `{head.text}:`.")
    message, note, suggestion = _what_is_wrong(problem, text[at : at + 1], text[text.rfind("\n", 0, at) + 1 : at])
    code = "yaml-ends-word" if "YAML ends" in message or "end of a key" in message else "bad-yaml"
    return Complaint(code, message, span, note, labels, suggestion)


def _goes_on(text: str, at: int, begun: int, problem: str) -> bool:
    """Whether what was begun goes on, by YAML's reading, for lines that were not meant as a part of it."""
    lines = [text[text.rfind("\n", 0, place) + 1 :] for place in (begun, at)]
    indents = [len(line) - len(line.lstrip(" ")) for line in lines]
    further = "\n" in text[begun:at] and indents[1] <= indents[0]
    return "could not find expected ':'" in problem or (text[begun] in "[{\"'" and (further or not text[at:].strip()))


def _headless(source: Source, at: int) -> Span | None:
    """Return the line above, where the line of a place is indented below it and it lacks the colon of a key."""
    lines = source.text[:at].split("\n")
    above = lines[-2] if len(lines) > 1 else ""
    deeper = len(lines[-1]) - len(lines[-1].lstrip(" ")) > len(above) - len(above.lstrip(" "))
    if not deeper or not above.strip() or any(sign in above for sign in (": ", "#", "- ", "->")) or above.rstrip().endswith(":"):
        return None
    end = at - len(lines[-1]) - 1
    return Span(source, end - len(above.lstrip(" ")), end - len(above) + len(above.rstrip()))


def _not_ended(span: Span, problem: str) -> Complaint:
    if "could not find expected ':'" in problem:
        return Complaint("bad-yaml", "a key has a colon behind it", span, "this has none", suggestion="Write `name: value`.")
    opened = span.text
    closing = {"[": "]", "{": "}"}.get(opened, opened)
    return Complaint("bad-yaml", f"`{opened}` is not closed", span, "it is opened here", suggestion=f"Close it with `{closing}`.")


def _what_is_wrong(problem: str, character: str, before: str) -> tuple[str, str, str]:
    """Return message, note and suggestion for libyaml's words about a character and what is before it on its line."""
    in_brackets = "expected ',' or" in problem
    if in_brackets and character == "[":
        return (
            "inside brackets, YAML ends a word at `[`",
            "the word has ended before this",
            "Put the type between quotes, or give it a line of its own.",
        )
    if (in_brackets and character == ":") or ("mapping values" in problem and "->" in before):
        return "YAML reads a colon with a blank behind it as the end of a key", "this one", "Put the whole expression between quotes."
    if "cannot start any token" in problem and character == "\t":
        return "YAML is indented with blanks, not with tabs", "a tab stands here", "Replace it with blanks."
    if "cannot start any token" in problem:
        return f"a word cannot begin with `{character}` in YAML", "this one does", "Put it between quotes."
    if "end of stream" in problem or not character:
        return "the file ends inside something that was opened", "it ends here", "Close it."
    if "mapping values" in problem:
        return (
            "a key cannot stand here",
            "this colon makes a key of what is before it",
            "Check the indentation, or put quotes round the text.",
        )
    return f"this is not YAML: {problem}", "here", "Check the indentation of this line and of the one above."


def unreadable(span: Span) -> Complaint:
    """Characters that YAML does not have."""
    return Complaint("bad-yaml", "this holds characters that YAML does not have", span, "in this file")


def too_deep(span: Span, most: int) -> Complaint:
    """More nesting than is allowed."""
    return Complaint(
        "nested-too-deep", f"a spec nests at most {most} deep", span, "this is deeper", suggestion="Give a part of it a name of its own."
    )


def too_many_events(span: Span, most: int) -> Complaint:
    """A source of too many parts."""
    return Complaint("spec-too-large", f"a spec has at most {most:,} words and brackets", span, "the limit is reached here")


def too_large(span: Span, most: int) -> Complaint:
    """Aliases that multiply."""
    return Complaint(
        "spec-too-large",
        f"with its aliases written out, a spec has at most {most:,} parts",
        span,
        "the limit is passed here",
        suggestion="Use `repeat` or a block in place of the aliases.",
    )


def second_document(span: Span) -> Complaint:
    """A second document in one file."""
    return Complaint(
        "second-document", "a spec is one document", span, "a second one begins here", suggestion="Put it in a file of its own."
    )


def no_tags(span: Span) -> Complaint:
    """A tag, or its declaration."""
    return Complaint("no-tags", "a spec is plain data: tags are refused", span, "this is a tag", suggestion="Leave it out.")


def no_merge(span: Span) -> Complaint:
    """A merge key."""
    return Complaint(
        "no-merge",
        "`<<` is refused: what a mapping holds is written in it",
        span,
        "this merges another mapping",
        suggestion="Write the keys out, or use a `layer` shorthand.",
    )


def alias_to_open(span: Span, name: str) -> Complaint:
    """An alias within what it names."""
    return Complaint("endless-alias", f"`*{name}` stands inside of what it names", span, "this would never end")


def unknown_alias(span: Span, name: str, known: list[str]) -> Complaint:
    """An alias without an anchor."""
    return Complaint("unknown-alias", f"nothing above is named `&{name}`", span, "this names nothing", suggestion=meant(name, known))


def odd_key(span: Span) -> Complaint:
    """A list or mapping as a key."""
    return Complaint("odd-key", "a key is a word", span, "this is none")


def duplicate_key(span: Span, key: str, first: Span) -> Complaint:
    """One key twice."""
    return Complaint(
        "duplicate-key",
        f"`{key}` is given twice",
        span,
        "the second time",
        (Label(first, "the first time"),),
        "Leave one of them out; to define a name twice, write `graph` as a list.",
    )


def cut_by_comma(span: Span) -> Complaint:
    """`{features: conv2d(32, 3)}` without quotes."""
    return Complaint(
        "yaml-ends-word",
        "inside brackets, YAML ends a word at a comma",
        span,
        "this is cut in two",
        suggestion="Put the expression between quotes, or give it a line of its own.",
    )


# ---------------------------------------------------------------- words and shapes


def wanted(span: Span, what: str, expected: str, found: str) -> Complaint:
    """Something of the wrong kind."""
    return Complaint("wrong-kind", f"{what} wants {expected}", span, f"I found {found}")


def unknown_key(span: Span, key: str, where: str, known: Iterable[str]) -> Complaint:
    """A key that means nothing where it stands."""
    known = list(known)
    choices = f"It may have {_listed(known)}." if 0 < len(known) <= 12 else ""
    return Complaint("unknown-key", f"{where} has no `{key}`", span, "I do not know this key", suggestion=meant(key, known, choices))


def missing_key(span: Span, key: str, where: str) -> Complaint:
    """A key that has to be there."""
    return Complaint("missing-key", f"{where} needs `{key}`", span, f"it has no `{key}`")


def no_name(span: Span, text: str) -> Complaint:
    """A key that has to be a name."""
    hint = f"Write `graph` as a list, with `- {text}: ...` in it." if text in ("for", "if") else ""
    note = f"`{text}` is none" if text else "I found none"
    if text.isidentifier() and text.isascii():
        note = f"`{text}` is a word of the language"
    return Complaint("not-a-name", "a name is made of ASCII letters, digits and `_`", span, note, suggestion=hint)


def one_key(span: Span, keys: list[str]) -> Complaint:
    """An item with several keys, or none."""
    found = f"it has {_listed(keys[:4])}".replace(" or ", " and ") if keys else "it has none"
    return Complaint(
        "one-key",
        "an item is a mapping of one key: a layer with its arguments, or a name",
        span,
        found,
        suggestion="Put a `-` in front of each, or indent the arguments under the layer's name." if len(keys) > 1 else "",
    )


def no_layer(span: Span, name: str, known: Iterable[str]) -> Complaint:
    """`BasicBlock: 64` where no layer has that name."""
    return Complaint(
        "unknown-layer",
        f"no layer is called `{name}`",
        span,
        "so this would be the name of a member",
        suggestion=meant(name, known, f"A part of an import is used in an expression: `{name}(...)`."),
    )


def unknown_argument(span: Span, layer: str, name: str, known: Iterable[str], own: list[str]) -> Complaint:
    """An argument that a layer does not have."""
    otherwise = f"It has {_listed(own).replace(' or ', ' and ')}." if own else "It has none."
    return Complaint(
        "unknown-argument", f"{layer} has no argument `{name}`", span, "I do not know this one", suggestion=meant(name, known, otherwise)
    )


def empty_chain(span: Span) -> Complaint:
    """A chain of nothing."""
    return Complaint(
        "empty-chain",
        "a list is a chain of layers, and this one is empty",
        span,
        "nothing stands here",
        suggestion="Write `identity` for a layer that passes its input on.",
    )


def empty_text(span: Span) -> Complaint:
    """Quotes with nothing between."""
    return Complaint(
        "empty-expression",
        "a string is an expression, and this one is empty",
        span,
        "nothing stands here",
        suggestion="A text has quotes of its own: \"''\".",
    )


def bad_version(span: Span, found: str) -> Complaint:
    """A version of the language that is not known."""
    return Complaint(
        "unknown-version",
        "I read version 1 of the language",
        span,
        f"this asks for {found}",
        suggestion="Write `archdsl: 1`, or leave it out.",
    )


def no_iteration(span: Span) -> Complaint:
    """`for:` without an `in`."""
    return Complaint("odd-loop", "`for` wants names, `in` and a list: `for: c in widths`", span, "here")


def one_input(span: Span, count: int) -> Complaint:
    """`layers:` in a model of several inputs."""
    return Complaint(
        "one-input",
        "`layers` is a path from the one input to the one output",
        span,
        f"there are {count} inputs" if count else "there is no input",
        suggestion="Write `graph`, with an expression for each value." if count else "",
    )


def one_output(span: Span, count: int) -> Complaint:
    """`layers:` in a model of several outputs."""
    return Complaint(
        "one-output",
        "`layers` is a path from the one input to the one output",
        span,
        f"there are {count} outputs",
        suggestion="Write `graph`, with an expression for each value.",
    )


def both_forms(span: Span, one: str, other: str, first: Span) -> Complaint:
    """Two ways of saying the same, together."""
    return Complaint("both-forms", f"`{one}` and `{other}` exclude each other", span, "the second one", (Label(first, "the first one"),))


def near_field(span: Span, name: str, field: str) -> Complaint:
    """A definition in a recipe that was meant as a field."""
    return Complaint(
        "unknown-key",
        f"a recipe has no field `{name}`, and nothing uses it as a value",
        span,
        "I do not know this key",
        suggestion=f"Did you mean `{field}`?",
    )


def schema_says(span: Span, where: str, keyword: str, allowed: tuple[str, ...], found: str, message: str) -> Complaint:
    """What the published schema has against a place, in words."""
    if keyword == "additionalProperties":
        return unknown_key(span, found, where, allowed)
    if keyword == "enum":
        return Complaint(
            "wrong-choice", f"{where} is {_listed(allowed)}", span, f"I found {found}", suggestion=meant(found.strip("`"), allowed)
        )
    if keyword == "type":
        kinds = " or ".join(allowed)
        return wanted(span, where, kinds, found)
    if keyword == "required":
        return missing_key(span, allowed[0] if allowed else "", where)
    return Complaint("against-schema", f"{where} is not as the schema wants it: {message}", span, "this")
