"""Lines are broken where `ruff format` breaks them, whatever their length, and texts stay where they begin and end."""

from __future__ import annotations

import ast

import pytest
from emitted import formatted, source_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl.emit.python import Document, Lines, docstring, literal, number
from archdsl.emit.wrap import WIDTH, wrap

names = st.sampled_from(
    ["x", "h", "skip", "features", "reconstruction", "self.conv", "self.attention", "self.layer_norm", "torch.cat", "nn.Conv2d"]
)
numbers = st.sampled_from(["0", "1", "64", "0.02", "1e-6", "64 * 7 * 7", "2 * width", "-1", "None", "True"])
keywords = st.sampled_from(["stride", "padding", "bias", "dim", "kernel_size", "num_embeddings"])


@st.composite
def calls(draw, depth=2):
    """A call, with whatever may stand in its brackets."""
    count = draw(st.integers(0, 4))
    parts = [draw(expressions(depth - 1)) for _ in range(count)]
    known = draw(st.lists(keywords, unique=True, max_size=2))
    parts += [f"{name}={draw(expressions(depth - 1))}" for name in known]
    return f"{draw(names)}({', '.join(parts)})"


@st.composite
def expressions(draw, depth=2):
    """An expression as emission writes them."""
    if depth <= 0:
        return draw(st.one_of(names, numbers))
    kind = draw(st.sampled_from(["name", "number", "call", "call", "tuple", "list"]))
    if kind == "name":
        return draw(names)
    if kind == "number":
        return draw(numbers)
    if kind == "call":
        return draw(calls(depth))
    items = [draw(expressions(depth - 1)) for _ in range(draw(st.integers(2, 4)))]
    return f"({', '.join(items)})" if kind == "tuple" else f"[{', '.join(items)}]"


@st.composite
def statements(draw):
    """A statement as emission writes them."""
    kind = draw(st.sampled_from(["assign", "assign", "sequential", "return", "for", "method", "sum", "condition"]))
    if kind == "sequential":
        members = [draw(calls(1)) for _ in range(draw(st.integers(1, 4)))]
        return f"self.net = nn.Sequential({', '.join(members)},)"
    if kind == "return":
        return "return " + ", ".join([draw(expressions(1)) for _ in range(draw(st.integers(1, 4)))])
    if kind == "for":
        return f"for a, b in zip({draw(names)}, {draw(names)}):"
    if kind == "method":
        return f"{draw(names)} = {draw(calls(1))}.flatten({draw(numbers)}, {draw(numbers)})"
    if kind == "sum":
        return f"{draw(names)} = " + " + ".join([draw(calls(1)) for _ in range(draw(st.integers(3, 4)))])
    if kind == "condition":
        return f"if {draw(names)} != {draw(names)} or {draw(names)} is not None:"
    return f"{draw(names)} = {draw(calls(3))}"


def written(texts):
    """Write statements into the body of a method."""
    lines = Lines()
    lines.add("class Net:")
    lines.add("def forward(self):", 4)
    for text in texts:
        lines.add(text, 8)
        if text.endswith(":"):
            lines.add("pass", 12)
    return lines.text


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(statements(), min_size=15, max_size=30))
def test_wrapping_is_the_formatter_s(texts):
    """What is written needs no formatter: it gives the very same lines."""
    source = written(texts)
    assert formatted(source) == source


def test_a_short_line_stays_one_line():
    """Up to the width, and not one character further."""
    text = "x = f(" + "a" * (WIDTH - 7) + ")"
    assert wrap(text) == [text]
    assert len(wrap(text.replace("f(", "ff("))) == 3


# ---------------------------------------------------------------- texts


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3).map(tuple) | st.lists(inner, max_size=3),
    )
)
def test_a_literal_is_the_value(value):
    """Whatever stands in a text, the literal evaluates to it and to nothing else."""
    assert eval(literal(value), {"__builtins__": {"float": float}}) == value


@given(st.text())
def test_a_docstring_cannot_be_ended_early(text):
    """Quotes, backslashes and whatever else stay inside; the tree is one function with one docstring."""
    lines = ["def f():", *docstring(text, 4), "    return 1"]
    tree = ast.parse("\n".join(lines) + "\n")
    (function,) = tree.body
    assert [type(node).__name__ for node in function.body[-1:]] == ["Return"]
    assert len(function.body) <= 2


@pytest.mark.parametrize(
    "text",
    [
        'ends with "quotes"',
        '"""',
        "a\\",
        '\\"""\nimport os',
        "tab\there",
        "x\u202ey",
        "ends with \\",
        'a\n"',
        "trailing  \n  indented\n\n\nend",
    ],
)
def test_texts_of_a_spec_stay_texts(text):
    """An `about` that looks like code is a docstring all the same, and formatted as one."""
    escaped = text.encode("unicode_escape").decode().replace('"', '\\"')
    source = source_of(f'about "{escaped}"\nmodel M {{\n  input x: [4]\n  output x -> linear(2)\n}}\n')
    tree = ast.parse(source)
    assert [type(node).__name__ for node in tree.body] == ["ImportFrom", "ClassDef"]
    assert formatted(source) == source


@pytest.mark.parametrize(
    ("spelled", "wanted"), [("1E-3", "1e-3"), (".5", "0.5"), ("1.", "1.0"), ("1.E3", "1.0e3"), ("0XFF", "0xff"), ("1_000", "1_000")]
)
def test_numbers_keep_their_spelling(spelled, wanted):
    """As their author wrote them, in the formatter's letters."""
    assert number(spelled) == wanted
    assert eval(wanted) == eval(spelled)


def test_imports_are_collected_and_sorted():
    """Each once, the standard library first, names of one module together."""
    document = Document()
    document.use("from torch import nn", "import torch", "from collections import OrderedDict", "from torch import optim", "import math")
    text = document.assemble("", ()).text
    assert text.split() == [
        "import",
        "math",
        "from",
        "collections",
        "import",
        "OrderedDict",
        "import",
        "torch",
        "from",
        "torch",
        "import",
        "nn,",
        "optim",
    ]
