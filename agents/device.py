"""Where tensors lie: the device that a name stands for, and transfers to it."""

import torch

from plaudit.agents import distributed


def resolve_device(device: str | torch.device) -> torch.device:
    """The device named; "auto" is a GPU where there is one (of this rank), else the CPU.

    Raises:
        ValueError: a GPU is asked for and there is none.
        RuntimeError: torch knows no such device.
    """
    if device == "auto":
        distributed.ranks()  # under torchrun each rank has a GPU of its own
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = torch.device(device)
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {str(device)!r}: this torch finds no GPU; use 'auto' or 'cpu'")
    return found


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on the device; pinned, so that a copy to a GPU does not hold the CPU up."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
