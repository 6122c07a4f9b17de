"""Times PyTorch's cost per operator: a chain of one-element multiplications, forward and backward."""

import argparse
import statistics
import time

import peer
import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=300)
    arguments = parser.parse_args()
    peer.pin(0)
    leaf = torch.ones(1, requires_grad=True)
    factor = torch.ones(1)
    forward, backward = [], []
    for _ in range(arguments.repeats):
        leaf.grad = None
        start = time.perf_counter_ns()
        value = leaf
        for _ in range(arguments.length):
            value = value * factor
        middle = time.perf_counter_ns()
        value.backward()
        end = time.perf_counter_ns()
        forward.append((middle - start) / arguments.length)
        backward.append((end - middle) / arguments.length)
    peer.emit(
        bench="overhead",
        length=arguments.length,
        forward_ns=statistics.median(forward),
        backward_ns=statistics.median(backward),
    )


if __name__ == "__main__":
    main()
