"""What specs mean: kinds, names, shapes and state-dict keys, told from the graph."""

from __future__ import annotations

import pytest

from archdsl.analyze import analyze
from archdsl.graph import Instance, Program
from archdsl.syntax.read_arch import read
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source


def compiled(text: str, *, traced: bool = False) -> tuple[Program | None, list[Complaint]]:
    """Compile a spec given as text."""
    complaints = Complaints()
    file = read(Source("spec.arch", text), complaints)
    return analyze(file, complaints, traced=traced), list(complaints)


def model(body: str, *, before: str = "") -> Instance:
    """Compile one model from its body, in both ways of keeping sizes, which have to agree."""
    text = f"{before}\nmodel M {{\n{body}\n}}\n"
    plain, complaints = compiled(text)
    assert not complaints, [f"{one.message} at line {one.span.line}" for one in complaints]
    traced, _ = compiled(text, traced=True)
    assert plain is not None
    assert traced is not None
    assert shapes(traced.models["M"]) == shapes(plain.models["M"])
    return plain.models["M"]


def shapes(instance: Instance) -> dict[str, tuple[object, ...]]:
    """Return every key with its shape."""
    return {key: shape for key, shape, _, _ in instance.state()}


def weights(body: str, *, before: str = "") -> list[str]:
    """Return the keys that end in `weight`, shortened to what stands before it."""
    return [key.removesuffix(".weight") for key in shapes(model(body, before=before)) if key.endswith(".weight")]


def outputs(body: str, *, before: str = "") -> dict[str, str]:
    """Return the outputs with their types, as specs write them."""
    return {name: str(node.type) for name, node in model(body, before=before).outputs}


def complaints_of(body: str, *, before: str = "") -> list[tuple[str, int]]:
    """Return the code and line of each complaint about a model, whose body begins on line 2."""
    _, complaints = compiled(f"{before}model M {{\n{body}\n}}\n")
    return [(one.code, one.span.line) for one in complaints]


IMAGE = "input image: [1, 28, 28]\n"
VECTOR = "input x: [3]\n"


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (VECTOR + "output y = x -> linear(4)", ["y"]),
        (VECTOR + "output x -> linear(4)", ["output"]),
        (VECTOR + "fc = linear(4)\noutput y = x -> fc", ["fc"]),
        (IMAGE + "output mean = image -> flatten -> linear(4) -> relu", ["mean"]),
        (VECTOR + "output y = x -> linear(4) -> relu -> linear(2)", ["y.0", "y.2"]),
        (VECTOR + "net = linear(4) -> relu -> linear(2)\noutput y = x -> net", ["net.0", "net.2"]),
        (VECTOR + "net = first: linear(4) -> relu -> last: linear(2)\noutput y = x -> net", ["net.first", "net.last"]),
        (VECTOR + "net = (linear(4) -> relu) -> linear(2)\noutput y = x -> net", ["net.0.0", "net.1"]),
        (VECTOR + "net = linear(4) -> (linear(2))\noutput y = x -> net", ["net.0", "net.1.0"]),
        (VECTOR + "y = x -> fc1: linear(4) -> relu -> linear(2)\noutput y", ["fc1", "y"]),
        (VECTOR + "a = linear(4)\nnet = a -> relu -> linear(2) -> linear(5)\noutput y = x -> net", ["a", "net.0", "net.1"]),
        (VECTOR + "net = repeat(3, linear(3) -> relu)\noutput y = x -> net", ["net.0", "net.2", "net.4"]),
        (VECTOR + "net = repeat(2, (linear(3) -> relu))\noutput y = x -> net", ["net.0.0", "net.1.0"]),
        (VECTOR + "net = chain([linear(w) for w in [5, 6]])\noutput y = x -> net", ["net.0", "net.1"]),
        (VECTOR + 'net = chain({"a": linear(5), "b": linear(6)})\noutput y = x -> net', ["net.a", "net.b"]),
        (VECTOR + "fcs = [linear(3), linear(3)]\noutput y = x -> fcs[0] -> fcs[1]", ["fcs.0", "fcs.1"]),
        (VECTOR + "for w in [5, 6] { x = x -> linear(w) }\noutput x", ["x.0", "x.1"]),
        (VECTOR + "for w in [5, 6] { fc = linear(w)\n x = x -> fc -> relu }\noutput x", ["fc.0", "fc.1"]),
        (VECTOR + "x = x -> linear(5)\nx = x -> linear(6)\noutput x", ["x", "x2"]),
        (VECTOR + "a, b = x -> linear(6) -> chunk(2, dim=1)\noutput a, b", ["linear"]),
        (VECTOR + "output y = linear(4)(x)", ["y"]),
        (VECTOR + "a = x -> linear(3)\noutput y = (a -> linear(2)) + (x -> linear(2))", ["a", "y.0", "y.1"]),
    ],
)
def test_keys_follow_the_names_in_the_spec(body: str, keys: list[str]) -> None:
    """A layer stands in the state dict where LANGUAGE's rules for names and chains put it."""
    assert weights(body) == keys


