"""The lines of a block or model as statements: values get their names, conditions their braces."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

from torch import nn

from archdsl.layers.registry import lookup
from archdsl.run.import_errors import span_of
from archdsl.run.import_loops import Loop
from archdsl.run.import_merge import Line, Merged
from archdsl.run.import_trace import Value
from archdsl.run.import_tree import SPAN, call, define, literal, located, name, refs, settled
from archdsl.run.import_writer import dtype_of, letters_of
from archdsl.syntax import tree

Settle = Callable[[Any], Any]
ELSEWHERE = {"print", "super", "len", "range", "torch", "nn", "F", "math", "self"}


class Names:
    """Which names values take: those of the author's variables, as long as nothing else needs them."""

    def __init__(self, merged: Merged, taken: set[str]) -> None:
        made = [line for loop in merged.lines if isinstance(loop, Loop) for line in (*loop.made, *loop.following)]
        self.taken = taken | {line.item.key for line in (*merged.lines, *made)} | ({"i"} if made else set())
        self.names: dict[Value, str] = {}
        self.holder: dict[str, Value] = {}
        self.last: dict[Value, int] = {}
        for at, line in enumerate(merged.lines):
            for value in [*[value for one in line.all for value in refs(one.expr)], *([line.instead] if line.instead else [])]:
                self.last[value] = at
        for value in merged.body.inputs:
            self.give(value, 0)
            # An input's name is said in its line, and may be taken again when nothing needs it any more.

    def give(self, value: Value, at: int) -> str:
        """Name a value that is defined in a line: nothing that is used later may lose its name."""
        base = value.name if value.name and free(value.name) else (f"{value.name.strip('_')}_value" if value.name.strip("_") else "y")
        found, number = base, 2
        while found in self.taken or (found in self.holder and self.last.get(self.holder[found], -1) > at):
            found, number = f"{base}{number}", number + 1
        self.holder[found] = value
        self.names[value] = found
        return found

    def fresh(self, base: str) -> str:
        """Return a name that nothing has."""
        found, number = base, 2
        while found in self.taken or found in self.holder:
            found, number = f"{base}{number}", number + 1
        self.taken.add(found)
        return found


def free(text: str) -> bool:
    """Say whether a value may have a name: it hides no layer of torch's and nothing that Python or nn.Module needs."""
    if keyword.iskeyword(text) or text.startswith("_") or text in ELSEWHERE or hasattr(nn.Module, text) or not text.isascii():
        return False
    found = lookup(text)
    return found is None or found.name != text or found.group != "layer" or not found.torch.startswith("nn.")


def statements_of(merged: Merged, settle: Settle, names: Names, *, model: bool, inputs: tuple[tree.Statement, ...] = (),
                  condition: Callable[[Line], tree.Expr] | None = None) -> tuple[tree.Statement, ...]:  # fmt: skip
    """Return the statements of a block: inputs, layers, flow, output; what is not in every use stands in an `if`."""
    condition = condition or getattr(getattr(settle, "__self__", None), "condition", None)
    top = list(inputs or _inputs(merged, names))
    layers: list[tree.Statement] = []
    flow: list[tree.Statement] = []
    for at, line in enumerate(merged.lines):
        if line.others and condition is not None:
            _either(line, layers, flow, condition(line), settle, names)
            continue
        if line.item.key == "output ":
            flow.append(located(_output(line, settle, names, flow, model=model), span_of(line.item.place)))
            continue
        into = layers if line.item.key else flow
        if isinstance(line, Loop):
            flow += _looped(line, at, settle, names)
            flow += [located(_defined(each, at, settle, names, flow), span_of(each.item.place)) for each in line.following]
            continue
        made = located(_defined(line, at, settle, names, into), span_of(line.item.place))
        if all(line.present):
            into.append(made)
        else:
            assert condition is not None
            _guarded(into, condition(line), made)
    _move(layers, flow)
    return (*top, *_apart(layers), *_apart(flow, after=bool(layers)))


def _defined(line: Line, at: int, settle: Settle, names: Names, into: list[tree.Statement]) -> tree.Statement:
    """Return the definition of a line; before one that is not always there, what stands in for its value."""
    if line.item.key:
        return define(line.item.key, settled(settle(line.expr), names.names))
    if line.instead is not None:
        target = line.item.targets[0]
        before = names.names[line.instead]
        expr = settled(settle(line.expr), names.names)
        # Where the one that stands in is not needed any more, its name is defined again.
        if names.last.get(line.instead, -1) <= at and names.names[line.instead] != target.name:
            names.names[target] = before
            names.holder[before] = target
            return define(before, expr)
        after = names.give(target, at)
        if after != before:
            into.append(define(after, name(before)))
        return define(after, expr)
    expr = settled(settle(line.expr), names.names)
    used = list(line.item.targets)
    if line.item.first and not any(value in names.last for value in used[1:]):
        used = used[:1]
    targets = tuple([name(names.give(value, at) if value in names.last else "_") for value in used])
    return tree.Define(SPAN, tree.Comments(), targets, expr)


