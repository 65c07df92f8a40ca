"""An epoch of the emitted module and loop, with the same written by hand, options alike."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from measure import report, times
from torch import nn

import archdsl
from archdsl.run.execute import execute

SPEC = Path(__file__).parents[1] / "specs" / "mlp.arch"
BATCH = 64


class MLP(nn.Module):
    """The perceptron of the cheat sheet, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 500)
        self.fc2 = nn.Linear(500, 200)
        self.fc3 = nn.Linear(200, 100)
        self.out = nn.Linear(100, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Tell how much an image looks like each digit."""
        x = image.flatten(1)
        for layer in (self.fc1, self.fc2, self.fc3):
            x = F.relu(layer(x))
        return self.out(x)


torch.set_num_threads(1)
emitted = execute(archdsl.load(SPEC).source, "emitted mlp")
data, _ = emitted.load_data("cpu")
theirs, ours = MLP(), emitted.MLP()
theirs.load_state_dict(ours.state_dict())
optimizers = [torch.optim.Adam(net.parameters(), lr=1e-3, fused=True) for net in (theirs, ours)]


def by_hand() -> None:
    """Train for an epoch, as one writes it."""
    theirs.train()
    image, label = data
    order = torch.randperm(len(image), generator=torch.Generator().manual_seed(1))
    for chosen in order.split(BATCH):
        loss = F.cross_entropy(theirs(image[chosen]), label[chosen])
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()


def by_archdsl() -> None:
    """Train for an epoch, with what was emitted."""
    for _ in emitted.train(ours, emitted.batches(data, BATCH, seed=1), optimizers[1]):
        pass


found = times({"hand": by_hand, "archdsl": by_archdsl}, 15)
assert all(torch.equal(left, right) for left, right in zip(theirs.parameters(), ours.parameters(), strict=True)), "they train differently"
report("an epoch of the emitted MLP / the hand-written one", found["archdsl"], found["hand"], "at most 1.02")
