"""From a network that exists to the spec that builds it.

`spec_of(wanted)` makes the network, watches it compute, writes down each of its classes as a block, and
then tries the spec out: it has to have the same keys and, with the same weights, the same outputs.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, NamedTuple

import torch
from torch import nn

from archdsl.run.import_blocks import Book
from archdsl.run.import_errors import CannotImport, Inexpressible, Place
from archdsl.run.import_inline import gather
from archdsl.run.import_layers import is_leaf, remember_arguments
from archdsl.run.import_lines import Names, statements_of
from archdsl.run.import_merge import Merged
from archdsl.run.import_sizes import BATCH
from archdsl.run.import_trace import Scope, Tracer
from archdsl.run.import_tree import SPAN, name
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
    net: nn.Module
    inputs: dict[str, torch.Tensor]


def imported(wanted: Wanted) -> Imported:
    """Return the spec of a network. Raises CannotImport, and Inexpressible for what no spec says."""
    net = network(wanted)
    given, symbols = examples(wanted.inputs)
    scope = watch(net, given)
    book = Book(scope)
    body = Body(scope, book, symbols)
    gather(body)
    merged = Merged([body])
    lines = statements_of(merged, lambda node: node, Names(merged, book.taken), model=True, inputs=wanted.inputs)
    model = tree.Block(SPAN, tree.Comments(blank=bool(book.blocks)), "model", name(wanted.kind), (), lines)
    return Imported(tree.File(SPAN, (*book.blocks, model), tree.Comments()), net, given)


def network(wanted: Wanted) -> nn.Module:
    """Import the module and make the network; its layers remember what they are made with."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        held = importlib.import_module(wanted.module)
    except ImportError as error:
        raise CannotImport(f"{wanted.module} cannot be imported: {error}") from error
    kind = getattr(held, wanted.kind, None)
    if not callable(kind):
        raise CannotImport(f"{wanted.module} has no class {wanted.kind}")
    restore = remember_arguments()
    try:
        net = kind(**wanted.arguments)
    except TypeError as error:
        raise CannotImport(f"{wanted.kind} cannot be made: {error}; --arg NAME=VALUE gives it arguments") from error
    finally:
        restore()
    if not isinstance(net, nn.Module):
        raise CannotImport(f"{wanted.module}:{wanted.kind} makes no nn.Module")
    return net.eval()


def watch(net: nn.Module, inputs: dict[str, torch.Tensor]) -> Scope:
    """Run the network once. Raises CannotImport where it cannot take such inputs."""
    try:
        return Tracer(is_leaf).run(net, inputs)
    except Inexpressible:
        raise
    except Exception as error:
        place = error.__traceback__
        where = ""
        while place is not None:
            where = f" ({place.tb_frame.f_code.co_filename}:{place.tb_lineno})"
            place = place.tb_next
        raise CannotImport(f"{type(net).__name__} cannot compute with these inputs: {error}{where}") from error


def examples(inputs: tuple[tree.Input, ...]) -> tuple[dict[str, torch.Tensor], dict[tuple[str, int], str]]:
    """Draw an example of each input; return with them which of their dimensions have which names."""
    given: dict[str, torch.Tensor] = {}
    symbols: dict[tuple[str, int], str] = {}
    for each in inputs:
        assert each.type is not None
        sizes = [BATCH]
        for axis, (size, bound) in enumerate(zip(each.type.dims, each.type.bounds, strict=True)):
            if isinstance(size, tree.Name):
                symbols[each.name.id, axis] = size.id
                most = bound.value if isinstance(bound, tree.Literal) and isinstance(bound.value, int) else SYMBOLIC
                sizes.append(min(SYMBOLIC, most))
            elif isinstance(size, tree.Literal) and isinstance(size.value, int):
                sizes.append(size.value)
            else:
                raise CannotImport(f"a size of the input {each.name.id} is no number and no name")
        dtype = each.type.dtype or "float32"
        given[each.name.id] = torch.randn(sizes) if dtype.startswith("float") else torch.randint(0, 2, sizes).to(getattr(torch, dtype))
    return given, symbols


__all__ = ["CannotImport", "Imported", "Inexpressible", "Place", "Wanted", "imported"]
