"""From what was seen of one call of a class to the lines of its block, values yet without names."""

from __future__ import annotations

import inspect
from typing import Any, Protocol

import torch
from torch import nn

from archdsl.run.import_buffers import buffer_of
from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_functions import applied, function_expression
from archdsl.run.import_layers import constant, is_leaf, layer_of_class, made_at, module_expression
from archdsl.run.import_sizes import Size, is_batch
from archdsl.run.import_trace import Scope, Step, Value, values_in
from archdsl.run.import_tree import SPAN, Made, Ref, binary, call, chain, literal, name
from archdsl.syntax import tree

DIMENSIONS = {1: "D", 2: "TD", 3: "CHW", 4: "CDHW"}
"""What the dimensions of an input are called, by how many there are."""


def letters_of(value: Value) -> str:
    """Return what the dimensions of an input are called; indices are a sequence."""
    return "T" if len(value.shape) == 2 and not value.dtype.is_floating_point else DIMENSIONS[len(value.shape) - 1]


def dtype_of(value: Value) -> str | None:
    """Return the dtype of an input as a type says it."""
    return None if value.dtype == torch.float32 else str(value.dtype).removeprefix("torch.")


class Item:
    """One line to be: a layer of a name (`key`), values (`targets`), or, with neither, the outputs."""

    def __init__(self, expr: tree.Expr, place: Place, *, key: str = "", targets: tuple[Value, ...] = (), first: bool = False) -> None:
        self.expr, self.place, self.key, self.targets = expr, place, key, targets
        self.first = first
        """Whether the first of several values may stand alone, as a layer's does."""


class Blocks(Protocol):
    """What knows how a module of a class of the user's is made; `made` are the uses of shorthands."""

    made: dict[nn.Module, Made]

    def expression(self, module: nn.Module, place: Place) -> tree.Expr:
        """Return the use of a block: `BasicBlock(64)`."""


