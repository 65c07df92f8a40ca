"""Reads what stands for an expression in YAML: words, lists as chains, mappings as layers with arguments."""

from __future__ import annotations

import re

from archdsl.syntax import complaints_yaml as say
from archdsl.syntax import read_arch, tree
from archdsl.syntax.lexer import RESERVED, tokens_of
from archdsl.syntax.yaml_comments import Keeper, find_comments
from archdsl.syntax.yaml_nodes import Faulty, Mapping, Scalar, Sequence
from archdsl.syntax.yaml_spelling import positions_of
from archdsl.text.complaint import Complaints
from archdsl.text.source import Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable
    from typing import Any, Protocol, TypeAlias

    from archdsl.syntax.tree import Expr
    from archdsl.syntax.yaml_nodes import Composer, Node
    from archdsl.text.source import Source

    Judge: TypeAlias = Callable[[Any], Iterable[tuple[tuple[str | int, ...], str, tuple[str, ...], str]]]
    Lookup: TypeAlias = Callable[[str], "Declared | None"]

    class Argument(Protocol):
        """An argument as a declaration describes it."""

        @property
        def name(self) -> str: ...
        @property
        def kind(self) -> str: ...
        @property
        def choices(self) -> tuple[object, ...]: ...
        @property
        def variadic(self) -> bool: ...

    class Declared(Protocol):
        """A declaration: its values, its arguments in order, and what is never or seldom given."""

        @property
        def name(self) -> str: ...
        @property
        def values(self) -> tuple[str, ...]: ...
        @property
        def arguments(self) -> tuple[Argument, ...]: ...
        @property
        def infers(self) -> tuple[str, ...]: ...
        @property
        def fixed(self) -> Container[str]: ...


class Vocabulary:
    """What the YAML surface asks of the registry, which stands above syntax; the caller supplies it.

    `names` holds every name of the language; `lookup(name)` is the declaration of one, or None where there
    is no such name; `data(name)` and `init(name)` are those of data sources and of initial weights.
    `judge(data)` gives what the published schema has against plain data, as `(path, keyword, allowed,
    message)` with the names or types that it would have taken; without one, the reader judges alone.
    """

    def __init__(self, names: Collection[str], lookup: Lookup, data: Lookup, init: Lookup, judge: Judge | None = None) -> None:
        self.names, self.lookup, self.data, self.init, self.judge = names, lookup, data, init, judge


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_QUOTED = re.compile(r"[rRfF]{0,2}[\"']")


