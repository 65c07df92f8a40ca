"""A document of Python source: lines with their places in the spec, imports and helpers collected once.

Lines are written on one line each and wrapped here, the way that `ruff format` (and Black) would, so
that the formatter has nothing left to change. A bracket whose last entry has a comma behind it is
written one entry a line, as theirs are.
"""

from __future__ import annotations

from archdsl.emit.wrap import WIDTH, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archdsl.text.source import Span

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Lines:
    """Lines of source, each with the line of the spec that it comes from, or None."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, int | None]] = []

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, text: str, indent: int = 0, span: Span | None = None, *, comment: str = "") -> None:
        """Add a line, wrapped where it is too long; a comment stands beside it where there is room, else it is left out."""
        number = span.line if span is not None else None
        wrapped = wrap(text, indent)
        if comment and len(wrapped) == 1 and len(wrapped[0]) + len(comment) + 4 <= WIDTH:
            wrapped = [f"{wrapped[0]}  # {comment}"]
        self.entries.extend((line, number) for line in wrapped)

    def blank(self, count: int = 1) -> None:
        """Add blank lines, unless there are enough already or nothing stands above."""
        if not self.entries:
            return
        have = 0
        while have < len(self.entries) and self.entries[-1 - have][0] == "":
            have += 1
        self.entries.extend([("", None)] * (count - have))

    def comment(self, lines: Iterable[str | None], indent: int = 0) -> None:
        """Add comments of the spec; None is a blank line between them."""
        from textwrap import wrap as fill

        for line in lines:
            text = printable(line or "")
            long = (
                fill(text, WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False) if len(text) + indent + 2 > WIDTH else [text]
            )
            self.entries.extend((f"{' ' * indent}# {part}".rstrip() if line is not None else "", None) for part in long)

    def docstring(self, text: str, indent: int = 0) -> None:
        """Add a docstring."""
        self.entries.extend((line, None) for line in docstring(text, indent))

    def extend(self, other: Lines, indent: int = 0) -> None:
        """Add other lines, wrapped already for this indent, or flush at the margin."""
        pad = " " * indent
        self.entries.extend((pad + line if line else "", number) for line, number in other.entries)

    @property
    def text(self) -> str:
        """The source."""
        return "\n".join([line for line, _ in self.entries]) + "\n"

    @property
    def lines(self) -> dict[int, int]:
        """The line of the spec for each line of the source that comes from one, both from 1."""
        return {place: number for place, (_, number) in enumerate(self.entries, 1) if number is not None}


class Document:
    """A module while it is written: `body` is what follows the imports.

    `imports` are whole import lines; `helpers` the sources of functions and classes that torch lacks,
    by name, in the order in which they were asked for. `taken` are names that the spec gives to classes.
    """

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.helpers: dict[str, str] = {}
        self.taken: set[str] = set()
        self.body = Lines()

    def use(self, *imports: str) -> None:
        """Ask for import lines."""
        self.imports.update(imports)

    def helper(self, name: str, source: str, imports: Iterable[str] = ()) -> None:
        """Ask for a helper once."""
        self.helpers.setdefault(name, source.strip("\n") + "\n")
        self.use(*imports)

    def class_name(self, wanted: str, source: Callable[[str], str]) -> str:
        """Ask for a helper class whose source follows from its name; one that differs gets a number behind it."""
        name, number = wanted, 1
        while name in self.taken or (name in self.helpers and self.helpers[name] != source(name).strip("\n") + "\n"):
            number += 1
            name = f"{wanted}{number}"
        self.helper(name, source(name))
        return name

    def function(self, dotted: str) -> str:
        """Return a dotted name of torch as it is written, and import what it needs."""
        head = dotted.partition(".")[0]
        known = {"nn": "from torch import nn", "F": "import torch.nn.functional as F", "torch": "import torch", "math": "import math"}
        if head in known:
            self.use(known[head])
        return dotted

    def assemble(self, about: str, comments: Iterable[str | None]) -> Lines:
        """Put the whole module together."""
        whole = Lines()
        if about:
            # A module's docstring stands first: what the file's comments say opens it, unless it says so itself.
            heading = "\n".join([line or "" for line in comments])
            whole.docstring(about if heading in about else f"{heading}\n\n{about.strip()}")
        else:
            whole.comment(comments)
        for group in _import_groups(self.imports):
            whole.blank()
            for line in group:
                whole.add(line)
        for source in self.helpers.values():
            whole.blank(2)
            for line in source.rstrip("\n").split("\n"):
                _add_helper_line(whole, line)
        whole.blank(2)
        whole.extend(self.body)
        while whole.entries and whole.entries[-1][0] == "":
            whole.entries.pop()
        return whole


def _add_helper_line(lines: Lines, line: str) -> None:
    """Add a line of a helper's source, wrapped where it is too long."""
    text = line.strip()
    indent = len(line) - len(line.lstrip())
    if len(line) > WIDTH and text.startswith('"""') and text.endswith('"""'):
        lines.docstring(text[3:-3], indent)
    elif _is_code(line):
        lines.add(text, indent)
    else:
        lines.entries.append((line, None))


