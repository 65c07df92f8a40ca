"""Writes `index.py`, the map from names to files: `python -m archdsl.layers.generate`."""

from __future__ import annotations

import pathlib
import re

FOLDER = pathlib.Path(__file__).parent
HEAD = '"""Which file declares which name; written by `python -m archdsl.layers.generate`."""\n\n'


def index() -> str:
    """Return the text that `index.py` should have, by loading every file with a declaration."""
    import importlib

    from archdsl.layers import registry

    files: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.py")):
        if re.search(r"^@(layer|\w+\.layer)\(|^layer\(", path.read_text(), re.MULTILINE):
            importlib.import_module(f"archdsl.layers.{path.stem}")
    for name, found in registry.declared().items():
        files[name] = found.rule.__globals__["__name__"].rpartition(".")[2]
    lines = [f'    "{name}": "{file}",' for name, file in sorted(files.items())]
    return HEAD + "FILES = {\n" + "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    (FOLDER / "index.py").write_text(index())
