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
