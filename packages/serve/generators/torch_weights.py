"""Writes fixtures: modules of PyTorch with random weights as safetensors, inputs, and what they put out.

    python3 packages/serve/generators/torch_weights.py packages/serve/src/fixtures

With `check FOLDER` it loads what `scripts/torch-weights.ts FOLDER` wrote and compares outputs.

Made with PyTorch 1.13.1. The safetensors format is written here, for the package need not be there.
"""
import json
import struct
import sys
import numpy
import torch
from torch import nn

torch.manual_seed(7)
out = sys.argv[1]
types = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


def save(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        words = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        raw = words.numpy().tobytes()
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Images(nn.Module):
    """Images in channels before places, as PyTorch has them."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, (3, 2))
        self.norm = nn.BatchNorm2d(4)
        self.depth = nn.Conv2d(4, 8, 2, groups=4)
        self.grouped = nn.Conv2d(8, 6, 1, groups=2, bias=False)
        self.up = nn.ConvTranspose2d(6, 5, 3, stride=2)
        self.groups = nn.GroupNorm(1, 5)
        self.label = nn.Linear(5, 3)

    def forward(self, x):
        x = x.permute(0, 3, 1, 2)
        x = torch.relu(self.norm(self.first(x)))
        x = self.groups(self.up(self.grouped(self.depth(x))))
        return self.label(x.mean((2, 3)))


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(11, 6)
        self.conv = nn.Conv1d(6, 5, 2)
        self.both = nn.LSTM(5, 4, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(8)
        self.gru = nn.GRU(8, 5, batch_first=True)
        self.plain = nn.RNN(5, 3, batch_first=True)

    def forward(self, x):
        x = self.tokens(x.long())
        x = self.conv(x.transpose(1, 2)).transpose(1, 2)
        x = self.norm(self.both(x)[0])
        return self.plain(self.gru(x)[0])[0][:, -1]


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, dropout=0, batch_first=True)
        self.slopes = nn.PReLU(8)
        self.attend = nn.MultiheadAttention(8, 4, batch_first=True)
        self.last = nn.Linear(8, 2, bias=False)

    def forward(self, x):
        x = self.first(x)
        return self.last(self.slopes(self.attend(x, x, x)[0].mean(1)))


def write(name, module, x):
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -0.6, 0.6)
    for key, buffer in module.named_buffers():
        if buffer.dtype == torch.float32:
            buffer.uniform_(0.5, 1.5)
    # Dropout and statistics as in evaluation, but without the fast path of attention, which takes other sums.
    module.eval()
    y = module(x.clone().requires_grad_(x.dtype == torch.float32))
    tensors = {**module.state_dict(), "the input": x.float(), "the output": y}
    save(f"{out}/torch-{name}.safetensors", tensors)
    if name == "images":
        numpy.savez(f"{out}/torch-{name}.npz", **{key: tensor.detach().numpy() for key, tensor in tensors.items()})


if out == "check":
    # The file holds "the input" and "the output" too, of the module that wrote it.
    folder = sys.argv[2]
    for name, module in {"images": Images(), "sequences": Sequences(), "attention": Attending()}.items():
        arrays = {key: torch.from_numpy(array) for key, array in numpy.load(f"{folder}/{name}.npz").items()}
        x, y = arrays.pop("the input"), arrays.pop("the output")
        missing, extra = module.load_state_dict(arrays, strict=False)
        assert not extra and all(key.endswith("num_batches_tracked") for key in missing), (missing, extra)
        found = module.eval()(x.clone().requires_grad_(True) if name != "sequences" else x)
        print(name, "differs by at most", (found - y).abs().max().item())
    sys.exit()
write("images", Images(), torch.randn(2, 7, 6, 3))
write("sequences", Sequences(), torch.randint(0, 11, (3, 6)).float())
write("attention", Attending(), torch.randn(2, 5, 8))
x = torch.tensor([1, -2.5, 65504, 2**-24, -(2**-14), 0.1, float("inf"), -0.0])
save(f"{out}/torch-types.safetensors", {"half": x.half(), "brain": x.bfloat16(), "long": torch.tensor([1, -2, 2**31 - 1])})
