"""The documentation tells the truth: its specs are sound, its links lead somewhere, its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: Path) -> list[tuple[str, int, str]]:
    """The blocks of a page: what they are in, the line where they begin, and their text."""
    text = page.read_text(encoding="utf-8")
    return [(match[1], text.count("\n", 0, match.start()) + 2, match[2]) for match in FENCE.finditer(text)]


SPECS = [
    pytest.param(surface, text, id=f"{page.name}:{line}")
    for page in PAGES
    for surface, line, text in fences(page)
    if surface in ("arch", "yaml")
]


@pytest.mark.parametrize(("surface", "text"), SPECS)
def test_every_spec_in_the_documentation_is_sound_and_builds(archdsl, tmp_path, surface, text):
    """An example that a reader copies works."""
    path = tmp_path / f"example.{surface}"
    path.write_text(text, encoding="utf-8")
    assert archdsl("check", "--strict", path) == (0, "", "")
    assert "(nn.Module):" in archdsl("build", path).out


def test_the_readme_shows_the_spec_and_the_figure_that_are_there(archdsl, golden):
    """Its spec is the library's, up to what that says of itself, and its figure is what `draw` makes of it."""
    spec = ROOT / "specs" / "vae.arch"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition("```arch\n")
    behind = rest.partition("```\n")[2]
    shown = spec.read_text(encoding="utf-8").partition('\nabout """')[0]
    golden("../README.md", f"{before}```arch\n{shown}```\n{behind}")
    golden("../docs/vae.svg", archdsl("draw", spec).out)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    """A page links to what exists."""
    for target in re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", page.read_text(encoding="utf-8")):
        assert (page.parent / "".join(target)).exists(), target


def test_the_commands_of_the_documentation_are_those_there_are():
    """The table of commands lists each, and no other."""
    table = (ROOT / "docs" / "language" / "command-line.md").read_text(encoding="utf-8").partition("**Exit codes.**")[0]
    assert set(re.findall(r"`archdsl (\w+)", table)) == set(COMMANDS)