def _is_code(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith(("#", '"""'))


def _import_groups(imports: set[str]) -> list[list[str]]:
    """Sort as import sorters do: the standard library first, `import x` before `from x import y`."""
    import sys

    groups: list[list[str]] = [[], []]
    for line in sorted(imports, key=lambda line: (line.startswith("from"), line.split()[1], line)):
        groups[line.split()[1].partition(".")[0] not in sys.stdlib_module_names].append(line)
    return [_merged(group) for group in groups if group]


def _merged(lines: list[str]) -> list[str]:
    """Join `from x import a` and `from x import b`."""
    found: dict[str, list[str]] = {}
    for line in lines:
        module, _, name = line.partition(" import ")
        found.setdefault(module if line.startswith("from") else line, []).extend(name.split(", ") if line.startswith("from") else [])
    return [f"{module} import {', '.join(sorted(set(names)))}" if names else module for module, names in found.items()]


# ---------------------------------------------------------------- literals


def literal(value: object) -> str:
    """Return a constant as Python source. Raises TypeError for what is none."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        return repr(value) if value - value == 0 else f'float("{value}")'
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple):
        inner = ", ".join([literal(item) for item in value])
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join([literal(item) for item in value])}]"
    if isinstance(value, dict):
        return "{" + ", ".join([f"{literal(key)}: {literal(item)}" for key, item in value.items()]) + "}"
    raise TypeError(f"{type(value).__name__} is no constant")


def number(spelling: str) -> str:
    """Return a number as its author spelled it, in the formatter's letters: `.5` is `0.5`, `1E3` is `1e3`."""
    text = spelling.lower()
    whole, dot, rest = text.partition(".")
    if dot and text[:2] != "0x":
        digits, e, power = rest.partition("e")
        text = f"{whole or '0'}.{digits or '0'}{e}{power}"
    return text


def quoted(text: str) -> str:
    """Return a text as a literal that ends where it should, in the quotes that the formatter prefers."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join([f"\\{letter}" if letter == quote else _ESCAPES.get(letter) or printable(letter) for letter in text]) + quote


def printable(text: str) -> str:
    """Return a text with everything escaped that does not show, or that would turn the line around."""
    return "".join([letter if letter.isprintable() else _escaped(ord(letter)) for letter in text])


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def docstring(text: str, indent: int = 0) -> list[str]:
    """Return a docstring's lines: no text can end it early, and long lines are broken between words."""
    pad = " " * indent
    lines = [printable(line).rstrip() for line in text.strip().expandtabs(4).split("\n")]
    lines = [_guarded(line) for line in lines]
    if len(lines) == 1 and len(lines[0]) + indent + 6 <= WIDTH:
        return [f'{pad}"""{_closing(lines[0])}"""'] if lines[0] else []
    folded = _folded(lines, WIDTH - indent)
    if len(folded) == 1:
        # The formatter would put the closing quotes behind a single line, where they do not fit.
        folded = _folded(lines, WIDTH - indent - 3)
    return [f'{pad}"""{folded[0].lstrip()}', *[pad + line if line else "" for line in folded[1:]], f'{pad}"""']


def _folded(lines: list[str], width: int) -> list[str]:
    """Break long lines between words; the opening quotes take three characters of the first."""
    from textwrap import wrap as fill

    folded: list[str] = []
    for paragraph in _paragraphs(lines, width):
        opening = "" if folded else "xxx"
        lead = paragraph[0][: len(paragraph[0]) - len(paragraph[0].lstrip())]
        text = opening + " ".join([line.strip() for line in paragraph])
        long = len(paragraph) > 1 or len(text) + len(lead) > width
        folded += (
            fill(text, width, initial_indent=lead, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False)
            if long
            else [lead + text]
        )
        if opening:
            folded[0] = folded[0].replace(opening, "", 1)
    return folded


def _paragraphs(lines: list[str], width: int) -> list[list[str]]:
    """Group the lines that are to be filled anew: those of a plain paragraph in which one is too long."""
    found: list[list[str]] = []
    group: list[str] = []
    for line in [*lines, ""]:
        if line and (line[0].isalnum() or line[0] in "([\"'`*_") and not line.startswith(("* ", "1. ")):
            group.append(line)
            continue
        found += [group] if any(len(one) + 3 > width for one in group) else [[one] for one in group]
        group = []
        found.append([line])
    return found[:-1]


def _guarded(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _closing(line: str) -> str:
    """A quote right before the closing ones is kept apart from them."""
    return line[:-1] + '\\"' if line.endswith('"') and not line.endswith('\\"') else line
