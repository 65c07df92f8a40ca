import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class ResidualLayer(nn.Module):
    def __init__(self, in_channels, dilation, channels_):
        super().__init__()
        self.dilation = dilation
        self.filter = weight_norm(
            nn.Conv1d(in_channels, channels_, 2, dilation=dilation)
        )
        self.gate = weight_norm(nn.Conv1d(in_channels, channels_, 2, dilation=dilation))
        self.skip = nn.Conv1d(channels_, channels_, 1)
        self.res = nn.Conv1d(channels_, channels_, 1)

    def forward(self, x):
        padded = F.pad(x, (self.dilation, 0))
        z = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        skip = self.skip(z)
        res = self.res(z)
        output = x + res
        return output, skip


class WaveNet(nn.Module):
    def __init__(self, channels_=16):
        super().__init__()
        self.x = nn.Embedding(256, channels_)
        self.layer_d = nn.ModuleList(
            [ResidualLayer(channels_, d, channels_=channels_) for d in [1, 2, 4, 8]]
        )
        self.logits = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(channels_, 32, 1),
            nn.ReLU(),
            nn.Conv1d(32, 256, 1),
        )

    def forward(self, audio):
        x = self.x(audio).transpose(1, 2)  # B, channels_, 64
        total = 0 * x
        for layer_d in self.layer_d:
            x, s = layer_d(x)
            total = total + s
        return self.logits(total)  # B, 256, 64
