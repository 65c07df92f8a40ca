"""The story of a recipe: who draws what, who reads whom, and what the losses look at.

Steps of one recipe are one story: a model that is called twice is one box, and what is called between
models and losses (a `detach`, an average, noise without a name that is added) is part of the edge.
"""

from __future__ import annotations

from archdsl import graph
from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.subject import Subject
    from archdsl.layers.tensor import Tensor
    from archdsl.text.source import Span

    Key = tuple[str, str]


class Actor(Record):
    """`kind` is `noise`, `data`, `model`, `input`, `output` or `loss`; `name` as the spec has it."""

    kind: str
    name: str
    type: Tensor | None
    span: Span | None


class Story:
    """`actors` in the order in which they appear; `edges` as (from, to, port) in the order in which they are met.

    The port is the number of the model's input. `targets` are the constants that each model's verdict is
    held to: 1 and 0 for a discriminator.
    """

    def __init__(self) -> None:
        self.actors: dict[Key, Actor] = {}
        self.edges: dict[tuple[Key, Key, int], None] = {}
        self.targets: dict[Key, set[float]] = {}

    def meet(self, kind: str, name: str, type_: Tensor | None = None, span: Span | None = None) -> Key:
        """Let an actor appear, and return its key."""
        self.actors.setdefault((kind, name), Actor(kind, name, type_, span))
        return kind, name

    def join(self, start: Key, end: Key, port: int = 0) -> None:
        """Add an edge, once; a draw without a name appears with the first thing that reads it."""
        self.meet(*start)
        self.edges.setdefault((start, end, port))


def tell(subject: Subject) -> Story:
    """Return the story of a program: that of its recipe, or that of its models alone where it has none."""
    program, story = subject.program, Story()
    recipe = program.recipe
    if recipe is None:
        for name, model in program.models.items():
            key = story.meet("model", name, span=model.definition.span)
            for port, (input_name, type_) in enumerate(model.inputs):
                story.join(story.meet("input", input_name, type_), key, port)
            for output_name, node in model.outputs:
                story.join(key, story.meet("output", output_name, node.type if not isinstance(node.type, tuple) else None))
        return story
    teller = _Teller(story, program, recipe)
    for fed in recipe.fed:
        teller.call(fed.model, tuple(node for _, node in fed.inputs))
    for let in recipe.lets:
        teller.let(let)
    for update in recipe.updates:
        for let in update.lets:
            teller.let(let)
        loss = story.meet("loss", "loss", span=update.loss.span)
        for start in teller.sources(update.loss):
            story.join(start, loss)
    return story


class _Teller:
    """Walks a recipe's nodes; each comes down to the actors that it is made from."""

    def __init__(self, story: Story, program: graph.Program, recipe: graph.Recipe) -> None:
        self.story, self.program, self.recipe = story, program, recipe
        self.locals: dict[str, tuple[Key, ...]] = {}
        self.done: dict[int, tuple[Key, ...]] = {}

    def let(self, let: graph.Let) -> None:
        """Remember what a name is made from; a draw bears the name."""
        node = let.node
        if isinstance(node, graph.Apply) and node.layer.group == "draw":
            type_ = node.type if not isinstance(node.type, tuple) else None
            found: tuple[Key, ...] = (self.story.meet("noise", let.targets[0], type_, node.span),)
            self.done[id(node)] = found
        else:
            found = self.sources(node)
        for target in let.targets:
            self.locals[target] = found

    def sources(self, node: graph.Node) -> tuple[Key, ...]:
        """Return the actors that a node is made from, in order; iteratively, as expressions can be deep."""
        stack = [node]
        while stack:
            top = stack[-1]
            if id(top) in self.done:
                stack.pop()
                continue
            waiting = [one for one in top.operands if one is not None and id(one) not in self.done]
            if waiting:
                stack.extend(reversed(waiting))
            else:
                self.done[id(top)] = self.one(top)
                stack.pop()
        return self.done[id(node)]

    def one(self, node: graph.Node) -> tuple[Key, ...]:
        """Return the actors of a node whose operands are done."""
        type_ = node.type if not isinstance(node.type, tuple) else None
        if isinstance(node, graph.Read):
            if node.origin == "field":
                return (self.story.meet("data", node.name, type_, node.span),)
            if node.origin == "model":
                owner = self.owner(node.name)
                return (owner,) if owner else ()
            return self.locals.get(node.name, ())
        if isinstance(node, graph.Apply) and node.layer.group == "draw":
            return (("noise", node.layer.name),)
        if isinstance(node, graph.CallModel):
            return (self.call(node.model, node.inputs),)
        found = dict.fromkeys(key for operand in node.operands if operand is not None for key in self.done[id(operand)])
        if isinstance(node, graph.Apply) and node.layer.group == "loss":
            numbers = [float(one.value) for one in node.inputs if isinstance(one, graph.Number) and isinstance(one.value, int | float)]
            for key in found:
                if key[0] == "model":
                    self.story.targets.setdefault(key, set()).update(numbers)
            for given in node.arguments:
                name = getattr(given.value, "name", "")
                if name in self.program.models:  # a loss that runs a model itself, as a gradient penalty does
                    return (self.feed(str(name), [(0, key) for key in found]),)
        named = [key for key in found if key[0] != "noise" or key in self.story.actors]
        return tuple(named or found)

    def call(self, model: str, inputs: tuple[graph.Node, ...]) -> Key:
        """Let a model read what its inputs are made from."""
        instance = self.program.models.get(model)
        self.story.meet("model", model, span=instance.definition.span if instance else None)
        return self.feed(model, [(port, start) for port, node in enumerate(inputs) for start in self.sources(node)])

    def feed(self, model: str, sources: list[tuple[int, Key]]) -> Key:
        """Let a model read these actors, each at a port."""
        key: Key = ("model", model)
        for port, start in sources:
            if start != key:
                self.story.join(start, key, port)
        return key

    def owner(self, value: str) -> Key | None:
        """Return the fed model that a value belongs to."""
        fed = [one.model for one in self.recipe.fed]
        for name in fed:
            model = self.program.models.get(name)
            if model is not None and any(value == output for output, _ in model.outputs):
                return "model", name
        return ("model", fed[0]) if fed else None
