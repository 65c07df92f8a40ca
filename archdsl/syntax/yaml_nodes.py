"""Composes YAML's events into nodes with places, and judges them on the way: a spec is data, and bounded.

PyYAML's own composer calls itself for each level, takes tags, lets the last of two equal keys win and
expands aliases without a limit. Here its events are read one by one, and what is refused is refused
before anything is built of it.
"""

from __future__ import annotations

import re

from archdsl.syntax import complaints_yaml as say
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    from archdsl.text.complaint import Complaints
    from archdsl.text.source import Source

MOST_DEEP = 64
MOST_EVENTS = 200_000
MOST_EXPANDED = 100_000

_PROPERTY = re.compile(r"(?:[&!][^\s]*(?:\s+|#[^\n]*\n)*)+")
_CORE_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_CORE_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_CORE_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_CORE_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_CORE_ODD = {f"{sign}.{word}": f"{sign.strip('+')}inf" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")} | dict.fromkeys(
    (".nan", ".NaN", ".NAN"), "nan"
)


class Scalar:
    """A word or text. `style` is "" for a plain one, else `'`, `"`, `|` or `>`; `flow` says whether brackets are round it."""

    __slots__ = ("end", "flow", "start", "style", "text")
    size, height = 1, 0

    def __init__(self, text: str, style: str, flow: bool, start: int, end: int) -> None:
        self.text, self.style, self.flow, self.start, self.end = text, style, flow, start, end

    @property
    def is_null(self) -> bool:
        """Whether it stands for nothing."""
        return not self.style and self.text in _CORE_NULL

    @property
    def odd_number(self) -> str:
        """`inf`, `-inf` or `nan` where it is YAML's word for one of these."""
        return "" if self.style else _CORE_ODD.get(self.text, "")

    @property
    def truth(self) -> bool | None:
        """The truth value that it is, by YAML 1.2's core schema."""
        return None if self.style else _CORE_BOOL.get(self.text)


class Sequence:
    """A list."""

    __slots__ = ("end", "flow", "height", "items", "size", "start")

    def __init__(self, flow: bool, start: int) -> None:
        self.flow, self.start, self.end = flow, start, start
        self.items: list[Node] = []
        self.size, self.height = 1, 0


class Mapping:
    """Keys with values, in the order of the text; each key once. `faulty` when a pair was refused."""

    __slots__ = ("end", "faulty", "flow", "found", "height", "key", "size", "start")

    def __init__(self, flow: bool, start: int) -> None:
        self.flow, self.start, self.end = flow, start, start
        self.found: dict[str, tuple[Scalar, Node]] = {}
        self.key: Node | None = None
        self.faulty = False
        self.size, self.height = 1, 0

    @property
    def pairs(self) -> list[tuple[Scalar, Node]]:
        """The keys, each with its value."""
        return list(self.found.values())

    def get(self, key: str) -> Node | None:
        """Return the value of a key."""
        found = self.found.get(key)
        return found[1] if found else None


class Faulty:
    """What was complained of already; nothing more is said about it."""

    __slots__ = ("end", "size", "start")
    height = 0

    def __init__(self, start: int, end: int, size: int = 1) -> None:
        self.start, self.end, self.size = start, end, size


if TYPE_CHECKING:
    Node: TypeAlias = Scalar | Sequence | Mapping | Faulty


class _Refused(Exception):
    """Ends the reading of a stream; the complaint has been made."""


