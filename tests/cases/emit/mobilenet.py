from torch import nn


def conv_bn(in_channels, c, k=3, s=1, g=1):
    return [
        nn.Conv2d(
            in_channels, c, k, stride=s, padding=(k - 1) // 2, groups=g, bias=False
        ),
        nn.BatchNorm2d(c),
        nn.ReLU6(),
    ]


class InvertedResidual(nn.Module):
    def __init__(self, in_channels, out, stride=1, expand=6):
        super().__init__()
        self.out = out
        self.stride = stride
        hidden = in_channels * expand
        if expand != 1:
            self.conv = nn.Sequential(
                *conv_bn(in_channels, hidden, k=1),
                *conv_bn(hidden, hidden, s=stride, g=hidden),
                nn.Conv2d(hidden, out, 1, bias=False),
                nn.BatchNorm2d(out),
            )
        else:
            self.conv = nn.Sequential(
                *conv_bn(in_channels, hidden, s=stride, g=hidden),
                nn.Conv2d(hidden, out, 1, bias=False),
                nn.BatchNorm2d(out),
            )

    def forward(self, x):
        channels = x.size(1)
        y = self.conv(x)
        if self.stride == 1 and channels == self.out:
            y = x + y
        return y


class MobileNetV2(nn.Module):
    def __init__(self, settings=[(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2)]):
        super().__init__()
        layers = []
        in_channels = 32
        for t, c, n, s in settings:
            for i in range(n):
                layers.append(
                    InvertedResidual(
                        in_channels, c, stride=s if i == 0 else 1, expand=t
                    )
                )
                in_channels = c
        self.features = nn.Sequential(
            *conv_bn(3, 32, s=2),
            *layers,
            *conv_bn(32, 128, k=1),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(128, 10),
        )

    def forward(self, image):
        return self.classifier(self.features(image).mean(dim=(2, 3)))  # B, 10
