from torch import nn


class Translator(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.src_embed = nn.Embedding(100, d)
        self.tgt_embed = nn.Embedding(100, d)
        self.encoder = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    d, 4, dim_feedforward=64, dropout=0.0, batch_first=True
                )
                for _ in range(2)
            )
        )
        self.dec = nn.ModuleList()
        for _ in range(2):
            self.dec.append(
                nn.TransformerDecoderLayer(
                    d, 4, dim_feedforward=64, dropout=0.0, batch_first=True
                )
            )
        self.generator = nn.Linear(d, 100)

    def forward(self, source, target):
        memory = self.encoder(self.src_embed(source))  # B, S, d
        x = self.tgt_embed(target)  # B, T, d
        for dec in self.dec:
            x = dec(x, memory)
        return self.generator(x)  # B, T, 100
