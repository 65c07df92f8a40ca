"""The YAML surface: the same tree as `.arch`, with every place and every comment, and nothing hostile let in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_texts import HARD, VAE, VAE_ARCH, arch, bare, block, comments_of, model, read_yaml, tree_of

from archdsl.syntax import tree
from archdsl.syntax.write_arch import write_arch
from archdsl.syntax.write_yaml import write

SPECS = sorted((Path(__file__).parents[1] / "specs").rglob("*.arch"))


FLOWS = """\
about: A spec for comments.
params: {a: 1,
  b: [1,
    2]}
blocks:
  B(width):
    inputs: [x]
    graph:
      - a: linear(width)
      - for: i in range(3)
        do:
          - h: linear(width)
          - x: x -> h
      - if: width > 1
        then:
          - b: [
              relu,
              linear: 3,
            ]
        else:
          - b: linear(1)
    outputs:
      - x
      - a
  C: {inputs: [x], outputs: [x]}
model:
  name: M
  inputs:
    x: [3]
  graph:
    y: {linear: {out_features: 3,
      bias: false}}
    z:
      - relu
      - - gelu
        - relu
  outputs: {o: y}
  init: {linear: zeros}
train:
  data: digits(size=28)
  steps:
    g:
      update: M
      loss: mean(o)
    d:
      loss: mean(o)
  metrics: {a: mean(o)}
  epochs: 3
