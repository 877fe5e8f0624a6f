"""The page's network in PyTorch: where the level comes from. Run from the root of a clone."""
import gzip, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

table = torch.tensor([[float(cell) for cell in row.split(",")] for row in gzip.open("packages/data/files/digits.csv.gz", "rt")])
x, y = table[:, :64].reshape(-1, 1, 8, 8) / 16, table[:, 64].long()
n = int(len(x) * 0.8)


def run(_):
    model = glorot(nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 10)))
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(30):
        for rows in batches(n, 32):
            adam.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        return (model(x[n:]).argmax(1) == y[n:]).float().mean().item()


levels("held-out accuracy", run, seeds=30)
