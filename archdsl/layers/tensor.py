"""What a value is known to be, and what a shape rule may ask of it."""

from __future__ import annotations

from archdsl.dims import symbol
from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.dims import Size

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
DTYPES = (*FLOATS, *INTEGERS, "bool")

BATCH = symbol("B")
"""The batch, in the shape of a value that does not have it in front: the state of an `lstm` is [layers, B, H]."""


class Mismatch(Exception):
    """A shape rule refuses its input or an argument; analysis adds the place, the blame and the rest.

    `message` says what is wanted and what was found ("conv2d wants an image [C, H, W] and gets [784]").
    `argument` names the argument at fault, where one is; `value` is the index of the value at fault.
    `suggestion` is a sentence, or empty.
    """

    def __init__(self, message: str, *, argument: str = "", value: int = 0, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.argument, self.value, self.suggestion = message, argument, value, suggestion


class Tensor(Record):
    """The shape and dtype of a value.

    `shape` is without the batch where `batched`; a parameter, a buffer or `arange` has no batch and
    all its dimensions stand in `shape`. `ragged` says that the first dimension differs within a batch;
    `lengths` then names the input whose lengths travel with the value.
    """

    shape: tuple[Size, ...]
    dtype: str = "float32"
    batched: bool = True
    ragged: bool = False
    lengths: str = ""

    @property
    def rank(self) -> int:
        """How many dimensions torch sees: the batch counts, where there is one."""
        return len(self.shape) + self.batched

    def expect(self, *names: str, at_least: int = 0) -> tuple[Size, ...]:
        """Return the sizes, which must be as many as the names; `...` first stands for any number.

        Raises Mismatch where they are not.
        """
        open_ended = names[0] == "..."
        wanted = len(names) - open_ended
        if len(self.shape) < max(wanted, at_least) if open_ended else len(self.shape) != wanted:
            raise Mismatch(f"wants {show_names(names)} and gets {show_shape(self.shape)}")
        return self.shape

    def axis(self, dim: object, argument: str = "dim") -> int:
        """Return the place in `shape` of a dimension as torch counts it, the batch being 0.

        Raises Mismatch for the batch itself and for what lies outside.
        """
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise Mismatch(f"{argument} wants a whole number and gets {dim!r}", argument=argument)
        if not -self.rank <= dim < self.rank:
            raise Mismatch(
                f"{argument}={dim} is outside the {self.rank} dimensions of {show_shape(self.shape, self.batched)}",
                argument=argument,
            )
        index = int(dim) % self.rank - self.batched
        if index < 0:
            raise Mismatch(
                f"{argument}={dim} is the batch, which stays as it is",
                argument=argument,
                suggestion=f"The dimensions of one sample begin at 1: {show_shape(self.shape, self.batched)}.",
            )
        return index

    def like(self, shape: Sequence[Size], dtype: str | None = None) -> Tensor:
        """Return what an operation along the same batch gives: this tensor with another shape.

        Where the batch has come to the front of a value that kept it elsewhere, it is the batch again.
        """
        if not self.batched and shape and shape[0] == BATCH:
            return Tensor(tuple(shape[1:]), dtype or self.dtype)
        ragged = self.ragged and len(shape) > 0 and shape[0] == self.shape[0]
        return Tensor(tuple(shape), dtype or self.dtype, self.batched, ragged, self.lengths if ragged else "")

    @property
    def full(self) -> tuple[Size, ...]:
        """The shape as torch sees it, with `BATCH` where the batch stands."""
        return (BATCH, *self.shape) if self.batched else self.shape

    def __str__(self) -> str:
        ragged = "ragged " if self.ragged else ""
        dtype = "" if self.dtype == "float32" else self.dtype
        return f"{ragged}{dtype}{show_shape(self.shape)}"


def from_full(shape: Sequence[Size], dtype: str) -> Tensor:
    """Return the tensor of a shape that says where the batch stands; in front, it is left out."""
    if shape and shape[0] == BATCH:
        return Tensor(tuple(shape[1:]), dtype)
    return Tensor(tuple(shape), dtype, batched=False)


def show_shape(shape: Sequence[Size], batched: bool = False) -> str:
    """Write a shape as specs do, `[1, 28, 28]`; with the batch in front as `B`."""
    return f"[{', '.join((['B'] if batched else []) + [str(size) for size in shape])}]"


def show_names(names: Sequence[str]) -> str:
    """Write the form of a shape, `[C, H, W]` or `[..., F]`."""
    return f"[{', '.join(names)}]"


class Applied:
    """What applying a layer comes to: the outputs, what inference supplies, and the weights.

    `outputs` has one entry for most layers, several for `lstm` or `chunk` (nested tuples allowed:
    `lstm` gives `(output, (h, c))`). `weights` and `buffers` map state-dict names to shapes, in
    torch's order. `macs` counts multiply-adds for one sample. `lengths` says that the outputs depend on
    the lengths of a ragged value, so that the emitted call takes them. `prepare` maps the index of a
    value to a template of how it is written before it is passed on (`{0}.float()`,
    `torch.ones_like({0})`), over the sources of all values; `call` is such a template for the whole call,
    where it depends on the values (`{0}.reshape(-1, {shape})`): arguments stand in it by their names,
    variadic ones without brackets, a module's own source as `{self}`, the lengths as `{lengths}`.
    """

    __slots__ = ("buffers", "call", "inferred", "lengths", "macs", "outputs", "prepare", "weights")

    def __init__(
        self,
        *outputs: Tensor | tuple[Tensor, ...],
        weights: dict[str, tuple[Size, ...]] | None = None,
        buffers: dict[str, tuple[Size, ...]] | None = None,
        macs: Size = 0,
        lengths: bool = False,
        prepare: dict[int, str] | None = None,
        call: str = "",
        **inferred: object,
    ) -> None:
        self.outputs = outputs
        self.weights = weights or {}
        self.buffers = buffers or {}
        self.macs = macs
        self.lengths = lengths
        self.prepare = prepare or {}
        self.call = call
        self.inferred = inferred
