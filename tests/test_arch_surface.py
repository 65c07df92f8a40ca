"""The `.arch` surface: reading and writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from arch_texts import EVERYTHING, VAE, good, holds, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl.syntax import tree
from archdsl.syntax.read_arch import read, read_expression, read_names, read_signature, read_type
from archdsl.syntax.write_arch import write_arch, write_expression
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source


def inside(text: str) -> tuple[tree.Statement, ...]:
    block = good("model A {\n" + text + "\n}").statements[0]
    assert isinstance(block, tree.Block)
    return block.body


def value(text: str) -> tree.Expr:
    source, complaints = Source("value", text), Complaints()
    expr = read_expression(source, 0, len(text), complaints)
    assert list(complaints) == []
    assert expr is not None
    return expr


# ---------------------------------------------------------------- reading


def test_the_example_of_the_language_is_read_whole() -> None:
    """Every statement of the variational autoencoder arrives, with its place."""
    file = good(VAE)
    param, model, train = file.statements
    assert isinstance(param, tree.Param)
    assert isinstance(model, tree.Block)
    assert isinstance(train, tree.Train)
    assert param.comments.above == ("A variational autoencoder.",)
    assert [type(each).__name__ for each in model.body] == ["Input", *["Define"] * 7, "Output"]
    assert model.body[0].span.text == "input image: [1, 28, 28]"
    encoder = model.body[1]
    assert isinstance(encoder, tree.Define)
    assert isinstance(encoder.value, tree.Chain)
    assert len(encoder.value.members) == 7


def test_words_are_names_where_no_statement_begins() -> None:
    """`input`, `state` and the like are free as names before `=` and `,`, and inside expressions."""
    first, second, third = inside("state = input -> next\nlayer, block = f(model)\noutput state, input")
    assert isinstance(first, tree.Define)
    assert first.targets[0].id == "state"
    assert isinstance(second, tree.Define)
    assert [each.id for each in second.targets] == ["layer", "block"]
    assert isinstance(third, tree.Output)
    assert [type(each) for each in third.values] == [tree.Name, tree.Name]


def test_an_if_at_the_start_of_a_line_is_a_statement() -> None:
    """Elsewhere, and in brackets, it is the conditional."""
    define, statement = inside("x = a\nif b { y = c }")
    assert isinstance(define, tree.Define)
    assert isinstance(statement, tree.If)
    (conditional,) = inside("x = (a\nif b\nelse c)")
    assert isinstance(conditional, tree.Define)
    assert isinstance(conditional.value, tree.Group)
    assert isinstance(conditional.value.inner, tree.Conditional)
    (chained,) = inside("if a { x = y } else if b { x = z } else { x = w }")
    assert isinstance(chained, tree.If)
    assert isinstance(chained.otherwise[0], tree.If)
    assert chained.otherwise[0].otherwise


def test_line_breaks_mean_nothing_else() -> None:
    """A definition may go on over any number of lines."""
    assert inside("x\n=\nf(\n1\n,\n2\n)\n->\ng") == inside("x = f(1, 2) -> g")


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a -> b -> c", "a -> b -> c"),
        ("x + y -> f", "x + y -> f"),
        ("a + b * c ** d ** e", "a + b * c ** d ** e"),
        ("-a ** -b", "-a ** -b"),
        ("(a + b) * c", "(a + b) * c"),
        ("a - b - c", "a - b - c"),
        ("a - (b - c)", "a - (b - c)"),
        ("not a == b and c or d", "not a == b and c or d"),
        ("a<b<=c not in d", "a < b <= c not in d"),
        ("f(a)(b)[0].weight", "f(a)(b)[0].weight"),
        ("x[:, 0, 1::2, ..., None]", "x[:, 0, 1::2, ..., None]"),
        ("stem: conv2d(8, k=3) -> act: relu", "stem: conv2d(8, k=3) -> act: relu"),
        ("[f(c) for c in w if c if d for e in f]", "[f(c) for c in w if c if d for e in f]"),
        ("{a: b for a, b in c}", "{a: b for a, b in c}"),
        ("sum(x for x in xs)", "sum(x for x in xs)"),
        ("f((x for x in xs), 1)", "f((x for x in xs), 1)"),
        ("()", "()"),
        ("(a,)", "(a,)"),
        ("true", "True"),
        ("none", "None"),
        ("'it\"s'", '"it\\"s"'),
        ("1_000", "1_000"),
        ("f'a{b:>3}{{c}}'", 'f"a{b:>3}{{c}}"'),
        ("f'{d[\"k\"]}'", "f\"{d['k']}\""),
        ("a if b else c if d else e", "a if b else c if d else e"),
    ],
)
def test_expressions_are_read_and_written_by_pythons_precedence(text: str, shape: str) -> None:
    """What is written reads as the same tree."""
    assert write_expression(value(text)) == shape
    assert value(shape) == value(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('"a\\n\\t\\x41\\u00e9\\101\\N{BULLET}"', "a\n\tA\u00e9A\u2022"),
        ('r"a\\n"', "a\\n"),
        ('"""a "quoted"\nb"""', 'a "quoted"\nb'),
        ("'a\\\nb'", "ab"),
        ("0x10", 16),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("5.", 5.0),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_literals_mean_what_they_mean_in_python(text: str, meaning: object) -> None:
    """Escapes, raw strings, underscores and all."""
    literal = value(text)
    assert isinstance(literal, tree.Literal)
    assert literal.value == meaning
    assert type(literal.value) is type(meaning)
    assert value(write_expression(literal)) == literal


def test_a_type_has_a_dtype_bounds_and_may_be_ragged() -> None:
    """`ragged int64[T <= length, 57]` and its parts."""
    source, complaints = Source("type", "ragged int64[T <= length, 57]"), Complaints()
    type_ = read_type(source, 0, len(source.text), complaints)
    assert type_ is not None
    assert (type_.ragged, type_.dtype) == (True, "int64")
    assert [each and write_expression(each) for each in type_.bounds] == ["length", None]
    empty = read_type(Source("type", "int64[]"), 0, 7, complaints)
    assert empty is not None
    assert empty.dims == ()
    assert not len(complaints)


def test_signatures_and_lists_of_names_are_read_in_place() -> None:
    """The YAML surface reads its keys with these."""
    text = "  BasicBlock(width, stride = 1): memory, state"
    source, complaints = Source("y", text), Complaints()
    signature = read_signature(source, 2, text.index(":"), complaints)
    assert signature is not None
    assert signature[0] == "BasicBlock"
    assert [(each.name, each.default and write_expression(each.default)) for each in signature[1]] == [("width", None), ("stride", "1")]
    names = read_names(source, text.index("memory"), len(text), complaints)
    assert names is not None
    assert [(each.id, each.span.text) for each in names] == [("memory", "memory"), ("state", "state")]


def test_a_decoded_text_keeps_its_places_in_the_source() -> None:
    """With positions, complaints and spans point at what was written, not at what it stands for."""
    text = 'x: "a \\u002b b )"'
    positions = [4, 5, 6, 12, 13, 14, 15, 16]
    complaints = Complaints()
    assert read_expression(Source("y", text), 4, 16, complaints, "a + b )", positions) is None
    (complaint,) = complaints
    assert complaint.span.text == ")"
    expr = read_expression(Source("y", text), 4, 14, Complaints(), "a + b", positions[:6])
    assert isinstance(expr, tree.Binary)
    assert expr.right.span.text == "b"


def test_expressions_in_fstrings_stand_at_their_own_places() -> None:
    """A complaint inside the braces of an f-string points there."""
    text = 'model A { x = f"layer{i + }" }'
    (complaint,) = parsed(text)[1]
    assert text.index("i +") <= complaint.span.start <= text.index("}")


def test_byte_order_mark_and_windows_line_ends_are_read() -> None:
    """They change nothing, and are not written."""
    file = good("\ufeff" + VAE.replace("\n", "\r\n"))
    assert file == good(VAE)
    assert write_arch(file) == VAE


def test_long_sums_and_chains_are_legal() -> None:
    """Their length is bounded by the file alone."""
    total = " + ".join(["a"] * 1000)
    chain = " -> ".join(["f"] * 10_000)
    file = good(f"model A {{ x = {total}\n y = {chain} }}")
    block = file.statements[0]
    assert isinstance(block, tree.Block)
    assert isinstance(block.body[1], tree.Define)
    assert isinstance(block.body[1].value, tree.Chain)
    assert len(block.body[1].value.members) == 10_000
    assert good(write_arch(file)) == file


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("text", [VAE, EVERYTHING, EVERYTHING.replace("\n", "\r\n"), EVERYTHING.replace("  ", "\t")])
def test_formatting_is_a_fixed_point_that_changes_no_meaning(text: str) -> None:
    """What is written reads as an equal tree, comments included, and is written the same again."""
    file = good(text)
    written = write_arch(file)
    again = good(written)
    assert again == file
    assert write_arch(again) == written


def test_the_example_of_the_language_is_formatted_already() -> None:
    """The layout aimed at is the one of the language's own page."""
    assert write_arch(good(VAE)) == VAE


