"""Times Hogwild in PyTorch: processes that train one model in shared memory without locks."""

import argparse
import time

import peer
import torch
import torch.multiprocessing as mp


def worker(rank: int, model: torch.nn.Module, case: str, seconds: float, barrier, totals) -> None:
    peer.pin(rank)
    inputs, targets = peer.fixed_batch(case, seed=rank)
    loss_function = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(inputs), targets).backward()
        optimizer.step()

    peer.run_for(seconds / 4, step)
    barrier.wait()
    count, elapsed = peer.run_for(seconds, step)
    totals[rank] = count / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=sorted(peer.CASES), default="mlp_small")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    model = peer.mlp(peer.CASES[arguments.case][0])
    model.share_memory()
    context = mp.get_context("spawn")
    barrier, totals = context.Barrier(arguments.workers), torch.zeros(arguments.workers)
    totals.share_memory_()
    started = time.perf_counter()
    mp.start_processes(
        worker,
        args=(model, arguments.case, arguments.seconds, barrier, totals),
        nprocs=arguments.workers,
        start_method="spawn",
    )
    peer.emit(
        bench="hogwild",
        workers=arguments.workers,
        kind=f"processes/{arguments.case}",
        updates_per_second=float(totals.sum()),
        wall_seconds=time.perf_counter() - started,
    )


if __name__ == "__main__":
    main()
