"""Mistakes and malice in YAML: refused at its place, all at once, and never more than a complaint."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_texts import HARD, VAE, arch, comments_of, read_yaml, tree_of

from archdsl.syntax import tree
from archdsl.syntax.write_yaml import write

DEEP = "model:\n  name: M\n  graph:\n    a: " + "[" * 100 + "]" * 100
BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(8)
)
LADDER = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 100))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "nested-too-deep"),
        ("{a: " * 100_000, "nested-too-deep"),
        ("- " * 5_000, "nested-too-deep"),
        (DEEP, "nested-too-deep"),
        (LADDER, "nested-too-deep"),
        (BOMB, "spec-too-large"),
        ("[" + "1," * 250_000 + "]", "spec-too-large"),
        ("a: &a [*a]", "endless-alias"),
        ("a: *b", "unknown-alias"),
        ("a: !!python/object/apply:os.system ['true']", "no-tags"),
        ("!spec\nparams: {}", "no-tags"),
        ("%TAG ! tag:x:\n---\nparams: {}", "no-tags"),
        ("params: &p {a: 1}\nmodel: {name: M, <<: *p}", "no-merge"),
        ("params: {a: 1, a: 2}", "duplicate-key"),
        ("params: {}\n---\nparams: {}", "second-document"),
        ("params: {[a]: 1}", "odd-key"),
        ("? {a: 1}\n: 2", "odd-key"),
        ("params: \x1b[31m", "refused-character"),
        ("params: {a: \u202e}", "refused-character"),
        ("\tparams: {}", "bad-yaml"),
        ("params: {a: @b}", "bad-yaml"),
        ("params: [1", "bad-yaml"),
        ("params: {a: 9999999999999999999999999}", "odd-number"),
        ("model: {name: M, inputs: {t: int64[T]}}", "yaml-ends-word"),
        ("model: {name: M, graph: {a: linear(3, bias=False)}}", "yaml-ends-word"),
        ("model:\n  name: M\n  graph:\n    a: x -> stem: linear(3)", "yaml-ends-word"),
        ("- a", "wrong-kind"),
        ("archdsl: 2", "unknown-version"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_at_its_place(text: str, code: str) -> None:
    """Depth, size, aliases, tags, merges, duplicates and documents are judged before anything is built."""
    _, complaints = read_yaml(text)
    assert code in [complaint.code for complaint in complaints]
    assert all(0 <= complaint.span.start <= complaint.span.end <= len(text) for complaint in complaints)


def test_a_duplicate_key_shows_both_places() -> None:
    """The second place is underlined, and a label stands at the first."""
    (complaint,) = read_yaml("params:\n  a: 1\n  b: 2\n  a: 3\n")[1]
    assert (complaint.span.line, [label.span.line for label in complaint.labels]) == (4, [2])


def test_independent_mistakes_are_told_together_and_once() -> None:
    """Ten mistakes give ten complaints, each at its line."""
    text = (
        "parms: {}\nmodel:\n  grph: {}\n  inputs: {x: {}}\n  graph:\n    a:\n      - conv2d: {out_chanels: 8, kernel_size: 3}\n      - rel: 3\n"
        "    b: x -> -> y\n    c: []\n    d!: x\ntrain:\n  epoch: 3\n  loss:\n"
    )
    complaints = read_yaml(text)[1]
    assert [complaint.span.line for complaint in complaints] == [1, 2, 3, 4, 7, 8, 9, 10, 11, 13, 14]
    suggested = [complaint.suggestion for complaint in complaints if "Did you mean" in complaint.suggestion]
    assert suggested == [f"Did you mean `{name}`?" for name in ("params", "graph", "out_channels", "relu", "epochs")]


def test_a_file_of_mistakes_ends_soon() -> None:
    """A hundred complaints are enough for anybody."""
    text = "model:\n  name: M\n  graph:\n" + "".join(f"    a{i}: [lineare: {i}, conv2d: {{kernel: 3}}]\n" for i in range(3_000))
    assert len(read_yaml(text)[1]) == 100


def test_a_definition_near_a_field_is_fine_where_it_is_used() -> None:
    """Only what nothing uses is taken for a mistyped field."""
    assert read_yaml("train:\n  losses: x\n  loss: mean(losses)\n")[1] == []
    assert [complaint.code for complaint in read_yaml("train:\n  losss: x\n")[1]] == ["unknown-key"]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "{}\n", "---\n", "null\n"])
def test_an_empty_spec_is_an_empty_file(text: str) -> None:
    """Nothing is nothing, and its comments are kept."""
    file = tree_of(text)
    assert file.statements == ()
    assert comments_of(file) == (["only a comment"] if "#" in text else [])


MATERIAL = [VAE, write(arch(HARD)), "a: &a [x, {y: *a}]\nb: !t |\n  c\n", "graph: ['a', \"b\\n\", >-\n  c]\n"]


def _sound(text: str) -> None:
    file, complaints = read_yaml(text)
    assert isinstance(file, tree.File)
    for complaint in complaints:
        assert complaint.message
        assert complaint.code
        for span in (complaint.span, *[label.span for label in complaint.labels]):
            assert 0 <= span.start <= span.end <= len(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MATERIAL), st.floats(0, 1))
def test_a_prefix_of_a_spec_gives_only_complaints(text: str, share: float) -> None:
    """However a spec is cut off, reading ends, with places inside the file."""
    _sound(text[: int(share * len(text))])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(MATERIAL),
    st.floats(0, 0.999),
    st.sampled_from([*"\n \t:#-'\"[]{}()&*!|>%@`\\,.~0a\x00é\u2028", "", "\r\n", "- ", ": ", "  ", "->"]),
)
def test_a_spec_with_one_character_changed_gives_only_complaints(text: str, share: float, character: str) -> None:
    """Whatever replaces a character, reading ends, with places inside the file."""
    at = int(share * len(text))
    _sound(text[:at] + character + text[at + 1 :])


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab:-[]{},#&*!|>'\"\n \\()=.1", max_size=60))
def test_any_text_gives_only_complaints(text: str) -> None:
    """Text that was never meant as YAML is read or refused, never more."""
    _sound(text)


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40),
    st.text(max_size=10, alphabet="a: #\"'\\\n|-[{&*!%@`?,~1é"),
)
def test_any_text_in_a_spec_comes_back_from_yaml(caption: str, value: str) -> None:
    """Captions, titles, texts and their quotes survive the way to YAML and back."""
    from archdsl.syntax.write_expression import text_literal

    spelled = f"param a = {text_literal(value)}\nabout {text_literal(caption + value)}\nfigure {{ caption: {text_literal(caption)}, title: {text_literal(value)} }}\n"
    spelled += f"reading {{ {text_literal(caption or 'x')}: {text_literal(value)} }}\n"
    file = arch(spelled)
    assert tree_of(write(file)) == file
