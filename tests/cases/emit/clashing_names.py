import torch
import torch.nn.functional as F
from torch import nn


def run_ragged(rnn, x, lengths, state=None):
    """Run a recurrent layer over sequences of differing length; a state is that after
    each one's own last moment.
    """
    packed = nn.utils.rnn.pack_padded_sequence(
        x, lengths.cpu(), batch_first=True, enforce_sorted=False
    )
    output, state = rnn(packed, state)
    output, _ = nn.utils.rnn.pad_packed_sequence(
        output, batch_first=True, total_length=x.size(1)
    )
    return output, state


def last_(x, lengths):
    """Take each sequence's own last moment."""
    return x[torch.arange(len(x), device=x.device), lengths.to(x.device) - 1]


def center_crop_(image, size):
    """Cut an image down to a height and a width, around its middle."""
    height, width = (size, size) if isinstance(size, int) else size
    top, left = (image.size(-2) - height) // 2, (image.size(-1) - width) // 2
    return image[..., top : top + height, left : left + width]


class Transpose2(nn.Module):
    """Swaps two dimensions, counted with the batch."""

    def __init__(self, dim0, dim1):
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x):
        return x.transpose(self.dim0, self.dim1)


class Transpose(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.output = nn.Linear(in_features, 4)

    def forward(self, x):
        return self.output(x)  # B, 4


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.LSTM(6, 5, batch_first=True)
        self.k = nn.Sequential(
            nn.Linear(4 * 4, 7),
            Transpose2(1, 2),
            nn.Linear(3, 3),
        )
        self.dropout = 0.25
        layers = [3, 4]
        layers2 = []
        in_features = 5
        for c in layers:
            layers2.append(nn.Linear(in_features, c))
            in_features = c
        self.stack_ = nn.Sequential(*layers2)
        self.t = nn.Sequential(
            nn.Linear(6, 3),
            nn.LSTM(3, 4, batch_first=True),
        )
        self.y = Transpose(5)

    def forward(self, name, name_lengths, x):
        last, _ = run_ragged(self.last, name, name_lengths)  # B, T, 5
        last = last_(last, name_lengths)  # B, 5
        center_crop = center_crop_(x, 4)  # B, 3, 4, 4
        k = self.k(center_crop.flatten(2))  # B, 7, 3
        drop = F.dropout(last, self.dropout, training=self.training)
        x, _ = run_ragged(self.t[1], self.t[0](name), name_lengths)  # B, T, 4
        t = last_(x, name_lengths)  # B, 4
        y = self.y(last)
        z = self.stack_(drop)
        return z, center_crop, y, t, k
