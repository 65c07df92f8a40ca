"""Constructs beside each other: what is emitted for them computes what they say."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from emitted import classes_of, expected_shape, inputs_of, program_of, write

from archdsl.syntax import read_arch
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source


def made(body, *, before=""):
    """Build the model of a body, and return it with its instance."""
    program = program_of(f"{before}\nmodel M {{\n{body}\n}}\n")
    torch.manual_seed(0)
    return classes_of(write(program).text)["M"]().eval(), program.models["M"]


NESTED_LOOPS = """
  input x: [8]
  for i in range(2) {
    for j in range(3) {
      if (i + j) % 2 == 0 {
        fc = linear(8 + i + j)
        x = x -> fc -> relu
      } else {
        norm = layer_norm
        x = x -> norm
      }
    }
    skip = linear(8)
    x = x -> skip
  }
  output y = x -> linear(2)
"""
ONE_LIST_TWO_LOOPS = """
  input x: [3]
  for w in [5, 6] { x = x -> linear(w) }
  for w in [5, 6] { x = x -> linear(w) -> relu -> linear(2) }
  output x
"""
A_VALUE_NAMED_AS_ITS_LAYERS = """
  input image: [1, 16, 16]
  h = image
  for w in [4, 8] { h = h -> conv2d(w, 3, padding=1) -> max_pool2d(2) }
  output y = h -> flatten -> linear(2)
