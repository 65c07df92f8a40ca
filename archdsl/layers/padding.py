"""Padding: values around a signal, an image or a volume."""

from __future__ import annotations

from archdsl.layers.geometry import image
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.dims import Size
    from archdsl.layers.check import Shape, Spread

MODES = ("constant", "reflect", "replicate", "circular")


def padded(space: tuple[Size, ...], padding: Spread, mode: str, argument: str = "padding") -> tuple[Size, ...]:
    """Return the space with padding around it, whose pairs begin at the last dimension."""
    pairs = padding if isinstance(padding, tuple) else (padding,) * (2 * len(space))
    if len(pairs) % 2 or len(pairs) > 2 * len(space):
        raise Mismatch(f"{argument} wants {2 * len(space)} sizes and gets {len(pairs)}", argument=argument)
    sizes = list(space)
    for place in range(len(pairs) // 2):
        before, after = pairs[2 * place], pairs[2 * place + 1]
        size = space[-1 - place]
        for pad in (before, after):
            _want_reach(size, pad, mode, argument)
        sizes[-1 - place] = size + before + after
        new = sizes[-1 - place]
        if isinstance(new, int) and new < 1:
            raise Mismatch(f"{argument}={padding} leaves nothing of {size}", argument=argument)
    return tuple(sizes)


def _want_reach(size: Size, pad: Size, mode: str, argument: str) -> None:
    """A reflection reaches one less than the size, a circle once around."""
    most = {"reflect": -1, "circular": 0}.get(mode)
    if most is not None and isinstance(size, int) and isinstance(pad, int) and pad > size + most:
        raise Mismatch(f"{argument}={pad} is more than {mode!r} can fill from {size}", argument=argument)


def _around(dimensions: int, x: Tensor, padding: Spread, mode: str) -> Applied:
    channels, space = image(x, dimensions)
    if isinstance(padding, tuple) and len(padding) != 2 * dimensions:
        raise Mismatch(f"padding wants {2 * dimensions} sizes and gets {len(padding)}", argument="padding")
    return Applied(x.like((channels, *padded(space, padding, mode))))


def _writes(dimensions: int, mode: str) -> Callable[[list[str], dict[str, str]], str]:
    def write(values: list[str], arguments: dict[str, str]) -> str:
        padding = arguments["padding"]
        if not padding.startswith(("(", "[")):
            padding = f"({', '.join([padding] * 2 * dimensions)})"
        rest = f", mode={mode!r}".replace("'", '"') if mode != "constant" else ""
        rest += f", value={arguments['value']}" if "value" in arguments else ""
        return f"F.pad({values[0]}, {padding}{rest})"

    return write


@layer("nn.ZeroPad1d", write=_writes(1, "constant"), role="padding")
def zero_pad1d(x: Tensor, /, padding: Spread) -> Applied:
    """Puts zeros around a sequence [C, L]."""
    return _around(1, x, padding, "constant")


@layer("nn.ZeroPad2d", write=_writes(2, "constant"), role="padding")
def zero_pad2d(x: Tensor, /, padding: Spread) -> Applied:
    """Puts zeros around an image [C, H, W]."""
    return _around(2, x, padding, "constant")


@layer("nn.ZeroPad3d", write=_writes(3, "constant"), role="padding")
def zero_pad3d(x: Tensor, /, padding: Spread) -> Applied:
    """Puts zeros around a volume [C, D, H, W]."""
    return _around(3, x, padding, "constant")


@layer("nn.ConstantPad1d", write=_writes(1, "constant"), role="padding")
def constant_pad1d(x: Tensor, /, padding: Spread, value: float) -> Applied:
    """Puts a value around a sequence [C, L]."""
    return _around(1, x, padding, "constant")


@layer("nn.ConstantPad2d", write=_writes(2, "constant"), role="padding")
def constant_pad2d(x: Tensor, /, padding: Spread, value: float) -> Applied:
    """Puts a value around an image [C, H, W]."""
    return _around(2, x, padding, "constant")


@layer("nn.ConstantPad3d", write=_writes(3, "constant"), role="padding")
def constant_pad3d(x: Tensor, /, padding: Spread, value: float) -> Applied:
    """Puts a value around a volume [C, D, H, W]."""
    return _around(3, x, padding, "constant")


@layer("nn.ReflectionPad1d", write=_writes(1, "reflect"), role="padding")
def reflection_pad1d(x: Tensor, /, padding: Spread) -> Applied:
    """Mirrors the edge of a sequence [C, L]."""
    return _around(1, x, padding, "reflect")


@layer("nn.ReflectionPad2d", write=_writes(2, "reflect"), role="padding")
def reflection_pad2d(x: Tensor, /, padding: Spread) -> Applied:
    """Mirrors the edge of an image [C, H, W]."""
    return _around(2, x, padding, "reflect")


@layer("nn.ReflectionPad3d", write=_writes(3, "reflect"), role="padding")
def reflection_pad3d(x: Tensor, /, padding: Spread) -> Applied:
    """Mirrors the edge of a volume [C, D, H, W]."""
    return _around(3, x, padding, "reflect")


@layer("nn.ReplicationPad1d", write=_writes(1, "replicate"), role="padding")
def replication_pad1d(x: Tensor, /, padding: Spread) -> Applied:
    """Repeats the edge of a sequence [C, L]."""
    return _around(1, x, padding, "replicate")


@layer("nn.ReplicationPad2d", write=_writes(2, "replicate"), role="padding")
def replication_pad2d(x: Tensor, /, padding: Spread) -> Applied:
    """Repeats the edge of an image [C, H, W]."""
    return _around(2, x, padding, "replicate")


@layer("nn.ReplicationPad3d", write=_writes(3, "replicate"), role="padding")
def replication_pad3d(x: Tensor, /, padding: Spread) -> Applied:
    """Repeats the edge of a volume [C, D, H, W]."""
    return _around(3, x, padding, "replicate")


@layer("nn.CircularPad1d", write=_writes(1, "circular"), role="padding")
def circular_pad1d(x: Tensor, /, padding: Spread) -> Applied:
    """Goes round at the edge of a sequence [C, L]."""
    return _around(1, x, padding, "circular")


@layer("nn.CircularPad2d", write=_writes(2, "circular"), role="padding")
def circular_pad2d(x: Tensor, /, padding: Spread) -> Applied:
    """Goes round at the edge of an image [C, H, W]."""
    return _around(2, x, padding, "circular")


@layer("nn.CircularPad3d", write=_writes(3, "circular"), role="padding")
def circular_pad3d(x: Tensor, /, padding: Spread) -> Applied:
    """Goes round at the edge of a volume [C, D, H, W]."""
    return _around(3, x, padding, "circular")


@layer("F.pad", role="padding", choices={"mode": MODES})
def pad(x: Tensor, /, pad: Spread, mode: str = "constant", value: float | None = None) -> Applied:
    """Pads the last dimensions, by pairs of sizes that begin at the last one."""
    if not isinstance(pad, tuple):
        raise Mismatch(f"pad wants a list of sizes and gets {pad}", argument="pad")
    if x.ragged and len(pad) >= 2 * len(x.shape):
        raise Mismatch("cannot pad a ragged dimension", argument="pad")
    if len(pad) > 2 * len(x.shape):
        raise Mismatch(f"pad wants {2 * len(x.shape)} sizes at most and gets {len(pad)}", argument="pad")
    if mode != "constant" and value is not None:
        raise Mismatch(f"mode={mode!r} takes no value", argument="value")
    if mode != "constant":
        _want_edges(x, pad, mode)
    return Applied(x.like(padded(x.shape, pad, mode, "pad")))


def _want_edges(x: Tensor, pad: Shape, mode: str) -> None:
    """Modes other than constant pad all dimensions but the first one or two, as torch has it."""
    if len(pad) not in (2, 4, 6) or x.rank - len(pad) // 2 not in (1, 2):
        raise Mismatch(f"mode={mode!r} pads all of the space of [C, L], [C, H, W] or [C, D, H, W]", argument="pad")
