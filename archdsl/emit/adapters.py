"""Members of a chain for which torch has no module, or none that takes and gives one value."""

from __future__ import annotations

from archdsl.emit.nodes import call_layer, fill, imported, outcome
from archdsl.graph import Run
from archdsl.layers.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.modules import Makers
    from archdsl.graph import Module
    from archdsl.layers.registry import Layer


def adapted(makers: Makers, column: Sequence[Module]) -> str:
    """Make a member of what torch knows as a function only: a small module that calls it."""
    module = column[0]
    layer = module.layer
    assert layer is not None
    names = list(dict.fromkeys(one.name for one in module.arguments))
    name = "".join([word.capitalize() for word in layer.name.split("_")])
    made = makers.document.class_name(name, lambda known: _function_module(makers, known, module, names))
    texts = [makers.scope.argument([each.arguments[place] for each in column]) for place in range(len(module.arguments))]
    return f"{made}({', '.join(texts)})"


def _function_module(makers: Makers, name: str, module: Module, names: Sequence[str]) -> str:
    layer = module.layer
    assert layer is not None
    star = {argument.name for argument in layer.arguments if argument.variadic}
    texts = {one: f"*self.{one}" if one in star else f"self.{one}" for one in names}
    run = makers.runs.get(id(module))
    result = outcome(layer, run.inputs, module.arguments) if run is not None else None
    if result is not None and result.call:
        body = imported(makers.document, fill(result.call, ["x"], texts, layer, "", "self"))
    else:
        if layer.helper and layer.ragged != "uses":
            makers.document.helper(layer.helper_name, layer.helper, layer.helper_imports)
        body = call_layer(makers.document, layer, ["x"], texts, _by_position(layer, names), "self.training")
    made = [f"{one}" for one in names]
    lines = [f"class {name}(nn.Module):", f'    """{layer.doc.splitlines()[0] if layer.doc else layer.name}"""', ""]
    if names:
        signature = ", ".join(["self", *[f"*{one}" if one in star else one for one in names]])
        lines += [f"    def __init__({signature}):", "        super().__init__()"]
        lines += [f"        self.{one} = {one}" for one in made] + [""]
    makers.document.use("from torch import nn")
    return "\n".join([*lines, "    def forward(self, x):", f"        return {body}"])


def _by_position(layer: Layer, names: Sequence[str]) -> set[str]:
    """Return which arguments stand by position: those before the first one that is left out."""
    found: set[str] = set()
    for argument in layer.arguments[: layer.positional]:
        if argument.name not in names:
            break
        found.add(argument.name)
    return found


def single(makers: Makers, run: Run, torch_class: str) -> str:
    """Return the class of a member that takes several values, or gives several: one that passes on its first result."""
    layer = run.module.layer
    assert layer is not None
    result = outcome(layer, run.inputs, run.module.arguments)
    call = fill(result.call, ["x"], {}, layer, "", "super().forward") if result is not None and result.call else "super().forward(x)"
    first = "" if isinstance(run.type, Tensor) else "[0]"
    bare = torch_class.rpartition(".")[2]

    def source(name: str) -> str:
        doc = "Takes one sequence and passes on one, as a member of a chain."
        return "\n".join(
            [f"class {name}({torch_class}):", f'    """{doc}"""', "", "    def forward(self, x):", f"        return {call}{first}"]
        )

    makers.document.function(torch_class)
    return makers.document.class_name(bare, source)
