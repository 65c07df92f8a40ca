import torch
import torch.nn.functional as F
from torch import nn


class Mix(nn.Module):
    def __init__(self, in_features, width=8):
        super().__init__()
        self.output = nn.Linear(in_features, width)

    def forward(self, x):
        y = F.relu(x)
        return self.output(y)  # B, width


class Mix2(nn.Module):
    def __init__(self, in_features, width=8):
        super().__init__()
        self.output = nn.Linear(in_features, width)

    def forward(self, x):
        y = torch.sigmoid(x) * x
        return self.output(y)


class Unlike(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(16, 8)
        self.two = nn.Linear(16, 12)
        self.proj = nn.ModuleList()
        self.proj.append(nn.Linear(16, 8 + 4 * 0))
        self.proj.append(nn.Linear(8, 8 + 4 * 1))
        self.m = nn.ModuleList()
        self.m.append(Mix(12))
        self.m.append(Mix2(8))
        self.deep = nn.ModuleList()
        self.deep.append(
            nn.Sequential(
                nn.Linear(8, 5),
            )
        )
        self.deep.append(
            nn.Sequential(
                nn.Linear(5, 9),
                nn.Linear(9, 9),
            )
        )
        self.deep.append(
            nn.Sequential(
                nn.Linear(9, 4),
                *(nn.Linear(4, 4) for _ in range(2)),
            )
        )

    def forward(self, x):
        a = self.one(x)  # B, 8
        b = self.two(x)  # B, 12
        skips = a, b
        y = x  # B, 16
        y = self.proj[0](y) + skips[0]  # B, 8
        y = self.proj[1](y) + skips[1]  # B, 12
        y = self.m[0](y)  # B, 8
        y = self.m[1](y)
        y = self.deep[0](y)  # B, 5
        y = self.deep[1](y)  # B, 9
        y = self.deep[2](y)  # B, 4
        return y
