"""Ctrl-C and SIGTERM while training: the first asks for a checkpoint at the next step, a second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Interrupted(BaseException):
    """Raised between two steps, once a signal has asked for the end."""


class Signals:
    """Listens while training; `code` is the exit code that a signal asks for, or 0."""

    def __init__(self) -> None:
        self.code = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._note) for one in CODES}
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def heed(self) -> None:
        """Raise Interrupted once a signal has come."""
        if self.code:
            raise Interrupted

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.code:
            os._exit(self.code)
        self.code = CODES[signal.Signals(number)]
