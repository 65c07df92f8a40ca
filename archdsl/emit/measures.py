"""`evaluate` and `show`: what is measured on the data held out, and the pictures of training."""

from __future__ import annotations

from archdsl.emit.recipe_nodes import reads
from archdsl.graph import Apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.emit.losses import Plan
    from archdsl.emit.moment import Moment
    from archdsl.emit.python import Lines
    from archdsl.graph import Node

SHORT = 60
"""How long an expression may be that stands in a dictionary."""


class Measures:
    """Writes what looks at a network without changing it."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.recipe, self.names, self.data = plan, plan.recipe, plan.names, plan.data

    @property
    def any(self) -> bool:
        """Whether there is anything to measure on the data held out."""
        return bool(self.recipe.metrics) or len(self.recipe.updates) == 1

    def networks(self) -> list[str]:
        """Return the networks that `evaluate` takes."""
        nodes = [node for _, node in self.recipe.metrics]
        if len(self.recipe.updates) == 1:
            nodes += [self.recipe.updates[0].loss, *(let.node for let in self.recipe.lets)]
        return self.plan.nets_of(nodes) or list(self.names.nets.values())

    def evaluate(self, lines: Lines) -> None:
        recipe, single = self.recipe, len(self.recipe.updates) == 1
        update, function = recipe.updates[0], self.plan.functions[0]
        inner = {id(let) for let in function.lets} if function is not None and single else set()
        wanted = [node for _, node in recipe.metrics] + ([update.loss, *(let.node for let in recipe.lets)] if single else [])
        moment = self.plan.moment([let for let in recipe.lets if id(let) not in inner], wanted, self.data.names[0], 8)
        moment.carries = True
        entries, whole = {}, {}
        if single:
            if function is None:
                entries = {"loss": moment.text(update.loss)}
            else:
                self.plan.compute(moment, update, function)
                entries = {name: name for name in function.results}
        for name, node in recipe.metrics:
            if isinstance(node, Apply) and node.layer.group == "metric" and node.layer.helper:
                whole[name] = (node, [moment.text(one) for one in node.inputs if one is not None])
            else:
                entries[name] = self._entry(moment, name, node)
        used = self.networks()
        lines.blank(2)
        lines.add("@torch.no_grad()")
        lines.add(f"def evaluate({', '.join(used)}, batches):")
        lines.docstring("Measure what the batches come to, averaged over their samples.", 4)
        for net in used:
            lines.add(f"{net}.eval()", 4)
        lines.add("totals, count = {}, 0", 4)
        self.plan.begin(lines)
        for name in whole:
            lines.add(f"for_{name} = []", 4)
        lines.add(f"for {self.data.targets()} in batches:", 4)
        lines.extend(moment.lines)
        self._average(lines, entries, whole)

    @staticmethod
    def _entry(moment: Moment, name: str, node: Node) -> str:
        """Return a metric as an expression, or its name where a line of its own reads better."""
        text = moment.text(node)
        if len(text) <= SHORT:
            return text
        moment.lines.add(f"{name} = {text}", moment.indent, node.span)
        return name

    def _average(self, lines: Lines, entries: dict[str, str], whole: dict[str, tuple[Apply, list[str]]]) -> None:
        size = f"len({self.data.names[0]})"
        written = ", ".join([f'"{name}": {text}' for name, text in entries.items()])
        for name, (_, texts) in whole.items():
            lines.add(f"for_{name}.append(({', '.join(texts)}))", 8)
        lines.add(f"measured = {{{written}}}", 8)
        lines.add("for name, value in measured.items():", 8)
        lines.add(f"totals[name] = totals.get(name, 0) + {size} * value", 12)
        lines.add(f"count += {size}", 8)
        means = "{name: float(total / count) for name, total in totals.items()}"
        if not whole:
            lines.add(f"return {means}", 4)
            return
        lines.add(f"means = {means}", 4)
        for name, (node, _) in whole.items():
            self.plan.document.helper(node.layer.helper_name, node.layer.helper, node.layer.helper_imports)
            lines.add(f'means["{name}"] = float({node.layer.helper_name}(*map(torch.cat, zip(*for_{name}))))', 4)
        lines.add("return means", 4)

    def show(self, lines: Lines) -> None:
        nodes = [node for _, node in self.recipe.show]
        lets = {name: let for let in self.recipe.lets for name in let.targets}
        fed = any(
            read.origin in ("field", "model")
            for node in nodes
            for read in reads(node, *(lets[one.name].node for one in reads(node) if one.name in lets))
        )
        nets = self.plan.nets_of(nodes)
        batch = self.data.names[0] if fed else ""
        moment = self.plan.moment(self.recipe.lets, nodes, batch, 4)
        for name, node in self.recipe.show:
            moment.flow(name, node)
        entries = [f'"{name}": {name}' for name, _ in self.recipe.show]
        lines.blank(2)
        lines.add("@torch.no_grad()")
        lines.add(f"def show({', '.join([*nets, *(self.data.parameters if fed else ['count'])])}):")
        lines.docstring("Make the pictures that show how far training has come.", 4)
        for net in nets:
            lines.add(f"{net}.eval()", 4)
        if not fed and nets:
            lines.add(f"device = next({nets[0]}.parameters()).device", 4)
        lines.extend(moment.lines)
        lines.add(f"return {{{', '.join(entries)}}}", 4)
