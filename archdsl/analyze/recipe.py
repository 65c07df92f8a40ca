"""`train { }`: what is computed for each batch, who is updated by it, and with what."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.blame import explain
from archdsl.analyze.calls import read_arguments
from archdsl.analyze.context import Body
from archdsl.analyze.evaluate import what_is
from archdsl.analyze.feeding import fed
from archdsl.analyze.fields import FIELDS, LATER, STEP_FIELDS, option
from archdsl.analyze.recipe_scope import is_called, open_scope
from archdsl.analyze.statements import evaluate_value, go_through
from archdsl.analyze.values import BROKEN
from archdsl.graph import Choice, Definition, Given, Instance, Let, Node, Recipe, Update
from archdsl.layers.bind import bind
from archdsl.layers.check import check_arguments
from archdsl.layers.data import data_names, lookup_data
from archdsl.layers.registry import lookup, names
from archdsl.layers.tensor import Mismatch, Tensor
from archdsl.syntax import tree
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archdsl.analyze.context import Compiler
    from archdsl.layers.registry import Layer
    from archdsl.text.source import Span

_RECIPE = Definition("train", "recipe", (), (), (), (), tree.NO_COMMENTS, None)  # type: ignore[arg-type]


class Work:
    """What is known of a recipe while it is read."""

    def __init__(self, compiler: Compiler, statement: tree.Train, broken: Sequence[tree.Block]) -> None:
        self.compiler, self.statement, self.broken = compiler, statement, broken
        self.body = Body(compiler, Instance(_RECIPE), dict(compiler.globals))
        self.body.is_recipe = True
        self.recipe = Recipe(statement.span)
        self.recipe.comments = statement.comments
        self.fields: dict[str, tree.Field] = {}
        self.owners: dict[str, tuple[str, bool]] = {}
        self.open_fields = self.no_fields = False
        self.misspelled: set[str] = set()

    def complain_missing(self, what: str, suggestion: str, field: str = "") -> None:
        """Say that the recipe lacks something, at its head; not where the field is there, misspelled."""
        if field in self.misspelled:
            return
        head = self.statement.span
        self.compiler.complain(say.missing(what, head.replace(end=min(head.end, head.start + 5)), suggestion))


def recipe(compiler: Compiler, statement: tree.Train, read: dict[str, set[str]], broken: Sequence[tree.Block]) -> Recipe:
    """Resolve a recipe; what is at fault is complained of, but not what `broken` models leave unknown."""
    work = Work(compiler, statement, broken)
    steps = _sort(work, statement)
    _data(work)
    open_scope(work, statement)
    _options(work)
    defines = tuple(one for one in statement.body if isinstance(one, tree.Define | tree.If | tree.For))
    go_through(work.body, defines)
    work.recipe.lets = _lets(work.body)
    if steps:
        work.recipe.updates = tuple(found for one in steps for found in [_step(work, one)] if found is not None)
    else:
        _single(work)
    work.recipe.metrics = _named_nodes(work, "metrics")
    work.recipe.show = _named_nodes(work, "show")
    if "schedule" in work.fields:
        work.recipe.schedule = choice(work, work.fields["schedule"], "schedule")
    work.recipe.fed = tuple(fed(work))
    read["train"] = work.body.read
    return work.recipe


def _sort(work: Work, statement: tree.Train) -> list[tree.Step]:
    steps: list[tree.Step] = []
    for one in statement.body:
        if isinstance(one, tree.Field):
            _keep(work, one, work.fields, FIELDS)
        elif isinstance(one, tree.Step):
            steps.append(one)
        elif not isinstance(one, tree.Define | tree.If | tree.For):
            work.compiler.complain(say.misplaced(type(one).__name__.lower(), "in a recipe", one.span))
    if steps and "loss" in work.fields:
        span = work.fields["loss"].span
        work.compiler.complain(say.misplaced("A loss", "beside steps, which have their own", span))
    return steps


def _keep(work: Work, field: tree.Field, kept: dict[str, tree.Field], known: Iterable[str]) -> None:
    name = field.name.id
    if name not in known:
        work.compiler.complain(say.unknown_field(name, field.name.span, known))
        near = nearest(name, known)
        work.misspelled.update({near} if near else ())
    elif name in kept:
        work.compiler.complain(say.defined_twice(name, "The field", field.name.span, kept[name].name.span))
    else:
        kept[name] = field


# ---------------------------------------------------------------- what the recipe speaks of


def _data(work: Work) -> None:
    field = work.fields.get("data")
    if field is None:
        work.complain_missing("This recipe has no data", "Write data: digits(size=28), say.", "data")
        work.open_fields = work.no_fields = True
        return
    source = choice(work, field, "data")
    work.recipe.data = source
    if source is None or source.layer is None:
        work.open_fields = work.no_fields = True
        return
    bound = {one.name: one.value for one in source.arguments}
    work.recipe.fields = {name: kind for name, kind in source.layer.rule(**bound).inferred.items() if isinstance(kind, Tensor)}
    work.open_fields = bool(source.layer.fields.get("open"))


def choice(work: Work, field: tree.Field, group: str) -> Choice | None:
    """Read the call of an optimizer, a schedule or a data source."""
    value = field.value
    function = value.function if isinstance(value, tree.Call) else value
    if not isinstance(function, tree.Name):
        work.compiler.complain(
            say.bad_field(field.name.id, f"the call of {'an' if group == 'optimizer' else 'a'} {group}", "something else", value.span)
        )
        return None
    layer = lookup_data(function.id) if group == "data" else lookup(function.id)
    if layer is None or layer.group != group:
        known = data_names() if group == "data" else names(group)
        words = {"data": "data source"}.get(group, group)
        work.compiler.complain(say.unknown_name(function.id, function.span, known).replace(message=f"There is no {words} {function.id}"))
        return None
    return _bound_choice(work, layer, value, function.id)


def _bound_choice(work: Work, layer: Layer, value: tree.Expr | tree.Entries, name: str) -> Choice | None:
    arguments = read_arguments(work.body, value.arguments if isinstance(value, tree.Call) else (), name)
    if arguments is None:
        return None
    order = [argument.name for argument in layer.arguments]
    given = [
        Given(order[i] if i < len(order) else "", found, written.value, positional=True, span=written.span)
        for i, (found, written) in enumerate(arguments.positional)
    ]
    given += [Given(key, found, written.value, span=written.span) for key, (found, written) in arguments.named.items()]
    for one in given:
        if isinstance(one.value, Node):
            work.compiler.complain(say.not_a_constant(what_is(one.value), one.span or value.span))
            return None
    try:
        bound = bind(layer, [found for found, _ in arguments.positional], {key: found for key, (found, _) in arguments.named.items()})
        check_arguments(layer, bound)
        layer.rule(**bound) if layer.group == "data" else layer.apply([], bound)
    except Mismatch as mismatch:
        work.compiler.complain(explain(mismatch, name, value.span, [], given, code="bad-argument"))
        return None
    return Choice(name, layer, tuple(given), value.span)


# ---------------------------------------------------------------- options


def _options(work: Work) -> None:
    for name, field in work.fields.items():
        if name in LATER:
            work.compiler.complain(say.not_yet(name, field.span))
        elif FIELDS[name] is not None:
            found = option(work.body, field, FIELDS[name])
            if found is not None:
                work.recipe.options[name] = found


# ---------------------------------------------------------------- losses and steps


def _lets(body: Body) -> tuple[Let, ...]:
    lets = tuple(one for one in body.statements if isinstance(one, Let))
    body.statements = []
    return lets


def _logged(lets: tuple[Let, ...]) -> tuple[str, ...]:
    """Scalars that the recipe names are logged under their names."""
    return tuple(
        let.targets[0]
        for let in lets
        if len(let.targets) == 1 and isinstance(let.node.type, Tensor) and let.node.type.shape == () and not let.node.type.batched
    )


def _loss(work: Work, body: Body, field: tree.Field | None, owner: Span) -> Node | None:
    if field is None and "loss" in work.misspelled:
        return None
    if field is None or isinstance(field.value, tree.Entries):
        head = owner.replace(end=min(owner.end, owner.start + 5))
        work.compiler.complain(say.missing("There is no loss", head, "Write loss: cross_entropy(logits, label), say."))
        return None
    node = evaluate_value(body, field.value, None)
    if node is None:
        return None
    if not isinstance(node.type, Tensor) or node.type.shape != () or node.type.batched:
        kind = "several values" if not isinstance(node.type, Tensor) else node.type if node.type.shape else "one number"
        each = " for each sample" if isinstance(node.type, Tensor) and node.type.batched else ""
        work.compiler.complain(
            say.mismatch(
                "bad-loss",
                f"A loss is one number, and this is {kind}{each}",
                field.value.span,
                f"this is {kind}",
                (),
                "Take mean(...) or sum(...) of it.",
            )
        )
        return None
    return node


def _single(work: Work) -> None:
    loss = _loss(work, work.body, work.fields.get("loss"), work.statement.span)
    optimizer = _optimizer(work, work.fields)
    if loss is None or optimizer is None:
        return
    models = tuple(dict.fromkeys([*_models_read(work), *_models_called(work)]))
    work.recipe.updates = (Update("", models or tuple(work.compiler.models), (), loss, optimizer, _logged(work.recipe.lets)),)


def _optimizer(work: Work, fields: dict[str, tree.Field]) -> Choice | None:
    field = fields.get("optimizer") or work.fields.get("optimizer")
    if field is None:
        work.complain_missing("This recipe has no optimizer", "Write optimizer: adam(lr=1e-3), say.", "optimizer")
        return None
    return choice(work, field, "optimizer")


def _models_read(work: Work) -> list[str]:
    return [work.owners[name][0] for name in work.owners if name in work.body.read]


def _models_called(work: Work) -> list[str]:
    return [model for model in work.compiler.models if is_called(work.statement, model)]


def _step(work: Work, statement: tree.Step) -> Update | None:
    fields: dict[str, tree.Field] = {}
    for one in statement.body:
        if isinstance(one, tree.Field):
            _keep(work, one, fields, STEP_FIELDS)
        elif not isinstance(one, tree.Define):
            work.compiler.complain(say.misplaced(type(one).__name__.lower(), "in a step", one.span))
    around = dict(work.body.scope)
    go_through(work.body, tuple(one for one in statement.body if isinstance(one, tree.Define)))
    lets = _lets(work.body)
    loss = _loss(work, work.body, fields.get("loss"), statement.span)
    work.body.scope.clear()
    work.body.scope.update(around)
    update = _updated(work, fields.get("update"), statement)
    optimizer = _optimizer(work, fields)
    counts = [option(work.body, fields[name], "positive") if name in fields else None for name in ("every", "times")]
    if loss is None or optimizer is None or update is None:
        return None
    every, times = (one.value if one is not None and isinstance(one.value, int) else 1 for one in counts)
    return Update(statement.name.id, update, lets, loss, optimizer, _logged(lets), every, times)


def _updated(work: Work, field: tree.Field | None, statement: tree.Step) -> tuple[str, ...] | None:
    if field is None or isinstance(field.value, tree.Entries):
        work.compiler.complain(
            say.missing(f"The step {statement.name.id} does not say what it updates", statement.name.span, "Write update: MODEL.")
        )
        return None
    value = field.value
    items = value.items if isinstance(value, tree.ListExpr | tree.TupleExpr) else (value,)
    found: list[str] = []
    for item in items:
        parts = _dotted(item)
        if parts is None or parts[0] not in work.compiler.models:
            name = parts[0] if parts else item.span.text
            if work.body.scope.get(name) is BROKEN:
                return None
            work.compiler.complain(say.unknown_name(name, item.span, work.compiler.models).replace(message=f"There is no model {name}"))
            return None
        instance = work.compiler.models[parts[0]]
        path = ".".join(parts[1:])
        if path and not any(key == path or key.startswith(path + ".") for key, _, _, _ in instance.state()):
            known = [module.name for module in instance.modules]
            work.compiler.complain(say.unknown_name(path, item.span, known))
            return None
        found.append(".".join(parts))
    return tuple(found)


def _dotted(expr: tree.Expr) -> list[str] | None:
    if isinstance(expr, tree.Name):
        return [expr.id]
    if isinstance(expr, tree.Attribute):
        base = _dotted(expr.base)
        return None if base is None else [*base, expr.name]
    return None


# ---------------------------------------------------------------- metrics and pictures


def _named_nodes(work: Work, field_name: str) -> tuple[tuple[str, Node], ...]:
    field = work.fields.get(field_name)
    if field is None:
        return ()
    found: list[tuple[str, Node]] = []
    if isinstance(field.value, tree.Entries):
        pairs = [(entry.key, entry.value) for entry in field.value.entries]
    elif isinstance(field.value, tree.ListExpr):
        pairs = [(_call_name(item), item) for item in field.value.items]
    else:
        pairs = [(_call_name(field.value), field.value)]
    for name, expr in pairs:
        node = evaluate_value(work.body, expr, None)
        if node is not None:
            found.append((name, node))
    return tuple(found)


def _call_name(expr: tree.Expr) -> str:
    function = expr.function if isinstance(expr, tree.Call) else expr
    return function.id if isinstance(function, tree.Name) else "value"
