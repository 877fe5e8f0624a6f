"""The page's table and network in PyTorch: where the level comes from. Run from the root of a clone."""
import csv, statistics, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

MEASURED = ["bill_length_mm", "flipper_length_mm", "bill_depth_mm", "body_mass_g"]
SEXES = {"MALE": [1, 0, 0], "FEMALE": [0, 1, 0]}
rows = list(csv.DictReader(open("packages/data/files/penguins.csv")))
known = [row for i, row in enumerate(rows) if i % 5 != 4]
asked = [row for i, row in enumerate(rows) if i % 5 == 4]
species = sorted({row["species"] for row in rows})

filled = {}
for name in MEASURED:
    values = [float(row[name]) for row in known if row[name]]
    mean = statistics.mean(values)
    filled[name] = mean, statistics.pstdev(values + [mean] * (len(known) - len(values)))


def numbers(rows, missing=0):
    """The numbers of rows whose first `missing` measurements are not known."""
    return torch.tensor([
        [((float(row[name]) if row[name] and k >= missing else filled[name][0]) - filled[name][0]) / filled[name][1]
         for k, name in enumerate(MEASURED)] + SEXES.get(row["sex"], [0, 0, 1])
        for row in rows])


def labels(rows):
    return torch.tensor([species.index(row["species"]) for row in rows])


x, y = numbers(known), labels(known)
shares = []


def run(_):
    model = glorot(nn.Sequential(nn.Linear(7, 16), nn.ReLU(), nn.Linear(16, 3)))
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        for rows in batches(len(x), 16):
            adam.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        shares.append([(model(numbers(asked, k)).argmax(1) == labels(asked)).float().mean().item() for k in range(5)])
    return shares[-1][0]


levels("all measurements", run, seeds=20)
for k in range(1, 5):
    levels(f"{k} missing", lambda seed: shares[seed - 1][k], seeds=20)
