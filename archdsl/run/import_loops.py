"""Finds lines that come again and again with the next layers of a list, and makes a loop of them."""

from __future__ import annotations

from typing import Any

from archdsl.run.import_merge import Line, Merged
from archdsl.run.import_trace import Value
from archdsl.run.import_tree import SPAN, Ref, name, rebuilt, refs
from archdsl.run.import_writer import Item
from archdsl.syntax import tree


class Loop(Line):
    """A loop: `count` turns, the layers that each makes (`made`), the lines of the first, and what passes from turn to turn.

    `carried` says for a value from before the loop which of the first turn's takes its place in the next;
    `after` which value of the first turn stands for one of the last, for the lines that follow.
    """

    def __init__(self, count: int, made: list[Line], lines: list[Line], carried: dict[Value, Value], after: dict[Value, Value]) -> None:
        place = lines[0].item.place
        super().__init__(Item(tree.TupleExpr(SPAN, tuple([line.expr for line in lines])), place), lines[0].present)
        self.following: list[Line] = []
        self.count, self.made, self.lines, self.carried, self.after = count, made, lines, carried, after


def roll(merged: Merged) -> None:
    """Make loops of the lines of a block, where they go through whole lists in step."""
    at = 0
    while at < len(merged.lines):
        found = _loop(merged, at)
        if found is None:
            at += 1
            continue
        loop, length = found
        following = [_renamed(line, loop.after) for line in merged.lines[at + length :]]
        _place(loop, merged.lines[:at])
        before = [line for line in merged.lines[:at] if line not in loop.made and line not in loop.following]
        merged.lines = [*before, loop, *following]
        at = len(before) + 1


def _place(loop: Loop, before: list[Line]) -> None:
    """Let each turn make its layers, if they are alike and the others keep their order; else it takes them from the lists."""
    following = _following(before, loop)
    first = min(before.index(line) for line in loop.made)
    ordered = all(line in loop.made or line in following for line in before[first:] if line.item.key)
    own = ordered and all(_alike(line.expr) is not None for line in loop.made)
    for line in loop.lines:
        line.expr = _turned(line.expr, own=own)
    if not own:
        loop.made = []
        return
    loop.following = following
    for line in loop.made:
        line.expr = _alike(line.expr)


def _following(before: list[Line], loop: Loop) -> list[Line]:
    """Return the layers that the network has after those of a loop, and uses after it: there they keep their place."""
    last = max(before.index(line) for line in loop.made)
    used = {key for line in (*before, *loop.lines) if not line.item.key for key in _names(line.expr)}
    found = [line for line in before[last + 1 :] if line.item.key]
    return [] if any(line.item.key in used or not all(line.present) or line.others for line in found) else found


def _names(node: Any) -> set[str]:
    """Return all names in an expression."""
    if isinstance(node, tree.Name):
        return {node.id}
    if isinstance(node, (tuple, list)):
        return {found for one in node for found in _names(one)}
    if isinstance(node, tree.Node):
        return {found for field in node._fields if field != "span" for found in _names(getattr(node, field))}  # type: ignore[attr-defined]
    return set()


