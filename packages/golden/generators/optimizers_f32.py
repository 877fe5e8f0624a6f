"""Parameters after each of 12 steps of float32 optimizers, as exact decimals: ../fixtures/optimizers_f32.json.

Run with Debian's python3-torch 1.13.1, one thread: /usr/bin/python3 packages/golden/generators/optimizers_f32.py
The initial parameters and the gradients are multiples of 1/1024, so that they are the same numbers in every format.
"""
import json
import os

import torch

torch.set_num_threads(1)

STEPS = 12
SHAPES = [(4, 3), (3,), (2, 2, 2)]
CASES = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.02)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.01, alpha=0.9, eps=1e-4, centered=True, momentum=0.5, weight_decay=0.05)),
    ("Adam", dict(lr=0.01)),
    ("Adam", dict(lr=0.01, amsgrad=True, weight_decay=0.1)),
    ("AdamW", dict(lr=0.01, weight_decay=0.1)),
]


def integers(seed):
    """A linear congruential sequence of integers from -1024 to 1023 (multiplier and increment of Knuth's MMIX)."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 53) - 1024


def tensors(numbers):
    return [
        torch.tensor([next(numbers) / 1024 for _ in range(torch.Size(shape).numel())], dtype=torch.float32).reshape(shape)
        for shape in SHAPES
    ]


def flat(tensor):
    # A float32 is an exact double, and Python prints the shortest decimal that reads back as that double.
    return tensor.detach().reshape(-1).double().tolist()


def run(name, options, initial, gradients):
    params = [x.clone().requires_grad_() for x in initial]
    optimizer = getattr(torch.optim, name)(params, **options, foreach=False)
    steps = []
    for gradient in gradients:
        for p, g in zip(params, gradient):
            p.grad = g.clone()
        optimizer.step()
        steps.append([flat(p) for p in params])
    return {"name": " ".join([name] + [f"{k}={v}" for k, v in options.items()]), "optimizer": name, "options": options, "steps": steps}


numbers = integers(2024)
initial = tensors(numbers)
gradients = [tensors(numbers) for _ in range(STEPS)]
document = {
    "about": "Parameters after each of 12 float32 steps with the given gradients, which do not depend on the parameters.",
    "torch": torch.__version__,
    "threads": 1,
    "dtype": "float32",
    "shapes": SHAPES,
    "initial": [flat(p) for p in initial],
    "gradients": [[flat(g) for g in gradient] for gradient in gradients],
    "cases": [run(name, options, initial, gradients) for name, options in CASES],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "optimizers_f32.json")
with open(path, "w") as file:
    json.dump(document, file, separators=(",", ":"))
    file.write("\n")
print(os.path.normpath(path), len(document["cases"]), "cases")
