"""From a network that exists to the spec that builds it.

`spec_of(wanted)` makes the network, watches it compute, writes down each of its classes as a block, and
then tries the spec out: it has to have the same keys and, with the same weights, the same outputs.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from archdsl.run.import_blocks import Book
from archdsl.run.import_errors import CannotImport, Inexpressible, Place
from archdsl.run.import_inline import gather
from archdsl.run.import_layers import is_leaf, remember_arguments
from archdsl.run.import_lines import Names, statements_of
from archdsl.run.import_loops import roll
from archdsl.run.import_merge import Merged
from archdsl.run.import_shorthands import shorthands
from archdsl.run.import_sizes import BATCH
from archdsl.run.import_tidy import tidy
from archdsl.run.import_trace import HERE, TORCH, Scope, Tracer
from archdsl.run.import_tree import SPAN, literal, name
from archdsl.run.import_writer import Body
from archdsl.syntax import tree

SYMBOLIC = 11
"""The size that a dimension with a name has while the network is watched, unless it is bounded below that."""


class Wanted(NamedTuple):
    """What to import: a class of a module, arguments for it, and its inputs with their types, without the batch."""

    module: str
    kind: str
    arguments: dict[str, Any]
    inputs: tuple[tree.Input, ...]


class Imported(NamedTuple):
    """A spec, as a tree, with the network that it is of and the inputs that it was watched with."""

    file: tree.File
    name: str
    net: nn.Module
    inputs: dict[str, torch.Tensor]
    others: dict[str, torch.Tensor]
    asked: list[Place]


def imported(wanted: Wanted) -> Imported:
    """Return the spec of a network. Raises CannotImport, and Inexpressible for what no spec says."""
    net = network(wanted)
    given, symbols = examples(wanted.inputs)
    scope, asked = watch(net, given)
    tidy(scope, {})
    short, made = shorthands(scope)
    book = Book(scope, made)
    body = Body(scope, book, symbols)
    gather(body, model=True)
    merged = Merged([body])
    roll(merged)
    lines = statements_of(merged, lambda node: node, Names(merged, book.taken), model=True, inputs=wanted.inputs)
    model = tree.Block(SPAN, tree.Comments(blank=bool(book.blocks)), "model", name(wanted.kind), (), (*lines, *ties(net)))
    others, _ = examples(wanted.inputs, BATCH - 1, SYMBOLIC - 3)
    return Imported(tree.File(SPAN, (*short, *book.blocks, model), tree.Comments()), wanted.kind, net, given, others, asked)


def ties(net: nn.Module) -> list[tree.Tie]:
    """Return which weights are one, though two layers have them."""
    owners: dict[int, tuple[str, int]] = {}
    found: list[tree.Tie] = []
    for owner, module in net.named_modules():
        for key, weight in module.named_parameters(recurse=False):
            path = f"{owner}.{key}".lstrip(".")
            first, holder = owners.setdefault(id(weight), (path, id(module)))
            if holder != id(module):
                found.append(tree.Tie(SPAN, tree.Comments(), _path(path), _path(first)))
    return found


def _path(key: str) -> tree.Expr:
    """Return a key of the state dict as an expression: `blocks[0].fc.weight`."""
    parts = key.split(".")
    found: tree.Expr = name(parts[0])
    for part in parts[1:]:
        found = tree.Subscript(SPAN, found, (literal(int(part)),)) if part.isdigit() else tree.Attribute(SPAN, found, part)
    return found


def network(wanted: Wanted) -> nn.Module:
    """Import the module and make the network; its layers remember what they are made with."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        held = importlib.import_module(wanted.module)
    except ImportError as error:
        raise CannotImport(f"{wanted.module} cannot be imported: {error}") from error
    except Exception as error:
        raise Inexpressible(place_of(error), f"{wanted.module} fails when it is imported: {first_line(error)}") from error
    kind = getattr(held, wanted.kind, None)
    if not callable(kind):
        raise CannotImport(f"{wanted.module} has no class {wanted.kind}")
    restore = remember_arguments()
    try:
        net = kind(**wanted.arguments)
    except Exception as error:
        place, message = place_of(error), f"{wanted.kind} cannot be made: {first_line(error)}"
        if not place.file:
            raise CannotImport(f"{message}; --arg NAME=VALUE gives it arguments") from error
        raise Inexpressible(place, message, "--arg NAME=VALUE gives it arguments.") from error
    finally:
        restore()
    if not isinstance(net, nn.Module):
        raise CannotImport(f"{wanted.module}:{wanted.kind} makes no nn.Module")
    check_inputs(net, [each.name.id for each in wanted.inputs])
    return net.eval()


