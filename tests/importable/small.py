# ruff: noqa: B905, RET504, RUF059, SIM108 - as their authors write them
"""Small networks: a perceptron, LeNet, a classifier of sequences, one that loops, one with a flag."""

import torch
import torch.nn.functional as F
from torch import nn


class MLP(nn.Module):
    def __init__(self, hidden=256, classes=10):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(hidden, classes),
        )

    def forward(self, image):
        return self.layers(image)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image):
        x = self.pool(F.relu(self.conv1(image)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class LSTMClassifier(nn.Module):
    def __init__(self, vocab=1000, width=32, hidden=64, classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab, width)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, tokens):
        embedded = self.dropout(self.embedding(tokens))
        output, (hidden, cell) = self.lstm(embedded)
        hidden = torch.cat((hidden[-2], hidden[-1]), dim=1)
        logits = self.fc(hidden)
        return logits


class GRUTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16, padding_idx=0)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.out = nn.Linear(32, 5)

    def forward(self, words):
        h0 = torch.zeros(1, words.size(0), 32)
        x, _ = self.gru(self.embedding(words), h0)
        return F.log_softmax(self.out(x), dim=-1)


class Loops(nn.Module):
    """A stack that a loop goes through, and residual layers that another does."""

    def __init__(self, width=32, depth=3):
        super().__init__()
        self.stem = nn.Linear(16, width)
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(depth)])
        self.tail = nn.ModuleList([nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4)])

    def forward(self, x):
        x = self.stem(x)
        for layer, norm in zip(self.layers, self.norms):
            x = x + F.gelu(layer(norm(x)))
        for layer in self.tail:
            x = layer(x)
        return x


class Flags(nn.Module):
    """What it is made of, and computes, depends on how it is made."""

    def __init__(self, norm=True, pooling="mean"):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8) if norm else nn.Identity()
        self.pooling = pooling
        self.head = nn.Linear(8, 10)

    def forward(self, image):
        features = F.relu(self.norm(self.conv(image)))
        if self.pooling == "mean":
            pooled = features.mean(dim=(2, 3))
        else:
            pooled = features.amax(dim=(2, 3))
        if image.shape[1] != 3:
            raise ValueError("an image has three channels")
        return self.head(pooled)


class Weights(nn.Module):
    """Parameters and a buffer of its own, and a weight that two layers share."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))
        self.shift = nn.Parameter(torch.zeros(1, 8))
        self.register_buffer("mean", torch.tensor([0.5, 0.25, 0.0, 1.0, 2.0, -1.0, 0.125, 3.0]))
        self.encoder = nn.Linear(8, 8, bias=False)
        self.decoder = nn.Linear(8, 8, bias=False)
        self.decoder.weight = self.encoder.weight

    def forward(self, x):
        x = (x - self.mean) * self.scale + self.shift
        code = torch.tanh(self.encoder(x))
        return self.decoder(code), 1 - code**2
