"""The networks of the papers: each spec has the published size, and computes what the well-known implementation does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
import torch
from twins import well_known, zoo_generative, zoo_sequence, zoo_vision
from yaml_texts import arch, tree_of

import archdsl as package
from archdsl.syntax import write_yaml
from archdsl.syntax.write_arch import write_arch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

SPECS = Path(__file__).parents[1] / "specs"
ZOO = sorted((SPECS / "zoo").glob("*.arch"))


def image(*shape: int) -> torch.Tensor:
    """Draw images, two to a batch."""
    return torch.rand(2, *shape)


def index(count: int, *shape: int) -> torch.Tensor:
    """Draw whole numbers below a count, for two samples."""
    return torch.randint(0, count, (2, *shape))


class Known(NamedTuple):
    """What is known of a network: how many weights it has, who wrote it by hand, and what it takes."""

    parameters: int
    twin: Callable[[], nn.Module]
    inputs: Callable[[], tuple[torch.Tensor, ...]]


KNOWN = {
    "alexnet": Known(61_100_840, zoo_vision.AlexNet, lambda: (image(3, 224, 224),)),
    "bert": Known(109_482_240, zoo_sequence.Bert, lambda: (index(30522, 9), index(2, 9))),
    "convnext_tiny": Known(28_589_128, zoo_vision.ConvNeXtTiny, lambda: (image(3, 64, 64),)),
    "cvae": Known(656_016, zoo_generative.CVAE, lambda: (image(1, 28, 28), index(10))),
    "ddpm": Known(1_306_785, zoo_generative.Denoiser, lambda: (image(1, 32, 32), index(1000))),
    "densenet121": Known(7_978_856, zoo_vision.DenseNet121, lambda: (image(3, 64, 64),)),
    "efficientnet_b0": Known(5_288_548, zoo_vision.EfficientNetB0, lambda: (image(3, 64, 64),)),
    "gru_lm": Known(231_168, zoo_sequence.CharModel, lambda: (index(256, 9),)),
    "lenet5": Known(61_706, zoo_vision.LeNet, lambda: (image(1, 28, 28),)),
    "lstm_lm": Known(13_987_678, zoo_sequence.RNNModel, lambda: (index(33278, 9),)),
    "mixer_b_16": Known(59_880_472, zoo_vision.MlpMixer, lambda: (image(3, 224, 224),)),
    "mobilenet_v2": Known(3_504_872, zoo_vision.MobileNetV2, lambda: (image(3, 64, 64),)),
    "resnet18": Known(11_689_512, well_known.ResNet, lambda: (image(3, 64, 64),)),
    "resnet50": Known(25_557_032, zoo_vision.ResNet50, lambda: (image(3, 64, 64),)),
    "seq2seq": Known(1_638_064, zoo_sequence.Seq2Seq, lambda: (index(4601, 10), index(2991, 7))),
    "shufflenet_v2": Known(2_278_604, zoo_vision.ShuffleNetV2, lambda: (image(3, 64, 64),)),
    "siamese": Known(46_080, zoo_generative.Siamese, lambda: (image(1, 28, 28), image(1, 28, 28))),
    "squeezenet": Known(1_235_496, zoo_vision.SqueezeNet, lambda: (image(3, 64, 64),)),
    "tcn": Known(66_910, zoo_sequence.TCN, lambda: (image(1, 28, 28),)),
    "transformer": Known(63_082_496, zoo_sequence.Transformer, lambda: (index(37000, 9), index(37000, 5))),
    "two_tower": Known(645_970, zoo_generative.TwoTower, lambda: (index(6040), index(3706))),
    "unet": Known(31_037_698, well_known.UNet, lambda: (image(3, 64, 64),)),
    "vgg16": Known(138_357_544, zoo_vision.VGG16, lambda: (image(3, 64, 64),)),
    "vit_b_16": Known(86_567_656, zoo_vision.VisionTransformer, lambda: (image(3, 224, 224),)),
    "vq_vae": Known(690_753, zoo_generative.VQVAE, lambda: (image(1, 32, 32),)),
    "wavenet": Known(413_056, zoo_sequence.WaveNet, lambda: (index(256, 40),)),
}

SIZES = {name: [known.parameters] for name, known in KNOWN.items()} | {"gpt2": [124_439_808], "wgan_gp": [1_184_961, 660_929]}


def spec_of(name: str) -> package.Spec:
    """Load a spec of the zoo."""
    return package.load(SPECS / "zoo" / f"{name}.arch")


def weights(net: nn.Module) -> int:
    """Count the weights of a network, those that are shared once."""
    return sum(weight.numel() for weight in net.parameters())


def heavy(names: dict[str, object]) -> list[object]:
    """Mark the networks that take seconds to make."""
    return [pytest.param(name, marks=pytest.mark.slow) if max(SIZES[name]) > 3e7 else name for name in names]


def test_every_network_of_the_zoo_is_known():
    """A spec that is added says here how many weights it has."""
    assert [path.stem for path in ZOO] == sorted(SIZES)


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_a_spec_of_the_zoo_is_sound_and_formatted(archdsl, path):
    """Nothing is complained of, and nothing is left for `fmt` to do."""
    assert archdsl("check", path) == (0, "", "")
    assert archdsl("fmt", "--check", path).code == 0


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_a_spec_of_the_zoo_documents_itself(path):
    """It says what the network is for, draws it, and names the paper."""
    spec = package.load(path)
    assert spec.program.about
    assert spec.program.reading
    assert spec.figure().svg.startswith("<svg")


@pytest.mark.parametrize("name", SIZES)
def test_a_network_has_as_many_weights_as_was_published(name):
    """Counted on the meta device, where weights take no memory; and `summary` counts the same."""
    spec = spec_of(name)
    with torch.device("meta"):
        nets = [spec.module(model) for model in spec.models]
    assert [weights(net) for net in nets] == SIZES[name]
    for net, model in zip(nets, spec.models, strict=True):
        assert list(net.state_dict()) == [key for key, *_ in spec.program.models[model].state()]


@pytest.mark.parametrize("name", heavy(KNOWN))
def test_a_network_computes_what_the_one_written_by_hand_does(name):
    """The weights of one fit the other, under the same names, and give the same numbers."""
    torch.manual_seed(0)
    net, twin = spec_of(name).module().eval(), KNOWN[name].twin().eval()
    with torch.no_grad():
        for weight in net.parameters():
            # No layer may hide behind a scale that begins near zero.
            weight.add_(torch.randn_like(weight) * 0.05)
    assert set(net.state_dict()) == set(twin.state_dict())
    twin.load_state_dict(net.state_dict())
    inputs = KNOWN[name].inputs()
    for found, wanted in zip(outputs(net, inputs), outputs(twin, inputs), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4 * max(1.0, float(wanted.abs().max())))


def test_gpt_2_computes_what_nanogpt_does():
    """In small: the same layers, fewer of them."""
    torch.manual_seed(0)
    net, twin = spec_of("gpt2").module(vocab=256, length=64, layers=4, heads=4, width=128).eval(), well_known.GPT().eval()
    twin.load_state_dict(net.state_dict())
    tokens = index(256, 20)
    torch.testing.assert_close(net(tokens), twin(tokens), rtol=1e-4, atol=1e-5)


def outputs(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    """Return what a network gives, its states too, in one row; what is drawn within is drawn alike."""
    torch.manual_seed(1)
    with torch.no_grad():
        return flat(net(*inputs))


def flat(values: object) -> list[torch.Tensor]:
    """Take tuples within tuples apart."""
    return [one for value in values for one in flat(value)] if isinstance(values, tuple) else [values]


@pytest.mark.parametrize("name", KNOWN)
def test_a_network_runs_on_the_meta_device(name):
    """`forward` makes nothing on another device than its input's, and the shapes are those of the spec."""
    spec = spec_of(name)
    with torch.device("meta"):
        net = spec.module()
        inputs = KNOWN[name].inputs()
    found = flat(net(*inputs))
    assert all(one.device.type == "meta" for one in found)
    declared = [kind for _, node in next(iter(spec.program.models.values())).outputs for kind in [node.type]]
    for one, kind in zip(found, declared, strict=False):
        assert one.ndim == len(kind.shape) + 1


