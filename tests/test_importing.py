"""Networks that exist are imported: the spec has their keys and computes what they compute, or says why it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from archdsl import load
from archdsl.cli.main import main
from archdsl.syntax import read_arch, write_arch
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source

torch.set_num_threads(2)
TESTS = Path(__file__).parent
BATCH = 4

NETWORKS = {
    "small:MLP": {"image": "[1, 28, 28]"},
    "small:LeNet": {"image": "[1, 28, 28]"},
    "small:LSTMClassifier": {"tokens": "int64[T]"},
    "small:GRUTagger": {"words": "int64[T]"},
    "small:Loops": {"x": "[16]"},
    "small:Flags": {"image": "[3, 16, 16]"},
    "small:Weights": {"x": "[8]"},
    "vae:VAE": {"x": "[1, 28, 28]"},
    "resnet:ResNet18": {"x": "[3, 64, 64]"},
    "resnet:ResNet50": {"x": "[3, 64, 64]"},
    "vision:VGG": {"x": "[3, 64, 64]"},
    "vision:UNet": {"x": "[3, 32, 32]"},
    "vision:ListUNet": {"x": "[1, 32, 32]"},
    "vision:MobileNet": {"x": "[3, 64, 64]"},
    "vision:DenseNet": {"image": "[3, 16, 16]"},
    "attention:Encoder": {"tokens": "int64[T <= 64]"},
    "attention:GPT": {"idx": "int64[T <= 32]"},
    "attention:NanoGPT": {"idx": "int64[T <= 32]"},
    "attention:ViT": {"image": "[3, 32, 32]"},
    "attention:Mixed": {"x": "[5, 16]", "memory": "[6, 16]"},
    "variants:Variants": {"x": "[8]"},
    "literature:SENet": {"x": "[3, 16, 16]"},
    "literature:ConvNeXt": {"x": "[3, 32, 32]"},
    "literature:TransEnc": {"src": "int64[T <= 50]"},
    "literature:TextCNN": {"text": "int64[20]"},
    "literature:Llama": {"tokens": "int64[T]"},
    "literature:TCN": {"x": "[2, 30]"},
    "literature:Highway": {"x": "[8]"},
    "literature:MoE": {"x": "[8]"},
    "literature:GCN": {"x": "[T, 8]", "adj": "[T, T]"},
    "literature:ESPCN": {"x": "[1, 8, 8]"},
    "literature:CVAE": {"x": "[20]", "y": "int64[]"},
    "literature:Seq2Seq": {"src": "int64[S]", "tgt": "int64[T]"},
    "literature:Dense": {"x": "[3, 8, 8]"},
    "literature:TimmAttn": {"x": "[6, 16]"},
    "literature:VQ": {"x": "[3, 8, 8]"},
    "literature:DDPM": {"x": "[1, 8, 8]", "t": "int64[]"},
    "literature:NanoAttn": {"x": "[T <= 8, 16]"},
    "literature:PointNet": {"pts": "[20, 3]"},
    "literature:MaskedEnc": {"tokens": "int64[T]"},
    "literature:CharRNN": {"x": "int64[T]"},
    "literature:ShareLoop": {"x": "[4, 4]"},
    "literature:AlexNet": {"x": "[3, 16, 16]"},
}
REFUSED = {
    "Decides": ("[4]", "if x.sum() > 0:", "decides by the numbers of a tensor"),
    "Writes": ("[4]", "y[:, 0] = 0", "writes into a tensor"),
    "JoinsBatch": ("[5, 4]", "return self.fc(x.reshape(b * t, d))", "joins the batch"),
    "TimeFirst": ("[5, 4]", "self.rnn = nn.LSTM(4, 8)", "time-first"),
    "Unused": ("[4]", "self.aux = nn.Linear(4, 2)", "nothing calls it"),
    "ReturnsDict": ("[4]", "def forward(self, x):", "returns a dict"),
    "NoCounterpart": ("[4]", "return torch.fft.rfft(self.fc(x)).abs()", "fft_rfft has no counterpart"),
    "HoldsItself": ("[4]", "return x if self.inner is None else self.inner(x)", "within a HoldsItself"),
    "CountsSamples": ("[4]", "return self.fc(x) / x.shape[0]", "how many samples"),
    "NeverSame": ("[4]", "return self.part(self.part(x, True), False)", "computes something else"),
}


@pytest.fixture(autouse=True)
def _at_home(monkeypatch):
    monkeypatch.chdir(TESTS)
    monkeypatch.syspath_prepend(str(TESTS))


def brought(network, inputs, *words, out=None):
    """Run `archdsl import` on a network of tests/importable, and return the exit code."""
    given = [f"--input={name}={kind}" for name, kind in inputs.items()]
    return main(["import", f"importable.{network}", "--allow-python", "importable", *given, *words, *(["-o", str(out)] if out else [])])


@pytest.fixture(params=NETWORKS, ids=lambda network: network.partition(":")[2])
def network(request):
    return request.param


@pytest.fixture
def spec(network, imported):
    """The spec of a network, imported once."""
    path = imported / f"{network.partition(':')[2]}.arch"
    if not path.exists():
        assert brought(network, NETWORKS[network], out=path) == 0
    return path


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    return tmp_path_factory.mktemp("imported")


def original(network):
    """Make the network itself."""
    module, _, kind = network.partition(":")
    torch.manual_seed(0)
    return getattr(__import__(f"importable.{module}", fromlist=[kind]), kind)().eval()


def examples(inputs):
    """Draw inputs of these types, names of sizes being 7."""
    found = []
    for kind in inputs.values():
        sizes = [int(size) if size.strip().isdigit() else 7 for size in kind.partition("[")[2].rstrip("]").split(",") if size]
        found.append(torch.randint(0, 9, (BATCH, *sizes)) if kind.startswith("int64") else torch.randn(BATCH, *sizes))
    return found


def flat(result):
    return [tensor for one in result for tensor in flat(one)] if isinstance(result, (tuple, list)) else [result]


def test_a_spec_builds_the_same_network(network, spec):
    """Keys and shapes are those of the original, and with its weights the outputs are its outputs."""
    net = original(network)
    made = load(spec).module().eval()
    ours, theirs = ({key: value.shape for key, value in one.state_dict().items()} for one in (made, net))
    assert ours == theirs
    made.load_state_dict(net.state_dict())
    inputs = examples(NETWORKS[network])
    results = []
    for one in (net, made):
        torch.manual_seed(1)
        with torch.no_grad():
            results.append(flat(one(*[each.clone() for each in inputs])))
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_a_spec_is_sound_and_formatted(spec):
    """`check` is silent, and `fmt` changes nothing."""
    assert main(["check", "--strict", str(spec)]) == 0
    assert main(["fmt", "--check", str(spec)]) == 0


@pytest.mark.parametrize("network", ["small:Loops", "vision:MobileNet", "attention:NanoGPT"], ids=lambda network: network.partition(":")[2])
def test_the_other_surface_says_the_same(network, tmp_path):
    """With -o SPEC.yaml the same spec is written as YAML."""
    spec, twin = tmp_path / "imported.arch", tmp_path / "imported.yaml"
    for path in (spec, twin):
        assert brought(network, NETWORKS[network], out=path) == 0
    assert load(twin).source == load(spec).source


def test_specs_are_as_they_were_read_and_approved(network, spec, golden):
    """A change of what is written shows as a difference of a golden."""
    golden(f"cases/imported/{network.partition(':')[2]}.arch", spec.read_text())


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_said_is_told_with_its_place(kind, capsys):
    """The complaint stands at the line of the user's Python, and the exit code is 1."""
    shape, line, message = REFUSED[kind]
    assert brought(f"refused:{kind}", {"x": shape}, "--format", "json") == 1
    (complaint,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert complaint["code"] == "inexpressible"
    assert message in complaint["message"]
    assert complaint["file"] == os.path.join("importable", "refused.py")
    source = (TESTS / "importable" / "refused.py").read_text().splitlines()
    assert source[complaint["line"] - 1].strip() == line
    assert complaint["suggestion"]


@pytest.mark.parametrize("allowed", [[], ["--allow-python", "importable.smal"], ["--allow-python", "os"]])
def test_nothing_runs_without_leave(allowed, tmp_path):
    """Where the module is not named, its code is not run, and the complaint says how to allow it."""
    (tmp_path / "nasty.py").write_text("open('ran', 'w').close()")
    words = [sys.executable, "-m", "archdsl", "import", "nasty:Net", *allowed]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(TESTS.parent)})
    assert done.returncode == 1
    assert "--allow-python nasty" in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["importable.small"], 2, "MODULE:CLASS"),
        (["importable.small:MLP", "--input", "image=[1"], 2, "is no type"),
        (["importable.small:MLP", "-o", "spec.txt"], 2, ".arch"),
        (["importable.small:Nothing"], 1, "no class Nothing"),
        (["importable.nowhere:MLP"], 1, "cannot be imported"),
        (["importable.small:MLP"], 1, "--input image="),
        (["importable.small:MLP", "--input", "picture=[1,28,28]"], 1, "takes image"),
        (["importable.small:MLP", "--input", "image=[1,28,28]", "--arg", "depth=3"], 1, "depth"),
        (["importable.small:MLP", "--input", "image=[1,27,28]"], 1, "fails with such inputs"),
    ],
)
def test_a_wrong_call_is_told(words, code, said, capsys):
    """Each mistake in the call is one complaint that says what is wanted."""
    assert main(["import", *words, "--allow-python", "importable"]) == code
    assert said in capsys.readouterr().err


