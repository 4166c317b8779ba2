"""What advantages share: scores compared within groups, and sums that run backwards in a row.

A backward sum has the form x_t = a_t + d_t x_{t+1}. Positions that the policy did not choose
(prompts, observations, padding) are passed over as if they were not there, so "next" always means
the next *chosen* position of the row.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from plaudit.agents import masking

EPSILON = 1e-4  # reward units, added to a standard deviation, as TRL
Std = Literal["group", "batch", "none"]


@dataclass(frozen=True)
class Groups:
    """Scores seen from within their groups.

    Attributes:
        index: (B,) int64, the number of each row's group, 0 .. groups - 1.
        size: (B,) int64, rows in each row's group.
        deviation: (B,) reward units, score minus the group's mean; exactly 0 where all are equal.
    """

    index: torch.Tensor
    size: torch.Tensor
    deviation: torch.Tensor


@dataclass(frozen=True)
class Runs:
    """Chosen positions that belong together: the turns, or the macro actions, of all rows.

    Attributes:
        index: (N,) int64, the number of the run of each chosen position, 0 .. R - 1; positions and
            runs are counted row by row, from left to right.
        first: (B, T) bool, where a run begins.
        last: (B, T) bool, where a run ends.
    """

    index: torch.Tensor
    first: torch.Tensor
    last: torch.Tensor


def grouped(
    scores: torch.Tensor, groups: torch.Tensor, *, weights: torch.Tensor | None = None
) -> Groups:
    """Compare scores (B,) within groups (B,); rows of a group need not be neighbours.

    Args:
        scores: (B,) reward units.
        groups: (B,) int64.
        weights: (B,) above 0, of the group's mean; None for equal ones.

    Raises:
        ValueError: no rows, or a score is not finite; the message names the first such row.
        TypeError: groups are not int64.
    """
    require_int64("groups", groups)
    require_finite("scores", scores)
    _, index, counts = torch.unique(groups, return_inverse=True, return_counts=True)
    # Counting from the group's least score makes equal scores deviate by exactly 0; with a
    # rounded mean, the division by a standard deviation near 0 would blow the rounding up.
    least = scores.new_zeros(len(counts))
    least = least.scatter_reduce(0, index, scores, "amin", include_self=False)
    above = scores - least[index]
    share = torch.ones_like(scores) if weights is None else weights
    mean = total(share * above, index) / total(share, index)
    return Groups(index, counts[index], above - mean[index])


def standardised(scores: torch.Tensor, groups: torch.Tensor, std: Std) -> torch.Tensor:
    """Scores minus their group's mean, over a standard deviation plus `EPSILON`, (B,).

    Args:
        scores: (B,) reward units.
        groups: (B,) int64.
        std: whose unbiased spread divides: the row's "group", the whole "batch", or "none" at all.

    Raises:
        ValueError: unknown `std`, no rows, a score is not finite.
        TypeError: groups are not int64.
    """
    if std not in get_args(Std):
        raise ValueError(f"std must be one of {', '.join(get_args(Std))}, got {std!r}")
    within = grouped(scores, groups)
    if std == "none":
        return within.deviation
    if std == "batch":
        spread = scores.std() if len(scores) > 1 else scores.new_zeros(())
    else:
        squares = total(within.deviation.square(), within.index)[within.index]
        spread = (squares / (within.size - 1).clamp(min=1)).sqrt()
    return within.deviation / (spread + EPSILON)


def total(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Sum of values (N,) per number of `index` (N,), (numbers,)."""
    return values.new_zeros(int(index.max()) + 1).index_add(0, index, values)


