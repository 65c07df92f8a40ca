from fnmatch import fnmatchcase

import torch.nn.functional as F
from torch import nn


class Lists(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for i in range(n)])
        self.norm = nn.LayerNorm(8)
        self.experts = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Linear(8, 4),
                    nn.ReLU(),
                    nn.Linear(4, 8),
                )
                for k in range(2)
            ]
        )
        self.gate = nn.Sequential(
            nn.Linear(8, 2),
            nn.Softmax(dim=1),
        )
        self.layers[1].weight = self.layers[0].weight
        for name, parameter in self.named_parameters():
            if fnmatchcase(name, "layers.*.weight"):
                nn.init.xavier_uniform_(parameter)
        nn.init.ones_(self.norm.weight)
        nn.init.zeros_(self.experts[0][0].weight)

    def forward(self, x):
        y = self.layers[0](x)
        y = F.relu(self.layers[1](y))
        z = self.layers[2](y)
        z = self.norm(z) + self.norm(y)  # B, 8
        g = self.gate(z)  # B, 2
        total = g[:, 0:1] * self.experts[0](z) + g[:, 1:2] * self.experts[1](z)  # B, 8
        return total
