"""Sees in the steps of a scope what they come to together: a list gone through is a chain, a namespace of layers a block.

All of this happens before anything is written, and changes what the steps are, not what they compute.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from archdsl.run.import_layers import is_leaf
from archdsl.run.import_sizes import Size
from archdsl.run.import_trace import Scope, Step, Value, replaced, values_in

ELEMENTWISE = {
    "add",
    "sub",
    "mul",
    "div",
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "add_",
    "mul_",
}


def gaussian_sample(mean: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """Draw from a normal distribution; what `mean + exp(0.5 * logvar) * randn_like(...)` comes to."""
    return mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)


def tidy(scope: Scope, kinds: dict[tuple[type, str], type]) -> None:
    """Tidy a scope and those within it; `kinds` are the classes that stand for namespaces."""
    _sample(scope)
    _broadcast(scope)
    _select(scope)
    for key, child in scope.module.named_children():
        if _is_namespace(scope, child):
            _outline(scope, key, child, kinds)
    for _, child in scope.module.named_children():
        if isinstance(child, (nn.ModuleList, nn.Sequential)) and len(child) > 1:
            _pass_through(scope, child)
    for step in scope.steps:
        if step.scope is not None:
            tidy(step.scope, kinds)


def _uses(scope: Scope, value: Value) -> int:
    return sum(used is value for step in scope.steps for used in mentioned(step)) + sum(used is value for used in values_in(scope.result))


def mentioned(step: Step) -> list[Value]:
    """Return the values that a step takes, and those of whose sizes it does."""
    found = list(step.values)

    def look(leaf: Any) -> None:
        if isinstance(leaf, Size):
            for part in leaf.form[1:]:
                if isinstance(part, Value):
                    found.append(part)
                else:
                    look(part)

    replaced((step.args, step.kwargs), look)
    return found


# ---------------------------------------------------------------- a list that is gone through


def _pass_through(scope: Scope, container: nn.Module) -> None:
    """Make one step of those that pass a value through all members of a list, in order and nowhere else."""
    members = list(container.children())
    steps = [step for step in scope.steps if any(step.target is one for one in members)]
    if [id(step.target) for step in steps] != [id(one) for one in members]:
        return
    for before, step in zip([None, *steps], steps, strict=False):
        if len(step.values) != 1 or not isinstance(step.result, Value) or any(not isinstance(one, Value) for one in step.args):
            return
        if before is not None and (step.values[0] is not before.result or _uses(scope, before.result) != 1):
            return
    whole = Step(container, steps[0].args, steps[0].kwargs, steps[0].place)
    whole.result = steps[-1].result
    whole.scope = Scope(container, steps[0].place)
    whole.scope.steps = steps
    scope.steps[scope.steps.index(steps[-1])] = whole
    scope.steps = [step for step in scope.steps if step not in steps]


# ---------------------------------------------------------------- layers reached for in a namespace


def _is_namespace(scope: Scope, module: nn.Module) -> bool:
    """Say whether a module is never called, but what is in it is."""
    if is_leaf(module) or isinstance(module, (nn.ModuleList, nn.Sequential)):
        return False
    inside = {id(one) for one in module.modules()}
    called = [step for step in scope.steps if id(step.target) in inside]
    return bool(called) and not any(step.target is module for step in called)


def _outline(scope: Scope, key: str, module: nn.Module, kinds: dict[tuple[type, str], type]) -> None:
    """Make a block of the steps from the first to the last that use a namespace, with what only they need."""
    inside = {id(one) for one in module.modules()}
    at = [number for number, step in enumerate(scope.steps) if id(step.target) in inside]
    taken = scope.steps[at[0] : at[-1] + 1]
    if any(isinstance(step.target, nn.Module) and step.target.state_dict() and id(step.target) not in inside for step in taken):
        return
    for step in reversed(scope.steps[: at[0]]):
        results = values_in(step.result)
        stateless = not isinstance(step.target, nn.Module) or not step.target.state_dict()
        if stateless and results and all(_uses(scope, one) == _count(taken, one) for one in results):
            taken.insert(0, step)
    part = Scope(module, taken[0].place)
    part.kind = kinds.setdefault((scope.kind, key), type("".join([word.capitalize() for word in key.split("_")]), (), {}))
    made = {value for step in taken for value in values_in(step.result)}
    part.inputs = list(dict.fromkeys([value for step in taken for value in mentioned(step) if value not in made and not value.weight]))
    part.inputs = [value for value in part.inputs if value.step is not None or value in scope.inputs]
    part.steps = [_moved(step, key) for step in taken]
    rest = [step for step in scope.steps if step not in taken]
    outside = [value for step in rest for value in mentioned(step)] + values_in(scope.result)
    results = list(dict.fromkeys([value for value in outside if value in made]))
    part.result = results[0] if len(results) == 1 else tuple(results)
    part.end = taken[-1].place
    whole = Step(module, tuple(part.inputs), {}, taken[0].place)
    whole.result, whole.scope = part.result, part
    scope.steps = [*[step for step in scope.steps[: at[0]] if step not in taken], whole, *scope.steps[at[-1] + 1 :]]


def _count(steps: list[Step], value: Value) -> int:
    return sum(used is value for step in steps for used in mentioned(step))


def _moved(step: Step, key: str) -> Step:
    """Return a step whose weights are named from inside the namespace."""

    def inner(leaf: Any) -> Any:
        if isinstance(leaf, Value) and leaf.weight.startswith(key + "."):
            return Value(leaf.tensor, batched=False, weight=leaf.weight.removeprefix(key + "."))
        return leaf

    moved = Step(step.target, replaced(step.args, inner), replaced(step.kwargs, inner), step.place)
    moved.result, moved.scope = step.result, step.scope
    return moved


# ---------------------------------------------------------------- the draw of a variational autoencoder


def _sample(scope: Scope) -> None:
    """Make one step of `mean + randn_like(std) * std` with `std = exp(0.5 * logvar)`."""
    for step in scope.steps:
        if _word(step) not in ("add", "__add__", "__radd__", "add_") or len(step.values) != 2:
            continue
        for mean, product in (step.values, step.values[::-1]):
            logvar = _drawn(product)
            if logvar is not None and logvar.shape == mean.shape:
                step.target, step.args, step.kwargs = gaussian_sample, (mean, logvar), {}
                break


def _broadcast(scope: Scope) -> None:
    """Leave out what is expanded only to meet a value of the same shape: it broadcasts by itself."""
    for step in scope.steps:
        if _word(step) not in ("expand", "expand_as") or not isinstance(step.result, Value):
            continue
        users = [user for user in scope.steps if step.result in mentioned(user)]
        alike = all(_word(user) in ELEMENTWISE and _meets(user, step.result) for user in users)
        if users and alike and not any(step.result is value for value in values_in(scope.result)):
            step.target, step.args, step.kwargs = torch.Tensor.contiguous, step.args[:1], {}


def _select(scope: Scope) -> None:
    """Take parts of a dimension that was moved before the batch from where it was: `qkv.permute(2, 0, 3, 1, 4)[0]`."""
    steps: list[Step] = []
    for step in scope.steps:
        moved = step.values[0].step if step.values else None
        order = _order(moved) if moved is not None else None
        if moved is None or order is None or order[0] == 0:
            steps.append(step)
        elif _word(step) == "unbind" and step.kwargs.get("dim", [*step.args, 0][1]) == 0:
            for at, result in enumerate(step.result):
                steps += _taken(moved, order, at, result, step)
        elif _word(step) == "__getitem__" and type(step.args[1]) is int:
            steps += _taken(moved, order, step.args[1] % moved.result.shape[0], step.result, step)
        else:
            steps.append(step)
    scope.steps = steps


def _order(step: Step) -> tuple[int, ...] | None:
    """Return the order that a step puts dimensions in."""
    if _word(step) != "permute" or not isinstance(step.result, Value):
        return None
    given = step.args[1:] or tuple(step.kwargs.values())
    order = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    return tuple([int(axis) % len(order) for axis in order])


def _taken(moved: Step, order: tuple[int, ...], at: int, result: Value, step: Step) -> list[Step]:
    """Return the steps that take one part out, and then put the dimensions that are left into order."""
    source, axis = moved.values[0], order[0]
    left = tuple([each - (each > axis) for each in order[1:]])
    part = Step(torch.Tensor.__getitem__, (source, (*[slice(None)] * axis, at)), {}, step.place)
    if left == tuple(range(len(left))):
        part.result, result.step, result.batched = result, part, source.batched
        return [part]
    part.result = Value(source.tensor.select(axis, at), batched=source.batched, step=part)
    swapped = [each for each, to in enumerate(left) if each != to]
    if len(swapped) == 2:
        turn = Step(torch.Tensor.transpose, (part.result, *swapped), {}, step.place)
    else:
        turn = Step(torch.Tensor.permute, (part.result, *left), {}, step.place)
    turn.result, result.step, result.batched = result, turn, source.batched
    return [part, turn]


def _meets(step: Step, value: Value) -> bool:
    return any(other is not value and other.shape == value.shape for other in step.values)


def _drawn(product: Value) -> Value | None:
    """Return the logarithm of a variance, where a value is a draw times its root."""
    if product.step is None or _word(product.step) not in ("mul", "__mul__", "mul_") or len(product.step.values) != 2:
        return None
    for std, noise in (product.step.values, product.step.values[::-1]):
        if std.step is None or noise.step is None or _word(std.step) not in ("exp", "exp_") or _word(noise.step) != "randn_like":
            continue
        half = std.step.values[0].step
        if half is None or len(half.values) != 1:
            return None
        numbers = [one for one in half.args if isinstance(one, (int, float))]
        if (_word(half), numbers) in [
            ("mul", [0.5]),
            ("__mul__", [0.5]),
            ("__rmul__", [0.5]),
            ("mul_", [0.5]),
            ("div", [2]),
            ("__truediv__", [2]),
        ]:
            return half.values[0]
    return None


def _word(step: Step) -> str:
    return str(getattr(step.target, "__name__", ""))
