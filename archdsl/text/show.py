"""Complaints as text for a person, and as JSON for a tool."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.text.complaint import Complaint
    from archdsl.text.source import Source, Span

    Paint = Callable[[str, str], str]
    Mark = tuple[Span, str, str, str]
    """A place, what is said of it, the sign that underlines it, and the kind that gives its colour."""

WIDEST = 160
"""A source line is shown no wider than this, around the place that is underlined."""

_COLORS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "label": "\x1b[36m", "dim": "\x1b[2m", "bold": "\x1b[1m"}
_WIDE = ((0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60),
         (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF), (0x20000, 0x3FFFD))  # fmt: skip
_JOINING = ((0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x0610, 0x061A), (0x064B, 0x065F), (0x200B, 0x200D), (0x20D0, 0x20FF),
            (0xFE00, 0xFE0F), (0xFE20, 0xFE2F))  # fmt: skip


def as_text(complaint: Complaint, color: bool = False) -> str:
    """Return a complaint with its source lines, underlined; it ends with a line break.

    Control characters and those that turn the direction of writing are shown escaped, wherever they stand.
    """
    paint = _painted if color else _plain
    span = complaint.span
    line, column = span.source.place(span.start)
    marks = [(span, complaint.note, "^", complaint.severity)]
    marks += [(label.span, label.message, "-", "label") for label in complaint.labels]
    margin = max(len(str(mark.source.place(mark.start)[0])) for mark, *_ in marks) + 1
    rows = [
        f"{paint(f'{complaint.severity}[{complaint.code}]', complaint.severity)}  {paint(visible(complaint.message), 'bold')}",
        f"  {visible(span.source.name)}:{line}:{column}",
    ]
    for source, group in _by_source(span.source, marks):
        if source is not span.source:
            rows.append(f"  {visible(source.name)}:{group[0][0].line}:{source.place(group[0][0].start)[1]}")
        rows += _excerpt(source, group, margin, paint)
    if complaint.suggestion:
        rows.append(f"  {visible(complaint.suggestion)}")
    return "\n".join(rows) + "\n"


def as_json(complaint: Complaint) -> str:
    """Return a complaint as one line of JSON; places count from 1, in characters, and ends are exclusive."""
    import json

    record = {
        "code": complaint.code,
        "severity": complaint.severity,
        "message": complaint.message,
        **_place(complaint.span),
        "labels": [{**_place(label.span), "message": label.message} for label in complaint.labels],
        "suggestion": complaint.suggestion,
    }
    return json.dumps(record, ensure_ascii=True)


def visible(text: str) -> str:
    """Return a text with its control characters and those without a shape of their own escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join([character if character.isprintable() or _joins(character) else _escape(character) for character in text])


def _place(span: Span) -> dict[str, str | int]:
    line, column = span.source.place(span.start)
    end_line, end_column = span.source.place(span.end)
    return {"file": span.source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _by_source(first: Source, marks: list[Mark]) -> list[tuple[Source, list[Mark]]]:
    """Group marks by their source, that of the complaint itself first, and order them as in the text."""
    sources = list(dict.fromkeys([first, *(mark[0].source for mark in marks)]))
    return [(source, sorted((mark for mark in marks if mark[0].source is source), key=lambda mark: mark[0].start)) for source in sources]


def _excerpt(source: Source, marks: list[Mark], margin: int, paint: Paint) -> list[str]:
    """Show the lines that are marked; where lines between are left out stands an empty row."""
    bar = " " * (margin + 2) + "|"
    rows, before = [paint(bar, "dim")], 0
    for span, note, sign, kind in marks:
        line, column = source.place(span.start)
        text = source.line(line)
        inside = max(1, min(span.end, span.start + len(text) - column + 1) - span.start)
        shown, at, width = _cut(text, column - 1, inside)
        if line != before:
            if before and line > before + 1:
                rows.append(paint(bar, "dim"))
            rows.append(f"{paint(f' {line:>{margin}} |', 'dim')} {shown}".rstrip())
        mark = sign * max(1, width)
        rows.append(f"{paint(bar, 'dim')} {' ' * at}{paint(f'{mark} {visible(note)}'.rstrip(), kind)}")
        before = line
    return [*rows, paint(bar, "dim")]


def _cut(text: str, start: int, length: int) -> tuple[str, int, int]:
    """Return a line as it is shown, where the mark begins in it, and how wide it is, in columns."""
    left = max(0, start - WIDEST // 2) if len(text) > WIDEST else 0
    right = min(len(text), left + WIDEST)
    before, marked, after = text[left:start], text[start : min(start + length, right)], text[start + length : right]
    head, at = _shown(before, 3 if left else 0)
    middle, end = _shown(marked, at)
    tail, _ = _shown(after, end)
    return ("..." if left else "") + head + middle + tail + ("..." if right < len(text) else ""), at, end - at


def _shown(text: str, column: int) -> tuple[str, int]:
    """Return a text with tabs as blanks and odd characters escaped, and the column behind it."""
    if text.isascii() and text.isprintable():
        return text, column + len(text)
    pieces = []
    for character in text:
        if character == "\t":
            piece = " " * (4 - column % 4)
        elif character.isprintable() or _joins(character):
            piece = character
        else:
            piece = _escape(character)
        pieces.append(piece)
        column += sum(map(_columns, piece))
    return "".join(pieces), column


def _escape(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def _columns(character: str) -> int:
    code = ord(character)
    if code < 0x300:
        return 1
    if _joins(character):
        return 0
    return 2 if any(low <= code <= high for low, high in _WIDE) else 1


def _joins(character: str) -> bool:
    """Tell whether a character takes no room of its own, as an accent does."""
    code = ord(character)
    return code >= 0x300 and code != 0x200B and any(low <= code <= high for low, high in _JOINING)


def _plain(text: str, _kind: str) -> str:
    return text


def _painted(text: str, kind: str) -> str:
    return f"{_COLORS[kind]}{text}\x1b[0m"
