"""The statements of a body, and definitions with everything known."""

from __future__ import annotations

from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.dims import Size
    from archdsl.graph.modules import Definition, Given, Module
    from archdsl.graph.nodes import Node
    from archdsl.layers.registry import Layer
    from archdsl.layers.tensor import Tensor
    from archdsl.syntax.tree import Comments, Expr


class Statement(Record):
    """One statement of a body, with the comments to carry over."""

    comments: Comments


class Constant(Statement):
    """A definition that is known when compiled."""

    name: str
    value: object
    expr: Expr


class Make(Statement):
    """A named layer is defined: `module` is made in the constructor. `parameter` and `buffer` too."""

    module: Module


class Let(Statement):
    """Values are computed and named. `makes` are the modules that the definition makes in passing.

    `named` is False for an expression that only an output holds.
    """

    targets: tuple[str, ...]
    node: Node
    makes: tuple[Module, ...]


class SetState(Statement):
    """`next h = ...` of a cell."""

    targets: tuple[str, ...]
    node: Node
    makes: tuple[Module, ...]


class Branch(Statement):
    """A condition decided when compiled: `body` is what was taken, `otherwise` says whether it was the else."""

    condition: Expr
    value: bool
    body: tuple[Statement, ...]
    has_else: bool


class Loop(Statement):
    """A loop unrolled when compiled: a body for each item. Layers made in it are members of `lists`, the
    nn.ModuleLists that the loop fills, in the order of their definitions.

    `symbols` has, for each iteration, the sizes at its entry that the traced sizes of its body speak of:
    the targets, and `x.0@1` for dimension 0 of a value `x` that the first loop of the body defines anew.
    In the first iteration such a size is traced over the names around the loop, later over those of the
    iteration before. After the loop `x.0@1` stands for what the last iteration left.
    """

    targets: tuple[str, ...]
    iterable: Expr
    items: tuple[object, ...]
    bodies: tuple[tuple[Statement, ...], ...]
    lists: tuple[Module, ...]
    symbols: tuple[Mapping[str, Size], ...] = ()


class InitRule(Record):
    """One line of `init`: the keys that it holds for, and `torch.nn.init`'s function with its arguments.

    `kind` is `kind` (a layer's name, with a weight's name behind a dot or not), `name` or `pattern`;
    `matches` are the state-dict keys that this rule, and none that beats it, sets.
    """

    kind: str
    pattern: str
    function: Layer
    arguments: tuple[Given, ...]
    matches: tuple[str, ...]
    span: Span


class StateVar(Record):
    """A state of a cell: its type, and the constant that it starts from."""

    name: str
    type: Tensor
    start: object
    start_expr: Expr | None


class Instance:
    """A definition with all arguments and input types known.

    `arguments` maps parameter names (own and used `param`s) to values; `symbols` maps the names that the
    traced sizes of this instance speak of (parameters, named dimensions, and `x.0` for dimension 0 of
    input `x`) to their values. `modules` are its direct submodules in the order of the state dict.
    """

    __slots__ = (
        "arguments", "body", "carries", "definition", "inits", "inputs", "modules", "outputs", "states", "symbols", "ties",
    )  # fmt: skip

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.arguments: dict[str, object] = {}
        self.symbols: dict[str, Size] = {}
        self.inputs: tuple[tuple[str, Tensor], ...] = ()
        self.states: tuple[StateVar, ...] = ()
        self.body: tuple[Statement, ...] = ()
        self.outputs: tuple[tuple[str, Node], ...] = ()
        self.modules: list[Module] = []
        self.ties: tuple[tuple[str, str], ...] = ()
        self.inits: tuple[InitRule, ...] = ()
        self.carries: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The name of the definition."""
        return self.definition.name

    def state(self) -> list[tuple[str, tuple[Size, ...], bool, Module]]:
        """Return every state-dict key with shape, whether it is trained, and its leaf."""
        return [entry for module in self.modules for entry in module.state(module.name)]
