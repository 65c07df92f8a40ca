"""Finds the comments of a YAML source, which its parsers drop, and gives each to a statement."""

from __future__ import annotations

import re

from archdsl.syntax.tree import NO_COMMENTS, Comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.text.source import Source

_COMMENT = re.compile(r"(?:^|(?<=\s))#([^\n]*)", re.MULTILINE)


class Comment:
    """One comment; `own_line` when nothing stands before it, `blank` when a blank line does."""

    __slots__ = ("at", "blank", "column", "own_line", "text")

    def __init__(self, text: str, source: str, at: int) -> None:
        begin = source.rfind("\n", 0, at) + 1
        self.text, self.at, self.column = text.strip(), at, at - begin
        self.own_line = not source[begin:at].strip(" \t\ufeff")
        self.blank = self.own_line and _blank_above(source, begin)


def _blank_above(source: str, begin: int) -> bool:
    """Tell whether the line above the one that begins there is blank, and not the first."""
    if begin == 0:
        return False
    above = source.rfind("\n", 0, begin - 1) + 1
    return not source[above : begin - 1].strip()


def find_comments(source: Source, scalars: list[tuple[int, int, str]]) -> list[Comment]:
    """Return the comments in the order of the text: they stand between scalars, or behind a `|` or `>`."""
    text, found, at = source.text, [], 0
    if "#" not in text:
        return []
    for start, end, style in [*scalars, (len(text), len(text), "")]:
        if text.find("#", at, start) >= 0:
            found += [Comment(match[1], text, match.start()) for match in _COMMENT.finditer(text, at, start) if _apart(text, match.start())]
        if style in ("|", ">"):
            line_end = text.find("\n", start, end)
            header = _COMMENT.search(text, start, line_end if line_end >= 0 else end)
            if header:
                found.append(Comment(header[1], text, header.start()))
        at = end
    return found


def _apart(text: str, at: int) -> bool:
    """Tell whether a `#` has a blank before it, or begins a line."""
    return at == 0 or text[at - 1] in " \t\n\r\ufeff"


class Opened:
    """A statement with a body that is being read: its comments so far."""

    __slots__ = ("above", "blank", "head")

    def __init__(self, above: list[str | None], head: str | None, blank: bool) -> None:
        self.above, self.head, self.blank = above, head, blank


class Keeper:
    """Hands out comments in the order of the text, so that none is lost and none given twice."""

    def __init__(self, source: Source, comments: list[Comment]) -> None:
        self._text = source.text
        self._comments = comments
        self._next = 0

    def add(self, text: str, at: int) -> None:
        """Keep a comment that stood inside an expression."""
        comment = Comment(text, self._text, at)
        place = next((i for i in range(self._next, len(self._comments)) if self._comments[i].at > at), len(self._comments))
        self._comments.insert(place, comment)

    def of(self, lead: int, start: int, key_end: int, end: int) -> Comments:
        """Return the comments of a statement without a body, whose key ends and which ends itself there.

        Above it come the lines before it and whatever stood inside; beside it the one on the line of
        its key where the value begins below, or else the one on its last line. `lead` is where a
        section begins whose first statement this is, or the same as `start`.
        """
        blank = _blank_above(self._text, self._line(lead))
        if self._next >= len(self._comments):
            return Comments(blank=True) if blank else NO_COMMENTS
        above, blank = self._before(start, blank)
        head = self._beside(key_end) if self._text.find("\n", key_end, end) >= 0 else None
        inside = self._take(end)
        beside = self._beside(end)
        if head is not None and beside is not None:
            inside.append(beside)
        return Comments((*above, *inside), beside if head is None else head, (), blank)

    def open(self, lead: int, start: int, key_end: int) -> Opened:
        """Begin a statement that has a body: take what is above it, and beside its first line."""
        above, blank = self._before(start, _blank_above(self._text, self._line(lead)))
        return Opened(above, self._beside(key_end), blank)

    def close(self, opened: Opened, start: int, end: int) -> Comments:
        """End a statement that has a body: below stand the comments that are further in than it."""
        below = self._take(end)
        column = start - self._line(start)
        while self._next < len(self._comments):
            comment = self._comments[self._next]
            apart = self._text[end : comment.at]
            if (comment.own_line and comment.column <= column) or not _only_comments(apart):
                break
            below += [None, comment.text] if comment.blank and below else [comment.text]
            self._next += 1
        return Comments(tuple(opened.above), opened.head, tuple(below), opened.blank)

    def rest(self) -> Comments:
        """Return what no statement took: the comments at the end of the file."""
        below = self._take(len(self._text) + 1)
        return Comments(below=tuple(below)) if below else NO_COMMENTS

    def _before(self, start: int, blank: bool) -> tuple[list[str | None], bool]:
        at = self._next
        if at < len(self._comments) and self._comments[at].at < start and self._comments[at].own_line:
            blank = self._comments[at].blank
        return self._take(start), blank

    def _take(self, end: int) -> list[str | None]:
        """Take the comments before a place."""
        taken: list[str | None] = []
        while self._next < len(self._comments) and self._comments[self._next].at < end:
            comment = self._comments[self._next]
            taken += [None, comment.text] if comment.blank and taken else [comment.text]
            self._next += 1
        return taken

    def _beside(self, end: int) -> str | None:
        """Take the comment that stands on the line of a place, behind it."""
        if self._next >= len(self._comments):
            return None
        comment = self._comments[self._next]
        if comment.own_line or comment.at < end or self._text.find("\n", end, comment.at) >= 0:
            return None
        self._next += 1
        return comment.text

    def _line(self, at: int) -> int:
        return self._text.rfind("\n", 0, at) + 1


def _only_comments(text: str) -> bool:
    """Tell whether a stretch holds nothing but comments, blanks and closing brackets."""
    return all(not line.strip(" \t\r]},") or line.lstrip(" \t\r]},").startswith("#") for line in text.split("\n"))