class Composer:
    """Composes the one document of a source."""

    def __init__(self, source: Source, complaints: Complaints) -> None:
        self.source, self.complaints = source, complaints
        self.shift = 1 if source.text.startswith("\ufeff") else 0
        self.scalars: list[tuple[int, int, str]] = []
        self._stack: list[tuple[Sequence | Mapping, str | None, bool]] = []
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()
        self._root: Node | None = None
        self._documents = 0
        self._expanded = 0

    def compose(self) -> Node | None:
        """Return the root; None for an empty source, or one that is refused as a whole."""
        import yaml

        try:
            for count, event in enumerate(_events(self.source.text[self.shift :])):
                if count > MOST_EVENTS:
                    self._refuse(say.too_many_events(self._span(event), MOST_EVENTS))
                _HANDLERS[type(event).__name__](self, event)
        except yaml.MarkedYAMLError as error:
            at = (error.problem_mark or error.context_mark).index + self.shift  # type: ignore[union-attr]
            from_ = error.context_mark.index + self.shift if error.context_mark else None
            deep = "nesting" in str(error.problem)
            place = Span(self.source, at, min(at + 1, len(self.source.text)))
            self.complaints.add(say.too_deep(place, MOST_DEEP) if deep else say.bad_yaml(self.source, at, str(error.problem), from_))
            return None
        except yaml.YAMLError:
            self.complaints.add(say.unreadable(Span(self.source, 0, min(1, len(self.source.text)))))
            return None
        except _Refused:
            return None
        return self._root

    # ------------------------------------------------------------ events

    def on_ignore(self, event: Any) -> None:
        """Pass over what says nothing."""

    def on_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(say.second_document(self._span(event)))
        if event.tags:
            self.complaints.add(say.no_tags(self._span(event)))

    def on_scalar(self, event: Any) -> None:
        start, end = self._bounds(event)
        style = event.style or ""
        self.scalars.append((start, end, style))
        if style in ("|", ">"):
            end = start + len(self.source.text[start:end].rstrip())
        flow = bool(self._stack) and self._stack[-1][0].flow
        node: Node = Scalar(event.value, style, flow, start, end) if event.tag is None else Faulty(start, end)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._add(node)

    def on_alias(self, event: Any) -> None:
        name, span = event.anchor, self._span(event)
        found = self._anchors.get(name)
        if name in self._open:
            self.complaints.add(say.alias_to_open(span, name))
            found = Faulty(span.start, span.end)
        elif found is None:
            self.complaints.add(say.unknown_alias(span, name, list(self._anchors)))
            found = Faulty(span.start, span.end)
        if len(self._stack) + found.height > MOST_DEEP:
            self._refuse(say.too_deep(span, MOST_DEEP))
        self._add(found, span)

    def on_begin(self, event: Any) -> None:
        start, _ = self._bounds(event)
        if len(self._stack) >= MOST_DEEP:
            self._refuse(say.too_deep(self._span(event), MOST_DEEP))
        kind = Mapping if type(event).__name__ == "MappingStartEvent" else Sequence
        node = kind(bool(event.flow_style), start)
        if event.anchor is not None:
            self._open.add(event.anchor)
        self._stack.append((node, event.anchor, event.tag is not None))

    def on_end(self, event: Any) -> None:
        node, anchor, tagged = self._stack.pop()
        if node.flow:
            node.end = event.end_mark.index + self.shift
        made: Node = Faulty(node.start, node.end, node.size) if tagged else self._judged_flow(node) if node.flow else node
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = made
        self._add(made)

    # ------------------------------------------------------------ building

    def _add(self, node: Node, alias: Span | None = None) -> None:
        """Put a node into the innermost open collection; an alias stands elsewhere than what it names."""
        self._expanded += node.size if alias is not None else 1
        end = node.end if alias is None else alias.end
        if self._expanded > MOST_EXPANDED:
            self._refuse(say.too_large(alias or Span(self.source, node.start, end), MOST_EXPANDED))
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1][0]
        parent.end = max(parent.end, end)
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            key, parent.key = parent.key, None
            self._pair(parent, key, node)

    def _pair(self, parent: Mapping, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar):
            parent.faulty = True
            if not isinstance(key, Faulty):
                self.complaints.add(say.odd_key(Span(self.source, key.start, key.end)))
            return
        span = Span(self.source, key.start, key.end)
        if key.text == "<<" and not key.style:
            parent.faulty = True
            self.complaints.add(say.no_merge(span))
        elif key.text in parent.found:
            first = parent.found[key.text][0]
            self.complaints.add(say.duplicate_key(span, key.text, Span(self.source, first.start, first.end)))
        else:
            parent.found[key.text] = (key, value)

    def _judged_flow(self, node: Sequence | Mapping) -> Node:
        """Refuse a collection in brackets whose commas have cut an expression in two."""
        words = node.items if isinstance(node, Sequence) else [part for pair in node.pairs for part in pair]
        for word in words:
            if isinstance(word, Scalar) and not word.style and word.text.count("(") > word.text.count(")"):
                close = self.source.text.find(")", word.end, node.end) + 1
                self.complaints.add(say.cut_by_comma(Span(self.source, word.start, close or word.end)))
                return Faulty(node.start, node.end, node.size)
        return node

    # ------------------------------------------------------------ places

    def _bounds(self, event: Any) -> tuple[int, int]:
        """Return where a node starts, behind its anchor, and where it ends; complain of its tag."""
        start, end = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        if event.tag is not None:
            found = self.source.text.find("!", start, end)
            match = re.compile(r"!\S*").match(self.source.text, found) if found >= 0 else None
            self.complaints.add(say.no_tags(Span(self.source, found, match.end()) if match else Span(self.source, start, end)))
        if event.tag is not None or event.anchor is not None:
            properties = _PROPERTY.match(self.source.text, start)
            start = min(properties.end(), len(self.source.text)) if properties else start
        return start, max(start, end)

    def _span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index + self.shift, event.end_mark.index + self.shift)

    def _refuse(self, complaint: Any) -> None:
        self.complaints.add(complaint)
        raise _Refused


_HANDLERS = {
    "StreamStartEvent": Composer.on_ignore,
    "StreamEndEvent": Composer.on_ignore,
    "DocumentStartEvent": Composer.on_document,
    "DocumentEndEvent": Composer.on_ignore,
    "ScalarEvent": Composer.on_scalar,
    "AliasEvent": Composer.on_alias,
    "SequenceStartEvent": Composer.on_begin,
    "MappingStartEvent": Composer.on_begin,
    "SequenceEndEvent": Composer.on_end,
    "MappingEndEvent": Composer.on_end,
}


def _events(text: str) -> Iterator[Any]:
    """Give YAML's events, from libyaml where PyYAML was built with it."""
    import yaml

    if not yaml.__with_libyaml__:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
        return
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    parser = CParser(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    finally:
        parser.dispose()


def plain_data(node: Node) -> Any:
    """Return a node as JSON would have it, by YAML 1.2's core types; what was refused is None."""
    if isinstance(node, Scalar):
        return _core(node)
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key.text: plain_data(value) for key, value in node.found.values()}
    return None


def _core(node: Scalar) -> Any:
    text = node.text
    if node.style:
        return text
    if text in _CORE_NULL:
        return None
    if text in _CORE_BOOL:
        return _CORE_BOOL[text]
    if _CORE_INT.fullmatch(text) and len(text) < 60:
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if _CORE_FLOAT.fullmatch(text) or text in _CORE_ODD:
        return float(_CORE_ODD.get(text, text))
    return text