class Body:
    """The lines of one scope: its layers, its flow, its outputs; and the names of its inputs' dimensions."""

    def __init__(self, scope: Scope, blocks: Blocks, symbols: dict[tuple[str, int], str] | None) -> None:
        self.scope, self.blocks = scope, blocks
        self.symbols = symbols
        """Names of the model's dimensions by input and axis; None in a block, whose dimensions all have names."""
        self.inputs = scope.inputs
        self.dims: dict[Value, set[int]] = {}
        self.same: dict[Value, Value] = {}
        self.layers: list[Item] = []
        self.flow: list[Item] = []
        self.modules: dict[str, nn.Module] = {}
        self.extra: dict[nn.Module, dict[str, Any]] = {}
        self.zeros: dict[Value, Inexpressible] = {}
        self.state_of: dict[tuple[Value, ...], Value] = {}
        self.states: list[tuple[Value, tuple[Value, ...]]] = []
        for step in scope.steps:
            self.step(step)
        self.outputs = self.result(scope)
        self.declare()

    # ------------------------------------------------------------ constants and sizes

    def lower(self, leaf: Any, place: Place) -> tree.Expr:
        """Return a value or constant that stands among arguments."""
        if isinstance(leaf, Value):
            return self.value(leaf, place)
        if isinstance(leaf, Size):
            return self.size(leaf, place)
        if isinstance(leaf, (tuple, list)):
            return tree.TupleExpr(SPAN, tuple([self.lower(one, place) for one in leaf]))
        return constant(leaf, place)

    def value(self, value: Value, place: Place) -> tree.Expr:
        value = self.same.get(value, value)
        if value in self.zeros:
            raise self.zeros[value]
        if value.weight:
            return self.weight(value.weight, place)
        if value.step is None and value not in self.inputs:
            return constant(value.tensor.tolist(), place)
        return Ref(SPAN, value)

    def weight(self, path: str, place: Place) -> tree.Expr:
        """Return a parameter or buffer: one of the scope's own by its name, a layer's as `layer.weight`."""
        owner, _, last = path.rpartition(".")
        if owner and ("." in owner or not is_leaf(self.scope.module.get_submodule(owner))):
            raise Inexpressible(
                place, f"This reaches for {path}, inside another block", "A block's weights are its own; let it compute with them itself."
            )
        return tree.Attribute(SPAN, name(owner), last) if owner else name(last)

    def size(self, size: Size, place: Place) -> tree.Expr:
        """Return a size by how it was computed."""
        kind, left, right = size.form
        if kind != "dim":
            parts = self.lower(left, place), self.lower(right, place)
            return literal(int(size)) if all(isinstance(part, tree.Literal) for part in parts) else binary(kind, *parts)
        if is_batch(size):
            raise Inexpressible(
                place, "This computes with how many samples there are", "A spec speaks of one sample, and never of how many there are."
            )
        value = self.same.get(left, left)
        axis = right - value.batched
        if value in self.inputs and self.symbols is not None:
            symbol = self.symbols.get((value.name, axis))
            return literal(int(size)) if symbol is None else name(symbol)
        if value is self.inputs[0] and value.batched and len(value.shape) - 1 in DIMENSIONS:
            self.dims.setdefault(value, set()).add(axis)
            return name(letters_of(value)[axis])
        if not self.symbols and self.symbols is not None:
            return literal(int(size))
        if value.weight:
            return literal(int(size))
        return call("dim", Ref(SPAN, value), literal(right))

    # ------------------------------------------------------------ steps

    def step(self, step: Step) -> None:
        """Write one step down."""
        results = values_in(step.result)
        try:
            found = self.applied(step) if isinstance(step.target, nn.Module) else function_expression(step, self.lower)
        except Inexpressible as error:
            if getattr(step.target, "__name__", "") not in ("zeros", "new_zeros"):
                raise
            # The state that a recurrent layer begins with may be spelled out; it is zeros without a word.
            self.zeros[results[0]] = error
            return
        if isinstance(found, Value):
            self.same[results[0]] = self.same.get(found, found)
            return
        if not results:
            return
        self.flow.append(Item(found, step.place, targets=tuple(self.taken_apart(step)), first=isinstance(step.target, nn.Module)))
        for state, inner in self.states:
            self.flow.append(Item(Ref(SPAN, state), step.place, targets=inner))
        self.states.clear()

    def taken_apart(self, step: Step) -> list[Value]:
        """Return the results of a step; a state of several values is one, which the next line takes apart."""
        if not isinstance(step.result, tuple):
            return values_in(step.result)
        found: list[Value] = []
        for one in step.result:
            if isinstance(one, tuple) and len(values_in(one)) > 1:
                state = Value(values_in(one)[0].tensor, batched=False, name="state", step=step)
                self.states.append((state, tuple(values_in(one))))
                self.state_of[tuple(values_in(one))] = state
                found.append(state)
            else:
                found += values_in(one)
        return found

    def applied(self, step: Step) -> tree.Expr | Value:
        """Return a module applied to values: one with weights by its name, one without as it is made."""
        module = step.target
        if isinstance(module, nn.Identity) or (isinstance(module, nn.Sequential) and not len(module)):
            return step.args[0]  # type: ignore[no-any-return]
        given, named = self.heads(step)
        heads = [self.value(value, step.place) for value in given]
        if is_leaf(module) and not module.state_dict():
            return applied(tuple(heads), module_expression(module, step.place))
        path = self.path(module, step.place)
        layer: tree.Expr = name(path[0])
        for index in path[1:]:
            layer = tree.Subscript(SPAN, layer, (literal(int(index)),))
        if named:
            return call(layer, *heads, **{key: self.value(value, step.place) for key, value in named.items()})
        return applied(tuple(heads), layer)

    def heads(self, step: Step) -> tuple[list[Value], dict[str, Value]]:
        """Return the values that a module is applied to, those by name that are not next in order.

        Other arguments of its call join those that it is made with.
        """
        if not is_leaf(step.target):
            return step.values, {}
        layer = layer_of_class(step.target)
        order = layer.values if layer is not None else ()
        found: list[Value] = []
        named: dict[str, Value] = {}
        for key, given in inspect.signature(step.target.forward).bind(*step.args, **step.kwargs).arguments.items():
            values = self.given(given, step.place)
            if values and key in order and order.index(key) != len(found):
                named[key] = values[0]
            elif values:
                found += values
            elif layer is not None and key in layer.forward and given != getattr(layer.argument(key), "default", None):
                self.extra.setdefault(step.target, {})[key] = given
        return found, named

    def given(self, given: Any, place: Place) -> list[Value]:
        """Return what is given for one argument of a layer: a value, or a state of several that was given out as one."""
        values = [value for value in values_in(given) if value not in self.zeros]
        if len(values) < 2:
            return values
        state = self.state_of.get(tuple(values))
        if state is None:
            raise Inexpressible(
                place,
                "This puts a state of two values together",
                "A spec passes on the state of a layer as a whole; scan goes through time.",
            )
        return [state]

    def path(self, module: nn.Module, place: Place) -> list[str]:
        """Return where a module stands below the scope's own: its name, and numbers in lists."""
        found = next((path for path, one in self.scope.module.named_modules(remove_duplicate=False) if one is module), None)
        kind = type(module).__name__
        if not found:
            raise Inexpressible(
                place, f"This {kind} is no attribute of {type(self.scope.module).__name__}", "Layers stand in the module that calls them."
            )
        parts = found.split(".")
        above = self.scope.module
        for part in parts[:-1]:
            above = above.get_submodule(part)
            if isinstance(above, nn.ModuleDict):
                raise Inexpressible(place, "A dict of layers has no counterpart in a spec", "Layers with names of their own say the same.")
            if not isinstance(above, (nn.ModuleList, nn.Sequential)):
                raise Inexpressible(
                    place, f"This calls {found}, inside another block", f"Let {type(above).__name__} have a forward that does it."
                )
        self.modules.setdefault(parts[0], self.scope.module.get_submodule(parts[0]))
        return parts  # type: ignore[no-any-return]

    # ------------------------------------------------------------ results and layers

    def result(self, scope: Scope) -> list[tree.Expr]:
        if isinstance(scope.result, dict):
            raise Inexpressible(
                scope.place, f"{type(scope.module).__name__} returns a dict", "A spec's model gives one value, or several in order."
            )
        found = values_in(scope.result)
        if not found:
            raise Inexpressible(scope.place, f"{type(scope.module).__name__} returns no tensor")
        return [self.value(value, scope.place) for value in found]

    def declare(self) -> None:
        """Write the scope's parameters, buffers and layers, in the order in which it has them."""
        module, place = self.scope.module, self.scope.place
        for key, parameter in module.named_parameters(recurse=False):
            self.layers.append(Item(call("parameter", shape_of(parameter), init=init_of(parameter)), place, key=key))
        for key, held in module.named_buffers(recurse=False):
            self.layers += [Item(expr, place, key=each) for each, expr in buffer_of(key, held, place)]
        for key, child in module.named_children():
            if key in self.modules:
                self.layers.append(Item(self.expression(child, place), made_at(child, place), key=key))
            elif child.state_dict():
                raise Inexpressible(
                    made_at(child, place),
                    f"{type(module).__name__}.{key} has weights, and nothing calls it",
                    "Leave it out, or let forward use it.",
                )

    def expression(self, module: nn.Module, place: Place) -> tree.Expr:
        """Return what makes a module: a layer, a chain, a list, or a block of the user's."""
        if is_leaf(module):
            return self.leaf(module, place)
        if isinstance(module, (nn.ModuleList, nn.Sequential)) and self.is_list(module):
            return listed([self.expression(one, place) for one in module])
        if module in self.blocks.made:
            return self.blocks.made[module]
        if isinstance(module, (nn.ModuleList, nn.Sequential)) and type(module).forward in (nn.ModuleList.forward, nn.Sequential.forward):
            spliced = frozenset([key for key, one in module.named_children() if one in self.blocks.made])
            return chained([(key, self.expression(one, place)) for key, one in module.named_children()], spliced)
        return self.blocks.expression(module, place)

    def leaf(self, module: nn.Module, place: Place) -> tree.Expr:
        """Return what makes one of torch's layers, with the arguments of its call that belong to it."""
        expr = module_expression(module, place)
        extra = {key: literal(given) for key, given in self.extra.get(module, {}).items()}
        if not extra or not isinstance(expr, Made):
            return expr
        kept = tuple([(key, value) for key, value in expr.arguments if key not in extra])
        return Made(SPAN, expr.function, (*kept, *extra.items()), expr.defaults, expr.first)

    def is_list(self, module: nn.Module) -> bool:
        """Say whether the members of a container are called one by one."""
        inside = {id(one) for one in module.children()}
        return any(id(step.target) in inside for step in self.scope.steps)


