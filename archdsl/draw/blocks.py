"""Blocks: nested boxes from top to bottom, as residual networks and transformers are drawn.

Equal neighbours are one box with `×N`. An edge that passes others by takes a lane on the right.
"""

from __future__ import annotations

from archdsl.draw.block_level import SMALL, Level, Placed, stack, title_of
from archdsl.draw.block_text import Words, say
from archdsl.draw.fonts import text_width
from archdsl.draw.nest import Group, Leaf, nest
from archdsl.draw.picture import Ellipse, Rect, fit, lines_of
from archdsl.draw.picture import Group as Drawn
from archdsl.draw.reduce import consumers, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Picture
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

TEXT = 14.0
PAINTS = {"input": "terminal", "output": "terminal", "state": "value", "next": "value"}
PAINTED = frozenset(("convolution", "linear", "attention", "recurrent", "embedding", "normalization", "pooling", "merge", "activation"))
MARKED = frozenset(("input", "output", "state", "next"))


def layout(subject: Subject) -> Picture:
    """Lay out a model as nested boxes."""
    parts = subject.parts(across=False)
    root, alias = nest(parts)
    placed = Arranger(parts, alias, subject).arrange(root, outermost=True)
    return fit(placed.items, subject.title, _told(subject, root))


class Arranger:
    """Lays out groups from the inside out, and knows what each reads and gives."""

    def __init__(self, parts: Sequence[Part], alias: dict[int, int], subject: Subject) -> None:
        self.parts, self.alias, self.subject = parts, alias, subject
        self.readers = consumers(parts)
        self.read: dict[int, list[int]] = {}
        self.beside: dict[int, frozenset[int]] = {}

    def arrange(self, box: Group | Leaf, *, outermost: bool = False) -> Placed:
        """Lay out one box, its insides first; groups nest no deeper than `nest` lets them."""
        if isinstance(box, Leaf):
            return self.leaf(box)
        return Level(self, box, [self.arrange(child) for child in box.children]).placed(outermost=outermost)

    def inputs(self, box: Group | Leaf) -> list[int]:
        """Return the parts outside that a box reads, in the order in which it does."""
        found = self.read.get(id(box))
        if found is None:
            reads: dict[int, None] = {}
            stacked: list[Group | Leaf] = [box]
            while stacked:
                top = stacked.pop()
                if isinstance(top, Group):
                    stacked.extend(reversed(top.children))
                else:
                    reads |= dict.fromkeys(self.alias.get(number, number) for number in top.part.inputs)
            found = self.read[id(box)] = [number for number in reads if not box.start <= number < box.end]
        return found

    def aside(self, box: Group | Leaf) -> frozenset[int]:
        """Return the inputs of a group that its main one, the last computed, comes from itself: its skips."""
        found = self.beside.get(id(box))
        if found is None:
            inputs = self.inputs(box) if isinstance(box, Group) else []
            found = self.beside[id(box)] = self.ancestors(max(inputs), inputs) if len(inputs) > 1 else frozenset()
        return found

    def ancestors(self, part: int, among: Sequence[int]) -> frozenset[int]:
        """Return which of these a part is computed from."""
        lowest, seen, stacked = min(among), {part}, [part]
        while stacked:
            for read in self.parts[stacked.pop()].inputs:
                number = self.alias.get(read, read)
                if number >= lowest and number not in seen:
                    seen.add(number)
                    stacked.append(number)
        return frozenset(among) & (seen - {part})

    def outputs(self, box: Group) -> list[int]:
        """Return the parts of a group that something outside reads; of one that stands for several, those of the first."""
        end = box.start + (box.end - box.start) * box.times
        beyond = dict.fromkeys(reader for number in range(box.start, end) for reader in self.readers[number] if reader >= end)
        read = dict.fromkeys(self.alias.get(number, number) for reader in beyond for number in self.parts[reader].inputs)
        return [number for number in read if box.start <= number < box.end]

    def leaf(self, leaf: Leaf) -> Placed:
        """Lay out a part: a box with its text, or a small circle for an operator."""
        part, text = leaf.part, say(self.subject, leaf.part)
        if len(text.main) == 1 and not part.word.isidentifier():
            circle = Ellipse(13.0, 13.0, 12.0, 12.0, "merge", 1.4)
            placed = Placed(26.0, 26.0, (circle, *lines_of([text.main], 13.0, 12.6, 15.0, paint="merge", bold=True)))
        else:
            placed = _box(text, PAINTS.get(part.kind) or (part.role if part.role in PAINTED else "function"), leaf)
        role = part.kind if part.kind in MARKED else part.role
        placed.items = (Drawn(role, f"{'.'.join(part.path) or part.name} {show(part.type)}", placed.items),)
        return placed


def _box(text: Words, paint: str, leaf: Leaf) -> Placed:
    """Return a box with one line of text, or two; several equal ones are a stack."""
    pill = leaf.part.kind in ("input", "output")
    main = text.main + (f"  ×{leaf.times}" if leaf.times > 1 else "")
    width = max(text_width(main, TEXT, bold=True) + 26, text_width(text.small, SMALL) + 26, 70.0 if pill else 120.0)
    height = 44.0 if text.small else 30.0
    radius = height / 2 if pill else 4.0
    behind, top = stack(width, height, paint, radius) if leaf.times > 1 else ((), 0.0)
    middle = top + height / 2
    words = lines_of([main], width / 2, middle - (8 if text.small else 0), TEXT, paint=paint, bold=True)
    small = lines_of([text.small], width / 2, middle + 10, SMALL, paint=paint) if text.small else ()
    return Placed(width, height + top, (*behind, Rect(0.0, top, width, height, paint, radius=radius, line=1.2), *words, *small))


def _told(subject: Subject, root: Group) -> str:
    """Say the nesting in words."""
    said: list[str] = []
    stacked: list[Group | Leaf | str] = list(reversed(root.children))
    while stacked:
        top = stacked.pop()
        if isinstance(top, str):
            said[-1] += top
        elif isinstance(top, Leaf):
            text = say(subject, top.part)
            said.append(" ".join(filter(None, (text.main, text.small))) + (f" ×{top.times}" if top.times > 1 else ""))
        else:
            said.append(f"{title_of(top) or 'a group'} (")
            stacked.append(")")
            stacked.extend(reversed(top.children))
    listed = ", ".join(said).replace("(, ", "(")
    return f"{subject.title} as nested boxes from top to bottom: {listed}."
