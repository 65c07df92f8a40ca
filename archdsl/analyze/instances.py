"""Blocks, cells and models with everything known: arguments, input types, and what comes of them."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import settled
from archdsl.analyze.constants import FUNCTIONS
from archdsl.analyze.context import MOST_LAYERS, Body
from archdsl.analyze.declare import mentioned
from archdsl.analyze.evaluate import constant
from archdsl.analyze.forms import FORMS
from archdsl.analyze.naming import check_name, check_value_name
from archdsl.analyze.values import BROKEN, BlockSpec, Spec
from archdsl.dims import Dim, TooManyTerms, Traced, names_in, origin_of, solve, substitute, symbol
from archdsl.graph import Instance, Module, Node, Read, Run, StateVar
from archdsl.layers.tensor import DTYPES, Tensor, show_shape
from archdsl.syntax import tree
from archdsl.text.complaint import Label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archdsl.analyze.values import BlockDecl
    from archdsl.dims import Size
    from archdsl.graph import Definition, Type
    from archdsl.text.source import Span


def default_values(body: Body, definition: Definition, given: Mapping[str, object]) -> dict[str, object] | None:
    """Complete arguments by the defaults, which may speak of parameters before them; traced by name."""
    values: dict[str, object] = {}
    for name, default in definition.parameters:
        value = given[name] if name in given else BROKEN if default is None else constant_or_layer(body, default)
        if value is BROKEN:
            return None
        values[name] = value
        body.scope[name] = named_size(body, name, value)
    return {name: body.scope[name] for name in values}


def constant_or_layer(body: Body, expr: tree.Expr) -> object:
    """Evaluate the default of a parameter, which may be a layer too."""
    from archdsl.analyze.evaluate import evaluate

    value = evaluate(body, expr)
    return value if isinstance(value, Spec) else constant(body, expr)


def named_size(body: Body, name: str, value: object) -> object:
    """A whole number that gets a name is known by it from there on, where source is to be emitted."""
    if body.compiler.traced and isinstance(value, int) and not isinstance(value, bool):
        return Traced(int(value), symbol(name))
    return value


# ---------------------------------------------------------------- blocks


def run_block(body: Body, module: Module, spec: BlockSpec, nodes: list[Node], span: Span) -> Node | None:
    """Apply a block to values."""
    if spec.decl.definition.kind == "cell":
        body.complain(
            say.bad_argument(
                module.name, f"{spec.decl.definition.name} is a cell, one step of a recurrence", span, "scan(...) runs it over time."
            )
        )
        return None
    nodes = [settled(node) for node in nodes]
    types: list[Tensor] = []
    for node in nodes:
        if not isinstance(node.type, Tensor):
            body.complain(say.not_a_value("several values", node.span))
            return None
        types.append(node.type)
    instance = elaborate_for(body, spec, types, span)
    if instance is None or not fill(body, module, instance, span):
        return None
    kinds = [node.type for _, node in instance.outputs]
    if body.compiler.traced:
        mapping = _symbols_outside(body, spec, instance, types)
        kinds = [translated(kind, mapping) for kind in kinds]
    made = Run(module, tuple(nodes), kinds[0] if len(kinds) == 1 else tuple(kinds), span)
    made.instance = instance
    made.lengths = any(kind.ragged for kind in types)
    return made


def fill(body: Body, module: Module, instance: Instance, span: Span) -> bool:
    """Give a module what its first use comes to; later uses have to need the same weights."""
    if module.instance is None:
        module.instance = instance
        return True
    if module.instance is not instance:
        before = [(key, shape) for key, shape, _, _ in module.instance.state()]
        now = [(key, shape) for key, shape, _, _ in instance.state()]
        for (key, shape), (other, found) in zip(before, now, strict=False):
            if key != other or shape != found:
                body.complain(
                    say.shared_differs(module.name, f"{key} {show_shape(shape)}", f"{other} {show_shape(found)}", span, module.span)
                )
                return False
    return True


def elaborate_for(body: Body, spec: BlockSpec, types: Sequence[Tensor], span: Span) -> Instance | None:
    """Return what a block comes to for arguments and input types; each combination is gone through once."""
    decl, compiler = spec.decl, body.compiler
    if not decl.known:
        return None
    if decl.busy:
        body.complain(say.recursion(decl.definition.name, span, decl.block.name.span))
        return None
    wanted = decl.definition.inputs
    if len(types) != len(wanted):
        names = ", ".join(wanted)
        body.complain(say.wrong_count(decl.definition.name, f"{len(wanted)} input{'s' * (len(wanted) != 1)} ({names})", len(types), span))
        return None
    key = (tuple(sorted((name, _key(value)) for name, value in spec.arguments.items())), tuple(types))
    # What is known already is not gone through again, but counts as often as it is used.
    before = compiler.layers
    compiler.layers += decl.sizes.get(key, 1)
    if compiler.layers > MOST_LAYERS:
        if before <= MOST_LAYERS:
            body.complain(say.too_large("the spec", compiler.layers, MOST_LAYERS, span))
        return None
    if key in decl.instances:
        return decl.instances[key]  # type: ignore[return-value]
    decl.busy = True
    compiler.callers.append((decl.definition.name, span))
    try:
        instance = elaborate(compiler_body(body, decl), decl, spec.arguments, types)
    finally:
        decl.busy = False
        compiler.callers.pop()
    decl.instances[key], decl.sizes[key] = instance, compiler.layers - before
    if instance is not None:
        if decl.definition.name not in compiler.instances:
            compiler.definitions.append(decl.definition)
        compiler.instances.setdefault(decl.definition.name, []).append(instance)
    return instance


def _key(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(_key(item) for item in value)
    return (
        (type(value).__name__ if isinstance(value, bool) else "", value) if isinstance(value, int | float | str | Dim | None) else id(value)
    )


def compiler_body(body: Body, decl: BlockDecl) -> Body:
    """Start the body of a block: it sees the file's names, and nothing of its user's."""
    return Body(body.compiler, Instance(decl.definition), dict(body.compiler.globals))


def elaborate(inner: Body, decl: BlockDecl, given: Mapping[str, object], types: Sequence[Tensor] | None) -> Instance | None:
    """Go through the statements of a block for known arguments and input types; a model declares its own."""
    from archdsl.analyze.statements import finish, go_through

    instance = inner.instance
    arguments = default_values(inner, decl.definition, given)
    if arguments is None:
        return None
    instance.arguments = arguments | {name: inner.compiler.globals[name] for name in decl.definition.uses}
    inner.block_types = None if types is None else list(types)
    before = inner.compiler.count
    go_through(inner, decl.block.body)
    finish(inner, decl.block)
    return instance if inner.compiler.count == before and instance.outputs else None


# ---------------------------------------------------------------- inputs and states


def declare_input(body: Body, statement: tree.Input) -> None:
    """Make an input known: a model's as declared, a block's as it is given."""
    name = statement.name.id
    sound = check_value_name(body.compiler, name, statement.name.span)
    if name in body.inputs:
        body.complain(say.defined_twice(name, "The input", statement.name.span, body.inputs[name]))
    if body.block_types is not None:
        found: Tensor | None = body.block_types.pop(0) if body.block_types else None
        kind = None if found is None else _matched(body, statement, found)
    elif statement.type is None:
        body.complain(
            say.missing(
                f"The input {name} of a model needs a shape", statement.span, f"Write input {name}: [1, 28, 28], without the batch."
            )
        )
        kind = None
    else:
        kind = declared_type(body, statement.type, name)
    if kind is None or not sound:
        body.scope[name] = BROKEN
        return
    body.instance.inputs = (*body.instance.inputs, (name, kind))
    moment = kind
    if body.is_state_model:
        if not kind.shape:
            body.complain(
                say.missing(f"The input {name} of a model with states is a sequence", statement.span, f"Write input {name}: [T, ...].")
            )
            body.scope[name] = BROKEN
            return
        moment = Tensor(kind.shape[1:], kind.dtype)
    body.scope[name] = Read(name, "input", None, moment, statement.name.span)
    body.inputs[name] = statement.name.span


def declared_type(body: Body, written: tree.Type, owner: str) -> Tensor | None:
    """Evaluate a declared type; names that nothing defines are symbolic sizes."""
    if written.dtype is not None and written.dtype not in DTYPES:
        body.complain(say.unknown_name(written.dtype, written.span, DTYPES))
        return None
    sizes: list[Size] = []
    for expr, bound in zip(written.dims, written.bounds, strict=True):
        size = _size(body, expr)
        if bound is not None:
            limit = constant(body, bound)
            if limit is not BROKEN and (isinstance(limit, bool) or not isinstance(limit, int | Dim)):
                body.complain(say.bad_constant("a bound is a whole number", bound.span))
        if size is None:
            return None
        sizes.append(size)
    if written.ragged and not sizes:
        body.complain(say.missing("A ragged input needs a dimension that differs", written.span, "Write ragged [T, 57]."))
        return None
    return Tensor(tuple(sizes), written.dtype or "float32", True, written.ragged, owner if written.ragged else "")


def _size(body: Body, expr: tree.Expr) -> Size | None:
    for name in _new_names(body, expr):
        if name == "B":
            body.complain(say.batch_written(expr.span))
            return None
        body.scope[name] = symbol(name)
    value = constant(body, expr)
    if value is BROKEN:
        return None
    if isinstance(value, Dim) or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    from archdsl.analyze.evaluate import what_is

    found = str(value) if isinstance(value, int | float) else what_is(value)
    body.complain(say.bad_constant(f"a size is a positive whole number, and this is {found}", expr.span))
    return None


def _new_names(body: Body, expr: tree.Expr) -> list[str]:
    """Names that a size is written with and that nothing defines: they are symbolic, or a pattern's."""
    return [name for name in dict.fromkeys(mentioned(expr)) if name not in body.scope and name not in FUNCTIONS and name not in FORMS]


