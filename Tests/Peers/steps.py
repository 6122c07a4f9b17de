"""Times the reference training steps in PyTorch, alone or under DistributedDataParallel."""

import argparse
import time

import networks
import peer
import torch


def make_model(case: str) -> torch.nn.Module:
    """The reference network of a case."""
    if case == "cnn":
        return networks.cnn()
    if case == "gpt":
        return networks.GPT()
    return peer.mlp(peer.CASES[case][0])


def train_step(case: str, model: torch.nn.Module):
    """Returns a function that takes one step on a fixed batch: SGD with momentum, AdamW for gpt."""
    if case in peer.CASES:
        inputs, targets = peer.fixed_batch(case)
    else:
        inputs, targets = networks.batch(case, peer.BATCHES[case])
    loss_function = torch.nn.CrossEntropyLoss()
    if case == "gpt":
        optimizer = networks.adamw(model)
    elif case == "mlp_100m":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(inputs), targets).backward()
        optimizer.step()

    return step


def report(case: str, ranks: int, count: int, seconds: float) -> None:
    batch = peer.BATCHES[case]
    peer.emit(
        bench="steps",
        case=case,
        ranks=ranks,
        ms_per_step=seconds / count * 1e3,
        samples_per_second=count * batch * ranks / seconds,
    )


def alone(arguments) -> None:
    peer.pin(0)
    torch.manual_seed(0)
    step = train_step(arguments.case, make_model(arguments.case))
    peer.run_for(arguments.seconds / 4, step)
    report(arguments.case, 1, *peer.run_for(arguments.seconds, step))


def distributed(rank: int, ranks: int, arguments) -> None:
    torch.manual_seed(0)
    model = make_model(arguments.case)
    model = torch.nn.parallel.DistributedDataParallel(model)
    step = train_step(arguments.case, model)
    # Every rank must take the same number of steps, so rank 0's rate decides how many.
    warm_up = 50 if arguments.case in ("mlp_small", "mlp_large") else 10
    start = time.perf_counter()
    for _ in range(warm_up):
        step()
    count = torch.tensor(
        [max(20, int(arguments.seconds * warm_up / (time.perf_counter() - start)))]
    )
    torch.distributed.broadcast(count, 0)
    torch.distributed.barrier()
    start = time.perf_counter()
    for _ in range(int(count)):
        step()
    torch.distributed.barrier()
    if rank == 0:
        report(arguments.case, ranks, int(count), time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=sorted(peer.BATCHES), required=True)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    if arguments.ranks == 1:
        alone(arguments)
    else:
        peer.spawn(arguments.ranks, distributed, arguments)


if __name__ == "__main__":
    main()
