"""What stands in the state dict, and the definitions that it comes from."""

from __future__ import annotations

from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.graph.instances import Instance
    from archdsl.layers.registry import Layer
    from archdsl.syntax.tree import Comments, Expr


class Given(Record):
    """An argument as it was given: `expr` is what the author wrote, over the names of the class.

    `expr` is None where the compiler supplied it. A `value` may be a Module (`weight_norm(conv2d(8, 3))`).
    """

    name: str
    value: object
    expr: Expr | None
    positional: bool = False
    span: Span | None = None


class Definition(Record):
    """What one emitted class or function comes from: `kind` is `model`, `block`, `cell` or `shorthand`.

    `parameters` are its own, in order, with defaults as written (None: required). `uses` are the
    file's `param`s that its body mentions, itself or through what it uses: they become arguments too.
    `inputs` are the declared inputs in order; `patterns` gives for each input the names of its
    dimensions where the spec names them (`input x: [T, D]`), else None.
    """

    name: str
    kind: str
    parameters: tuple[tuple[str, Expr | None], ...]
    uses: tuple[str, ...]
    inputs: tuple[str, ...]
    patterns: tuple[tuple[str | None, ...] | None, ...]
    comments: Comments
    span: Span


class Module:
    """A submodule: something that owns, or may own, weights, and stands in the state dict.

    `kind` is `layer` (a torch class), `block` (an instance of a definition), `chain` (an nn.Sequential),
    `list` (an nn.ModuleList), `wrapper` (`weight_norm`, `spectral_norm`; its one member is what it
    wraps), `parameter` or `buffer`.
    `name` is the attribute, or the index or label within a chain or list; `key` the whole path in the
    state dict of the model or block that owns it. `weights` are a leaf's own parameters and buffers by
    name, in torch's order; `trainable` names those that are parameters. `spliced` names the shorthand, and
    `repeated` the count, that a member of a chain came from.
    """

    __slots__ = (
        "arguments", "comments", "definition", "inferred", "instance", "key", "kind", "layer", "macs", "members",
        "name", "span", "spliced", "trainable", "weights",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, span: Span, *, layer: Layer | None = None, definition: Definition | None = None) -> None:
        self.kind, self.name, self.span, self.layer, self.definition = kind, name, span, layer, definition
        self.key = name
        self.arguments: tuple[Given, ...] = ()
        self.inferred: dict[str, object] = {}
        self.weights: dict[str, tuple[Size, ...]] = {}
        self.trainable: set[str] = set()
        self.members: list[Module] = []
        self.instance: Instance | None = None
        self.spliced: Splice | None = None
        self.macs: Size = 0
        self.comments: Comments | None = None

    def children(self) -> list[Module]:
        """Return the modules right below this one, in the order of the state dict.

        What a wrapper wraps has no keys of its own: torch's parametrizations rename them.
        """
        if self.kind == "wrapper":
            return []
        return list(self.instance.modules) if self.instance is not None else self.members

    def state(self, prefix: str = "") -> list[tuple[str, tuple[Size, ...], bool, Module]]:
        """Return every key below, with its shape, whether it is trained, and the leaf that owns it."""
        found: list[tuple[str, tuple[Size, ...], bool, Module]] = []
        stack: list[tuple[Module, str]] = [(self, prefix)]
        while stack:
            module, path = stack.pop()
            for name, shape in module.weights.items():
                key = f"{path}.{name}" if name and path else path or name
                found.append((key, shape, name in module.trainable, module))
            below = [(child, f"{path}.{child.name}" if path else child.name) for child in module.children()]
            stack.extend(reversed(below))
        return found

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


class Splice(Record):
    """How members came into a chain together: by one use of a shorthand, or of `repeat`.

    Members with the same Splice (the same object) stand next to each other. `kind` is `shorthand`,
    `repeat` or `chain`; a repeat's count is `count`, as written in `count_expr`. `arguments` are a
    shorthand's. `source` is the expression as written, for comprehensions of `chain([...])`;
    `sizes` say how many members each layer of such a list gave.
    """

    kind: str
    definition: Definition | None
    arguments: tuple[Given, ...]
    count: int
    source: Expr
    outer: Splice | None = None
    sizes: tuple[int, ...] = ()
