import torch
import torch.nn.functional as F
from torch import nn


class Ops(nn.Module):
    def __init__(self):
        super().__init__()
        self.b = nn.Linear(2 * 2 * 3, 8)

    def forward(self, x, mask, k):
        a = (
            x.unflatten(2, (-1, 2))
            .unflatten(4, (-1, 2))
            .permute(0, 2, 4, 3, 5, 1)
            .flatten(1, 2)
            .flatten(2, 4)
        )
        b = self.b(a)  # B, 16, 8
        c = b.masked_fill(mask.unsqueeze(1), 0.0)
        d = torch.einsum("bij,bkj->bik", b, b)  # B, 16, 16
        e = b[:, 1:5]  # B, 4, 8
        f = torch.stack((e, e), dim=2)  # B, 4, 2, 8
        g = f.amax(dim=2)  # B, 4, 8
        h = g.roll(1, 1)
        i = F.pad(h, (1, 1))  # B, 4, 10
        j = F.interpolate(x, scale_factor=2, mode="bilinear")  # B, 3, 16, 16
        onehot = F.one_hot(k, 5)  # B, 4, 5
        m = torch.where(mask, 1.0, 0.0)
        t, idx = h.topk(2, dim=2)
        u = torch.logical_and(mask, mask)
        v = h.clamp(min=0, max=1)
        w = -(h**2) / (1 + torch.abs(h)) @ h.transpose(1, 2)  # B, 4, 4
        return c, d, i, j, onehot, t, u, v, w, m
