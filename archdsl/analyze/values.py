"""What an expression can be while a spec is analyzed.

A constant is a plain Python value, a value is a `graph.Node`, and a layer is one of the classes here,
or a `graph.Module` once it has a name. `BROKEN` stands for what a complaint was made about already: it
swallows everything, so that one mistake gives one complaint.
"""

from __future__ import annotations

from archdsl.graph import Definition, Given, Module, Node, Splice
from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.dims import Size
    from archdsl.layers.registry import Layer
    from archdsl.syntax import tree


class Broken:
    """The one value of an expression that is at fault."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN = Broken()


class Spec:
    """A layer that is described and not made: each use of the description makes another."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span


class PlainSpec(Spec):
    """A layer of the registry with its bound arguments; `extra` are the values behind the one that a chain passes."""

    __slots__ = ("bound", "extra", "given", "layer")

    def __init__(
        self, layer: Layer, bound: Mapping[str, object], given: tuple[Given, ...], span: Span, extra: tuple[Node, ...] = ()
    ) -> None:
        super().__init__(span)
        self.layer, self.bound, self.given, self.extra = layer, bound, given, extra


class BlockSpec(Spec):
    """A block or cell with its arguments."""

    __slots__ = ("arguments", "decl", "given")

    def __init__(self, decl: BlockDecl, arguments: Mapping[str, object], given: tuple[Given, ...], span: Span) -> None:
        super().__init__(span)
        self.decl, self.arguments, self.given = decl, arguments, given


class MemberSpec(Record):
    """One member of a chain: its label, what it is (a Spec, or a named Module or Path), where it stands, and
    what it was spliced from.
    """

    name: str | None
    layer: object
    span: Span
    splice: Splice | None = None


class ChainSpec(Spec):
    """Layers in a row. A `spliced` one gives its members to the chain around it; one that stands in
    parentheses is `grouped`, and stays one member wherever it comes to stand.
    """

    __slots__ = ("grouped", "members", "spliced")

    def __init__(self, members: list[MemberSpec], span: Span, *, spliced: bool = False) -> None:
        super().__init__(span)
        self.members, self.spliced, self.grouped = members, spliced, False


class WrapSpec(Spec):
    """`weight_norm(layer)` or `spectral_norm(layer)`."""

    __slots__ = ("given", "inner", "layer")

    def __init__(self, layer: Layer, inner: Spec, given: tuple[Given, ...], span: Span) -> None:
        super().__init__(span)
        self.layer, self.inner, self.given = layer, inner, given


class ScanSpec(Spec):
    """A cell run over time: `scan(cell, steps=n, h=start)`. `cell` is a Spec or a named Module."""

    __slots__ = ("cell", "starts", "steps", "steps_expr")

    def __init__(self, cell: object, starts: dict[str, Node], steps: Size | None, steps_expr: tree.Expr | None, span: Span) -> None:
        super().__init__(span)
        self.cell, self.starts, self.steps, self.steps_expr = cell, starts, steps, steps_expr


class Path:
    """A named chain that mentions named layers: it is written in `forward`, and owns only its unnamed members."""

    __slots__ = ("members", "span", "used")

    def __init__(self, members: list[MemberSpec], span: Span) -> None:
        self.members, self.span, self.used = members, span, False


class Weights:
    """A `parameter(...)` or `buffer(...)` that has no name yet."""

    __slots__ = ("given", "kind", "span", "type", "value")

    def __init__(self, kind: str, type: object, value: object, given: tuple[Given, ...], span: Span) -> None:
        self.kind, self.type, self.value, self.given, self.span = kind, type, value, given, span


class BlockDecl:
    """A block or cell as declared, with the scope that it sees."""

    __slots__ = ("block", "busy", "definition", "instances", "known", "sizes")

    def __init__(self, block: tree.Block, definition: Definition) -> None:
        self.block, self.definition = block, definition
        self.instances: dict[object, object] = {}
        self.sizes: dict[object, int] = {}
        self.busy = False
        self.known = True


class ShorthandDecl:
    """A shorthand as declared, with the scope that it sees."""

    __slots__ = ("busy", "definition", "scope", "shorthand")

    def __init__(self, shorthand: tree.Shorthand, definition: Definition, scope: Mapping[str, object]) -> None:
        self.shorthand, self.definition, self.scope = shorthand, definition, scope
        self.busy = False


def is_layer(value: object) -> bool:
    """Whether a value of analysis is a layer, made or not."""
    return isinstance(value, Spec | Path | Module)


def has_weights(layer: object) -> bool:
    """Whether a layer needs a place in the state dict."""
    if isinstance(layer, PlainSpec):
        return layer.layer.weighted
    if isinstance(layer, ChainSpec):
        return any(has_weights(member.layer) for member in layer.members)
    if isinstance(layer, ScanSpec):
        return has_weights(layer.cell)
    return isinstance(layer, Spec)
