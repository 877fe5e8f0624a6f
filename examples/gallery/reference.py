"""What the references of the gallery share: first parameters as in Keras, batches, and the levels they print."""
import statistics, time
import torch


def glorot(model):
    """Glorot-uniform kernels and zero biases for dense and convolutional layers."""
    for layer in model.modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            torch.nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                torch.nn.init.zeros_(layer.bias)
    return model


def batches(n, size):
    """A new order of n rows, a batch at a time."""
    return torch.randperm(n).split(size)


def levels(what, run, seeds=10):
    """Runs for every seed; the level is the mean, and two standard deviations of a run to the worse side."""
    torch.set_num_threads(1)
    values = []
    for seed in range(1, seeds + 1):
        torch.manual_seed(seed)
        started = time.time()
        values.append(run(seed))
        print(f"seed {seed}: {what} {values[-1]:.4f}, {time.time() - started:.1f} s", flush=True)
    print(
        f"{what}, PyTorch {torch.__version__}, {seeds} seeds: mean {statistics.mean(values):.4f}, "
        f"deviation {statistics.stdev(values):.4f}, from {min(values):.4f} to {max(values):.4f}"
    )