def test_a_loop_with_a_condition_numbers_what_it_makes() -> None:
    """A layer that only some iterations make is numbered by how many were made."""
    body = VECTOR + "for i in range(4) {\n if i % 2 == 1 { fc = linear(3)\n x = x -> fc }\n}\noutput x"
    assert weights(body) == ["fc.0", "fc.1"]


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (IMAGE + "output y = image -> conv2d(8, 3, padding=1) -> max_pool2d(2)", "[8, 14, 14]"),
        (IMAGE + "output y = image -> flatten", "[784]"),
        (IMAGE + "output y = concat(image, image, dim=1)", "[2, 28, 28]"),
        (IMAGE + "output y = image[:, 0]", "[28, 28]"),
        (IMAGE + "output y = image[..., None]", "[1, 28, 28, 1]"),
        (IMAGE + "output y = image[:, :, 4:-4, ::2]", "[1, 20, 14]"),
        (IMAGE + "output y = image -> unflatten(3, (4, 7))", "[1, 28, 4, 7]"),
        (IMAGE + "output y = 1 - image * 2", "[1, 28, 28]"),
        (IMAGE + "output y = mean(image, dim=(2, 3))", "[1]"),
        ("input x: [8, T]\noutput y = x -> conv1d(8, 3, stride=2)", "[8, (T + 1) // 2 - 1]"),
        ("input t: int64[T]\noutput y = t -> embedding(10, 4)", "[T, 4]"),
        ("input x: [T, 57]\noutput y = x -> lstm(8) -> linear(3)", "[T, 3]"),
        ("input x: [9, 57]\nrnn = lstm(8)\noutput y = rnn(x)[:, -1] -> linear(3)", "[3]"),
        ("input n: ragged [T, 57]\noutput y = n -> lstm(8) -> last -> linear(3)", "[3]"),
        ("input n: ragged [T, 57]\noutput y = n -> linear(3) -> relu", "ragged [T, 3]"),
    ],
)
def test_shapes_follow_torch(body: str, shape: str) -> None:
    """Shapes are torch's, written without the batch."""
    assert list(outputs(body).values()) == [shape]


def test_names_are_looked_up_by_where_they_stand() -> None:
    """What is called is looked up among layers first, anything else among definitions: dropout(dropout) works."""
    body = (
        IMAGE + "mean = image -> flatten -> linear(2)\noutput y = mean(mean, dim=1) * (image -> dropout(dropout) -> flatten -> mean(dim=1))"
    )
    assert outputs(body, before="param dropout = 0.1") == {"y": "[]"}


def test_a_layer_may_hide_the_registry_and_the_registry_stays_callable() -> None:
    """Bare, a name means one's own layer; called with constants alone it is still the registry's."""
    assert weights(VECTOR + "linear = linear(3)\noutput y = x -> linear -> linear(5)") == ["linear", "y"]


