import torch.nn.functional as F
from torch import nn


class VGG(nn.Module):
    def __init__(self, config=[64, 64, "M", 128, 128, "M"]):
        super().__init__()
        layers = []
        in_channels = 3
        for c in config:
            if c == "M":
                layers.append(nn.MaxPool2d(2, 2))
            else:
                layers.append(nn.Conv2d(in_channels, c, 3, padding=1))
                in_channels = c
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(128 * 7 * 7, 256),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(256, 10),
        )

    def forward(self, image):
        x = self.features(image)  # B, 128, 8, 8
        x = F.adaptive_avg_pool2d(x, (7, 7))  # B, 128, 7, 7
        return self.classifier(x.flatten(1))  # B, 10
