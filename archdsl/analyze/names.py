"""What is not gone through is resolved all the same: a branch not taken, a block that nothing uses."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.constants import CONSTANTS, FUNCTIONS
from archdsl.analyze.values import BROKEN
from archdsl.layers.registry import lookup
from archdsl.syntax import tree
from archdsl.syntax.targets import target_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body


def resolve(body: Body, part: object) -> None:
    """Complain of names in a part of the tree that nothing defines, there or around it."""
    own: set[str] = set()
    used: list[tree.Name] = []
    stack: list[object] = [part]
    while stack:
        at = stack.pop()
        if isinstance(at, tuple):
            stack.extend(at)
        elif isinstance(at, tree.Name):
            used.append(at)
        elif isinstance(at, tree.Init | tree.Tie):
            # Their words are functions of torch.nn.init and keys, which only the weights show.
            continue
        elif isinstance(at, tree.Node):
            own |= _defines(at)
            skipped = ("span", "comments", "targets", "name") if isinstance(at, tree.Statement) else ("span",)
            stack.extend(getattr(at, field) for field in at._fields if field not in skipped)  # type: ignore[attr-defined]
    from archdsl.analyze.forms import FORMS

    body.untaken |= own
    known = body.untaken | set(body.scope) | set(FORMS) | set(FUNCTIONS) | set(CONSTANTS)
    for name in sorted(used, key=lambda one: one.span.start):
        if name.id not in known and lookup(name.id) is None and not _init_function(name.id):
            from archdsl.layers.index import FILES

            body.complain(say.unknown_name(name.id, name.span, [*own, *body.scope, *FILES]))


def give_up(body: Body, statements: tuple[tree.Statement, ...]) -> None:
    """Statements that cannot be gone through: their names are resolved, and what they define is not asked about again."""
    resolve(body, statements)
    body.scope.update(dict.fromkeys(defined_in(statements), BROKEN))


def defined_in(statements: tuple[tree.Statement, ...]) -> set[str]:
    """Return every name that statements define, in branches and loops too."""
    found: set[str] = set()
    stack = list(statements)
    while stack:
        at = stack.pop()
        found |= _defines(at)
        if isinstance(at, tree.Output) and not at.targets:
            found.update(expr.id if isinstance(expr, tree.Name) else "output" for expr in at.values)
        elif isinstance(at, tree.If):
            stack += [*at.then, *at.otherwise]
        elif isinstance(at, tree.For):
            stack += at.body
    return found


def _init_function(name: str) -> bool:
    from archdsl.layers.inits import lookup_init

    return lookup_init(name) is not None


def _defines(node: tree.Node) -> set[str]:
    """Return the names that a node defines for what stands around or below it."""
    if isinstance(node, tree.Define | tree.For | tree.Output | tree.Next):
        return {target.id for target in node.targets}
    if isinstance(node, tree.Input | tree.State):
        dims = node.type.dims if node.type is not None else ()
        return {node.name.id, *(dim.id for dim in dims if isinstance(dim, tree.Name))}
    if isinstance(node, tree.Clause):
        return set(target_names(node.targets))
    if isinstance(node, tree.Member):
        return {node.name} if node.name is not None else set()
    if isinstance(node, tree.Parameter):
        return {node.name}
    return {node.name.id} if isinstance(node, tree.Shorthand | tree.Carry) else set()
