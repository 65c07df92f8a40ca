"""Words of the language that take layers, and are resolved before any shape is known; declared to be listed."""

from __future__ import annotations

from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.dims import Size
    from archdsl.layers.check import Layer, Layers, Shape


@layer("nn.utils.parametrizations.weight_norm", module="", group="form")
def weight_norm(layer: Layer, name: str = "weight", dim: int = 0) -> Applied:
    """Learns the length and the direction of a layer's weight apart."""
    return Applied()


@layer("nn.utils.parametrizations.spectral_norm", module="", group="form")
def spectral_norm(layer: Layer, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> Applied:
    """Divides a layer's weight by its largest singular value."""
    return Applied()


@layer("", group="form")
def repeat(count: Size, layer: Layer) -> Applied:
    """Puts so many copies of a layer one after the other, each with its own weights."""
    return Applied()


@layer("", group="form")
def chain(layers: Layers) -> Applied:
    """Puts a list of layers, or a dict of named ones, one after the other."""
    return Applied()


@layer("", group="form")
def scan(cell: Layer, steps: Size | None = None) -> Applied:
    """Runs a cell over time; with `steps`, from one moment's input on, feeding each output back."""
    return Applied()


@layer("nn.Parameter", module="", group="form")
def parameter(shape: Shape, init: Any = None) -> Applied:
    """A learned value of a shape."""
    return Applied()


@layer("nn.Module.register_buffer", module="", group="form")
def buffer(value: Any) -> Applied:
    """A fixed value that holds a constant, and stands in the state dict."""
    return Applied()
