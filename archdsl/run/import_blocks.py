"""A block for each class of the user's: its parameters, what they are called, and what each use gives for them."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_inline import gather
from archdsl.run.import_layers import made_with
from archdsl.run.import_lines import Names, statements_of
from archdsl.run.import_loops import roll
from archdsl.run.import_merge import Differ, Hole, Line, Merged, holes
from archdsl.run.import_trace import Scope
from archdsl.run.import_tree import SPAN, Made, binary, call, literal, name, rebuilt, settled
from archdsl.run.import_writer import Body, letters_of
from archdsl.syntax import tree

Constants = tuple[tree.Expr | None, ...]


class Book:
    """All blocks of a network, each after those that it uses; `expression` says how one is used."""

    def __init__(self, net: Scope, made: dict[nn.Module, Made]) -> None:
        self.scopes: dict[nn.Module, list[Scope]] = {}
        self.order: list[type] = []
        self.uses = dict(made)
        self.made = made
        self.blocks: list[tree.Block] = []
        self.taken: set[str] = {type(net.module).__name__, *[each.function for each in made.values()]}
        self._collect(net)
        for kind in self.order:
            self._write(kind)

    def expression(self, module: nn.Module, place: Place) -> tree.Expr:
        """Return the use of a block."""
        if module not in self.uses:
            raise Inexpressible(
                place, f"A {type(module).__name__} is never called by itself", "What nothing computes has no place in a spec."
            )
        return self.uses[module]

    def _collect(self, scope: Scope, above: tuple[type, ...] = ()) -> None:
        for step in scope.steps:
            if step.scope is None:
                continue
            kind = step.scope.kind
            if isinstance(step.target, nn.ModuleList) or getattr(kind, "forward", None) is nn.Sequential.forward:
                self._collect(step.scope, above)
                continue
            if kind in above:
                raise Inexpressible(
                    step.place,
                    f"A {kind.__name__} within a {kind.__name__}",
                    "A block cannot hold itself; give each level a class of its own.",
                )
            self._collect(step.scope, (*above, kind))
            self.scopes.setdefault(step.target, []).append(step.scope)
            if kind not in self.order:
                self.order.append(kind)

    def _write(self, kind: type) -> None:
        """Write the block of a class; where its uses are too different, one for each form."""
        modules = [module for module, scopes in self.scopes.items() if scopes[0].kind is kind]
        bodies = [self._body(module) for module in modules]
        forms: list[list[int]] = []
        for number in range(len(bodies)):
            for form in forms:
                try:
                    Merged([bodies[one] for one in (*form, number)])
                except Differ:
                    continue
                form.append(number)
                break
            else:
                forms.append([number])
        for form in forms:
            self._block(kind, [modules[one] for one in form], Merged([bodies[one] for one in form]))

    def _body(self, module: nn.Module) -> Body:
        first, *others = self.scopes[module]
        body = Body(first, self, None)
        gather(body)
        for scope in others:
            other = Body(scope, self, None)
            gather(other)
            try:
                merged = Merged([body, other])
            except Differ:
                merged = None
            if merged is None or not all(all(line.present) and not holes(line.expr) for line in merged.lines):
                raise Inexpressible(
                    scope.place,
                    f"This calls a {type(module).__name__} again, and it computes something else",
                    "A block computes the same each time.",
                )
        return body

    def _block(self, kind: type, modules: list[nn.Module], merged: Merged) -> None:
        found = Parameters(modules, merged)
        roll(merged)
        title = kind.__name__
        number = 2
        while title in self.taken:
            title, number = f"{kind.__name__}{number}", number + 1
        self.taken.add(title)
        body = statements_of(merged, found.settle, Names(merged, {*found.constants, *self.taken}), model=False)
        parameters = tuple([tree.Parameter(SPAN, key, settled(found.defaults.get(key), {})) for key in found.ordered])
        self.blocks.append(tree.Block(SPAN, tree.Comments(), "block", name(title), parameters, body))
        required = len(parameters) - len(found.defaults)
        for at, module in enumerate(modules):
            given = tuple([(key, found.given(key, at)) for key in found.ordered])
            self.uses[module] = Made(SPAN, title, given, tuple(found.defaults.items()), required)


class Parameters:
    """What differs between the uses of a block, by name: `constants` are the values, one for each use."""

    def __init__(self, modules: list[nn.Module], merged: Merged) -> None:
        self.modules, self.merged = modules, merged
        self.constants: dict[str, Constants] = {}
        self.conditions: dict[tuple[bool, ...], tree.Expr] = {}
        self.written: dict[Constants, tree.Expr] = {}
        self.taken = {line.item.key for line in merged.lines} | {value.name for value in merged.inputs}
        signature = [made_with(module) for module in modules]
        self.signature = [key for key in signature[0] if all(key in each for each in signature)]
        self.known = {key: tuple([literal(each[key]) if _plain(each[key]) else None for each in signature]) for key in self.signature}
        lines = [one for line in merged.lines for one in line.all]
        for line in lines:
            for hole in holes(line.expr):
                self.expression(hole.constants, hole.hint)
        for line in lines:
            if not all(line.present):
                self.condition(line)
                line.expr = self.aligned(line.expr, line.present)
        self.defaults = {key: most for key in self.constants if (most := self.default(key)) is not None}
        order = {key: place for place, key in enumerate(self.signature)}
        self.ordered = sorted(self.constants, key=lambda key: (key in self.defaults, order.get(key, len(order))))

    def given(self, key: str, at: int) -> tree.Expr:
        """Return what a use gives for a parameter; where it does not matter, the default or what others give."""
        held = self.constants[key][at]
        return held or self.defaults.get(key) or next(one for one in self.constants[key] if one is not None)

    def default(self, key: str) -> tree.Expr | None:
        """Return the default of an argument of `__init__`; for what is none of them, what more than half of the uses give."""
        given = [one for one in self.constants[key] if one is not None]
        own = inspect.signature(type(self.modules[0]).__init__).parameters.get(key)
        if own is not None and (own.default is own.empty or _plain(own.default)):
            return None if own.default is own.empty or own.default is None else literal(own.default)
        if all(isinstance(one, tree.Literal) and isinstance(one.value, bool) for one in given):
            return literal(False)
        if any(isinstance(one, tree.Literal) and type(one.value) is int and one.value > 8 for one in given):
            return None
        most = max(given, key=lambda one: sum(one == other for other in given))
        return most if sum(most == other for other in given) * 2 > len(self.modules) else None

    # ------------------------------------------------------------ what a constant is called

    def expression(self, constants: Constants, hint: str) -> tree.Expr:
        """Return what says these constants: a size of the input, an argument of `__init__`, or a new parameter."""
        if constants not in self.written:
            self.written[constants] = (
                self._of_input(constants) or self._of_known(constants) or self._multiple(constants) or self._new(constants, hint)
            )
        return self.written[constants]

    def _of_input(self, constants: Constants) -> tree.Expr | None:
        """Say sizes that are those of the first input in every use."""
        if not all(isinstance(one, tree.Literal) and type(one.value) is int and one.value > 1 for one in constants if one is not None):
            return None
        for at, sizes in self._sizes():
            if _agree(constants, sizes):
                return self._dimension(at)
        return None

    def _sizes(self) -> list[tuple[int, Constants]]:
        """Return for the dimension of features of the first input what it is in each use; images have it first, sequences last."""
        inputs = [body.inputs[0] for body in self.merged.bodies]
        if not inputs:
            return []
        rank = len(inputs[0].shape) - 1
        if rank < 1 or any(len(one.shape) != rank + 1 or not one.dtype.is_floating_point for one in inputs):
            return []
        at = 0 if rank > 2 else rank - 1
        return [(at, tuple([literal(one.shape[at + 1]) for one in inputs]))]

    def _dimension(self, at: int) -> tree.Expr:
        first = self.merged.inputs[0]
        rank = len(first.shape) - 1
        if rank > 2 and not self.merged.dims:
            return call("channels", name(first.name))
        self.merged.dims.setdefault(first, set()).add(at)
        return name(letters_of(first)[at])

    def _of_known(self, constants: Constants) -> tree.Expr | None:
        for key, known in self.known.items():
            if key.isidentifier() and _agree(constants, known):
                self._keep(key, constants)
                return name(key)
        return None

    def _keep(self, key: str, constants: Constants) -> None:
        held = self.constants.get(key, (None,) * len(constants))
        self.constants[key] = tuple(
            [old or new or known for old, new, known in zip(held, constants, self.known.get(key, constants), strict=True)]
        )

    def _multiple(self, constants: Constants) -> tree.Expr | None:
        """Say `4 * width`: a small multiple of an argument, or of the input's features."""
        for key, known in [*[("", sizes) for _, sizes in self._sizes()], *self.known.items()]:
            factors = {_factor(one, other) for one, other in zip(constants, known, strict=True) if one is not None}
            factor = factors.pop() if len(factors) == 1 else None
            numbers = {one.value for one in known if isinstance(one, tree.Literal)}
            if factor is None and key and _halves(constants, known) and len(numbers) > 1:
                factor = -2
            if factor is None or len(numbers) < 2:
                continue
            if key:
                self._keep(key, known)
            base = name(key) if key else self._dimension(self._sizes()[0][0])
            return binary("*", literal(factor), base) if factor > 0 else binary("//", base, literal(-factor))
        return None

    def _new(self, constants: Constants, hint: str) -> tree.Expr:
        word = {"out_channels": "width", "out_features": "width"}.get(hint, hint) or "size"
        key, number = word, 2
        while key in self.constants or key in self.taken:
            key, number = f"{word}{number}", number + 1
        self.constants[key] = constants
        return name(key)

    # ------------------------------------------------------------ conditions

    def condition(self, line: Line) -> tree.Expr:
        """Return when a line is there: by a parameter that is known already, or by one of its own."""
        if line.present not in self.conditions:
            self.conditions[line.present] = self._told(line.present) or self._flag(line)
        return self.conditions[line.present]

    def _told(self, present: tuple[bool, ...]) -> tree.Expr | None:
        absent = tuple([not there for there in present])
        tests = self._tests()
        pairs = [(binary("or", one, other), _either(first, second)) for one, first in tests for other, second in tests if one is not other]
        for test, holds in [*tests, *self._untold(), *pairs]:
            if holds in (present, absent):
                self._use(test)
                return test if holds == present else negated(test)
        return None

    def _untold(self) -> list[tuple[tree.Expr, tuple[bool, ...]]]:
        """Return what could be asked of arguments of `__init__` that are no parameters yet."""
        found: list[tuple[tree.Expr, tuple[bool, ...]]] = []
        for key, known in self.known.items():
            if key in self.constants or not key.isidentifier() or any(not isinstance(one, tree.Literal) for one in known):
                continue
            if all(isinstance(one, tree.Literal) and isinstance(one.value, bool) for one in known):
                found.append((name(key), tuple([one == literal(True) for one in known])))
            elif all(isinstance(one, tree.Literal) and isinstance(one.value, (int, str)) for one in known):
                found += [(_compare(name(key), one), tuple([one != other for other in known])) for one in known if one is not None]
        return found

    def _use(self, test: tree.Expr) -> None:
        """Make a parameter of an argument that is asked for."""
        asked = test.operands[0] if isinstance(test, tree.Compare) else test
        if isinstance(asked, tree.Name) and asked.id in self.known and asked.id not in self.constants:
            self.constants[asked.id] = self.known[asked.id]

    def _tests(self) -> list[tuple[tree.Expr, tuple[bool, ...]]]:
        """Return what could be asked of the parameters: a flag, whether one is 1, or the width of the input."""
        found: list[tuple[tree.Expr, tuple[bool, ...]]] = []
        for key, constants in self.constants.items():
            if all(isinstance(one, tree.Literal) and isinstance(one.value, bool) for one in constants):
                found.append((name(key), tuple([one == literal(True) for one in constants])))
            elif all(one is not None for one in constants):
                found.append((_compare(name(key), literal(1)), tuple([one != literal(1) for one in constants])))
        if len(self.merged.inputs[0].shape) > 3:
            sizes = self._sizes()
            for constants, said in [*self.written.items(), *[(held, name(key)) for key, held in self.constants.items()]]:
                if sizes and all(constants) and not isinstance(said, tree.Call):
                    held = tuple([one != size for one, size in zip(constants, sizes[0][1], strict=True)])
                    found.append((_compare(call("channels", name(self.merged.inputs[0].name)), said), held))
        return found

    def _flag(self, line: Line) -> tree.Expr:
        word = line.item.key.strip() or line.item.targets[0].name or "extra"
        key = word if word not in self.constants and not line.item.key else f"has_{word}"
        self.constants[key] = tuple([literal(one) for one in line.present])
        return name(key)

    def aligned(self, node: Any, present: tuple[bool, ...]) -> Any:
        """Return what is not in every use with the block's parameters: `stride` where all that have it give their stride."""
        if isinstance(node, Made):
            defaults = dict(node.defaults)
            arguments = tuple(
                [(key, value if value == defaults.get(key) else self._shared(key, value, present)) for key, value in node.arguments]
            )
            return Made(SPAN, node.function, arguments, node.defaults, node.first)
        return rebuilt(node, lambda child: self.aligned(child, present))

    def _shared(self, key: str, value: tree.Expr, present: tuple[bool, ...]) -> tree.Expr:
        constants = tuple([value if there else None for there in present])
        if isinstance(value, tree.Literal) and type(value.value) is int and value.value > 8:
            size = self._of_input(constants)
            if size is not None:
                return size
            key = next((each for each, held in self.constants.items() if _agree(constants, held)), key)
        held = self.constants.get(key)
        return name(key) if held is not None and _agree(constants, held) else value

    def settle(self, node: Any) -> Any:
        """Return a node with the names of parameters where constants differ."""
        if isinstance(node, Hole):
            return self.written[node.constants]
        return rebuilt(node, self.settle)


