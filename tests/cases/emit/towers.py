import torch.nn.functional as F
from torch import nn


class Tower(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.embed = nn.Embedding(n, 16)
        self.net = nn.Sequential(
            nn.Linear(16, 32),
            nn.ReLU(),
            nn.Linear(32, 8),
        )

    def forward(self, id):
        return F.normalize(self.net(self.embed(id)), dim=1)


class TwoTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.user_tower = Tower(100)
        self.item_tower = Tower(500)

    def forward(self, user, item):
        return (self.user_tower(user) * self.item_tower(item)).sum(dim=1)  # B
