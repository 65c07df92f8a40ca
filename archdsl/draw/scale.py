"""How large text must be, so that a figure is still legible at 8 cm of width."""

from __future__ import annotations

NARROW = 8 / 2.54 * 72
"""The width, in points, that a figure may be printed at."""
SMALLEST = 6.0
"""The least size of text on paper, in points."""
LARGEST = 44.0
"""The largest size of text, in pixels."""


def text_for(width: float, least: float = 15.0) -> float:
    """Return the size of text for a picture of this width; one that is far too wide for 8 cm is not helped by more."""
    return min(LARGEST, max(least, round(width * SMALLEST / NARROW * 2 + 0.5) / 2))


def line_for(width: float, least: float = 1.5) -> float:
    """Return the width of an outline for a picture of this width: 0.4 points on paper at least."""
    return min(4.0, max(least, width * 0.4 / NARROW))
