"""What torch's functions come to as expressions of a spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_layers import bound, layer_of_function, made
from archdsl.run.import_sizes import BATCH, Size, is_batch, sized
from archdsl.run.import_tidy import gaussian_sample
from archdsl.run.import_trace import Step, Value
from archdsl.run.import_tree import SPAN, Applied, Link, Made, binary, call
from archdsl.syntax import tree

Lower = Callable[[Any, Place], tree.Expr]

OPERATORS = {
    "add": "+", "__add__": "+", "__radd__": "+", "__iadd__": "+", "add_": "+", "sub": "-", "__sub__": "-", "__rsub__": "-", "rsub": "-", "sub_": "-",
    "__isub__": "-", "subtract": "-", "mul": "*", "__mul__": "*", "__rmul__": "*", "__imul__": "*", "mul_": "*", "multiply": "*", "div": "/",
    "true_divide": "/", "__truediv__": "/", "__rtruediv__": "/", "__rdiv__": "/", "__div__": "/", "div_": "/", "__itruediv__": "/", "divide": "/",
    "floor_divide": "//", "__floordiv__": "//", "__rfloordiv__": "//", "remainder": "%", "__mod__": "%", "fmod": "%", "pow": "**",
    "__pow__": "**", "__rpow__": "**", "matmul": "@", "__matmul__": "@", "__rmatmul__": "@", "mm": "@", "bmm": "@",
}  # fmt: skip
COMPARISONS = {"eq": "==", "__eq__": "==", "ne": "!=", "__ne__": "!=", "lt": "<", "__lt__": "<", "gt": ">", "__gt__": ">", "le": "<=", "__le__": "<=",
               "ge": ">=", "__ge__": ">="}  # fmt: skip
SWAPPED = {"__radd__", "__rsub__", "rsub", "__rmul__", "__rtruediv__", "__rdiv__", "__rfloordiv__", "__rpow__", "__rmatmul__"}
LOWEST = -1e9
SAME = {"contiguous", "clone", "cuda", "cpu", "requires_grad_", "alias", "__deepcopy__", "to_dense", "pin_memory", "view_as_real_"}
CASTS = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "long": "int64",
    "int": "int32",
    "bool": "bool",
}


def function_expression(step: Step, lower: Lower) -> tree.Expr | Value:
    """Return what a call of a function is in a spec; a Value where nothing changes. Raises Inexpressible."""
    text = _name_of(step.target)
    args, place = step.args, step.place
    if step.target is gaussian_sample:
        return applied(tuple([lower(value, place) for value in args]), Made(SPAN, text, (), (), 0))
    if text in SAME or (text in ("dropout", "dropout_") and step.kwargs.get("p") == 0):
        return args[0]  # type: ignore[no-any-return]
    if text in OPERATORS and len(args) >= 2 and not step.kwargs.get("alpha"):
        # torch does not tell `0.5 * x` from `x * 0.5`: the number goes first, as it mostly does.
        first = text in SWAPPED or (OPERATORS[text] == "*" and isinstance(args[1], (int, float)))
        left, right = (args[1], args[0]) if first else (args[0], args[1])
        return binary(OPERATORS[text], lower(left, place), lower(right, place))
    if text in COMPARISONS:
        return tree.Compare(SPAN, (COMPARISONS[text],), (lower(args[0], place), lower(args[1], place)))
    if text in ("neg", "__neg__"):
        return tree.Unary(SPAN, "-", lower(args[0], place))
    special = _SPECIAL.get(text)
    if special is not None:
        found = special(step, lower)
        if found is not None:
            return found
    return _registered(step, text, lower)


def _name_of(function: Any) -> str:
    text = str(getattr(function, "__name__", function))
    return str(getattr(getattr(function, "__self__", None), "__name__", text)) if text == "__get__" else text


def _registered(step: Step, text: str, lower: Lower) -> tree.Expr:
    layer = layer_of_function(step.target)
    if layer is None:
        raise Inexpressible(step.place, f"{text.strip('_')} has no counterpart in a spec", "`archdsl layers` lists what there is.")
    values, arguments = bound(layer, step.target, step.args, step.kwargs, step.place)
    while values and values[-1] is None:
        values.pop()
    function = made(layer, arguments, lambda leaf: lower(leaf, step.place))
    if not values:
        return function if function.arguments else call(function.function)
    heads = tuple([lower(value, step.place) for value in values])
    return applied(heads, function)


def applied(heads: tuple[tree.Expr, ...], layer: tree.Expr) -> Applied:
    """Return values passed to a layer; a path that leads to it is gone on with."""
    if len(heads) == 1 and isinstance(heads[0], Applied):
        return Applied(SPAN, heads[0].heads, (*heads[0].links, Link(SPAN, layer)))
    return Applied(SPAN, heads, (Link(SPAN, layer),))


def _function(value: Any, lower: Lower, place: Place, layer: str, *arguments: Any, **named: Any) -> Applied:
    given = [(str(number), lower(each, place)) for number, each in enumerate(arguments)] + [
        (key, lower(each, place)) for key, each in named.items()
    ]
    return applied((lower(value, place),), Made(SPAN, layer, tuple(given), (), 0))


# ---------------------------------------------------------------- functions with a meaning of their own


def _getitem(step: Step, lower: Lower) -> tree.Expr:
    base, index = step.args[0], step.args[1]
    indices = index if isinstance(index, tuple) else (index,)
    first = indices[0] if indices else None
    if base.batched and isinstance(first, int) and not isinstance(first, bool):
        raise Inexpressible(
            step.place, "This takes one sample out of the batch", "A spec speaks of one sample; indices begin after the batch, x[:, 0]."
        )
    return tree.Subscript(SPAN, lower(base, step.place), tuple([_index(one, lower, step.place) for one in indices]))


def _index(index: Any, lower: Lower, place: Place) -> tree.Expr:
    if index is Ellipsis:
        return tree.Dots(SPAN)
    if isinstance(index, slice):
        return tree.Slice(SPAN, *[None if part is None else lower(part, place) for part in (index.start, index.stop, index.step)])
    return lower(index, place)


def _reshape(step: Step, lower: Lower) -> tree.Expr | Value:
    """Leave the batch out of a new shape; one that takes all but it together is `flatten`."""
    value = step.args[0]
    given = step.args[1:] or tuple(step.kwargs.values())
    sizes = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    word = "view" if _name_of(step.target) == "view" else "reshape"
    if len(sizes) == 1 and isinstance(sizes[0], torch.dtype):
        return _function(value, lower, step.place, "to", sizes[0])
    result = step.result
    if not value.batched:
        return _function(value, lower, step.place, word, *sizes)
    keeps = is_batch(sizes[0]) or (result.shape[0] == BATCH and (sizes[0] == -1 or int(sizes[0]) == BATCH))
    if not keeps or any(sized(size) for size in sizes[1:]):
        raise Inexpressible(
            step.place, "This joins the batch with other dimensions", "A spec speaks of one sample: let the batch stay the first dimension."
        )
    rest = sizes[1:]
    if tuple(result.shape[1:]) == tuple(value.shape[1:]):
        return value  # type: ignore[no-any-return]
    if len(rest) == 1 and len(value.shape) > 2:
        return _function(value, lower, step.place, "flatten")
    kept = _kept(value.shape[1:], result.shape[1:])
    if kept is not None:
        start, old, new = kept
        if new == 1 and old > 1:
            return _function(
                value, lower, step.place, "flatten", start + 1, *([] if start + old == len(value.shape) - 1 else [start + old])
            )
        if old == 1 and new > 1:
            return _function(value, lower, step.place, "unflatten", start + 1, tuple(rest[start : start + new]))
    return _function(value, lower, step.place, word, *rest)


def _kept(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return which stretch of dimensions becomes which: where it begins, how many they were, and are."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = len(old) - start - end, len(new) - start - end
    return (start, before, after) if 1 in (before, after) and before and after else None


def _expand(step: Step, lower: Lower) -> tree.Expr | Value:
    """Let what has no batch of its own stay so: it broadcasts over the batch where it is used."""
    value = step.args[0]
    given = step.args[1:] or tuple(step.kwargs.values())
    sizes = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list, torch.Size)) else given
    if isinstance(given[0], Value):
        sizes = tuple([Size(size, ("dim", given[0], axis)) for axis, size in enumerate(given[0].shape)])
    same = all(size == -1 or int(size) == old for size, old in zip(sizes[1:], value.shape[1:], strict=False))
    if not value.batched and len(sizes) == len(value.shape) and same and (sized(sizes[0]) or int(sizes[0]) == BATCH):
        return value  # type: ignore[no-any-return]
    if value.batched:
        return _function(value, lower, step.place, "expand", *sizes[1:])
    if any(sized(size) for size in sizes):
        raise Inexpressible(step.place, "This repeats a value for each sample", "What has no batch broadcasts over it by itself.")
    return _function(value, lower, step.place, "expand", *sizes)


def _linear(step: Step, lower: Lower) -> tree.Expr:
    value, weight, *bias = step.args
    bias = bias or [one for one in [step.kwargs.get("bias")] if one is not None]
    turned = _function(weight, lower, step.place, "transpose", 0, 1)
    product = binary("@", lower(value, step.place), turned)
    return binary("+", product, lower(bias[0], step.place)) if bias and bias[0] is not None else product


def _to(step: Step, lower: Lower) -> tree.Expr | Value:
    """Keep a change of dtype; where a value lives is no matter of a spec."""
    wanted = [one for one in (*step.args[1:], *step.kwargs.values()) if isinstance(one, torch.dtype)]
    wanted += [one.dtype for one in (*step.args[1:], *step.kwargs.values()) if isinstance(one, Value)]
    value = step.args[0]
    return _function(value, lower, step.place, "to", wanted[0]) if wanted and wanted[0] != value.dtype else value


def _cast(step: Step, lower: Lower) -> tree.Expr | Value:
    value, dtype = step.args[0], CASTS[_name_of(step.target)]
    return value if str(value.dtype) == f"torch.{dtype}" else _function(value, lower, step.place, "to", dtype)


def _turned(step: Step, lower: Lower) -> tree.Expr | None:
    value = step.args[0]
    last = (1, 2) if value.batched and len(value.shape) == 3 else (-2, -1)
    return _function(value, lower, step.place, "transpose", *last)


def _fill(step: Step, lower: Lower) -> tree.Expr | None:
    """Fill with a number so low that softmax makes nothing of it, where it is infinitely low: a spec's numbers are finite."""
    value, mask = step.args[:2]
    filled = step.args[2] if len(step.args) > 2 else step.kwargs["value"]
    if not isinstance(filled, float) or abs(filled) != float("inf"):
        return None
    return _function(value, lower, step.place, "masked_fill", mask, LOWEST if filled < 0 else -LOWEST)