"""
ATTENTION_BY_HAND = """
  input x: [T, 16]
  heads = 4
  q, k, v = x -> linear(48) -> unflatten(2, (3, heads, -1)) -> transpose(1, 3) -> unbind(2)
  weights = softmax(q @ transpose(k, 2, 3) / sqrt(16 // heads), dim=-1)
  output y = weights @ v -> transpose(1, 2) -> flatten(2)
"""
SLICES = """
  input x: [T, 8, 4]
  output a = x[:, 1:] - x[:, :-1]
  output b = x[:, -1, ::2, None]
  output c = x[:, T // 2]
  output d = einsum("btij,btkj->btik", x, x)
  output e = rearrange(x, "b t (h d) c -> b h t (d c)", h=2)
"""
RAGGED = """
  input name: ragged [T, 5]
  h = name -> lstm(6, bidirectional=True)
  weights = softmax(h -> linear(1), dim=1)
  output y = concat(sum(weights * h, dim=1), mean(h, dim=1), amax(h, dim=1), last(h), dim=1) -> linear(3)
"""
LAYERS_AS_ARGUMENTS = """
  input image: [3, 8, 8]
  net = conv(8) -> conv(8, act=leaky_relu(0.2)) -> conv(8, norm=group_norm(4))
  output y = image -> net
"""
MODULATED = """
  input z: [8]
  style = z -> linear(16) -> relu
  const = parameter([4, 4, 4], init=ones)
  x = const * style[:, :4, None, None]
  for w in [8, 4] {
    up = conv2d(w, 3, padding=1)
    mod = linear(w)
    x = interpolate(x, scale_factor=2) -> up
    x = x * mod(style)[:, :, None, None] -> leaky_relu(0.2)
  }
  output image = x -> conv2d(3, 1) -> tanh
"""
A_STAGE_OF_A_BLOCK = """
  input image: [3, 16, 16]
  x = image -> Stage(8, 2) -> Stage(6, 2, down=False)
  output y = x -> adaptive_avg_pool2d(1) -> flatten -> linear(3)
"""
STAGE = """
block Stage(width, depth, down = True) {
  input x: [C, H, W]
  if down {
    pool = conv2d(width, 2, stride=2)
    x = x -> pool
  }
  for i in range(depth) {
    unit = conv2d(width, 3, padding=1) -> batch_norm2d
    y = x -> unit
    if channels(x) == width { x = relu(x + y) } else { x = relu(y) }
  }
  output x
}
"""
CONV = "layer conv(width, act = relu, norm = batch_norm2d) = conv2d(width, 3, padding=1) -> norm -> act"
CONVOLUTIONAL_CELL = """
cell ConvLSTM(width) {
  input x: [C, H, W]
  state h: [width, 8, 8] = 0
  state c: [width, 8, 8] = 0
  conv = conv2d(4 * width, 3, padding=1)
  i, f, g, o = concat(x, h, dim=1) -> conv -> chunk(4, dim=1)
  new = sigmoid(f) * c + sigmoid(i) * tanh(g)
  next c = new
  next h = sigmoid(o) * tanh(new)
  output sigmoid(o) * tanh(new)
}
"""
OVER_FRAMES = """
  input video: [T, 3, 8, 8]
  frames, h, c = video -> scan(ConvLSTM(4))
  output a = frames[:, -1]
  output b = h
  output y = flatten(c) -> linear(2)
"""
CONSTRUCTS = {
    "nested loops": (NESTED_LOOPS, ""),
    "one list, two loops": (ONE_LIST_TWO_LOOPS, ""),
    "a value named as its layers": (A_VALUE_NAMED_AS_ITS_LAYERS, ""),
    "attention by hand": (ATTENTION_BY_HAND, ""),
    "slices": (SLICES, ""),
    "ragged": (RAGGED, ""),
    "layers as arguments": (LAYERS_AS_ARGUMENTS, CONV),
    "modulated": (MODULATED, ""),
    "a stage of a block": (A_STAGE_OF_A_BLOCK, STAGE),
    "a convolutional cell": (OVER_FRAMES, CONVOLUTIONAL_CELL),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_runs_and_gives_the_shapes_and_keys_of_the_graph(name):
    """The emitted class has the keys of the graph, and its outputs their shapes."""
    body, before = CONSTRUCTS[name]
    net, instance = made(body, before=before)
    assert list(net.state_dict()) == [key for key, *_ in instance.state()]
    found = net(*inputs_of(instance))
    found = found if isinstance(found, tuple) else (found,)
    assert [list(one.shape) for one in found] == [expected_shape(node.type, instance) for _, node in instance.outputs]


def test_layers_of_a_list_are_picked_by_the_loop():
    """`experts[i]` is another layer each time, also backwards and with an offset."""
    net, _ = made("""
      input x: [8]
      experts = [linear(8) for _ in range(4)]
      total = 0
      for i in range(4) { total = total + (i + 1) * experts[i](x) }
      for i in reversed(range(4)) { x = x -> experts[i] }
      for i in range(3) { x = x + experts[i + 1](x) }
      output total, x
    """)
    x = torch.randn(2, 8)
    total, last = net(x)
    torch.testing.assert_close(total, sum((i + 1) * net.experts[i](x) for i in range(4)))
    for i in (3, 2, 1, 0):
        x = net.experts[i](x)
    for i in (1, 2, 3):
        x = x + net.experts[i](x)
    torch.testing.assert_close(last, x)


def test_a_sum_over_nested_loops_takes_every_part():
    """A number that a loop makes a value of begins the sum, and nothing after it is lost."""
    net, _ = made("""
      input x: [8]
      total = 0
      for a in range(2) {
        for b in range(3) {
          fc    = linear(8)
          x     = x -> fc
          total = total + x
        }
      }
      output total
    """)
    x, total = torch.randn(2, 8), 0
    expected = x
    for fc in net.fc:
        expected = fc(expected)
        total = total + expected
    torch.testing.assert_close(net(x), total)


def test_a_counter_of_a_loop_stays_a_constant():
    """What is counted along with values is known when the network is made."""
    net, _ = made("input x: [8]\nn = 0\nfor w in [4, 2] { n = n + w\n fc = linear(n)\n x = x -> fc }\noutput x")
    assert [fc.out_features for fc in net.fc] == [4, 6]


def test_a_carried_layer_runs_once_between_shared_layers():
    """The same dropout before and after a recurrent layer whose state is carried on."""
    net, _ = made("""
      input tokens: int64[T]
      drop    = dropout(0.5)
      encoder = embedding(20, 6)
      rnn     = lstm(6)
      decoder = linear(20)
      output logits = tokens -> encoder -> drop -> rnn -> drop -> decoder
      carry state = rnn
    """)
    tokens = torch.randint(0, 20, (2, 5))
    logits, state = net(tokens)
    out, (h, c) = net.rnn(net.encoder(tokens))
    torch.testing.assert_close(logits, net.decoder(out))
    torch.testing.assert_close(state, (h, c))


def test_a_dimension_named_f_does_not_hide_the_functions_of_torch():
    """`[T, F]` is what most people call the sizes of a sequence of features."""
    net, _ = made(
        "input x: [T, 8]\noutput y = x -> B",
        before="block B {\ninput x: [T, F]\nlin = linear(F)\noutput relu(lin(x)) / sqrt(F) + arange(F)\n}",
    )
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(net(x), F.relu(net.y.lin(x)) / 8**0.5 + torch.arange(8))


def test_an_embedding_is_read_before_it_is_applied():
    """Its weight has a size that no input decides."""
    net, _ = made("input x: [4]\nbook = embedding(9, 4)\nnearest = argmax(x @ transpose(book.weight, 0, 1), dim=1)\noutput nearest -> book")
    x = torch.randn(3, 4)
    torch.testing.assert_close(net(x), net.book((x @ net.book.weight.T).argmax(1)))


def complaints_of(body):
    """Return the messages about a model that is at fault."""
    from archdsl.analyze import analyze

    complaints = Complaints()
    analyze(read_arch.read(Source("spec.arch", f"model M {{\n{body}\n}}\n"), complaints), complaints)
    return [one.message for one in complaints]


def test_a_named_layer_is_no_argument_of_another():
    """Torch would copy it; here it would be a layer that nothing applies."""
    body = "input x: [T, 8]\none = transformer_encoder_layer(2)\noutput y = x -> transformer_encoder(one, 6)"
    assert any("no name of its own" in message for message in complaints_of(body))


def test_a_path_that_nothing_applies_is_a_mistake():
    """A named chain over named layers counts as a layer too."""
    body = "input x: [8]\na = linear(8)\nnet = linear(4) -> relu -> a\noutput y = x -> a"
    assert complaints_of(body) == ["Nothing applies the layer net"]
