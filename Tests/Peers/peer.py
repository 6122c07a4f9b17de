"""What the PyTorch twins share: one thread, pinned cores, the reference models, ranks as processes."""

import json
import os
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)

import torch  # noqa: E402  (the thread counts above must be set first)
import torch.distributed as dist  # noqa: E402
import torch.multiprocessing as mp  # noqa: E402

# name -> (layer sizes, samples per step and rank)
CASES = {
    "mlp_small": ((784, 128, 128, 10), 64),
    "mlp_large": ((784, 1024, 1024, 10), 128),
    # 99.8 million parameters, to measure memory.
    "mlp_100m": ((784, 9600, 9600, 10), 8),
}

# The samples per step and rank of the networks that are no perceptrons.
BATCHES = {"cnn": 64, "gpt": 12} | {name: batch for name, (_, batch) in CASES.items()}


def pin(rank: int) -> None:
    """Binds the calling process to one core, the rank-th of those it may use, and to one thread."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    torch.set_num_threads(1)


def mlp(sizes: tuple) -> torch.nn.Module:
    """A perceptron with ReLU between its linear layers."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def fixed_batch(case: str, seed: int = 0) -> tuple:
    """The fixed random input and labels of a reference step."""
    sizes, batch = CASES[case]
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(batch, sizes[0], generator=generator)
    targets = torch.randint(0, sizes[-1], (batch,), generator=generator)
    return inputs, targets


def emit(**fields) -> None:
    """Prints one JSON object on a line."""
    print(json.dumps({"framework": "torch", "version": torch.__version__, **fields}), flush=True)


def run_for(seconds: float, step, check_every: int = 8) -> tuple:
    """Calls `step` for about `seconds`; returns how often and how long it took."""
    count, start = 0, time.perf_counter()
    while True:
        for _ in range(check_every):
            step()
        count += check_every
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return count, elapsed


def _enter(rank: int, ranks: int, store: str, body, arguments) -> None:
    # Gloo's threads start before the pin, so that they may use any core and don't crowd this one.
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
    pin(rank)
    body(rank, ranks, arguments)
    dist.barrier()
    # Gloo's own teardown now and then aborts the process (seen with 2.13); nothing is left to save.
    sys.stdout.flush()
    os._exit(0)


def spawn(ranks: int, body, arguments) -> None:
    """Runs `body(rank, ranks, arguments)` in `ranks` processes joined by Gloo."""
    with tempfile.TemporaryDirectory() as folder:
        mp.start_processes(
            _enter,
            args=(ranks, os.path.join(folder, "store"), body, arguments),
            nprocs=ranks,
            start_method="spawn",
        )
