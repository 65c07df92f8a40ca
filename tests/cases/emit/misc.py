# Many things.

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class LSTM(nn.LSTM):
    """Takes one sequence and passes on one, as a member of a chain."""

    def forward(self, x):
        return super().forward(x)[0]


class Net(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        # The positions.
        self.pos = nn.Parameter(torch.empty(16, width))
        nn.init.normal_(self.pos, std=0.02)
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0]))
        hidden = 4 * width
        self.embed = nn.Embedding(100, width)
        self.x = nn.Sequential(
            LSTM(width, hidden, batch_first=True),
            nn.LayerNorm(hidden),
            nn.Dropout(0.1),
        )
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.act = nn.ReLU()
        self.y = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(8, 8, 3),
                nn.ReLU(),
            ),
            nn.Flatten(),
            nn.Linear(8 * 6 * 6, hidden),
        )
        self.w = weight_norm(nn.Linear(hidden, 5))
        self.score = nn.Linear(2 * hidden, 1)

    def forward(self, tokens, image):
        x = self.embed(tokens) + self.pos  # B, 16, width
        x = self.x(x)  # B, 16, hidden
        x = x[:, -1]  # B, hidden
        y = self.y(self.act(self.stem(image * 2 - 1)))
        z = torch.cat((x, y), dim=1)  # B, 2 * hidden
        z = torch.where(z > 0, z, 0.1 * z)
        a, b = z.chunk(2, dim=1)
        q = a * torch.sigmoid(b)  # B, hidden
        w = self.w(q)  # B, 5
        score = self.score(z).squeeze(1)  # B
        return w, score
