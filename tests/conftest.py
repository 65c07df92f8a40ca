"""What the tests share: goldens, the command line, and the specs of the library."""

from __future__ import annotations

import difflib
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from archdsl.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the goldens instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file below tests/ that holds what it should be, or rewrite that file."""
    update = request.config.getoption("--update-goldens")

    def compare(relative_path: str, text: str) -> None:
        path = TESTS / relative_path
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"there is no golden {relative_path}: pytest --update-goldens writes it, then look at it"
        wanted = path.read_text(encoding="utf-8")
        if text != wanted:
            lines = difflib.unified_diff(wanted.splitlines(), text.splitlines(), "golden", "now", lineterm="")
            pytest.fail(f"{relative_path} differs\n" + "\n".join(lines), pytrace=False)

    return compare


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def archdsl(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run a command line in this process; `stdin` is what stands on its standard input."""

    def run(*words: object, stdin: str | bytes = "") -> Ended:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(word) for word in words])
        return Ended(code, out.getvalue(), err.getvalue())

    return run
