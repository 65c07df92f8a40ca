"""The body of a loop over batches: what the recipe defines, and the networks that it feeds, each when it is needed."""

from __future__ import annotations

from archdsl.emit.flow import Flow
from archdsl.emit.liveness import hidden_values
from archdsl.emit.python import Lines
from archdsl.emit.recipe_nodes import RecipeValues, reads
from archdsl.graph import Pack
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archdsl.emit.python import Document
    from archdsl.emit.recipe_nodes import Names
    from archdsl.emit.shorthands import Shorthands
    from archdsl.graph import Fed, Let, Node


DETACHED = '''
def detached(state):
    """Keep a state, and forget how it came about."""
    if isinstance(state, tuple):
        return tuple(one.detach() for one in state)
    return state.detach()
'''


class Moment:
    """What has been computed so far at one place of a function.

    `lets` are the definitions that may be written there; `wanted` are all nodes that the function is to
    write, from which it follows which of a network's outputs get a name. Where it does not feed the
    networks, their outputs have been passed to it; where it `carries`, the states of a network go on from
    batch to batch.
    """

    def __init__(
        self,
        document: Document,
        names: Names,
        shorthands: Shorthands,
        *,
        lets: Iterable[Let],
        wanted: Sequence[Node],
        batch: str,
        indent: int,
    ) -> None:
        self.values = RecipeValues(document, names, shorthands, batch)
        self.names, self.recipe = names, names.recipe
        self.lets = {name: let for let in lets for name in let.targets}
        self.read = {read.name for read in reads(*wanted, *(let.node for let in self._reached(wanted))) if read.name not in self.lets}
        self.lines, self.indent, self.feeds, self.carries = Lines(), indent, True, False
        self._done: set[int] = set()

    def need(self, *nodes: Node) -> None:
        """Write whatever nodes read that is not written yet, definitions in the order of the recipe."""
        for let in self._reached(nodes):
            self._let(let)
        for read in reads(*nodes):
            if read.origin == "model" and read.name not in self.lets and self.feeds:
                self._feed(self._owner(read.name))

    def _reached(self, nodes: Sequence[Node]) -> list[Let]:
        """Return the definitions that nodes speak of, directly or not, in the order of the recipe."""
        wanted: set[int] = set()
        stack = list(nodes)
        while stack:
            for read in reads(stack.pop()):
                let = self.lets.get(read.name)
                if let is not None and id(let) not in wanted:
                    wanted.add(id(let))
                    stack.append(let.node)
        return [let for let in dict.fromkeys(self.lets.values()) if id(let) in wanted]

    def text(self, node: Node) -> str:
        """Return an expression, after writing what it needs."""
        self.need(node)
        text = self.values.write(node)
        for name, value in self.values.before:
            self.lines.add(f"{name} = {value}", self.indent)
        self.values.before.clear()
        return text

    def assign(self, name: str, node: Node) -> None:
        """Write `name = node`."""
        text = self.text(node)
        self.lines.add(f"{name} = {text}", self.indent, node.span)

    def flow(self, name: str, node: Node) -> None:
        """Write `name = node`, in several lines where one would be too much."""
        self.need(node)
        Flow(self.values, self.lines, spare="x", unnamed=False).assign(name, node, self.indent, node.span, set())

    def _let(self, let: Let) -> None:
        if id(let) in self._done:
            return
        self._done.add(id(let))
        self.need(let.node)
        self.lines.comment(let.comments.above, self.indent)
        unpacked = isinstance(let.node, Pack) and len(let.targets) == len(let.node.items) and len(let.targets) > 1
        if unpacked and isinstance(let.node, Pack):
            texts = [self.text(item) for item in let.node.items]
            self.lines.add(f"{', '.join(let.targets)} = {', '.join(texts)}", self.indent, let.node.span)
        else:
            self.assign(", ".join(let.targets), let.node)

    def _owner(self, name: str) -> Fed:
        for fed in self.recipe.fed:
            outputs = [output for output, _ in self.names.program.models[fed.model].outputs]
            if name in outputs or name in fed.hidden:
                return fed
        raise LookupError(name)

    def _feed(self, fed: Fed) -> None:
        if id(fed) in self._done:
            return
        self._done.add(id(fed))
        texts: list[str] = []
        for name, node in fed.inputs:
            texts.append(self.text(node))
            if isinstance(node.type, Tensor) and node.type.ragged:
                # Inside the recipe, the network's outputs are as long as what it was fed.
                self.values.lengths_of[name] = self.values.lengths_name(node.type.lengths)
                texts.append(self.values.lengths_name(name))
        instance = self.names.program.models[fed.model]
        carried = [name for name, _ in instance.carries] if self.carries else []
        texts += carried
        hidden = hidden_values(self.names.program, fed.model)
        outputs = [*(output for output, _ in instance.outputs), *hidden, *(name for name, _ in instance.carries)]
        method = ".compute" if hidden else ""
        targets = ", ".join([name if name in self.read or name in carried else "_" for name in outputs])
        self.lines.add(f"{targets} = {self.names.nets[fed.model]}{method}({', '.join(texts)})", self.indent)
        for name in carried:
            self.values.document.helper("detached", DETACHED)
            self.lines.add(f"{name} = detached({name})", self.indent)