@pytest.mark.parametrize("path", [*ZOO, *sorted((SPECS / "blocks").glob("*.arch"))], ids=lambda path: path.stem)
def test_a_spec_is_the_same_on_both_surfaces(path):
    """`.arch` to YAML and back is an equal tree."""
    file = arch(path.read_text())
    there = tree_of(write_yaml.write(file))
    assert there == file
    assert arch(write_arch(there)) == file


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_both_surfaces_emit_the_same_bytes(path, tmp_path):
    """What is written in YAML is built to the same source."""
    twin = tmp_path / f"{path.stem}.yaml"
    twin.write_text(write_yaml.write(arch(path.read_text())))
    assert package.load(twin).source == package.load(path).source


def rows(folder: Path) -> None:
    """Write the small data that recipes of the zoo name: a text, pairs of images, ratings."""
    rng = np.random.default_rng(0)
    (folder / "wikitext.txt").write_text("the quick brown fox jumps over the lazy dog. " * 200)
    pairs = {"left": rng.random((64, 1, 28, 28), dtype=np.float32), "right": rng.random((64, 1, 28, 28), dtype=np.float32)}
    np.savez(folder / "pairs.npz", **pairs, same=rng.integers(0, 2, 64).astype(np.float32))
    lines = [f"{rng.integers(6040)},{rng.integers(3706)},{rng.integers(1, 6)}" for _ in range(200)]
    (folder / "ratings.csv").write_text("\n".join(["user,item,rating", *lines, ""]))


