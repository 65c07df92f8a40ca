"""Layers meet values: modules are made, inference fills them, operations are applied."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.blame import explain, origin
from archdsl.analyze.naming import place, type_name
from archdsl.analyze.values import BlockSpec, ChainSpec, MemberSpec, Path, PlainSpec, ScanSpec, Spec, WrapSpec, has_weights
from archdsl.dims import Dim, TooManyTerms, Traced, origin_of, substitute
from archdsl.graph import Apply, Module, Node, Number, Pack, Run, Take
from archdsl.layers.check import check_arguments
from archdsl.layers.tensor import Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archdsl.analyze.context import Body
    from archdsl.dims import Size
    from archdsl.graph import Definition, Given, Splice, Type
    from archdsl.layers.registry import Layer
    from archdsl.layers.tensor import Applied
    from archdsl.text.source import Span


# ---------------------------------------------------------------- operations


def infer(
    body: Body, layer: Layer, bound: Mapping[str, object], given: Sequence[Given], nodes: Sequence[Node | None], span: Span
) -> Applied | None:
    """Ask a layer's rule what comes of these inputs; None, after a complaint, where it refuses them."""
    known = [node for node in nodes if node is not None]
    for node in known:
        if isinstance(node.type, Tensor) and node.type.ragged and not layer.ragged:
            body.complain(say.ragged_refused(layer.name, span, origin(node).span))
            return None
    values: list[object] = []
    for number, value in enumerate(nodes):
        name = layer.values[min(number, len(layer.values) - 1)] if layer.values else ""
        numeric = isinstance(value, Number) and name in layer.numbers
        values.append(value.value if numeric and isinstance(value, Number) else None if value is None else value.type)
    try:
        applied = layer.apply(values, bound)
    except Mismatch as mismatch:
        body.complain(explain(mismatch, layer.name, span, [] if _argument_alone(layer, bound) else known, given))
        return None
    except TooManyTerms:
        body.complain(say.bad_constant(f"the sizes that {layer.name} gives have too many terms", span))
        return None
    return applied if _inferred_agree(body, layer, bound, given, applied, span, known) else None


def _argument_alone(layer: Layer, bound: Mapping[str, object]) -> bool:
    """Whether an argument is wrong whatever the input is: then the input explains nothing."""
    try:
        check_arguments(layer, bound)
    except Mismatch:
        return True
    return False


def _inferred_agree(
    body: Body, layer: Layer, bound: Mapping[str, object], given: Sequence[Given], applied: Applied, span: Span, nodes: Sequence[Node]
) -> bool:
    """An argument that inference supplies may be given, and is then checked."""
    from archdsl.analyze.blame import came_from

    for name in layer.infers:
        if name in bound and name in applied.inferred and layer.argument(name) is None and bound[name] != applied.inferred[name]:
            written = next((one.span for one in given if one.name == name and one.span is not None), span)
            labels = came_from(nodes[0], written) if nodes else ()
            body.complain(say.inferred_wrong(layer.name, name, applied.inferred[name], bound[name], written, labels))
            return False
    return True


def apply_layer(
    body: Body,
    layer: Layer,
    given: tuple[Given, ...],
    bound: Mapping[str, object],
    nodes: Sequence[Node | None],
    span: Span,
    splice: Splice | None = None,
) -> Apply | None:
    """Call an operation without weights on values."""
    nodes = [None if node is None else settled(node) for node in nodes]
    applied = infer(body, layer, bound, given, nodes, span)
    if applied is None:
        return None
    made = Apply(layer, given, tuple(nodes), _type(applied), span)  # type: ignore[arg-type]
    made.macs, made.lengths, made.prepare, made.spliced = applied.macs, applied.lengths, applied.prepare, splice
    return made


def _type(applied: Applied) -> Type:
    return applied.outputs[0] if len(applied.outputs) == 1 else applied.outputs


