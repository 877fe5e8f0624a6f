"""Data, first weights and timing of the Python peers; the numbers are those of ../src/numbers.ts."""
import json, os, resource, time
import numpy as np


def since_process_start():
    """Milliseconds since this process was started (Linux), imports included."""
    with open("/proc/self/stat") as stat:
        started = int(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000

MLPS = {"W1": ([20, 64, 10], 32, 25), "W2": ([784, 128, 10], 64, 16), "W3": ([784, 1024, 1024, 10], 128, 16)}


def uniform(seed, n):
    with np.errstate(over="ignore"):
        state = (np.uint32(seed) + np.uint32(0x6D2B79F5) * np.arange(1, n + 1, dtype=np.uint32)).astype(np.uint32)
        t = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        t = (t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))) ^ t
        return ((t ^ (t >> np.uint32(14))).astype(np.float64) / 4294967296).astype(np.float32)


def glorot(seed, fan_in, fan_out, shape=None):
    limit = (6 / (fan_in + fan_out)) ** 0.5
    shape = shape or (fan_in, fan_out)
    return ((2 * uniform(seed, int(np.prod(shape))).astype(np.float64) - 1) * limit).astype(np.float32).reshape(shape)


def centred(seed, n):
    return uniform(seed, n) - np.float32(0.5)


def tokens(sequences, length, vocabulary, seed):
    """Mostly 7 t + 3 modulo the vocabulary after t, now and then any token; length + 1 of them per sequence."""
    u = uniform(seed, sequences * (length + 1) * 2).astype(np.float64)
    out, p = np.empty(sequences * (length + 1), np.int64), 0
    for _ in range(sequences):
        token = int(u[2 * p] * vocabulary)
        for _ in range(length + 1):
            out[p] = token
            token = int(u[2 * p] * vocabulary) if u[2 * p + 1] < 0.1 else (7 * token + 3) % vocabulary
            p += 1
    return out.reshape(sequences, length + 1)


def batches_of(sizes, batch, batches):
    rows, features, classes = batch * batches, sizes[0], sizes[-1]
    x = uniform(1, rows * features).reshape(rows, features)
    teacher = uniform(2, features * classes).reshape(features, classes)
    y = ((x.astype(np.float64) - 0.5) @ (2 * teacher.astype(np.float64) - 1)).argmax(1).astype(np.int64)
    return x.reshape(batches, batch, features), y.reshape(batches, batch)


def measure(peer, workload, step):
    first = step(0)
    first_step = since_process_start()
    i, until = 1, time.perf_counter() + 1.0
    while time.perf_counter() < until:
        step(i)
        i += 1
    times, until = [], time.perf_counter() + 1.5
    while time.perf_counter() < until or len(times) < 3:
        before = time.perf_counter()
        step(i)
        times.append((time.perf_counter() - before) * 1e6)
        i += 1
    times.sort()
    print(json.dumps({"peer": peer, "workload": workload, "us_per_step": round(times[len(times) // 2], 2), "min_us": round(times[0], 2), "steps": len(times),
                      "first_step_ms": round(first_step), **({} if first is None else {"loss_first": round(float(first), 4)}), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
