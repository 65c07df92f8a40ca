"""Reads what has statements inside: models, blocks, cells, loops, conditions, recipes, and their lists."""

from __future__ import annotations

import re

from archdsl.syntax import complaints_yaml as say
from archdsl.syntax import tree
from archdsl.syntax.build import Builder
from archdsl.syntax.lexer import tokens_of
from archdsl.syntax.mend import mend
from archdsl.syntax.parse import Parser
from archdsl.syntax.yaml_expressions import found_in
from archdsl.syntax.yaml_nodes import Faulty, Mapping, Scalar, Sequence
from archdsl.syntax.yaml_statements import Statements
from archdsl.text.source import Span
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archdsl.syntax.yaml_nodes import Node

BODY_KEYS = (
    "name", "about", "shorthands", "inputs", "states", "parameters", "graph", "layers", "next", "outputs", "tie", "init", "carry", "figure", "reading",
)  # fmt: skip
FIELDS = (
    "data", "split", "augment", "feed", "loss", "optimizer", "schedule", "epochs", "max_steps", "batch_size", "metrics", "clip_grad_norm", "accumulate",
    "precision", "ema", "early_stopping", "freeze", "checkpoint", "seed", "device", "show",
)  # fmt: skip
STEP_FIELDS = ("update", "every", "times")
NAMED_FIELDS = ("feed", "metrics", "show", "early_stopping", "checkpoint")
"""The fields whose mapping has names of the author's as keys; in another, a single key is what is called."""

_STATEMENT = re.compile(r"(param|layer|model|block|cell|input|state|next|output|tie|carry|step)\s+(?=\S)")
_FLOW_KEYS = ("for", "do", "if", "then", "else")
_LOOP = re.compile(r"\s*([^()\[\]{}\"']*?)\s+in\s+")