def test_no_comment_is_lost() -> None:
    """Wherever a comment stands between two tokens, it is written again."""
    lines = VAE.split("\n")[1:]
    pieces = "\n".join(lines).replace("#", "").split(" ")
    text, expected = "", []
    for number, piece in enumerate(pieces):
        text += piece
        if piece and '"' not in piece:
            text += f" # comment {number}\n"
            expected.append(f"comment {number}")
        else:
            text += " "
    written = write_arch(good(text))
    found = sorted(int(line.partition("# comment ")[2]) for line in written.split("\n") if "# comment" in line)
    assert found == sorted(int(each.split()[1]) for each in expected)
    assert good(written) == good(text)


def test_comments_stay_with_their_statement() -> None:
    """Above, beside, behind an opening brace, and before a closing one."""
    text = "model A {  # head\n  # above\n  x = f  # beside\n\n  # below\n}\n"
    (block,) = good(text).statements
    assert isinstance(block, tree.Block)
    assert block.comments.beside == "head"
    assert block.comments.below == ("below",)
    assert block.body[0].comments.above == ("above",)
    assert block.body[0].comments.beside == "beside"


def test_what_is_too_long_is_broken_in_its_brackets() -> None:
    """No line is longer than 100 columns where it can be helped."""
    arguments = ", ".join(f"argument_{n}={n} + other_{n}" for n in range(12))
    entries = ", ".join(f"entry_{n}: f({n})" for n in range(12))
    text = f"model A {{\n  x = a -> f({arguments}) -> g\n  y = [{arguments.replace('=', ' + ')}]\n  init {{ {entries} }}\n}}"
    written = write_arch(good(text))
    assert max(map(len, written.split("\n"))) <= 100
    assert good(written) == good(text)
    assert write_arch(good(written)) == written


