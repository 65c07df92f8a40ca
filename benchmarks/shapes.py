"""The shapes of ResNet-50, with where each came from: torch's warm forward on the meta device, with ours."""

from __future__ import annotations

import gc

import torch
from measure import report, times
from torch import nn

from archdsl import spec
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source
from specs import RESNET_50


class Bottleneck(nn.Module):
    """The block of ResNet-50, by hand."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width),
        )  # fmt: skip
        changes = stride != 1 or channels != 4 * width
        shortcut = nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
        self.shortcut = shortcut if changes else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add what the body makes of the input to the input."""
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet50() -> nn.Module:
    """Return ResNet-50 by hand."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for index in range(count):
            layers.append(Bottleneck(channels, width, stride if index == 0 else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


with torch.device("meta"):
    net = resnet50().eval()
    image = torch.empty(1, 3, 224, 224)
source, complaints = Source("resnet50.arch", RESNET_50), Complaints()
tree = spec.parse(source, complaints)


def ours() -> None:
    """Resolve names, infer every shape and keep where each came from."""
    program = spec.resolve(tree, complaints)
    assert program is not None, [complaint.message for complaint in complaints]


@torch.no_grad()
def theirs() -> None:
    """Run torch's forward without data."""
    assert net(image).shape == (1, 1000)


gc.disable()
found = times({"torch": theirs, "archdsl": ours}, 21)
report("shapes of ResNet-50, torch's warm meta forward / archdsl", found["torch"], found["archdsl"], "at least 100")
