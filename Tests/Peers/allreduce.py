"""Times Gloo's all-reduce of float32 gradients that are rewritten before every call.

Gradients a rank has just written lie modified in its own cache, which is what a training step finds.
The rewriting is timed on its own and subtracted. The fastest of several measurements counts, here as in
`sounder bench allreduce`.
"""

import argparse
import time

import peer
import torch
import torch.distributed as dist


def measure(buffer: torch.Tensor, repeats: int, reduce: bool) -> float:
    """Seconds a round of rewriting, and of reducing when `reduce` holds."""
    dist.barrier()
    start = time.perf_counter()
    for round_number in range(repeats):
        buffer.fill_(float(round_number))
        if reduce:
            dist.all_reduce(buffer)
    return (time.perf_counter() - start) / repeats


def rank_main(rank: int, ranks: int, arguments) -> None:
    for elements in arguments.elements:
        buffer = torch.zeros(elements)
        repeats = max(3, min(200, int(arguments.work / elements / arguments.measurements)))
        measure(buffer, repeats, True)
        both, rewriting = (
            min(measure(buffer, repeats, reduce) for _ in range(arguments.measurements))
            for reduce in (True, False)
        )
        if rank == 0:
            peer.emit(
                bench="allreduce",
                backend="gloo",
                ranks=ranks,
                elements=elements,
                seconds=both - rewriting,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--elements", type=int, nargs="+", default=[65536, 1048576, 16777216])
    parser.add_argument(
        "--work", type=float, default=3e8, help="elements to reduce in all, for each size"
    )
    parser.add_argument("--measurements", type=int, default=7)
    arguments = parser.parse_args()
    peer.spawn(arguments.ranks, rank_main, arguments)


if __name__ == "__main__":
    main()