reading: {A: b}
"""


def test_the_vae_of_the_manual_is_the_same_in_both_surfaces() -> None:
    """A list of items and a chain of layers give one tree."""
    assert bare(tree_of(VAE)) == bare(arch(VAE_ARCH))


def test_comments_of_yaml_are_attached_to_statements() -> None:
    """Beside a key, beside a line, and inside a list: none is lost."""
    assert sorted(comments_of(tree_of(VAE))) == sorted(line.partition("# ")[2] for line in VAE.split("\n") if "#" in line)


@pytest.mark.parametrize(
    ("yaml", "spelled"),
    [
        ("a: linear(3)", "a = linear(3)"),
        ("a: {linear: 3}", "a = linear(3)"),
        ("a: {linear: [3, false]}", "a = linear(3, False)"),
        ("a: {linear: {out_features: 3, bias: no_bias}}", "a = linear(out_features=3, bias=no_bias)"),
        ("a: {flatten: {}}", "a = flatten()"),
        ("a:\n  relu:", "a = relu"),
        ("a: [linear(3), relu]", "a = linear(3) -> relu"),
        ("a: [linear: 3, relu]", "a = linear(3) -> relu"),
        ("a: [linear(3)]", "a = linear(3)"),
        ("a: [x, linear: 3]", "a = x -> linear(3)"),
        ("a: [[linear: 3, relu], relu]", "a = (linear(3) -> relu) -> relu"),
        ("a: [stem: linear(3), relu]", "a = stem: linear(3) -> relu"),
        ("a: [stem: [linear: 3, relu], relu]", "a = stem: (linear(3) -> relu) -> relu"),
        ("a: [stem: {linear: 3}]", "a = stem: linear(3)"),
        ("a: [stem: linear(3) -> relu, gelu]", "a = stem: (linear(3) -> relu) -> gelu"),
        ("a: [linear(3) -> relu, gelu]", "a = linear(3) -> relu -> gelu"),
        ("a: {stem: linear(3)}", "a = stem: linear(3)"),
        (
            "a: {conv2d: {out_channels: 8, kernel_size: 3, padding_mode: reflect}}",
            'a = conv2d(out_channels=8, kernel_size=3, padding_mode="reflect")',
        ),
        ("a: {conv2d: {out_channels: 8, kernel_size: 3, padding: same}}", 'a = conv2d(out_channels=8, kernel_size=3, padding="same")'),
        ("a: {conv2d: {out_channels: 8, kernel_size: 3, padding: k // 2}}", "a = conv2d(out_channels=8, kernel_size=3, padding=k // 2)"),
        ("a: {conv2d: {out_channels: 8, kernel_size: [3, 5]}}", "a = conv2d(out_channels=8, kernel_size=[3, 5])"),
        ("a: {gelu: tanh}", 'a = gelu("tanh")'),
        ("a: 'x -> linear(3)'", "a = x -> linear(3)"),
        ("a: \"'M'\"", "a = 'M'"),
        ("a: 1e-3", "a = 1e-3"),
        ("a: no", "a = no"),
        ("a: on", "a = on"),
        ("a: TRUE", "a = True"),
        ("a: ~", None),
        ("a: .inf", 'a = float("inf")'),
        ("a: >-\n  x\n  -> linear(3)\n  -> relu", "a = x -> linear(3) -> relu"),
        ("a: x\n  -> linear(3)", "a = x -> linear(3)"),
        ("a: &l {linear: 3}\nb: *l", "a = linear(3)\nb = linear(3)"),
        ("h, c: lstm(3)(x)", "h, c = lstm(3)(x)"),
        ("- a: x\n- a: a + 1", "a = x\na = a + 1"),
        ("- for: i, c in enumerate(w)\n  do:\n    - a: linear(c)", "for i, c in enumerate(w) { a = linear(c) }"),
        ("- for: c in w\n  do: {a: linear(c)}", "for c in w { a = linear(c) }"),
        ("- if: n > 1\n  then:\n    - a: x\n  else:\n    - a: 1", "if n > 1 { a = x } else { a = 1 }"),
        ("- if: n > 1\n  then: {a: x}\n  else:\n    - if: m\n      then: {a: 1}", "if n > 1 { a = x } else if m { a = 1 }"),
        ("- a: x\n- output b: a\n- c: x\n- output c, a", "a = x\noutput b = a\nc = x\noutput c, a"),
        (
            "- input y: [4]\n- tie a.weight: b.weight\n- init: {linear: zeros}",
            "input y: [4]\ntie a.weight = b.weight\ninit { linear: zeros }",
        ),
    ],
)
def test_each_form_of_a_definition_is_an_expression_of_arch(yaml: str, spelled: str | None) -> None:
    """Strings, lists, mappings, loops and conditions mean what `.arch` says in its own way."""
    if spelled is None:
        assert [complaint.code for complaint in read_yaml(block(yaml))[1]] == ["wrong-kind"]
    else:
        assert bare(tree_of(block(yaml))) == bare(arch(model(spelled)))


@pytest.mark.parametrize(
    ("yaml", "spelled"),
    [
        ("about: |\n  One.\n    two\n", 'about """\nOne.\n  two\n"""'),
        ("imports: [blocks/resnet.arch]", 'import "blocks/resnet.arch"'),
        ("params:\n  a: 2\n  b: [1, 2]\n  c: \"'M'\"\n  d: 1:59", None),
        ("params:\n  a: 2\n  b: [1, 2]\n  c: \"'M'\"", 'param a = 2\nparam b = [1, 2]\nparam c = "M"'),
        (
            "shorthands:\n  conv_bn(width, k = 3): [conv2d: [width, k], batch_norm2d]",
            "layer conv_bn(width, k = 3) = conv2d(width, k) -> batch_norm2d",
        ),
        (
            "blocks:\n  Basic(width, stride = 1):\n    inputs: [x, y]\n    graph: {z: x + y}\n    outputs: [z]",
            "block Basic(width, stride = 1) { input x\ninput y\nz = x + y\noutput z }",
        ),
        (
            "cells:\n  Cell:\n    inputs: [x]\n    states: {h: [128], g: {shape: [8], start: 1}}\n    next: {h: x + h}\n    outputs: {y: h}",
            "cell Cell { input x\nstate h: [128]\nstate g: [8] = 1\nnext h = x + h\noutput y = h }",
        ),
        (
            "models:\n  A:\n    inputs:\n      t: int64[T <= n]\n      u: ragged [T, 57]\n    outputs: t\n  B(n = 2): {}",
            "model A { input t: int64[T <= n]\ninput u: ragged [T, 57]\noutput t }\nmodel B(n = 2) { }",
        ),
        (
            "model:\n  name: A\n  inputs: {x: [3]}\n  layers: [linear: 3, act: relu]\n  outputs: [y]",
            "model A { input x: [3]\noutput y = x -> linear(3) -> act: relu }",
        ),
        (
            "model:\n  name: A\n  carry: {state: rnn}\n  tie: {a.weight: b.weight}\n  init: {conv2d: 'normal(0, 0.02)', '*.w': zeros}",
            'model A { carry state = rnn\ntie a.weight = b.weight\ninit { conv2d: normal(0, 0.02), "*.w": zeros } }',
        ),
        ("model:\n  name: A\n  parameters: {p: 'parameter([2])'}", "model A { p = parameter([2]) }"),
        (
            "train:\n  data: {digits: {size: 28}}\n  n: normal([2])\n  steps:\n    g:\n      update: G\n      loss: n\n  metrics: {accuracy: mean(n)}\n  epochs: 5",
            "train { data: digits(size=28)\nn = normal([2])\nstep g { update: G\nloss: n }\nmetrics: { accuracy: mean(n) }\nepochs: 5 }",
        ),
        ("train:\n  early_stopping: {patience: 3}", "train { early_stopping: { patience: 3 } }"),
        ("train:\n  loss: {mse_loss: [a, b]}\n  metrics: ['accuracy(a, b)']", "train { loss: mse_loss(a, b)\nmetrics: [accuracy(a, b)] }"),
        ("train:\n  data: {csv: {path: a.csv, target: price}}", 'train { data: csv(path="a.csv", target="price") }'),
        ("train:\n  data: {folder: images}", 'train { data: folder("images") }'),
        (
            "model:\n  name: A\n  init: {linear: {kaiming_normal: {mode: fan_out}}, conv2d: {normal: [0, 0.02]}}",
            'model A { init { linear: kaiming_normal(mode="fan_out"), conv2d: normal(0, 0.02) } }',
        ),
        (
            "model:\n  name: A\n  parameters: {p: {parameter: {shape: [2], init: {normal: {std: 0.02}}}}}",
            "model A { p = parameter(shape=[2], init=normal(std=0.02)) }",
        ),
        (
            "figure: {style: latent, caption: 'A: b.', labels: {z: code}}\nreading: {Auto-Encoding: 'https://a.b/c#d'}",
            'figure { style: latent, caption: "A: b.", labels: {z: "code"} }\nreading { "Auto-Encoding": "https://a.b/c#d" }',
        ),
        (
            "statements:\n- param a: 1\n- block B: {inputs: [x]}\n- param b: 2\n- 'param c = 3'",
            "param a = 1\nblock B { input x }\nparam b = 2\nparam c = 3",
        ),
    ],
)
def test_each_section_of_a_file_is_a_statement_of_arch(yaml: str, spelled: str | None) -> None:
    """Everything that a file may hold has its key in YAML; `1:59` is no number in either surface."""
    if spelled is None:
        assert read_yaml(yaml)[1] != []
    else:
        assert bare(tree_of(yaml)) == bare(arch(spelled))


@pytest.mark.parametrize(
    "text", [HARD, VAE_ARCH, *[path.read_text() for path in SPECS]], ids=["hard", "vae", *[path.stem for path in SPECS]]
)
def test_a_spec_comes_back_from_yaml_as_it_was(text: str) -> None:
    """Converted to YAML and back, a spec is an equal tree with all its comments; writing is a fixed point."""
    file = arch(text)
    yaml = write(file)
    back = tree_of(yaml)
    assert back == file
    assert sorted(comments_of(back)) == sorted(comments_of(file))
    assert write(back) == yaml
    assert arch(write_arch(back)) == file


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-1, 12)), min_size=1, max_size=8, unique_by=lambda each: each[0]))
def test_no_comment_is_lost_wherever_it_stands(places: list[tuple[int, int]]) -> None:
    """Beside any line (-1) or above it, however far in: each comment is in the tree once, and comes back from either surface."""
    lines = FLOWS.split("\n")
    for number, (at, column) in enumerate(sorted(places, reverse=True)):
        if column >= 0:
            lines.insert(at % len(lines), f"{' ' * column}# comment {number}")
        else:
            lines[at % len(lines)] += f"  # comment {number}"
    # Where two were put beside one line, they are one comment.
    expected = sorted(line.partition("# ")[2] for line in lines if "#" in line)
    file = tree_of("\n".join(lines))
    assert sorted(comments_of(file)) == expected
    assert tree_of(write(file)) == file
    assert arch(write_arch(file)) == file


def test_a_yaml_spec_comes_back_from_arch_as_it_was() -> None:
    """Converted to `.arch` and back, the tree is equal, comments included."""
    file = tree_of(VAE)
    assert arch(write_arch(file)) == file


@pytest.mark.parametrize(
    "spelling",
    ["x + where_ * 2", "'x + where_ * 2'", '"x + where_ * 2"', '"x\\x20+ where_ * 2"', ">-\n  x +\n  where_ * 2", "|\n  x +\n    where_ * 2", "x\n  + where_\n  * 2",
     "'x\n  + where_ * 2'", '"x \\\n  + where_ * 2"', "'x[''a''] + where_ * 2'"],
)  # fmt: skip
def test_expressions_know_their_place_in_whatever_yaml_spells_them(spelling: str) -> None:
    """Plain, quoted, escaped, folded or literal: a name's span covers just that name."""
    waiting: list[object] = [tree_of(block(f"a: {spelling}"))]
    names = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Name):
            names.append(node)
        if isinstance(node, tree.Node):
            waiting += [getattr(node, field) for field in node._fields if field not in ("span", "comments")]
        elif isinstance(node, tuple):
            waiting += node
    assert "where_" in [name.id for name in names]
    assert all(name.span.text == name.id for name in names)


def test_line_ends_and_the_byte_order_mark_move_nothing() -> None:
    """CR LF and a byte order mark are read, and places stay right."""
    file = tree_of("\ufeff" + VAE.replace("\n", "\r\n"))
    assert bare(file) == bare(tree_of(VAE))
    assert [statement.span.text[:6] for statement in file.statements] == ["latent", "model:"]


def test_without_libyaml_all_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's own parser gives the same trees and the same refusals."""
    import yaml

    expected = tree_of(VAE), [complaint.code for complaint in read_yaml("params: {a: 1, a: !x 2}")[1]]
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert (tree_of(VAE), [complaint.code for complaint in read_yaml("params: {a: 1, a: !x 2}")[1]]) == expected
    assert [complaint.code for complaint in read_yaml("[" * 3_000)[1]] == ["nested-too-deep"]
