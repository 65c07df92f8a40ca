# A small GPT.

import math

import torch
import torch.nn.functional as F
from torch import nn


def split_heads(x, n):
    return x.unflatten(2, (n, -1)).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, D, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(D, 3 * D)
        self.c_proj = nn.Linear(D, D)

    def forward(self, x):
        q, k, v = self.c_attn(x).chunk(3, dim=2)
        q = split_heads(q, self.heads)  # B, heads, T, D // heads
        k = split_heads(k, self.heads)
        v = split_heads(v, self.heads)
        x = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(x.transpose(1, 2).flatten(2))  # B, T, D


class MLP(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.c_fc = nn.Linear(D, 4 * D)
        self.c_proj = nn.Linear(4 * D, D)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, in_features, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(in_features)
        self.attn = Attention(in_features, heads)
        self.ln_2 = nn.LayerNorm(in_features)
        self.mlp = MLP(in_features)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, vocab, length, layers, heads, width):
        super().__init__()
        self.wte = nn.Embedding(vocab, width)
        self.wpe = nn.Embedding(length, width)
        self.h = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.ln_f = nn.LayerNorm(width)

    def forward(self, tokens):
        T = tokens.size(1)
        x = self.wte(tokens) + self.wpe(torch.arange(T, device=tokens.device))
        for h in self.h:
            x = h(x)
        return self.ln_f(x)


class GPT(nn.Module):
    def __init__(self, vocab=256, length=64, layers=4, heads=4, width=128):
        super().__init__()
        self.transformer = Transformer(vocab, length, layers, heads, width)
        self.lm_head = nn.Linear(width, vocab, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if name.endswith(".c_proj.weight"):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers))

    def forward(self, tokens):
        return self.lm_head(self.transformer(tokens))  # B, T, vocab
