"""Networks for sequences, written by hand: GPT-2, the Transformer, convolutions over time, recurrent language models."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class TemporalBlock(nn.Module):
    def __init__(self, inp, oup, kernel, dilation):
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.conv1 = weight_norm(nn.Conv1d(inp, oup, kernel, dilation=dilation))
        self.conv2 = weight_norm(nn.Conv1d(oup, oup, kernel, dilation=dilation))
        self.downsample = nn.Conv1d(inp, oup, 1) if inp != oup else None

    def forward(self, x):
        y = F.relu(self.conv1(F.pad(x, (self.past, 0))))
        y = F.relu(self.conv2(F.pad(y, (self.past, 0))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class TemporalConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(*[TemporalBlock(1 if i == 0 else 25, 25, 7, 2**i) for i in range(8)])

    def forward(self, x):
        return self.network(x)


class TCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.tcn = TemporalConvNet()
        self.linear = nn.Linear(25, 10)

    def forward(self, image):
        return self.linear(self.tcn(image.flatten(2))[:, :, -1])


class GatedBlock(nn.Module):
    def __init__(self, width, skip, dilation):
        super().__init__()
        self.dilation = dilation
        self.filter_conv = nn.Conv1d(width, width, 2, dilation=dilation)
        self.gate_conv = nn.Conv1d(width, width, 2, dilation=dilation)
        self.residual_conv, self.skip_conv = nn.Conv1d(width, width, 1), nn.Conv1d(width, skip, 1)

    def forward(self, x):
        padded = F.pad(x, (self.dilation, 0))
        gated = torch.tanh(self.filter_conv(padded)) * torch.sigmoid(self.gate_conv(padded))
        return x + self.residual_conv(gated), self.skip_conv(gated)


class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 32)
        self.block = nn.ModuleList([GatedBlock(32, 256, 2**layer) for _ in range(2) for layer in range(10)])
        self.end1, self.end2 = nn.Conv1d(256, 256, 1), nn.Conv1d(256, 256, 1)

    def forward(self, samples):
        x, total = self.embed(samples).transpose(1, 2), 0
        for block in self.block:
            x, part = block(x)
            total = total + part
        return self.end2(F.relu(self.end1(F.relu(total))))


class RNNModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.encoder = nn.Embedding(33278, 200)
        self.rnn = nn.LSTM(200, 200, 2, dropout=0.2, batch_first=True)
        self.decoder = nn.Linear(200, 33278)

    def forward(self, tokens, state=None):
        output, state = self.rnn(self.drop(self.encoder(tokens)), state)
        return self.decoder(self.drop(output)), state


class CharModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 128)
        self.gru = nn.GRU(128, 128, 2, batch_first=True)
        self.head = nn.Linear(128, 256)
        self.head.weight = self.embed.weight

    def forward(self, tokens, state=None):
        output, state = self.gru(self.embed(tokens), state)
        return self.head(output), state


class EncoderRNN(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.1)

    def forward(self, source):
        return self.gru(self.dropout(self.embedding(source)))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.Wa, self.Ua, self.Va = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1)

    def forward(self, query, keys):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        weights = F.softmax(scores.squeeze(2).unsqueeze(1), dim=-1)
        return torch.bmm(weights, keys)


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden, vocab):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.attention = BahdanauAttention(hidden)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)
        self.dropout = nn.Dropout(0.1)

    def forward(self, keys, state, target):
        outputs = []
        for i in range(target.size(1)):
            embedded = self.dropout(self.embedding(target[:, i : i + 1]))
            context = self.attention(state.permute(1, 0, 2), keys)
            output, state = self.gru(torch.cat((embedded, context), dim=2), state)
            outputs.append(self.out(output))
        return torch.cat(outputs, dim=1)


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = EncoderRNN(4601, 128)
        self.decoder = AttnDecoderRNN(128, 2991)

    def forward(self, source, target):
        keys, state = self.encoder(source)
        return self.decoder(keys, state, target)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(37000, 512)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8, batch_first=True), 6, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(512, 8, batch_first=True), 6)
        self.head = nn.Linear(512, 37000, bias=False)
        self.head.weight = self.embedding.weight
        angles = torch.arange(256).unsqueeze(1) * torch.exp(torch.arange(0, 512, 2) * (-math.log(10000.0) / 512))
        position = torch.zeros(256, 512)
        position[:, 0::2], position[:, 1::2] = torch.sin(angles), torch.cos(angles)
        self.register_buffer("position", position)

    def embed(self, tokens):
        return self.embedding(tokens) * math.sqrt(512) + self.position[: tokens.size(1)]

    def forward(self, source, target):
        mask = torch.ones(target.size(1), target.size(1), device=target.device).triu(1) > 0
        return self.head(self.decoder(self.embed(target), self.encoder(self.embed(source)), tgt_mask=mask))


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(30522, 768, padding_idx=0)
        self.position_embeddings, self.segment_embeddings = nn.Embedding(512, 768), nn.Embedding(2, 768)
        self.norm = nn.LayerNorm(768, eps=1e-12)
        layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
        self.pooler = nn.Linear(768, 768)

    def forward(self, tokens, segments):
        x = self.word_embeddings(tokens) + self.position_embeddings.weight[: tokens.size(1)] + self.segment_embeddings(segments)
        x = self.encoder(self.norm(x), src_key_padding_mask=tokens == 0)
        return x, torch.tanh(self.pooler(x[:, 0]))
