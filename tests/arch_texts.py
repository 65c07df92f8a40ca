"""Specs in `.arch` that several tests read, and how they read them."""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.read_arch import read
from archdsl.syntax.write_arch import write_arch
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source

VAE = """# A variational autoencoder.
param latent = 20

model VAE {
  input image: [1, 28, 28]

  encoder = batch_norm2d
    -> conv2d(32, 4, stride=2, padding=1) -> batch_norm2d -> leaky_relu
    -> conv2d(64, 4, stride=2, padding=1) -> batch_norm2d -> leaky_relu

  features       = image -> encoder
  mean           = features -> flatten -> linear(latent)
  logvar         = features -> flatten -> linear(latent)
  code           = gaussian_sample(mean, logvar)
  decoder        = conv_transpose2d(32, 4, stride=2, padding=1) -> batch_norm2d -> relu
    -> conv_transpose2d(1, 4, stride=2, padding=1) -> sigmoid
  reconstruction = code -> linear(numel(features)) -> unflatten(1, shape(features)) -> decoder

  output reconstruction, mean, logvar
}

train {
  data: digits(size=28)
  reconstruction_loss = binary_cross_entropy(reconstruction, image, reduction="sum") / batch_size
  kl                  = gaussian_kl(mean, logvar)
  loss: reconstruction_loss + kl
  optimizer: adam(lr=1e-3)
  epochs: 20
  batch_size: 128
}
"""

EVERYTHING = '''# What there is, in one file.

# It is long.
about """Encodes an image; \\"quoted\\" and a \\\\ backslash.
    Indented once.

      Indented twice.
    """
import "blocks/resnet.arch"  # from the library
param width = 0x10
param rates = [1e-3, 1_000, .5]  # spelled so
layer conv(width, size = 3) = conv2d(width, size) -> relu
layer bare = relu

cell Core(n) {  # one step
  input x: ragged int64[T <= length, 57]
  input y
  state h: [128] = zeros([128])
  state c: int64[]
  next h, c = f(x, h), c
  output g(h)
  # the end of the cell
}

model A {
  input tokens: int64[T <= 64]
  init = x -> state
  output, next = f(init)
  stem = stem: conv2d(8, 3) -> act: relu -> (a -> b) -> chain([f(c) for c in xs if c > 1 if d])
  v = a if b else c if d else -e ** -f + not_a % 2 // 3 @ q
  w = not a and (b or c) == d < 3 not in [1, 2] or e
  x = x[0, ..., None, 1:, ::2, a:b:c] + k.weight[:, 0]
  t = f(n=1) if False else (a,)
  if width != 1 or channels(x) != width {
    # inside
    x = x -> downsample  # shrinks

    y = x
    # last of then
  } else if b { z = 1 } else {  # head
    z = f"layer{i + 1:>3}{'a'}{{}}" + "tab\\t" + 'single' + r"raw\\n"
  }
  for i, c in enumerate([1, 2]) { q = linear(64)(x) }
  tie a.weight = b.weight
  carry memory = rnn
  init { conv2d: normal(0, 0.02), batch_norm2d.weight: normal(1, 0.02)  # why
    head: zeros
    # before the end
    "*.c_proj.weight":
      normal(std=0.01) }
  s = sum(x for x in xs) + max({a: b for a, b in c}, key=(), other=[])
  output logits = {1: a -> b, "k": None, c: true}
}

train {
  data: digits(size=64)
  noise = normal([200, 1, 1])  # drawn afresh
  fake = G(noise)  # once
  step discriminator {
    update: D
    loss: a + b
  }
  show: { samples: G(normal([200])), "layer1.0": x }
}
figure { style: latent, caption: "Figure: é" }
reading { "Title": "https://arxiv.org" }
# The end.

# Really.
'''


def parsed(text: str, name: str = "spec.arch") -> tuple[tree.File, list[Complaint]]:
    complaints = Complaints()
    return read(Source(name, text), complaints), list(complaints)


def good(text: str) -> tree.File:
    file, complaints = parsed(text)
    assert [f"{each.code}: {each.message}" for each in complaints] == []
    return file


def holds(text: str) -> None:
    """Read a text: complaints lie inside it, and where there is none it is formatted to a fixed point."""
    file, complaints = parsed(text)
    for complaint in complaints:
        assert complaint.message
        for span in (complaint.span, *(label.span for label in complaint.labels)):
            assert 0 <= span.start <= span.end <= len(text)
    written = write_arch(file)
    if not complaints:
        again = good(written)
        assert again == file
        assert write_arch(again) == written