SMALL = {
    "cvae": {"hidden": 32},
    "ddpm": {"width": 8},
    "lenet5": {},
    "lstm_lm": {"vocab": 256, "width": 16},
    "siamese": {},
    "tcn": {"channels": 4, "levels": 2},
    "two_tower": {"width": 8},
    "vq_vae": {"hidden": 16, "words": 32},
    "wgan_gp": {"width": 8},
}
"""What has a recipe, and how it is made small enough to be tried."""


@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_trains(name, tmp_path):
    """A few steps of its recipe run, and give finite losses."""
    rows(tmp_path)
    path = tmp_path / f"{name}.arch"
    path.write_text((SPECS / "zoo" / f"{name}.arch").read_text())
    spec = package.load(path, params=SMALL[name], sets={"train.max_steps": 4, "train.batch_size": 16})
    outcome = spec.train(tmp_path / "run", seed=0, quiet=True)
    assert outcome.code == 0
    assert outcome.metrics
    assert all(np.isfinite(value) for value in outcome.metrics.values())


def test_networks_with_a_recipe_are_trained_here():
    """A recipe that is added is tried, unless its network is too large for that."""
    with_recipe = {path.stem for path in ZOO if re.search(r"^train \{", path.read_text(), re.MULTILINE)}
    assert with_recipe - set(SMALL) == {"gpt2"}


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("tcn", {"channels": 16, "levels": 3}),
        ("wavenet", {"width": 8, "skip": 16, "layers": 3}),
        ("ddpm", {"width": 16}),
        ("densenet121", {"growth": 16}),
    ],
)
def test_params_are_arguments_of_the_class(name, params):
    """A class that is made with other arguments is the one that the spec makes with such params."""
    with torch.device("meta"):
        net = spec_of(name).module(None, **params)
        other = package.load(SPECS / "zoo" / f"{name}.arch", params=params).module()
    assert {key: value.shape for key, value in net.state_dict().items()} == {key: value.shape for key, value in other.state_dict().items()}
