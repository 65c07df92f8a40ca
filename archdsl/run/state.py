"""All that a run's next step depends on, as tensors and plain values, and back."""

from __future__ import annotations

import platform
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from archdsl.run.checkpoint import Checkpoint

if TYPE_CHECKING:
    from archdsl.run.program import Running


def fingerprint(device: str) -> dict[str, Any]:
    """Return what a run's numbers depend on beside its source: they are the same bit by bit only where this is."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else platform.machine()
    return {"device": f"{device} ({name})", "torch": torch.__version__, "threads": torch.get_num_threads()}


def weights(running: Running) -> dict[str, dict[str, torch.Tensor]]:
    """Copy the weights of every network, by its class's name, under its own state-dict keys."""
    return {name: {key: _copied(value) for key, value in net.state_dict().items()} for name, net in running.networks.items()}


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()


def capture(running: Running, progress: dict[str, Any]) -> Checkpoint:
    """Copy the whole state: weights, optimizers, schedules and generators; `progress` is the loop's own part."""
    tensors = weights(running)
    values: dict[str, Any] = {"progress": progress, "optimizers": {}, "schedules": {}}
    for name, optimizer in running.optimizers.items():
        state = optimizer.state_dict()
        tensors[name] = {
            f"{place}.{key}": _copied(one)
            for place, slot in state["state"].items()
            for key, one in slot.items()
            if isinstance(one, torch.Tensor)
        }
        plain = {
            str(place): {key: one for key, one in slot.items() if not isinstance(one, torch.Tensor)}
            for place, slot in state["state"].items()
        }
        values["optimizers"][name] = {"groups": state["param_groups"], "plain": plain}
    for name, schedule in running.schedules.items():
        values["schedules"][name] = {key: one for key, one in schedule.state_dict().items() if not callable(one)}
    kind, numbers, *rest = np.random.get_state()  # noqa: NPY002 - the global generator is the one that others may use
    tensors["generators"] = {"torch": torch.get_rng_state(), "numpy": torch.from_numpy(np.asarray(numbers).astype(np.int64))}
    if torch.cuda.is_available():
        tensors["generators"] |= {f"cuda{i}": one for i, one in enumerate(torch.cuda.get_rng_state_all())}
    values["generators"] = {"python": random.getstate(), "numpy": [kind, *rest]}
    return Checkpoint(tensors, values)


def restore(running: Running, checkpoint: Checkpoint) -> dict[str, Any]:
    """Put a whole state back, and return the loop's own part of it."""
    load_weights(running, checkpoint)
    for name, optimizer in running.optimizers.items():
        saved = checkpoint.values["optimizers"][name]
        slots: dict[int, dict[str, Any]] = {int(place): dict(slot) for place, slot in saved["plain"].items()}
        for key, tensor in checkpoint.tensors[name].items():
            place, _, slot = key.partition(".")
            slots.setdefault(int(place), {})[slot] = tensor
        groups = [
            {key: tuple(one) if isinstance(one, list) and key != "params" else one for key, one in group.items()}
            for group in saved["groups"]
        ]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})
    for name, schedule in running.schedules.items():
        schedule.load_state_dict(checkpoint.values["schedules"][name])
    tensors = checkpoint.tensors["generators"]
    torch.set_rng_state(tensors["torch"])
    if torch.cuda.is_available() and "cuda0" in tensors:
        torch.cuda.set_rng_state_all([tensors[f"cuda{i}"] for i in range(torch.cuda.device_count())])
    plain = checkpoint.values["generators"]
    version, numbers, gauss = plain["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, *rest = plain["numpy"]
    np.random.set_state((kind, tensors["numpy"].numpy().astype(np.uint32), *rest))  # noqa: NPY002
    progress: dict[str, Any] = checkpoint.values["progress"]
    return progress


def load_weights(running: Running, checkpoint: Checkpoint) -> None:
    """Put saved weights into the networks."""
    for name, net in running.networks.items():
        net.load_state_dict(checkpoint.tensors[name])