def placed(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Values (N,) at the N True cells of a mask, row by row from left to right; 0 elsewhere."""
    return values.new_zeros(mask.shape).masked_scatter(mask, values)


def runs(name: str, numbers: torch.Tensor, mask: torch.Tensor) -> Runs:
    """Read which chosen positions belong together: neighbours in a row with equal numbers.

    Args:
        name: what the numbers are called, for the message.
        numbers: (B, T) int64; not read where masked.
        mask: (B, T) bool, True somewhere.

    Raises:
        ValueError: numbers fall along a row; the message names it.
        TypeError: numbers are not int64.
    """
    require_int64(name, numbers)
    rows, places = mask.nonzero(as_tuple=True)
    number = numbers[mask]
    neighbours = rows[1:] == rows[:-1]
    falls = (neighbours & (number[1:] < number[:-1])).nonzero()
    if len(falls) > 0:
        at = int(falls[0])
        raise ValueError(
            f"{name}: row {int(rows[at])} goes from {int(number[at])} back to "
            f"{int(number[at + 1])} at position {int(places[at + 1])}; numbers must not fall "
            "along a row"
        )
    edge = neighbours.new_ones(1)
    begins = torch.cat([edge, ~neighbours | (number[1:] != number[:-1])])
    ends = torch.cat([begins[1:], edge])
    return Runs(begins.cumsum(0) - 1, placed(begins, mask), placed(ends, mask))


def estimate(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    *,
    gamma: float,
    lam: float,
    last_value: torch.Tensor | None = None,
    ends: torch.Tensor | None = None,
) -> torch.Tensor:
    """Generalised advantage estimation over chosen positions, (B, T), 0 where masked.

    Args:
        rewards: (B, T) reward units, 0 where masked.
        values: (B, T) reward units, 0 where masked.
        mask: (B, T) bool.
        gamma: discount per chosen position.
        lam: weight of errors further ahead.
        last_value: (B,) reward units, the value of what follows the row; None for 0.
        ends: (B, T) bool, the last position of an episode, chosen or not; nothing flows over it.
    """
    errors = one_step_errors(rewards, values, mask, gamma=gamma, last_value=last_value, ends=ends)
    return backward_sum(errors, mask, gamma * lam, ends)


def one_step_errors(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    *,
    gamma: float,
    last_value: torch.Tensor | None = None,
    ends: torch.Tensor | None = None,
) -> torch.Tensor:
    """r_t + gamma V_{t+1} - V_t, (B, T), 0 where masked; arguments as of `estimate`.

    V_{t+1} is the value at the next chosen position, `last_value` behind the last, 0 over an end.
    """
    following = next_chosen(mask)
    beyond = values.new_zeros(len(values)) if last_value is None else last_value.to(values.dtype)
    ahead = torch.cat([values, beyond.unsqueeze(1)], dim=1).gather(1, following)
    if ends is not None:
        passed = torch.nn.functional.pad(ends.cumsum(dim=1), (1, 0))  # ends before each position
        ahead = ahead.masked_fill(passed.gather(1, following) > passed[:, :-1], 0.0)
    return torch.where(mask, rewards + gamma * ahead - values, 0.0)


def backward_sum(
    amounts: torch.Tensor, mask: torch.Tensor, discount: float, ends: torch.Tensor | None = None
) -> torch.Tensor:
    """Amount here plus the discounted sum from the next chosen position on, (B, T); 0 where masked.

    Args:
        amounts: (B, T), 0 where masked.
        mask: (B, T) bool.
        discount: per chosen position.
        ends: (B, T) bool, the last position of an episode, chosen or not; nothing flows over it.

    Raises:
        TypeError: ends are not boolean.
    """
    discounts = torch.ones_like(amounts).masked_fill(mask, discount)
    if ends is not None:
        if ends.dtype != torch.bool:
            raise TypeError(f"ends: expected torch.bool, got {ends.dtype}; use ends.bool()")
        discounts = discounts.masked_fill(ends, 0.0)
    # Time first, so that a step of the only loop works on neighbouring numbers.
    sums = amounts.t().clone(memory_format=torch.contiguous_format)
    steps = list(zip(sums.unbind(), discounts.t().contiguous().unbind(), strict=True))
    carry = amounts.new_zeros(len(amounts))
    for here, discounted in reversed(steps):
        carry = here.add_(discounted * carry)
    return torch.where(mask, sums.t(), 0.0)


def next_chosen(mask: torch.Tensor) -> torch.Tensor:
    """The chosen position that follows each position, (B, T) int64; T where none does."""
    width = mask.shape[1]
    places = torch.arange(width, device=mask.device)
    ahead = torch.where(mask, places, width).flip(1).cummin(1).values.flip(1)
    return torch.cat([ahead[:, 1:], ahead.new_full((len(ahead), 1), width)], dim=1)


def read_last_value(last_value: torch.Tensor | None, mask: torch.Tensor) -> torch.Tensor | None:
    """The values of what follows rows with a chosen position, (B,), detached; None stays None.

    Raises:
        ValueError: such a value is not finite; the message names the row.
    """
    if last_value is None:
        return None
    alive = mask.any(dim=1, keepdim=True)
    return masking.select("last_value", last_value.unsqueeze(1), alive).detach()[:, 0]


def present(**named: tuple[torch.Tensor | None, str]) -> dict[str, tuple[torch.Tensor, str]]:
    """Of optional tensors with their axes those that were given, for `shapes.check`."""
    return {name: (value, axes) for name, (value, axes) in named.items() if value is not None}


def require_fractions(**named: float) -> None:
    """Hold that settings lie in [0, 1]; ValueError naming the first that does not."""
    for name, fraction in named.items():
        if not 0 <= fraction <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {fraction}")


def require_finite(name: str, values: torch.Tensor) -> None:
    """Hold that values, (B,) or (B, T), are finite, B > 0; ValueError naming the first bad row."""
    if len(values) == 0:
        raise ValueError(f"{name}: expected at least one row, got none")
    bad = ~torch.isfinite(values)
    if bool(bad.any()):
        row, found = int(bad.nonzero()[0, 0]), float(values[bad][0])
        raise ValueError(f"{name}: row {row} is {found}; expected finite numbers")


def require_int64(name: str, numbers: torch.Tensor) -> None:
    """Hold that numbers are int64; TypeError."""
    if numbers.dtype != torch.int64:
        raise TypeError(f"{name}: expected torch.int64, got {numbers.dtype}")
