# A U-Net.

import torch
from torch import nn


def conv_bn_relu(in_channels, width):
    return [
        nn.Conv2d(in_channels, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]


class DoubleConv(nn.Module):
    def __init__(self, in_channels, width):
        super().__init__()
        self.double_conv = nn.Sequential(
            *conv_bn_relu(in_channels, width),
            *conv_bn_relu(width, width),
        )

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, in_channels, width):
        super().__init__()
        self.maxpool_conv = nn.Sequential(
            nn.MaxPool2d(2),
            DoubleConv(in_channels, width),
        )

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, x_channels, skip_channels, width):
        super().__init__()
        self.up = nn.ConvTranspose2d(x_channels, x_channels // 2, 2, stride=2)
        self.conv = DoubleConv(x_channels // 2 + skip_channels, width)

    def forward(self, x, skip):
        return self.conv(torch.cat((skip, self.up(x)), dim=1))


class OutConv(nn.Module):
    def __init__(self, in_channels, classes):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, classes, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = DoubleConv(3, 64)
        self.down1 = Down(64, 128)
        self.down2 = Down(128, 256)
        self.down3 = Down(256, 512)
        self.down4 = Down(512, 1024)
        self.up1 = Up(1024, 512, 512)
        self.up2 = Up(512, 256, 256)
        self.up3 = Up(256, 128, 128)
        self.up4 = Up(128, 64, 64)
        self.outc = OutConv(64, 2)

    def forward(self, image):
        x1 = self.inc(image)  # B, 64, 64, 64
        x2 = self.down1(x1)  # B, 128, 32, 32
        x3 = self.down2(x2)  # B, 256, 16, 16
        x4 = self.down3(x3)  # B, 512, 8, 8
        x5 = self.down4(x4)  # B, 1024, 4, 4
        x = self.up1(x5, x4)  # B, 512, 8, 8
        x = self.up2(x, x3)  # B, 256, 16, 16
        x = self.up3(x, x2)  # B, 128, 32, 32
        x = self.up4(x, x1)  # B, 64, 64, 64
        return self.outc(x)  # B, 2, 64, 64
