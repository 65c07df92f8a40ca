"""The lines of a YAML text that is being written, with comments above and beside them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.syntax.tree import Comments


class Lines:
    """Collects lines; neighbours with comments beside them get these in one column."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str | None]] = []

    def add(self, indent: int, text: str, beside: str | None = None) -> None:
        """Add a line."""
        self._rows.append((" " * indent + text if text else "", beside))

    def lead(self, indent: int, comments: Comments) -> None:
        """Add what stands above a statement: a blank line, and comments."""
        self.comments(indent, comments.above, comments.blank)

    def comments(self, indent: int, comments: Sequence[str | None], blank: bool = False) -> None:
        """Add comments, each on its line; None is a blank one."""
        if blank and self._rows and self._rows[-1][0]:
            self.add(0, "")
        for comment in comments:
            self.add(indent if comment is not None else 0, "" if comment is None else _written(comment))

    def text(self) -> str:
        """Return all lines."""
        lines: list[str] = []
        at = 0
        while at < len(self._rows):
            end = at
            while end < len(self._rows) and self._rows[end][1] is not None:
                end += 1
            column = max((len(text) for text, _ in self._rows[at:end]), default=0)
            lines += [f"{text.ljust(column)}  {_written(comment or '')}" for text, comment in self._rows[at:end]]
            if end < len(self._rows):
                lines.append(self._rows[end][0])
            at = end + 1
        return "".join([line + "\n" for line in lines])


def _written(comment: str) -> str:
    return f"# {comment}" if comment else "#"