def settled(node: Node) -> Node:
    """A recurrent layer or attention passes on its first result, where not all of them are asked for."""
    base = node.bound if hasattr(node, "bound") and node.bound is not None else node
    if not isinstance(node.type, Tensor) and isinstance(base, Run) and (base.scan is not None or passes_first(base.module)):
        return Take(node, 0, node.type[0], node.span)
    return node


def passes_first(module: Module) -> bool:
    """Whether a module's first result is what it passes on."""
    if module.kind == "chain" and module.members:
        return passes_first(module.members[-1])
    return module.layer is not None and module.layer.role in ("recurrent", "attention")


def spread(node: Node) -> list[Node]:
    """Several values in one are several inputs."""
    node = settled(node)
    if isinstance(node.type, Tensor):
        return [node]
    if isinstance(node, Pack):
        return list(node.items)
    return [Take(node, i, kind, node.span) for i, kind in enumerate(node.type)]


def check_alone(body: Body, specs: Iterable[object]) -> None:
    """Where no value arrives, say of layers what is wrong of their arguments whatever the input is."""
    for spec in specs:
        if isinstance(spec, ChainSpec):
            check_alone(body, [member.layer for member in spec.members])
        elif isinstance(spec, PlainSpec):
            try:
                check_arguments(spec.layer, spec.bound)
            except Mismatch as mismatch:
                body.complain(explain(mismatch, spec.layer.name, spec.span, [], spec.given))


# ---------------------------------------------------------------- modules


def create(body: Body, spec: Spec, name: str) -> Module:
    """Make the module that a description describes; its weights follow when it meets its first input."""
    if isinstance(spec, PlainSpec):
        module = Module("layer", name, spec.span, layer=spec.layer)
        module.arguments = spec.given
    elif isinstance(spec, BlockSpec):
        module = Module("block", name, spec.span, definition=spec.decl.definition)
        module.arguments = spec.given
    elif isinstance(spec, WrapSpec):
        module = Module("wrapper", name, spec.span, layer=spec.layer)
        module.arguments = spec.given
        module.members = [create(body, spec.inner, "")]
    elif isinstance(spec, ScanSpec):
        assert isinstance(spec.cell, Spec)
        module = create(body, spec.cell, name)
    else:
        assert isinstance(spec, ChainSpec)
        module = Module("chain", name, spec.span)
        for number, member in enumerate(spec.members):
            child = create(body, _as_spec(member.layer), member.name or str(number))
            child.spliced = member.splice
            module.members.append(child)
    body.specs[module] = spec
    return module


def _as_spec(layer: object) -> Spec:
    assert isinstance(layer, Spec)
    return layer


def run(body: Body, module: Module, nodes: list[Node], span: Span) -> Node | None:
    """Apply a module to values: the first time inference fills it, later its weights have to fit."""
    if module.kind == "list":
        hint = f"{module.name}[0] is the first of them; chain([...]) makes one layer of a list."
        body.complain(say.not_a_layer("a list of layers", span).replace(suggestion=hint))
        return None
    spec = body.specs[module]
    body.applied.add(module)
    if isinstance(spec, PlainSpec):
        return _run_layer(body, module, spec, [*nodes, *spec.extra], span)
    if isinstance(spec, BlockSpec):
        from archdsl.analyze.instances import run_block

        return run_block(body, module, spec, nodes, span)
    if isinstance(spec, ScanSpec):
        from archdsl.analyze.scans import run_scan

        return run_scan(body, module, spec, nodes, span)
    if isinstance(spec, WrapSpec):
        return _run_wrapper(body, module, nodes, span)
    return _run_chain(body, module, nodes, span)


def _run_layer(body: Body, module: Module, spec: PlainSpec, nodes: list[Node], span: Span) -> Node | None:
    nodes = [node if node is None else settled(node) for node in nodes]  # an optional value may be left out
    applied = infer(body, spec.layer, spec.bound, spec.given, nodes, span)
    if applied is None:
        return None
    weights = applied.weights | applied.buffers
    if not _known(body, spec, weights, nodes, span):
        return None
    if module.inferred and module.weights != weights:
        before, now = _differing(module.weights, weights)
        body.complain(say.shared_differs(module.name, before, now, span, module.span))
        return None
    if not module.inferred:
        module.weights, module.trainable = weights, set(applied.weights)
        module.inferred, module.macs = dict(applied.inferred), applied.macs
    made = Run(module, tuple(nodes), _type(applied), span)
    made.lengths = applied.lengths
    return made


