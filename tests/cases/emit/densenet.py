import torch
import torch.nn.functional as F
from torch import nn


class DenseLayer(nn.Module):
    def __init__(self, in_channels, bn_size=4, growth=12):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, bn_size * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth)
        self.conv2 = nn.Conv2d(bn_size * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        y = F.relu(self.norm1(x))
        y = F.relu(self.norm2(self.conv1(y)))
        y = self.conv2(y)
        return torch.cat((x, y), dim=1)


class Transition(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, in_channels // 2, 1, bias=False)

    def forward(self, x):
        x = F.relu(self.norm(x))
        x = self.conv(x)
        return F.avg_pool2d(x, 2, 2)


class DenseNet(nn.Module):
    def __init__(self, growth=12):
        super().__init__()
        self.conv0 = nn.Conv2d(3, 24, 3, padding=1, bias=False)
        self.layer_ij = nn.ModuleList()
        self.trans = nn.ModuleList()
        in_channels = 24
        for i, n in enumerate([2, 3, 2]):
            for _ in range(n):
                self.layer_ij.append(DenseLayer(in_channels, growth=growth))
                in_channels = growth + in_channels
            if i < 2:
                self.trans.append(Transition(in_channels))
                in_channels = in_channels // 2
        self.norm5 = nn.BatchNorm2d(in_channels)
        self.classifier = nn.Linear(in_channels, 10)

    def forward(self, image):
        x = self.conv0(image)  # B, 24, 32, 32
        each_layer_ij = iter(self.layer_ij)
        each_trans = iter(self.trans)
        for i, n in enumerate([2, 3, 2]):
            for _ in range(n):
                x = next(each_layer_ij)(x)
            if i < 2:
                x = next(each_trans)(x)
        x = F.relu(self.norm5(x))
        x = F.adaptive_avg_pool2d(x, 1)  # B, 54, 1, 1
        return self.classifier(x.flatten(1))  # B, 10
