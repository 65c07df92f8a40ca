"""`chain([f(c) for c in widths])`: the list stays a list, and the layers follow from it.

Where every size follows from the names of the comprehension, it stays one. Where a layer takes what the
one before it leaves, the constructor goes through the list with a variable for that size, as one would.
"""

from __future__ import annotations

from archdsl.emit.chains import Part, inlined, members
from archdsl.emit.folding import bindings, fold
from archdsl.emit.python import Lines
from archdsl.emit.strands import Differs
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree
from archdsl.syntax.targets import target_names, write_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.modules import Makers
    from archdsl.emit.strands import Strand
    from archdsl.graph import Module
    from archdsl.syntax.tree import Expr


def listed(makers: Makers, row: Sequence[Part]) -> list[str]:
    """Write the members that came out of a list. Raises Differs where that cannot be said by the list."""
    writer = _Writer(makers, row)
    ways = [writer.comprehension, *([writer.loop] if makers.prelude is not None else [])]
    for way in ways:
        found = makers.scope.attempt(way)
        if found is not None:
            return found
    return members(makers, [part.inside() for part in row])


def named_by_list(makers: Makers, columns: Sequence[Part]) -> str | None:
    """Write a chain whose members and their names all come out of one dict; None where they do not."""
    rows = [column.parts() for column in columns]
    splice = rows[0][0].splice if rows[0] else None
    if splice is not None and splice.kind == "shorthand" and all(len(row) == 1 for row in rows):
        return inlined(makers.scope, splice, lambda: named_by_list(makers, [row[0].inside() for row in rows]))
    if makers.prelude is None or any(len(row) != 1 or row[0].splice is None or row[0].splice.kind != "chain" for row in rows):
        return None
    found = makers.scope.attempt(_Writer(makers, [row[0] for row in rows]).loop)
    return f"nn.Sequential({found[0].removeprefix('*')})" if found is not None else None


def list_of(makers: Makers, column: Sequence[Module]) -> str | None:
    """Write a list of layers by the comprehension that it was written with; None where that does not say it."""
    found = makers.scope.attempt(_Writer(makers, [Part(module.members, -1, module.spliced) for module in column]).comprehension)
    return (
        found[0].removeprefix("*").removeprefix("(").removesuffix(")") if found is not None and " for layer in " not in found[0] else None
    )


