"""Networks that make images, and networks that compare, written by hand."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn


class TimeEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width))

    def forward(self, t):
        half = self.width // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half) / half)
        angles = t.float()[:, None] * frequencies
        return self.mlp(torch.cat([angles.sin(), angles.cos()], dim=1))


class ResBlock(nn.Module):
    def __init__(self, inp, oup, time):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, inp), nn.Conv2d(inp, oup, 3, padding=1)
        self.temb = nn.Linear(time, oup)
        self.norm2, self.conv2 = nn.GroupNorm(8, oup), nn.Conv2d(oup, oup, 3, padding=1)
        self.shortcut = nn.Conv2d(inp, oup, 1) if inp != oup else None

    def forward(self, x, time):
        y = self.conv1(F.silu(self.norm1(x))) + self.temb(F.silu(time))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        return y + (x if self.shortcut is None else self.shortcut(x))


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.qkv, self.proj = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, c, h * w).unbind(1)
        weights = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(c), dim=-1)
        return x + self.proj((v @ weights.transpose(1, 2)).reshape(b, c, h, w))


class Denoiser(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        time = 4 * width
        self.time = TimeEmbedding(width)
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.down1 = ResBlock(width, width, time)
        self.pool1 = nn.Conv2d(width, width, 3, 2, 1)
        self.down2 = ResBlock(width, 2 * width, time)
        self.pool2 = nn.Conv2d(2 * width, 2 * width, 3, 2, 1)
        self.down3 = ResBlock(2 * width, 4 * width, time)
        self.middle1 = ResBlock(4 * width, 4 * width, time)
        self.attention = Attention(4 * width)
        self.middle2 = ResBlock(4 * width, 4 * width, time)
        self.up2 = ResBlock(6 * width, 2 * width, time)
        self.up1 = ResBlock(3 * width, width, time)
        self.norm, self.head = nn.GroupNorm(8, width), nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, noisy, t):
        time = self.time(t)
        x2 = self.down1(self.stem(noisy), time)
        x3 = self.down2(self.pool1(x2), time)
        x = self.down3(self.pool2(x3), time)
        x = self.middle2(self.attention(self.middle1(x, time)), time)
        x = self.up2(torch.cat([F.interpolate(x, scale_factor=2), x3], dim=1), time)
        x = self.up1(torch.cat([F.interpolate(x, scale_factor=2), x2], dim=1), time)
        return self.head(F.silu(self.norm(x)))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        convolutions = nn.Conv2d(128, 32, 3, padding=1, bias=False), nn.Conv2d(32, 128, 1, bias=False)
        self.net = nn.Sequential(nn.ReLU(), convolutions[0], nn.ReLU(), convolutions[1])

    def forward(self, x):
        return x + self.net(x)


class VectorQuantizer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(512, 64)

    def forward(self, z):
        rows = z.permute(0, 2, 3, 1)
        nearest = torch.cdist(rows.reshape(-1, 64), self.embedding.weight).argmin(1)
        return self.embedding(nearest).view(rows.shape).permute(0, 3, 1, 2)


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 128, 4, 2, 1), nn.ReLU(), nn.Conv2d(128, 128, 3, padding=1),
            Residual(), Residual(), nn.ReLU(), nn.Conv2d(128, 64, 1),
        )  # fmt: skip
        self.quantizer = VectorQuantizer()
        self.decoder = nn.Sequential(
            nn.Conv2d(64, 128, 3, padding=1), Residual(), Residual(), nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(64, 1, 4, 2, 1),
        )  # fmt: skip

    def forward(self, image):
        return self.decoder(self.quantizer(self.encoder(image)))


class CVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(794, 400)
        self.mean, self.logvar = nn.Linear(400, 16), nn.Linear(400, 16)
        self.decoder = nn.Sequential(nn.Linear(26, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

    def forward(self, image, label):
        condition = F.one_hot(label, 10).float()
        seen = F.relu(self.encoder(torch.cat([image.flatten(1), condition], dim=1)))
        mean, logvar = self.mean(seen), self.logvar(seen)
        code = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        return self.decoder(torch.cat([code, condition], dim=1)).view(-1, 1, 28, 28), mean, logvar


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 64),
        )  # fmt: skip

    def forward(self, left, right):
        return F.pairwise_distance(self.features(left), self.features(right))


class TwoTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.user_tower = nn.Sequential(nn.Embedding(6040, 64), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
        self.item_tower = nn.Sequential(nn.Embedding(3706, 64), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
        self.user_bias, self.item_bias = nn.Embedding(6040, 1), nn.Embedding(3706, 1)

    def forward(self, user, item):
        u, v = F.normalize(self.user_tower(user)), F.normalize(self.item_tower(item))
        return 5 * (u * v).sum(1) + self.user_bias(user).squeeze(1) + self.item_bias(item).squeeze(1)
