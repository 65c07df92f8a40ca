"""What a class is told by the statements of its body: comments, modules, types, and where they are written."""

from __future__ import annotations

from archdsl.dims import Dim, Traced, origin_of, substitute
from archdsl.emit.liveness import lets_of
from archdsl.graph import Constant, Let, Make, SetState
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.dims import Size
    from archdsl.emit.scope import Scope
    from archdsl.emit.strands import Strand
    from archdsl.graph import Module, Statement


class InitPlace:
    """A scope whose values are written in the constructor."""

    def __init__(self, scope: Scope) -> None:
        self.document, self.strands, self.forward, self.instances = scope.document, scope.strands, scope.init, scope.instances
        self._scope = scope

    def argument(self, column: Sequence[object], _place: str = "") -> str:
        """Write an argument over the constructor's names."""
        return self._scope.argument(column)  # type: ignore[arg-type]

    def value(self, values: Sequence[object], _place: str = "") -> str:
        """Write a value over the constructor's names."""
        return self._scope.value(values)


def said(statement: Statement) -> list[str | None]:
    """Return the comments of a statement, those beside it last."""
    comments = statement.comments
    return [*comments.above, *([comments.beside] if comments.beside is not None else [])]


def paths(modules: Sequence[Module], path: str, found: dict[int, str]) -> None:
    """Note how each module is reached from the class that owns it."""
    stack = [(module, path, False) for module in modules]
    while stack:
        module, above, indexed = stack.pop()
        here = f"{above}[{module.name}]" if indexed and module.name.isdigit() else f"{above}.{module.name}"
        found[id(module)] = here
        below = module.instance.modules if module.instance is not None else module.members
        stack.extend((child, here, module.kind in ("chain", "list")) for child in below)


def resized(sides: Sequence[tuple[Strand, Sequence[Statement]]]) -> set[str]:
    """Return the values that a body defines with another shape than they have before it."""
    found: set[str] = set()
    for strand, body in sides:
        for let in lets_of(body):
            for name, kind in zip(let.targets, [let.node.type] if len(let.targets) == 1 else (), strict=False):
                before = strand.types.get(name)
                if isinstance(before, Tensor) and isinstance(kind, Tensor) and before.shape != kind.shape:
                    found.add(name)
    return found


def made_in(body: Sequence[Statement]) -> list[Module]:
    """Return the modules that a body makes by itself, outside of conditions and loops in it."""
    found: list[Module] = []
    for statement in body:
        if isinstance(statement, Make):
            found.append(statement.module)
        elif isinstance(statement, Let | SetState):
            found.extend(statement.makes)
    return found


def constants_of(body: Sequence[Statement]) -> dict[str, Size]:
    """Return the sizes that a body names, each as what it comes from."""
    found: dict[str, Size] = {}
    for one in body:
        origin = origin_of(one.value) if isinstance(one, Constant) and isinstance(one.value, Traced) else None
        if isinstance(one, Constant) and isinstance(origin, Dim):
            found[one.name] = substitute(origin, found)
    return found


def left_by(body: Sequence[Statement], name: str, axis: int) -> object:
    """Return the size that a body leaves a value with, or None where it does not define it."""
    kinds = [let.node.type for let in lets_of(body) if let.targets == (name,)]
    kind = kinds[-1] if kinds else None
    return kind.shape[axis] if isinstance(kind, Tensor) and axis < len(kind.shape) else None


def note_types(strand: Strand, statement: Let | SetState) -> None:
    """Note the types of the values that a statement names."""
    if isinstance(statement, SetState):
        return
    kind = statement.node.type
    kinds = [kind] if isinstance(kind, Tensor) or len(statement.targets) == 1 else list(kind)
    for name, each in zip(statement.targets, kinds, strict=True):
        strand.types[name] = each
