"""The page's transformer in PyTorch: where the level comes from. Run from the root of a clone."""
import sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

length, features, heads, hidden, shown = 64, 64, 4, 10, -1
text = open("examples/genesis-transformer/genesis.txt").read()
letters = sorted(set(text))
gap = len(letters)
codes = torch.tensor([letters.index(letter) for letter in text])
pieces = codes[: len(codes) // length * length].reshape(-1, length)
n = int(len(pieces) * 0.9)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.dense_norm = nn.LayerNorm(features), nn.LayerNorm(features)
        self.project = nn.ModuleList(nn.Linear(features, features) for _ in range(4))
        self.think = nn.Sequential(nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, features))

    def forward(self, x):
        z = self.attention_norm(x)
        q, k, v = (p(z).reshape(len(x), length, heads, -1).transpose(1, 2) for p in list(self.project)[:3])
        weights = (q @ k.transpose(2, 3) / (features / heads) ** 0.5).softmax(-1)
        x = x + self.project[3]((weights @ v).transpose(1, 2).reshape(x.shape))
        return x + self.think(self.dense_norm(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(len(letters) + 1, features)
        self.positions = nn.Parameter(torch.empty(length, features))
        self.rest = glorot(nn.Sequential(Block(), Block(), nn.LayerNorm(features), nn.Linear(features, len(letters))))
        nn.init.uniform_(self.tokens.weight, -0.05, 0.05)
        nn.init.xavier_uniform_(self.positions)

    def forward(self, x):
        return self.rest(self.tokens(x) + self.positions)


def gapped(pieces, places):
    """Pieces with their gaps, and what was hidden."""
    at = torch.zeros(pieces.shape, dtype=torch.bool).scatter_(1, places, True)
    return torch.where(at, torch.tensor(gap), pieces), torch.where(at, pieces, torch.tensor(shown))


def loss(model, x, y):
    return nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), ignore_index=shown)


def run(_):
    x, y = gapped(pieces[:n].repeat(4, 1), torch.rand(4 * n, length).argsort(1)[:, :hidden])
    test = gapped(pieces[n:], torch.arange(len(pieces) - n)[:, None] % 6 + 6 * torch.arange(hidden))
    model = Transformer()
    # The trainer counts what is shown as a loss of 0: its gradients are smaller by 10 / 64, which Adam does not see.
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(6):
        for rows in batches(4 * n, 32):
            adam.zero_grad()
            loss(model, x[rows], y[rows]).backward()
            adam.step()
    with torch.no_grad():
        return loss(model, *test).item()


levels("held-out loss, nats per gap", run, seeds=4)
