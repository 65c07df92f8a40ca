import torch
import torch.nn.functional as F
from torch import nn


def last(x, lengths):
    """Take each sequence's own last moment."""
    return x[torch.arange(len(x), device=x.device), lengths.to(x.device) - 1]


class Elman(nn.Module):
    def __init__(self, in_features, size):
        super().__init__()
        self.size = size
        self.inp = nn.Linear(in_features, size)
        self.rec = nn.Linear(size, size, bias=False)

    def forward(self, x, h=None):
        B, T = x.shape[:2]
        if h is None:
            h = x.new_zeros(B, self.size)
        x = x.flatten(0, 1)
        # What the inputs add to the state is computed for all moments at once.
        entering = self.inp(x).unflatten(0, (B, T))
        h_all = []
        for moment in entering.unbind(1):
            h_all.append(h)
            h = torch.tanh(moment + self.rec(h))
        return torch.stack(h_all, 1), h


class Core(nn.Module):
    def __init__(self, in_features, size):
        super().__init__()
        self.size = size
        self.gates = nn.Linear(in_features + size, 4 * size)

    def forward(self, x, x_lengths=None, h=None, c=None):
        B, T = x.shape[:2]
        if h is None:
            h = x.new_zeros(B, self.size)
        if c is None:
            c = x.new_zeros(B, self.size)
        if x_lengths is None:
            x_lengths = torch.full((B,), T)
        ends = x_lengths.to(x.device)
        x = x.flatten(0, 1)
        # What the inputs add to the state is computed for all moments at once.
        weight, state_weight = self.gates.weight.split((x.size(1), h.size(1)), dim=1)
        entering = F.linear(x, weight, self.gates.bias).unflatten(0, (B, T))
        h_all = []
        for t, moment in enumerate(entering.unbind(1)):
            h_all.append(h)
            i, f, g, o = torch.addmm(moment, h, state_weight.T).chunk(4, dim=1)
            next_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            next_h = torch.sigmoid(o) * torch.tanh(
                torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            )
            going = t < ends
            h = torch.where(going[:, None], next_h, h)
            c = torch.where(going[:, None], next_c, c)
        return torch.stack(h_all, 1), h, c


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Elman(10, 16)
        self.core = Core(16, 20)
        self.logits = nn.Linear(20, 3)

    def forward(self, x, x_lengths):
        x, _ = self.first(x)  # B, T, 16
        ys, h, c = self.core(x, x_lengths)
        return self.logits(last(ys, x_lengths) + h)  # B, 3