def test_blocks_are_elaborated_for_each_use() -> None:
    """A block's sizes follow from its argument, its keys from the name it is given."""
    block = "block Residual(width) {\n input x\n fc = linear(width)\n if channels(x) != width { proj = linear(width)\n x = x -> proj }\n output x + fc(x)\n}"
    body = VECTOR + "a = Residual(3)\nb = Residual(5)\noutput y = x -> a -> b"
    assert weights(body, before=block) == ["a.fc", "b.fc", "b.proj"]


def test_a_pattern_names_the_sizes_of_a_blocks_argument() -> None:
    """`input x: [T, D]` gives names to sizes, known or symbolic."""
    block = "block B {\n input x: [T, D]\n output y = (x -> linear(2 * D)) + parameter([2 * D])\n}"
    assert outputs("input s: [L, 6]\noutput z = s -> B", before=block) == {"z": "[L, 12]"}


def test_a_cell_runs_over_time() -> None:
    """`scan` gives the outputs as a sequence, then the last states in the order of their lines."""
    cell = "cell C(n) {\n input x\n state h: [n] = 0\n state c: [2]\n next h, c = concat(x, h, dim=1) -> linear(n), c + 1\n output h * 2\n}"
    body = "input s: ragged [T, 3]\nys, h, c = s -> scan(C(5))\noutput ys, h, c"
    assert outputs(body, before=cell) == {"ys": "ragged [T, 5]", "h": "[5]", "c": "[2]"}


def test_a_model_with_states_has_keys_without_prefix() -> None:
    """A model with `state` lines speaks of one moment; its layers are its own."""
    body = "input name: ragged [T, 57]\nstate h: [8] = 0\nboth = concat(name, h, dim=1)\nhid = linear(8)\nnext h = both -> hid\noutput y = both -> linear(2)"
    assert shapes(model(body))["hid.weight"] == (8, 65)


def test_ties_and_initial_weights_speak_of_keys() -> None:
    """A name beats a pattern beats a kind; a layer's name alone means its weights."""
    body = (
        VECTOR
        + 'a = linear(3)\nb = linear(3)\ntie a.weight = b.weight\ninit { linear: zeros, "b.*": ones, b: normal(std=0.1) }\noutput y = x -> a -> b'
    )
    made = model(body)
    assert made.ties == (("a.weight", "b.weight"),)
    assert {rule.pattern: rule.matches for rule in made.inits} == {"linear": ("a.weight",), "b.*": ("b.bias",), "b": ("b.weight",)}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (VECTOR + "output y = x -> lnear(3)", [("unknown-layer", 3)]),
        (VECTOR + "input x: [4]\noutput y = x -> linear(3)", [("defined-twice", 3)]),
        (VECTOR + "y = (x, x)\noutput y[:, 0]", [("not-a-value", 4)]),
        (VECTOR + "a = [linear(8), linear(8)]\noutput y = a(x)", [("not-a-layer", 4)]),
        (VECTOR + "output y = xx -> linear(3)", [("unknown-name", 3)]),
        (VECTOR + "output y = x -> linear(3, 4)", [("bad-argument", 3)]),
        (VECTOR + "output y = x -> conv2d(3, 3)", [("shape-mismatch", 3)]),
        (VECTOR + "output y = x -> linear(3, in_features=4)", [("shape-mismatch", 3)]),
        (VECTOR + "fc = linear(3)\noutput x", [("unused-layer", 3)]),
        (VECTOR + "fcs = [linear(3), linear(3)]\noutput y = x -> fcs[0]", [("unused-layer", 3)]),
        (VECTOR + "input z: [2]\noutput y = x -> relu", [("unused-input", 3)]),
        (VECTOR + "relu = x -> linear(3)\noutput y = x -> tanh", [("reserved-name", 3)]),
        (VECTOR + "forward = linear(3)\noutput y = x -> tanh", [("reserved-name", 3)]),
        (VECTOR + "a = linear(3)\na = linear(4)\noutput y = x -> a", [("defined-twice", 4)]),
        (VECTOR + "a = linear(4)\noutput y = x -> a -> a", [("shape-mismatch", 4)]),
        (VECTOR + "output y = x[0]", [("bad-index", 3)]),
        (VECTOR + "output y = x -> repeat(10 ** 6, linear(3))", [("too-large", 3)]),
        (VECTOR + "n = 9 ** 9 ** 9\noutput y = x -> linear(n)", [("bad-constant", 3)]),
        (VECTOR + "if x { y = x }\noutput x", [("not-a-constant", 3)]),
        (VECTOR + "if False { y = x -> nonsens }\noutput y = x -> tanh", [("unknown-name", 3)]),
        (VECTOR + "y = x -> linear(3)", [("missing", 1)]),
        ("input x: [B, 3]\noutput y = x -> linear(3)", [("batch-written", 2)]),
        ("input x: [T]\noutput y = x -> linear(3)", [("unknown-size", 3)]),
        ("input n: ragged [T, 3]\noutput y = n -> transpose(1, 2)", [("ragged", 3)]),
        (
            VECTOR + "a = x -> linear(2)\nb = a -> conv2d(1, 1)\nc = b -> relu\nd = x -> foo\noutput c, d",
            [("shape-mismatch", 4), ("unknown-layer", 6)],
        ),
    ],
)
def test_a_mistake_gives_one_complaint_at_its_place(body: str, found: list[tuple[str, int]]) -> None:
    """Independent mistakes are all reported, once each, and what follows from one is not."""
    assert complaints_of(body) == found


