"""Specs that the tests of figures read, one for each style and some for what is special."""

from __future__ import annotations

from archdsl.draw import Figure, draw
from archdsl.graph import Program
from archdsl.spec import compile_source
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source

BARS = """
model Autoencoder {
  input image: [1, 28, 28]
  encoder = linear(128) -> relu -> linear(64) -> relu -> linear(12) -> relu
  decoder = linear(64) -> relu -> linear(128) -> relu -> linear(784) -> sigmoid
  code = image -> flatten -> encoder
  output reconstruction = code -> decoder -> unflatten(1, (1, 28, 28))
}
"""

VOLUMES = """
model CNN {
  input image: [1, 28, 28]
  features = conv2d(16, 1) -> batch_norm2d -> relu -> conv2d(32, 3, padding=1) -> relu -> max_pool2d(2)
    -> conv2d(64, 3, padding=1) -> relu -> max_pool2d(2)
  classifier = linear(128) -> relu -> dropout(0.5) -> linear(10)
  output logits = image -> features -> flatten -> classifier
}
"""

FLOW = """
model Generator {
  input noise: [200, 1, 1]
  net = conv_transpose2d(256, 4) -> batch_norm2d -> relu -> conv_transpose2d(1, 4, stride=2, padding=1) -> tanh
  output image = noise -> net
}
model Discriminator {
  input image: [1, 8, 8]
  net = conv2d(32, 4, stride=2, padding=1) -> leaky_relu(0.2) -> conv2d(1, 4) -> sigmoid
  output real = image -> net
}
train {
  data: digits(size=8)
  noise = normal([200, 1, 1])
  fake  = Generator(noise)
  step discriminator {
    update: Discriminator
    loss: binary_cross_entropy(Discriminator(image), 1) + binary_cross_entropy(Discriminator(detach(fake)), 0)
  }
  step generator {
    update: Generator
    loss: binary_cross_entropy(Discriminator(fake), 1)
  }
  optimizer: adam(lr=2e-4)
  epochs: 1
}
"""

NEURONS = """
model MLP {
  input image: [1, 28, 28]
  output logits = image -> flatten -> linear(500) -> relu -> linear(200) -> relu -> linear(5)
}
"""

CELL = """
model RNN {
  input name: ragged [T, 57]
  state hidden: [128] = 0
  hid_fc = linear(128)
  out_fc = linear(18)
  combined = concat(name, hidden, dim=1)
  next hidden = combined -> hid_fc
  output score = combined -> out_fc -> log_softmax(dim=1)
}
"""

LATENT = """
param latent = 20
model VAE {
  input image: [1, 28, 28]
  encoder = conv2d(32, 4, stride=2, padding=1) -> leaky_relu -> conv2d(64, 4, stride=2, padding=1) -> leaky_relu
  decoder = conv_transpose2d(32, 4, stride=2, padding=1) -> relu -> conv_transpose2d(1, 4, stride=2, padding=1) -> sigmoid
  features = image -> encoder
  mean     = features -> flatten -> linear(latent)
  logvar   = features -> flatten -> linear(latent)
  code     = gaussian_sample(mean, logvar)
  reconstruction = code -> linear(numel(features)) -> unflatten(1, shape(features)) -> decoder
  output reconstruction, mean, logvar
}
"""

BLOCKS = """
block Residual(width) {
  input x
  first = linear(width)
  second = linear(width)
  output x + (x -> layer_norm -> first -> gelu -> second)
}
block Join(width) {
  input x
  input skip
  output concat(skip, x -> linear(width), dim=1) -> linear(width)
}
model Ladder {
  input x: [64]
  low  = x -> linear(32)
  deep = low -> repeat(6, Residual(32))
  output y = (deep, low) -> Join(32)
}
"""

STYLES = {"bars": BARS, "volumes": VOLUMES, "flow": FLOW, "neurons": NEURONS, "cell": CELL, "latent": LATENT, "blocks": BLOCKS}


def program_of(text: str) -> Program:
    """Analyze a spec that is right."""
    complaints = Complaints()
    program = compile_source(Source("drawn.arch", text), complaints)
    assert program is not None, [complaint.message for complaint in complaints]
    return program


def figure_of(text: str, style: str | None = None, theme: str = "auto") -> Figure:
    """Draw a spec that is right."""
    return draw(program_of(text), style, theme)
