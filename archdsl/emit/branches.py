"""Conditions: an `if` where the class is made; `forward` asks what was made."""

from __future__ import annotations

from archdsl.emit.bodies import made_in, resized, said
from archdsl.emit.constants import Unwritable, negated
from archdsl.emit.liveness import lets_of, targets_of
from archdsl.emit.python import Lines
from archdsl.emit.strands import Differs
from archdsl.graph import Loop
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.model import ClassWriter
    from archdsl.emit.strands import Strand
    from archdsl.graph import Branch, Statement


class BranchWriter:
    """Writes one condition of a class, both of its sides in all instances at once."""

    def __init__(self, writer: ClassWriter) -> None:
        self.writer, self.scope = writer, writer.scope

    def write(self, row: Sequence[Branch], init: int, forward: int) -> None:
        """Write the condition, in the constructor and in `forward`."""
        strands = self.scope.strands
        taken = [strand for strand, one in zip(strands, row, strict=True) if one.value]
        others = [strand for strand, one in zip(strands, row, strict=True) if not one.value]
        then = [one.body for one in row if one.value]
        otherwise = [one.body for one in row if not one.value]
        if not then and not any(otherwise):
            return
        changed = resized([*zip(taken, then, strict=True), *zip(others, otherwise, strict=True)])
        self._settle(changed, init)
        condition = "" if self._is_settled(row[0], then, otherwise, changed) else self._condition(row[0])
        if not condition:
            self.scope.strands = taken or others
            self.writer.body(then or otherwise, init, forward)
            self.scope.strands = strands
            return
        around, self.writer.entries = self.writer.entries, Lines() if changed else None
        first = self._side(then, taken, init + 4, forward + 4, changed)
        second = self._side(otherwise, others, init + 4, forward + 4, changed) if any(otherwise) else (Lines(), Lines())
        self.scope.strands = strands
        for line, _ in self.writer.entries.entries if self.writer.entries else ():
            self.writer.init.add(line, init)
        self.writer.entries = around
        self._join(row[0], condition, first, second, (then[0], otherwise[0] if otherwise else ()), init, forward)

    def _is_settled(
        self, branch: Branch, then: Sequence[Sequence[Statement]], otherwise: Sequence[Sequence[Statement]], changed: set[str]
    ) -> bool:
        """Whether the spec has decided the condition: nothing is known of the side that is not taken.

        A model that goes on with what a side has resized can be made without that side only if the
        size is kept in a variable, which is what a loop does.
        """
        if not then or (branch.has_else and not otherwise):
            return True
        one_way = not otherwise and self.writer.definition.kind == "model"
        return one_way and not all(_carries(then[0], name) for name in changed)

    def _settle(self, owners: set[str], init: int) -> None:
        """Bring the sizes that a loop carries on up to date where a condition changes them."""
        for line in self.scope.settle(owners):
            self.writer.init.add(line, init)

    def _condition(self, branch: Branch) -> str:
        try:
            return self.scope.init.write(branch.condition)
        except (Unwritable, Differs):
            return ""

    def _side(
        self, bodies: Sequence[Sequence[Statement]], strands: list[Strand], init: int, forward: int, changed: set[str]
    ) -> tuple[Lines, Lines]:
        around = self.writer.init, self.writer.forward
        self.writer.init, self.writer.forward, self.scope.strands = Lines(), Lines(), strands
        self.writer.flow.lines = self.writer.forward
        self.writer.body(bodies, init, forward)
        self._settle(changed, init)
        made = self.writer.init, self.writer.forward
        self.writer.init, self.writer.forward = around
        self.writer.flow.lines = self.writer.forward
        return made

    def _join(
        self,
        branch: Branch,
        condition: str,
        then: tuple[Lines, Lines],
        otherwise: tuple[Lines, Lines],
        bodies: tuple[Sequence[Statement], Sequence[Statement]],
        init: int,
        forward: int,
    ) -> None:
        made, other = made_in(bodies[0]), made_in(bodies[1])
        only = [module.name for module in made if not module.name.isdigit() and module.name not in {one.name for one in other}]
        test = f"self.{only[0]} is not None" if only and then[1] else ""
        self.writer.init.comment(said(branch), init) if then[0] else self.writer.forward.comment(said(branch), forward)
        if then[0] or otherwise[0]:
            self.writer.init.add(f"if {condition if then[0] else negated(condition)}:", init, branch.condition.span)
            self.writer.init.extend(then[0] or otherwise[0])
            if then[0] and (otherwise[0] or test):
                self.writer.init.add("else:", init)
                self.writer.init.extend(otherwise[0])
                for name in dict.fromkeys(only if test else ()):
                    self.writer.init.add(f"self.{name} = None", init + 4)
        if then[1] or otherwise[1]:
            test = test or self.scope.forward.write(branch.condition)
            self.writer.forward.add(f"if {test if then[1] else negated(test)}:", forward, branch.condition.span)
            self.writer.forward.extend(then[1] or otherwise[1])
            if then[1] and otherwise[1]:
                self.writer.forward.add("else:", forward)
                self.writer.forward.extend(otherwise[1])


def _carries(body: Sequence[Statement], name: str) -> bool:
    """Whether a value changes first in a loop that carries all its sizes which differ from one iteration to the next."""
    first = next(statement for statement in body if name in targets_of([statement]))
    if not isinstance(first, Loop) or len(first.symbols) < len(first.bodies):
        return False
    left = [let.node.type for let in lets_of(first.bodies[-1]) if let.targets == (name,)][-1]
    for key in [key for key in first.symbols[0] if key.startswith(f"{name}.") and "@" in key]:
        entered = {each[key] for each in first.symbols}
        if len(entered) == 1 and not (isinstance(left, Tensor) and left.shape[int(key.split("@")[0].split(".")[1])] in entered):
            return False
    return isinstance(left, Tensor)
