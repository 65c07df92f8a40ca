"""Gives each comment to a statement, so that none is lost."""

from __future__ import annotations

from archdsl.syntax.tree import NO_COMMENTS, Comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.lexer import Tokens


class Keeper:
    """Hands out the comments of a text, innermost statement first, as statements are completed.

    A comment waits until a statement around it, or behind it, is done. Above a statement are the lines
    before it and whatever stood inside it; beside it is the one on its last line, or for a statement
    with braces the one behind its opening brace.
    """

    __slots__ = ("_next", "_tokens", "_waiting", "between")

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._waiting: list[tuple[int, str, bool, bool]] = []
        self._next = 0
        self.between: list[str | None] = []

    def of(self, first: int, last: int, brace: int = -1, split: int = -1) -> Comments:
        """Return the comments of a statement from token `first` to token `last`, whose brace is a token or -1.

        Those from the brace that closes its first branch on (`split`) are left in `between`, for what the
        `else` behind it holds.
        """
        self.between = []
        blank = self._blank_before(first)
        if not self._tokens.comments:
            return Comments(blank=True) if blank else NO_COMMENTS
        beside = self._beside(last)
        above: list[str | None] = []
        below: list[str | None] = []
        head = None
        for at, text, own_line, blank_before in self._take(first):
            if at == brace + 1 and brace >= 0 and not own_line and head is None:
                head = text
            elif 0 <= split <= at < last:
                self.between.append(text)
            elif brace >= 0 and at == last:
                below += [None, text] if blank_before and below else [text]
            else:
                above += [None, text] if blank_before and above else [text]
                blank = blank_before if len(above) == 1 and at == first else blank
        if above and self._blank_before(first):
            above.append(None)
        if brace >= 0 and head is not None and beside is not None:
            below.append(beside)
        return Comments(tuple(above), beside if head is None else head, tuple(below), blank)

    def rest(self) -> Comments:
        """Return the comments that no statement took: those at the end of the file."""
        tokens = self._tokens
        below: list[str | None] = []
        for at, text, _, blank_before in self._waiting + tokens.comments[self._next :]:
            below += [None, text] if blank_before and (at or below) else [text]
        self._waiting, self._next = [], len(tokens.comments)
        return Comments(below=tuple(below)) if below else NO_COMMENTS

    def _take(self, first: int) -> list[tuple[int, str, bool, bool]]:
        """Take what waits from token `first` on, but not what stands beside the token before it."""
        waiting, taken = self._waiting, []
        while waiting and (waiting[-1][0] > first or (waiting[-1][0] == first and waiting[-1][2])):
            taken.append(waiting.pop())
        return taken[::-1]

    def _beside(self, last: int) -> str | None:
        comments, at = self._tokens.comments, self._next
        while at < len(comments) and comments[at][0] <= last:
            self._waiting.append(comments[at])
            at += 1
        self._next = at
        if at < len(comments) and comments[at][0] == last + 1 and not comments[at][2]:
            self._next = at + 1
            return comments[at][1]
        return None

    def _blank_before(self, at: int) -> bool:
        text, position, lines = self._tokens.source.text, self._tokens.starts[at] - 1, 0
        while position >= 0 and text[position] in " \t\r\n":
            lines += text[position] == "\n"
            position -= 1
        return lines > 1 and position >= 0
