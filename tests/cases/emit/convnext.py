import torch
from torch import nn


class Permute(nn.Module):
    """Puts the dimensions into another order, counted with the batch: `permute(0, 2, 3,
    1)`.
    """

    def __init__(self, *dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(*self.dims)


class StochasticDepth(nn.Module):
    """Drops a whole branch at random while training, for each sample or for the
    batch.
    """

    def __init__(self, p, mode="row"):
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        count = len(x) if self.mode == "row" else 1
        keep = torch.rand(count, *[1] * (x.ndim - 1), device=x.device) >= self.p
        return x * keep / (1 - self.p) if self.p < 1 else x * keep


class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of an image."""

    def forward(self, image):
        return super().forward(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Mean(nn.Module):
    """Averages over dimensions, counted with the batch; over everything where none is
    given.
    """

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return x.mean(self.dim)


class CNBlock(nn.Module):
    def __init__(self, in_channels, p=0.0, scale=1e-6):
        super().__init__()
        self.p = p
        self.layer_scale = nn.Parameter(torch.empty(in_channels, 1, 1))
        nn.init.constant_(self.layer_scale, scale)
        c = in_channels
        self.f = nn.Sequential(
            nn.Conv2d(in_channels, c, 7, padding=3, groups=c),
            Permute(0, 2, 3, 1),
            nn.LayerNorm(c, eps=1e-6),
            nn.Linear(c, 4 * c),
            nn.GELU(),
            nn.Linear(4 * c, c),
            Permute(0, 3, 1, 2),
        )
        self.stochastic_depth = StochasticDepth(p)

    def forward(self, x):
        y = self.f(x)
        return x + self.stochastic_depth(self.layer_scale * y)


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 4, stride=4),
            LayerNorm2d(16, eps=1e-6),
        )
        self.stage1 = nn.Sequential(*(CNBlock(16, 0.1) for _ in range(2)))
        self.down = nn.Sequential(
            LayerNorm2d(16, eps=1e-6),
            nn.Conv2d(16, 32, 2, stride=2),
        )
        self.stage2 = nn.Sequential(*(CNBlock(32, p=0.2) for _ in range(2)))
        self.logits = nn.Sequential(
            Mean((2, 3)),
            nn.LayerNorm(32),
            nn.Linear(32, 10),
        )

    def forward(self, image):
        x = self.stem(image)  # B, 16, 8, 8
        x = self.stage1(x)
        x = self.down(x)  # B, 32, 4, 4
        x = self.stage2(x)
        return self.logits(x)  # B, 10
