"""Emitted source: it runs, has the right keys, computes what the hand-written network computes, and reads as one."""

from __future__ import annotations

import pytest
import torch
from emitted import CASES, SPECS, classes_of, expected_shape, formatted, inputs_of, linted, module_of, program_of, source_of
from twins import cheat_sheet, well_known

from archdsl.emit.program import write
from archdsl.layers.tensor import Tensor

torch.set_num_threads(2)
CASE_FILES = sorted(CASES.glob("*.arch"))
FILES = [*sorted(SPECS.glob("*.arch")), *CASE_FILES]
TWINS = {
    SPECS / "autoencoder.arch": (cheat_sheet.Autoencoder, (1, 28, 28)),
    SPECS / "conv_autoencoder.arch": (cheat_sheet.ConvAutoencoder, (1, 28, 28)),
    SPECS / "cnn.arch": (cheat_sheet.CNN, (1, 28, 28)),
    SPECS / "mlp.arch": (cheat_sheet.MLP, (1, 28, 28)),
    SPECS / "vae.arch": (cheat_sheet.VAE, (1, 28, 28)),
    CASES / "resnet18.arch": (well_known.ResNet, (3, 64, 64)),
    CASES / "unet.arch": (well_known.UNet, (3, 32, 32)),
}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.mark.parametrize("case", CASE_FILES, ids=lambda path: path.stem)
def test_source_is_as_it_was_read_and_approved(case, golden):
    """A change of what is emitted shows as a difference of a golden."""
    golden(f"cases/emit/{case.stem}.py", source_of(case.read_text()))


def test_ruff_changes_nothing(path):
    """The source is formatted already, its imports are sorted, and every name in it is defined and used."""
    source = source_of(path.read_text())
    assert formatted(source) == source
    assert linted(source) == ""


def test_one_spec_is_the_same_bytes_each_time(path):
    """Nothing depends on the order of a set or the age of an object."""
    assert source_of(path.read_text()) == source_of(path.read_text())


def test_keys_are_those_of_the_spec_in_order(path):
    """The state dict has the keys and shapes that analysis promises, and no other."""
    program = program_of(path.read_text())
    classes = classes_of(write(program).text)
    for name, instance in program.models.items():
        made = {key: tuple(value.shape) for key, value in classes[name]().state_dict().items()}
        wanted = {key: tuple(int(size) for size in shape) for key, shape, _, _ in instance.state()}
        assert list(made.items()) == list(wanted.items())


def test_outputs_have_the_shapes_of_the_spec(path):
    """What analysis says of a shape is what comes out, for every model and output."""
    program = program_of(path.read_text())
    classes = classes_of(write(program).text)
    for name, instance in program.models.items():
        made = classes[name]().eval()(*inputs_of(instance))
        outputs = made if isinstance(made, tuple) else (made,)
        for (_, node), output in zip(instance.outputs, outputs, strict=False):
            assert isinstance(node.type, Tensor)
            assert list(output.shape) == expected_shape(node.type, instance)


def test_lines_of_the_source_know_their_lines_in_the_spec():
    """A line that makes a layer comes from the line of the spec that names it."""
    text = (SPECS / "mlp.arch").read_text()
    written = write(program_of(text))
    lines, spec = written.text.splitlines(), text.splitlines()
    known = {lines[place - 1].strip(): spec[number - 1] for place, number in written.lines.items()}
    for name in ("fc1", "fc2", "fc3", "out"):
        line = next(own for own in known if own.startswith(f"self.{name} = "))
        assert name in known[line]


# ---------------------------------------------------------------- twins


def same_weights(made, twin):
    """Give both networks the same weights, none of them as they begin: norms and biases too."""
    torch.manual_seed(1)
    for value in twin.state_dict().values():
        if value.dtype.is_floating_point:
            value.copy_(torch.rand_like(value) * 0.2 - 0.1 if value.dim() > 1 else torch.rand_like(value) + 0.5)
    made.load_state_dict(twin.state_dict())
    return made.eval(), twin.eval()


def close(ours, theirs):
    """Compare outputs in order, each relative to its size."""
    ours, theirs = (one if isinstance(one, tuple) else (one,) for one in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6 * max(1.0, float(b.abs().max())))


@pytest.mark.parametrize("spec", TWINS, ids=lambda path: path.stem)
def test_a_network_computes_what_its_hand_written_twin_does(spec):
    """Weights move from the hand-written network to the emitted one, and outputs are the same."""
    twin_class, shape = TWINS[spec]
    made, twin = same_weights(module_of(spec.read_text()), twin_class())
    x = torch.rand(2, *shape)
    with torch.no_grad():
        torch.manual_seed(2)
        ours = made(x)
        torch.manual_seed(2)
        close(ours, twin(x))


def test_both_sides_of_a_gan_compute_what_their_twins_do():
    """Two models of one file, each with the keys of its own."""
    text = (SPECS / "gan.arch").read_text()
    for name, shape in (("Generator", (200, 1, 1)), ("Discriminator", (1, 64, 64))):
        made, twin = same_weights(module_of(text, name), getattr(cheat_sheet, name)())
        x = torch.randn(2, *shape)
        with torch.no_grad():
            close(made(x), twin(x))


