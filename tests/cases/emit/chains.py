from collections import OrderedDict

from torch import nn


class Transpose(nn.Module):
    """Swaps two dimensions, counted with the batch."""

    def __init__(self, dim0, dim1):
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x):
        return x.transpose(self.dim0, self.dim1)


class Reshape(nn.Module):
    """Gives each sample another shape, written without the batch; one size may be -1,
    what is left.
    """

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(len(x), *self.shape)


class GRU(nn.GRU):
    """Takes one sequence and passes on one, as a member of a chain."""

    def forward(self, x):
        return super().forward(x)[0]


class Last(nn.Module):
    """Takes the last moment of a sequence [T, ...], of each its own where their lengths
    differ.
    """

    def forward(self, x):
        return x[:, -1]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(
            OrderedDict(
                [
                    ("named", nn.Linear(16, 32)),
                    ("1", Transpose(1, 2)),
                    ("act", nn.ReLU()),
                    ("3", nn.Linear(8, 4)),
                    ("4", Reshape(-1)),
                ]
            )
        )
        self.rec = nn.Sequential(
            GRU(16, 12, batch_first=True),
            nn.Linear(12, 3),
            Last(),
        )
        self.trunk = nn.Sequential(
            nn.Conv1d(8, 8, 3),
            nn.GroupNorm(4, 8),
            nn.GELU(),
        )
        layers = []
        in_features = 4 * 12
        for w in [8, 16, 32]:
            layers.append(nn.Linear(in_features, w))
            in_features = w
        self.tower = nn.Sequential(*layers)
        self.trunk2 = nn.Conv1d(8, 4, 3)

    def forward(self, x):
        both = self.enc(x)  # B, 128
        r = self.rec(x)  # B, 3
        x = self.trunk(x)  # B, 8, 14
        x = self.trunk2(x).flatten(1)  # B, 48
        h = self.tower(x)  # B, 32
        return both, r, h
