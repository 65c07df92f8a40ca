"""The statements of a model, block or cell, in order."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import create, settled
from archdsl.analyze.chains import is_value, plan
from archdsl.analyze.control import branch, loop
from archdsl.analyze.evaluate import as_node, evaluate, what_is
from archdsl.analyze.forms import own_weights
from archdsl.analyze.instances import declare_input, declare_state, named_size
from archdsl.analyze.naming import check_name, check_value_name, place
from archdsl.analyze.values import BROKEN, BlockDecl, MemberSpec, Path, ScanSpec, ShorthandDecl, Spec, Weights, has_weights, is_layer
from archdsl.graph import Constant, Let, Make, Module, Node, Pack, Read, SetState, Splice, Take
from archdsl.layers.tensor import Tensor, show_shape
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.analyze.context import Body
    from archdsl.text.source import Span


def go_through(body: Body, statements: tuple[tree.Statement, ...]) -> None:
    """Go through statements in order; what one gets wrong does not keep the next from being read."""
    for statement in statements:
        rule = _RULES.get(type(statement))
        if rule is None:
            word = type(statement).__name__.lower()
            body.complain(say.misplaced(word, f"in a {body.instance.definition.kind}", statement.span))
            continue
        try:
            rule(body, statement)
        except RecursionError:
            body.complain(say.too_deep(statement.span))


# ---------------------------------------------------------------- definitions


def _define(body: Body, statement: tree.Define) -> None:
    targets = [target.id for target in statement.targets]
    if len(targets) > 1:
        _define_several(body, statement, targets)
        return
    name, span = targets[0], statement.targets[0].span
    if is_value(body, statement.value):
        node = evaluate_value(body, statement.value, name)
        if not check_value_name(body.compiler, name, span) or node is None:
            body.scope[name] = BROKEN
            return
        let(body, (name,), [settled(node)], statement.comments, span)
        return
    value = evaluate(body, statement.value)
    define_as(body, statement, name, span, value)


def define_as(body: Body, statement: tree.Define, name: str, span: Span, value: object) -> None:
    """Give a layer or a constant its name."""
    if not check_name(body.compiler, name, span) or value is BROKEN:
        body.scope[name] = BROKEN
    elif isinstance(value, Node):
        let(body, (name,), [settled(value)], statement.comments, span)
    elif isinstance(value, Weights):
        node = own_weights(body, value, name)
        body.makes.clear()
        node.module.comments = statement.comments
        body.statements.append(Make(statement.comments, node.module))
        body.scope[name] = node
        body.defined[name] = span
    elif isinstance(value, dict) and any(is_layer(item) for item in value.values()):
        body.complain(
            say.not_a_value("a dict of layers", statement.value.span).replace(
                suggestion="chain({...}) makes one layer of them; a list is an nn.ModuleList."
            )
        )
        body.scope[name] = BROKEN
    elif is_layer(value) or _are_layers(value):
        _define_layer(body, statement, name, span, value)
    elif isinstance(value, BlockDecl | ShorthandDecl):
        body.scope[name] = value
    else:
        body.statements.append(Constant(statement.comments, name, value, statement.value))
        body.scope[name] = named_size(body, name, value)


def _are_layers(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(is_layer(item) for item in value)


def _define_layer(body: Body, statement: tree.Define, name: str, span: Span, value: object) -> None:
    first = body.defined.get(name)
    if first is not None and first != span:
        body.complain(say.defined_twice(name, "The layer", span, first))
        body.scope[name] = BROKEN
        return
    body.defined[name] = span
    if isinstance(value, Module) or (isinstance(value, ScanSpec) and isinstance(value.cell, Module)):
        body.scope[name] = value
        return
    if isinstance(value, Path):
        _own_members(body, value, name, statement.comments)
        body.scope[name] = value
        return
    if isinstance(value, list | tuple):
        module = Module("list", name, span)
        module.members = [item if isinstance(item, Module) else create(body, item, str(i)) for i, item in enumerate(value)]
        module.spliced = Splice("list", None, (), len(value), statement.value, sizes=(1,) * len(value))
    else:
        assert isinstance(value, Spec)
        module = create(body, value, name)
    module.comments = statement.comments
    body.layer_spans[module] = span
    place(body, module)
    body.statements.append(Make(statement.comments, module))
    body.scope[name] = module


def _own_members(body: Body, path: Path, name: str, comments: tree.Comments) -> None:
    """A chain that mentions named layers owns only its unnamed members."""
    holder = Module("list", name, path.span)
    kept: list[MemberSpec] = []
    for member in path.members:
        if isinstance(member.layer, Spec) and (has_weights(member.layer) or member.name is not None):
            child = create(body, member.layer, member.name or str(len(holder.members)))
            holder.members.append(child)
            kept.append(member.replace(layer=child, name=None))
        else:
            kept.append(member)
    path.members = kept
    if holder.members:
        place(body, holder)
        body.statements.append(Make(comments, holder))
        for child in holder.members:
            child.key = f"{holder.key}.{child.name}"


def _define_several(body: Body, statement: tree.Define, targets: list[str]) -> None:
    sound = all(
        name == "_" or check_value_name(body.compiler, name, target.span) for name, target in zip(targets, statement.targets, strict=True)
    )
    body.plan = plan(body, statement.value, None)
    value = evaluate(body, statement.value)
    body.plan = None
    parts = unpacked(body, value, len(targets), statement)
    if parts is None or not sound:
        body.makes.clear()
        body.scope.update(dict.fromkeys(targets, BROKEN))
        return
    if isinstance(value, Node) or all(isinstance(part, Node) for part in parts):
        node = value if isinstance(value, Node) else Pack(tuple(part for part in parts if isinstance(part, Node)), statement.value.span)
        let(body, tuple(targets), [part for part in parts if isinstance(part, Node)], statement.comments, statement.span, node)
        return
    for name, part, target in zip(targets, parts, statement.targets, strict=True):
        single = statement.replace(
            targets=(target,),
            value=tree.Subscript(statement.value.span, statement.value, (tree.Literal(target.span, targets.index(name)),)),
        )
        define_as(body, single, name, target.span, part)


def unpacked(body: Body, value: object, count: int, statement: tree.Define | tree.Next) -> list[object] | None:
    """Take a result apart into as many as there are names."""
    if value is BROKEN:
        return None
    if isinstance(value, Node) and not isinstance(value.type, Tensor):
        flat = list(value.items) if isinstance(value, Pack) else [Take(value, i, kind, value.span) for i, kind in enumerate(value.type)]
        if len(flat) == count:
            return list(flat)
        body.complain(say.wrong_count("This definition", f"{count} values", len(flat), statement.span))
        return None
    if isinstance(value, list | tuple) and len(value) == count:
        return list(value)
    found = len(value) if isinstance(value, list | tuple) else 1
    body.complain(say.wrong_count("This definition", f"{count} values", found, statement.span))
    return None


def evaluate_value(body: Body, expr: tree.Expr, target: str | None) -> Node | None:
    """Evaluate a value's definition, its unnamed layers named after `target`."""
    body.plan = plan(body, expr, target)
    container = body.plan.container
    node = as_node(body, evaluate(body, expr), expr)
    body.plan = None
    if node is None:
        body.makes.clear()
    elif container is not None:
        place(body, container)
        body.makes.append(container)
    return node


