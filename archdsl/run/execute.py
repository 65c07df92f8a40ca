"""Runs emitted source as a module that debuggers can step through and tracebacks can quote."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType


def execute(source: str, name: str) -> ModuleType:
    """Execute source text under a name, and return the module that it makes.

    The text is registered with linecache under `name`, so that a traceback shows its lines.
    """
    module = ModuleType(name.strip("<>").replace(" ", "_").replace("/", "_"))
    module.__file__ = name
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    # A class finds its module by name when it is printed, pickled or documented.
    sys.modules[module.__name__] = module
    exec(compile(source, name, "exec"), module.__dict__)
    return module
