"""The page's comparison in PyTorch: where the levels come from. Run from the root of a clone."""
import csv, gzip, math, statistics, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot

torch.set_num_threads(1)
SEEDS = [1, 2, 3, 4, 5]
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]
OPTIMIZERS = {
    "SGD": lambda p, rate: torch.optim.SGD(p, lr=rate),
    "momentum 0.9": lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9),
    "Adam": lambda p, rate: torch.optim.Adam(p, lr=rate),
    "AdamW": lambda p, rate: torch.optim.AdamW(p, lr=rate, weight_decay=0.01),
}


def table(path, header=True, scaled=True):
    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as file:
        rows = list(csv.reader(file))[1 if header else 0:]
    rows = [r for i, r in enumerate(rows) if i % 5 != 4] + [r for i, r in enumerate(rows) if i % 5 == 4]
    x = torch.tensor([[float(cell) for cell in row[:-1]] for row in rows])
    n = len(x) - len(x) // 5
    return ((x - x[:n].mean(0)) / x[:n].std(0, unbiased=False) if scaled else x), [row[-1] for row in rows], n


def labels(y):
    names = sorted(set(y))
    return torch.tensor([names.index(name) for name in y])


def tasks():
    x, y, n = table("packages/data/files/digits.csv.gz", header=False, scaled=False)
    yield "digits", x / 16, labels(y), n, 10
    for name, path, classes in [
        ("iris", "packages/data/files/iris.csv", 3),
        ("wine", "packages/data/files/wine.csv", 3),
        ("breast cancer", "examples/optimizers/data/breast-cancer.csv.gz", 2),
    ]:
        x, y, n = table(path)
        yield name, x, labels(y), n, classes
    x, y, n = table("examples/optimizers/data/diabetes.csv")
    y = torch.tensor([[float(value)] for value in y])
    yield "diabetes", x, (y - y[:n].mean(0)) / y[:n].std(0, unbiased=False), n, 1


def run(x, y, n, outputs, make, rate, seed):
    torch.manual_seed(seed)
    model = glorot(nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, outputs)))
    loss = nn.functional.mse_loss if outputs == 1 else nn.functional.cross_entropy
    optimizer = make(model.parameters(), rate)
    for _ in range(20):
        for rows in batches(n, 16):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        value = loss(model(x[n:]), y[n:]).item()
    return value if math.isfinite(value) else math.inf


for task, x, y, n, outputs in tasks():
    for name, make in OPTIMIZERS.items():
        best = None
        for rate in RATES:
            losses = [run(x, y, n, outputs, make, rate, seed) for seed in SEEDS]
            if best is None or statistics.mean(losses) < statistics.mean(best[1]):
                best = rate, losses
        rate, losses = best
        mean, deviation = statistics.mean(losses), statistics.stdev(losses)
        print(f'{{"task": "{task}", "optimizer": "{name}", "rate": {rate}, "mean": {mean:.4f}, "deviation": {deviation:.4f}}}', flush=True)