def let(
    body: Body,
    names: tuple[str, ...],
    nodes: list[Node],
    comments: tree.Comments,
    span: Span,
    whole: Node | None = None,
    *,
    named: bool = True,
) -> None:
    """Name values; from here on the names are read."""
    node = whole if whole is not None else nodes[0]
    body.statements.append(Let(comments, names, node, tuple(body.makes)))
    body.makes.clear()
    if not named:
        return
    for name, part in zip(names, nodes, strict=True):
        if name != "_":
            own = body.scope.get(name)
            if is_layer(own) and isinstance(own, Module) and name in body.defined and body.defined[name] != span:
                body.layer_values.add(name)
            body.scope[name] = Read(name, "value", part, part.type, part.span)


# ---------------------------------------------------------------- control


def _if(body: Body, statement: tree.If) -> None:
    branch(body, statement, go_through)


def _for(body: Body, statement: tree.For) -> None:
    loop(body, statement, go_through)


# ---------------------------------------------------------------- inputs, outputs, states


def _output(body: Body, statement: tree.Output) -> None:
    if statement.targets:
        _define(body, tree.Define(statement.span, statement.comments, statement.targets, statement.values[0]))
        for target in statement.targets:
            _add_output(body, target.id, body.scope.get(target.id), statement.values[0])
        return
    for expr in statement.values:
        if isinstance(expr, tree.Name) and (expr.id in body.scope or not is_value(body, expr)):
            found = evaluate(body, expr)
            _add_output(body, expr.id, found, expr)
            continue
        node = evaluate_value(body, expr, "output")
        if node is not None:
            name = "output" if not any(own == "output" for own, _ in body.instance.outputs) else f"output{len(body.instance.outputs) + 1}"
            for part in [settled(node)] if isinstance(settled(node).type, Tensor) or not isinstance(node, Pack) else node.items:
                let(body, (name,), [part], statement.comments, expr.span, named=False)
                body.instance.outputs = (*body.instance.outputs, (name, part))
        else:
            body.broken_output = True


