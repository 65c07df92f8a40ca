"""Expressions that give values, as their author wrote them; equal only when they are the same one."""

from __future__ import annotations

from archdsl.layers.tensor import Tensor
from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.graph.instances import Instance
    from archdsl.graph.modules import Given, Module, Splice
    from archdsl.layers.registry import Layer
    from archdsl.syntax.tree import Expr

    Type = Tensor | tuple["Type", ...]


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
