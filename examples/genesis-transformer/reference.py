"""The page's transformer in PyTorch: where the level comes from. Run from the root of a clone."""
import sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

length, features, heads = 64, 64, 4
text = open("examples/genesis-transformer/genesis.txt").read()
letters = sorted(set(text))
codes = torch.tensor([letters.index(letter) for letter in text])
size = (len(codes) - 1) // length
x, y = codes[: size * length].reshape(size, length), codes[1 : size * length + 1].reshape(size, length)
n = int(size * 0.9)
mask = torch.full((length, length), float("-inf")).triu(1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.dense_norm = nn.LayerNorm(features), nn.LayerNorm(features)
        self.project = nn.ModuleList(nn.Linear(features, features) for _ in range(4))
        self.think = nn.Sequential(nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, features))

    def forward(self, x):
        z = self.attention_norm(x)
        q, k, v = (p(z).reshape(len(x), length, heads, -1).transpose(1, 2) for p in list(self.project)[:3])
        weights = (q @ k.transpose(2, 3) / (features / heads) ** 0.5 + mask).softmax(-1)
        x = x + self.project[3]((weights @ v).transpose(1, 2).reshape(x.shape))
        return x + self.think(self.dense_norm(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(len(letters), features)
        self.positions = nn.Parameter(torch.empty(length, features))
        self.rest = glorot(nn.Sequential(Block(), Block(), nn.LayerNorm(features), nn.Linear(features, len(letters))))
        nn.init.uniform_(self.tokens.weight, -0.05, 0.05)
        nn.init.xavier_uniform_(self.positions)

    def forward(self, x):
        return self.rest(self.tokens(x) + self.positions)


def loss(model, rows):
    return nn.functional.cross_entropy(model(x[rows]).flatten(0, 1), y[rows].flatten())


def run(_):
    model = Transformer()
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(20):
        for rows in batches(n, 32):
            adam.zero_grad()
            loss(model, rows).backward()
            adam.step()
    with torch.no_grad():
        return loss(model, slice(n, None)).item()


levels("held-out loss, nats per character", run, seeds=5)
