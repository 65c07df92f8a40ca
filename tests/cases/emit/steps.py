import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, in_features, n):
        super().__init__()
        self.n = n
        self.lin = nn.Linear(in_features, n)

    def step(self, x, h, k):
        a = self.lin(x)  # B, n
        if self.n > 4:
            a = torch.tanh(a)
        next_h = a + h * k.mean(dim=2)
        k = k * 0.5 + h.unsqueeze(2)
        output = h + a
        return output, next_h, k

    def forward(self, x, h=None, k=None):
        if h is None:
            h = x.new_zeros(len(x), self.n)
        if k is None:
            k = x.new_full((len(x), self.n, 2), 1)
        output_all = []
        for x_t in x.unbind(1):
            output_t, h, k = self.step(x_t, h, k)
            output_all.append(output_t)
        return torch.stack(output_all, 1), h, k


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.core = Cell(6, 8)
        self.zs = Cell(8, 4)

    def forward(self, x):
        ys, h, k = self.core(x)
        zs, _, _ = self.zs(ys)  # B, T, 4
        return ys, h, k, zs
