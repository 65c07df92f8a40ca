"""The seven networks of the cheat sheet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


def crop(image, size):
    """The middle of an image."""
    start = (image.shape[-1] - size) // 2
    return image[..., start : start + size, start : start + size]


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 12))
        self.decoder = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, image):
        code = torch.relu(self.encoder(image.reshape(len(image), 784)))
        return self.decoder(code).reshape(len(image), 1, 28, 28)


class ConvAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(8, 16, 3, stride=2), nn.ReLU(), nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1), nn.Sigmoid()
        )

    def forward(self, image):
        return crop(self.decoder(self.encoder(image)), 28)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(3136, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        )

    def forward(self, image):
        return self.classifier(self.features(image).view(len(image), -1))


def _up(entering, leaving, stride=2, padding=1):
    return [nn.ConvTranspose2d(entering, leaving, 4, stride, padding, bias=False), nn.BatchNorm2d(leaving), nn.ReLU()]


def _down(entering, leaving):
    return [nn.Conv2d(entering, leaving, 4, 2, 1, bias=False), nn.BatchNorm2d(leaving), nn.LeakyReLU(0.2)]


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            *_up(200, 256, 1, 0), *_up(256, 128), *_up(128, 64), *_up(64, 32),
            nn.ConvTranspose2d(32, 1, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, noise):
        return self.net(noise)


class Discriminator(nn.Module):
    """Gives logits: the sigmoid is the loss's business."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            *_down(32, 64),
            *_down(64, 128),
            *_down(128, 256),
            nn.Conv2d(256, 1, 4, bias=False),
        )

    def forward(self, image):
        return self.net(image)


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3, self.out = nn.Linear(784, 500), nn.Linear(500, 200), nn.Linear(200, 100), nn.Linear(100, 10)

    def forward(self, image):
        x = image.view(len(image), -1)
        for layer in (self.fc1, self.fc2, self.fc3):
            x = torch.relu(layer(x))
        return self.out(x)


class RNN(nn.Module):
    """One character after the other; the seed's step, in the loop that its page describes."""

    def __init__(self):
        super().__init__()
        self.hid_fc, self.out_fc = nn.Linear(185, 128), nn.Linear(185, 18)

    def step(self, character, hidden):
        joined = torch.cat((character, hidden), dim=1)
        return F.log_softmax(self.out_fc(joined), dim=1), self.hid_fc(joined)

    def forward(self, name, _name_lengths):
        hidden = torch.zeros(len(name), 128)
        scores = []
        for moment in range(name.shape[1]):
            score, hidden = self.step(name[:, moment], hidden)
            scores.append(score)
        return torch.stack(scores, 1)


class VAE(nn.Module):
    """The draw stands in `forward` as it does in the emitted one, so that one seed gives one image."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.BatchNorm2d(1), nn.Conv2d(1, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.LeakyReLU(),
            nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(),
        )  # fmt: skip
        self.z_mean, self.z_var, self.z_develop = nn.Linear(3136, 20), nn.Linear(3136, 20), nn.Linear(20, 3136)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(64, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU(), nn.ConvTranspose2d(32, 1, 3, 2, padding=1), nn.Sigmoid()
        )

    def forward(self, image):
        flat = self.encoder(image).view(len(image), -1)
        mean, logvar = self.z_mean(flat), self.z_var(flat)
        code = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        return crop(self.decoder(self.z_develop(code).view(-1, 64, 7, 7)), 28), mean, logvar
