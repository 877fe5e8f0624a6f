"""The page's network in PyTorch: where the level comes from. Run from the root of a clone, with a folder if need be."""
import gzip, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"


def read(name, header, count):
    return torch.tensor(list(gzip.open(f"{folder}/{name}-ubyte.gz").read()[header : header + count]), dtype=torch.uint8)


n = 10_000
x = read("train-images-idx3", 16, n * 784).reshape(n, 1, 28, 28) / 255
y = read("train-labels-idx1", 8, n).long()
test_x = read("t10k-images-idx3", 16, n * 784).reshape(n, 1, 28, 28) / 255
test_y = read("t10k-labels-idx1", 8, n).long()


def run(_):
    model = glorot(nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10)))
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(5):
        for rows in batches(n, 32):
            adam.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        said = torch.cat([model(part).argmax(1) for part in test_x.split(1000)])
        return (said == test_y).float().mean().item()


levels("test accuracy", run, seeds=5)
