"""PyTorch, eager, one thread. Usage: torch_peer.py W1"""
import sys
from numbers_ import *
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
name = sys.argv[1] if len(sys.argv) > 1 else "W1"
sizes, batch, batches = WORKLOADS[name]
x, y = (torch.from_numpy(a) for a in batches_of(sizes, batch, batches))
layers = []
for i in range(len(sizes) - 1):
    linear = torch.nn.Linear(sizes[i], sizes[i + 1])
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(glorot(100 + i, sizes[i], sizes[i + 1]).T.copy()))
        linear.bias.zero_()
    layers += [linear, torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)


def step(i):
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(x[i % batches]), y[i % batches])
    loss.backward()
    optimizer.step()
    return loss.item()


measure("torch", name, step)
