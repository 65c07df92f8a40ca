"""A shorthand for each class of the user's that is an `nn.Sequential` of its own making, where it is used more than once."""

from __future__ import annotations

from torch import nn

from archdsl.analyze.naming import snake
from archdsl.run.import_blocks import Parameters
from archdsl.run.import_errors import Inexpressible
from archdsl.run.import_layers import is_leaf, made_at, module_expression
from archdsl.run.import_lines import free
from archdsl.run.import_merge import Differ, Merged
from archdsl.run.import_trace import Scope
from archdsl.run.import_tree import SPAN, Made, name, settled
from archdsl.run.import_writer import chained
from archdsl.syntax import tree


def shorthands(net: Scope) -> tuple[list[tree.Statement], dict[nn.Module, Made]]:
    """Return the shorthands of a network, and how each module of their classes is made."""
    kinds: dict[type, list[nn.Module]] = {}
    for module in net.module.modules():
        own = type(module) is not nn.Sequential and type(module).forward is nn.Sequential.forward
        if own and all(is_leaf(one) for one in module.children()):
            kinds.setdefault(type(module), []).append(module)
    found: list[tree.Statement] = []
    uses: dict[nn.Module, Made] = {}
    for kind, modules in kinds.items():
        title = snake(kind.__name__.replace("ReLU", "Relu").replace("GELU", "Gelu"))
        if len(modules) < 2 or not free(title):
            continue
        try:
            bodies = [chained([(key, module_expression(one, net.place)) for key, one in module.named_children()]) for module in modules]
            parameters = Parameters(modules, Merged.of(bodies, made_at(modules[0], net.place)))
        except (Differ, Inexpressible):
            continue
        (line,) = parameters.merged.lines
        if not isinstance(line.expr, tree.Chain):
            continue
        declared = tuple([tree.Parameter(SPAN, key, settled(parameters.defaults.get(key), {})) for key in parameters.ordered])
        body = settled(parameters.settle(line.expr), {})
        found.append(tree.Shorthand(SPAN, tree.Comments(), name(title), declared, body))
        required = len(declared) - len(parameters.defaults)
        for at, module in enumerate(modules):
            given = tuple([(key, parameters.given(key, at)) for key in parameters.ordered])
            uses[module] = Made(SPAN, title, given, tuple(parameters.defaults.items()), required)
    return found, uses
