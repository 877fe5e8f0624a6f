"""The step written by hand in numpy, in place where it is natural. Usage: numpy_peer.py W1 (not W4 and W5)"""
import sys
from numbers_ import *

name = sys.argv[1] if len(sys.argv) > 1 else "W1"
f = np.float32


class Adam:
    def __init__(self, params):
        self.params, self.t = params, 0
        self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]

    def step(self, grads):
        self.t += 1
        rate = f(1e-3 * (1 - 0.999**self.t) ** 0.5 / (1 - 0.9**self.t))
        for p, m, v, g in zip(self.params, self.m, self.v, grads):
            m *= f(0.9)
            m += f(0.1) * g
            v *= f(0.999)
            v += f(0.001) * (g * g)
            p -= rate * m / (np.sqrt(v) + f(1e-7))


def perceptron():
    sizes, batch, batches = MLPS[name]
    x, y = batches_of(sizes, batch, batches)
    layers = len(sizes) - 1
    kernels = [glorot(100 + i, sizes[i], sizes[i + 1]) for i in range(layers)]
    biases = [np.zeros(sizes[i + 1], np.float32) for i in range(layers)]
    adam = Adam([p for pair in zip(kernels, biases) for p in pair])
    rows = np.arange(batch)

    def step(i):
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
        adam.step(grads)
        return loss

    return step


def product(n):
    a, b = (centred(seed, n * n).reshape(n, n) for seed in (1, 2))

    def step(_):
        a @ b

    return step


def curve(gradient):
    x = uniform(3, 1_000_000) * f(4) - f(2)

    def step(_):
        t, s, e = np.tanh(f(0.7) * x + f(0.1)), 1 / (1 + np.exp(-x)), np.exp(-x * x)
        return None if not gradient else (f(0.7) * (1 - t * t) * s + t * s * (1 - s) - 2 * x * e, None)[1]

    def forward(_):
        np.tanh(f(0.7) * x + f(0.1)) * (1 / (1 + np.exp(-x))) + np.exp(-x * x)

    return step if gradient else forward


def update():
    adam = Adam([centred(i, 1_000_000) for i in range(10)])
    grads = [centred(50 + i, 1_000_000) for i in range(10)]
    return lambda _: adam.step(grads)


if name in MLPS:
    measure("numpy", name, perceptron())
elif name.startswith("W6.mm"):
    measure("numpy", name, product(int(name[5:])))
elif name.startswith("W6"):
    measure("numpy", name, curve(name.endswith("grad")))
elif name == "W7":
    measure("numpy", name, update())
