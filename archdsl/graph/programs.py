"""Recipes, whole specs, and the flat view of a model."""

from __future__ import annotations

from archdsl.text.record import Record
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from archdsl.dims import Size
    from archdsl.graph.instances import Instance, Let
    from archdsl.graph.modules import Definition, Given, Module
    from archdsl.graph.nodes import Node
    from archdsl.layers.registry import Layer
    from archdsl.layers.tensor import Tensor
    from archdsl.syntax.tree import Comments


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
