"""The page's networks in PyTorch: where the levels come from. Run from the root of a clone."""
import gzip, math, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, levels

table = torch.tensor([[float(cell) for cell in row.split(",")] for row in gzip.open("packages/data/files/digits.csv.gz", "rt")])
x, y = table[:, :64] / 16, table[:, 64].long()
n, depth, width = int(len(x) * 0.8), 24, 64


def dense(scale):
    layer = nn.Linear(width, width)
    nn.init.normal_(layer.weight, std=math.sqrt(scale / width))
    nn.init.zeros_(layer.bias)
    return layer


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.BatchNorm1d(width, momentum=0.1, eps=1e-3), nn.ReLU(), dense(2))

    def forward(self, x):
        return x + self.block(x)


def with_logits(*layers):
    logits = nn.Linear(width, 10)
    nn.init.xavier_uniform_(logits.weight)
    nn.init.zeros_(logits.bias)
    return nn.Sequential(*layers, logits)


makers = {
    "sigmoid": lambda: with_logits(*(layer for _ in range(depth) for layer in (dense(1), nn.Sigmoid()))),
    "tanh, large weights": lambda: with_logits(*(layer for _ in range(depth) for layer in (dense(9), nn.Tanh()))),
    "relu, He's weights": lambda: with_logits(*(layer for _ in range(depth) for layer in (dense(2), nn.ReLU()))),
    "residual, batch norm": lambda: with_logits(*(Residual() for _ in range(depth))),
}


def ratio(make):
    """log10 of the gradient of the first kernel over that of the last one, before the first step."""
    model = make()
    nn.functional.cross_entropy(model(x[:256]), y[:256]).backward()
    kernels = [p.grad.norm().item() for p in model.parameters() if tuple(p.shape) == (width, width)]
    return math.log10(kernels[0] / kernels[-1])


def accuracy(make):
    model = make()
    sgd = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(15):
        for rows in batches(n, 32):
            sgd.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            sgd.step()
    model.eval()
    with torch.no_grad():
        return (model(x[n:]).argmax(1) == y[n:]).float().mean().item()


for name, make in makers.items():
    levels(f"{name}: first gradient over last, log10", lambda _: ratio(make), seeds=20)
    levels(f"{name}: held-out accuracy", lambda _: accuracy(make), seeds=20 if name == "residual, batch norm" else 3)
