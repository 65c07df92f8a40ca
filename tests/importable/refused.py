"""Networks that no spec says, each for one reason."""

import torch
from torch import nn


class Decides(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:
            return self.a(x)
        return self.b(x)


class Writes(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        y = self.fc(x)
        y[:, 0] = 0
        return y


class JoinsBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        b, t, d = x.shape
        return self.fc(x.reshape(b * t, d))


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(4, 8)

    def forward(self, x):
        return self.rnn(x.transpose(0, 1))[0]


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.aux = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


class ReturnsDict(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return {"logits": self.fc(x)}


class NoCounterpart(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return torch.fft.rfft(self.fc(x)).abs()


class ReachesInside(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Unused()

    def forward(self, x):
        return self.inner.aux(self.inner.fc(x))


class HoldsItself(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.inner = HoldsItself(depth - 1) if depth else None

    def forward(self, x):
        x = self.fc(x)
        return x if self.inner is None else self.inner(x)


class CountsSamples(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x) / x.shape[0]


class NeverSame(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Twice()

    def forward(self, x):
        return self.part(self.part(x, True), False)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, squashed):
        return torch.tanh(self.fc(x)) if squashed else self.fc(x)