def _matched(body: Body, statement: tree.Input, found: Tensor) -> Tensor | None:
    """Hold a block's argument against its pattern, and give names to its sizes."""
    name, written = statement.name.id, statement.type
    traced = body.compiler.traced
    if written is None:
        if not traced:
            return found
        sizes = [_symbolic(body, f"{name}.{k}", size) for k, size in enumerate(found.shape)]
        return found.replace(shape=tuple(sizes))  # type: ignore[no-any-return]
    wrong = len(written.dims) != len(found.shape) or (written.dtype is not None and written.dtype != found.dtype)
    sizes = []
    for k, (expr, size) in enumerate(zip(written.dims, found.shape, strict=False)):
        if wrong:
            break
        if isinstance(expr, tree.Name) and expr.id not in body.scope:
            named = _symbolic(body, expr.id, size) if traced else size
            body.scope[expr.id] = named
            sizes.append(named)
            continue
        if not _solved(body, expr, size):
            wrong = True
            break
        known = constant(body, expr)
        if known is BROKEN:
            return None
        wrong = known != size and not (isinstance(known, Dim) or isinstance(size, Dim))
        if known != size and traced:
            size = _symbolic(body, f"{name}.{k}", size)  # noqa: PLW2901 - the same size, by another name
        sizes.append(known if known == size else size)  # type: ignore[arg-type]  # a size, as it equals one
    if wrong:
        _complain_of_pattern(body, statement, found)
        return None
    return found.replace(shape=tuple(sizes))  # type: ignore[no-any-return]


