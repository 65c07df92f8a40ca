"""Reads the statements of YAML that have no body: definitions, inputs, outputs, and what is like them."""

from __future__ import annotations

import re

from archdsl.syntax import complaints_yaml as say
from archdsl.syntax import read_arch, tree
from archdsl.syntax.strings import dedented
from archdsl.syntax.yaml_expressions import Expressions, found_in
from archdsl.syntax.yaml_nodes import Faulty, Mapping, Scalar, Sequence
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archdsl.syntax.tree import Expr
    from archdsl.syntax.yaml_nodes import Node

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

FIGURE_TEXTS = ("title", "caption")
"""What a figure has that is a text."""


class Statements(Expressions):
    """Makes statements without a body. `lead` is where a section begins whose first statement is read, or its own start."""

    # ------------------------------------------------------------ going through sections

    def pairs(self, key: Scalar, value: Node, what: str) -> Iterator[tuple[int, Scalar, Node]]:
        """Go through a section that is a mapping: lead, key and value of each."""
        if isinstance(value, Mapping):
            for number, (inner, given) in enumerate(value.pairs):
                yield (inner.start if number else key.start), inner, given
        elif not isinstance(value, Faulty) and not (isinstance(value, Scalar) and value.is_null):
            self.complaints.add(say.wanted(self.first_line(value), f"`{what}`", "a mapping", found_in(value)))

    def items(self, key: Scalar, value: Node, what: str) -> Iterator[tuple[int, Node]]:
        """Go through a section that is a list, or a single word."""
        if isinstance(value, Sequence):
            for number, item in enumerate(value.items):
                yield (item.start if number else key.start), item
        elif isinstance(value, Scalar) and not value.is_null:
            yield key.start, value
        elif isinstance(value, Mapping):
            self.complaints.add(say.wanted(self.first_line(value), f"`{what}`", "a list", found_in(value)))

    def first_line(self, node: Node) -> Span:
        """Return the first line of a node."""
        stop = self.source.text.find("\n", node.start, node.end)
        return Span(self.source, node.start, node.end if stop < 0 else stop)

    def end_of(self, key: Scalar, value: Node) -> int:
        """Return where a pair ends; the value of an alias stands elsewhere."""
        return max(key.end, value.end)

    def done(self, lead: int, key: Scalar, value: Node) -> tuple[Span, tree.Comments]:
        """Return span and comments of a pair that has been read."""
        end = self.end_of(key, value)
        return Span(self.source, key.start, end), self.keeper.of(lead, key.start, key.end, end)

    # ------------------------------------------------------------ definitions

    def define(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `name: ...`, or `memory, state: ...`."""
        targets = self.names(key)
        read = None
        if isinstance(value, Scalar) and value.is_null:
            self.complaints.add(say.wanted(self.span(value if value.text else key), f"`{key.text}`", "an expression", "nothing"))
        else:
            read = self.layer(value)
        span, comments = self.done(lead, key, value)
        if targets and read is not None:
            yield tree.Define(span, comments, targets, read)

    def param(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read a parameter of the file."""
        targets, read = self.names(key), self.argument(value, None)
        span, comments = self.done(lead, key, value)
        if len(targets) == 1 and read is not None:
            yield tree.Param(span, comments, targets[0], read)

    def import_(self, lead: int, item: Node) -> Iterator[tree.Statement]:
        """Read one path of `imports`."""
        word = self.word(item, "`imports`")
        if word is not None:
            span, comments = self.done(lead, word, word)
            yield tree.Import(span, comments, tree.Literal(span, word.text))

    def shorthand(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `conv_bn(width): ...` of `shorthands`."""
        found, read = self.signature(key), self.layer(value)
        span, comments = self.done(lead, key, value)
        if found is not None and read is not None:
            yield tree.Shorthand(span, comments, found[0], found[1], read)

    def signature(self, scalar: Scalar) -> tuple[tree.Name, tuple[tree.Parameter, ...]] | None:
        """Read `BasicBlock(width, stride = 1)`, or a name alone."""
        text = self.text_of(scalar)
        name = _PLAIN_NAME.match(text.strip())
        if name is not None and name[0] == text.strip():
            names = self.names(scalar)
            return (names[0], ()) if names else None
        first, last, spelled, positions = self.part(scalar, 0, len(text))
        found = read_arch.read_signature(self.source, first, last, self.complaints, spelled, positions)
        if found is None:
            return None
        begin = text.find(found[0])
        return tree.Name(self.within(scalar, begin, begin + len(found[0])), found[0]), found[1]

    # ------------------------------------------------------------ inputs and outputs

    def inputs(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `inputs`: a mapping from names to types, or a list where types are left open."""
        if isinstance(value, Mapping):
            for lead, name, given in self.pairs(key, value, "inputs"):
                yield from self.input(lead, name, given)
            return
        for lead, item in self.items(key, value, "inputs"):
            if isinstance(item, Mapping):
                for name, given in item.pairs:
                    yield from self.input(lead, name, given)
            elif (word := self.word(item, "`inputs`")) is not None:
                yield from self.input(lead, word, None)

    def input(self, lead: int, key: Scalar, value: Node | None) -> Iterator[tree.Statement]:
        """Read one input, with its type where it has one."""
        names = self.names(key)
        open_ = value is None or (isinstance(value, Scalar) and value.is_null)
        read = None if open_ or value is None else self.type(value)
        span, comments = self.done(lead, key, value or key)
        if len(names) == 1 and (open_ or read is not None):
            yield tree.Input(span, comments, names[0], read)

    def type(self, node: Node) -> tree.Type | None:
        """Read `[1, 28, 28]`, or `ragged int64[T <= length]` as a word."""
        if isinstance(node, Scalar):
            first, last, text, positions = self.part(node, 0, len(self.text_of(node)))
            return read_arch.read_type(self.source, first, last, self.complaints, text, positions)
        if not isinstance(node, Sequence):
            if not isinstance(node, Faulty):
                self.complaints.add(say.wanted(self.first_line(node), "a type", "sizes in brackets, as `[1, 28, 28]`", found_in(node)))
            return None
        dims: list[Expr] = []
        bounds: list[Expr | None] = []
        for item in node.items:
            size = self.scalar(item) if isinstance(item, Scalar) else None
            if size is None:
                if not isinstance(item, (Scalar, Faulty)):
                    self.complaints.add(say.wanted(self.span(item), "a size", "a number or an expression", found_in(item)))
                return None
            bounded = isinstance(size, tree.Compare) and size.ops == ("<=",)
            dims.append(size.operands[0] if isinstance(size, tree.Compare) and bounded else size)
            bounds.append(size.operands[1] if isinstance(size, tree.Compare) and bounded else None)
        return tree.Type(self.span(node), None, False, tuple(dims), tuple(bounds))

    def state(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `h: [128]`, or `h: {shape: [128], start: 1}`."""
        names, start, shape = self.names(key), None, value
        if isinstance(value, Mapping):
            for inner, given in value.pairs:
                if inner.text == "start":
                    start = self.layer(given)
                elif inner.text != "shape":
                    self.complaints.add(say.unknown_key(self.span(inner), inner.text, "a state", ("shape", "start")))
            found = value.get("shape")
            if found is None:
                self.complaints.add(say.missing_key(self.span(key), "shape", f"the state `{key.text}`"))
                return
            shape = found
        read = self.type(shape)
        span, comments = self.done(lead, key, value)
        if len(names) == 1 and read is not None:
            yield tree.State(span, comments, names[0], read, start)

    def next(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `h: ...` of `next`."""
        targets, read = self.names(key), self.layer(value)
        span, comments = self.done(lead, key, value)
        if targets and read is not None:
            yield tree.Next(span, comments, targets, read)

    def outputs(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `outputs`: a list of values, or a mapping that defines them; in a list, each name with a value is one output."""
        if isinstance(value, Mapping):
            for lead, name, given in self.pairs(key, value, "outputs"):
                yield from self.output(lead, name, given)
            return
        run: list[Expr] = []
        begun = lead_of_run = 0
        for lead, item in self.items(key, value, "outputs"):
            if isinstance(item, Mapping):
                if run:
                    yield self._together(lead_of_run, begun, run)
                    run = []
                for name, given in item.pairs:
                    yield from self.output(lead, name, given)
            elif (read := self.layer(item)) is not None:
                if not run:
                    begun, lead_of_run = item.start, lead
                run.append(read)
        if run:
            yield self._together(lead_of_run, begun, run)

    def _together(self, lead: int, start: int, values: list[Expr]) -> tree.Statement:
        end = max(start, values[-1].span.end)
        return tree.Output(Span(self.source, start, end), self.keeper.of(lead, start, start, end), (), tuple(values))

    def output(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `logits: ...`; behind several names a list has a value for each."""
        targets = self.names(key)
        if len(targets) > 1 and isinstance(value, Sequence):
            values = [read for item in value.items if (read := self.layer(item)) is not None]
        else:
            values = [read] if (read := self.layer(value)) is not None else []
        span, comments = self.done(lead, key, value)
        if targets and values:
            yield tree.Output(span, comments, targets, tuple(values))

    # ------------------------------------------------------------ weights

    def tie(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `decoder.weight: embed.weight`."""
        left, right = self.scalar(key), self.layer(value)
        span, comments = self.done(lead, key, value)
        if left is not None and right is not None:
            yield tree.Tie(span, comments, left, right)

    def carry(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `state: rnn`."""
        names, read = self.names(key), self.layer(value)
        span, comments = self.done(lead, key, value)
        if len(names) == 1 and read is not None:
            yield tree.Carry(span, comments, names[0], read)

    # ------------------------------------------------------------ entries

    def entries(self, value: Mapping, read: Callable[[Scalar, Node], Expr | None]) -> tuple[tree.Entry, ...]:
        """Read the pairs of a mapping as entries."""
        made = []
        for key, given in value.pairs:
            expr = read(key, given)
            span, comments = self.done(key.start, key, given)
            if expr is not None:
                made.append(tree.Entry(span, comments, key.text, expr))
        return tuple(made)

    def constant(self, _key: Scalar, value: Node) -> Expr | None:
        """Read the value of an entry."""
        return self.argument(value, None)

    def initial(self, _key: Scalar, value: Node) -> Expr | None:
        """Read what weights begin as: `normal(0, 0.02)`, or the function with its arguments as a mapping."""
        if isinstance(value, Mapping) and len(value.found) == 1:
            return self.call(value, *value.pairs[0], self.vocabulary.init)
        return self.argument(value, None)

    def link(self, key: Scalar, value: Node) -> Expr | None:
        """Read the address of a title."""
        return self.text(value, f"`{key.text}`")

    def caption(self, key: Scalar, value: Node) -> Expr | None:
        """Read what an entry of `figure` says: captions are texts, and so are the labels of names."""
        if key.text in FIGURE_TEXTS:
            return self.text(value, f"`{key.text}`")
        if key.text != "labels" or not isinstance(value, Mapping):
            return self.argument(value, None)
        labels = [(self._label(name), self.text(given, f"`{name.text}`")) for name, given in value.pairs]
        return tree.DictExpr(self.span(value), tuple([(name, text) for name, text in labels if text is not None]))

    def _label(self, name: Scalar) -> Expr:
        plain = not name.style and _PLAIN_NAME.fullmatch(name.text)
        return tree.Name(self.span(name), name.text) if plain else tree.Literal(self.span(name), name.text)

    def about(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read what a spec says of itself."""
        read = self.text(value, "`about`", plain=True)
        span, comments = self.done(lead, key, value)
        if isinstance(read, tree.Literal):
            yield tree.About(span, comments, read.replace(value=dedented("\n" + str(read.value))))
