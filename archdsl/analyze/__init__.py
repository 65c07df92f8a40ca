"""From the tree to the graph: names, kinds, constants, shapes, keys, recipes."""

from __future__ import annotations

from archdsl.analyze.program import analyze

__all__ = ["analyze"]
