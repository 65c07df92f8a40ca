"""The YAML surface: the same tree as `.arch`, with every place and every comment, and nothing hostile let in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.schema import vocabulary
from archdsl.syntax import read_arch, tree
from archdsl.syntax.read_yaml import read
from archdsl.syntax.write_arch import write_arch
from archdsl.syntax.write_yaml import write
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source

SPECS = sorted((Path(__file__).parents[1] / "specs").rglob("*.arch"))

VAE = """\
archdsl: 1                                           # may be left out
params: {latent: 20}
model:
  name: VAE
  inputs: {image: [1, 28, 28]}
  graph:
    encoder:                                         # a list is a chain of layers
      - batch_norm2d
      - conv2d: {out_channels: 32, kernel_size: 4, stride: 2, padding: 1}
      - batch_norm2d
      - leaky_relu
      - conv2d(64, 4, stride=2, padding=1)           # the same layer, as an expression
      - batch_norm2d
      - leaky_relu
    features: image -> encoder                       # a string is an expression
    mean: features -> flatten -> linear(latent)
    logvar: features -> flatten -> linear(latent)
    code: gaussian_sample(mean, logvar)
  outputs: [mean, logvar]
"""
VAE_ARCH = """\
param latent = 20
model VAE {
  input image: [1, 28, 28]
  encoder = batch_norm2d -> conv2d(out_channels=32, kernel_size=4, stride=2, padding=1) -> batch_norm2d -> leaky_relu
    -> conv2d(64, 4, stride=2, padding=1) -> batch_norm2d -> leaky_relu
  features = image -> encoder
  mean = features -> flatten -> linear(latent)
  logvar = features -> flatten -> linear(latent)
  code = gaussian_sample(mean, logvar)
  output mean, logvar
}
"""

HARD = '''\
# The first comment.

# And another one.
about """A test: "quoted".

  indented # not a comment
