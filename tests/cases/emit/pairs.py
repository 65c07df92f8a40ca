import torch
import torch.nn.functional as F
from torch import nn


class Both(nn.Module):
    def __init__(self, T, f_size, d, flag=True):
        super().__init__()
        if flag:
            self.pre = nn.Linear(f_size, f_size)
        else:
            self.scale = nn.Parameter(torch.empty(f_size))
            nn.init.ones_(self.scale)
            self.pre = None
        self.pos = nn.Parameter(torch.empty(T, f_size))
        nn.init.zeros_(self.pos)
        self.fc = nn.ModuleList()
        self.side = nn.ModuleList()
        for k in range(d):
            self.fc.append(nn.Linear(f_size, f_size + k))
            self.side.append(nn.Linear(f_size + k, f_size))

    def forward(self, x):
        if self.pre is not None:
            x = F.relu(self.pre(x))
        else:
            x = x * self.scale  # B, T, F
        x = x + self.pos
        for fc, layer in zip(self.fc, self.side):
            side = layer(fc(x))
            x = x + side
        return x


class Pair(nn.Module):
    def __init__(self, a_features, b_features, d):
        super().__init__()
        self.l = nn.Linear(a_features, d)
        self.r = nn.Linear(b_features, d)

    def forward(self, a, b):
        output = self.l(a) + self.r(b)
        output2 = self.l(a) - self.r(b)
        return output, output2


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.u = Both(5, 6, 2)
        self.v = Both(5, 6, 2, flag=False)
        self.pair = Pair(6, 6, 7)
        self.pair2 = Pair(7, 7, 3)

    def forward(self, x):
        u = self.u(x)
        v = self.v(x)
        p, q = self.pair(u, v)
        w, _ = self.pair2(p, q)
        return w, q
