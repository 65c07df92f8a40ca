"""Watches a network compute, and writes down what each of its classes does with its inputs.

The network runs on example inputs. Each call of a class of the user's opens a scope, in which the calls
of layers and functions become steps between values; torch's own layers are steps as a whole. What
Python decides (flags, loops, the shape of an input) has been decided when a step is written down.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from archdsl.run.import_errors import Inexpressible, Place
from archdsl.run.import_sizes import BATCH, Size, sized

TORCH = os.path.dirname(torch.__file__)
HERE = os.path.dirname(os.path.dirname(__file__))
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


class Value:
    """A tensor in one scope: `weight` is its path where it is a parameter or buffer, `step` what made it."""

    def __init__(self, tensor: torch.Tensor, *, batched: bool, name: str = "", weight: str = "", step: Step | None = None) -> None:
        self.shape = tuple(int(size) for size in tensor.shape)
        self.dtype = tensor.dtype
        self.tensor = tensor
        self.batched, self.name, self.weight, self.step = batched, name, weight, step
        self.rank = -1  # how far out the frame is in which the name was seen
        self.stale: Place | None = None

    def __repr__(self) -> str:
        return f"<{self.name or self.weight or 'value'} {list(self.shape)}>"


class Step:
    """One call: `target` is a module or a function; arguments and `result` hold values where tensors were."""

    def __init__(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place) -> None:
        self.target, self.args, self.kwargs, self.place = target, args, kwargs, place
        self.result: Any = None
        self.scope: Scope | None = None

    @property
    def values(self) -> list[Value]:
        """The values that it takes."""
        return values_in((self.args, self.kwargs))


class Scope:
    """What one call of a module did: its inputs, steps and results."""

    def __init__(self, module: nn.Module, place: Place) -> None:
        self.module, self.kind, self.place = module, type(module), place
        self.end = place
        self.inputs: list[Value] = []
        self.steps: list[Step] = []
        self.result: Any = None
        self.known: dict[int, Value] = {}
        self.frames: list[FrameType] = []
        self.weights = {
            id(tensor): name for name, tensor in reversed([*module.named_parameters(remove_duplicate=False), *module.named_buffers()])
        }

    def name_values(self) -> None:
        """Give values the names of the variables that hold them; those of `forward` itself go first."""
        for rank, frame in enumerate(self.frames):
            for name, held in list(frame.f_locals.items()):
                if not isinstance(held, torch.Tensor):
                    continue
                value = self.known.get(id(held))
                if value is not None and not value.weight and (not value.name or rank < value.rank):
                    value.name, value.rank = name, rank


def values_in(nested: Any) -> list[Value]:
    """Return the values in nested lists, tuples, dicts and slices, in order."""
    if isinstance(nested, Value):
        return [nested]
    if isinstance(nested, (list, tuple)):
        return [value for one in nested for value in values_in(one)]
    if isinstance(nested, dict):
        return values_in(list(nested.values()))
    if isinstance(nested, slice):
        return values_in([nested.start, nested.stop, nested.step])
    return []


def replaced(nested: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested lists, tuples, dicts and slices with their leaves changed."""
    if isinstance(nested, torch.Size):
        return tuple(nested)
    if isinstance(nested, tuple):
        return tuple([replaced(one, change) for one in nested])
    if isinstance(nested, list):
        return [replaced(one, change) for one in nested]
    if isinstance(nested, dict):
        return {key: replaced(one, change) for key, one in nested.items()}
    if isinstance(nested, slice):
        return slice(*[replaced(one, change) for one in (nested.start, nested.stop, nested.step)])
    return change(nested)


QUESTIONS = {"size", "dim", "ndim", "ndimension", "numel", "nelement", "shape", "__len__", "device", "dtype", "requires_grad", "is_cuda",
             "is_floating_point", "layout", "is_contiguous", "get_device", "data_ptr", "element_size", "stride", "itemsize", "is_complex",
             "is_nested", "is_sparse", "is_quantized", "is_meta", "grad", "grad_fn", "is_leaf", "names", "type", "__hash__", "__repr__",
             "__format__", "is_tensor", "result_type", "can_cast", "finfo", "is_inference", "retain_grad", "__dir__"}  # fmt: skip
"""What can be asked of a tensor without its numbers: answered, and not written down."""

DECIDES = {"__bool__": "decides by the numbers of a tensor", "item": "reads the numbers of a tensor", "__float__": "reads the numbers of a tensor",
           "__int__": "reads the numbers of a tensor", "__index__": "reads the numbers of a tensor", "tolist": "reads the numbers of a tensor",
           "numpy": "leaves torch", "__array__": "leaves torch", "equal": "decides by the numbers of a tensor",
           "allclose": "decides by the numbers of a tensor", "nonzero": "makes a shape of the numbers of a tensor",
           "__contains__": "decides by the numbers of a tensor", "unique": "makes a shape of the numbers of a tensor",
           "masked_select": "makes a shape of the numbers of a tensor"}  # fmt: skip


