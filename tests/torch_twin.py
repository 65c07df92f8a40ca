"""The same layer in torch: built and called from its declaration, as emitted source would."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import nn, optim

from archdsl.layers.registry import lookup
from archdsl.layers.tensor import Applied, Mismatch, Tensor

BATCH = 7
INFER = {
    "in_channels": lambda values: values[0].shape[0],
    "in_features": lambda values: values[0].shape[-1],
    "in1_features": lambda values: values[0].shape[-1],
    "in2_features": lambda values: values[1].shape[-1],
    "num_features": lambda values: values[0].shape[0],
    "num_channels": lambda values: values[0].shape[0],
    "input_size": lambda values: values[0].shape[-1],
    "normalized_shape": lambda values: values[0].shape[-1],
    "embed_dim": lambda values: values[0].shape[-1],
    "d_model": lambda values: values[0].shape[-1],
}
"""What a careful author would read off the input's shape."""


def made(value: object, device: str = "meta") -> object:
    """Return a torch tensor of what a `Tensor` says; numbers and None are themselves."""
    if not isinstance(value, Tensor):
        return tuple(made(one, device) for one in value) if isinstance(value, tuple) else value
    shape = [BATCH if not isinstance(size, int) else size for size in value.full]
    return torch.zeros(shape, dtype=getattr(torch, value.dtype), device=device)


def resolve(path: str) -> object:
    """Return what `nn.Conv2d`, `F.relu` or `torch.cat` names."""
    found: object = {"nn": nn, "F": nn.functional, "torch": torch, "optim": optim}[path.partition(".")[0]]
    for part in path.split(".")[1:]:
        found = getattr(found, part)
    return found


def module_of(layer, values, arguments, device="meta"):
    """Construct the torch module of a declaration."""
    inferred = [arguments.get(name, INFER[name](values)) for name in layer.infers]
    given = {name: value for name, value in arguments.items() if name not in layer.infers and name not in layer.forward}
    leading = [given.pop(argument.name) for argument in layer.arguments[: layer.leading]]
    return (
        resolve(layer.module)(*leading, *inferred, **given, **layer.fixed, device=device)
        if takes_device(layer)
        else resolve(layer.module)(*leading, *inferred, **given, **layer.fixed)
    )


def takes_device(layer) -> bool:
    """Whether the module has weights, which are made on a device."""
    return layer.weighted and layer.name not in ("cross_map_lrn2d", "transformer_encoder", "transformer_decoder")


def source_of(layer, applied, values, arguments) -> str:
    """Write the call of a layer's function form as the emitter does: over `v0`, `v1`, ..."""
    sources = [f"v{index}" if isinstance(value, Tensor) else repr(value) for index, value in enumerate(values)]
    sources = [applied.prepare.get(index, f"{{{index}}}").format(*sources) for index in range(len(sources))]
    defaults = {argument.name: argument.default for argument in layer.arguments if not argument.variadic}
    written = {name: repr(value) for name, value in arguments.items() if value != defaults.get(name, ...)}
    for argument in layer.arguments:
        if argument.variadic and argument.name in arguments:
            written[argument.name] = ", ".join(map(repr, arguments[argument.name]))
        if argument.name in layer.always:
            written.setdefault(argument.name, repr(argument.default))
    if applied.call:
        return applied.call.format(*sources, **written)
    if layer.write:
        return layer.write(sources, written)
    variadic = [argument.name for argument in layer.arguments if argument.variadic]
    tail = [source if name in variadic else f"{name}={source}" for name, source in written.items()]
    if layer.variadic_values:
        sources = [f"[{', '.join(sources)}]"]
    if layer.function.startswith("."):
        return f"{sources[0]}{layer.function}({', '.join(sources[1:] + tail)})"
    return f"{layer.function}({', '.join(source for source in sources + tail if source != 'None')})"


def called(layer, applied, values, arguments, device="meta"):
    """Run that call."""
    scope = {"torch": torch, "nn": nn, "F": nn.functional}
    if layer.helper:
        exec("import torch\nfrom torch import nn\n" + layer.helper, scope)
    scope |= {f"v{index}": made(value, device) for index, value in enumerate(values)}
    if layer.training and not applied.call:
        arguments = arguments | {"training": False}
    return eval(source_of(layer, applied, values, arguments), scope)


def shapes(value: object) -> object:
    """Return shapes in the structure of an output."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), str(value.dtype).removeprefix("torch.")
    if isinstance(value, Tensor):
        return tuple(BATCH if not isinstance(size, int) else int(size) for size in value.full), value.dtype
    return tuple(shapes(one) for one in value)


def outputs(applied) -> object:
    """Return the shapes that a rule gives, in torch's structure."""
    found = tuple(shapes(output) for output in applied.outputs)
    return found[0] if len(found) == 1 else found


quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
SIZES = st.integers(1, 4)


def agree(name, values, arguments=None, device="cpu") -> None:
    """Hold a function to torch: both refuse, or both give the same shapes and dtypes."""
    layer, arguments = lookup(name), arguments or {}
    try:
        applied = layer.apply(values, arguments)
    except Mismatch:
        with pytest.raises(Exception):  # noqa: B017, PT011 - torch has no one class of complaint
            called(layer, Applied(), values, arguments, device)
        return
    found = called(layer, applied, values, arguments, device)
    assert shapes(found) == outputs(applied), source_of(layer, applied, values, arguments)


@st.composite
def alike(draw, count=2, rank=(0, 3), dtypes=("float32",), change=True):
    """Draw values whose shapes are the same, but for a size that may be 1 or another."""
    shape = draw(st.lists(SIZES, min_size=rank[0], max_size=rank[1]))
    values = []
    for _ in range(count):
        own = [draw(st.sampled_from([size] * 6 + [1, size + 1])) if change else size for size in shape]
        values.append(Tensor(tuple(own), draw(st.sampled_from(dtypes))))
    return values