def _solved(body: Body, expr: tree.Expr, size: Size) -> bool:
    """Find what the one new name of a pattern like `2 * D` has to be."""
    fresh = _new_names(body, expr)
    if not fresh:
        return True
    for name in fresh:
        body.scope[name] = symbol(name)
    pattern = constant(body, expr)
    found = solve(pattern, size, fresh[0]) if len(fresh) == 1 and isinstance(pattern, Dim) else None
    for name in fresh:
        body.scope[name] = BROKEN if found is None else _symbolic(body, name, found) if body.compiler.traced else found
    return found is not None


def _complain_of_pattern(body: Body, statement: tree.Input, found: Tensor) -> None:
    """The mistake is at the use; the declaration explains it."""
    assert statement.type is not None
    name, span = body.compiler.callers[-1]
    body.compiler.count += 1
    body.compiler.complaints.add(
        say.mismatch(
            "shape-mismatch",
            f"{name} wants {statement.type.span.text} as {statement.name.id} and gets {found}",
            span,
            f"gets {found}",
            (Label(statement.type.span, "declared here"),),
            "",
        )
    )


def _symbolic(body: Body, name: str, size: Size) -> Size:
    """Let a known size be known by a name of its class."""
    body.instance.symbols[name] = size
    return size if isinstance(size, Dim) else Traced(int(size), symbol(name))