def foresee(body: Body, module: Module) -> None:
    """Let the weights be known before the first input comes, of a layer such as `embedding` that does not ask it for a size."""
    spec = body.specs.get(module)
    if isinstance(spec, PlainSpec) and spec.layer.weighted and not spec.layer.infers:
        try:
            applied = spec.layer.apply([Tensor((), "int64")], spec.bound)
        except Mismatch:
            return
        module.weights, module.trainable = dict(applied.weights), set(applied.weights)


def _known(body: Body, spec: PlainSpec, weights: Mapping[str, tuple[Size, ...]], nodes: Sequence[Node], span: Span) -> bool:
    """Weights have to be of a size that is known when the network is made."""
    from archdsl.analyze.blame import came_from

    for shape in weights.values():
        for size in shape:
            if isinstance(size, Dim):
                body.complain(say.unknown_weights(spec.layer.name, str(size), span, came_from(nodes[0], span)))
                return False
    return True


def _differing(before: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, str]:
    for name, shape in before.items():
        if now.get(name) != shape:
            return f"{name} {show_shape(shape)}", f"{name} {show_shape(now.get(name, ()))}"  # type: ignore[arg-type]
    return "other weights", "these"


def _run_wrapper(body: Body, module: Module, nodes: list[Node], span: Span) -> Node | None:
    """Torch's parametrizations keep the weight they compute from under a name of their own."""
    inner = module.members[0]
    done = run(body, inner, nodes, span)
    if done is None:
        return None
    assert module.layer is not None
    weights: dict[str, tuple[Size, ...]] = {name: shape for name, shape in inner.weights.items() if name != "weight"}
    shape = inner.weights.get("weight", ())
    if module.layer.name == "weight_norm":
        weights["parametrizations.weight.original0"] = (shape[0], *[1] * (len(shape) - 1)) if shape else ()
        weights["parametrizations.weight.original1"] = shape
        module.trainable = set(weights) - (set(inner.weights) - inner.trainable)
    else:
        weights["parametrizations.weight.original"] = shape
        module.trainable = set(weights) - (set(inner.weights) - inner.trainable)
        rest: Size = 1
        for size in shape[1:]:
            rest = rest * size
        weights["parametrizations.weight.0._u"], weights["parametrizations.weight.0._v"] = (shape[0],), (rest,)
    module.weights, module.inferred, module.macs = weights, inner.inferred, inner.macs
    return Run(module, tuple(nodes), done.type, span)


def _run_chain(body: Body, module: Module, nodes: list[Node], span: Span) -> Node | None:
    inner: list[Run] = []
    passed = nodes
    for number, member in enumerate(module.members):
        done = run(body, member, passed, member.span)
        if done is None:
            check_alone(body, [body.specs[later] for later in module.members[number + 1 :]])
            return None
        following = module.members[number + 1].spliced if number + 1 < len(module.members) else None
        leave(body, done, member.spliced, following)
        inner.append(done)  # type: ignore[arg-type]
        passed = spread(done)
    if not inner:
        return nodes[0] if len(nodes) == 1 else Pack(tuple(nodes), span)
    made = Run(module, tuple(nodes), inner[-1].type, span)
    made.inner = tuple(inner)
    return made


def leave(body: Body, node: Node, splice: Splice | None, following: Splice | None) -> None:
    """Where a value leaves a shorthand, its sizes speak of the shorthand's arguments no more but of what they were given."""
    if not body.compiler.traced or splice is None:
        return
    kept: set[int] = set()
    outer = following
    while outer is not None:
        kept.add(id(outer))
        outer = outer.outer
    left: Splice | None = splice
    while left is not None and id(left) not in kept:
        if left.definition is not None:
            given = {one.name: one.value for one in left.arguments}
            node.type = _outside(node.type, left.definition, given)
        left = left.outer


