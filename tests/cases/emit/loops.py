import torch.nn.functional as F
from torch import nn


class Stack(nn.Module):
    def __init__(self, in_channels, widths, kernel=3, norm=True):
        super().__init__()
        self.norm = norm
        self.conv = nn.ModuleList()
        self.bn = nn.ModuleList()
        for c in widths:
            self.conv.append(nn.Conv2d(in_channels, c, kernel, padding=kernel // 2))
            if norm:
                self.bn.append(nn.BatchNorm2d(c))
            in_channels = c

    def forward(self, x):
        each_bn = iter(self.bn)
        for conv in self.conv:
            x = F.relu(conv(x))
            if self.norm:
                x = next(each_bn)(x)
        return x


class Net(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.a = Stack(3, [16, 32, 64])
        self.b = Stack(64, [64, 128], kernel=5)
        self.side = nn.ModuleList([nn.Conv2d(128, 128, 1) for _ in range(depth)])
        self.logits = nn.Linear(128, 10)

    def forward(self, image):
        x = self.b(F.max_pool2d(self.a(image), 2))  # B, 128, 16, 16
        for i, side in enumerate(self.side):
            x = x + side(x) * (i + 1)
        return self.logits(F.adaptive_avg_pool2d(x, 1).flatten(1))  # B, 10
