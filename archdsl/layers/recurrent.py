"""Recurrent layers over batch-first sequences [T, F], and single cells."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.layers.geometry import features, same, same_shape
from archdsl.layers.registry import layer
from archdsl.layers.tensor import BATCH, Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size
    from archdsl.layers.check import Probability

    States = Tensor | tuple[Tensor, ...] | None

RUN_RAGGED = '''
def run_ragged(rnn, x, lengths, state=None):
    """Run a recurrent layer over sequences of differing length; a state is that after each one's own last moment."""
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    output, state = rnn(packed, state)
    output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=x.size(1))
    return output, state
'''
BATCH_FIRST = {"batch_first": True}


def _recur(x: Tensor, states: States, gates: int, hidden: Size, layers: Size, bias: bool, both: bool, projected: Size = 0) -> Applied:
    length, wide = x.expect("T", "F")
    features(x)
    if isinstance(layers, Dim):
        raise Mismatch(f"num_layers wants a known number and gets {layers}", argument="num_layers")
    if isinstance(projected, int) and isinstance(hidden, int) and projected >= hidden:
        raise Mismatch(f"proj_size={projected} has to be smaller than hidden_size={hidden}", argument="proj_size")
    out = projected if projected != 0 else hidden
    directions = 2 if both else 1
    weights: dict[str, tuple[Size, ...]] = {}
    for number in range(layers):
        enters = wide if number == 0 else out * directions
        for suffix in ("", "_reverse")[:directions]:
            weights |= _weights(gates * hidden, enters, out, f"_l{number}{suffix}", bias)
            if projected != 0:
                weights[f"weight_hr_l{number}{suffix}"] = (projected, hidden)
    shapes = [(layers * directions, BATCH, out)] + ([(layers * directions, BATCH, hidden)] if gates == 4 else [])
    last = [Tensor(shape, x.dtype, batched=False) for shape in shapes]
    _want_states(states, last)
    macs: Size = 0
    for name, shape in weights.items():
        if name.startswith("weight"):
            macs = macs + length * shape[0] * shape[1]
    return Applied(
        x.like((length, out * directions)),
        tuple(last) if len(last) > 1 else last[0],
        weights=weights,
        macs=macs,
        lengths=x.ragged,
        call=_ragged_call(states) if x.ragged else "",
        input_size=wide,
    )


def _ragged_call(states: States) -> str:
    return "run_ragged({self}, {0}, {lengths})" if states is None else "run_ragged({self}, {0}, {lengths}, {1})"


def _weights(rows: Size, enters: Size, out: Size, suffix: str, bias: bool) -> dict[str, tuple[Size, ...]]:
    shapes: dict[str, tuple[Size, ...]] = {f"weight_ih{suffix}": (rows, enters), f"weight_hh{suffix}": (rows, out)}
    return shapes | ({f"bias_ih{suffix}": (rows,), f"bias_hh{suffix}": (rows,)} if bias else {})


def _want_states(given: States, wanted: list[Tensor]) -> None:
    if given is None:
        return
    states = given if isinstance(given, tuple) else (given,)
    if len(states) != len(wanted) or not all(
        same_shape(a.shape, b.shape) and a.batched == b.batched for a, b in zip(states, wanted, strict=True)
    ):
        shapes = " and ".join(show_shape(state.shape) for state in wanted)
        found = " and ".join(show_shape(state.shape, state.batched) for state in states)
        raise Mismatch(f"wants a state {shapes} and gets {found}", value=1)


@layer(
    "nn.RNN", infers="input_size", fixed=BATCH_FIRST, positional=4, optional_values=1, role="recurrent",
    choices={"nonlinearity": ("tanh", "relu")}, ragged="uses", helper=RUN_RAGGED, helper_imports=("from torch import nn",),
    yields=("output", "state"),
)  # fmt: skip
def rnn(
    x: Tensor, state: States, /, hidden_size: Size, num_layers: Size = 1, nonlinearity: str = "tanh",
    bias: bool = True, dropout: Probability = 0.0, bidirectional: bool = False,
) -> Applied:  # fmt: skip
    """A plain recurrent layer over a sequence [T, F]; gives the sequence of its states, and the last ones."""
    return _recur(x, state, 1, hidden_size, num_layers, bias, bidirectional)


@layer(
    "nn.LSTM", infers="input_size", fixed=BATCH_FIRST, positional=3, optional_values=1, role="recurrent",
    ragged="uses", helper=RUN_RAGGED, helper_imports=("from torch import nn",), yields=("output", "state"),
)  # fmt: skip
def lstm(
    x: Tensor, state: States, /, hidden_size: Size, num_layers: Size = 1, bias: bool = True,
    dropout: Probability = 0.0, bidirectional: bool = False, proj_size: int = 0,
) -> Applied:  # fmt: skip
    """A long short-term memory over a sequence [T, F]; gives the sequence of its states, and the last ones."""
    if isinstance(proj_size, int) and proj_size < 0:
        raise Mismatch(f"proj_size={proj_size} is negative", argument="proj_size")
    return _recur(x, state, 4, hidden_size, num_layers, bias, bidirectional, proj_size)


@layer(
    "nn.GRU", infers="input_size", fixed=BATCH_FIRST, positional=3, optional_values=1, role="recurrent",
    ragged="uses", helper=RUN_RAGGED, helper_imports=("from torch import nn",), yields=("output", "state"),
)  # fmt: skip
def gru(
    x: Tensor, state: States, /, hidden_size: Size, num_layers: Size = 1, bias: bool = True,
    dropout: Probability = 0.0, bidirectional: bool = False,
) -> Applied:  # fmt: skip
    """A gated recurrent layer over a sequence [T, F]; gives the sequence of its states, and the last ones."""
    return _recur(x, state, 3, hidden_size, num_layers, bias, bidirectional)


def _step(x: Tensor, states: States, gates: int, hidden: Size, bias: bool) -> Applied:
    (wide,) = x.expect("F")
    features(x)
    for state in states if isinstance(states, tuple) else (states,):
        if state is not None and not (len(state.shape) == 1 and same(state.shape[0], hidden)):
            raise Mismatch(f"wants a state [{hidden}] and gets {show_shape(state.shape)}", value=1)
    if gates == 4 and states is not None and not (isinstance(states, tuple) and len(states) == 2):
        raise Mismatch("wants a state (h, c) and gets one value", value=1)
    new = x.like((hidden,))
    weights = _weights(gates * hidden, wide, hidden, "", bias)
    outputs = (new, new) if gates == 4 else (new,)
    return Applied(*outputs, weights=weights, macs=gates * hidden * (wide + hidden), input_size=wide)


@layer("nn.RNNCell", infers="input_size", optional_values=1, role="recurrent", choices={"nonlinearity": ("tanh", "relu")})
def rnn_cell(x: Tensor, state: States, /, hidden_size: Size, bias: bool = True, nonlinearity: str = "tanh") -> Applied:
    """One step of a plain recurrent layer: input [F] and state to the next state."""
    return _step(x, state, 1, hidden_size, bias)


@layer("nn.LSTMCell", infers="input_size", optional_values=1, role="recurrent", yields=("h", "c"))
def lstm_cell(x: Tensor, state: States, /, hidden_size: Size, bias: bool = True) -> Applied:
    """One step of a long short-term memory: input [F] and state (h, c) to the next (h, c)."""
    return _step(x, state, 4, hidden_size, bias)


@layer("nn.GRUCell", infers="input_size", optional_values=1, role="recurrent")
def gru_cell(x: Tensor, state: States, /, hidden_size: Size, bias: bool = True) -> Applied:
    """One step of a gated recurrent layer: input [F] and state to the next state."""
    return _step(x, state, 3, hidden_size, bias)


LAST = '''
def last(x, lengths):
    """Take each sequence's own last moment."""
    return x[torch.arange(len(x), device=x.device), lengths.to(x.device) - 1]
'''


def _write_last(values: list[str], arguments: dict[str, str]) -> str:
    return f"{values[0]}[:, -1]"


@layer("", write=_write_last, role="reshape", ragged="uses", helper=LAST, helper_imports=("import torch",))
def last(x: Tensor, /) -> Applied:
    """Takes the last moment of a sequence [T, ...], of each its own where their lengths differ."""
    if not x.shape:
        raise Mismatch("wants a sequence [T, ...] and gets one number for each sample")
    if not x.batched:
        raise Mismatch("wants a sequence for each sample and gets a value without a batch")
    return Applied(Tensor(x.shape[1:], x.dtype), lengths=x.ragged, call="last({0}, {lengths})" if x.ragged else "")
