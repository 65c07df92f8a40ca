"""archdsl from Python: a spec as an object, and what can be made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl as package
from archdsl.reading import is_yaml
from archdsl.text.source import Source

SPECS = Path(__file__).parents[1] / "specs"


@pytest.fixture
def vae() -> package.Spec:
    return package.load(SPECS / "vae.arch")


def test_a_spec_names_its_models():
    """In the order in which they stand in the file."""
    assert package.load(SPECS / "vae.arch").models == ["VAE"]
    assert package.load(SPECS / "gan.arch").models == ["Generator", "Discriminator"]


def test_a_module_is_a_torch_module_with_the_params_that_were_asked_for(vae):
    """`module` takes the constructor's arguments, and leaves the spec as it is."""
    net = vae.module("VAE", latent=8).eval()
    assert net.z_mean.weight.shape[0] == 8
    assert vae.module().z_mean.weight.shape[0] == 20
    reconstruction, *_ = net(torch.rand(2, 1, 28, 28))
    assert reconstruction.shape == (2, 1, 28, 28)


def test_params_and_fields_are_set_when_a_spec_is_loaded():
    """What is set from outside is in the source that is emitted."""
    spec = package.load(SPECS / "vae.arch", params={"latent": 7}, sets={"train.epochs": 3})
    assert spec.module().z_mean.weight.shape[0] == 7
    assert "latent=7" in spec.source


def test_the_source_is_the_same_every_time(vae):
    """One spec, one text."""
    assert vae.source == package.load(SPECS / "vae.arch").source


def test_a_spec_shows_itself_in_a_notebook(vae):
    """A notebook asks for the SVG; a print gets a line."""
    assert "<svg" in vae._repr_svg_()
    assert repr(vae) == f"<Spec {SPECS / 'vae.arch'}: VAE>"


def test_a_figure_is_saved_by_its_ending(vae, tmp_path):
    """SVG, PNG and PDF; another ending is refused."""
    vae.figure().save(tmp_path / "vae.svg")
    assert (tmp_path / "vae.svg").read_text().startswith("<svg")
    with pytest.raises(ValueError, match="ends in"):
        vae.figure().save(tmp_path / "vae.gif")


def test_a_summary_is_a_table_when_printed(vae):
    """And data until then."""
    (model,) = vae.summary().models
    assert model.name == "VAE"
    assert "z_mean.weight" in str(vae.summary())


def test_a_spec_at_fault_raises_all_its_complaints(tmp_path):
    """The text of the error is what `check` prints."""
    path = tmp_path / "wrong.arch"
    path.write_text("model M {\n  input x: [8]\n  a = x -> liner(4)\n  b = x -> rellu\n  output a, b\n}\n")
    with pytest.raises(package.SpecError) as caught:
        package.load(path)
    assert [complaint.span.line for complaint in caught.value.complaints] == [3, 4]
    assert "Did you mean linear?" in str(caught.value)


def test_what_is_not_there_is_an_error_of_pythons(vae):
    """A missing file, and a model that the spec has not."""
    with pytest.raises(FileNotFoundError):
        package.load("nowhere.arch")
    with pytest.raises(KeyError, match="VAE"):
        vae.module("GAN")


def test_imports_come_from_below_the_spec_or_from_the_library(tmp_path):
    """A part of another file is used as if it stood here."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mine.arch").write_text("block Twice(width) {\n  input x\n  output x -> linear(width) -> linear(width)\n}\n")
    path = tmp_path / "whole.arch"
    path.write_text('import "parts/mine.arch"\n\nmodel M {\n  input x: [8]\n  output y = x -> Twice(4)\n}\n')
    net = package.load(path).module()
    assert net(torch.zeros(3, 8)).shape == (3, 4)


def test_an_import_that_leads_out_of_the_folder_is_refused(tmp_path):
    """Neither by dots nor by a link is a file read that lies elsewhere."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.arch").write_text("layer secret() = relu\n")
    (inside / "link.arch").symlink_to(outside / "secret.arch")
    for target in ("../outside/secret.arch", str(outside / "secret.arch"), "link.arch"):
        path = inside / "whole.arch"
        path.write_text(f'import "{target}"\n\nmodel M {{\n  input x: [8]\n  output x -> secret\n}}\n')
        with pytest.raises(package.SpecError) as caught:
            package.load(path)
        assert "missing-import" in [complaint.code for complaint in caught.value.complaints]
        assert "relu" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "yaml"),
    [
        ("model M {\n}\n", False),
        ("# a comment: with a colon\nparam a = 1\n", False),
        ("\ufeff# x\n\nmodel:\n  name: M\n", True),
        ("archdsl: 1\n", True),
        ("--- \nmodel: {}\n", True),
        ("{model: {}}\n", True),
        ('"model": {}\n', True),
        ("", False),
    ],
)
def test_the_surface_of_a_text_without_a_name_is_told_by_its_first_line(text, yaml):
    """Standard input has no ending."""
    assert is_yaml(Source("-", text)) is yaml
