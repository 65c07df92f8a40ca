"""Uses of one class that differ: in a layer, an activation, a flag."""

from torch import nn


class Part(nn.Module):
    def __init__(self, dim, act="relu", residual=True, bias=True):
        super().__init__()
        self.fc = nn.Linear(dim, dim, bias=bias)
        self.residual = residual
        self.act = nn.ReLU() if act == "relu" else nn.GELU()
        self.norm = nn.LayerNorm(dim) if residual else None

    def forward(self, x):
        y = self.fc(x)
        if self.norm is not None:
            y = self.norm(y)
        y = self.act(y)
        return x + y if self.residual else y


class Variants(nn.Module):
    def __init__(self):
        super().__init__()
        self.ps = nn.Sequential(Part(8), Part(8, "gelu"), Part(8, residual=False), Part(8, "gelu", bias=False))

    def forward(self, x):
        return self.ps(x)