def _expressions() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(["a", "b2", "1", "2.5", '"s"', "None", "True", "f()", "()", "[]", "{}"])

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        operator = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@", "==", "<", "in", "not in", "and", "or"])
        return st.one_of(
            st.tuples(inner, operator, inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
            st.tuples(inner, operator, inner, operator, inner).map(" ".join),
            inner.map(lambda text: f"not ({text})"),
            inner.map(lambda text: f"-({text})"),
            st.tuples(inner, inner).map(lambda parts: f"f({parts[0]}, k={parts[1]})"),
            st.tuples(inner, inner).map(lambda parts: f"({parts[0]}) -> n: ({parts[1]})"),
            st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]}) if ({parts[1]}) else ({parts[2]})"),
            st.tuples(inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}]"),
            inner.map(lambda text: f"[{text} for x in xs]"),
            inner.map(lambda text: f"x[({text}):, ...]"),
        )

    return st.recursive(atoms, grow, max_leaves=12)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(_expressions())
def test_any_expression_survives_formatting(text: str) -> None:
    """An expression that can be read is written, at whatever length, so that it reads the same."""
    holds("model A {\n  name = " + text + "\n}\n")


# ---------------------------------------------------------------- the tables


def test_the_tables_are_those_of_the_grammar() -> None:
    """`python -m archdsl.syntax.generate` would change nothing, and lark finds no conflict."""
    from archdsl.syntax.generate import GRAMMAR, TABLES, generate

    assert generate(GRAMMAR.read_text()) == TABLES.read_text()


def test_reading_loads_nothing_slow() -> None:
    """Neither lark nor any module that is slow to import is needed at run time."""
    code = (
        "import sys; from archdsl.syntax.read_arch import read; from archdsl.syntax.write_arch import write_arch;"
        "print([name for name in ('lark', 'typing', 'dataclasses', 'inspect', 'ast', 'torch', 'numpy', 'yaml') if name in sys.modules])"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_takes_time_in_proportion() -> None:
    """Ten times the text makes ten times the steps: counted in calls, which no clock disturbs."""

    def calls(text: str) -> int:
        count = 0

        def tick(_frame: object, _event: str, _argument: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(tick)
        try:
            read(Source("spec", text), Complaints())
        finally:
            sys.setprofile(None)
        return count

    few, many = calls(VAE * 3), calls(VAE * 30)
    assert many < 10.5 * few