def _arange(step: Step, lower: Lower) -> tree.Expr | None:
    """Count from 0 without saying so."""
    if len(step.args) == 2 and step.args[0] == 0:
        return call("arange", lower(step.args[1], step.place))
    return _factory(step, lower)


def _pad(step: Step, lower: Lower) -> tree.Expr | Value | None:
    """Leave out what pads by nothing."""
    sizes = step.args[1] if len(step.args) > 1 else step.kwargs["pad"]
    return step.args[0] if all(int(size) == 0 for size in sizes) else None


def _repeat(step: Step, lower: Lower) -> tree.Expr | Value:
    value = step.args[0]
    given = step.args[1:]
    times = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    if (
        not value.batched
        and (sized(times[0]) or int(times[0]) == BATCH)
        and all(int(time) == 1 for time in times[1:])
        and len(times) == len(value.shape)
    ):
        return value  # type: ignore[no-any-return]
    raise Inexpressible(
        step.place, "Tensor.repeat has no counterpart in a spec", "expand, repeat_interleave or concat say the same, or broadcasting does."
    )


def _factory(step: Step, lower: Lower) -> tree.Expr | None:
    if any(sized(one) for one in _sizes((*step.args, *step.kwargs.values()))):
        raise Inexpressible(
            step.place,
            "This makes a tensor with a place for each sample",
            "A value without batch broadcasts: leave its first dimension out.",
        )
    return None


