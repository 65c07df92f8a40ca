"""Statements of `forward`: a long pipeline is broken into lines where a reader would pause."""

from __future__ import annotations

from archdsl.dims import Dim, names_in, origin_of
from archdsl.emit.sizes import undivided
from archdsl.emit.wrap import WIDTH
from archdsl.graph import Apply, Index, Node, Number, Pack, Read, Run, Take
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from archdsl.emit.nodes import Values
    from archdsl.emit.python import Lines
    from archdsl.text.source import Span

MOST_CALLS = 3
"""How many calls may stand inside each other on one line."""


class Flow:
    """Writes the lines that compute values; `scratch` is the name of what is between."""

    def __init__(self, values: Values, lines: Lines, *, spare: str, unnamed: bool) -> None:
        self.values, self.lines = values, lines
        self.spare, self.unnamed = spare, unnamed
        self.last_shape = ""
        self.quiet = False
        self.peers: dict[int, Sequence[Node]] = {}

    def assign(self, targets: str, node: Node, indent: int, span: Span, live: Container[str], comment: str = "") -> None:
        """Write `targets = node`, in several lines where one would be too much; `live` are the names read later on."""
        self._write(f"{targets} = ", targets, node, indent, span, live, comment)

    def give(self, node: Node, indent: int, span: Span) -> None:
        """Write `return node`."""
        self._write("return ", "", node, indent, span, set(), "")

    def _carried(self, node: Node, indent: int, live: Container[str]) -> None:
        """A layer whose state is carried on is run on a line of its own, wherever in an expression it stands."""
        stack = [node]
        while stack:
            at = stack.pop()
            operands = [one for one in at.operands if one is not None]
            if (
                isinstance(at, Take)
                and isinstance(at.base, Run)
                and at.base.module.key in self.values.carried
                and id(at) not in self.values.stand_in
            ):
                for operand in at.base.operands:
                    self._carried(operand, indent, live)
                name = self.spare if self.spare not in live else "passed"
                state = self.values.carried[at.base.module.key]
                self.lines.add(f"{name}, {state} = {self.values.write(at.base)}", indent, at.span)
                self.values.stand_in[id(at)] = name
            else:
                stack.extend(operands)

    def _write(self, head: str, targets: str, node: Node, indent: int, span: Span, live: Container[str], comment: str) -> None:
        if self.values.carried:
            whole = isinstance(node, Take) and node.index == 0 and head.endswith("= ") and "," not in head
            for part in node.base.operands if whole and isinstance(node, Take) else (node,):
                self._carried(part, indent, live)
        steps = spine(node)
        written = [number for number, step in enumerate(steps, 1) if id(step) in self.values.stand_in]
        steps = steps[max(written, default=0) :]
        segments = self._segments(steps, head, indent)
        if len(segments) > 1:
            name = self._between(targets, steps, live)
            for segment in segments[:-1]:
                self._line(f"{name} = ", segment[-1], indent, span, steps[0].operands[0] if steps[0].operands else None)
                self.values.stand_in[id(segment[-1])] = name
        self._line(head, node, indent, span, self._source(steps), comment)

    def _source(self, steps: list[Node]) -> Node | None:
        operands = steps[0].operands if steps else ()
        return operands[0] if operands else None

    def _line(self, head: str, node: Node, indent: int, span: Span, source: Node | None, comment: str = "") -> None:
        text = self._taken_apart(head, node) or head + _unpacked(self.values, node)
        self.lines.add(text, indent, span, comment=comment or self._shape(node, source))

    def _taken_apart(self, head: str, node: Node) -> str:
        """Write `x, _ = self.rnn(x)`, where the first of several results is given a name."""
        if not isinstance(node, Take) or id(node) in self.values.stand_in or node.index or not isinstance(node.base, Run):
            return ""
        base = node.base
        if "," in head or not head.endswith("= ") or isinstance(base.type, Tensor):
            return ""
        carried = self.values.carried.get(base.module.key)
        rest = [carried] if carried is not None else ["_"] * (len(base.type) - 1)
        return f"{', '.join([head.removesuffix(' = '), *rest])} = {self.values.write(base)}"

    # ------------------------------------------------------------ where a line ends

    def _segments(self, steps: list[Node], head: str, indent: int) -> list[list[Node]]:
        """Group the steps of a pipeline into lines."""
        if not steps:
            return [[]]
        if sum(map(_calls, steps)) <= MOST_CALLS and not _wants_line(steps):
            text = head + self.values.write(steps[-1])
            if len(text) + indent <= WIDTH - 8:
                return [steps]
        found: list[list[Node]] = [[]]
        for step in steps:
            if found[-1] and (_pause(found[-1], step) or sum(map(_calls, [*found[-1], step])) > MOST_CALLS):
                found.append([])
            found[-1].append(step)
        if not any(_calls(step) for step in found[-1]) and len(found) > 1:
            found[-2:] = [[*found[-2], *found[-1]]]
        return [part for segment in found for part in self._fitting(segment, head, indent)]

    def _fitting(self, segment: list[Node], head: str, indent: int) -> list[list[Node]]:
        """Part a line that would have to be broken inside, where it has several steps."""
        if len(segment) < 2:
            return [segment]
        before = segment[0].operands[0] if segment[0].operands else None
        known = before is not None and id(before) not in self.values.stand_in
        if known:
            self.values.stand_in[id(before)] = self.spare
        fits = len(head + self.values.write(segment[-1])) + indent <= WIDTH
        if known:
            del self.values.stand_in[id(before)]
        return [segment] if fits else [segment[:-1], segment[-1:]]

    def _between(self, targets: str, steps: list[Node], live: Container[str]) -> str:
        """Name what is between two lines: `x` where that is free, else the value that it becomes."""
        needed = {name for step in steps for operand in step.operands[1:] if operand is not None for name in reads(operand)}
        if self.spare not in live and self.spare not in needed:
            return self.spare
        if targets and targets.isidentifier() and targets not in needed:
            return targets
        return next(name for name in (f"{self.spare}{number}" for number in range(2, 1000)) if name not in live and name not in needed)

    # ------------------------------------------------------------ shapes

    def _shape(self, node: Node, source: Node | None) -> str:
        """Return the shape of a value as a comment, where it is not that of what it came from."""
        if self.quiet or not isinstance(node.type, Tensor):
            return ""
        if len(self.values.scope.strands) > 1 and not self._agreed(node):
            return ""
        text = self.shape_text(node.type)
        before = source.type if source is not None else None
        if not text or text == self.last_shape or (isinstance(before, Tensor) and before.shape == node.type.shape):
            return ""
        self.last_shape = text
        return text

    def _agreed(self, node: Node) -> bool:
        """Whether a value has the same shape, as far as names go, in all instances of the class."""
        peers = [peer.type for peer in self.peers.get(id(node), ())]
        texts = {self.shape_text(kind) for kind in peers if isinstance(kind, Tensor)}
        return len(peers) == len(self.values.scope.strands) and len(texts) == 1

    def shape_text(self, kind: Tensor) -> str:
        """Write a shape with its batch; nothing where a size has no name of its own."""
        sizes: list[str] = []
        for size in kind.shape:
            origin = undivided(origin_of(size))
            if isinstance(size, int) and not self.values.scope.speaks_of(names_in(origin)):
                if self.unnamed:
                    return ""
                origin = int(size)
            if any("." in name or "@" in name for name in names_in(origin)):
                return ""
            if isinstance(size, int) and self.unnamed and not isinstance(origin, Dim) and len(self.values.scope.instances) > 1:
                return ""
            text = str(origin)
            sizes.append(text if len(text) <= 20 else str(size))
        return ", ".join((["B"] if kind.batched else []) + sizes)


