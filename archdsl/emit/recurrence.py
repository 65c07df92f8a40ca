"""A step that was taken apart, as the lines before its loop, in it and after it."""

from __future__ import annotations

from archdsl.emit.flow import reads
from archdsl.emit.stepping import below
from archdsl.graph import Let, Node, Read, Run, SetState
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.emit.python import Lines
    from archdsl.emit.states import StateWriter
    from archdsl.emit.stepping import Linear, Plan


class Recurrence:
    """The three parts of a step that was taken apart."""

    def __init__(self, owner: StateWriter, plan: Plan, early: set[str]) -> None:
        self.owner, self.plan, self.values, self.early = owner, plan, owner.values, early
        self.states = [state.name for state in owner.states]
        self.moving: dict[str, str] = {}
        self.after_lets = [let for let in plan.order if isinstance(let, Let) and self._is_after(let)]
        read_after = {name for let in self.after_lets for name in reads(let.node)}
        read_after |= {name for _, node in owner.writer.results for name in reads(node)}
        self.collected = [name for name in [*self.states, *plan.inside] if name in read_after]
        self.collected.sort(key=[*self.states, *plan.lets].index)

    def _is_after(self, let: Let) -> bool:
        return any(name in self.plan.stateful for name in let.targets) and not set(let.targets) & self.plan.inside

    def _line(self, lines: Lines, targets: str, node: Node, indent: int) -> None:
        flow = self.owner.writer.flow
        flow.lines, flow.quiet = lines, True
        flow.assign(targets, node, indent, node.span, set(self.plan.lets) | set(self.owner.names) | set(self.states))

    # ------------------------------------------------------------ before

    def before(self, lines: Lines) -> None:
        """Compute what depends on the inputs alone, all moments side by side."""
        for let in self.plan.order:
            if isinstance(let, Let) and not any(name in self.plan.stateful for name in let.targets):
                self._line(lines, ", ".join(let.targets), let.node, 8)
        linears = list(self.plan.linears.values())
        if linears or self.plan.hoisted:
            lines.comment(["What the inputs add to the state is computed for all moments at once."], 8)
        several = len(linears) + len(self.plan.hoisted) > 1
        for linear in linears:
            self._linear(lines, linear, several=several)
        for node in self.plan.hoisted.values():
            name = f"{_module_name(node)}_input" if several else "entering"
            lines.add(f"{name} = {self.owner.apart(self.values.write(node))}", 8, node.span)
            self.moving[name] = f"{name}_t" if several else "moment"
            self.values.stand_in[id(node)] = self.moving[name]
        for name in [name for name in (*self.owner.names, *self.plan.lets) if name in self.plan.entering]:
            flat = name in self.early or name not in self.owner.names
            self.moving[self.owner.apart(name) if flat or self.owner.packed else name] = f"{name}_t"

    def _linear(self, lines: Lines, linear: Linear, *, several: bool) -> None:
        """Use the columns of a weight that see the input; those that see the state are for the loop."""
        document = self.owner.document
        document.function("F")
        path, module = self.values.access(linear.run.module), linear.run.module
        entering, states = self._joined(linear.entering), self._joined(linear.states)
        name = f"{module.name}_input" if several else "entering"
        sizes, weights = (
            [self._width(linear.entering), self._width(linear.states)],
            [f"{name}_weight" if several else "weight", f"{module.name}_state_weight" if several else "state_weight"],
        )
        if not linear.entering_first:
            sizes, weights = sizes[::-1], weights[::-1]
        lines.add(f"{', '.join(weights)} = {path}.weight.split(({', '.join(sizes)}), dim=1)", 8, linear.run.span)
        bias = f", {path}.bias" if "bias" in module.weights else ""
        mine, theirs = weights if linear.entering_first else weights[::-1]
        lines.add(f"{name} = {self.owner.apart(f'F.linear({entering}, {mine}{bias})')}", 8, linear.run.span)
        self.moving[name] = f"{name}_t" if several else "moment"
        self.values.stand_in[id(linear.run)] = f"torch.addmm({self.moving[name]}, {states}, {theirs}.T)"

    def _joined(self, nodes: list[Node]) -> str:
        texts = [self.values.write(node) for node in nodes]
        return texts[0] if len(texts) == 1 else f"torch.cat(({', '.join(texts)}), dim=1)"

    def _width(self, nodes: list[Node]) -> str:
        """Write how many columns of a weight these see: a number where the class has one use, else as found."""
        only = nodes[0]
        if len(nodes) == 1 and isinstance(only, Read) and not self.owner.is_model:
            return f"{only.name}.size(1)"
        kinds = [node.type for node in nodes]
        total: Size = 0
        for kind in kinds:
            assert isinstance(kind, Tensor)
            total = total + kind.shape[0]
        return self.values.scope.value([total] * len(self.values.scope.strands), "forward")

    # ------------------------------------------------------------ the loop

    def loop(self, lines: Lines) -> None:
        """Go from moment to moment."""
        owner = self.owner
        for name in self.collected:
            lines.add(f"{name}_all = []", 8)
        moments = [owner.moments(name) for name in self.moving]
        variables = list(self.moving.values())
        over = moments[0] if len(moments) == 1 else f"zip({', '.join(moments)})" if moments else "range(T)"
        names = ", ".join(variables) or "_"
        if owner.masks:
            names = f"t, {names}" if len(variables) == 1 else f"t, ({names})" if variables else "t"
            over = f"enumerate({over})" if variables else over
        if owner.packed and not variables:
            names, over = "count", "packed.batch_sizes.tolist()"
        lines.add(f"for {names} in {over}:", 8)
        renamed = {name: f"{name}_t" for name in self.plan.entering}
        self.values.renamed = renamed
        for name in self.states:
            if owner.packed:
                count = f"len({variables[0]})" if variables else "count"
                lines.add(f"{name} = {name}[: {count}]" if variables else f"{name} = {name}[:{count}]", 12)
            if name in self.collected:
                lines.add(f"{name}_all.append({name})", 12)
        sets = [one for one in self.plan.order if isinstance(one, SetState)]
        inner = [let for let in self.plan.order if isinstance(let, SetState) or set(let.targets) & self.plan.inside]
        for place, let in enumerate(inner):
            later = {name for one in inner[place + 1 :] for name in reads(one.node)} | (set(self.states) if len(sets) > 1 else set())
            targets = ", ".join(let.targets) if isinstance(let, Let) else ", ".join([self._next(name, later) for name in let.targets])
            self._line(lines, targets, let.node, 12)
            if isinstance(let, Let):
                for name in let.targets:
                    if name in self.collected:
                        lines.add(f"{name}_all.append({name})", 12)
        if owner.masks:
            owner._keep(lines)  # noqa: SLF001
        else:
            waiting = [name for name in self.states if name in self._waiting]
            if waiting:
                lines.add(f"{', '.join(waiting)} = {', '.join([f'next_{name}' for name in waiting])}", 12)
        self.values.renamed = {}

    _waiting: tuple[str, ...] = ()

    def _next(self, name: str, later: set[str]) -> str:
        if name in later or self.owner.masks:
            self._waiting = (*self._waiting, name)
            return f"next_{name}"
        return name

    # ------------------------------------------------------------ after

    def after(self, lines: Lines) -> None:
        """Compute what no state depends on, all moments side by side again."""
        owner = self.owner
        renamed: dict[str, str] = {}
        needed = {name for let in self.after_lets for name in reads(let.node)}
        if self.after_lets:
            lines.comment(["No state depends on the rest, which is computed for all moments at once, too."], 8)
        for name in self.collected:
            if name in needed:
                own = name if owner.is_model or name not in self.states else f"{name}_before"
                renamed[name] = own
                lines.add(f"{own} = {self._together(name)}", 8)
        for name in self.owner.names:
            if name in needed and name not in self.early:
                lines.add(f"{name} = {owner.side_by_side(name)}", 8)
        self.values.renamed = renamed
        for key in self.plan.linears:
            self.values.stand_in.pop(key, None)
        for let in self.after_lets:
            self._line(lines, ", ".join(let.targets), let.node, 8)
            if any(let.node is node for _, node in owner.writer.results):
                self.values.stand_in[id(let.node)] = let.targets[0]
        given = self._given(lines, renamed)
        self.values.renamed = {}
        lines.add(f"return {', '.join([*given, *([] if owner.is_model else self.states)])}", 8)

    def _together(self, name: str) -> str:
        return f"torch.cat({name}_all)" if self.owner.packed else f"torch.stack({name}_all, 1).flatten(0, 1)"

    def _given(self, lines: Lines, renamed: dict[str, str]) -> list[str]:
        """Write what the class gives, as sequences."""
        owner = self.owner
        nodes = [node for _, node in owner.writer.results]
        stacked = [isinstance(node, Read) and node.name in self.collected and node.name not in renamed for node in nodes]
        if owner.packed or not any(stacked):
            together = [
                self._together(node.name) if own and isinstance(node, Read) else self.values.write(node)
                for node, own in zip(nodes, stacked, strict=True)
            ]
            return owner.padded(lines, together)
        return [
            f"torch.stack({node.name}_all, 1)" if own and isinstance(node, Read) else f"{self.values.write(node)}.unflatten(0, (B, T))"
            for node, own in zip(nodes, stacked, strict=True)
        ]


def _module_name(node: Node) -> str:
    return next((one.module.name for one in below(node) if isinstance(one, Run)), "value")
