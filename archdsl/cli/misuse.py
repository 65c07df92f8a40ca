"""A command that was called wrongly."""

from __future__ import annotations


class Misuse(Exception):
    """What is wrong with the call; it ends the command with exit code 2."""
