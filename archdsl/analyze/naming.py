"""Names: which are allowed, and what the layers without one are called."""

from __future__ import annotations

import keyword

from archdsl.analyze import complaints as say
from archdsl.graph import Module
from archdsl.layers.registry import lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.context import Body, Compiler
    from archdsl.analyze.values import Spec
    from archdsl.text.source import Span

MODULE_NAMES = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)
"""What nn.Module has already: a layer of that name would hide it."""

PROGRAM_NAMES = frozenset({"torch", "nn", "F", "math", "self"})
"""What emitted source means by these names."""


def check_name(compiler: Compiler, name: str, span: Span) -> bool:
    """Complain of a name that Python, nn.Module or the emitted source needs; return whether it is free."""
    if keyword.iskeyword(name) or name in ("print", "super", "len", "range"):
        compiler.complain(say.reserved(name, "Python needs it", span, f"{name}_"))
    elif name in MODULE_NAMES or name.startswith("_"):
        why = "nn.Module has it already" if name in MODULE_NAMES else "names with a leading underscore belong to nn.Module"
        compiler.complain(
            say.reserved(name, why, span, f"{name.strip('_') or 'x'}_layer" if name in MODULE_NAMES else name.strip("_") or "x")
        )
    elif name in PROGRAM_NAMES:
        compiler.complain(say.reserved(name, "the emitted source needs it", span, f"{name.lower()}_value"))
    else:
        return True
    return False


def check_value_name(compiler: Compiler, name: str, span: Span) -> bool:
    """The same for a value, which may not hide a layer of torch.nn either."""
    if not check_name(compiler, name, span):
        return False
    found = lookup(name)
    if found is not None and found.name == name and found.group == "layer" and found.torch.startswith("nn."):
        compiler.complain(say.layer_name_taken(name, found.torch, span))
        return False
    return True


def snake(name: str) -> str:
    """Write a class name as a variable: `BasicBlock` is `basic_block`, a run of capitals one word."""
    letters: list[str] = []
    for i, letter in enumerate(name):
        before = name[i - 1] if i else ""
        after = name[i + 1] if i + 1 < len(name) else ""
        starts = letter.isupper() and i and (not before.isupper() or after.islower()) and before != "_"
        letters.append(f"_{letter.lower()}" if starts else letter.lower())
    return "".join(letters)


class Plan:
    """How the unnamed layers of one definition are named.

    `single` is the name for the only one with weights; where several have weights, `container` is the
    module that all unnamed layers are numbered members of, in `order`; with neither, each gets its type's name.
    """

    def __init__(self) -> None:
        self.single: str | None = None
        self.container: Module | None = None
        self.contiguous = False
        self.span: Span | None = None


def place(body: Body, module: Module) -> Module:
    """Give a new module its place: an attribute of the body, or an element of a list inside a loop."""
    if not body.loop_lists:
        module.name = module.key = body.attribute(module.name)
        body.modules.append(module)
        return module
    holder = body.lists.get(module.name)
    if holder is None:
        holder = Module("list", body.attribute(module.name), module.span)
        body.lists[module.name] = holder
        body.modules.append(holder)
    if holder not in body.loop_lists[-1]:
        body.loop_lists[-1].append(holder)
    module.name = str(len(holder.members))
    module.key = f"{holder.name}.{module.name}"
    holder.members.append(module)
    return module


def type_name(spec: Spec) -> str:
    """Return what an unnamed layer is called after its type."""
    from archdsl.analyze.values import BlockSpec, ChainSpec, PlainSpec, ScanSpec, WrapSpec

    if isinstance(spec, PlainSpec):
        return spec.layer.name
    if isinstance(spec, BlockSpec):
        return snake(spec.decl.definition.name)
    if isinstance(spec, WrapSpec):
        return type_name(spec.inner)
    if isinstance(spec, ScanSpec) and isinstance(spec.cell, BlockSpec):
        return type_name(spec.cell)
    return "chain" if isinstance(spec, ChainSpec) else "layer"
