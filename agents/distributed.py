"""Several processes under torchrun: equal parameters on every rank, statistics over all of them.

    torchrun --nproc_per_node 2 train.py

Each rank plays rows of its own. A loss is a mean over the rows of *all* ranks: each rank divides by
the common denominator, and gradients are added up. Every rank then takes the same step, so that
parameters stay bit-equal without ever being sent again. Outside of torchrun all of this does
nothing.

What stands in an environment stays with its rank: each asks teachers and fits reward models of its
own.

Source: torch.distributed; gloo on CPUs, NCCL on GPUs.
"""

import atexit
import os
from typing import Any, NamedTuple, TypeVar

import torch
from torch import distributed as dist
from torch import nn

Value = TypeVar("Value")


class Ranks(NamedTuple):
    """This process among all.

    Attributes:
        rank: its number, from 0; rank 0 writes logs and checkpoints.
        size: how many there are.
    """

    rank: int
    size: int


def ranks() -> Ranks:
    """This process's place; joins the group that torchrun announces, if it did and none is joined.

    Raises:
        RuntimeError: the other processes could not be reached.
    """
    if not dist.is_available():
        return Ranks(0, 1)
    if not dist.is_initialized():
        if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return Ranks(0, 1)
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(dist.destroy_process_group)  # gloo's threads abort a process that just ends
    return Ranks(dist.get_rank(), dist.get_world_size())


def start_equal(module: nn.Module) -> None:
    """Give every rank the parameters and buffers of rank 0."""
    if ranks().size > 1:
        for tensor in (*module.parameters(), *module.buffers()):
            dist.broadcast(tensor.data, 0)


def add_up(tensors: list[torch.Tensor]) -> None:
    """Replace tensors by their sum over all ranks, in one message per dtype."""
    if ranks().size == 1:
        return
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        alike = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.reshape(-1) for tensor in alike])
        dist.all_reduce(flat)
        for tensor, part in zip(alike, torch.split(flat, [t.numel() for t in alike]), strict=True):
            tensor.copy_(part.view_as(tensor))


def total(number: torch.Tensor) -> torch.Tensor:
    """The sum of a tensor over all ranks; a new tensor."""
    added = number.clone()
    add_up([added])
    return added


def everyone(value: Value) -> list[Value]:
    """What every rank has, in the order of ranks; plain values and CPU tensors travel best."""
    size = ranks().size
    if size == 1:
        return [value]
    found: list[Any] = [None] * size
    dist.all_gather_object(found, value)
    return found


def wait() -> None:
    """Until every rank is here."""
    if ranks().size > 1:
        dist.barrier()


def gather_rows(
    tensors: dict[str, torch.Tensor], *, offset: str
) -> tuple[dict[str, torch.Tensor], slice]:
    """Rows of all ranks under one another, and which of them are this rank's.

    Args:
        tensors: (B, ...) each; second axes may differ in length between ranks and are filled up
            with zeros behind.
        offset: the name of a tensor of group numbers, which are made different on each rank.
    """
    place = ranks()
    if place.size == 1:
        return tensors, slice(None)
    parts = everyone({key: value.cpu() for key, value in tensors.items()})
    counts = [len(part[offset]) for part in parts]
    filled = [part[offset] for part in parts if len(part[offset])]  # a rank may have no rows
    shift = 1 + max((int(numbers.max()) for numbers in filled), default=0)
    for number, part in enumerate(parts):
        part[offset] = part[offset] + number * shift
    found = {
        key: torch.cat(_equally_long([part[key] for part in parts])).to(tensors[key].device)
        for key in tensors
    }
    begin = sum(counts[: place.rank])
    return found, slice(begin, begin + counts[place.rank])


def _equally_long(parts: list[torch.Tensor]) -> list[torch.Tensor]:
    if parts[0].dim() < 2:
        return parts
    longest = max(part.shape[1] for part in parts)
    return [nn.functional.pad(part, (0, longest - part.shape[1])) for part in parts]
