"""From several uses of one class to one block: what differs between them becomes its parameters and conditions."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from archdsl.layers.registry import lookup
from archdsl.run.import_errors import Place
from archdsl.run.import_trace import Value
from archdsl.run.import_tree import SPAN, Applied, Link, Made, Ref, rebuilt, refs
from archdsl.run.import_writer import Body, Item
from archdsl.syntax import tree


class Differ(Exception):
    """Two uses of a class that no one block says."""


class Hole(tree.Expr):
    """A constant that differs between uses: one for each, None where the use has no such line; `hint` names it."""

    constants: tuple[tree.Expr | None, ...]
    hint: str


class Line:
    """A line of the block: in which uses it stands, and what a value is where it does not (`instead`)."""

    def __init__(self, item: Item, present: tuple[bool, ...]) -> None:
        self.item, self.present = item, present
        self.expr: Any = item.expr
        self.instead: Value | None = None
        self.others: list[Line] = []
        """The same line as other uses have it, where no one expression says them all."""

    @property
    def all(self) -> list[Line]:
        """The line and its others."""
        return [self, *self.others]


class Merged:
    """The lines of several bodies in one; `body` is the longest, whose values all lines speak of."""

    def __init__(self, bodies: list[Body]) -> None:
        self.bodies = bodies
        self.body = max(bodies, key=lambda body: len(body.layers) + len(body.flow))
        self.dims = dict(self.body.dims)
        items = [_items(body) for body in bodies]
        main = _items(self.body)
        places = [_places(main, each) for each in items]
        self.values = [self._values(main, *each) for each in zip(bodies, items, places, strict=True)]
        self.lines = [Line(item, tuple([number in place for place in places])) for number, item in enumerate(main)]
        self.ahead: list[Line] = []
        lines: list[Line] = []
        for number, line in enumerate(list(self.lines)):
            self.now = line.item
            found = [each[place[number]].expr if number in place else None for each, place in zip(items, places, strict=True)]
            self.settle(line, found)
            lines += [*self.ahead, line]
            self.ahead = []
        self.lines = lines
        if any(len(body.inputs) != len(self.body.inputs) for body in bodies):
            raise Differ

    def _values(self, main: list[Item], body: Body, items: list[Item], place: dict[int, int]) -> dict[Value, Value]:
        """Return which value of the longest body each value of another is."""
        found = dict(zip(body.inputs, self.body.inputs, strict=False))
        for number, at in place.items():
            found.update(zip(items[at].targets, main[number].targets, strict=True))
        return found

    @classmethod
    def of(cls, exprs: list[tree.Expr], place: Place) -> Merged:
        """Return one expression of several, where there are no values. Raises Differ."""
        made = cls.__new__(cls)
        made.bodies, made.values, made.dims, made.ahead = [], [], {}, []
        line = Line(Item(exprs[0], place), (True,) * len(exprs))
        line.expr = made.one(exprs, "")
        made.lines = [line]
        return made

    @property
    def inputs(self) -> list[Value]:
        """The inputs that all lines speak of."""
        return self.body.inputs if self.bodies else []

    def settle(self, line: Line, found: list[Any]) -> None:
        """Find the expression of a line, or a few for groups of uses: of a layer, or of what is given in the end."""
        try:
            line.expr = self.one(found, line.item.key)
        except Differ:
            self.ahead = []
            if not line.item.key or any(node is None for node in found):
                raise
            groups: list[list[int]] = []
            for at in range(len(found)):
                fitting = next((group for group in groups if self.fits(found, [*group, at], line.item.key)), None)
                if fitting is None:
                    groups.append([at])
                else:
                    fitting.append(at)
            if len(groups) > 2:
                raise
            lines = [Line(line.item, tuple([at in group for at in range(len(found))])) for group in groups]
            for one in lines:
                one.expr = self.one([node if there else None for node, there in zip(found, one.present, strict=True)], line.item.key)
            line.expr, line.present, line.others = lines[0].expr, lines[0].present, lines[1:]

    def fits(self, found: list[Any], group: list[int], hint: str) -> bool:
        """Say whether one expression says what a group of uses has."""
        try:
            self.one([node if at in group else None for at, node in enumerate(found)], hint)
        except Differ:
            return False
        finally:
            self.ahead = []
        return True

    # ------------------------------------------------------------ one expression of several

    def one(self, nodes: list[Any], hint: str) -> Any:
        """Return what several nodes have in common, with holes where constants differ. Raises Differ."""
        given = [node for node in nodes if node is not None]
        first = given[0]
        if all(isinstance(node, Ref) for node in given):
            return self.reference(nodes)
        if all(_same(node, first) for node in given[1:]) and not refs(first):
            return first
        if all(is_constant(node) for node in given) and not _alike(given):
            return Hole(SPAN, tuple(nodes), hint)
        if all(isinstance(node, (Ref, Applied)) for node in given) and any(isinstance(node, Applied) for node in given):
            return self.path(nodes, hint)
        if any(type(node) is not type(first) for node in given):
            raise Differ
        if isinstance(first, tuple):
            if any(len(node) != len(first) for node in given):
                raise Differ
            return tuple([self.one([None if node is None else node[at] for node in nodes], hint) for at in range(len(first))])
        if isinstance(first, Made):
            return self.made(nodes, hint)
        if not isinstance(first, tree.Node):
            if any(node != first for node in given):
                raise Differ
            return first
        fields = [field for field in first._fields if field != "span"]  # type: ignore[attr-defined]
        parts = [self.one([None if node is None else (getattr(node, field),) for node in nodes], hint)[0] for field in fields]
        return type(first)(SPAN, *parts)

    def path(self, nodes: list[Any], hint: str) -> Applied | Ref:
        """Return a path on which some uses leave links out; before such a link and behind it the value has a line of its own."""
        links = [None if node is None else node.links if isinstance(node, Applied) else () for node in nodes]
        heads = [None if node is None else node.heads if isinstance(node, Applied) else (node,) for node in nodes]
        longest = max((each for each in links if each is not None), key=len)
        places = [None if each is None else _along(longest, each) for each in links]
        now: tuple[tree.Expr, ...] = self.one(heads, hint)
        passed: list[Link] = []
        for at in range(len(longest)):
            found = [
                None if each is None or where is None or at not in where else each[where[at]]
                for each, where in zip(links, places, strict=True)
            ]
            link = self.one(found, hint)
            if all(one is not None for one, node in zip(found, nodes, strict=True) if node is not None):
                passed.append(link)
                continue
            before = self.hoisted(now, passed, tuple([node is not None for node in nodes]))
            line = Line(self.item(before), tuple([one is not None for one in found]))
            line.expr, line.instead = Applied(SPAN, (Ref(SPAN, before),), (link,)), before
            self.ahead.append(line)
            now, passed = (Ref(SPAN, line.item.targets[0]),), []
        if passed:
            return Applied(SPAN, now, tuple(passed))
        if len(now) != 1 or not isinstance(now[0], Ref):
            raise Differ
        return now[0]

    def hoisted(self, heads: tuple[tree.Expr, ...], links: list[Link], present: tuple[bool, ...]) -> Value:
        """Give a path so far a line of its own, unless it is a value already."""
        if not links and len(heads) == 1 and isinstance(heads[0], Ref):
            return heads[0].value
        if not links:
            raise Differ
        line = Line(self.item(None), present)
        line.expr = Applied(SPAN, heads, tuple(links))
        self.ahead.append(line)
        return line.item.targets[0]

    def item(self, like: Value | None) -> Item:
        """Return a line for a value that no use has by itself; it is called as what it comes from, or goes to."""
        now = self.now.targets[0] if self.now.targets else self.body.inputs[0]
        called = like.name if like is not None else now.name if self.now.targets else "y"
        value = Value(now.tensor, batched=now.batched, name=called, step=None)
        return Item(Ref(SPAN, value), self.now.place, targets=(value,))

    def made(self, nodes: list[Any], hint: str) -> Made | Hole:
        """Return a layer with what differs among its arguments; an activation or a norm may differ as a whole."""
        given = [node for node in nodes if node is not None]
        first = given[0]
        if any(node.function != first.function for node in given) and all(_role(node) == _role(first) != "" for node in given):
            return Hole(SPAN, tuple(nodes), _role(first))
        if any(
            node.function != first.function or [key for key, _ in node.arguments] != [key for key, _ in first.arguments] for node in given
        ):
            raise Differ
        arguments = []
        for at, (key, _) in enumerate(first.arguments):
            arguments.append((key, self.one([None if node is None else node.arguments[at][1] for node in nodes], key.lstrip("*"))))
        return Made(SPAN, first.function, tuple(arguments), first.defaults, first.first)

    def reference(self, nodes: list[Any]) -> Ref:
        """Return the value that all mean; where a line is left out, the one that stands in for what it makes."""
        if any(node is not None and not isinstance(node, Ref) for node in nodes):
            raise Differ
        meant = [None if node is None else self.values[at].get(node.value) for at, node in enumerate(nodes)]
        found = list(dict.fromkeys([value for value, node in zip(meant, nodes, strict=True) if node is not None]))
        if None in found:
            raise Differ
        if len(found) == 1:
            return Ref(SPAN, found[0])  # type: ignore[arg-type]
        for line in self.lines:
            if len(line.item.targets) == 1 and line.item.targets[0] in found and not all(line.present) and len(found) == 2:
                value = line.item.targets[0]
                other = next(one for one in found if one is not value)
                agrees = all(node is None or (meant[at] is value) == line.present[at] for at, node in enumerate(nodes))
                if agrees and line.instead in (None, other):
                    line.instead = other
                    return Ref(SPAN, value)
        raise Differ


def _items(body: Body) -> list[Item]:
    outputs = Item(tree.TupleExpr(SPAN, tuple(body.outputs)), body.scope.end, key="output ")
    return [*body.layers, *body.flow, outputs]


def _places(main: list[Item], items: list[Item]) -> dict[int, int]:
    """Return for the lines of the longest body where they stand in another. Raises Differ where that has lines of its own."""
    ours, theirs = [_shape(item) for item in main], [_shape(item) for item in items]
    found: dict[int, int] = {}
    for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        found.update({block.a + step: block.b + step for step in range(block.size)})
    if len(found) < len(items):
        raise Differ
    return found


def _shape(item: Item) -> str:
    if item.key == "output ":
        return f"output {len(item.expr.items)}"  # type: ignore[attr-defined]
    return item.key or f"{len(item.targets)} {outline(item.expr)}"


def outline(node: Any) -> str:
    """Return what an expression is like, whatever its values and constants."""
    if isinstance(node, (Ref, tree.Literal)):
        return "_"
    if isinstance(node, tree.Name):
        return node.id
    if isinstance(node, Made):
        return _role(node) or node.function
    if isinstance(node, (tuple, list)):
        return f"({' '.join([outline(one) for one in node])})"
    if isinstance(node, tree.Node):
        inner = [outline(getattr(node, field)) for field in node._fields if field != "span"]  # type: ignore[attr-defined]
        return f"{type(node).__name__}[{' '.join(inner)}]"
    return str(node)


def _role(node: Made) -> str:
    """Return what a layer is that one parameter may stand for; nothing for the others."""
    layer = lookup(node.function)
    return {"activation": "activation", "normalization": "norm"}.get(layer.role, "") if layer is not None else ""


def _along(longest: tuple[Link, ...], links: tuple[Link, ...]) -> dict[int, int]:
    """Return for the links of the longest path where they stand in another. Raises Differ where that has links of its own."""
    found: dict[int, int] = {}
    at = 0
    for number, link in enumerate(longest):
        if at < len(links) and outline(link) == outline(links[at]):
            found[number], at = at, at + 1
    if at < len(links):
        raise Differ
    return found


def _same(left: Any, right: Any) -> bool:
    return bool(left == right)


def is_constant(node: Any) -> bool:
    """Say whether a node is a number, a text, a truth value, None, or a tuple or list of such."""
    if isinstance(node, tree.Unary):
        return is_constant(node.operand)
    if isinstance(node, (tree.TupleExpr, tree.ListExpr)):
        return all(is_constant(one) for one in node.items)
    return isinstance(node, tree.Literal)


def _alike(nodes: list[Any]) -> bool:
    """Say whether constants are of one form, so that only what is in them differs."""
    if all(isinstance(node, tree.Unary) for node in nodes):
        return True
    return all(isinstance(node, tree.ListExpr) for node in nodes) and len({len(node.items) for node in nodes}) == 1


def holes(node: Any) -> list[Hole]:
    """Return the holes of a node, in order."""
    if isinstance(node, Hole):
        return [node]
    found: list[Hole] = []
    rebuilt(node, lambda child: found.extend(holes(child)))
    return found
