"""What is said of specs with mistakes: every sentence kept as a golden, and promises that hold for any text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl import spec
from archdsl.text.complaint import Complaints
from archdsl.text.show import as_text
from archdsl.text.source import Source

CASES = Path(__file__).parent / "complaints"
NAMES = sorted(path.name for path in CASES.iterdir() if path.suffix in (".arch", ".yaml"))
LIBRARY = sorted((CASES.parents[1] / "specs").glob("*.arch"))


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_is_told_as_it_should_be(archdsl, golden, monkeypatch, name):
    """The place underlined, what was expected and found, where it came from, and a suggestion."""
    monkeypatch.chdir(CASES)
    ended = archdsl("check", name)
    assert ended.code == 1
    golden(f"complaints/{name.replace('.', '_')}.txt".replace("_arch", ""), ended.err)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_is_told_to_tools(archdsl, monkeypatch, name):
    """As many objects as complaints, with places inside the file, from 1."""
    monkeypatch.chdir(CASES)
    text = archdsl("check", name).err
    found = [json.loads(line) for line in archdsl("check", "--format", "json", name).out.splitlines()]
    assert len(found) == text.count("error[") > 0
    lines = (CASES / name).read_text(encoding="utf-8").split("\n")
    for complaint in found:
        for place in (complaint, *complaint["labels"]):
            assert 1 <= place["line"] <= len(lines)
            assert 1 <= place["column"] <= len(lines[place["line"] - 1]) + 1
            assert (place["line"], place["column"]) <= (place["end_line"], place["end_column"])


def complaints_of(text: str) -> list[str]:
    """All that is said of a text, shown; places are inside it."""
    source, complaints = Source("text.arch", text), Complaints()
    program = spec.compile_source(source, complaints)
    assert (program is None) == bool(complaints.errors)
    for complaint in complaints:
        assert 0 <= complaint.span.start <= complaint.span.end <= len(text)
    return [as_text(complaint) for complaint in complaints]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_beginning_of_a_spec_gives_complaints_at_most(path):
    """Whatever an editor holds while somebody types is answered, and never by an exception."""
    text = path.read_text(encoding="utf-8")
    for end in range(0, len(text), 11):
        complaints_of(text[:end])


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
@pytest.mark.parametrize("character", ["", "(", "}", "x", '"', "->", "\0"], ids=repr)
def test_a_spec_with_a_character_changed_gives_complaints_at_most(path, character):
    """A slip of the finger anywhere is answered, and never by an exception."""
    text = path.read_text(encoding="utf-8")
    for at in range(0, len(text), 37):
        complaints_of(text[:at] + character + text[at + 1 :])


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_so_many_mistakes_make_so_many_complaints(count):
    """Independent mistakes are all told in one run, each once."""
    words = ["liner" if number < count else "linear" for number in range(12)]
    lines = ["model Many {", "  input x: [8]", *(f"  a{number} = x -> {word}(4) -> relu" for number, word in enumerate(words))]
    lines += [f"  output {', '.join(f'a{number}' for number in range(12))}", "}", ""]
    assert len(complaints_of("\n".join(lines))) == count
