import math

import torch
import torch.nn.functional as F
from torch import nn


class ResBlock(nn.Module):
    def __init__(self, x_channels, t_features, c):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, x_channels)
        self.conv1 = nn.Conv2d(x_channels, c, 3, padding=1)
        self.time = nn.Linear(t_features, c)
        self.norm2 = nn.GroupNorm(8, c)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        if x_channels != c:
            self.shortcut = nn.Conv2d(x_channels, c, 1)
        else:
            self.shortcut = None

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(t))[:, :, None, None]
        h = F.dropout(F.silu(self.norm2(h)), 0.1, training=self.training)
        h = self.conv2(h)
        if self.shortcut is not None:
            x = self.shortcut(x)
        return x + h


class Denoiser(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.register_buffer(
            "freqs", torch.exp(torch.arange(16) * (-math.log(10000) / 16))
        )
        self.emb = nn.Sequential(
            nn.Linear(32, 4 * width),
            nn.SiLU(),
            nn.Linear(4 * width, 4 * width),
        )
        self.conv_in = nn.Conv2d(1, width, 3, padding=1)
        self.h1 = ResBlock(width, 4 * width, width)
        self.down = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.h2 = ResBlock(width, 4 * width, 2 * width)
        self.y = ResBlock(3 * width, 4 * width, width)
        self.norm_out = nn.GroupNorm(8, width)
        self.conv_out = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, image, t):
        angles = t.unsqueeze(1) * self.freqs  # B, 16
        emb = self.emb(torch.cat((torch.sin(angles), torch.cos(angles)), dim=1))
        x = self.conv_in(image)  # B, width, 16, 16
        h1 = self.h1(x, emb)
        h2 = self.h2(self.down(h1), emb)  # B, 2 * width, 8, 8
        u = F.interpolate(h2, scale_factor=2, mode="nearest")  # B, 2 * width, 16, 16
        y = self.y(torch.cat((u, h1), dim=1), emb)  # B, width, 16, 16
        return self.conv_out(F.silu(self.norm_out(y)))  # B, 1, 16, 16