def check_inputs(net: nn.Module, names: Sequence[str]) -> None:
    """Hold the inputs that were named to those of `forward`. Raises CannotImport."""
    parameters = inspect.signature(net.forward).parameters.values()
    wanted = [one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    missing = [each for each in wanted if each not in names]
    unknown = [each for each in names if each not in {one.name for one in parameters}]
    if missing:
        raise CannotImport(
            f"{type(net).__name__} takes {', '.join(wanted)}: say of what shape, without the batch, as --input {missing[0]}=[3,224,224]"
        )
    if unknown:
        raise CannotImport(f"{type(net).__name__} takes {', '.join(wanted)}, and no {unknown[0]}")


def watch(net: nn.Module, inputs: dict[str, torch.Tensor]) -> tuple[Scope, list[Place]]:
    """Run the network once; return with its scope where it decides by whether it is training. Raises CannotImport where it cannot take such inputs."""
    try:
        tracer = Tracer(is_leaf)
        return tracer.run(net, inputs), list(dict.fromkeys(tracer.asked))
    except (Inexpressible, CannotImport):
        raise
    except Exception as error:
        message = f"{type(net).__name__} fails with such inputs: {first_line(error)}"
        raise Inexpressible(place_of(error), message, "Are the shapes those of --input, without the batch?") from error


def place_of(error: Exception) -> Place:
    """Return the last line of the user's that an error came through."""
    place = Place(error.filename or "", error.lineno or 0) if isinstance(error, SyntaxError) else Place("", 0)
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        place = place if file.startswith((TORCH, HERE, "<")) or isinstance(error, SyntaxError) else Place(file, trace.tb_lineno)
        trace = trace.tb_next
    return place


def first_line(error: Exception) -> str:
    """Return what an error says, in a line."""
    return (str(error) or type(error).__name__).partition("\n")[0]


def difference(found: Imported, source: str) -> str:
    """Try out the module that the spec comes to; return what is not the same, or nothing.

    It takes the weights of the network; other samples than those watched, and other sizes where they have names.
    """
    from archdsl.run import module_of

    net, given = found.net, found.inputs
    made = module_of(source, found.name)().eval()
    ours, theirs = net.state_dict(), made.state_dict()
    for key in [*ours, *theirs]:
        if key not in ours or key not in theirs:
            return f"the key {key} stands in {'the network' if key in ours else 'the spec'} alone"
        if ours[key].shape != theirs[key].shape:
            return f"{key} is {list(ours[key].shape)}, and {list(theirs[key].shape)} in the spec"
    made.load_state_dict(ours)
    for number, samples in enumerate((given, found.others)):
        results = []
        for one in (net, made):
            torch.manual_seed(number)
            with torch.no_grad():
                results.append(_flat(one(**{name: tensor.clone() for name, tensor in samples.items()})))
        if len(results[0]) != len(results[1]) or any(not _close(*pair) for pair in zip(*results, strict=True)):
            return "the outputs differ" + (" for inputs of other sizes" if number else "")
    return ""


def _flat(result: Any) -> list[torch.Tensor]:
    return [tensor for one in result for tensor in _flat(one)] if isinstance(result, (tuple, list)) else [result]


def _close(left: torch.Tensor, right: torch.Tensor) -> bool:
    return left.shape == right.shape and torch.allclose(left.float(), right.float(), rtol=1e-4, atol=1e-5, equal_nan=True)


def examples(
    inputs: Sequence[tree.Input], batch: int = BATCH, length: int = SYMBOLIC
) -> tuple[dict[str, torch.Tensor], dict[tuple[str, int], str]]:
    """Draw an example of each input; return with them which of their dimensions have which names."""
    given: dict[str, torch.Tensor] = {}
    symbols: dict[tuple[str, int], str] = {}
    for each in inputs:
        assert each.type is not None
        if each.type.ragged:
            raise CannotImport(f"the input {each.name.id} is ragged; import watches sequences of one length: leave the word out")
        sizes = [batch]
        for axis, (size, bound) in enumerate(zip(each.type.dims, each.type.bounds, strict=True)):
            if isinstance(size, tree.Name):
                symbols[each.name.id, axis] = size.id
                most = bound.value if isinstance(bound, tree.Literal) and isinstance(bound.value, int) else length
                sizes.append(min(length, most))
            elif isinstance(size, tree.Literal) and isinstance(size.value, int):
                sizes.append(size.value)
            else:
                raise CannotImport(f"a size of the input {each.name.id} is no number and no name")
        dtype = each.type.dtype or "float32"
        given[each.name.id] = torch.randn(sizes) if dtype.startswith("float") else torch.randint(0, 2, sizes).to(getattr(torch, dtype))
    return given, symbols


__all__ = ["CannotImport", "Imported", "Inexpressible", "Place", "Wanted", "difference", "imported"]
