"""Figures: `draw` makes one from a program, without torch and without a system binary."""

from archdsl.draw.error import DrawError
from archdsl.draw.figure import Figure, draw, draw_svg

__all__ = ["DrawError", "Figure", "draw", "draw_svg"]
