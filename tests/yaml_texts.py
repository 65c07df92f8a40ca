"""Specs in YAML that several tests read, and how they read them."""

from __future__ import annotations

from archdsl.schema import vocabulary
from archdsl.syntax import read_arch, tree
from archdsl.syntax.read_yaml import read
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source

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
