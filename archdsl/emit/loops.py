"""Loops: an nn.ModuleList that the constructor fills, and that `forward` goes through."""

from __future__ import annotations

import re

from archdsl.dims import Dim, Traced, origin_of, substitute, symbol
from archdsl.emit.bodies import left_by
from archdsl.emit.constants import Unwritable
from archdsl.emit.liveness import targets_of
from archdsl.emit.python import Lines, literal
from archdsl.emit.strands import Differs
from archdsl.graph import Branch, Let, Loop, Make, SetState
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archdsl.dims import Size
    from archdsl.emit.model import ClassWriter
    from archdsl.emit.strands import Strand
    from archdsl.graph import Module, Statement


class LoopWriter:
    """Writes one loop of a class, all its iterations in all instances at once."""

    def __init__(self, writer: ClassWriter) -> None:
        self.writer, self.scope = writer, writer.scope

    def write(self, row: Sequence[Loop], init: int, forward: int) -> None:
        """Write the loop, in the constructor and in `forward`."""
        outer = self.scope.strands
        owners = {name for loop in row for body in loop.bodies for name in targets_of(body)}
        for line in self.scope.settle(owners):
            self.writer.init.add(line, init)
        inner, bodies = self._strands(row, outer)
        if not bodies:
            return
        self.row, self.bodies, self.outer, self.inner = row, bodies, outer, inner
        names = self._carry(row, outer, inner)
        self.created = created = self._create_lists(row, init)
        around = self.writer.init, self.writer.forward, self.scope.seen_targets
        saved = _Saved(self.writer)
        self.scope.seen_targets = set()
        self.scope.targets += row[0].targets
        headed = self._reach(row, forward)
        try:
            made, computed = self._body(bodies, inner, init, forward)
        except Differs:
            self.writer.init, self.writer.forward, self.scope.seen_targets = around
            saved.restore(self.writer)
            self.inner, _ = self._strands(row, outer)
            self._one_by_one(init, forward)
            self._leave(row, outer, {})
            return
        seen = self.scope.seen_targets
        self.writer.init, self.writer.forward, self.scope.seen_targets = around
        self.scope.seen_targets |= seen - set(row[0].targets)
        self.writer.flow.lines = self.writer.forward
        self._constructor(row[0], made, names, created, init)
        self._forward(row[0], computed, seen, headed, forward)
        del self.scope.targets[-len(row[0].targets) :]
        self._leave(row, outer, names)

    # ------------------------------------------------------------ strands and carried sizes

    def _strands(self, row: Sequence[Loop], outer: Sequence[Strand]) -> tuple[list[Strand], list[Sequence[Statement]]]:
        strands: list[Strand] = []
        bodies: list[Sequence[Statement]] = []
        self.last: list[Strand | None] = []
        for strand, loop in zip(outer, row, strict=True):
            made: Strand | None = None
            for number, body in enumerate(loop.bodies):
                item = loop.items[number]
                values = {loop.targets[0]: item} if len(loop.targets) == 1 else dict(zip(loop.targets, item, strict=True))  # type: ignore[call-overload]
                symbols = loop.symbols[number] if number < len(loop.symbols) else {}
                made = strand.inner({**values, **symbols})
                if number and strands:
                    made.types.update({name: kind for name, kind in strand.types.items() if name not in made.types})
                _enter(made, symbols)
                strands.append(made)
                bodies.append(body)
            self.last.append(made)
        return strands, bodies

    def _carry(self, row: Sequence[Loop], outer: Sequence[Strand], inner: Sequence[Strand]) -> dict[str, str]:
        """Decide how the sizes of values that the loop changes are written: as around it, or in a variable."""
        names: dict[str, str] = {}
        for key in [key for key in (row[0].symbols[0] if row[0].symbols else {}) if "@" in key]:
            origins = [origin_of(loop.symbols[0][key]) for loop in row if loop.symbols and key in loop.symbols[0]]
            plain = substitute(origins[0], self.scope.aliases) if isinstance(origins[0], Dim) else origins[0]
            values = [strand.env.get(key) for strand in inner]
            owner, axis = key.split("@")[0].split(".")
            left = [left_by(loop.bodies[-1], owner, int(axis)) for loop in row if loop.bodies]
            stays = all(size in (None, _value(plain, strand)) for size, strand in zip(left, outer, strict=False))
            if stays and all(_value(plain, strand) == value for strand, value in zip(inner, values, strict=True)):
                self.scope.aliases[key] = plain
                continue
            wanted = self._variable(key, outer[0])
            entry = str(plain)
            reused = (
                entry in self.scope.usage.inferred and self.scope.usage.inferred[entry] == wanted and wanted not in self.scope.usage.clashes
            )
            shared = next(
                (name for other, name in self.scope.carried.items() if other != key and other.split("@")[0] == key.split("@")[0]), None
            )
            names[key] = self.scope.carried[key] = shared or (wanted if reused else self.scope.fresh_name(wanted))
            if reused:
                self.scope.shadowed.add(entry)
        return names

    @staticmethod
    def _variable(key: str, strand: Strand) -> str:
        owner, place = key.split("@", maxsplit=1)[0].split(".")
        kind = strand.types.get(owner)
        rank = len(kind.shape) if isinstance(kind, Tensor) else 1
        if rank > 2:
            return "in_channels" if place == "0" else f"{owner}_{('depth', 'height', 'width')[int(place) - rank]}"
        return "in_features" if int(place) == rank - 1 else f"{owner}_length"

    def _leave(self, row: Sequence[Loop], outer: Sequence[Strand], names: Mapping[str, str]) -> None:
        """After the loop names mean what the last iteration left."""
        for strand, last, loop in zip(outer, self.last, row, strict=True):
            if last is None:
                continue
            keys = {key.split("@")[0]: key for key in (loop.symbols[0] if loop.symbols else {}) if "@" in key}
            before = dict(strand.types)
            strand.types.update(last.types)
            for owner in {key.split(".")[0] for key in keys}:
                kind, old = last.types.get(owner), before.get(owner)
                if not isinstance(kind, Tensor) or not isinstance(old, Tensor) or len(kind.shape) != len(old.shape):
                    continue
                sizes: list[Size] = []
                for k, (size, was) in enumerate(zip(kind.shape, old.shape, strict=True)):
                    key = keys.get(f"{owner}.{k}")
                    if key is None or isinstance(size, Dim):
                        sizes.append(size)
                    elif origin_of(size) == symbol(key) and size == was:
                        sizes.append(was)
                    else:
                        sizes.append(Traced(int(size), symbol(key)))
                    if key is not None and isinstance(size, int):
                        strand.env[key] = int(size)
                        if key in names:
                            self.scope.hold(strand, names[key], size)
                        if key in self.scope.aliases and _value(self.scope.aliases[key], strand) != size:
                            del self.scope.aliases[key]
                strand.types[owner] = kind.replace(shape=tuple(sizes))

    # ------------------------------------------------------------ bodies

    def _body(self, bodies: Sequence[Sequence[Statement]], strands: Sequence[Strand], init: int, forward: int) -> tuple[Lines, Lines]:
        writer, outer = self.writer, self.scope.strands
        writer.init, writer.forward = Lines(), Lines()
        writer.flow.lines = writer.forward
        entries, writer.entries = writer.entries, None
        self.scope.strands = list(strands)
        writer.live.enter(bodies)
        try:
            writer.body(bodies, init + 4, forward + 4)
            for line in self.scope.settle({name for body in bodies for name in targets_of(body)}):
                writer.init.add(line, init + 4)
        finally:
            self.scope.strands, writer.entries = outer, entries
            writer.live.leave()
        return writer.init, writer.forward

    def _one_by_one(self, init: int, forward: int) -> None:
        """Where the iterations are not alike, they are written one after the other, with the values of each."""
        writer, scope, loop = self.writer, self.scope, self.row[0]
        if len(self.row) > 1:
            raise Differs
        for name in [name for name in self.created if _fills(loop, name)]:
            writer.init.add(f"self.{name} = nn.ModuleList()", init, loop.iterable.span)
        for module in [module for body in loop.bodies for holder in loop.lists for module in _in(body, holder.name, deep=True)]:
            writer.overrides.pop(id(module), None)
        outer = scope.strands
        for key in [key for key in (loop.symbols[0] if loop.symbols else {}) if "@" in key]:
            scope.carried.pop(key, None)
            scope.aliases.pop(key, None)
        for number, (strand, body) in enumerate(zip(self.inner, self.bodies, strict=True)):
            scope.strands = [strand]
            entered = loop.symbols[number] if number < len(loop.symbols) else {}
            origins = {key: origin_of(size) for key, size in entered.items() if "@" in key}
            scope.aliases |= {
                key: substitute(origin, scope.aliases) if isinstance(origin, Dim) else origin for key, origin in origins.items()
            }
            scope.unrolled.append({target: strand.env[target] for target in loop.targets})
            writer.live.enter(self.bodies)
            writer.body([body], init, forward)
            writer.live.leave()
            scope.unrolled.pop()
        scope.strands = outer

    # ------------------------------------------------------------ the constructor

    def _create_lists(self, row: Sequence[Loop], init: int) -> list[str]:
        created = [module.name for module in row[0].lists if module.name not in self.writer.lists]
        self.writer.lists.update(created)
        self.writer.document.function("nn")
        return created

    def _constructor(self, loop: Loop, made: Lines, names: Mapping[str, str], created: Sequence[str], init: int) -> None:
        writer = self.writer
        used = {key: name for key, name in names.items() if self.scope.is_used(name)}
        header = f"for {', '.join(loop.targets)} in {self._iterable(loop)}:"
        element = self._single(made, created)
        if element is not None and not used:
            targets = ", ".join([target if re.search(rf"\b{target}\b", element) else "_" for target in loop.targets])
            targets = "_" if set(targets) <= set("_, ") else targets
            writer.init.add(
                f"self.{created[0]} = nn.ModuleList([{element} for {targets} in {self._iterable(loop)}])", init, loop.iterable.span
            )
            return
        for name in created:
            writer.init.add(f"self.{name} = nn.ModuleList()", init, loop.iterable.span)
        if not made:
            return
        for key, name in used.items():
            entry = self._entry(key)
            if entry != name:
                if writer.entries is None:
                    writer.init.add(f"{name} = {entry}", init)
                else:
                    writer.entries.add(f"{name} = {entry}")
        writer.init.add(header if self._mentions(made, loop) else f"for _ in {self._iterable(loop)}:", init, loop.iterable.span)
        writer.init.extend(made)

    def _mentions(self, made: Lines, loop: Loop) -> bool:
        text = made.text
        return any(re.search(rf"\b{target}\b", text) for target in loop.targets)

    @staticmethod
    def _single(made: Lines, created: Sequence[str]) -> str | None:
        """Return the only thing that the loop makes, where a comprehension says it."""
        if len(created) != 1 or not made:
            return None
        text = " ".join([line.strip() for line, _ in made.entries])
        start = f"self.{created[0]}.append("
        if not text.startswith(start) or not text.endswith(")") or text.count(".append(") > 1 or "#" in text or len(made.entries) > 1:
            return None
        return text[len(start) : -1]

    def _iterable(self, loop: Loop) -> str:
        try:
            return self.scope.init.write(loop.iterable)
        except (Unwritable, Differs):
            return literal(list(loop.items))

    def _entry(self, key: str) -> str:
        shadowed, self.scope.shadowed = self.scope.shadowed, set()
        text = self.scope.size([loop.symbols[0][key] for loop in self.row])
        self.scope.shadowed = shadowed
        return text

    # ------------------------------------------------------------ forward

    def _reach(self, row: Sequence[Loop], forward: int) -> list[tuple[str, str]]:
        """Decide how `forward` reaches the layers of an iteration; return pairs of list and variable."""
        pairs: list[tuple[str, str]] = []
        for holder in row[0].lists:
            own = [_in(body, holder.name) for loop in row for body in loop.bodies]
            every = [_in(body, holder.name, deep=True) for loop in row for body in loop.bodies]
            simple = (
                own == every
                and all(len(found) == 1 for found in own)
                and all(len(_holder(strand, holder.name)) == len(loop.bodies) for strand, loop in zip(self.outer, row, strict=True))
            )
            variable = self._element(holder.name, pairs)
            for found in every:
                for module in found:
                    self.writer.overrides[id(module)] = variable if simple else f"next({_iterator(holder.name)})"
            if simple:
                pairs.append((holder.name, variable))
            elif holder.name not in self.writer.iterators:
                self.writer.iterators.add(holder.name)
                self.writer.forward.add(f"{_iterator(holder.name)} = iter(self.{holder.name})", forward)
        return pairs

    def _element(self, name: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Name an element of a list: as the list, unless a value has that name."""
        taken = self.scope.values | {variable for _, variable in pairs}
        return next(one for one in (name, "layer", f"{name}_layer") if one not in taken)

    def _forward(self, loop: Loop, computed: Lines, seen: set[str], headed: Sequence[tuple[str, str]], forward: int) -> None:
        for found in [_in(body, holder.name, deep=True) for each in self.row for body in each.bodies for holder in each.lists]:
            for module in found:
                self.writer.overrides.pop(id(module), None)
        if not computed:
            return
        text = computed.text
        used = [(holder, variable) for holder, variable in headed if re.search(rf"\b{variable}\b", text)]
        lists = [f"self.{holder}" for holder, _ in used]
        names = [variable for _, variable in used]
        targets = [target for target in loop.targets if target in seen]
        whole = ", ".join(loop.targets)
        if not targets:
            over = lists[0] if len(lists) == 1 else f"zip({', '.join(lists)})" if lists else self._forward_iterable(loop)
            head = f"for {', '.join(names) or '_'} in {over}:"
        elif not lists:
            head = f"for {whole} in {self._forward_iterable(loop)}:"
        elif self._counts(loop):
            inner = names[0] if len(names) == 1 else f"({', '.join(names)})"
            head = f"for {whole}, {inner} in enumerate({lists[0] if len(lists) == 1 else 'zip(' + ', '.join(lists) + ')'}):"
        else:
            own = whole if len(loop.targets) == 1 else f"({whole})"
            head = f"for {', '.join([own, *names])} in zip({', '.join([self._forward_iterable(loop), *lists])}):"
        self.writer.forward.add(head, forward, loop.iterable.span)
        self.writer.forward.extend(computed)

    @staticmethod
    def _counts(loop: Loop) -> bool:
        iterable = loop.iterable
        return (
            isinstance(iterable, tree.Call)
            and isinstance(iterable.function, tree.Name)
            and iterable.function.id == "range"
            and len(iterable.arguments) == 1
        )

    def _forward_iterable(self, loop: Loop) -> str:
        try:
            return self.scope.forward.write(loop.iterable)
        except (Unwritable, Differs):
            return literal(list(loop.items))


class _Saved:
    """What a writer had found out before a loop was tried."""

    def __init__(self, writer: ClassWriter) -> None:
        scope = writer.scope
        self.targets, self.strands = list(scope.targets), scope.strands
        self.carried, self.aliases = dict(scope.carried), dict(scope.aliases)
        self.lists, self.iterators, self.overrides = set(writer.lists), set(writer.iterators), dict(writer.overrides)
        self.live, self.lines, self.stand_in = len(writer.live.counts), len(writer.forward.entries), dict(writer.values.stand_in)

    def restore(self, writer: ClassWriter) -> None:
        """Put it back."""
        scope = writer.scope
        scope.targets, scope.strands, scope.carried, scope.aliases = self.targets, self.strands, self.carried, self.aliases
        writer.lists, writer.iterators, writer.overrides = self.lists, self.iterators, self.overrides
        writer.values.stand_in = self.stand_in
        writer.flow.lines = writer.forward
        del writer.live.counts[self.live :]
        del writer.forward.entries[self.lines :]


def _enter(strand: Strand, symbols: Mapping[str, Size]) -> None:
    """Let the sizes of what the loop changes be known by their names at its entry."""
    for key, value in symbols.items():
        if "@" not in key or not isinstance(value, int):
            continue
        owner, place = key.split("@")[0].split(".")
        kind = strand.types.get(owner)
        if isinstance(kind, Tensor) and int(place) < len(kind.shape):
            shape = list(kind.shape)
            shape[int(place)] = Traced(int(value), symbol(key))
            strand.types[owner] = kind.replace(shape=tuple(shape))


def _value(size: Size, strand: Strand) -> object:
    if not isinstance(size, Dim):
        return size
    known = {name: strand.env[name] for name in size.names if isinstance(strand.env.get(name), int | Dim)}
    return substitute(size, {name: int(value) if isinstance(value, int) else value for name, value in known.items()})  # type: ignore[misc]


def _in(body: Sequence[Statement], holder: str, *, deep: bool = False) -> list[Module]:
    """Return the elements of a list that one iteration makes; inside of conditions and loops too, if `deep`."""
    found: list[Module] = []
    for statement in body:
        if isinstance(statement, Make):
            found.append(statement.module)
        elif isinstance(statement, Let | SetState):
            found.extend(statement.makes)
        elif deep and isinstance(statement, Branch):
            found.extend(_in(statement.body, holder, deep=True))
        elif deep and isinstance(statement, Loop):
            found.extend(module for each in statement.bodies for module in _in(each, holder, deep=True))
    return [module for module in found if module.key.rpartition(".")[0] == holder]


def _fills(loop: Loop, holder: str) -> bool:
    return any(module.name == holder for module in loop.lists)


def _holder(strand: Strand, name: str) -> list[Module]:
    return next((module.members for module in strand.instance.modules if module.name == name), [])


def _iterator(name: str) -> str:
    return f"each_{name}"