def _either(first: tuple[bool, ...], second: tuple[bool, ...]) -> tuple[bool, ...]:
    return tuple([a or b for a, b in zip(first, second, strict=True)])


def negated(test: tree.Expr) -> tree.Expr:
    """Return the opposite of a test."""
    if isinstance(test, tree.Compare):
        return tree.Compare(SPAN, ("==",), test.operands)
    if isinstance(test, tree.Binary):
        return binary("and", negated(test.left), negated(test.right))
    return tree.Unary(SPAN, "not", test)


def _compare(left: tree.Expr, right: tree.Expr) -> tree.Compare:
    return tree.Compare(SPAN, ("!=",), (left, right))


def _agree(constants: Constants, known: Constants) -> bool:
    return all(one is None or one == other for one, other in zip(constants, known, strict=True))


def _plain(value: object) -> bool:
    return value is None or type(value) in (bool, int, float, str)


def _halves(constants: Constants, known: Constants) -> bool:
    """Say whether each number is half of another, without what is left over."""
    pairs = [(one, other) for one, other in zip(constants, known, strict=True) if one is not None]
    numbers = [(one.value, other.value) for one, other in pairs if isinstance(one, tree.Literal) and isinstance(other, tree.Literal)]
    whole = len(numbers) == len(pairs) and all(type(one) is int and type(other) is int for one, other in numbers)
    return whole and all(one == other // 2 for one, other in numbers)  # type: ignore[operator]


def _factor(one: tree.Expr | None, other: tree.Expr | None) -> int | None:
    """Return how many times another number a number is; negative where it is a part of it."""
    if (
        not isinstance(one, tree.Literal)
        or not isinstance(other, tree.Literal)
        or type(one.value) is not int
        or type(other.value) is not int
    ):
        return None
    if one.value > 0 and other.value > 0:
        if one.value % other.value == 0 and one.value // other.value in (2, 3, 4, 6, 8):
            return one.value // other.value
        if other.value % one.value == 0 and other.value // one.value in (2, 3, 4, 6, 8):
            return -(other.value // one.value)
    return None
