import math

import torch
import torch.nn.functional as F
from torch import nn


class Decoder(nn.Module):
    def __init__(self, token_features, context_features, vocab, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.GRUCell(context_features + token_features, hidden)
        self.out = nn.Linear(context_features + hidden, vocab)

    def forward(self, token, context, h=None):
        B, T = token.shape[:2]
        if h is None:
            h = token.new_zeros(B, self.hidden)
        h_all = []
        for token_t, context_t in zip(token.unbind(1), context.unbind(1)):
            h_all.append(h)
            h = self.rnn(torch.cat((token_t, context_t), dim=1), h)
        # No state depends on the rest, which is computed for all moments at once, too.
        h_before = torch.stack(h_all, 1).flatten(0, 1)
        context = context.flatten(0, 1)
        output = self.out(torch.cat((h_before, context), dim=1))
        return output.unflatten(0, (B, T)), h


class Seq2Seq(nn.Module):
    def __init__(self, vocab=40, hidden=32):
        super().__init__()
        self.hidden = hidden
        self.embed = nn.Embedding(vocab, hidden)
        self.encoder = nn.LSTM(hidden, hidden, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.keys = nn.Linear(2 * hidden, hidden)
        self.logits = Decoder(hidden, 2 * hidden, vocab, hidden)

    def forward(self, source, target):
        enc, _ = self.encoder(self.embed(source))  # B, S, 2 * hidden
        mem = self.bridge(enc.mean(dim=1))  # B, hidden
        q = self.embed(target)  # B, T, hidden
        scores = F.softmax(
            q @ self.keys(enc).transpose(1, 2) / math.sqrt(self.hidden), dim=-1
        )
        ctx = scores @ enc  # B, T, 2 * hidden
        return self.logits(q, ctx, h=mem)[0]  # B, T, vocab
