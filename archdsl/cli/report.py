"""What a command says of its specs: complaints for people or tools, and the exit code that follows."""

from __future__ import annotations

import os
import sys

from archdsl.cli.files import read_standard_input
from archdsl.cli.misuse import Misuse
from archdsl.reading import open_source, parse, unreadable
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from archdsl.graph import Program
    from archdsl.spec import Spec
    from archdsl.syntax import tree


class Report:
    """Collects what is wrong with a command's specs, says it, and knows the exit code.

    Complaints go to standard error as text, or with `--format json` to standard output, one object a line.
    """

    def __init__(self, options: Namespace) -> None:
        self.json: bool = getattr(options, "format", "text") == "json"
        self.strict: bool = getattr(options, "strict", False)
        self.code = 0
        self._said = False

    def say(self, complaints: Iterable[Complaint]) -> bool:
        """Say complaints; return whether a spec with these is sound."""
        sound = True
        for complaint in complaints:
            self._print(complaint)
            if self.strict or complaint.severity == "error":
                sound = False
        self.code = self.code if sound else max(self.code, 1)
        return sound

    def _print(self, complaint: Complaint) -> None:
        from archdsl.text.show import as_json, as_text

        if self.json:
            print(as_json(complaint))
            return
        color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        print(("\n" if self._said else "") + as_text(complaint, color), end="", file=sys.stderr)
        self._said = True

    def source(self, path: str) -> Source | None:
        """Open a spec, or standard input; say what is wrong and return None where it cannot be read."""
        from archdsl.text.files import Unreadable, decoded

        complaints = Complaints()
        try:
            if path == "-":
                return Source("-", decoded(read_standard_input()))
            source = open_source(path, complaints)
        except Unreadable as error:
            complaints.add(unreadable(path, error))
            source = None
        except FileNotFoundError as error:
            # It was there a moment ago, or is a link that leads nowhere.
            raise Misuse(f"there is no file {path}") from error
        self.say(complaints)
        return source

    def parse(self, path: str) -> tree.File | None:
        """Open and read a spec; None where there are mistakes in its syntax."""
        source, complaints = self.source(path), Complaints()
        if source is None:
            return None
        file = parse(source, complaints)
        return file if self.say(complaints) else None

    def compile(self, path: str, options: Namespace, *, whole: bool = True) -> Program | None:
        """Open, read and analyze a spec, with the settings of the command line; None where it is at fault."""
        source = self.source(path)
        return None if source is None else self._compile(source, options, whole=whole)

    def load(self, path: str, options: Namespace) -> Spec | None:
        """Do the same for what is made of a spec's source: `archdsl.load` for the command line."""
        from archdsl.spec import Spec

        source = self.source(path)
        program = None if source is None else self._compile(source, options, traced=True)
        if source is None or program is None:
            return None
        return Spec(source, program, params=_settings(options.params), sets=_settings(options.sets))

    def _compile(self, source: Source, options: Namespace, *, traced: bool = False, whole: bool = True) -> Program | None:
        from archdsl import spec

        complaints, params, sets = Complaints(), _settings(options.params), _settings(options.sets)
        program = spec.compile_source(source, complaints, params=params, sets=sets, traced=traced, whole=whole)
        sound = self.say(complaints)
        if (params or sets) and not sound:
            from archdsl.syntax.override import is_outside

            # What is wrong with a setting is wrong with the call.
            self.code = 2 if any(is_outside(complaint.span) for complaint in complaints) else self.code
        return program if sound else None


def _settings(pairs: list[tuple[str, str]] | None) -> dict[str, str]:
    return dict(pairs or ())