def _unpacked(values: Values, node: Node) -> str:
    """A tuple needs no parentheses where it is returned or taken apart."""
    if isinstance(node, Pack) and len(node.items) > 1:
        return ", ".join([values.write(item) for item in node.items])
    return values.write(node)


def spine(node: Node) -> list[Node]:
    """Return the steps that a value passes through in a row, first one first."""
    found: list[Node] = []
    while isinstance(node, Run | Apply | Take | Index):
        operands = [one for one in node.operands if one is not None]
        found.append(node)
        if not operands or not all(_simple(one) for one in operands[1:]):
            break
        node = operands[0]
    return found[::-1]


def _simple(node: Node) -> bool:
    return isinstance(node, Read | Number)


def _calls(node: Node) -> int:
    return 0 if isinstance(node, Take | Index) else 1 + sum(_depth(one) for one in node.operands[1:] if one is not None)


def _depth(node: Node) -> int:
    operands = [one for one in node.operands if one is not None]
    return (1 if isinstance(node, Run | Apply) else 0) + max([_depth(one) for one in operands], default=0)


def _role(node: Node) -> str:
    if isinstance(node, Run):
        return "composite" if node.module.kind in ("chain", "block", "list") else node.module.layer.role if node.module.layer else ""
    return node.layer.role if isinstance(node, Apply) else ""


def _wants_line(steps: list[Node]) -> bool:
    """A recurrent layer's first result is taken apart on a line of its own, unless it is the last step."""
    return any(isinstance(step, Take) and isinstance(step.base, Run) for step in steps[:-1])


def _pause(segment: list[Node], step: Node) -> bool:
    """Whether a reader pauses between what a line has so far and the next step."""
    last, role = _role(segment[-1]), _role(step)
    if isinstance(segment[-1], Take) and isinstance(step, Run | Apply):
        return True
    if isinstance(step, Take | Index):
        return False
    if "composite" in (last, role):
        roles = {_role(one) for one in segment}
        return not (role == "reshape" or roles == {"reshape"})
    if last in ("activation", "pooling", "pool", "dropout", "attention", "merge", "recurrent"):
        return role != "dropout"
    return role in ("pooling", "pool")


def peers(row: Sequence[Node]) -> dict[int, Sequence[Node]]:
    """Return what each node of an expression is in every strand, by the identity of the first strand's."""
    found: dict[int, Sequence[Node]] = {}
    stack = [row]
    while stack:
        row = stack.pop()
        found[id(row[0])] = row
        for column in zip(*[one.operands for one in row], strict=False):
            there = [one for one in column if one is not None]
            stack += [there] if len(there) == len(row) else []
    return found


def reads(node: Node) -> Iterable[str]:
    """Go through the names that an expression reads."""
    stack: list[Node] = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, Read):
            yield at.name
        stack.extend(one for one in at.operands if one is not None)
