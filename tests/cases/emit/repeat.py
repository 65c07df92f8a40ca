from torch import nn


def cbr(in_channels, width, k=3):
    return [
        nn.Conv2d(in_channels, width, k, padding=k // 2),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]


class Res(nn.Module):
    def __init__(self, in_channels, width):
        super().__init__()
        self.f = nn.Sequential(
            *cbr(in_channels, width),
            *cbr(width, width, 1),
        )

    def forward(self, x):
        return x + self.f(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            *cbr(3, 32),
            *(Res(32, 32) for _ in range(4)),
            nn.MaxPool2d(2),
        )
        self.deep = nn.Sequential(
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            *(
                layer
                for _ in range(2)
                for layer in (nn.Conv2d(64, 64, 3, padding=1), nn.ReLU())
            ),
        )
        self.head = nn.Sequential(
            nn.Linear(64, 64),
            *(nn.Linear(64, 64) for _ in range(2)),
        )
        self.logits = nn.Linear(64, 10)

    def forward(self, image):
        x = self.body(image)  # B, 32, 16, 16
        x = self.deep(x)  # B, 64, 16, 16
        x = x.mean(dim=(2, 3))  # B, 64
        x = self.head(x)
        return self.logits(x)  # B, 10