def test_a_recurrence_gives_what_the_step_gives_in_a_loop():
    """Computing for all moments at once what no state depends on changes no number."""
    made, twin = same_weights(module_of((SPECS / "rnn.arch").read_text()), cheat_sheet.RNN())
    name = torch.nn.functional.one_hot(torch.randint(0, 57, (5, 9)), 57).float()
    with torch.no_grad():
        lengths = torch.tensor([9, 7, 4, 2, 1])
        own = torch.arange(9) < lengths[:, None]
        ours = made(name, lengths)
        close(ours[own], twin(name, lengths)[own])
        assert not ours[~own].any()


def test_a_gpt_computes_what_its_twin_does():
    """Blocks, loops, shared weights and attention; as many tokens as one likes."""
    made, twin = same_weights(module_of((CASES / "nanogpt.arch").read_text()), well_known.GPT())
    assert made.transformer.wte.weight is made.lm_head.weight
    for length in (64, 7):
        tokens = torch.randint(0, 256, (2, length))
        with torch.no_grad():
            close(made(tokens), twin(tokens))


# ---------------------------------------------------------------- recurrences


def test_a_cell_goes_on_from_the_states_that_it_gave():
    """A sequence in two parts, the second from the states of the first, is the whole sequence."""
    classes = classes_of(source_of((CASES / "cells.arch").read_text()))
    for name, states in (("Elman", 1), ("Core", 2)):
        cell = classes[name](10, 20).eval()
        x = torch.randn(4, 7, 10)
        whole, *last = cell(x)
        first, *between = cell(x[:, :3])
        second, *end = cell(x[:, 3:], **dict(zip(("h", "c"), between, strict=False)))
        torch.testing.assert_close(torch.cat((first, second), 1), whole)
        torch.testing.assert_close(end, last)
        assert len(end) == states


def test_a_state_stays_where_its_sequence_ends():
    """The last state of a ragged batch is that of each sequence by itself."""
    classes = classes_of(source_of((CASES / "cells.arch").read_text()))
    cell = classes["Core"](10, 20).eval()
    x, lengths = torch.randn(3, 6, 10), torch.tensor([6, 2, 4])
    _, h, c = cell(x, lengths)
    for number, length in enumerate(lengths.tolist()):
        _, own_h, own_c = cell(x[number : number + 1, :length])
        torch.testing.assert_close(h[number : number + 1], own_h)
        torch.testing.assert_close(c[number : number + 1], own_c)


def test_a_cell_feeds_its_outputs_back():
    """`steps` outputs, each the input of the next step."""
    net = module_of((CASES / "feedback.arch").read_text())
    letters = net(torch.rand(2, 8))
    assert letters.shape == (2, 12, 8)
    torch.testing.assert_close(letters.sum(2), torch.ones(2, 12))


def test_a_carried_state_is_an_argument_and_an_output():
    """A text in two parts is the text, where the state is carried from one to the other."""
    net = module_of((CASES / "carry.arch").read_text())
    tokens = torch.randint(0, 50, (2, 9))
    whole, _ = net(tokens)
    first, state = net(tokens[:, :4])
    second, _ = net(tokens[:, 4:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)


# ---------------------------------------------------------------- parameters


def test_arguments_of_a_model_make_other_models():
    """The file's params are the constructor's arguments, and every size follows from them."""
    source = source_of((CASES / "densenet.arch").read_text())
    net = classes_of(source)["DenseNet"](growth=7).eval()
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
    assert net.layer_ij[0].conv2.out_channels == 7
    net = classes_of(source_of((CASES / "vgg.arch").read_text()))["VGG"](config=[8, "M", 16, 128]).eval()
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
    assert [type(layer).__name__ for layer in net.features] == ["Conv2d", "MaxPool2d", "Conv2d", "Conv2d"]


def test_conditions_are_decided_where_a_block_is_made():
    """One class serves both ways, each instance having the layers of its own."""
    classes = classes_of(source_of((CASES / "resnet18.arch").read_text()))
    plain, wider = classes["BasicBlock"](64, 64), classes["BasicBlock"](64, 128, stride=2)
    assert plain.downsample is None
    assert wider.downsample[0].stride == (2, 2)


def test_initial_weights_follow_the_rules():
    """A pattern beats a kind: the projections of a GPT begin smaller the deeper it is."""
    torch.manual_seed(0)
    net = module_of((CASES / "nanogpt.arch").read_text())
    assert abs(net.transformer.h[0].mlp.c_fc.weight.std() - 0.02) < 0.001
    assert abs(net.transformer.h[0].mlp.c_proj.weight.std() - 0.02 / 8**0.5) < 0.001
    assert not net.transformer.h[0].mlp.c_fc.bias.any()


def test_long_chains_and_sums_are_written_in_good_time():
    """Neither a thousand terms nor a thousand layers in a row are too deep."""
    terms, layers = " + ".join(["x"] * 1000), " -> linear(4) -> relu" * 1000
    source = source_of(f"model M {{\n  input x: [4]\n  net = linear(4){layers}\n  y = {terms}\n  output y -> net\n}}\n")
    assert source.count("nn.Linear(4, 4)") == 1001
    assert formatted(source) == source
