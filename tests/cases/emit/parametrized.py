import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


class Critic(nn.Module):
    def __init__(self, in_channels, in_height, in_width):
        super().__init__()
        self.net = nn.Sequential(
            spectral_norm(nn.Conv2d(in_channels, 16, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(16, 32, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
        )
        self.output = spectral_norm(
            nn.Linear(32 * (in_height // 4) * (in_width // 4), 1)
        )

    def forward(self, image):
        return self.output(self.net(image).flatten(1))  # B, 1


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Critic(1, 16, 16)

    def forward(self, a, b):
        distance = self.tower(a) - self.tower(b)  # B, 1
        similarity = torch.exp(-distance)
        return distance, similarity
