"""The page's networks in PyTorch: where the level comes from."""
import datetime, sys
import torch
from torch import nn

sys.path.insert(0, "examples/gallery")
from reference import batches, glorot, levels

MONTHS = "January February March April May June July August September October November December".split()
FORMATS = [
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{MONTHS[d.month - 1][:3]} {d.day} '{str(d.year)[2:]}",
]
dates = [datetime.date(1950, 1, 1) + datetime.timedelta(i * 7919 % 36525) for i in range(6000)]
texts = [FORMATS[i % 4](date).ljust(18) for i, date in enumerate(dates)]
letters, digits = sorted(set("".join(texts))), "0123456789-"
x = torch.tensor([[letters.index(letter) for letter in text] for text in texts])
y = torch.tensor([[digits.index(letter) for letter in date.isoformat()] for date in dates])
n, units = 5000, 64


def lstm(inputs):
    """As in Keras: one bias, which is 1 for the gate that forgets, and an orthogonal recurrent kernel."""
    layer = nn.LSTM(inputs, units, batch_first=True)
    nn.init.xavier_uniform_(layer.weight_ih_l0)
    nn.init.orthogonal_(layer.weight_hh_l0)
    for bias in (layer.bias_ih_l0, layer.bias_hh_l0):
        nn.init.zeros_(bias)
    layer.bias_ih_l0.data[units : 2 * units] = 1
    layer.bias_hh_l0.requires_grad = False
    return layer


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters, self.reader, self.writer = nn.Embedding(64, 32), lstm(32), lstm(units)
        self.digits = glorot(nn.Linear(units, len(digits)))
        nn.init.uniform_(self.letters.weight, -0.05, 0.05)

    def forward(self, x):
        last = self.reader(self.letters(x))[0][:, -1:]
        return self.digits(self.writer(last.repeat(1, 10, 1))[0])


characters = []


def run(_):
    model = Translator()
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=4e-3)
    for _ in range(25):
        for rows in batches(n, 64):
            adam.zero_grad()
            nn.functional.cross_entropy(model(x[rows]).flatten(0, 1), y[rows].flatten()).backward()
            adam.step()
    with torch.no_grad():
        right = model(x[n:]).argmax(2) == y[n:]
        characters.append(right.float().mean().item())
        return right.all(1).float().mean().item()


levels("held-out dates", run, seeds=5)
levels("held-out characters", lambda seed: characters[seed - 1], seeds=5)
