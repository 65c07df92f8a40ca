"""What the reader of `.arch` says of mistakes: one complaint each, at its place, and never an exception."""

from __future__ import annotations

import pytest
from arch_texts import EVERYTHING, holds, parsed
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archdsl.syntax import tree


def codes(text: str) -> list[str]:
    return [each.code for each in parsed(text)[1]]


@pytest.mark.parametrize(
    ("text", "code", "at", "hint"),
    [
        ("modle VAE { }", "unknown-word", "modle", "`model`"),
        ("model A { ouput x }", "unknown-word", "ouput", "`output`"),
        ("model A { input x = [1] }", "unexpected", "=", "`:`"),
        ("model A { x: conv2d(3) }", "colon-for-equals", "x", "x = "),
        ("model A { if a = b { x = y } }", "unexpected", "=", "=="),
        ("model A { x = y.relu() }", "no-methods", "y.relu", "y -> relu"),
        ("model A { x = nn.BatchNorm2d(3) }", "python-habit", "nn.BatchNorm2d", "batch_norm2d"),
        ("model A { elif x { } }", "python-habit", "elif", "else if"),
        ("model A { return x }", "python-habit", "return", "output"),
        ("def f(x): x", "python-habit", "def", "block"),
        ("model A { x = lambda y: y }", "python-habit", "y: y", "layer"),
        ("model A { x = a is None }", "python-habit", "is", "=="),
        ("model A { x += 1 }", "unexpected", "+=", "x = x + "),
        ("model A { x = f(*args) }", "unexpected", "*", ""),
        ("model A { x = f(3 4) }", "side-by-side", "4", ""),
        ("model A { x = (a, b] }", "not-closed", "b", "`)`"),
        ("model A { x = 'abc\n}", "string-not-closed", "'", ""),
        ("model A { x = größe }", "name-not-ascii", "größe", ""),
        ("model A { x = 3x }", "odd-number", "3x", ""),
        ("model A { x = 007 }", "odd-number", "007", ""),
        ("model A { x = 9223372036854775808 }", "odd-number", "9223372036854775808", ""),
        ("model A { x = 1e999 }", "odd-number", "1e999", ""),
        ("model A { x = a; }", "odd-character", ";", ""),
        ("model A { x = b'a' }", "odd-string", "b'a'", ""),
        ('model A { x = "\\q" }', "odd-escape", "\\q", ""),
        ("model A { x = f'{a' }", "odd-fstring", "{", "}"),
        ("figure { style = a }", "unexpected", "=", ":"),
        ("figure { style: a caption: b }", "missing-comma", "caption: b", ","),
        ("model A { init { a.0.weight: zeros } }", "unexpected", ".0", "layer1.0.weight"),
        ("}", "closes-nothing", "}", ""),
        ("x = 3", "misplaced", "x", "param x"),
        ("block A { state h: [3] }", "misplaced", "state", ""),
        ("train { epochs: 2, batch_size: 3 }", "unexpected", ",", ""),
        ("model A { # \u202e\n}", "refused-character", "\u202e", "escape"),
        ('model A { x = "\x1b[31m" }', "refused-character", "\x1b", "escape"),
        ("else { }", "else-alone", "else", ""),
        ("model A {", "not-closed", "{", "`}`"),
        ("model A { x = }", "unexpected", "}", ""),
    ],
)  # fmt: skip
def test_a_mistake_gives_one_complaint_at_its_place(text: str, code: str, at: str, hint: str) -> None:
    """The code is stable, the place exact, and the suggestion honest."""
    complaints = parsed(text)[1]
    assert [each.code for each in complaints] == [code]
    assert complaints[0].span.text == at
    assert hint in complaints[0].suggestion


def test_independent_mistakes_are_all_told_at_once() -> None:
    """Each planted mistake gives one complaint, and what is right between them is kept."""
    text = """model A {
  input x = [3]
  a = conv2d(3 4)
  ouput b
  c = relu ->
  d = (1, 2
  e = f(]
  output e
}
model B {
  g = h +
  output g
}
"""
    file, complaints = parsed(text)
    assert [each.span.line for each in complaints] == [2, 3, 4, 5, 6, 7, 11]
    assert [type(each).__name__ for each in file.statements] == ["Block", "Block"]


