from torch import nn


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.rnn = nn.LSTM(16, 16, num_layers=2, batch_first=True)
        self.head = nn.Linear(16, 50)
        self.head.weight = self.embed.weight

    def forward(self, tokens, state=None):
        x, state = self.rnn(self.embed(tokens), state)
        logits = self.head(x)  # B, T, 50
        return logits, state
