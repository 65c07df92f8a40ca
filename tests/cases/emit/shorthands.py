import torch.nn.functional as F
from torch import nn


def act(p):
    return [
        nn.GELU(),
        nn.Dropout(p),
    ]


def ff(in_features, d, h, drop):
    return [
        nn.Linear(in_features, h),
        *act(p=drop),
        nn.Linear(h, d),
    ]


def norm_ff(in_features, d, drop):
    return [
        nn.LayerNorm(in_features),
        *ff(in_features, d, h=4 * d, drop=drop),
    ]


def two(in_features, k, drop):
    return [
        *ff(in_features, k, h=4 * k, drop=drop),
        *ff(k, k, h=8, drop=drop),
    ]


class M(nn.Module):
    def __init__(self, drop=0.1):
        super().__init__()
        self.drop = drop
        self.a = nn.Sequential(*norm_ff(16, 16, drop=drop))
        self.b = nn.Sequential(
            *norm_ff(16, 16, drop=drop),
            *two(16, 16, drop=drop),
        )
        self.net = nn.Sequential(
            *two(16, 32, drop=drop),
            *act(p=drop),
        )

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        x = F.dropout(F.gelu(b), self.drop, training=self.training)
        c = F.dropout(F.gelu(x), 0.2, training=self.training)
        return self.net(c)  # B, 10, 32
