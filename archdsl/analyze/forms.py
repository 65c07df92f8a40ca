"""The words that are no layers themselves: they make, stack, wrap and ask."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.apply import settled
from archdsl.analyze.constants import MOST_ITEMS
from archdsl.analyze.context import MOST_LAYERS
from archdsl.analyze.evaluate import as_node, constant, evaluate, what_is
from archdsl.analyze.naming import place
from archdsl.analyze.values import BROKEN, BlockSpec, ChainSpec, MemberSpec, ScanSpec, Spec, Weights, WrapSpec, is_layer
from archdsl.dims import Dim, product
from archdsl.graph import Given, Module, Node, Splice, Weight
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Tensor
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.analyze.context import Body


class Form:
    """The arguments of a form as written, by name; complains of a wrong number or an unknown name."""

    def __init__(self, body: Body, expr: tree.Call, names: tuple[str, ...], required: int, *, others: bool = False) -> None:
        assert isinstance(expr.function, tree.Name)
        self.body, self.expr, self.name = body, expr, expr.function.id
        self.given: dict[str, tree.Argument] = {}
        self.others: dict[str, tree.Argument] = {}
        self.sound = self._read(names, required, others=others)

    def _read(self, names: tuple[str, ...], required: int, *, others: bool) -> bool:
        free = list(names)
        for argument in self.expr.arguments:
            name = argument.name or (free[0] if free else None)
            if name is not None and name not in names and others:
                self.others[name] = argument
                continue
            if name is None or name not in free:
                takes = ", ".join(names)
                self._complain(f"{self.name} takes {takes}", argument)
                return False
            free.remove(name)
            self.given[name] = argument
        if any(name not in self.given for name in names[:required]):
            self._complain(f"{self.name} needs {' and '.join(names[:required])}", None)
            return False
        return True

    def _complain(self, message: str, argument: tree.Argument | None) -> None:
        self.body.complain(say.bad_argument(self.name, message, argument.span if argument else self.expr.span))


def _repeat(body: Body, expr: tree.Call) -> object:
    """`repeat(n, f)`: n members, each with its own weights."""
    from archdsl.analyze.chains import member_layer
    from archdsl.analyze.expand import spliced_in

    form = Form(body, expr, ("n", "f"), 2)
    if not form.sound:
        return BROKEN
    count = constant(body, form.given["n"].value)
    layer = member_layer(body, form.given["f"].value)
    if count is BROKEN or layer is None:
        return BROKEN
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        body.complain(say.bad_argument("repeat", f"repeat wants a number of times and gets {what_is(count)}", form.given["n"].span))
        return BROKEN
    bare = isinstance(form.given["f"].value, tree.Chain)
    members = (
        layer.members if isinstance(layer, ChainSpec) and (layer.spliced or bare) else [MemberSpec(None, layer, form.given["f"].value.span)]
    )
    if count * max(1, len(members)) > MOST_LAYERS:
        body.complain(say.too_large("repeat", count * len(members), MOST_LAYERS, expr.span))
        return BROKEN
    splice = Splice("repeat", None, (), count, expr)
    return ChainSpec(spliced_in(list(members) * count, splice), expr.span, spliced=True)


def _chain(body: Body, expr: tree.Call) -> object:
    """`chain([...])`, or `chain({...})` for names: the layers of a list in a row."""
    from archdsl.analyze.expand import spliced_in

    form = Form(body, expr, ("layers",), 1)
    value = evaluate(body, form.given["layers"].value) if form.sound else BROKEN
    if value is BROKEN:
        return BROKEN
    if isinstance(value, Module) and value.kind == "list":
        value = list(value.members)
    if not isinstance(value, list | tuple | dict):
        body.complain(say.bad_argument("chain", f"chain wants a list of layers and gets {what_is(value)}", expr.span))
        return BROKEN
    pairs = list(value.items()) if isinstance(value, dict) else [(None, layer) for layer in value]
    members: list[MemberSpec] = []
    sizes: list[int] = []
    for name, layer in pairs:
        if not is_layer(layer) or not (name is None or isinstance(name, str)):
            body.complain(say.not_a_layer(what_is(layer), expr.span))
            return BROKEN
        if isinstance(layer, ChainSpec) and not layer.grouped and name is None:
            members.extend(layer.members)
        else:
            members.append(MemberSpec(name, layer, expr.span))
        sizes.append(len(members) - sum(sizes))
    splice = Splice("chain", None, (), len(members), expr, sizes=tuple(sizes))
    return ChainSpec(spliced_in(members, splice), expr.span, spliced=True)


def _scan(body: Body, expr: tree.Call) -> object:
    """`scan(cell, steps=n, h=start)`: a cell run over time."""
    from archdsl.analyze.chains import member_layer

    form = Form(body, expr, ("cell", "steps"), 1, others=True)
    if not form.sound:
        return BROKEN
    cell = member_layer(body, form.given["cell"].value)
    if cell is None:
        return BROKEN
    described = body.specs.get(cell) if isinstance(cell, Module) else cell
    if not isinstance(described, BlockSpec) or described.decl.definition.kind != "cell":
        body.complain(
            say.bad_argument(
                "scan", "scan runs a cell over time", form.given["cell"].span, "A cell is a block with lines `state h: [128] = 0`."
            )
        )
        return BROKEN
    steps_expr = form.given["steps"].value if "steps" in form.given else None
    steps = constant(body, steps_expr) if steps_expr is not None else None
    starts: dict[str, Node] = {}
    for name, argument in form.others.items():
        node = as_node(body, evaluate(body, argument.value), argument.value)
        if node is None:
            return BROKEN
        starts[name] = node
    if steps is BROKEN:
        return BROKEN
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int | Dim)):
        body.complain(say.bad_argument("scan", f"steps wants a number and gets {what_is(steps)}", expr.span))
        return BROKEN
    return ScanSpec(cell, starts, steps, steps_expr, expr.span)


def _wrap(body: Body, expr: tree.Call) -> object:
    """`weight_norm(layer)`, `spectral_norm(layer)`: torch's parametrizations of a layer's weight."""
    assert isinstance(expr.function, tree.Name)
    layer = lookup(expr.function.id)
    form = Form(body, expr, ("module",), 1, others=True)
    if not form.sound or layer is None:
        return BROKEN
    inner = evaluate(body, form.given["module"].value)
    if inner is BROKEN:
        return BROKEN
    if not isinstance(inner, Spec) or isinstance(inner, ChainSpec | BlockSpec):
        body.complain(say.bad_argument(layer.name, f"{layer.name} wraps one layer, and this is {what_is(inner)}", expr.span))
        return BROKEN
    given = tuple(Given(name, constant(body, argument.value), argument.value, span=argument.span) for name, argument in form.others.items())
    return WrapSpec(layer, inner, given, expr.span)


# ---------------------------------------------------------------- weights of one's own


def _parameter(body: Body, expr: tree.Call) -> object:
    """`parameter([T, D], init=normal(std=0.02))`: a learned value."""
    form = Form(body, expr, ("shape", "init"), 1)
    shape = constant(body, form.given["shape"].value) if form.sound else BROKEN
    if shape is BROKEN:
        return BROKEN
    if not isinstance(shape, list | tuple) or not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in shape):
        symbolic = isinstance(shape, list | tuple) and any(isinstance(size, Dim) for size in shape)
        what = "a size that is not known" if symbolic else what_is(shape)
        body.complain(say.bad_argument("parameter", f"parameter wants a shape of known sizes and gets {what}", expr.span))
        return BROKEN
    given = [Given("shape", tuple(shape), form.given["shape"].value, positional=True)]
    if "init" in form.given:
        from archdsl.analyze.inits import init_call

        chosen = init_call(body, form.given["init"].value)
        if chosen is None:
            return BROKEN
        given.append(Given("init", chosen, form.given["init"].value))
    return Weights("parameter", Tensor(tuple(shape), batched=False), None, tuple(given), expr.span)


def _buffer(body: Body, expr: tree.Call) -> object:
    """`buffer(expr)`: a fixed value, kept in the state dict."""
    form = Form(body, expr, ("value",), 1)
    value = evaluate(body, form.given["value"].value) if form.sound else BROKEN
    if value is BROKEN:
        return BROKEN
    if isinstance(value, Node):
        if not isinstance(value.type, Tensor) or value.type.batched or value.type.ragged:
            body.complain(say.bad_argument("buffer", "buffer holds what does not depend on the inputs", expr.span))
            return BROKEN
        kind = value.type
    else:
        shape = _table_shape(value)
        if shape is None:
            body.complain(say.bad_argument("buffer", f"buffer wants numbers and gets {what_is(value)}", expr.span))
            return BROKEN
        kind = Tensor(shape[0], shape[1], batched=False)
    return Weights("buffer", kind, value, (Given("value", value, form.given["value"].value, positional=True),), expr.span)


def _table_shape(value: object) -> tuple[tuple[int, ...], str] | None:
    if isinstance(value, bool):
        return (), "bool"
    if isinstance(value, int | float):
        return (), "float32" if isinstance(value, float) else "int64"
    if not isinstance(value, list | tuple) or not value or len(value) > MOST_ITEMS:
        return None
    inner = [_table_shape(item) for item in value]
    found = [item for item in inner if item is not None]
    if len(found) != len(inner) or any(item[0] != found[0][0] for item in found):
        return None
    dtype = "float32" if any(item[1] == "float32" for item in found) else found[0][1]
    return (len(value), *found[0][0]), dtype


def own_weights(body: Body, weights: Weights, name: str) -> Weight:
    """Give a parameter or buffer its place in the state dict, and return it as a value."""
    module = Module(weights.kind, name, weights.span)
    module.arguments = weights.given
    assert isinstance(weights.type, Tensor)
    module.weights = {"": weights.type.shape}
    module.trainable = {""} if weights.kind == "parameter" else set()
    place(body, module)
    body.makes.append(module)
    return Weight(module, "", weights.type, weights.span)


# ---------------------------------------------------------------- questions about shapes


def _asked(body: Body, expr: tree.Call, *names: str) -> tuple[Tensor, Form] | None:
    form = Form(body, expr, ("x", *names), 1 + len(names))
    if not form.sound:
        return None
    node = as_node(body, evaluate(body, form.given["x"].value), form.given["x"].value)
    if node is None:
        return None
    kind = settled(node).type
    if not isinstance(kind, Tensor):
        body.complain(say.not_a_value("several values", expr.span))
        return None
    return kind, form


def _shape(body: Body, expr: tree.Call) -> object:
    """`shape(x)`: the sizes without the batch."""
    found = _asked(body, expr)
    return BROKEN if found is None else tuple(found[0].shape)


def _channels(body: Body, expr: tree.Call) -> object:
    """`channels(x)`: the first size behind the batch."""
    found = _asked(body, expr)
    if found is None:
        return BROKEN
    if not found[0].shape:
        body.complain(say.bad_argument("channels", "channels asks for the first size of a sample, and this is one number", expr.span))
        return BROKEN
    return found[0].shape[0]


def _numel(body: Body, expr: tree.Call) -> object:
    """`numel(x)`: how many numbers one sample holds."""
    found = _asked(body, expr)
    return BROKEN if found is None else product(found[0].shape)


def _dim(body: Body, expr: tree.Call) -> object:
    """`dim(x, i)`: the size of dimension i, the batch being 0."""
    from archdsl.layers.tensor import Mismatch

    found = _asked(body, expr, "i")
    if found is None:
        return BROKEN
    index = constant(body, found[1].given["i"].value)
    if index is BROKEN:
        return BROKEN
    try:
        return found[0].shape[found[0].axis(index, "i")]
    except Mismatch as mismatch:
        body.complain(say.bad_argument("dim", mismatch.message, found[1].given["i"].span, mismatch.suggestion))
        return BROKEN


FORMS: dict[str, Callable[[Body, tree.Call], object]] = {
    "repeat": _repeat, "chain": _chain, "scan": _scan, "weight_norm": _wrap, "spectral_norm": _wrap,
    "parameter": _parameter, "buffer": _buffer, "shape": _shape, "channels": _channels, "numel": _numel, "dim": _dim,
}  # fmt: skip
