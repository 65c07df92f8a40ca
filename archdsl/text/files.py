"""The one way in which a spec's file is opened: regular, at most 1 MB, UTF-8."""

from __future__ import annotations

import os
import stat

MOST_BYTES = 1_000_000
"""A spec is written by a person; what is larger is something else."""


class Unreadable(Exception):
    """A file that is there and is no spec; the message says why, and quotes nothing of it."""


def read_text(path: str) -> str:
    """Return the text of a file, as it stands there.

    Raises FileNotFoundError where there is none, and Unreadable where it is no regular file, larger
    than `MOST_BYTES`, not UTF-8 or not to be opened.
    """
    try:
        # A pipe would wait for a writer: it is opened without waiting, and refused.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise Unreadable(f"I cannot open this file: {getattr(error, 'strerror', None) or error}") from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("this is no regular file")
        return decoded(file.read(MOST_BYTES + 1))


def decoded(data: bytes) -> str:
    """Return the bytes of a spec as text.

    Raises Unreadable where they are more than `MOST_BYTES` or not UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise Unreadable("this file is larger than 1 MB, which no spec is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"this file is not UTF-8: line {line} holds the byte 0x{data[error.start]:02x}") from error