class Bodies(Statements):
    """Makes statements that have a body."""

    # ------------------------------------------------------------ models, blocks, cells

    def block(self, kind: str, lead: int, key: Scalar, signature: Scalar | None, value: Node) -> Iterator[tree.Statement]:
        """Read a model, block or cell; `signature` is its key, or a model's `name`."""
        opened = self.keeper.open(lead, key.start, key.end)
        body: list[tree.Statement] = []
        if isinstance(value, Mapping):
            body = self._body(value, kind, named=key.text == "model")
        elif not isinstance(value, Faulty) and not (isinstance(value, Scalar) and value.is_null):
            self.complaints.add(say.wanted(self.first_line(value), f"`{key.text}`", "a mapping with `inputs` and `graph`", found_in(value)))
        found = self.signature(signature) if signature is not None else None
        end = self.end_of(key, value)
        comments = self.keeper.close(opened, key.start, end)
        if found is not None:
            yield tree.Block(Span(self.source, key.start, end), comments, kind, found[0], found[1], tuple(body))

    def _body(self, value: Mapping, kind: str, named: bool) -> list[tree.Statement]:
        body: list[tree.Statement] = []
        for key, given in value.pairs:
            if isinstance(given, Faulty) or (key.text == "name" and named):
                continue
            if key.text not in BODY_KEYS or key.text == "name":
                known = [name for name in BODY_KEYS if named or name != "name"]
                self.complaints.add(say.unknown_key(self.span(key), key.text, f"a {kind}", known))
            elif key.text == "layers":
                body += self._path(key, given, value, body)
            elif key.text != "outputs" or "layers" not in value.found:
                body += self.section(key, given)
        return body

    def section(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read one key of a body; of those, a file may have `about`, `figure`, `reading` and `shorthands`."""
        name = key.text
        one: dict[str, Callable[[int, Scalar, Node], Iterator[tree.Statement]]] = {
            "shorthands": self.shorthand, "states": self.state, "parameters": self.define, "next": self.next, "tie": self.tie, "carry": self.carry,
        }  # fmt: skip
        if name == "about":
            yield from self.about(key.start, key, value)
        elif name == "inputs":
            yield from self.inputs(key, value)
        elif name == "outputs":
            yield from self.outputs(key, value)
        elif name == "graph":
            yield from self._graph(key, value)
        elif name in one:
            for lead, inner, given in self.pairs(key, value, name):
                yield from one[name](lead, inner, given)
        else:
            yield from self.braced(key.start, key, value)

    def _graph(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        if isinstance(value, Sequence):
            for lead, item in self.items(key, value, "graph"):
                yield from self.item(lead, item, "graph")
        else:
            for lead, inner, given in self.pairs(key, value, "graph"):
                yield from self.define(lead, inner, given)

    def _path(self, key: Scalar, value: Node, model: Mapping, body: list[tree.Statement]) -> Iterator[tree.Statement]:
        """Read `layers`: the path from the one input to the one output."""
        inputs = [statement for statement in body if isinstance(statement, tree.Input)]
        graph, outputs = model.found.get("graph"), model.found.get("outputs")
        if graph is not None:
            self.complaints.add(say.both_forms(self.span(key), "layers", "graph", self.span(graph[0])))
        elif len(inputs) != 1 and not self._faulty_inputs(model, inputs):
            self.complaints.add(say.one_input(self.span(key), len(inputs)))
        elif len(inputs) != 1:
            return
        elif not isinstance(value, Sequence) or not value.items:
            self.complaints.add(say.wanted(self.first_line(value), "`layers`", "a list of layers", found_in(value)))
        else:
            targets: tuple[tree.Name, ...] = ()
            if outputs is not None:
                names = list(self.items(*outputs, "outputs"))
                if len(names) > 1:
                    self.complaints.add(say.one_output(self.span(outputs[0]), len(names)))
                word = self.word(names[0][1], "`outputs`") if len(names) == 1 else None
                targets = self.names(word) if word is not None else ()
            members = [member for item in value.items for member in self.members(item)]
            span, comments = self.done(key.start, key, value)
            begin = inputs[0].name
            path = tree.Chain(span, (tree.Member(begin.span, None, begin), *members))
            if members:
                yield tree.Output(span, comments, targets, (path,))

    def _faulty_inputs(self, model: Mapping, inputs: list[tree.Input]) -> bool:
        """Whether an input was complained of, and is missing for that reason alone."""
        given = model.get("inputs")
        if given is None:
            return any(key not in BODY_KEYS for key in model.found)
        return isinstance(given, Faulty) or (isinstance(given, Mapping) and (given.faulty or len(given.pairs) > len(inputs)))

    def braced(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `init`, `figure` or `reading`."""
        if not isinstance(value, Mapping):
            if not isinstance(value, Faulty):
                self.complaints.add(say.wanted(self.first_line(value), f"`{key.text}`", "a mapping", found_in(value)))
            return
        opened = self.keeper.open(lead, key.start, key.end)
        read = {"init": self.initial, "figure": self.caption, "reading": self.link}[key.text]
        entries, end = self.entries(value, read), self.end_of(key, value)
        kind = {"init": tree.Init, "figure": tree.Figure, "reading": tree.Reading}[key.text]
        yield kind(Span(self.source, key.start, end), self.keeper.close(opened, key.start, end), entries)

    # ------------------------------------------------------------ lists of statements

    def item(self, lead: int, node: Node, where: str) -> Iterator[tree.Statement]:
        """Read an item of a list of statements: a pair, a loop, a condition, or a statement of `.arch` as a text."""
        if isinstance(node, Scalar) and not node.is_null:
            yield from self._spelled(lead, node)
        elif isinstance(node, Mapping) and "for" in node.found:
            yield from self._for(lead, node, where)
        elif isinstance(node, Mapping) and "if" in node.found:
            yield from self._if(lead, node, where)
        elif isinstance(node, Mapping) and len(node.found) == 1:
            yield from self._pair(lead, *node.pairs[0], where)
        elif isinstance(node, Mapping):
            if not node.faulty:
                self.complaints.add(say.one_key(self.first_line(node), [key.text for key, _ in node.pairs]))
        elif not isinstance(node, Faulty):
            self.complaints.add(say.wanted(self.span(node), f"an item of `{where}`", "a name with its value", found_in(node)))

    def _pair(self, lead: int, key: Scalar, value: Node, where: str) -> Iterator[tree.Statement]:
        """Read `name: ...`, or a pair that begins with a statement's word: `output logits: ...`."""
        word = _STATEMENT.match(key.text)
        if word is None:
            if where == "train":
                yield from self.field(lead, key, value)
            elif key.text in ("init", "figure", "reading") and isinstance(value, Mapping):
                yield from self.braced(lead, key, value)
            elif key.text == "train" and isinstance(value, (Mapping, Sequence)):
                yield from self.train(lead, key, value)
            else:
                yield from self.define(lead, key, value)
            return
        rest = Scalar(key.text[word.end() :], key.style, key.flow, key.start + word.end(), key.end)
        if word[1] in ("model", "block", "cell"):
            yield from self.block(word[1], lead, key, rest, value)
        elif word[1] == "step":
            yield from self.step(lead, key, rest, value)
        else:
            read = {
                "param": self.param, "layer": self.shorthand, "input": self.input, "state": self.state, "next": self.next,
                "output": self.output, "tie": self.tie, "carry": self.carry,
            }[word[1]]  # fmt: skip
            yield from read(lead, rest, value)

    def _spelled(self, lead: int, node: Scalar) -> Iterator[tree.Statement]:
        """Read statements of `.arch` that stand in a text."""
        first, last, text, positions = self.part(node, 0, len(self.text_of(node)))
        tokens = tokens_of(
            self.source, self.complaints, text, 0 if text is not None else first, None if text is not None else last, positions
        )
        builder = Builder(tokens, self.complaints)
        builder.parser = Parser(tokens, builder, mend)
        file = builder.parser.run("file")
        outer = self.keeper.of(lead, node.start, node.start, node.end)
        for number, statement in enumerate(file.statements if file is not None else ()):
            inner = statement.comments
            first_, last_ = number == 0, number == len(file.statements) - 1
            above = (*(outer.above if first_ else ()), *inner.above, *(file.comments.below if last_ else ()))
            beside = outer.beside if last_ else None
            if beside is not None and inner.beside is not None:
                above = (*above, beside)
            yield statement.replace(
                comments=tree.Comments(above, inner.beside if inner.beside is not None else beside, inner.below, outer.blank)
            )

    def _for(self, lead: int, node: Mapping, where: str) -> Iterator[tree.Statement]:
        key, value = node.found["for"]
        opened = self.keeper.open(lead, node.start, self.end_of(key, value))
        known = self._only(node, ("for", "do"), "a `for`")
        head = self.word(value, "`for`")
        text = self.text_of(head) if head is not None else ""
        match = _LOOP.match(text)
        targets: tuple[tree.Name, ...] = ()
        iterable = None
        if head is not None and match is not None:
            names = Scalar(match[1], head.style, head.flow, head.start + match.start(1), head.start + match.end(1))
            targets, iterable = self.names(names), self.read(head, match.end(), len(text))
        elif head is not None:
            self.complaints.add(say.no_iteration(self.span(head)))
        body = self._inner(node, "do", where, key if known else None)
        comments = self.keeper.close(opened, node.start, node.end)
        if targets and iterable is not None:
            yield tree.For(self.span(node), comments, targets, iterable, body)

    def _if(self, lead: int, node: Mapping, where: str) -> Iterator[tree.Statement]:
        key, value = node.found["if"]
        opened = self.keeper.open(lead, node.start, self.end_of(key, value))
        known = self._only(node, ("if", "then", "else"), "an `if`")
        head = self.word(value, "`if`")
        condition = self.scalar(head) if head is not None else None
        then = self._inner(node, "then", where, key if known else None)
        otherwise = self._inner(node, "else", where, None)
        comments = self.keeper.close(opened, node.start, node.end)
        if condition is not None:
            yield tree.If(self.span(node), comments, condition, then, otherwise)

    def _only(self, node: Mapping, known: tuple[str, ...], what: str) -> bool:
        """Complain of other keys than these; tell whether there was none."""
        others = [key for key, _ in node.pairs if key.text not in known]
        for key in others:
            self.complaints.add(say.unknown_key(self.span(key), key.text, what, known))
        return not others

    def _inner(self, node: Mapping, name: str, where: str, needed: Scalar | None) -> tuple[tree.Statement, ...]:
        """Read the statements of a loop or of a branch: a list, or a mapping of definitions."""
        found = node.found.get(name)
        if found is None:
            if needed is not None and all(key in _FLOW_KEYS for key in node.found):
                self.complaints.add(say.missing_key(self.span(needed), name, f"`{needed.text}`"))
            return ()
        key, value = found
        if isinstance(value, Mapping) and not ("for" in value.found or "if" in value.found):
            return tuple([made for lead, inner, given in self.pairs(key, value, name) for made in self._pair(lead, inner, given, where)])
        if isinstance(value, Mapping):
            return tuple(self.item(key.start, value, where))
        return tuple([made for lead, item in self.items(key, value, name) for made in self.item(lead, item, where)])

    # ------------------------------------------------------------ recipes

    def train(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read a recipe."""
        opened = self.keeper.open(lead, key.start, key.end)
        body, end = self._recipe(key, value), self.end_of(key, value)
        comments = self.keeper.close(opened, key.start, end)
        yield tree.Train(Span(self.source, key.start, end), comments, body)

    def step(self, lead: int, key: Scalar, name: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read one step of a recipe; `name` is its key, or a part of it."""
        opened = self.keeper.open(lead, key.start, key.end)
        names, body, end = self.names(name), self._recipe(key, value), self.end_of(key, value)
        comments = self.keeper.close(opened, key.start, end)
        if len(names) == 1:
            yield tree.Step(Span(self.source, key.start, end), comments, names[0], body)

    def _recipe(self, key: Scalar, value: Node) -> tuple[tree.Statement, ...]:
        body: list[tree.Statement] = []
        if isinstance(value, Sequence):
            for lead, item in self.items(key, value, "train"):
                body += self.item(lead, item, "train")
        else:
            for _, inner, given in self.pairs(key, value, key.text):
                if inner.text == "steps" and isinstance(given, Mapping):
                    for lead, name, step in self.pairs(inner, given, "steps"):
                        body += self.step(lead, name, name, step)
                else:
                    body += self.field(inner.start, inner, given)
        self._mistaken(body)
        return tuple(body)

    def field(self, lead: int, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read a field of a recipe, or a definition where no field has that name."""
        if key.text not in FIELDS and key.text not in STEP_FIELDS:
            yield from self.define(lead, key, value)
            return
        name = tree.Name(self.span(key), key.text)
        pairs = value.pairs if isinstance(value, Mapping) else []
        call = len(pairs) == 1 and key.text not in NAMED_FIELDS
        if isinstance(value, Mapping) and not call:
            opened = self.keeper.open(lead, key.start, key.end)
            entries = tree.Entries(self.span(value), self.entries(value, self.constant))
            end = self.end_of(key, value)
            yield tree.Field(Span(self.source, key.start, end), self.keeper.close(opened, key.start, end), name, entries)
            return
        if isinstance(value, Scalar) and value.is_null and not value.text:
            self.complaints.add(say.wanted(self.span(key), f"`{key.text}`", "a value", "nothing"))
            return
        lookup = self.vocabulary.data if key.text == "data" else self.vocabulary.lookup
        read = self.call(value, *pairs[0], lookup, on_values=True) if isinstance(value, Mapping) else self.argument(value, None)
        span, comments = self.done(lead, key, value)
        if read is not None:
            yield tree.Field(span, comments, name, read)

    def _mistaken(self, body: list[tree.Statement]) -> None:
        """Complain of definitions that nothing uses and whose name is near a field's."""
        for statement in body:
            if isinstance(statement, tree.Define) and len(statement.targets) == 1:
                name = statement.targets[0]
                field = nearest(name.id, (*FIELDS, *STEP_FIELDS, "steps"))
                if field and not any(uses(other, name.id) for other in body if other is not statement):
                    self.complaints.add(say.near_field(name.span, name.id, field))


def uses(node: object, name: str) -> bool:
    """Tell whether a name stands anywhere in a part of the tree."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, tree.Name):
            if found.id == name:
                return True
        elif isinstance(found, tree.Node):
            waiting += [getattr(found, field) for field in found._fields if field not in ("span", "comments")]  # type: ignore[attr-defined]
        elif isinstance(found, tuple):
            waiting += found
    return False