def _add_output(body: Body, name: str, value: object, expr: tree.Expr) -> None:
    if value is BROKEN or value is None:
        body.broken_output = True
        return
    if not isinstance(value, Node):
        body.complain(say.not_a_value(what_is(value), expr.span))
        body.broken_output = True
        return
    if any(own == name for own, _ in body.instance.outputs):
        body.complain(say.defined_twice(name, "The output", expr.span, None))
        return
    body.instance.outputs = (*body.instance.outputs, (name, value))


def _next(body: Body, statement: tree.Next) -> None:
    states = {state.name: state.type for state in body.instance.states}
    names = [target.id for target in statement.targets]
    if len(names) == 1:
        node = evaluate_value(body, statement.value, names[0])
        nodes: list[object] | None = None if node is None else [settled(node)]
    else:
        body.plan = plan(body, statement.value, None)
        value = evaluate(body, statement.value)
        body.plan = None
        nodes = unpacked(body, value, len(names), statement)
        node = value if isinstance(value, Node) else None
    made = tuple(body.makes)
    body.makes.clear()
    body.set_states.update(names)
    if nodes is None:
        return
    for name, part, target in zip(names, nodes, statement.targets, strict=True):
        if name not in states:
            body.complain(say.unknown_name(name, target.span, states))
            return
        kind = part.type if isinstance(part, Node) else None
        if not isinstance(kind, Tensor) or kind.shape != states[name].shape:
            found = show_shape(kind.shape) if isinstance(kind, Tensor) else what_is(part)
            body.complain(
                say.mismatch(
                    "shape-mismatch",
                    f"the state {name} is {states[name]}, and the next one is {found}",
                    statement.value.span,
                    f"gets {found}",
                    (),
                    "",
                )
            )
            return
    whole = node if node is not None else Pack(tuple(part for part in nodes if isinstance(part, Node)), statement.value.span)
    body.statements.append(SetState(statement.comments, tuple(names), whole, made))


def _carry(body: Body, statement: tree.Carry) -> None:
    module = evaluate(body, statement.layer)
    if module is BROKEN:
        return
    if not isinstance(module, Module) or module.layer is None or module.layer.role != "recurrent":
        body.complain(say.not_a_layer("no named recurrent layer", statement.layer.span))
        return
    body.instance.carries = (*body.instance.carries, (statement.name.id, module.key))


def _later(body: Body, statement: tree.Statement) -> None:
    """Ties and initial weights speak of keys, which are known at the end."""
    body.late.append(statement)


def _shorthand(body: Body, statement: tree.Shorthand) -> None:
    from archdsl.analyze.declare import shorthand

    body.scope[statement.name.id] = shorthand(body.compiler, statement, body.scope)


def finish(body: Body, block: tree.Block) -> None:
    """See to what only the whole body shows: keys, what is missing, what nothing uses."""
    from archdsl.analyze.inits import finish_weights

    instance = body.instance
    instance.body = tuple(body.statements)
    # torch lists a module's own parameters before its buffers, and both before its submodules.
    instance.modules.sort(key=lambda module: {"parameter": 0, "buffer": 1}.get(module.kind, 2))
    if body.compiler.count == body.errors_before:
        finish_weights(body)
        _check_used(body, block)


def _check_used(body: Body, block: tree.Block) -> None:
    if not body.instance.outputs and not body.broken_output:
        body.complain(say.missing(f"The {block.kind} {block.name.id} has no output", block.name.span, "End it with output NAME."))
        return
    for state in body.instance.states:
        if state.name not in body.set_states:
            body.complain(
                say.missing(f"The state {state.name} never changes", body.state_spans[state.name], f"Write next {state.name} = ...")
            )
    for module, span in body.layer_spans.items():
        members = module.members if module.kind == "list" else [module]
        idle = [number for number, member in enumerate(members) if member not in body.applied and member not in body.weights_read]
        if idle:
            name = body.layer_names(module) if module.name.isdigit() else module.name
            body.complain(say.never_applied(name if len(idle) == len(members) else f"{name}[{idle[0]}]", span))
    for name, own in body.scope.items():
        if isinstance(own, Path) and not own.used:
            body.complain(say.never_applied(name, body.defined.get(name, own.span)))
    if block.kind != "model":
        for name, span in body.inputs.items():
            if name not in body.read:
                body.complain(say.never_read(name, span))


_RULES: dict[type[tree.Statement], Callable[[Body, Any], None]] = {
    tree.Define: _define, tree.If: _if, tree.For: _for, tree.Input: declare_input, tree.State: declare_state,
    tree.Output: _output, tree.Next: _next, tree.Carry: _carry, tree.Tie: _later, tree.Init: _later, tree.Shorthand: _shorthand,
}  # fmt: skip