def test_a_forgotten_brace_is_told_where_it_was_opened() -> None:
    """The next model is read as one, and the label shows the brace."""
    file, complaints = parsed("model A {\n  x = y\n\nmodel B {\n  z = w\n}\n")
    (complaint,) = complaints
    assert complaint.code == "not-closed"
    assert complaint.labels[0].span.line == 1
    assert [each.name.id for each in file.statements if isinstance(each, tree.Block)] == ["A", "B"]


def test_a_forgotten_brace_inside_is_found_by_indentation() -> None:
    """At the end of the file the brace to blame is the one whose partner stands elsewhere."""
    (complaint,) = parsed("model A {\n  if a {\n    x = y\n  z = w\n}\n")[1]
    assert complaint.labels[0].span.line == 2


@pytest.mark.parametrize("opener", ["(", "[", "{a:", "-", "not ", "f(", "a if b else ", "2 ** "])
def test_endless_nesting_is_refused(opener: str) -> None:
    """A hundred thousand open brackets are one complaint, and no traceback."""
    assert codes("model A {\n x = " + opener * 100_000 + "\n}\n")[0] in {"nested-too-deep", "not-closed"}


def test_endless_calls_are_refused() -> None:
    """So is a tower of calls, which nests to the left."""
    assert "nested-too-deep" in codes("model A { x = f" + "()" * 1000 + " }")
    assert "nested-too-deep" in codes("model A { x = f" + "[0]" * 1000 + " }")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(EVERYTHING)))
def test_a_prefix_gives_only_complaints_inside_the_file(length: int) -> None:
    """However a spec is cut off, reading it ends with places in it."""
    holds(EVERYTHING[:length])


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(EVERYTHING) - 1), st.sampled_from("(){}[],:=.#\"'\\\n ->*if+0aé\x00\ufeff") | st.characters(), st.booleans())
def test_a_changed_character_gives_only_complaints_inside_the_file(at: int, character: str, insert: bool) -> None:
    """A mutation is either legal, and then formats to a fixed point, or complained of."""
    holds(EVERYTHING[:at] + character + EVERYTHING[at + (not insert) :])


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(
            [
                *"(){}[],:=.+-",
                "->",
                "if",
                "else",
                "for",
                "in",
                "x",
                "model",
                "input",
                "output",
                "train",
                "1",
                '"s"',
                'f"{x}"',
                "\n",
                "not",
                "init",
                "# c\n",
                "...",
            ]
        ),
        max_size=40,
    )
)
def test_any_row_of_tokens_is_read_to_its_end(words: list[str]) -> None:
    """Nothing made of the language's own tokens raises."""
    holds(" ".join(words))
    holds("model A {\n" + " ".join(words) + "\n}")


PLANTED = [
    "x = f(3 4)",
    "x = ->",
    "ouput x",
    "x = (1, 2",
    "x = [a, b",
    "x = a b",
    "x = f(]",
    "x = a +",
    "x = y.relu()",
    "x: f(3)",
    "x = 3x",
    "x = 'abc",
    "x += 1",
    "return x",
    "x = lambda y: y",
    "input x = [3]",
    "next h",
    "x = f(a, b))",
    "if a = b { x = y }",
    "train { epochs: 3 }",
    "x = a ? b",
    "x = f(k: 3)",
    "x = f(a\n    k=3)",
    "x = f(a,\n    k=3",
    "f(x)",
    "a.b = x",
    "x = {a, b}",
    "input b [3]",
    "def f(x):\n    return x",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PLANTED), min_size=1, max_size=6))
@example(["train { epochs: 3 }", "x = f(a, b))"])
def test_as_many_complaints_as_mistakes(mistakes: list[str]) -> None:
    """Mistakes planted between good lines give one complaint each, on their own lines."""
    lines, planter = ["model A {", "  input a: [3]"], [-1, -1]
    for number, mistake in enumerate(mistakes):
        own = f"  {mistake}".split("\n")
        lines += [*own, "  y = f(a, 1)", "  z = a -> f"]
        planter += [*[number] * len(own), -1, -1]
    complaints = parsed("\n".join([*lines, "  output z", "}", ""]))[1]
    assert [planter[each.span.line - 1] for each in complaints] == list(range(len(mistakes)))