class Training(int):
    """What `self.training` is meanwhile: False, and it is noted where the user's code decides by it."""

    asked: list[Place]

    def __bool__(self) -> bool:
        frame = sys._getframe(1)  # noqa: SLF001 - the only way to know whose code is running
        if not frame.f_code.co_filename.startswith((TORCH, HERE)):
            self.asked.append(Place(frame.f_code.co_filename, frame.f_lineno))
        return False


def version(tensor: torch.Tensor) -> int:
    """Return how often a tensor has been written to."""
    return tensor._version  # noqa: SLF001 - torch has no other way to ask


def apart(result: Any, versions: dict[int, int]) -> Any:
    """Return results as tensors of their own, where what was given came back unchanged: two values may not be one object."""

    def own(leaf: Any) -> Any:
        same = isinstance(leaf, torch.Tensor) and versions.get(id(leaf)) == version(leaf)
        return leaf.view_as(leaf) if same else leaf

    return replaced(result, own) if type(result) in (torch.Tensor, tuple, list) else result


class Tracer(TorchFunctionMode):
    """Writes down what happens while it is active; `scope` is the call that is under way."""

    def __init__(self, is_leaf: Callable[[nn.Module], bool]) -> None:
        super().__init__()
        self.is_leaf = is_leaf
        self.scope: Scope | None = None
        self.quiet = False
        self.kept: list[torch.Tensor] = []
        self.asked: list[Place] = []
        """Where the network decides by whether it is training."""

    def run(self, net: nn.Module, inputs: dict[str, torch.Tensor]) -> Scope:
        """Run a network, and return its scope. Raises Inexpressible."""
        plain = nn.Module.__call__
        code = type(net).forward.__code__
        step = Step(net, (), {}, Place(code.co_filename, code.co_firstlineno))

        def called(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return self.call(plain, module, args, kwargs)

        asked = Training(0)
        asked.asked = self.asked

        def training(_: nn.Module) -> bool:
            """Answer torch's own code plainly."""
            caller = sys._getframe(1)  # noqa: SLF001 - the only way to know whose code is running
            return False if caller.f_code.co_filename.startswith(TORCH) else asked  # type: ignore[return-value]

        nn.Module.__call__ = called  # type: ignore[method-assign]
        nn.Module.training = property(training, lambda *_: None)  # type: ignore[assignment]
        try:
            with self, torch.no_grad():
                self.enter(step, plain, net, (), inputs)
        finally:
            nn.Module.__call__ = plain  # type: ignore[method-assign]
            del nn.Module.training
        assert step.scope is not None
        return step.scope

    # ------------------------------------------------------------ modules

    def call(self, plain: Callable[..., Any], module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Write down the call of a module, and within it what its own code does."""
        scope = self.scope
        if self.quiet or scope is None:
            return plain(module, *args, **kwargs)
        place = self.look(scope)
        step = Step(module, self.read(scope, args, place), self.read(scope, kwargs, place), place)
        with self.silence():
            versions = {id(value.tensor): version(value.tensor) for value in step.values}
        if self.is_leaf(module):
            with self.silence():
                result = plain(module, *args, **kwargs)
        else:
            result = self.enter(step, plain, module, args, kwargs)
            self.scope = scope
        with self.silence():
            result = apart(result, versions)
        scope.steps.append(step)
        return self.write(scope, step, result)

    def enter(self, step: Step, plain: Callable[..., Any], module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the code of a module in a scope of its own."""
        import inspect

        with self.silence():
            scope = self.scope = Scope(module, step.place)
            bound = inspect.signature(module.forward).bind(*args, **kwargs)
            for name, given in bound.arguments.items():
                self.take(scope, name, given, step.place)
        result = plain(module, *args, **kwargs)
        scope.name_values()
        scope.result = self.read(scope, result, step.place)
        for value in scope.inputs:
            if scope.known[id(value.tensor)] is not value and self.outer(step, value.tensor) is not None:
                self.outer(step, value.tensor).stale = scope.known[id(value.tensor)].step.place  # type: ignore[union-attr]
        if scope.frames:
            scope.end = Place(scope.frames[0].f_code.co_filename, scope.frames[0].f_lineno)
        scope.frames.clear()
        step.scope = scope
        return result

    @staticmethod
    def outer(step: Step, tensor: torch.Tensor) -> Value | None:
        """Return the value of the caller's that a tensor is."""
        return next((value for value in step.values if value.tensor is tensor), None)

    def take(self, scope: Scope, name: str, given: Any, place: Place) -> None:
        """Make an argument of `forward` an input of the scope."""
        if isinstance(given, torch.Tensor):
            value = scope.known[id(given)] = Value(given, batched=True, name=name)
            value.rank = 0
            scope.inputs.append(value)
        elif isinstance(given, (list, tuple)) and any(isinstance(one, torch.Tensor) for one in given):
            for number, one in enumerate(given):
                self.take(scope, f"{name}{number}" if len(given) > 1 else name, one, place)
        elif isinstance(given, dict) and any(isinstance(one, torch.Tensor) for one in given.values()):
            raise Inexpressible(
                place, f"{type(scope.module).__name__} is given a dict of tensors", "A block has inputs by name: pass the tensors."
            )

    # ------------------------------------------------------------ functions

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        scope = self.scope
        if self.quiet or scope is None:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        if name in QUESTIONS or name in ("__set__", "set_grad_enabled", "_set_grad_enabled"):
            return self.answer(scope, name, func, args, kwargs)
        place = self.look(scope)
        if name in DECIDES:
            raise Inexpressible(
                place, f"This {DECIDES[name]}", "A spec is decided before any number is known; torch.where chooses by numbers."
            )
        if name in ("__setitem__", "index_put_", "index_copy_", "scatter_", "copy_"):
            raise Inexpressible(
                place,
                "This writes into a tensor",
                "A value of a spec is whole when it is defined: concat, where or masked_fill make new ones.",
            )
        step = Step(func, self.read(scope, args, place), self.read(scope, kwargs, place), place)
        with self.silence():
            plain = replaced((args, kwargs), lambda leaf: False if isinstance(leaf, Training) else leaf)
            versions = {id(value.tensor): version(value.tensor) for value in step.values}
            result = apart(func(*plain[0], **plain[1]), versions)
        scope.steps.append(step)
        return self.write(scope, step, result)

    def answer(self, scope: Scope, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer what is asked of a tensor; sizes remember whose they are."""
        with self.silence():
            result = func(*args, **kwargs)
        if name not in ("size", "shape") or not isinstance(args[0], torch.Tensor):
            return result
        value = self.value_of(scope, args[0], self.look(scope))
        if isinstance(result, torch.Size):
            return torch.Size([Size(size, ("dim", value, axis)) for axis, size in enumerate(result)])
        axis = args[1] if len(args) > 1 else kwargs["dim"]
        return Size(result, ("dim", value, int(axis) % args[0].dim()))

    # ------------------------------------------------------------ values

    def read(self, scope: Scope, nested: Any, place: Place) -> Any:
        """Return what was given, with the scope's values for tensors."""
        with self.silence():
            return replaced(nested, lambda leaf: self.value_of(scope, leaf, place) if isinstance(leaf, torch.Tensor) else leaf)

    def value_of(self, scope: Scope, tensor: torch.Tensor, place: Place) -> Value:
        """Return the value that a tensor is in a scope: one known there, a weight, or a constant."""
        value = scope.known.get(id(tensor))
        if value is None:
            weight = scope.weights.get(id(tensor), "")
            if not weight and tensor.numel() > 64:
                where = type(scope.module).__name__
                raise Inexpressible(place, f"A tensor {list(tensor.shape)} enters {where} that is neither among its inputs nor its own",
                                    "Pass it as an argument, or register it as a parameter or buffer.")  # fmt: skip
            value = scope.known[id(tensor)] = Value(tensor, batched=False, weight=weight)
            self.kept.append(tensor)
        if value.stale is not None:
            raise Inexpressible(
                value.stale, "This changes in place what the caller goes on to use", "Without inplace=True both have a value of their own."
            )
        return value

    def write(self, scope: Scope, step: Step, result: Any) -> Any:
        """Make values of what a step gave."""
        batched = any(value.batched for value in step.values) or any(sized(one) for one in _leaves((step.args, step.kwargs)))

        def made(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            self.kept.append(leaf)
            first = leaf.shape[0] if leaf.dim() else 0
            value = scope.known[id(leaf)] = Value(leaf, batched=batched and first == BATCH, step=step)
            return value

        with self.silence():
            step.result = replaced(result, made)
        return result

    # ------------------------------------------------------------ places

    def look(self, scope: Scope) -> Place:
        """Return where the user's code is now, and learn the names that its variables give to values."""
        frames: list[FrameType] = []
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to know whose code is running
        while frame is not None and frame.f_code is not Tracer.enter.__code__:
            if not frame.f_code.co_filename.startswith((TORCH, HERE)) and not frame.f_code.co_filename.startswith("<"):
                frames.append(frame)
            frame = frame.f_back
        scope.frames = frames[::-1] or scope.frames
        scope.name_values()
        return Place(frames[0].f_code.co_filename, frames[0].f_lineno) if frames else scope.place

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Write nothing down meanwhile."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before


def _leaves(nested: Any) -> list[Any]:
    found: list[Any] = []
    replaced(nested, found.append)
    return found
