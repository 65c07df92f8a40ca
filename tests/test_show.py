"""Complaints as people and tools see them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.text.complaint import Complaint, Label
from archdsl.text.show import as_json, as_text
from archdsl.text.source import Source, Span

SPEC = """model CNN {
  input image: [1, 28, 28]

  features = image -> conv1 -> pool -> conv2 -> pool
  between = features

  hidden = features -> flatten -> linear(128, in_features=1600) -> relu
}
"""


def span_of(source: Source, text: str, within: int = 0) -> Span:
    start = source.text.index(text, within)
    return Span(source, start, start + len(text))


def mismatch() -> Complaint:
    source = Source("specs/cnn.arch", SPEC)
    return Complaint(
        "shape-mismatch",
        "linear wants 1600 features and gets 3136",
        span_of(source, "in_features=1600"),
        "you wrote 1600",
        (Label(span_of(source, "pool", SPEC.index("conv2")), "64 x 7 x 7 = 3136 features come from here"),),
        "Leave in_features out, and it follows from the input.",
    )


def test_a_complaint_shows_its_lines_underlined() -> None:
    """Message, place, the lines in the order of the file, and what would mend it."""
    assert (
        as_text(mismatch())
        == """\
error[shape-mismatch]  linear wants 1600 features and gets 3136
  specs/cnn.arch:7:47
    |
  4 |   features = image -> conv1 -> pool -> conv2 -> pool
    |                                                 ---- 64 x 7 x 7 = 3136 features come from here
    |
  7 |   hidden = features -> flatten -> linear(128, in_features=1600) -> relu
    |                                               ^^^^^^^^^^^^^^^^ you wrote 1600
    |
  Leave in_features out, and it follows from the input.
"""
    )


def test_json_has_the_keys_that_are_promised() -> None:
    """One line, places from 1, ends exclusive."""
    text = as_json(mismatch())
    assert "\n" not in text
    record = json.loads(text)
    place = ["file", "line", "column", "end_line", "end_column"]
    assert list(record) == ["code", "severity", "message", *place, "labels", "suggestion"]
    assert [record[key] for key in place] == ["specs/cnn.arch", 7, 47, 7, 63]
    assert list(record["labels"][0]) == [*place, "message"]
    assert record["labels"][0]["line"] == 4


def test_colour_changes_nothing_but_the_colour() -> None:
    """Without its escapes, the coloured text is the plain one."""
    import re

    coloured = as_text(mismatch(), color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == as_text(mismatch())


@pytest.mark.parametrize(
    ("line", "marked", "shown", "rule"),
    [
        ("\tx = bad", "bad", "    x = bad", "        ^^^"),
        ("x\t= bad", "bad", "x   = bad", "      ^^^"),
        ('"日本" bad', "bad", '"日本" bad', "       ^^^"),
        ('"日本" bad', "日本", '"日本" bad', " ^^^^"),
        ("e\u0301 = bad", "bad", "e\u0301 = bad", "    ^^^"),
        ("\x1b[31m bad", "bad", "<U+001B>[31m bad", "             ^^^"),
        ("a\u202e bad", "bad", "a<U+202E> bad", "          ^^^"),
        ("a\u202e bad", "\u202e", "a<U+202E> bad", " ^^^^^^^^"),
    ],
)
def test_the_mark_stands_under_what_it_means(line: str, marked: str, shown: str, rule: str) -> None:
    """Tabs, wide characters, accents, and characters that are shown escaped take the room that they take."""
    source = Source("spec", line + "\n")
    rows = as_text(Complaint("code", "message", span_of(source, marked))).split("\n")
    assert rows[3] == f"  1 | {shown}"
    assert rows[4] == f"    | {rule}"


def test_a_long_line_is_cut_around_the_mark() -> None:
    """A line of a megabyte fills no screen."""
    source = Source("spec", "a " * 100_000 + "bad" + " a" * 100_000)
    rows = as_text(Complaint("code", "message", span_of(source, "bad"), "here")).split("\n")
    assert len(rows[3]) < 200
    start = rows[4].index("^")
    assert rows[3][start : start + 3] == "bad"


def test_a_label_in_another_file_is_shown_under_its_name() -> None:
    """As where a block was imported from."""
    here, there = Source("a.arch", "x = Up(1)\n"), Source("blocks/up.arch", "block Up(a, b) { }\n")
    text = as_text(Complaint("code", "message", span_of(here, "Up(1)"), "one", (Label(span_of(there, "b"), "two"),)))
    assert "  blocks/up.arch:1:1\n" in text
    assert text.index("a.arch:1:5") < text.index("Up(1)") < text.index("blocks/up.arch") < text.index("block Up")


def test_several_lines_are_marked_on_their_first() -> None:
    """A span that goes on is underlined to the end of the line on which it begins."""
    source = Source("spec", "x = f(\n  1)\n")
    rows = as_text(Complaint("code", "message", Span(source, 4, 11))).split("\n")
    assert rows[4] == "    |     ^^"


@given(st.text(), st.integers(0, 50), st.integers(0, 50), st.text())
def test_whatever_stands_in_a_spec_can_be_shown(text: str, start: int, length: int, message: str) -> None:
    """No character of a spec, or of a message that quotes it, reaches the terminal as a command."""
    start = min(start, len(text))
    complaint = Complaint("code", message, Span(Source("spec", text), start, min(start + length, len(text))), message)
    shown = as_text(complaint)
    assert all(character == "\n" or character.isprintable() or ord(character) >= 0x200C for character in shown)
    assert not any(0x202A <= ord(character) <= 0x202E or 0x2066 <= ord(character) <= 0x2069 for character in shown)
    assert json.loads(as_json(complaint))["message"] == message
