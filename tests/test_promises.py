"""A spec is data: whatever is done with one short of training reaches no network, starts no program and opens nothing of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPECS = ROOT / "specs"
WATCHED = """\
import json, os, sys
from archdsl.cli.main import main
events = []

def watch(event, arguments):
    if event in ("open", "exec", "compile", "import", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn") or event.startswith("socket."):
        first = arguments[0] if arguments else ""
        events.append((event, os.fsdecode(first) if isinstance(first, (str, bytes)) else getattr(first, "co_filename", str(first))))

sys.addaudithook(watch)
code = main(sys.argv[1:])
print(json.dumps([code, events]), file=sys.stderr)
"""


def watched(*words: object, cwd: Path) -> tuple[int, list[tuple[str, str]], str]:
    """Run a command under Python's audit hook; return its exit code, what it did, and what it said."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    words_of = [sys.executable, "-c", WATCHED, *map(str, words)]
    done = subprocess.run(words_of, capture_output=True, text=True, cwd=cwd, env=environment, timeout=60)
    *said, last = done.stderr.splitlines()
    code, events = json.loads(last)
    return code, [tuple(event) for event in events], "\n".join(said)


HOSTILE = {
    "import": 'import "../secret.arch"\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n',
    "absolute import": 'import "/etc/passwd.arch"\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n',
    "dunder": "model M {\n  input x: [8]\n  output x -> __import__('os')\n}\n",
    "attribute": "param a = ().__class__\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n",
    "f-string": 'param a = f"{().__class__}"\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n',
    "format": 'param a = f"{1:>999999999}"\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n',
    "eval": "model M {\n  input x: [8]\n  output x -> eval('1')\n}\n",
    "power": "param a = 9 ** 9 ** 9\nmodel M {\n  input x: [8]\n  output x -> linear(a)\n}\n",
    "text times": "param a = 'x' * 10 ** 12\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n",
    "list times": "param a = [0] * 10 ** 12\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n",
    "doubling": "param a = [0] * 1000\n" + "".join(f"param a{n} = [{'a' if n == 0 else f'a{n - 1}'}, {'a' if n == 0 else f'a{n - 1}'}]\n" for n in range(60))
    + "model M {\n  input x: [8]\n  output x -> linear(len(str(a59)))\n}\n",
    "loops": "model M {\n  input x: [8]\n" + "".join(f"  for i{n} in range(1000) {{\n" for n in range(8)) + "  x = x + 1\n" + "  }\n" * 8 + "  output x\n}\n",
    "comprehension": "param a = [i for i in range(10 ** 12)]\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n",
    "repeats": "model M {\n  input x: [8]\n  output x -> repeat(1000, repeat(1000, repeat(1000, relu)))\n}\n",
    "shorthands": "layer a0() = relu -> relu\n" + "".join(f"layer a{n + 1}() = a{n} -> a{n}\n" for n in range(40)) + "model M {\n  input x: [8]\n  output x -> a40\n}\n",
    "blocks": "block B0() {\n  input x\n  output x + 1\n}\n" + "".join(f"block B{n + 1}() {{\n  input x\n  output x -> B{n} -> B{n}\n}}\n" for n in range(40)) + "model M {\n  input x: [8]\n  output x -> B40\n}\n",
    "brackets": "param a = " + "[" * 100_000,
    "digits": "param a = " + "9" * 5000 + "\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n",
    "docstring": 'about """ends \\"\\"\\" here\nimport os; os.system(\'touch owned\')"""\nmodel M {\n  input x: [8]\n  output x -> linear(2)\n}\n',
    "newline in text": 'model M {\n  input x: [3, 8, 8]\n  output x -> conv2d(2, 1, padding_mode="zeros\\nimport os")\n}\n',
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "build", "draw", "summary", "fmt --diff"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_spec_is_answered_and_does_nothing(tmp_path: Path, name: str, command: str):
    """Whatever a spec says, it ends soon, in complaints or a result, and no code of it runs."""
    (tmp_path / "secret.arch").write_text("layer secret() = relu\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "spec.arch").write_text(HOSTILE[name])
    code, events, said = watched(*command.split(), "spec.arch", cwd=inside)
    assert code in (0, 1)
    assert "the fault is archdsl's" not in said
    assert [path.name for path in inside.iterdir()] == ["spec.arch"]
    kinds = {event for event, _ in events}
    assert not {kind for kind in kinds if kind.startswith(("socket.", "subprocess.", "os."))}
    opened = [Path(inside, path).resolve() for event, path in events if event == "open" and not path.isdigit()]
    assert [path for path in opened if path.is_relative_to(tmp_path)] == [path for path in opened if path == inside / "spec.arch"]
    assert not [path for path in opened if path.name == "passwd.arch"]


@pytest.mark.parametrize("command", ["check", "build", "summary"])
def test_what_the_library_says_is_not_executed_either(command: str, tmp_path: Path):
    """Commands compile and execute nothing but archdsl's own modules, and their records' constructors."""
    code, events, _ = watched(command, SPECS / "gan.arch", cwd=tmp_path)
    assert code == 0
    executed = {path for event, path in events if event == "exec"}
    assert all(
        path.startswith(("<frozen", "<string>")) or Path(path).is_relative_to(ROOT / "archdsl") or "python3" in path for path in executed
    )
