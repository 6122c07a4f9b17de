"""Times PyTorch on the operator cases that `sounder bench ops --json` describes on standard input."""

import argparse
import json
import statistics
import sys
import time

import peer
import torch



def function(name: str):
    """The function of a name such as nn.functional.conv2d."""
    result = torch
    for part in name.split("."):
        result = getattr(result, part)
    return result


def tensor(description: dict) -> torch.Tensor:
    """A tensor of the shape and layout of a case's input."""
    shape, layout = description["shape"], description["layout"]
    stored = {
        "contiguous": shape,
        "broadcast": shape[:1] + [1] * (len(shape) - 1),
        "transposed": shape[::-1],
    }[layout]
    values = torch.randn(stored)
    if description["isMask"]:
        values = values > 0
    if layout == "broadcast":
        return values.expand(shape)
    return values.t() if layout == "transposed" else values


def call_of(case: dict):
    """The call a case is about, with its backward pass."""
    inputs = [tensor(description) for description in case["inputs"]]
    leaves = [x for x in inputs if case["hasBackward"] and x.is_floating_point()]
    for leaf in leaves:
        leaf.requires_grad_()
    operator, attributes = function(case["op"]), dict(case["attributes"])
    if case["op"] == "nn.functional.layer_norm":
        attributes.update(weight=inputs[1], bias=inputs[2])
        inputs = inputs[:1]
    gradient = None

    def call() -> None:
        nonlocal gradient
        result = operator(*inputs, **attributes)
        if not case["hasBackward"]:
            return
        if gradient is None:
            gradient = torch.randn_like(result)
        result.backward(gradient)
        for leaf in leaves:
            leaf.grad = None

    return call


def median(call, seconds: float) -> float:
    """The median over batches of calls, each long enough for the clock."""
    for _ in range(3):
        call()
    start = time.perf_counter()
    call()
    batch = max(1, int(200e-6 / (time.perf_counter() - start)))
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(batch):
            call()
        times.append((time.perf_counter() - start) / batch)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for all cases together")
    arguments = parser.parse_args()
    peer.pin(0)
    cases = [json.loads(line)["case"] for line in sys.stdin if line.startswith("{")]
    for case in cases:
        seconds = median(call_of(case), arguments.seconds / len(cases))
        peer.emit(bench="ops", op=case["op"], what=case["what"], microseconds=seconds * 1e6)


if __name__ == "__main__":
    main()
