"""What the compiler has to say about a spec, as data.

Each phase keeps its sentences in a `complaints.py` of its own; here is only what a complaint
is, how they are collected, and how one is shown: as text for a person, as JSON for a tool.
"""

from __future__ import annotations

from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Label(Record):
    """A second place that explains the first: where a shape came from, where a name was defined."""

    span: Span
    message: str


class Complaint(Record):
    """One mistake: what it is, where it is, what explains it and what would mend it.

    `code` is stable and in kebab-case; `message` is one line; `note` says at the underline what
    is wrong there (what was found); `suggestion` is a sentence, or empty when there is no honest one.
    """

    code: str
    message: str
    span: Span
    note: str = ""
    labels: tuple[Label, ...] = ()
    suggestion: str = ""
    severity: str = "error"

    def sort_key(self) -> tuple[str, int, int, str]:
        """Order complaints as a reader meets them."""
        return (self.span.source.name, self.span.start, self.span.end, self.code)


class Complaints:
    """Collects complaints; the same one at the same place is kept once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, int, int], Complaint] = {}

    def add(self, complaint: Complaint) -> None:
        """Keep a complaint, unless the same code stands at the same place already."""
        span = complaint.span
        self._kept.setdefault((complaint.code, span.source.name, span.start, span.end), complaint)

    def keep(self, wanted: Callable[[Complaint], bool]) -> None:
        """Drop all complaints but those that are wanted."""
        self._kept = {key: complaint for key, complaint in self._kept.items() if wanted(complaint)}

    def __iter__(self) -> Iterator[Complaint]:
        """Go through the complaints in the order of the text."""
        return iter(sorted(self._kept.values(), key=Complaint.sort_key))

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def errors(self) -> list[Complaint]:
        """Those that stop the spec from being built."""
        return [complaint for complaint in self if complaint.severity == "error"]


class SpecError(Exception):
    """Raised by the Python surface for a spec that is at fault; `str()` shows all complaints."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = complaints
        super().__init__(complaints)

    def __str__(self) -> str:
        from archdsl.text.show import as_text

        return "\n".join(as_text(complaint) for complaint in self.complaints)
