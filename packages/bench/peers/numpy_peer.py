"""The step written by hand in numpy, in place where it is natural. Usage: numpy_peer.py W1"""
import sys
from numbers_ import *

name = sys.argv[1] if len(sys.argv) > 1 else "W1"
sizes, batch, batches = WORKLOADS[name]
x, y = batches_of(sizes, batch, batches)
layers = len(sizes) - 1
kernels = [glorot(100 + i, sizes[i], sizes[i + 1]) for i in range(layers)]
biases = [np.zeros(sizes[i + 1], np.float32) for i in range(layers)]
params = [p for pair in zip(kernels, biases) for p in pair]
m = [np.zeros_like(p) for p in params]
v = [np.zeros_like(p) for p in params]
rows = np.arange(batch)
f = np.float32
t = 0


def step(i):
    global t
    inputs, labels = x[i % batches], y[i % batches]
    hidden = [inputs]
    for layer in range(layers):
        z = hidden[-1] @ kernels[layer] + biases[layer]
        if layer < layers - 1:
            np.maximum(z, 0, out=z)
        hidden.append(z)
    z = hidden[-1]
    z -= z.max(1, keepdims=True)
    e = np.exp(z)
    total = e.sum(1, keepdims=True)
    loss = (np.log(total[:, 0]) - z[rows, labels]).mean()
    d = e / total
    d[rows, labels] -= 1
    d *= f(1 / batch)
    grads = [None] * (2 * layers)
    for layer in range(layers - 1, -1, -1):
        grads[2 * layer] = hidden[layer].T @ d
        grads[2 * layer + 1] = d.sum(0)
        if layer:
            d = (d @ kernels[layer].T) * (hidden[layer] > 0)
    t += 1
    rate = f(1e-3 * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t))
    for p, mi, vi, g in zip(params, m, v, grads):
        mi *= f(0.9)
        mi += f(0.1) * g
        vi *= f(0.999)
        vi += f(0.001) * (g * g)
        p -= rate * mi / (np.sqrt(vi) + f(1e-7))
    return loss


measure("numpy", name, step)
