from torch import nn


class MixerBlock(nn.Module):
    def __init__(self, T, D, tokens_dim, channels_dim):
        super().__init__()
        self.norm1 = nn.LayerNorm(D)
        self.token_mix = nn.Sequential(
            nn.Linear(T, tokens_dim),
            nn.GELU(),
            nn.Linear(tokens_dim, T),
        )
        self.norm2 = nn.LayerNorm(D)
        self.channel_mix = nn.Sequential(
            nn.Linear(D, channels_dim),
            nn.GELU(),
            nn.Linear(channels_dim, D),
        )

    def forward(self, x):
        y = self.norm1(x).transpose(1, 2)  # B, D, T
        y = self.token_mix(y).transpose(1, 2)
        x = x + y  # B, T, D
        return x + self.channel_mix(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 8, stride=8)
        self.blocks = nn.Sequential(*(MixerBlock(16, 64, 32, 128) for _ in range(4)))
        self.logits = nn.LayerNorm(64)
        self.head = nn.Linear(64, 10)

    def forward(self, image):
        x = self.stem(image).flatten(2).transpose(1, 2)  # B, 16, 64
        x = self.blocks(x)
        return self.head(self.logits(x).mean(dim=1))  # B, 10