def listed(members: list[tree.Expr]) -> tree.Expr:
    """Return layers as a list; equal ones are counted."""
    if len(members) > 2 and all(each == members[0] for each in members):
        clause = tree.Clause(SPAN, ("i",), call("range", literal(len(members))), ())
        return tree.Comprehension(SPAN, "list", None, members[0], (clause,))
    return tree.ListExpr(SPAN, tuple(members))


def chained(members: list[tuple[str, tree.Expr]], spliced: frozenset[str] = frozenset()) -> tree.Expr:
    """Return a chain of members, those with names of their own named, equal ones next to one another repeated."""
    numbered = [key for key, _ in members] == [str(number) for number in range(len(members))]
    nested = [tree.Group(SPAN, each) if isinstance(each, tree.Chain) or key in spliced else each for key, each in members]
    if not numbered:
        pairs = [(key, each) for (key, _), each in zip(members, nested, strict=True)]
        return chain(*pairs)
    if len(nested) == 1:
        return call("chain", tree.ListExpr(SPAN, (nested[0],)))
    folded = fold(nested)
    return chain(*folded)


def fold(members: list[tree.Expr]) -> list[tree.Expr]:
    """Put `repeat(n, ...)` for stretches of members that come again and again."""
    found: list[tree.Expr] = []
    at = 0
    while at < len(members):
        best = (0, 1, 1)
        for width in range(1, (len(members) - at) // 2 + 1):
            times = 1
            while members[at + times * width : at + (times + 1) * width] == members[at : at + width]:
                times += 1
            saved = (times - 1) * width
            if times > 1 and saved > best[0] and (times > 2 or width > 2):
                best = (saved, width, times)
        _, width, times = best
        stretch = members[at : at + width]
        found += stretch if times == 1 else [call("repeat", literal(times), chain(*stretch))]
        at += width * times
    return found


def shape_of(tensor: torch.Tensor) -> tree.Expr:
    """Return a shape as `parameter` takes it."""
    return tree.ListExpr(SPAN, tuple([literal(int(size)) for size in tensor.shape]))


def init_of(parameter: torch.Tensor) -> tree.Expr:
    """Return how a parameter begins, as far as its numbers tell: one number everywhere, or a normal distribution."""
    held = parameter.detach().float()
    if not held.numel() or bool((held == held.flatten()[0]).all()):
        number = float(held.flatten()[0]) if held.numel() else 0.0
        return name({0.0: "zeros", 1.0: "ones"}[number]) if number in (0.0, 1.0) else call("constant", literal(float(f"{number:.6g}")))
    return call("normal", std=literal(float(f"{float(held.std()):.1g}")))
