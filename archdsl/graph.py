"""What a spec comes to: models, their modules and values, and the recipe, resolved and frozen.

Analysis makes these from the tree; whatever comes after reads only these. There are two ways to
look at a model, and both are here:

- as its author wrote it: an `Instance` has the statements of its body, in order, with loops and
  conditions kept (`Loop`, `Branch`), values as expressions of nodes, and modules as a tree. Source is
  emitted from it. A block that is used twice has two instances of one `Definition`; a loop has one
  tuple of statements for each iteration.
- as it computes: `trace` unrolls all of that to a flat list of `Step`s. Figures and the summary
  read it.

Sizes in an instance that was analyzed for emission are `Traced`: they know the arithmetic over the
names of their class that they come from (see `archdsl.dims`).
"""

from __future__ import annotations

from archdsl.layers.tensor import Tensor
from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.dims import Size
    from archdsl.layers.registry import Layer
    from archdsl.syntax.tree import Comments, Expr

    Type = Tensor | tuple["Type", ...]


class Given(Record):
    """An argument as it was given: `expr` is what the author wrote, over the names of the class.

    `expr` is None where the compiler supplied it. A `value` may be a Module (`weight_norm(conv2d(8, 3))`).
    """

    name: str
    value: object
    expr: Expr | None
    positional: bool = False
    span: Span | None = None


# ---------------------------------------------------------------- modules


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
    shorthand's. `source` is the expression as written, for comprehensions of `chain([...])`.
    """

    kind: str
    definition: Definition | None
    arguments: tuple[Given, ...]
    count: int
    source: Expr
    outer: Splice | None = None


# ---------------------------------------------------------------- values


class Node:
    """An expression that gives a value; two nodes are equal only when they are the same one."""

    __slots__ = ("span", "type")

    def __init__(self, type: Type, span: Span) -> None:
        self.type, self.span = type, span

    @property
    def operands(self) -> tuple[Node, ...]:
        """The nodes that this one computes from."""
        return ()


class Read(Node):
    """A named value. `origin` is `input`, `value`, `state` or `symbol` in a model; in a recipe also `field`
    (of the data), `model` (an output or value of the model that is fed), `local` (of the recipe).
    """

    __slots__ = ("bound", "name", "origin")

    def __init__(self, name: str, origin: str, bound: Node | None, type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.name, self.origin, self.bound = name, origin, bound


class Number(Node):
    """A constant among values: a number, or a size; `expr` as written."""

    __slots__ = ("expr", "value")

    def __init__(self, value: object, expr: Expr | None, span: Span) -> None:
        dtype = "bool" if isinstance(value, bool) else "float32" if isinstance(value, float) else "int64"
        super().__init__(Tensor((), dtype, batched=False), span)
        self.value, self.expr = value, expr


class Apply(Node):
    """An operation without weights, called on values.

    `inputs` are in the order of the layer's values; an optional one that was left out is None. `macs`,
    `lengths` and `prepare` are as in `Applied`; `spliced` names the shorthand that it came from.
    """

    __slots__ = ("arguments", "inputs", "layer", "lengths", "macs", "prepare", "spliced")

    def __init__(self, layer: Layer, arguments: tuple[Given, ...], inputs: tuple[Node, ...], type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.layer, self.arguments, self.inputs = layer, arguments, inputs
        self.macs: Size = 0
        self.lengths = False
        self.prepare: dict[int, str] = {}
        self.spliced: Splice | None = None

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.inputs


class Run(Node):
    """A module applied to values.

    `instance` is what its block comes to for these inputs; `inner` are the runs of a chain's members, each
    reading the one before it (the first one reads `inputs`). For a recurrence over time `scan` is its Scan.
    `lengths` says that the module is given the lengths of a ragged input.
    """

    __slots__ = ("inner", "inputs", "instance", "lengths", "module", "scan", "spliced")

    def __init__(self, module: Module, inputs: tuple[Node, ...], type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.module, self.inputs = module, inputs
        self.instance: Instance | None = None
        self.inner: tuple[Run, ...] = ()
        self.scan: Scan | None = None
        self.lengths = False
        self.spliced: Splice | None = None

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.inputs if self.scan is None else (*self.inputs, *(node for _, node in self.scan.starts))


class Scan(Record):
    """How a cell is run over time: the states it starts from by name, and how many `steps` (None: as many
    moments as the sequence has).
    """

    starts: tuple[tuple[str, Node], ...]
    steps: Size | None
    steps_expr: Expr | None = None


class Operate(Node):
    """A Python operator on values: `+ - * / // % ** @`, comparisons, and `-` or `not` (`~`) with one operand."""

    __slots__ = ("inputs", "op")

    def __init__(self, op: str, inputs: tuple[Node, ...], type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.op, self.inputs = op, inputs

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.inputs


class Index(Node):
    """`base[indices]` on a tensor. Each index is an int, None, `...`, or a (start, stop, step) triple;
    `exprs` are the same as written.
    """

    __slots__ = ("base", "exprs", "indices")

    def __init__(self, base: Node, indices: tuple[object, ...], exprs: tuple[Expr, ...], type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.base, self.indices, self.exprs = base, indices, exprs

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.base,)


class Take(Node):
    """One entry of a result that has several (`lstm`, `chunk`)."""

    __slots__ = ("base", "index")

    def __init__(self, base: Node, index: int, type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.base, self.index = base, index

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.base,)


class Pack(Node):
    """Several values as one, `(a, b)`."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Node, ...], span: Span) -> None:
        super().__init__(tuple(item.type for item in items), span)
        self.items = items

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.items


