"""What goes wrong in a run, as words for its user."""

from __future__ import annotations


class RunError(Exception):
    """A run that cannot start or go on: the message says what is wrong, and what to do."""