def _looped(loop: Loop, at: int, settle: Settle, names: Names) -> list[tree.Statement]:
    """Return a loop, each turn with layers of its own; before it, what it begins with, under the name that goes round."""
    found: list[tree.Statement] = []
    for old, new in loop.carried.items():
        before = names.names[old]
        if new.name != before and free(new.name) and new.name not in names.taken:
            base = names.give(new, at)
            found.append(define(base, name(before)))
        else:
            names.names[new], names.holder[before] = before, new
    body: list[tree.Statement] = [
        located(define(line.item.key, settled(settle(line.expr), names.names)), span_of(line.item.place)) for line in loop.made
    ]
    for line in loop.lines:
        known = {old: names.names[new] for old, new in loop.carried.items()}
        expr = settled(settle(line.expr), {**names.names, **known})
        for value in line.item.targets:
            if value not in names.names:
                # What a turn makes keeps clear of all that another turn may need.
                names.last[value] = max(at, names.last.get(value, at))
                names.give(value, at - 1)
        targets = tuple([name(names.names[value]) for value in line.item.targets])
        body.append(located(tree.Define(SPAN, tree.Comments(), targets, expr), span_of(line.item.place)))
    turns = call("range", literal(loop.count))
    return [*found, tree.For(SPAN, tree.Comments(), (name("i"),), turns, tuple(body))]


def _either(line: Line, layers: list[tree.Statement], flow: list[tree.Statement], test: tree.Expr, settle: Settle, names: Names) -> None:
    """Write a line that is one thing in some uses and another in the others; outputs of that kind get a name."""
    span = span_of(line.item.place)
    exprs = [settled(settle(one.expr), names.names) for one in line.all]
    if line.item.key != "output ":
        then, otherwise = [located(define(line.item.key, expr), span) for expr in exprs]
        layers.append(tree.If(SPAN, tree.Comments(), test, (then,), (otherwise,)))
        return
    results = [names.fresh("y") for _ in exprs[0].items]
    then, otherwise = [tuple([located(define(key, each), span) for key, each in zip(results, expr.items, strict=True)]) for expr in exprs]
    before = flow[-1] if flow else None
    if isinstance(before, tree.If) and before.condition == test and not before.otherwise:
        flow[-1] = tree.If(SPAN, before.comments, test, (*before.then, *then), otherwise)
    else:
        flow.append(tree.If(SPAN, tree.Comments(), test, then, otherwise))
    flow.append(located(tree.Output(SPAN, tree.Comments(), (), tuple([name(key) for key in results])), span))


def _guarded(into: list[tree.Statement], condition: tree.Expr, made: tree.Statement) -> None:
    """Put a definition into an `if`; into the one just before where that asks the same."""
    last = into[-1] if into else None
    if isinstance(last, tree.If) and last.condition == condition:
        into[-1] = tree.If(SPAN, last.comments, condition, (*last.then, made), ())
    else:
        into.append(tree.If(SPAN, tree.Comments(), condition, (made,), ()))


def _move(layers: list[tree.Statement], flow: list[tree.Statement]) -> None:
    """Define layers that are not always there where they are used, under the same condition."""
    for at, later in enumerate(flow):
        if not isinstance(later, tree.If):
            continue
        moved = [each for each in layers if isinstance(each, tree.If) and each.condition == later.condition and not each.otherwise]
        for each in moved:
            layers.remove(each)
        then = (*[one for each in moved for one in each.then], *later.then)
        flow[at] = tree.If(SPAN, later.comments, later.condition, then, later.otherwise)


def _inputs(merged: Merged, names: Names) -> list[tree.Statement]:
    found: list[tree.Statement] = []
    for value in merged.body.inputs:
        type_ = None
        if merged.dims.get(value):
            sizes = tuple([name(letter) for letter in letters_of(value)])
            type_ = tree.Type(SPAN, dtype_of(value), False, sizes, (None,) * len(sizes))
        found.append(tree.Input(SPAN, tree.Comments(), name(names.names[value]), type_))
    return found


def _output(line: Line, settle: Settle, names: Names, flow: list[tree.Statement], *, model: bool) -> tree.Statement:
    """Return the outputs; the only one of a model is defined in its line."""
    values = tuple([settled(each, names.names) for each in settle(line.expr).items])
    last = flow[-1] if flow else None
    if model and len(values) == 1 and isinstance(last, tree.Define) and last.targets == values:
        flow.pop()
        return tree.Output(SPAN, tree.Comments(), last.targets, (last.value,))
    return tree.Output(SPAN, tree.Comments(), (), values)


def _apart(statements: list[tree.Statement], *, after: bool = True) -> list[tree.Statement]:
    """Put a blank line before the first of some statements."""
    if not statements or not after:
        return statements
    first: Any = statements[0]
    fields = [getattr(first, field) for field in first._fields]
    fields[first._fields.index("comments")] = tree.Comments(blank=True)
    return [type(first)(*fields), *statements[1:]]
