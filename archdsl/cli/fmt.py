"""Format specs in place. `--check` only says which are not formatted, `--diff` what would change; `-` formats standard input to standard output."""

from __future__ import annotations

import sys

from archdsl.cli import files, options
from archdsl.cli.report import Report
from archdsl.reading import write_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    options.specs(parser)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something is not formatted")
    parser.add_argument("--diff", action="store_true", help="change nothing; show what would")
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Format each spec."""
    report = Report(given)
    unformatted = 0
    for path in files.specs_of(given.specs):
        file = report.parse(path)
        if file is None:
            continue
        before = file.span.source.text
        after = write_as(file, file.span.source)
        if given.diff:
            print(difference(path, before, after), end="")
        if given.check and before != after:
            unformatted += 1
            print(f"{path} is not formatted", file=sys.stderr)
        if not given.check and not given.diff:
            if path == "-":
                print(after, end="")
            elif before != after:
                files.write(path, after, force=True)
    return 1 if unformatted else report.code


def difference(path: str, before: str, after: str) -> str:
    """Return a unified diff, empty where nothing changes."""
    import difflib

    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
