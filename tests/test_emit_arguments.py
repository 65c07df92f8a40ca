"""A param stays an argument of the constructor: another value gives what a spec with that value comes to."""

from __future__ import annotations

import pytest
from emitted import module_of, source_of

EXPERTS = """
param n = {}
model M {{
  input x: [8]
  experts = [linear(8) for _ in range(n)]
  total = zeros_like(x)
  for i in range(n) {{ total = total + experts[i](x) }}
  output total
}}
"""
DILATED = """
param n = {}
block Unit(width, dilation) {{
  input x: [C, T]
  y = x -> conv1d(width, 3, padding=dilation, dilation=dilation) -> relu
  if C != width {{
    down = conv1d(width, 1)
    x    = x -> down
  }}
  output relu(x + y)
}}
model M {{
  input x: [1, 20]
  net = chain([Unit(12, 2 ** i) for i in range(n)])
  output x -> net
}}
"""
TABLE = """
param plan = {}
layer conv(width) = conv2d(width, 3, padding=1) -> relu
model M {{
  input x: [3, 16, 16]
  features = chain([max_pool2d(2) if width == "M" else conv(width) for width in plan])
  output x -> features
}}
"""
UNLIKE_ITERATIONS = """
param width = {}
block Unit(width) {{
  input x: [C, H, W]
  y = x -> conv2d(width, 3, padding=1)
  if C != width {{ x = x -> conv2d(width, 1) }}
  output x + y
}}
model M {{
  input x: [3, 8, 8]
  x = x -> conv2d(width, 3, padding=1)
  for i, depth in enumerate([2, 2]) {{
    stage = Unit(width * 2 ** i) -> repeat(depth - 1, Unit(width * 2 ** i))
    x     = x -> stage
  }}
  output x
}}
"""
CONSTANT_BELOW = """
param width = {}
block Attention(heads) {{
  input x: [T, C]
  qkv = linear(3 * C)
  proj = linear(C)
  q, k, v = x -> qkv -> chunk(3, dim=2)
  size = C // heads
  q = q -> unflatten(2, (heads, size)) -> transpose(1, 2)
  k = k -> unflatten(2, (heads, size)) -> transpose(1, 2)
  v = v -> unflatten(2, (heads, size)) -> transpose(1, 2)
  output scaled_dot_product_attention(q, k, v) -> transpose(1, 2) -> flatten(2) -> proj
}}
model M {{
  input tokens: int64[T]
  output tokens -> embedding(10, width) -> Attention(4)
}}
"""
LOOP_IN_CONDITION = """
param deep = {}
model M {{
  input x: [3, 8, 8]
  h = x
  if deep {{ for w in [4, 6] {{ h = h -> conv2d(w, 3, stride=2, padding=1) }} }}
  output y = h -> flatten -> linear(2)
}}
"""
CASES = {
    "experts": (EXPERTS, "n", [4, 2, 6]),
    "dilated": (DILATED, "n", [4, 2, 6]),
    "table": (TABLE, "plan", [[4, "M", 8], [4, 6, "M", 8, "M"]]),
    "unlike": (UNLIKE_ITERATIONS, "width", [4, 6]),
    "constant_below": (CONSTANT_BELOW, "width", [16, 32]),
    "loop_in_condition": (LOOP_IN_CONDITION, "deep", [True, False]),
}


def shapes(module):
    """Return the shape of each entry of a state dict."""
    return {key: tuple(value.shape) for key, value in module.state_dict().items()}


@pytest.mark.parametrize("name", CASES)
def test_an_argument_does_what_the_param_does(name):
    """`M(n=6)` has the weights of the spec that says `param n = 6`."""
    text, argument, (first, *others) = CASES[name]
    for other in others:
        written = module_of(text.format(other).replace("'", '"'))
        assert shapes(module_of(text.format(first).replace("'", '"'), **{argument: other})) == shapes(written)


def test_what_nothing_reads_is_no_argument():
    """Where the spec has decided a condition, the class does not pretend to decide it."""
    source = source_of("""
param norm = "batch"
block B(norm) {
  input x: [C, H, W]
  if norm == "batch" { x = x -> batch_norm2d } else { x = x -> group_norm(4) }
  output x
}
model M {
  input x: [8, 4, 4]
  output x -> B(norm)
}
""")
    assert "norm=" not in source
    assert "def __init__(self, C):" in source


def test_a_resized_value_settles_its_condition():
    """What follows a condition has the size of the side taken, so the other one cannot be made."""
    source = source_of("""
param wide = True
model M {
  input x: [3]
  h = x
  if wide { h = h -> linear(8) }
  output h -> linear(2)
}
""")
    assert "wide" not in source


def test_a_layer_given_to_another_may_say_its_size():
    """`layer_norm(normalized_shape=16)` as an argument is one size, not two."""
    module_of("""
model M {
  input x: [3, 16]
  e = transformer_encoder(transformer_encoder_layer(4), 2, norm=layer_norm(normalized_shape=16))
  output x -> e
}
""")


def test_a_docstring_stands_first():
    """The file's comment opens the docstring, which nothing stands before."""
    source = source_of("""# Two networks.
model A {
  input x: [3]
  output x -> linear(2)
}
model B {
  input x: [3]
  output x -> linear(2)
}
about "They play."
""")
    assert source.startswith('"""Two networks.\n\nThey play.\n"""\n\n')