def _loop(merged: Merged, at: int) -> tuple[Loop, int] | None:
    """Return the loop that begins at a line, and how many lines it takes."""
    lists = {line.item.key: line for line in merged.lines if line.item.key and _length(line.expr)}
    for width in range(1, (len(merged.lines) - at) // 2 + 1):
        first = merged.lines[at : at + width]
        if any(line.item.key or not all(line.present) or isinstance(line, Loop) for line in first):
            return None
        used = {key for line in first for key, index in _indices(line.expr) if index == 0}
        if not used or not used <= lists.keys() or any(index for line in first for _, index in _indices(line.expr)):
            continue
        counts = {_length(lists[key].expr) for key in used}
        count = counts.pop()
        if counts or len(merged.lines) < at + width * count or count < 2:
            continue
        turns = [merged.lines[at + width * turn : at + width * (turn + 1)] for turn in range(count)]
        found = _Turns(turns)
        rest = merged.lines[at + width * count :]
        if found.agree() and found.closed(rest) and not any(key in used for line in rest for key, _ in _indices(line.expr)):
            made = [lists[key] for key in lists if key in used]
            return Loop(count, made, first, found.carried, found.after), width * count
    return None


def _length(expr: Any) -> int:
    """Return how many layers a list holds; 0 for what is no list of layers."""
    if isinstance(expr, tree.Comprehension) and isinstance(expr.clauses[0].iterable, tree.Call):
        count = expr.clauses[0].iterable.arguments[0].value
        return count.value if isinstance(count, tree.Literal) and isinstance(count.value, int) else 0
    return len(expr.items) if isinstance(expr, tree.ListExpr) else 0


def _alike(expr: Any) -> tree.Expr | None:
    """Return the layer that a list holds again and again, if it does."""
    if isinstance(expr, tree.Comprehension):
        return expr.element
    if isinstance(expr, tree.ListExpr) and all(each == expr.items[0] for each in expr.items):
        return expr.items[0]
    return None


def _indices(node: Any) -> list[tuple[str, int]]:
    """Return which layers of which lists an expression uses."""
    if isinstance(node, tree.Subscript) and isinstance(node.base, tree.Name) and isinstance(node.indices[0], tree.Literal):
        return [(node.base.id, int(node.indices[0].value or 0))]
    if isinstance(node, (tuple, list)):
        return [found for one in node for found in _indices(one)]
    if isinstance(node, tree.Node):
        return [found for field in node._fields if field != "span" for found in _indices(getattr(node, field))]  # type: ignore[attr-defined]
    return []


def _turned(node: Any, *, own: bool) -> Any:
    """Return an expression that uses the layer of its turn: its `own`, or that of the list."""
    if isinstance(node, tree.Subscript) and _indices(node):
        return node.base if own else tree.Subscript(SPAN, node.base, (name("i"),))
    return rebuilt(node, lambda child: _turned(child, own=own))


class _Turns:
    """Turns of what may be a loop, held against the first: they agree where only the layers and what is passed on differ."""

    def __init__(self, turns: list[list[Line]]) -> None:
        self.turns = turns
        self.carried: dict[Value, Value] = {}
        self.images: list[dict[Value, Value]] = []
        """For each turn: which value of its stands for which of the first."""

    def agree(self) -> bool:
        first = self.turns[0]
        for turn in self.turns:
            pairs = [(one.item.targets, line.item.targets) for one, line in zip(first, turn, strict=True)]
            if any(len(ours) != len(theirs) for ours, theirs in pairs):
                return False
            self.images.append({our: their for ours, theirs in pairs for our, their in zip(ours, theirs, strict=True)})
        same = all(
            self.same(one.expr, line.expr, number) for number, turn in enumerate(self.turns) for one, line in zip(first, turn, strict=True)
        )
        return same and len(set(self.carried.values())) == len(self.carried)

    def same(self, first: Any, other: Any, turn: int) -> bool:
        """Say whether an expression of a turn is that of the first."""
        if isinstance(first, Ref):
            return isinstance(other, Ref) and self.value(first.value, other.value, turn)
        if type(first) is not type(other):
            return False
        if isinstance(first, tree.Subscript) and _indices(first):
            return _indices(other) == [(key, index + turn) for key, index in _indices(first)]
        if isinstance(first, tuple):
            return len(first) == len(other) and all(self.same(*pair, turn) for pair in zip(first, other, strict=True))
        if isinstance(first, tree.Node):
            return all(self.same(getattr(first, field), getattr(other, field), turn) for field in first._fields if field != "span")  # type: ignore[attr-defined]
        return bool(first == other)

    def value(self, first: Value, other: Value, turn: int) -> bool:
        if first in self.images[0]:
            return self.images[turn][first] is other
        if first is other:
            return turn == 0 or first not in self.carried
        before = {their: our for our, their in self.images[turn - 1].items()} if turn else {}
        source = before.get(other)
        return source is not None and self.carried.setdefault(first, source) is source and first is not other

    def closed(self, rest: list[Line]) -> bool:
        """Say whether only the last turn's values are used afterwards, and none from before that another takes the place of."""
        self.after = {their: our for our, their in self.images[-1].items()}
        inside = {value for image in self.images for value in image.values()}
        used = {value for line in rest for value in refs(line.expr)}
        if any(value in inside and value not in self.after for value in used) or any(value in used for value in self.carried):
            return False
        lines = self.turns[0]
        for old, new in self.carried.items():
            place = next(number for number, line in enumerate(lines) if new in line.item.targets)
            if any(old in refs(line.expr) for line in lines[place + 1 :]):
                return False
        return True


def _renamed(line: Line, after: dict[Value, Value]) -> Line:
    """Let a line speak of the first turn's values, which bear the names."""
    from archdsl.run.import_inline import substituted

    for last, first in after.items():
        if last is not first:
            line.expr = substituted(line.expr, last, Ref(SPAN, first))
    return line
