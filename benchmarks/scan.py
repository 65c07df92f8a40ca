"""Names a second in training: an emitted `scan` over a batch of 250, with the cheat sheet's loop over names and letters."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from measure import times
from torch import nn

import archdsl

SPEC = Path(__file__).parents[1] / "specs" / "rnn.arch"
BATCH, LETTERS, LANGUAGES, HIDDEN = 250, 57, 18, 128


class RNN(nn.Module):
    """The cheat sheet's network: one letter and a state in, scores and a state out."""

    def __init__(self) -> None:
        super().__init__()
        self.hid_fc = nn.Linear(HIDDEN + LETTERS, HIDDEN)
        self.out_fc = nn.Linear(HIDDEN + LETTERS, LANGUAGES)

    def forward(self, letter: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read one letter."""
        joined = torch.cat((letter, hidden), 1)
        return F.log_softmax(self.out_fc(joined), dim=1), self.hid_fc(joined)


def read(name: torch.Tensor) -> torch.Tensor:
    """Read a name letter by letter, and return the scores at its last."""
    hidden, score = torch.zeros(1, HIDDEN), torch.zeros(1, LANGUAGES)
    for letter in name:
        score, hidden = theirs(letter[None], hidden)
    return score


torch.manual_seed(0)
torch.set_num_threads(1)
ours, theirs = archdsl.load(SPEC).module(), RNN()
# A state that grows with every letter would hide a difference behind its size.
torch.nn.init.orthogonal_(ours.hid_fc.weight, gain=0.5)
theirs.load_state_dict(ours.state_dict())
lengths = torch.randint(3, 13, (BATCH,))
names = F.one_hot(torch.randint(0, LETTERS, (BATCH, int(lengths.max()))), LETTERS).float()
languages = torch.randint(0, LANGUAGES, (BATCH,))
ends = (torch.arange(BATCH), lengths - 1)


def by_archdsl() -> None:
    """Train on the batch at once."""
    ours.zero_grad()
    F.nll_loss(ours(names, lengths)[ends], languages).backward()


def by_hand() -> None:
    """Train on one name after another."""
    for name, length, language in zip(names, lengths, languages, strict=True):
        theirs.zero_grad()
        F.nll_loss(read(name[:length]), language[None]).backward()


with torch.no_grad():
    by_letters = torch.cat([read(name[:length]) for name, length in zip(names, lengths, strict=True)])
    assert torch.allclose(ours(names, lengths)[ends], by_letters, rtol=0, atol=1e-6), "they compute differently"
found = times({"hand": by_hand, "archdsl": by_archdsl}, 7)
rates = {side: BATCH / seconds for side, seconds in found.items()}
ratio = rates["archdsl"] / rates["hand"]
print(f"names a second of scan / the cheat sheet's loop: {ratio:.1f}  ({rates['archdsl']:.0f} / {rates['hand']:.0f}; wanted at least 22)")
