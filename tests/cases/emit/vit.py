import torch
from torch import nn


class EncoderBlock(nn.Module):
    def __init__(self, D, mlp, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(D, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(D, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(D, eps=1e-6)
        self.mlp_layers = nn.Sequential(
            nn.Linear(D, mlp),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(mlp, D),
            nn.Dropout(0.1),
        )

    def forward(self, x):
        y = self.ln_1(x)
        y, w = self.self_attention(y, y, y)
        x = x + y  # B, T, D
        return x + self.mlp_layers(self.ln_2(x))


class ViT(nn.Module):
    def __init__(self, width=64, depth=3, heads=4):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, width, 4, stride=4)
        self.class_token = nn.Parameter(torch.empty(1, width))
        nn.init.zeros_(self.class_token)
        self.pos_embedding = nn.Parameter(torch.empty(65, width))
        nn.init.normal_(self.pos_embedding, std=0.02)
        self.encoder = nn.Sequential(
            *(EncoderBlock(width, 4 * width, heads=heads) for _ in range(depth)),
            nn.LayerNorm(width, eps=1e-6),
        )
        self.heads_out = nn.Linear(width, 10)

    def forward(self, image):
        x = self.conv_proj(image).flatten(2).transpose(1, 2)  # B, 64, width
        x = (
            torch.cat((self.class_token.expand(len(x), -1, -1), x), dim=1)
            + self.pos_embedding
        )
        return self.heads_out(self.encoder(x)[:, 0])  # B, 10