"""  # beside about
import "blocks/resnet.arch"  # why
param latent = 20  # beside latent
param names = ["a", "b"]
param mode = "M"
param table = {"a": 1, "b": [1, 2]}
param nothing = None
param rate = 1e-3
layer a(w, k = 3) = conv2d(w, k) -> relu
block B(w, mode = "a: b # c") {  # head of B
  # first in B
  input x: [T, D]
  input y
  h = x -> stem: (conv2d(8, 3) -> relu) -> act: relu   # beside h
  if w > 1 { # head of if
    z = linear(w)
    # below z
  } else if w == 1 {
    z = linear(2)
  } else {
    z = linear(3)
  }
  output a = h  # beside output
  q, k = x -> chunk(2, dim=1)
  output b, c = q, k
  output q, z
  tie z.weight = h.weight
  init { conv2d: normal(0, 0.02), "*.c": zeros # inside
    # last in init
  }
  for i, c in enumerate([1, 2]) {  # loop
    # before w
    w = w + i
    # below the loop
  }
  # below B
}
layer b = linear(1)
cell C {
  state h: [128] = 0
  state g: int64[T]
  input x
  next h = tanh(x + h)
  next g = g
  output h
}
model M(n = 1) {
  input x: ragged float32[T, 57]
  input null: [1 <= 2]
  carry s = rnn
  layer inner(q) = linear(q)
  rnn = lstm(3)
  true_ = x[..., None] if latent > 1 else -x ** 2
  s2 = f"layer{i + 1}:# x"
  texts = "a: b # c"
  long = x -> linear(100, bias=False) -> linear(200, bias=False) -> linear(300, bias=False) -> linear(400, bias=False)
  output x
}
model N { input x: [1]
  conv2d = conv2d(8, 3)
  net = conv2d: conv2d(8, 3) -> relu -> (linear(3) -> relu) -> linear(4) -> linear(5)
  output x -> linear(1) -> linear(2) -> linear(3) -> linear(4) }
train {
  # recipe
  data: digits(size=28)
  noise = normal([200, 1, 1])            # drawn afresh
  fake  = Generator(noise)
  step d {
    update: D  # who
    loss: binary_cross_entropy(D(image), 1)
  }
  # second step
  step g { update: G
    loss: x }
  optimizer: adam(lr=2e-4, betas=(0.5, 0.999))   # one for each step
  metrics: [accuracy(logits, label)]
  show: { samples: Generator(normal([200, 1, 1])) }  # a picture
  feed: { x: image }
  device: "cpu"
}
figure { style: latent, caption: "\\"F\\": a." , title: "it's # x", labels: {a: "b"} }
reading { "Auto: x": "https://a.b/c#d", "T": "u" }
# the end
'''


def read_yaml(text: str) -> tuple[tree.File, list[Complaint]]:
    """Read YAML, and return what was complained of."""
    complaints = Complaints()
    return read(Source("spec.yaml", text), complaints, vocabulary()), list(complaints)


def tree_of(text: str) -> tree.File:
    """Read YAML that is sound."""
    file, complaints = read_yaml(text)
    assert [f"{complaint.span.line}: {complaint.message} ({complaint.note})" for complaint in complaints] == []
    return file


def arch(text: str) -> tree.File:
    """Read `.arch` that is sound."""
    complaints = Complaints()
    file = read_arch.read(Source("spec.arch", text), complaints)
    assert [f"{complaint.span.line}: {complaint.message}" for complaint in complaints] == []
    return file


def bare(node: object) -> object:
    """Return a part of a tree without its comments."""
    if isinstance(node, tuple):
        return tuple(bare(item) for item in node)
    if not isinstance(node, tree.Node):
        return node
    changes = {field: bare(getattr(node, field)) for field in node._fields if field not in ("span", "comments")}
    return node.replace(**changes, **({"comments": tree.NO_COMMENTS} if "comments" in node._fields else {}))


def comments_of(node: object) -> list[str]:
    """Return all comments of a part of a tree."""
    if isinstance(node, tuple):
        return [text for item in node for text in comments_of(item)]
    if not isinstance(node, tree.Node):
        return []
    own: list[str] = []
    if isinstance(node, (tree.Statement, tree.Entry, tree.File)):
        own = [text for text in (*node.comments.above, node.comments.beside, *node.comments.below) if text is not None]
    return own + [text for field in node._fields if field != "comments" for text in comments_of(getattr(node, field))]


def block(body: str) -> str:
    """Put a graph into a model."""
    inner = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"model:\n  name: M\n  inputs: {{x: [3]}}\n  graph:\n{inner}\n"


def model(body: str) -> str:
    """Put the same into a model of `.arch`."""
    return f"model M {{\n  input x: [3]\n{body}\n}}\n"


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
        ("a: {conv2d: {out_channels: 8, kernel_size: 3, padding_mode: reflect}}", 'a = conv2d(out_channels=8, kernel_size=3, padding_mode="reflect")'),
        ("a: {conv2d: {out_channels: 8, kernel_size: 3, padding: same}}", 'a = conv2d(out_channels=8, kernel_size=3, padding="same")'),
        ("a: {conv2d: {out_channels: 8, kernel_size: 3, padding: k // 2}}", "a = conv2d(out_channels=8, kernel_size=3, padding=k // 2)"),
        ("a: {conv2d: {out_channels: 8, kernel_size: [3, 5]}}", "a = conv2d(out_channels=8, kernel_size=[3, 5])"),
        ("a: {gelu: tanh}", 'a = gelu("tanh")'),
        ("a: 'x -> linear(3)'", "a = x -> linear(3)"),
        ('a: "\'M\'"', "a = 'M'"),
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
        ("- input y: [4]\n- tie a.weight: b.weight\n- init: {linear: zeros}", "input y: [4]\ntie a.weight = b.weight\ninit { linear: zeros }"),
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
        ("about: |\n  One.\n    two\n", 'about """One.\n  two"""'),
        ("imports: [blocks/resnet.arch]", 'import "blocks/resnet.arch"'),
        ("params:\n  a: 2\n  b: [1, 2]\n  c: \"'M'\"\n  d: 1:59", None),
        ("params:\n  a: 2\n  b: [1, 2]\n  c: \"'M'\"", 'param a = 2\nparam b = [1, 2]\nparam c = "M"'),
        ("shorthands:\n  conv_bn(width, k = 3): [conv2d: [width, k], batch_norm2d]", "layer conv_bn(width, k = 3) = conv2d(width, k) -> batch_norm2d"),
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
        ("train:\n  loss: {mse_loss: [a, b]}\n  metrics: ['accuracy(a, b)']", "train { loss: mse_loss(a, b)\nmetrics: [accuracy(a, b)] }"),
        (
            "figure: {style: latent, caption: 'A: b.', labels: {z: code}}\nreading: {Auto-Encoding: 'https://a.b/c#d'}",
            'figure { style: latent, caption: "A: b.", labels: {z: "code"} }\nreading { "Auto-Encoding": "https://a.b/c#d" }',
        ),
        ("statements:\n- param a: 1\n- block B: {inputs: [x]}\n- param b: 2\n- 'param c = 3'", "param a = 1\nblock B { input x }\nparam b = 2\nparam c = 3"),
    ],
)
def test_each_section_of_a_file_is_a_statement_of_arch(yaml: str, spelled: str | None) -> None:
    """Everything that a file may hold has its key in YAML; `1:59` is no number in either surface."""
    if spelled is None:
        assert read_yaml(yaml)[1] != []
    else:
        assert bare(tree_of(yaml)) == bare(arch(spelled))


@pytest.mark.parametrize("text", [HARD, VAE_ARCH, *[path.read_text() for path in SPECS]], ids=["hard", "vae", *[path.stem for path in SPECS]])
def test_a_spec_comes_back_from_yaml_as_it_was(text: str) -> None:
    """Converted to YAML and back, a spec is an equal tree with all its comments; writing is a fixed point."""
    file = arch(text)
    yaml = write(file)
    back = tree_of(yaml)
    assert back == file
    assert sorted(comments_of(back)) == sorted(comments_of(file))
    assert write(back) == yaml
    assert arch(write_arch(back)) == file


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
    file, complaints = read_yaml(text)
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


MATERIAL = [VAE, write(arch(HARD)), "a: &a [x, {y: *a}]\nb: !t |\n  c\n", "graph: ['a', \"b\\n\", >-\n  c]\n"]


def _sound(text: str) -> None:
    file, complaints = read_yaml(text)
    assert isinstance(file, tree.File)
    for complaint in complaints:
        assert complaint.message and complaint.code
        for span in (complaint.span, *[label.span for label in complaint.labels]):
            assert 0 <= span.start <= span.end <= len(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MATERIAL), st.floats(0, 1))
def test_a_prefix_of_a_spec_gives_only_complaints(text: str, share: float) -> None:
    """However a spec is cut off, reading ends, with places inside the file."""
    _sound(text[: int(share * len(text))])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MATERIAL), st.floats(0, 0.999), st.sampled_from(list("\n \t:#-'\"[]{}()&*!|>%@`\\,.~0a\x00é\u2028") + ["", "\r\n", "- ", ": ", "  ", "->"]))
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
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40), st.text(max_size=10, alphabet="a: #\"'\\\n|-[{&*!%@`?,~1é"))
def test_any_text_in_a_spec_comes_back_from_yaml(caption: str, value: str) -> None:
    """Captions, titles, texts and their quotes survive the way to YAML and back."""
    from archdsl.syntax.write_expression import text_literal

    spelled = f"param a = {text_literal(value)}\nabout {text_literal(caption + value)}\nfigure {{ caption: {text_literal(caption)}, title: {text_literal(value)} }}\n"
    spelled += f"reading {{ {text_literal(caption or 'x')}: {text_literal(value)} }}\n"
    file = arch(spelled)
    assert tree_of(write(file)) == file
