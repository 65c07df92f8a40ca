"""Which files a command is about, and how results are written: whole or not at all."""

from __future__ import annotations

import os
import sys

from archdsl.cli.misuse import Misuse
from archdsl.reading import ENDINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def specs_of(paths: Sequence[str]) -> list[str]:
    """Return the specs that paths stand for: a folder means every spec below it, `-` standard input.

    Raises Misuse for what is missing, has another ending, or is a folder without specs.
    """
    found: list[str] = []
    for path in paths:
        if path == "-":
            found.append(path)
        elif os.path.isdir(path):
            below = sorted(specs_below(path))
            if not below:
                raise Misuse(f"{path} holds no specs: they end in {', '.join(ENDINGS)}")
            found += below
        elif not os.path.lexists(path):
            raise Misuse(f"there is no file {path}{_near(path)}")
        elif not path.endswith(ENDINGS):
            raise Misuse(f"{path} is no spec: they end in {', '.join(ENDINGS)}")
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def specs_below(folder: str) -> Iterator[str]:
    """Go through the specs below a folder; hidden folders are passed over, and links are not followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(place, name) for name in files if name.endswith(ENDINGS) and not name.startswith("."))


def _near(path: str) -> str:
    from archdsl.text.suggest import nearest

    folder, name = os.path.split(path)
    beside = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    near = nearest(name, [one for one in beside if one.endswith(ENDINGS)])
    return f"; did you mean {os.path.join(folder, near)}?" if near else ""


def read_standard_input() -> bytes:
    """Return what stands on standard input, as bytes; it need not be text."""
    from archdsl.text.files import MOST_BYTES

    return sys.stdin.buffer.read(MOST_BYTES + 1)


def goals(output: str | None, specs: Sequence[str], ending: str) -> list[str | None]:
    """Return where each spec's result goes: to standard output (None), to `-o`, or into it where that is a folder.

    Raises Misuse where the results of several specs would go to one file.
    """
    if output is None:
        return [None] * len(specs)
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        names = ["stdin" if spec == "-" else os.path.splitext(os.path.basename(spec))[0] for spec in specs]
        return [os.path.join(output, name + ending) for name in names]
    if len(specs) > 1:
        raise Misuse(f"several specs cannot all go to {output}: end it in / to make it a folder")
    return [output]


def write(path: str, content: str | bytes, *, force: bool) -> None:
    """Write a file, whole or not at all; one that already reads so is left alone.

    Raises Misuse where another content stands there and `force` is not given, or it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    path = os.path.realpath(path)
    if os.path.lexists(path):
        if not os.path.isfile(path):
            raise Misuse(f"{path} is no file")
        if _holds(path, data):
            return
        if not force:
            raise Misuse(f"{path} is there already: --force overwrites it")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        replace(path, data)
    except OSError as error:
        raise Misuse(f"{path} cannot be written: {error.strerror}") from error


def _holds(path: str, data: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(data) + 1) == data


def replace(path: str, data: bytes) -> None:
    """Put a file in the place of another in one move, with its permissions."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