def _sizes(nested: Any) -> list[Any]:
    return [leaf for one in nested for leaf in (_sizes(one) if isinstance(one, (tuple, list)) else [one])]


def _extreme(step: Step, lower: Lower) -> tree.Expr | None:
    """`max` of two values is `maximum`."""
    if len(step.args) == 2 and isinstance(step.args[1], Value):
        return call(_name_of(step.target) + "imum", lower(step.args[0], step.place), lower(step.args[1], step.place))
    return None


def _tensor(step: Step, lower: Lower) -> tree.Expr | None:
    value = step.args[0]
    return lower(value, step.place) if isinstance(value, (int, float)) else None


def _dropout(step: Step, lower: Lower) -> tree.Expr | None:
    training = step.kwargs.get("training", step.args[2] if len(step.args) > 2 else True)
    if training:
        raise Inexpressible(step.place, "This dropout works in evaluation too", "training=self.training makes it the spec's dropout.")
    return None


_SPECIAL: dict[str, Callable[[Step, Lower], tree.Expr | Value | None]] = {
    "__getitem__": _getitem, "view": _reshape, "reshape": _reshape, "expand": _expand, "expand_as": _expand, "linear": _linear, "to": _to,
    "type_as": _to, "T": _turned, "mT": _turned, "t": _turned, "repeat": _repeat, "zeros": _factory, "ones": _factory, "full": _factory,
    "empty": _factory, "randn": _factory, "rand": _factory, "max": _extreme, "min": _extreme, "tensor": _tensor, "dropout": _dropout, "pad": _pad, "masked_fill": _fill, "masked_fill_": _fill, "arange": _arange,
    **dict.fromkeys(CASTS, _cast),
}  # fmt: skip
