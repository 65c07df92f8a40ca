"""`init` and `tie`: what weights start from, and which are one."""

from __future__ import annotations

from fnmatch import fnmatchcase

from archdsl.analyze import complaints as say
from archdsl.analyze.blame import explain
from archdsl.analyze.evaluate import evaluate
from archdsl.analyze.values import BROKEN
from archdsl.graph import Choice, Given, InitRule, Module, Weight
from archdsl.layers.bind import bind
from archdsl.layers.check import check_arguments
from archdsl.layers.inits import lookup_init
from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Mismatch, Tensor, show_shape
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body

_RANKS = {"kind": 0, "pattern": 1, "name": 2}


def init_call(body: Body, expr: tree.Expr) -> Choice | None:
    """Evaluate a call of one of `torch.nn.init`'s functions, or its bare name."""
    from archdsl.analyze.calls import read_arguments

    function = expr.function if isinstance(expr, tree.Call) else expr
    if not isinstance(function, tree.Name):
        body.complain(say.not_a_layer("no function of torch.nn.init", expr.span))
        return None
    layer = lookup_init(function.id)
    if layer is None:
        from archdsl.layers.inits import init_names

        body.complain(say.unknown_name(function.id, function.span, init_names()))
        return None
    arguments = read_arguments(body, expr.arguments if isinstance(expr, tree.Call) else (), function.id)
    if arguments is None:
        return None
    names = [argument.name for argument in layer.arguments]
    given = [
        Given(names[i] if i < len(names) else "", value, written.value, positional=True, span=written.span)
        for i, (value, written) in enumerate(arguments.positional)
    ]
    given += [Given(name, value, written.value, span=written.span) for name, (value, written) in arguments.named.items()]
    try:
        bound = bind(layer, [value for value, _ in arguments.positional], {name: value for name, (value, _) in arguments.named.items()})
        check_arguments(layer, bound)
    except Mismatch as mismatch:
        body.complain(explain(mismatch, layer.name, expr.span, [], given, code="bad-argument"))
        return None
    return Choice(function.id, layer, tuple(given), expr.span)


def finish_weights(body: Body) -> None:
    """Resolve ties and initial weights once every key is known."""
    rules: list[InitRule] = []
    for statement in body.late:
        if isinstance(statement, tree.Tie):
            _tie(body, statement)
        elif isinstance(statement, tree.Init):
            for entry in statement.entries:
                rule = _rule(body, entry)
                if rule is not None:
                    rules.append(rule)
    body.instance.inits = _settle(rules)


# ---------------------------------------------------------------- ties


def _tie(body: Body, statement: tree.Tie) -> None:
    sides = [_weight_key(body, side) for side in (statement.left, statement.right)]
    if sides[0] is None or sides[1] is None:
        return
    (left, left_type), (right, right_type) = sides[0], sides[1]
    if left_type.shape != right_type.shape:
        shapes = f"{show_shape(left_type.shape)} and {show_shape(right_type.shape)}"
        body.complain(
            say.mismatch("shape-mismatch", f"Tied weights are one, and these are {shapes}", statement.span, "shapes differ", (), "")
        )
        return
    body.instance.ties = (*body.instance.ties, (left, right))


def _weight_key(body: Body, expr: tree.Expr) -> tuple[str, Tensor] | None:
    value = evaluate(body, expr)
    if value is BROKEN:
        return None
    if not isinstance(value, Weight) or not isinstance(value.type, Tensor):
        body.complain(say.not_a_value("no weight", expr.span).replace(suggestion="Write tie decoder.weight = embed.weight."))
        return None
    return _path(body, expr), value.type


def _path(body: Body, expr: tree.Expr) -> str:
    if isinstance(expr, tree.Attribute):
        return f"{_path(body, expr.base)}.{expr.name}"
    if isinstance(expr, tree.Subscript):
        index = evaluate(body, expr.indices[0])
        return f"{_path(body, expr.base)}.{index}"
    assert isinstance(expr, tree.Name)
    own = body.scope.get(expr.id)
    if isinstance(own, Weight):
        return own.module.key
    return own.key if isinstance(own, Module) else expr.id


# ---------------------------------------------------------------- initial weights


def _rule(body: Body, entry: tree.Entry) -> InitRule | None:
    chosen = init_call(body, entry.value)
    if chosen is None or chosen.layer is None:
        return None
    kind, matches = _matches(body, entry.key)
    if not matches:
        known = [key for key, _, _, _ in body.instance.state()]
        body.complain(say.unknown_name(entry.key, entry.span, known).replace(message=f"No weight is called {entry.key}"))
        return None
    return InitRule(kind, entry.key, chosen.layer, chosen.arguments, tuple(matches), entry.span)


def _matches(body: Body, key: str) -> tuple[str, list[str]]:
    """Find the weights that a key of `init` speaks of: by name, by pattern or by kind of layer."""
    state = [(name, leaf) for name, _, trained, leaf in body.instance.state() if trained]
    if "*" in key or "?" in key:
        return "pattern", [name for name, _ in state if fnmatchcase(name, key)]
    named = [name for name, leaf in state if name == key or (name.startswith(key + ".") and _is_weight(name, leaf))]
    if named:
        return "name", named
    kind, _, weight = key.partition(".")
    layer = lookup(kind)
    if layer is None:
        return "kind", []
    return "kind", [
        name
        for name, leaf in state
        if _layer_of(leaf) is layer and (name.endswith("." + weight) or name == weight if weight else _is_weight(name, leaf))
    ]


def _layer_of(leaf: Module) -> object:
    return leaf.members[0].layer if leaf.kind == "wrapper" else leaf.layer


def _is_weight(key: str, leaf: Module) -> bool:
    """A layer's name alone means its weights; biases are named, as `linear.bias`."""
    return leaf.kind == "parameter" or "weight" in key.rpartition(".")[2]


def _settle(rules: list[InitRule]) -> tuple[InitRule, ...]:
    """A name beats a pattern beats a kind; among equals the later one holds."""
    winner: dict[str, int] = {}
    for number, rule in enumerate(rules):
        for key in rule.matches:
            held = winner.get(key)
            if held is None or _RANKS[rules[held].kind] <= _RANKS[rule.kind]:
                winner[key] = number
    settled = [rule.replace(matches=tuple(key for key in rule.matches if winner[key] == number)) for number, rule in enumerate(rules)]
    return tuple(rule for rule in settled if rule.matches)