def declare_state(body: Body, statement: tree.State) -> None:
    """Make a state of a cell known: throughout the step, the old one."""
    name = statement.name.id
    kind = declared_type(body, statement.type, "")
    start = constant(body, statement.start) if statement.start is not None else 0
    sound = check_name(body.compiler, name, statement.name.span)
    if kind is not None and any(isinstance(size, Dim) for size in kind.shape):
        symbolic = next(size for size in kind.shape if isinstance(size, Dim))
        body.complain(say.unknown_state(name, str(symbolic), statement.type.span))
        sound = False
    if kind is None or start is BROKEN or not sound:
        body.scope[name] = BROKEN
        return
    body.instance.states = (*body.instance.states, StateVar(name, kind, start, statement.start))
    body.scope[name] = Read(name, "state", None, kind, statement.name.span)
    body.state_spans[name] = statement.span


# ---------------------------------------------------------------- types across the wall of a block


def _symbols_outside(body: Body, spec: BlockSpec, instance: Instance, types: Sequence[Tensor]) -> dict[str, Size]:
    """Say what the names inside a block come to in the names around it."""
    mapping: dict[str, Size] = {name: symbol(name) for name in body.compiler.params}
    for name, _ in spec.decl.definition.parameters:
        value = instance.arguments[name]
        if isinstance(value, int) and not isinstance(value, bool):
            mapping[name] = origin_of(spec.arguments[name]) if name in spec.arguments else int(value)  # type: ignore[arg-type]
    flat = [size for kind in types for size in kind.shape]
    inside = [size for _, kind in instance.inputs for size in kind.shape]
    for outer, inner in zip(flat, inside, strict=True):
        known_as = origin_of(inner)
        if isinstance(known_as, Dim) and isinstance(inner, int) and len(known_as.names) == 1 and str(known_as) in known_as.names:
            mapping[str(known_as)] = origin_of(outer)
    return mapping


def translated(kind: Type, mapping: Mapping[str, Size]) -> Type:
    """Rewrite the sizes of a type that leaves a block over the names around it."""
    if not isinstance(kind, Tensor):
        return tuple(translated(part, mapping) for part in kind)
    return kind.replace(shape=tuple(_translate(size, mapping) for size in kind.shape))  # type: ignore[no-any-return]


def _translate(size: Size, mapping: Mapping[str, Size]) -> Size:
    if not isinstance(size, Traced):
        return size
    origin = origin_of(size)
    if not names_in(origin) <= set(mapping):
        return int(size)
    try:
        outside = substitute(origin, mapping)
    except TooManyTerms:
        return int(size)
    return Traced(int(size), outside) if isinstance(outside, Dim) else int(size)
