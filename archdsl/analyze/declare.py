"""Blocks, cells and shorthands as declared, before anything is known of their arguments."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.naming import check_name
from archdsl.analyze.values import BlockDecl, ShorthandDecl
from archdsl.graph import Definition
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archdsl.analyze.context import Compiler


def shorthand(compiler: Compiler, statement: tree.Shorthand, scope: Mapping[str, object]) -> ShorthandDecl:
    """Make a shorthand known."""
    _check_parameters(compiler, statement.parameters)
    parameters = tuple((one.name, one.default) for one in statement.parameters)
    uses = tuple(_uses(compiler, statement, {name for name, _ in parameters}))
    definition = Definition(statement.name.id, "shorthand", parameters, uses, (), (), statement.comments, statement.span)
    return ShorthandDecl(statement, definition, dict(scope))


def block(compiler: Compiler, statement: tree.Block) -> BlockDecl:
    """Make a block, cell or model known."""
    _check_parameters(compiler, statement.parameters)
    inputs = [one for one in statement.body if isinstance(one, tree.Input)]
    parameters = tuple((one.name, one.default) for one in statement.parameters)
    patterns = tuple(
        None if one.type is None else tuple(dim.id if isinstance(dim, tree.Name) else None for dim in one.type.dims) for one in inputs
    )
    uses = tuple(_uses(compiler, statement, {name for name, _ in parameters}))
    names = tuple(one.name.id for one in inputs)
    definition = Definition(statement.name.id, statement.kind, parameters, uses, names, patterns, statement.comments, statement.span)
    return BlockDecl(statement, definition)


def _check_parameters(compiler: Compiler, parameters: tuple[tree.Parameter, ...]) -> None:
    seen: dict[str, tree.Parameter] = {}
    for parameter in parameters:
        check_name(compiler, parameter.name, parameter.span)
        if parameter.name in seen:
            compiler.complain(say.defined_twice(parameter.name, "The parameter", parameter.span, seen[parameter.name].span))
        seen[parameter.name] = parameter


def _uses(compiler: Compiler, node: tree.Node, own: set[str]) -> list[str]:
    """Return the file's params that a declaration speaks of, itself or through what it uses; in the file's order.

    Only emission asks, whose classes take them as arguments.
    """
    if not compiler.traced:
        return []
    found: set[str] = set()
    for name in mentioned(node):
        decl = compiler.globals.get(name)
        if isinstance(decl, BlockDecl | ShorthandDecl):
            found.update(decl.definition.uses)
        elif name in compiler.params and name not in own:
            found.add(name)
    compiler.used_params |= found
    return [name for name in compiler.params if name in found]


def nodes_in(part: object) -> Iterator[tree.Node]:
    """Go through every node of a part of the tree, itself included; no depth of it is too deep."""
    stack: list[object] = [part]
    while stack:
        at = stack.pop()
        if isinstance(at, tuple):
            stack.extend(at)
        elif isinstance(at, tree.Node):
            yield at
            stack.extend(getattr(at, field) for field in at._fields if field not in ("span", "comments"))  # type: ignore[attr-defined]


def mentioned(part: object) -> Iterator[str]:
    """Go through every name that stands in a part of the tree."""
    return (node.id for node in nodes_in(part) if isinstance(node, tree.Name))
