import torch
from torch import nn


def ragged_mean(x, lengths, keepdim=False):
    """Average over the moments of each sequence, none of them beyond its own length."""
    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
    total = x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), 0).sum(
        1, keepdim
    )
    return total / lengths.to(x).view(-1, *[1] * (total.ndim - 1))


def ragged_softmax(x, lengths):
    """Softmax over the moments of each sequence, none of them beyond its own length."""
    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
    return x.masked_fill(
        beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), -torch.inf
    ).softmax(1)


def ragged_sum(x, lengths, keepdim=False):
    """Sum over the moments of each sequence, none of them beyond its own length."""
    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
    return x.masked_fill(beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), 0).sum(
        1, keepdim
    )


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


def ragged_amax(x, lengths, keepdim=False):
    """Take the largest over the moments of each sequence, none of them beyond its own
    length.
    """
    beyond = torch.arange(x.size(1), device=x.device) >= lengths.to(x.device)[:, None]
    return x.masked_fill(
        beyond.view(*x.shape[:2], *[1] * (x.ndim - 2)), -torch.inf
    ).amax(1, keepdim)


def last(x, lengths):
    """Take each sequence's own last moment."""
    return x[torch.arange(len(x), device=x.device), lengths.to(x.device) - 1]


class R(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.Linear(12, 16)
        self.w = nn.Linear(16, 1)
        self.gru = nn.GRU(16, 8, batch_first=True)
        self.c = nn.Sequential(
            nn.LSTM(12, 6, batch_first=True),
            nn.Linear(6, 4),
        )
        self.y = nn.Linear(48, 3)

    def forward(self, name, name_lengths, extra):
        h = torch.tanh(self.h(name))  # B, T, 16
        m = ragged_mean(h, name_lengths)  # B, 16
        w = ragged_softmax(self.w(h), name_lengths)  # B, T, 1
        pooled = ragged_sum(w * h, name_lengths)  # B, 16
        g, s = run_ragged(self.gru, h, name_lengths)
        big = ragged_amax(g, name_lengths)  # B, 8
        c = last(self.c[1](run_ragged(self.c[0], name, name_lengths)[0]), name_lengths)
        return self.y(torch.cat((m, pooled, big, c, extra), dim=1))  # B, 3