def test_symbolic_sizes_that_can_differ_are_refused_with_an_example() -> None:
    """Two sizes go together when they are equal whatever their names stand for; the complaint says for which they are not."""
    _, complaints = compiled(
        "model M {\n input image: [3, H, W]\n low = image -> max_pool2d(2) -> conv_transpose2d(3, 2, stride=2)\n output y = concat(image, low, dim=1)\n}"
    )
    assert [one.suggestion for one in complaints] == ["With H = 5 these would be 5 and 4."]
    body = "input image: [3, 2 * H, 2 * W]\nlow = image -> max_pool2d(2) -> conv_transpose2d(3, 2, stride=2)\noutput y = concat(image, low, dim=1)"
    assert outputs(body) == {"y": "[6, 2 * H, 2 * W]"}


def test_a_pattern_may_be_solved_for_its_name() -> None:
    """`input x: [T, 2 * D]` tells D from the argument."""
    block = "block Half {\n input x: [T, 2 * D]\n a, b = x -> chunk(2, dim=2)\n output y = a + b + parameter([D])\n}"
    assert outputs("input s: [L, 6]\noutput z = s -> Half", before=block) == {"z": "[L, 3]"}
    assert complaints_of("input s: [L, 5]\noutput z = s -> Half", before=block + "\n") == [("shape-mismatch", 8)]


def test_a_value_by_name_goes_where_it_is_named() -> None:
    """Values given by name reach the layer under that name, not in the order in which they stand."""
    made = model("input s: [5, 8]\nq = s -> linear(8)\noutput y = scaled_dot_product_attention(q, s, s, attn_mask=tril(ones(5, 5)))")
    assert [str(node.type) for _, node in made.outputs] == ["[5, 8]"]


def test_models_that_are_fed_take_the_sizes_of_the_data() -> None:
    """A symbolic size of a model is what the data has there, so that targets of a fixed length fit."""
    text = 'model M {\n input tokens: int64[T <= 64]\n output logits = tokens -> embedding(256, 8) -> linear(256) -> transpose(1, 2)\n}\ntrain {\n data: text("x.txt", length=64)\n loss: cross_entropy(logits, targets)\n optimizer: adam\n epochs: 1\n}\n'
    program, complaints = compiled(text)
    assert not complaints
    assert program is not None
