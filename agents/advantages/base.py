"""What advantages share: answers to the same prompt compared."""

from dataclasses import dataclass

import torch


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


def grouped(scores: torch.Tensor, groups: torch.Tensor) -> Groups:
    """Compare scores (B,) within groups (B,); rows of a group need not be neighbours.

    Raises:
        ValueError: no rows, or a score is not finite; the message names the first such row.
        TypeError: groups are not int64.
    """
    if groups.dtype != torch.int64:
        raise TypeError(f"groups: expected torch.int64, got {groups.dtype}")
    if len(scores) == 0:
        raise ValueError("scores: expected at least one row, got none")
    bad = ~torch.isfinite(scores)
    if bool(bad.any()):
        row = int(bad.nonzero()[0])
        raise ValueError(f"scores: row {row} is {float(scores[row])}; expected finite numbers")
    _, index, counts = torch.unique(groups, return_inverse=True, return_counts=True)
    size = counts[index]
    # Counting from the group's least score makes equal scores deviate by exactly 0; with a
    # rounded mean, the division by a standard deviation near 0 would blow the rounding up.
    least = scores.new_zeros(len(counts))
    least = least.scatter_reduce(0, index, scores, "amin", include_self=False)
    above = scores - least[index]
    return Groups(index, size, above - total(above, index)[index] / size)


def total(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Sum of values (B,) per group, (groups,)."""
    return values.new_zeros(int(index.max()) + 1).index_add(0, index, values)