class Weight(Node):
    """`conv.weight`: a named layer's weight, or a parameter or buffer itself (`name` is then empty)."""

    __slots__ = ("module", "name")

    def __init__(self, module: Module, name: str, type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.module, self.name = module, name


class CallModel(Node):
    """A model called by the recipe (`Discriminator(fake)`); `model` is its name."""

    __slots__ = ("inputs", "model")

    def __init__(self, model: str, inputs: tuple[Node, ...], type: Type, span: Span) -> None:
        super().__init__(type, span)
        self.model, self.inputs = model, inputs

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.inputs


# ---------------------------------------------------------------- statements of a body


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


# ---------------------------------------------------------------- instances and models


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


# ---------------------------------------------------------------- recipes


class Choice(Record):
    """A call of something declared, by name: an optimizer, a schedule, a data source."""

    name: str
    layer: Layer | None
    arguments: tuple[Given, ...]
    span: Span


class Fed(Record):
    """A model that runs on each batch: which node feeds each input, and which of its named values that are
    no outputs the recipe reads (`hidden`).
    """

    model: str
    inputs: tuple[tuple[str, Node], ...]
    hidden: tuple[str, ...] = ()


class Update(Record):
    """Who is updated by what: one `step`, or the whole recipe where there are no steps.

    `update` names models, or parts of them (`VAE.encoder`). `logged` are the names of scalars among
    `lets`, each written to the log under its name, besides `loss`.
    """

    name: str
    update: tuple[str, ...]
    lets: tuple[Let, ...]
    loss: Node
    optimizer: Choice
    logged: tuple[str, ...]
    every: int = 1
    times: int = 1


class Recipe:
    """How the models are trained; every option of LANGUAGE.md's list that is not here is in `options`,
    by its name, as a plain value (`epochs`, `batch_size`, `seed`, ...).
    """

    __slots__ = ("comments", "data", "fed", "fields", "lets", "metrics", "options", "schedule", "show", "span", "updates")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.data: Choice | None = None
        self.fields: dict[str, Tensor] = {}
        self.fed: tuple[Fed, ...] = ()
        self.lets: tuple[Let, ...] = ()
        self.updates: tuple[Update, ...] = ()
        self.metrics: tuple[tuple[str, Node], ...] = ()
        self.show: tuple[tuple[str, Node], ...] = ()
        self.schedule: Choice | None = None
        self.options: dict[str, Given] = {}
        self.comments: Comments | None = None


class Program:
    """A whole spec, resolved.

    `params` are the file's, with their values (overrides applied) and defaults as written.
    `definitions` are all blocks, cells and shorthands that are used, each with its instances in the order
    in which they were met; models come last.
    """

    __slots__ = ("about", "comments", "definitions", "figure", "instances", "models", "params", "reading", "recipe")

    def __init__(self) -> None:
        self.params: dict[str, Given] = {}
        self.definitions: list[Definition] = []
        self.instances: dict[str, list[Instance]] = {}
        self.models: dict[str, Instance] = {}
        self.recipe: Recipe | None = None
        self.about: str = ""
        self.figure: dict[str, object] = {}
        self.reading: tuple[tuple[str, str], ...] = ()
        self.comments: Comments | None = None


# ---------------------------------------------------------------- the flat view


class Within(Record):
    """A block or cell that a step stands in: `path[:depth]` of the step is its instance, `name` and `kind`
    are its definition's, and `call` numbers the run, so that two runs of the same weights differ.
    """

    depth: int
    name: str
    kind: str
    call: int


class Step(Record):
    """One thing that a model does, in the order of computation.

    `kind` is `input`, `state` (the old value of a cell's state), `layer` (a module runs), `operation` (a
    function on values), `constant`, `weight`, `next` (a state's new value) or `output`. `word` is the layer's
    name in specs (`conv2d`), an operator (`+`, `[]`), or the name of the input, state or output. `inputs` are
    the numbers of the steps that it reads, `types` what it gives: several for an `lstm`. `role` is the
    layer's, or `source`, `sink`, `state`, `merge` (an operator on two values), `constant` or `weight`.
    `path` is the nesting of modules it stands in (`("layer1", "0", "conv1")`; an operation stands where its
    block does), `blocks` the blocks around it, outermost first, and `name` the value that it defines.
    """

    number: int
    kind: str
    word: str
    inputs: tuple[int, ...]
    types: tuple[Tensor, ...]
    role: str
    path: tuple[str, ...]
    blocks: tuple[Within, ...]
    name: str
    module: Module | None
    arguments: Mapping[str, object]
    macs: Size
    span: Span
