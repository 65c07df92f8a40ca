import torch
import torch.nn.functional as F
from torch import nn


class Gen(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.ih = nn.Linear(in_features, 24)
        self.hh = nn.Linear(24, 24)
        self.out = nn.Linear(24, 8)

    def step(self, x, h):
        next_h = torch.tanh(self.ih(x)) + self.hh(h)  # B, 24
        output = F.softmax(self.out(h), dim=1)  # B, 8
        return output, next_h

    def unroll(self, x, steps, h=None):
        """Start from one moment and feed each output back in; give all of them."""
        if h is None:
            h = x.new_zeros(len(x), 24)
        outputs = []
        for _ in range(steps):
            x, h = self.step(x, h)
            outputs.append(x)
        return torch.stack(outputs, 1), h

    def forward(self, x, h=None):
        B, T = x.shape[:2]
        if h is None:
            h = x.new_zeros(B, 24)
        x = x.flatten(0, 1)
        # What the inputs add to the state is computed for all moments at once.
        entering = torch.tanh(self.ih(x)).unflatten(0, (B, T))
        h_all = []
        for moment in entering.unbind(1):
            h_all.append(h)
            h = moment + self.hh(h)
        # No state depends on the rest, which is computed for all moments at once, too.
        h_before = torch.stack(h_all, 1).flatten(0, 1)
        output = F.softmax(self.out(h_before), dim=1)
        return output.unflatten(0, (B, T)), h


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = Gen(8)

    def forward(self, start):
        return self.letters.unroll(start, 12)[0]  # B, 12, 8
