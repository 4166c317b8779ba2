"""Masks over positions: what a mask leaves out is never read and gets exactly zero gradient.

Multiplying by a mask is not enough: 0 * NaN is NaN, and so is the gradient of an overflowing
exponential times 0. Every loss therefore replaces what is masked *before* it computes anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_trusted = ContextVar("trusted", default=False)


@contextmanager
def trusted(sure: bool = True) -> Iterator[None]:
    """Within this block losses look at nothing: masks select all, numbers are finite.

    For whoever has made sure of that and calls a loss hundreds of times on small pieces of the same
    data, as a training loop does: looking takes longer than computing. The policy-gradient losses
    also leave out their figures, which one call on the whole tells as well.

    Args:
        sure: False leaves everything as it is.
    """
    before = _trusted.set(sure)
    try:
        yield
    finally:
        _trusted.reset(before)


def is_trusted() -> bool:
    """Whether the caller has made sure that masks select everything; see `trusted`."""
    return _trusted.get()


def require(mask: torch.Tensor) -> None:
    """Hold that a mask is boolean and selects something.

    Raises:
        TypeError: the mask has another dtype (0/1 integers must be converted by the caller).
        ValueError: every position is masked.
    """
    if _trusted.get():
        return
    if mask.dtype != torch.bool:
        raise TypeError(f"mask: expected torch.bool, got {mask.dtype}; convert it with mask.bool()")
    if not bool(mask.any()):
        raise ValueError(
            f"mask: no position is selected, all of shape {tuple(mask.shape)} is False"
        )


def select(name: str, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The values where the mask is True, 0 elsewhere, in at least float32; differentiable.

    Args:
        name: what the values are called, for the message.
        values: (B, T) of any unit; masked positions may hold anything.
        mask: (B, T) bool.

    Raises:
        ValueError: a selected value is not finite; the message names the first such row.
    """
    if _trusted.get():
        return widen(values)
    bad = ~torch.isfinite(values) & mask
    if bool(bad.any()):
        row, token = (int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"{name}: row {row} holds {float(values[row, token])} at position {token}, which the "
            "mask selects; expected finite numbers"
        )
    return torch.where(mask, widen(values), 0.0)


def widen(values: torch.Tensor) -> torch.Tensor:
    """The values in at least float32.

    Half precision has no digits for differences of log-probabilities, and exp overflows at 11 nats.
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))