def test_the_page_shows_what_import_writes(tmp_path, monkeypatch):
    """The example of the documentation is what the command makes of its Python."""
    page = (TESTS.parent / "docs" / "language" / "importing.md").read_text()
    python, spec = (page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "arch"))
    (tmp_path / "nets_of_the_page.py").write_text(f"import torch.nn.functional as F\nfrom torch import nn\n\n\n{python}")
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "net.arch"
    assert main(["import", "nets_of_the_page:Net", "--allow-python", "nets_of_the_page", "--input", "image=[3,32,32]", "-o", str(out)]) == 0
    assert out.read_text() == spec


def test_what_is_done_in_training_alone_is_warned_of(tmp_path, capsys):
    """A branch on self.training is taken as in evaluation, which is said; --strict makes it a mistake."""
    assert brought("literature:WithDrop", {"x": "[4]"}, out=tmp_path / "drop.arch") == 0
    said = capsys.readouterr().err
    assert "warning[only-in-evaluation]" in said
    assert "if self.p == 0.0 or not self.training:" in said
    assert brought("literature:WithDrop", {"x": "[4]"}, "--strict") == 1


def test_arguments_make_the_network(tmp_path):
    """--arg gives the class what it is made with, and branches of its code are taken accordingly."""
    out = tmp_path / "flags.arch"
    assert brought("small:Flags", {"image": "[3, 16, 16]"}, "--arg", "norm=False", "--arg", "pooling=max", out=out) == 0
    assert "batch_norm2d" not in out.read_text()
    assert "amax(features, dim=(2, 3))" in out.read_text()


def test_a_spec_goes_to_standard_output(capsys):
    """Without -o the spec is printed, formatted."""
    assert brought("small:MLP", {"image": "[1, 28, 28]"}) == 0
    text = capsys.readouterr().out
    assert write_arch.write_arch(read_arch.read(Source("-", text), Complaints())) == text


def test_repeated_layers_are_said_once(tmp_path):
    """Equal neighbours are one `repeat`, blocks of one class one block with parameters."""
    out = tmp_path / "resnet.arch"
    assert brought("resnet:ResNet50", {"x": "[3, 64, 64]"}, out=out) == 0
    text = out.read_text()
    assert text.count("block Bottleneck") == 1
    assert "repeat(5, Bottleneck(256))" in text
