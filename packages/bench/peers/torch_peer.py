"""PyTorch, eager, one thread. Usage: torch_peer.py W1 (W4: channels last)"""
import sys
from numbers_ import *
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
name = sys.argv[1] if len(sys.argv) > 1 else "W1"


def filled(parameter, values):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def linear(seed, fan_in, fan_out, bias=True):
    layer = nn.Linear(fan_in, fan_out, bias=bias)
    filled(layer.weight, glorot(seed, fan_in, fan_out).T)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def convolution(seed, fan_in, fan_out, channels, filters):
    layer = nn.Conv2d(channels, filters, 3)
    filled(layer.weight, glorot(seed, fan_in, fan_out, (3, 3, channels, filters)).transpose(3, 2, 0, 1))
    nn.init.zeros_(layer.bias)
    return layer


def training(model, optimizer, batch_of, loss_of):
    def step(i):
        optimizer.zero_grad(set_to_none=True)
        x, y = batch_of(i)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    measure("torch", name, step)


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)


class Block(nn.Module):
    """Pre-norm attention and a tanh-GELU perceptron."""

    def __init__(self, seed, width, heads, length):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = linear(seed + 1, width, 3 * width), linear(seed + 2, width, width)
        self.up, self.down = linear(seed + 3, width, 4 * width), linear(seed + 4, 4 * width, width)
        self.register_buffer("mask", torch.triu(torch.full((length, length), -1e9), 1))

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.first(x)).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = F.softmax(q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5 + self.mask, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.second(x)), approximate="tanh"))


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, width, heads, length, blocks):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        filled(self.tokens.weight, centred(198, vocabulary * width).reshape(vocabulary, width) * np.float32(0.04))
        self.positions = nn.Parameter(torch.from_numpy(centred(199, length * width).reshape(length, width) * np.float32(0.04)))
        self.blocks = nn.Sequential(*[Block(200 + 4 * i, width, heads, length) for i in range(blocks)])
        self.last, self.head = nn.LayerNorm(width), linear(201 + 4 * blocks, width, vocabulary, bias=False)

    def forward(self, ids):
        return self.head(self.last(self.blocks(self.tokens(ids) + self.positions)))


if name in MLPS:
    sizes, batch, batches = MLPS[name]
    x, y = (torch.from_numpy(a) for a in batches_of(sizes, batch, batches))
    layers = [linear(100 + i, sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
    model = nn.Sequential(*[part for layer in layers[:-1] for part in (layer, nn.ReLU())], layers[-1])
    training(model, adam(model), lambda i: (x[i % batches], y[i % batches]), F.cross_entropy)
elif name == "W4":
    batch, batches = 32, 16
    x, y = (torch.from_numpy(a) for a in batches_of([784, 10], batch, batches))
    x = x.view(batches, batch, 1, 28, 28)
    model = nn.Sequential(
        convolution(100, 9, 288, 1, 32), nn.ReLU(), nn.MaxPool2d(2), convolution(101, 288, 576, 32, 64), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), linear(102, 1600, 128), nn.ReLU(), linear(103, 128, 10),
    ).to(memory_format=torch.channels_last)
    images = [x[k].contiguous(memory_format=torch.channels_last) for k in range(batches)]
    training(model, adam(model), lambda i: (images[i % batches], y[i % batches]), F.cross_entropy)
elif name == "W5":
    vocabulary, width, heads, length, blocks, batch, batches = 65, 64, 4, 64, 2, 16, 8
    ids = torch.from_numpy(tokens(batch * batches, length, vocabulary, 7)).view(batches, batch, length + 1)
    model = LanguageModel(vocabulary, width, heads, length, blocks)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, eps=1e-8, weight_decay=0.01)
    training(
        model, optimizer, lambda i: (ids[i % batches][:, :-1], ids[i % batches][:, 1:]),
        lambda logits, y: F.cross_entropy(logits.reshape(-1, vocabulary), y.reshape(-1)),
    )
elif name.startswith("W6.mm"):
    n = int(name[5:])
    a, b = (torch.from_numpy(centred(seed, n * n).reshape(n, n)) for seed in (1, 2))

    def multiply(_):
        a @ b

    measure("torch", name, multiply)
elif name.startswith("W6"):
    x = torch.from_numpy(uniform(3, 1_000_000) * np.float32(4) - np.float32(2)).requires_grad_(name.endswith("grad"))

    def curve():
        return torch.tanh(0.7 * x + 0.1) * torch.sigmoid(x) + torch.exp(-x * x)

    def forward(_):
        with torch.no_grad():
            curve()

    def gradient(_):
        x.grad = None
        curve().sum().backward()

    measure("torch", name, gradient if name.endswith("grad") else forward)
elif name == "W7":
    parameters = [torch.from_numpy(centred(i, 1_000_000)).requires_grad_() for i in range(10)]
    for i, p in enumerate(parameters):
        p.grad = torch.from_numpy(centred(50 + i, 1_000_000))
    # One tensor after the other is the faster of PyTorch's two forms here.
    optimizer = torch.optim.Adam(parameters, lr=1e-3, eps=1e-7, foreach=False)

    def update(_):
        optimizer.step()

    measure("torch", name, update)
