"""Who may import whom, and what a command must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "archdsl"
SPECS = PACKAGE.parent / "specs"
FLOORS = [
    {"text"},
    {"dims", "syntax"},
    {"layers"},
    {"graph", "schema"},
    {"analyze", "trace", "reading"},
    {"emit", "draw", "summary", "run"},
    {"page"},
    {"spec"},
    {"cli", "editor"},
]
"""From the ground up; what stands on one floor never meets."""

HEIGHT = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in HEIGHT)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[tuple[str, int]]:
    """The parts of archdsl that a file imports anywhere in it, for types too, with the lines."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports by a relative name"
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "archdsl" else [node.module or ""]
        found |= {(name.split(".")[1], node.lineno) for name in names if name.startswith("archdsl.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_its_own_part_and_lower_floors_alone(path: Path):
    """text, then dims and syntax, then layers, graph, analyze, emit and the like, page, spec, cli: nothing looks up or sideways."""
    own = part_of(path)
    for other, line in imported(path):
        if other not in (own, "__version__"):
            assert HEIGHT[other] < HEIGHT[own], f"{path.name}:{line} imports archdsl.{other}, which does not stand below archdsl.{own}"


def test_layers_do_not_know_the_syntax():
    """A declaration speaks of shapes alone, so that the registry serves whatever surface there is."""
    known = {other for path in FILES if part_of(path) == "layers" for other, _ in imported(path)}
    assert "syntax" not in known


def test_every_part_has_its_floor():
    """A new folder or file of the package is placed before it is used."""
    parts = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("__") and path.suffix in ("", ".py")}
    assert parts - {"specs", "grammar"} <= set(HEIGHT)


def modules_of(*words: str, tmp_path: Path) -> set[str]:
    """Run a command in an interpreter of its own, and return what that has loaded."""
    script = (
        "import sys; from archdsl.cli.main import main; code = main(sys.argv[1:]); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("command", ["check", "draw", "summary", "fmt"])
def test_a_command_that_trains_nothing_loads_neither_torch_nor_numpy(command: str, tmp_path: Path):
    """Checking, drawing, counting and formatting are done before torch would have been loaded."""
    spec = tmp_path / "vae.arch"
    spec.write_text((SPECS / "vae.arch").read_text())
    loaded = modules_of(command, str(spec), tmp_path=tmp_path)
    assert not loaded & {"torch", "numpy", "lark", "jsonschema"}


def test_a_check_loads_none_of_the_slow_standard_modules(tmp_path: Path):
    """What takes longer to import than a spec takes to check stays out of the way."""
    spec = tmp_path / "vae.arch"
    spec.write_text((SPECS / "vae.arch").read_text())
    assert not modules_of("check", str(spec), tmp_path=tmp_path) & {"dataclasses", "inspect", "typing", "json", "pathlib", "tempfile"}


def test_importing_archdsl_loads_nothing_of_it():
    """`import archdsl` is free; `archdsl.load` brings the compiler when it is asked for."""
    script = "import sys, archdsl; print(*[name for name in sys.modules if name.startswith('archdsl.')]); archdsl.load"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
