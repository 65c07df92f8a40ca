"""The nesting of a model: parts in groups, as modules and blocks stand in each other, equal neighbours folded."""

from __future__ import annotations

from archdsl.draw.reduce import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.reduce import Part

DEEPEST = 12
"""Groups nested deeper than this are drawn flat."""
LONGEST = 4
"""How many neighbours a pattern that repeats may have."""


class Group:
    """Parts that stand in one module or block. `start` and `end` are the numbers of its first part and after its last.

    `times` says how many equal neighbours it stands for, `shared` that they use the same weights.
    """

    __slots__ = ("children", "end", "name", "path", "shared", "start", "times", "title")

    def __init__(self, path: tuple[str, ...], title: str, name: str, start: int) -> None:
        self.path, self.title, self.name, self.start = path, title, name, start
        self.end = start
        self.children: list[Group | Leaf] = []
        self.times, self.shared = 1, False


class Leaf:
    """A part, where it stands in the nesting."""

    __slots__ = ("end", "part", "shared", "start", "times")

    def __init__(self, part: Part) -> None:
        self.part, self.start, self.end = part, part.number, part.number + 1
        self.times, self.shared = 1, False


def nest(parts: Sequence[Part]) -> tuple[Group, dict[int, int]]:
    """Return the outermost group, and for each part that was folded away the one that is drawn in its place."""
    root = Group((), "", "", 0)
    open_groups: list[tuple[object, Group]] = [((), root)]
    for part in parts:
        wanted = _around(part)
        keep = 0
        while keep < len(wanted) and keep + 1 < len(open_groups) and open_groups[keep + 1][0] == wanted[keep][0]:
            keep += 1
        del open_groups[keep + 1 :]
        for key, title, name, path in wanted[keep:]:
            group = Group(path, title, name, part.number)
            open_groups[-1][1].children.append(group)
            open_groups.append((key, group))
        open_groups[-1][1].children.append(Leaf(part))
        for _, group in open_groups:
            group.end = part.number + 1
    _flatten(root)
    alias: dict[int, int] = {}
    _Folder(parts, alias).fold(root)
    _merge(root)
    return root, alias


def _around(part: Part) -> list[tuple[object, str, str, tuple[str, ...]]]:
    """Return the groups that a part stands in, outermost first: a key, a title, the name, and the path of each."""
    containers = part.path[:-1] if part.kind == "layer" else part.path
    blocks = {within.depth: within for within in part.blocks}
    found: list[tuple[object, str, str, tuple[str, ...]]] = []
    call = 0
    for depth in range(1, min(len(containers), DEEPEST) + 1):
        within, name = blocks.get(depth), containers[depth - 1]
        call = within.call if within else call
        title = within.name if within else ""
        found.append(((containers[:depth], call), title, "" if name.isdigit() else name, containers[:depth]))
    return found


def _flatten(root: Group) -> None:
    """Take away groups that hold a single thing and are no block, and join a group with the only group in it."""
    stack = [root]
    while stack:
        group = stack.pop()
        group.children = [_innermost(child) for child in group.children]
        stack.extend(child for child in group.children if isinstance(child, Group))


def _innermost(child: Group | Leaf) -> Group | Leaf:
    while isinstance(child, Group) and len(child.children) == 1:
        only = child.children[0]
        if isinstance(only, Group):
            only.name, only.title = child.name or only.name, only.title or child.title
        child = only
    return child


def _merge(root: Group) -> None:
    """Join a group with the only thing that is left in it after folding, where that is a group that stands for several."""
    stack = [child for child in root.children if isinstance(child, Group)]
    while stack:
        group = stack.pop()
        only = group.children[0]
        if len(group.children) == 1 and isinstance(only, Group) and group.times == 1 and not group.title:
            group.children, group.end, group.times, group.shared = only.children, only.end, only.times, only.shared
            group.title = only.title or only.name
        stack.extend(child for child in group.children if isinstance(child, Group))


class _Folder:
    """Folds equal neighbours, from the inside out."""

    def __init__(self, parts: Sequence[Part], alias: dict[int, int]) -> None:
        self.parts, self.alias = parts, alias
        self.known: dict[object, int] = {}
        self.last_reader = [0] * len(parts)
        self.sole = [0] * len(parts)
        for part in parts:
            for number in part.inputs:
                self.last_reader[number] = part.number
                self.sole[number] += 1

    def fold(self, root: Group) -> None:
        """Fold the children of every group; a list of groups in the order of opening has each after its parents."""
        groups, signature = [root], dict[int, int]()
        for group in groups:
            groups.extend(child for child in group.children if isinstance(child, Group))
        for group in reversed(groups):
            marks = [signature[id(c)] if isinstance(c, Group) else self.mark(self.leaf(c.part, group.start)) for c in group.children]
            signature[id(group)] = self.mark((group.title, *marks))
            group.children = self.folded(group.children, marks)

    def mark(self, what: object) -> int:
        """Return a number that stands for a structure: equal ones have the same."""
        return self.known.setdefault(what, len(self.known))

    def leaf(self, part: Part, start: int) -> object:
        """What two parts share when they are equal: what they do, and from where inside their group they read."""
        inputs = tuple(number - part.number if number >= start else -1 for number in part.inputs)
        given = tuple((name, repr(value)) for name, value in part.arguments.items())
        return part.kind, part.word, part.folded, given, tuple(show(shape) for shape in part.shapes), inputs

    def folded(self, children: list[Group | Leaf], marks: list[int]) -> list[Group | Leaf]:
        """Return the children with each run of equal ones, in a row, as the first of them."""
        kept: list[Group | Leaf] = []
        at = 0
        while at < len(children):
            period, times = self.run(children, marks, at)
            pattern = children[at : at + period]
            if times > 1:
                pattern = [self.together(children, at, period, times)]
            kept.extend(pattern)
            at += period * times
        return kept

    def run(self, children: list[Group | Leaf], marks: list[int], at: int) -> tuple[int, int]:
        """Return the length of the pattern that repeats from here, and how often it stands there."""
        for period in range(1, LONGEST + 1):
            end = at + period
            while (
                end + period <= len(children)
                and marks[end : end + period] == marks[at : at + period]
                and self.chained(children, end, period)
            ):
                end += period
            times = (end - at) // period
            if times > (1 if isinstance(children[at], Group) and period == 1 else 2):
                return period, times
        return 1, 1

    def chained(self, children: list[Group | Leaf], at: int, period: int) -> bool:
        """Say whether the pattern at `at` reads the one before it alone, and nothing else reads across."""
        start, end, before = children[at].start, children[at + period - 1].end, children[at - period].start
        crossing = {n for number in range(start, end) for n in self.parts[number].inputs if n < start}
        if crossing != {start - 1}:
            return False
        return all(self.last_reader[number] < (end if number == start - 1 else start) for number in range(before, start))

    def together(self, children: list[Group | Leaf], at: int, period: int, times: int) -> Group | Leaf:
        """Make one of a pattern that stands there several times."""
        first, size = children[at], children[at + period - 1].end - children[at].start
        if period > 1:
            group = Group((), "", "", first.start)
            group.children, group.end = children[at : at + period], first.start + size
            first = group
        first.times = times
        again = self.parts[first.start + size]
        first.shared = again.module is not None and again.path == self.parts[first.start].path
        for number in range(first.start + size, first.start + size * times):
            self.alias[number] = first.start + (number - first.start) % size
        return first