def _outside(kind: Type, definition: Definition, given: Mapping[str, object]) -> Type:
    if not isinstance(kind, Tensor):
        return tuple(_outside(part, definition, given) for part in kind)
    own = {name for name, _ in definition.parameters}
    sizes: list[Size] = []
    for size in kind.shape:
        origin = origin_of(size)
        if isinstance(origin, Dim) and isinstance(size, int) and origin.names & own:
            values = {name: origin_of(value) for name, value in given.items() if isinstance(value, int)}
            outside = substitute(origin, values) if origin.names & own <= set(values) else int(size)
            size = Traced(int(size), outside) if isinstance(outside, Dim) else int(size)  # noqa: PLW2901 - the same size, seen from outside
        sizes.append(size)
    return kind.replace(shape=tuple(sizes))  # type: ignore[no-any-return]


# ---------------------------------------------------------------- members of a chain in a value's definition


def follow(body: Body, node: Node | None, members: Sequence[MemberSpec]) -> Node | None:
    """Pass a value on from one member to the next; None, after a complaint, where one refuses it."""
    for number, member in enumerate(members):
        if node is None:
            check_alone(body, [later.layer for later in members[number:]])
            return None
        node = apply_member(body, node, member)
        if node is not None:
            leave(body, node, member.splice, members[number + 1].splice if number + 1 < len(members) else None)
    return node


def apply_member(body: Body, node: Node, member: MemberSpec) -> Node | None:
    """Pass a value on to one member of a chain, made or named."""
    layer, inputs = member.layer, spread(node)
    if isinstance(layer, Module):
        return run(body, layer, inputs, member.span)
    if isinstance(layer, Path):
        return walk(body, layer, node)
    assert isinstance(layer, Spec)
    if member.name is None and not has_weights(layer):
        container = body.plan.container if body.plan is not None else None
        if container is None or not isinstance(layer, PlainSpec):
            return _apply_plainly(body, node, layer, member.splice)
        child = create(body, layer, str(len(container.members)))
        container.members.append(child)
        return run(body, child, inputs, layer.span)
    module = make_in_passing(body, layer, member.name)
    module.spliced = member.splice
    done = run(body, module, inputs, layer.span)
    if isinstance(done, Run):
        done.spliced = member.splice
    return done


def _apply_plainly(body: Body, node: Node, layer: Spec, splice: Splice | None) -> Node | None:
    """Layers without weights are written in `forward`."""
    if isinstance(layer, ScanSpec):
        from archdsl.analyze.scans import run_scan

        assert isinstance(layer.cell, Module)
        return run_scan(body, layer.cell, layer, spread(node), layer.span)
    if isinstance(layer, PlainSpec):
        return apply_layer(body, layer.layer, layer.given, layer.bound, [*spread(node), *layer.extra], layer.span, splice)
    assert isinstance(layer, ChainSpec)
    return follow(body, node, [member.replace(splice=member.splice or splice) for member in layer.members])


def make_in_passing(body: Body, spec: Spec, label: str | None) -> Module:
    """Make a layer in the definition of a value: named by its label, by the plan, or else by its type."""
    plan = body.plan
    if label is None and plan is not None and plan.container is not None:
        module = create(body, spec, str(len(plan.container.members)))
        module.key = f"{plan.container.name}.{module.name}"
        plan.container.members.append(module)
        return module
    if label is not None:
        module = create(body, spec, label)
        body.scope[label] = module
        body.defined[label] = spec.span
    elif plan is not None and plan.single is not None:
        module = create(body, spec, plan.single)
        plan.single = None
    else:
        module = create(body, spec, type_name(spec))
    place(body, module)
    body.makes.append(module)
    return module


def walk(body: Body, path: Path, node: Node) -> Node | None:
    """Pass a value along a named chain that mentions named layers."""
    path.used = True
    return follow(body, node, path.members)
