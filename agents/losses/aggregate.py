"""From losses per token to one number: which average is taken decides what long answers weigh.

| name | value | as in |
|---|---|---|
| token_mean | sum of tokens / number of tokens | PPO, DAPO, BNPO: a long answer weighs more |
| sequence_mean | mean over rows of the row's token mean | GRPO: tokens of long answers weigh less |
| sequence_sum_mean | mean over rows of the row's sum | REINFORCE on whole answers |
| fixed_length_mean | sequence_sum_mean / length | Dr. GRPO: no length bias |

Rows without a selected token (a failed rollout) are left out of the number of rows.

Source: arXiv:2402.03300 eq. 3 (sequence_mean), arXiv:2503.14476 eq. 8 (token_mean),
    arXiv:2503.20783 (fixed_length_mean).
Differs: TRL counts a row without a selected token as a zero; verl leaves it out, as here.
"""

from collections.abc import Callable
from functools import partial

import torch

from plaudit.agents import masking, shapes
from plaudit.envs.names import nearest

Aggregation = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def token_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over all selected tokens of the batch, ().

    Args:
        values: (B, T) any unit; masked positions may hold anything.
        mask: (B, T) bool.
    """
    if masking.is_trusted():
        return values.mean()
    return _row_sums(values, mask).sum() / mask.sum()


def sequence_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over rows of each row's mean over its selected tokens, ().

    Args:
        values: (B, T) any unit; masked positions may hold anything.
        mask: (B, T) bool.
    """
    sums = _row_sums(values, mask)
    return (sums / mask.sum(dim=1).clamp(min=1)).sum() / _rows(mask)


def sequence_sum_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over rows of each row's sum over its selected tokens, ().

    Args:
        values: (B, T) any unit; masked positions may hold anything.
        mask: (B, T) bool.
    """
    return _row_sums(values, mask).sum() / _rows(mask)


def fixed_length_mean(values: torch.Tensor, mask: torch.Tensor, *, length: int) -> torch.Tensor:
    """Mean over rows of each row's sum divided by one length for all, ().

    Args:
        values: (B, T) any unit; masked positions may hold anything.
        mask: (B, T) bool.
        length: tokens, usually the longest answer allowed.

    Raises:
        ValueError: length is below 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1 token, got {length}")
    return sequence_sum_mean(values, mask) / length


AGGREGATIONS: dict[str, Callable[..., torch.Tensor]] = {
    "fixed_length_mean": fixed_length_mean,
    "sequence_mean": sequence_mean,
    "sequence_sum_mean": sequence_sum_mean,
    "token_mean": token_mean,
}


def aggregate(name: str, *, length: int | None = None) -> Aggregation:
    """The named aggregation, a function of (values, mask).

    Args:
        name: a key of `AGGREGATIONS`.
        length: tokens; needed by "fixed_length_mean", refused by the others.

    Raises:
        KeyError: the name is unknown; the message names the nearest one.
        ValueError: length is missing or makes no sense.
    """
    if name not in AGGREGATIONS:
        raise KeyError(f"unknown aggregation {name!r}{nearest(name, AGGREGATIONS)}")
    if (length is not None) != (name == "fixed_length_mean"):
        raise ValueError(
            f"length={length} with aggregation {name!r}: 'fixed_length_mean' needs a length in "
            "tokens, and only it takes one"
        )
    return AGGREGATIONS[name] if length is None else partial(fixed_length_mean, length=length)


def _row_sums(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    shapes.check(values=(values, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    return torch.where(mask, values, 0.0).sum(dim=1)


def _rows(mask: torch.Tensor) -> torch.Tensor:
    return mask.any(dim=1).sum()
