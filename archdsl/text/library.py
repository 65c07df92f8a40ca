"""Where the specs that come with archdsl lie."""

from __future__ import annotations

import os


def library() -> str:
    """Return the folder of archdsl's own specs: inside an installed package, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "specs")


def library_specs() -> dict[str, str]:
    """Return the paths of the whole networks in the library, by name (`vae`): those of the cheat sheet, then the zoo's."""
    folders = [library(), os.path.join(library(), "zoo")]
    return {
        name.removesuffix(".arch"): os.path.join(folder, name)
        for folder in folders
        if os.path.isdir(folder)
        for name in sorted(os.listdir(folder))
        if name.endswith(".arch")
    }
