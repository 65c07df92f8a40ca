"""How the numbers of a buffer came about, where they tell: ones and zeros, counting, triangles, the sines of positions."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_layers import constant
from archdsl.run.import_tree import SPAN, binary, call, literal, name
from archdsl.syntax import tree

MOST_LISTED = 64
"""As many numbers are listed in a spec; more want a rule."""


def buffer_of(key: str, held: torch.Tensor, place: Place) -> list[tuple[str, tree.Expr]]:
    """Return the definition of a buffer, after those of values that it is made of."""
    if held.numel() <= MOST_LISTED and len(set(held.flatten().tolist())) > 2:
        return [(key, call("buffer", constant(held.tolist(), place)))]
    core = held.detach()
    around = 0
    while core.dim() > 1 and core.shape[0] == 1:
        core, around = core[0], around + 1
    for before, expr, made in _rules(core):
        if made.shape == core.shape and torch.allclose(made.double(), core.double(), rtol=1e-4, atol=1e-5):
            dtype = str(held.dtype).removeprefix("torch.")
            cast = expr if made.dtype == held.dtype else call("to", expr, literal(dtype))
            whole = tree.Subscript(SPAN, cast, (literal(None),) * around) if around else cast
            return [*before, (key, call("buffer", whole))]
    if held.numel() <= MOST_LISTED:
        return [(key, call("buffer", constant(held.tolist(), place)))]
    raise Inexpressible(
        place,
        f"The buffer {key} {list(held.shape)} holds numbers that a spec would have to list",
        "Compute it in forward, from arange, ones or tril.",
    )


Rule = tuple[list[tuple[str, tree.Expr]], tree.Expr, torch.Tensor]


def _rules(core: torch.Tensor) -> Iterator[Rule]:
    """Go through what a tensor of this shape may be: values to define before, the expression, and what it comes to."""
    shape = tuple(core.shape)
    sizes = [literal(size) for size in shape]
    if not shape:
        return
    yield [], call("zeros", *sizes), torch.zeros(shape)
    yield [], call("ones", *sizes), torch.ones(shape)
    first = core.flatten()[0].item()
    if math.isfinite(float(first)):
        yield [], call("full", tree.TupleExpr(SPAN, tuple(sizes)), literal(float(first))), torch.full(shape, float(first))
    if len(shape) == 1:
        yield [], call("arange", *sizes), torch.arange(shape[0])
    if len(shape) != 2:
        return
    ones = torch.ones(shape)
    for word in ("tril", "triu"):
        for diagonal in (0, 1, -1):
            named = {"diagonal": literal(diagonal)} if diagonal else {}
            yield [], call(word, call("ones", *sizes), **named), getattr(torch, word)(ones, diagonal)
    yield [], call("eye", *sizes[: 1 if shape[0] == shape[1] else 2]), torch.eye(*shape)
    if shape[1] % 2 == 0:
        yield _sines(*shape)


def _sines(length: int, width: int) -> Rule:
    """The positions of a Transformer, as sines and cosines of ever longer waves, in turn."""
    waves = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(length)[:, None] * waves
    made = torch.stack((angle.sin(), angle.cos()), dim=2).reshape(length, width)
    rate = binary("/", tree.Unary(SPAN, "-", call("log", literal(10000.0))), literal(width))
    frequencies = call("exp", binary("*", call("arange", literal(0), literal(width), literal(2)), rate))
    everywhere = tree.Slice(SPAN, None, None, None)
    positions = tree.Subscript(SPAN, call("arange", literal(length)), (everywhere, literal(None)))
    both = call("stack", call("sin", name("angle")), call("cos", name("angle")), dim=literal(2))
    return [("angle", binary("*", positions, frequencies))], call("reshape", both, literal(length), literal(width)), made
