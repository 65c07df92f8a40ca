import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Linear(28 * 28, 32)
        self.code = nn.Linear(32, 8)
        self.logits = nn.Linear(8, 10)

    def forward(self, image):
        logits, *_ = self.compute(image)
        return logits

    def compute(self, image):
        """Return what `forward` does, and features, code, which training reads."""
        features = F.relu(self.features(image.flatten(1)))  # B, 32
        code = self.code(features)  # B, 8
        logits = self.logits(code)  # B, 10
        return logits, features, code


def net_loss(logits, label, code, features):
    return (
        F.cross_entropy(logits, label)
        + 0.01 * (code**2).mean()
        + 0.1 * torch.abs(features).mean()
    )


def train(net, batches, optimizer):
    """Yield the losses of each batch, and then let the weights take them."""
    net.train()
    for image, label in batches:
        logits, features, code = net.compute(image)
        loss = net_loss(logits, label, code, features)
        optimizer.zero_grad()
        loss.backward()
        yield {"loss": loss.detach()}
        optimizer.step()


@torch.no_grad()
def evaluate(net, batches):
    """Measure what the batches come to, averaged over their samples."""
    net.eval()
    totals, count = {}, 0
    for image, label in batches:
        logits, features, code = net.compute(image)
        loss = net_loss(logits, label, code, features)
        measured = {"loss": loss}
        for name, value in measured.items():
            totals[name] = totals.get(name, 0) + len(image) * value
        count += len(image)
    return {name: float(total / count) for name, total in totals.items()}


def load_digits(size):
    """Load handwritten digits: images from 0 to 1, and which digit each shows."""
    digits = datasets.load_digits()
    image = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    image = F.interpolate(image, size=(size, size), mode="bilinear")
    return image, torch.from_numpy(digits.target)


def hold_out(label, part):
    """Choose a part of each class to measure with, always the same."""
    order = torch.randperm(len(label), generator=torch.Generator().manual_seed(0))
    order = order[label[order].argsort(stable=True)]
    held_out = torch.zeros(len(label), dtype=torch.bool)
    held_out[order[torch.arange(0, len(label), 1 / part).long()]] = True
    return held_out


def load_data(device):
    """Load the data: what to train with, and what is held out to measure with."""
    image, label = load_digits(28)
    held_out = hold_out(label, 0.2)
    data = [image.to(device), label.to(device)]
    return [one[~held_out] for one in data], [one[held_out] for one in data]


def batches(data, batch_size, seed=None):
    """Give the data a batch at a time, in an order that the seed determines."""
    image, label = data
    order = torch.arange(len(image))
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(image), generator=generator)
    for chosen in order.to(image.device).split(batch_size):
        yield image[chosen], label[chosen]


def build(device):
    """Make the network, and what updates it."""
    net = Net().to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    return net, optimizer


def main():
    """Train, say how it goes, and save the weights."""
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net, optimizer = build(device)
    train_data, valid_data = load_data(device)
    for epoch in range(1):
        shuffled = batches(train_data, 64, seed=epoch)
        for losses in train(net, shuffled, optimizer):
            pass
        measured = evaluate(net, batches(valid_data, 64))
        print(
            f"epoch {epoch + 1}:",
            *[f"{name} {value:.4f}" for name, value in measured.items()],
        )
    torch.save(net.state_dict(), "net.pt")


if __name__ == "__main__":
    main()