class Expressions:
    """Makes expressions of nodes; a None has been complained of."""

    def __init__(self, source: Source, composer: Composer, complaints: Complaints, vocabulary: Vocabulary) -> None:
        self.source, self.complaints, self.vocabulary = source, complaints, vocabulary
        self.keeper = Keeper(source, find_comments(source, composer.scalars))
        self.own_layers: set[str] = set()
        """The shorthands, blocks and cells of this file."""
        self.flat = False
        """Whether `model` holds none of what belongs into it, which then most often stands beside it."""

    # ------------------------------------------------------------ places and texts

    def span(self, node: Node) -> Span:
        """Return where a node stands."""
        return Span(self.source, node.start, node.end)

    def spelled(self, scalar: Scalar) -> tuple[str | None, list[int] | None]:
        """Return text and positions of a scalar; None where it stands in the source as it is."""
        if not scalar.style:
            return None, None
        return scalar.text, positions_of(self.source.text, scalar)

    def text_of(self, scalar: Scalar) -> str:
        """Return a scalar's text so that its characters are at `place`."""
        return scalar.text if scalar.style else self.source.text[scalar.start : scalar.end]

    def part(self, scalar: Scalar, start: int, end: int) -> tuple[int, int, str | None, list[int] | None]:
        """Return some characters of a scalar in the form that the readers of `.arch` take."""
        text, positions = self.spelled(scalar)
        if positions is None or text is None:
            return scalar.start + start, scalar.start + end, None, None
        return positions[start], positions[end], text[start:end], positions[start : end + 1]

    def within(self, scalar: Scalar, start: int, end: int) -> Span:
        """Return where some characters of a scalar stand."""
        first, last, _, _ = self.part(scalar, start, end)
        return Span(self.source, first, max(first, last))

    # ------------------------------------------------------------ words

    def scalar(self, node: Scalar) -> Expr | None:
        """Read a word as an expression."""
        text = node.text
        if not node.style:
            if _NAME.fullmatch(text) and text not in RESERVED and text not in ("null", "Null", "NULL", "TRUE", "FALSE"):
                return tree.Name(self.span(node), text)
            if _WHOLE.fullmatch(text):
                return tree.Literal(self.span(node), int(text), text)
            if node.is_null:
                return tree.Literal(self.span(node), None)
            if node.truth is not None:
                return tree.Literal(self.span(node), node.truth)
            if node.odd_number:
                return self._odd_number(node)
        elif not text.strip():
            self.complaints.add(say.empty_text(self.span(node)))
            return None
        return self.read(node, 0, len(self.text_of(node)))

    def read(self, node: Scalar, start: int, end: int) -> Expr | None:
        """Read some characters of a scalar as an expression."""
        first, last, text, positions = self.part(node, start, end)
        if "#" in (text if text is not None else node.text):
            self._comments_inside(first, last, text, positions)
        return read_arch.read_expression(self.source, first, last, self.complaints, text, positions)

    def _comments_inside(self, first: int, last: int, text: str | None, positions: list[int] | None) -> None:
        """Keep the comments of `.arch` that stand inside an expression of several lines."""
        unheard = Complaints()
        tokens = tokens_of(self.source, unheard, text, 0 if text is not None else first, None if text is not None else last, positions)
        for number, comment, _, _ in tokens.comments:
            self.keeper.add(comment, tokens.starts[number] - 1)

    def _odd_number(self, node: Scalar) -> Expr:
        """Write `.inf` and `.nan` as the language does: `float("inf")`."""
        span = self.span(node)
        literal = tree.Literal(span, node.odd_number)
        return tree.Call(span, tree.Name(span, "float"), (tree.Argument(span, None, literal),))

    def text(self, node: Node, what: str, plain: bool = False) -> Expr | None:
        """Read a text, which needs no quotes of its own; one that has them is an expression, unless `plain`."""
        if isinstance(node, Scalar):
            if not plain and has_own_quotes(node.text):
                return self.scalar(node)
            return tree.Literal(self.span(node), node.text)
        if not isinstance(node, Faulty):
            self.complaints.add(say.wanted(self.span(node), what, "a text", found_in(node)))
        return None

    def word(self, node: Node, what: str) -> Scalar | None:
        """Return a node that has to be a word."""
        if isinstance(node, Scalar) and not node.is_null:
            return node
        if not isinstance(node, Faulty):
            self.complaints.add(say.wanted(self.span(node), what, "a word or text", found_in(node)))
        return None

    def names(self, node: Scalar) -> tuple[tree.Name, ...]:
        """Read `memory, state` as names."""
        text, found, at = self.text_of(node), [], 0
        for part in text.split(","):
            name, start = part.strip(), at + len(part) - len(part.lstrip())
            at += len(part) + 1
            span = self.within(node, start, start + len(name))
            if _NAME.fullmatch(name) and name not in RESERVED:
                found.append(tree.Name(span, name))
            else:
                self.complaints.add(say.no_name(span if name else self.span(node), name))
        return tuple(found)

    # ------------------------------------------------------------ layers

    def is_layer(self, name: str) -> bool:
        """Whether a key is a layer's name, so that its value are the arguments."""
        return name in self.vocabulary.names or name in self.own_layers

    def layer(self, node: Node) -> Expr | None:
        """Read what a name is defined as: an expression, a list as a chain, or a layer with its arguments."""
        if isinstance(node, Scalar):
            return self.scalar(node)
        if isinstance(node, Sequence):
            return self.chain(node)
        members = self.members(node)
        if not members:
            return None
        return members[0].value if members[0].name is None else tree.Chain(members[0].span, tuple(members))

    def chain(self, node: Sequence) -> Expr | None:
        """Read a list as a chain of its items."""
        if not node.items:
            self.complaints.add(say.empty_chain(self.span(node)))
            return None
        members = [member for item in node.items for member in self.members(item)]
        if not members:
            return None
        if len(members) == 1 and members[0].name is None:
            return members[0].value
        return tree.Chain(self.span(node), tuple(members))

    def members(self, node: Node) -> list[tree.Member]:
        """Read an item of a chain: the members that it stands for."""
        if isinstance(node, Scalar):
            if node.is_null:
                self.complaints.add(say.wanted(self.span(node), "an item of a chain", "a layer", "nothing"))
                return []
            value = self.scalar(node)
            if isinstance(value, tree.Chain):
                return list(value.members)
        elif isinstance(node, Sequence):
            inner = self.chain(node)
            value = inner and tree.Group(self.span(node), inner)
        elif isinstance(node, Mapping) and len(node.found) == 1:
            key, argument = node.pairs[0]
            if not self.is_layer(key.text):
                return self._named(node, key, argument)
            value = self.call(node, key, argument)
        else:
            if isinstance(node, Mapping) and not node.faulty:
                self.complaints.add(say.one_key(self.span(node), [key.text for key, _ in node.pairs]))
            return []
        return [tree.Member(value.span, None, value)] if value is not None else []

    def _named(self, node: Mapping, key: Scalar, value: Node) -> list[tree.Member]:
        """Read `stem: ...`: a member with a name; what stands for several members is one chain of that name."""
        if isinstance(value, Scalar) and (value.is_null or _WHOLE.fullmatch(value.text)):
            self.complaints.add(say.no_layer(self.span(key), key.text, self._layer_names()))
            return []
        names = self.names(key)
        inner = self.layer(value)
        if inner is None or len(names) != 1:
            return []
        if isinstance(inner, tree.Chain) or isinstance(value, Sequence):
            inner = tree.Group(inner.span, inner)
        return [tree.Member(self.span(node), names[0].id, inner)]

    def _layer_names(self) -> list[str]:
        return [*self.vocabulary.names, *self.own_layers]

    # ------------------------------------------------------------ arguments

    def call(self, node: Mapping, key: Scalar, value: Node, lookup: Lookup | None = None, on_values: bool = False) -> Expr:
        """Read `conv2d: {...}`, `conv2d: [32, 4]` or `linear: 10`; in a recipe, values may stand before the arguments."""
        function = tree.Name(self.span(key), key.text)
        if isinstance(value, Scalar) and value.is_null:
            return function
        found = (lookup or self.vocabulary.lookup)(key.text)
        declared = list(found.arguments) if found else []
        behind = len(found.values) if found and on_values else 0
        arguments: list[tree.Argument] = []
        if isinstance(value, Mapping):
            by_name = {argument.name: argument for argument in declared}
            for name, given in value.pairs:
                known = self._argument_name(name, found, value)
                read = self.argument(given, by_name.get(known))
                if read is not None and known:
                    arguments.append(tree.Argument(Span(self.source, name.start, max(name.end, given.end)), known, read))
        else:
            for place, given in enumerate(value.items if isinstance(value, Sequence) else [value]):
                read = self.argument(given, _at(declared, place - behind))
                if read is not None:
                    arguments.append(tree.Argument(self.span(given), None, read))
        return tree.Call(self.span(node), function, tuple(arguments))

    def _argument_name(self, key: Scalar, layer: Declared | None, given: Mapping) -> str:
        """Return the argument that a key means; one that the layer does not have is complained of, and taken for the nearest."""
        if layer is None:
            names = self.names(key)
            return names[0].id if len(names) == 1 else ""
        own = [argument.name for argument in layer.arguments]
        known = [*own, *layer.infers, *layer.values]
        if key.text in known or key.text in layer.fixed:
            return key.text
        self.complaints.add(say.unknown_argument(self.span(key), layer.name, key.text, known, own))
        near = nearest(key.text, known)
        return near if near is not None and near not in given.found else ""

    def argument(self, node: Node, declared: Argument | None) -> Expr | None:
        """Read the value of an argument, or any other constant: a list is a list here."""
        kinds = set(declared.kind.split(" | ")) if declared else set()
        if isinstance(node, Scalar):
            return self.text(node, "an argument") if declared and _takes_text(node, kinds, declared.choices) else self.scalar(node)
        if "Layer" in kinds:
            return self.layer(node)
        if isinstance(node, Sequence):
            items = [self.layer(item) if "Layers" in kinds else self.argument(item, None) for item in node.items]
            return tree.ListExpr(self.span(node), tuple([item for item in items if item is not None]))
        if isinstance(node, Faulty):
            return None
        if len(node.found) == 1 and declared is not None and declared.name == "init":
            return self.call(node, *node.pairs[0], self.vocabulary.init)
        if len(node.found) == 1 and self.is_layer(node.pairs[0][0].text) and "Layers" not in kinds:
            return self.call(node, *node.pairs[0])
        pairs = [
            (tree.Literal(self.span(key), key.text), self.layer(value) if "Layers" in kinds else self.argument(value, None))
            for key, value in node.pairs
        ]
        return tree.DictExpr(self.span(node), tuple([(key, value) for key, value in pairs if value is not None]))


def _takes_text(node: Scalar, kinds: set[str], choices: tuple[object, ...]) -> bool:
    """Tell whether a word is a text where an argument of these kinds stands."""
    if node.text in choices:
        return True
    words = kinds - {"None"}
    if node.is_null and "None" in kinds:
        return False
    return bool(words) and words <= {"str", "DType"}


def _at(declared: list[Argument], place: int) -> Argument | None:
    if declared and declared[-1].variadic and place >= len(declared):
        return declared[-1]
    return declared[place] if 0 <= place < len(declared) else None


def found_in(node: Node) -> str:
    """Say what a node is."""
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else f"`{node.text}`" if len(node.text) < 40 else "a text"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def has_own_quotes(text: str) -> bool:
    """Whether a text where no quotes are needed has quotes of its own, and so is an expression."""
    opening = _QUOTED.match(text)
    return opening is not None and len(text) > opening.end() and text.endswith(opening[0][-1])