class _Writer:
    def __init__(self, makers: Makers, row: Sequence[Part]) -> None:
        self.makers, self.scope, self.row = makers, makers.scope, row
        self.outer: list[Strand] = makers.scope.strands
        self.strands: list[Strand] = []
        self.columns: list[Part] = []
        self.groups: list[list[int]] = []
        self.bound: list[dict[str, object]] = []
        self.key: Expr | None = None

    def _prepare(self) -> tree.Comprehension:
        """Pair the members with the values of the names that they were made for."""
        splice = self.row[0].splice
        source = splice.source if splice is not None else None
        shape = source.arguments[0].value if isinstance(source, tree.Call) and source.arguments else source
        if not isinstance(shape, tree.Comprehension):
            raise Differs
        self.strands, self.columns, self.groups, self.bound = [], [], [], []
        names = [name for clause in shape.clauses for name in target_names(clause.targets)]
        for strand, part in zip(self.outer, self.row, strict=True):
            local = self.scope.put_in[-1] if self.scope.put_in else {}
            found = bindings(shape, {**strand.env, **local})
            sizes = part.splice.sizes if part.splice is not None else ()
            if len(sizes) != len(found) or not found or sum(sizes) != len(part.members):
                raise Differs
            start = 0
            self.groups.append(list(range(len(self.strands), len(self.strands) + len(found))))
            for size, bound in zip(sizes, found, strict=True):
                self.bound.append({name: bound[name] for name in names})
                self.strands.append(strand.inner({name: bound[name] for name in names}))
                self.columns.append(part.cut(start, start + size))
                start += size
        return shape

    def _inside(self, targets: Sequence[str]) -> None:
        self.scope.targets += targets
        self.scope.strands = self.strands

    def comprehension(self) -> list[str]:
        """Write one comprehension."""
        shape = self._prepare()
        if isinstance(shape.element, tree.Conditional) or shape.key is not None:
            raise Differs
        targets = [target for clause in shape.clauses for target in target_names(clause.targets)]
        self._inside(targets)
        self.scope.strict += 1
        texts = members(self.makers, self.columns)
        over = " ".join([self._clause(clause) for clause in shape.clauses])
        if len(texts) == 1 and not texts[0].startswith("*"):
            return [f"*({texts[0]} {over})"]
        return [f"*(layer {over} for layer in ({', '.join(texts)}{',' if len(texts) == 1 else ''}))"]

    def _clause(self, clause: tree.Clause) -> str:
        conditions = "".join([f" if {self.scope.init.write(condition)}" for condition in clause.conditions])
        return f"for {write_targets(clause.targets)} in {self.scope.init.write(clause.iterable)}{conditions}"

    # ------------------------------------------------------------ a loop with a variable

    def loop(self) -> list[str]:
        """Write a loop before the chain that fills a list of layers."""
        shape = self._prepare()
        makers, scope = self.makers, self.scope
        assert makers.prelude is not None
        lines, inner = Lines(), Lines()
        name = makers.list_name()
        entries = [self._entry(group) for group in self.groups]
        axis, wanted = _axis([self._enters(place) for place in range(len(self.columns))])
        key = f"{name}.{axis}@{id(shape)}"
        variable = self._variable(wanted, [kind.shape[axis] for kind in entries])
        start = scope.size([kind.shape[axis] for kind in entries])
        scope.carried[key] = variable
        makers.variables.add(variable)
        targets = [target for clause in shape.clauses for target in target_names(clause.targets)]
        self._inside(targets)
        for place, strand in enumerate(self.strands):
            strand.env[key] = self._enters(place).shape[axis]
        scope.strict += 1
        scope.passed.append(key)
        self.key = shape.key
        depth = 12 + 4 * sum(1 + len(clause.conditions) for clause in shape.clauses) - 4
        self._element(inner, shape.element, list(range(len(self.strands))), name, key, axis, depth)
        scope.passed.pop()
        if shape.key is not None:
            makers.document.use("from collections import OrderedDict")
        lines.add(f"{name} = []" if shape.key is None else f"{name} = OrderedDict()", 8)
        if key in scope.usage.init and start != variable:
            lines.add(f"{variable} = {start}", 8)
        indent = 8
        for clause in shape.clauses:
            lines.add(f"for {write_targets(clause.targets)} in {scope.init.write(clause.iterable)}:", indent)
            indent += 4
            for condition in clause.conditions:
                lines.add(f"if {scope.init.write(condition)}:", indent)
                indent += 4
        lines.extend(inner)
        makers.prelude.extend(lines)
        return [f"*{name}"]

    def _variable(self, wanted: str, entries: Sequence[object]) -> str:
        scope = self.scope
        origins = {str(getattr(entry, "origin", "")) for entry in entries}
        for origin in origins:
            if scope.usage.inferred.get(origin) == wanted and wanted not in scope.usage.clashes and len(origins) == 1:
                scope.shadowed.add(origin)
                return wanted
        return wanted if wanted in self.makers.variables else scope.fresh_name(wanted)

    def _entry(self, group: list[int]) -> Tensor:
        return self._enters(group[0])

    def _enters(self, place: int) -> Tensor:
        run = self.makers.runs.get(id(self.columns[place].members[0]))
        kind = run.inputs[0].type if run is not None and run.inputs else None
        if not isinstance(kind, Tensor) or not kind.shape:
            raise Differs
        return kind

    def _leaves(self, place: int, axis: int) -> object:
        run = self.makers.runs.get(id(self.columns[place].members[-1]))
        kind = run.type if run is not None else None
        if not isinstance(kind, Tensor) or len(kind.shape) <= axis:
            raise Differs
        return kind.shape[axis]

    def _element(self, lines: Lines, expr: Expr, places: list[int], name: str, key: str, axis: int, indent: int) -> None:
        """Write what is added to the list; a conditional is a condition."""
        scope = self.scope
        while isinstance(expr, tree.Group):
            expr = expr.inner
        if isinstance(expr, tree.Conditional):
            self._condition(lines, expr, places, name, key, axis, indent)
            return
        scope.strands = [self.strands[place] for place in places]
        texts = members(self.makers, [self.columns[place] for place in places])
        if self.key is not None:
            if len(texts) != 1 or texts[0].startswith("*"):
                raise Differs
            lines.add(f"{name}[{scope.init.write(self.key)}] = {texts[0]}", indent)
            texts = []
        for text in texts:
            inside = text[1:]
            lines.add(
                f"{name} += {inside}"
                if text.startswith("*") and not inside.startswith("(")
                else f"{name}.extend{inside}"
                if text.startswith("*")
                else f"{name}.append({text})",
                indent,
            )
        left = [self._leaves(place, axis) for place in places]
        if any(value != self.strands[place].env[key] for place, value in zip(places, left, strict=True)):
            lines.add(self._update(scope.carried[key], left, [self._enters(place).shape[axis] for place in places]), indent)
        scope.strands = self.strands

    def _condition(self, lines: Lines, expr: tree.Conditional, places: list[int], name: str, key: str, axis: int, indent: int) -> None:
        """Write a conditional element as a condition."""
        scope = self.scope
        local = scope.put_in[-1] if scope.put_in else {}
        test = [bool(fold(expr.condition, {**self.strands[place].env, **local, **self.bound[place]})) for place in places]
        yes, no = (
            [place for place, holds in zip(places, test, strict=True) if holds],
            [place for place, holds in zip(places, test, strict=True) if not holds],
        )
        if yes and no:
            lines.add(f"if {scope.init.write(expr.condition)}:", indent)
            self._element(lines, expr.then, yes, name, key, axis, indent + 4)
            lines.add("else:", indent)
            self._element(lines, expr.otherwise, no, name, key, axis, indent + 4)
        else:
            self._element(lines, expr.then if yes else expr.otherwise, places, name, key, axis, indent)

    def _update(self, variable: str, left: Sequence[object], entered: Sequence[object]) -> str:
        """Write how a size goes on: what a layer leaves, or how much it adds."""
        try:
            return f"{variable} = {self.scope.size(left)}"
        except Differs:
            added = [after - before for after, before in zip(left, entered, strict=True)]  # type: ignore[operator]
            return f"{variable} += {self.scope.size(added)}"


def _axis(kinds: Sequence[Tensor]) -> tuple[int, str]:
    """Return the dimension that the layers' input size is, and what it is called; of a sequence it is the one that changes."""
    last = len(kinds[0].shape) - 1
    changing = [axis for axis in (last, 0) if len({str(kind.shape[axis]) for kind in kinds}) > 1]
    return (0, "in_channels") if last > 1 or (changing and changing[0] < last) else (last, "in_features")
