"""Negative-aware fine-tuning: maximum likelihood on right *and* wrong answers.

The sampler splits by outcome: pi_old = q pi_right + (1 - q) pi_wrong, q the prompt's pass rate.
With pi in the place of pi_right, the wrong answers have an implicit policy of their own, and both
are fitted by maximum likelihood. With R_t = pi(a_t) / pi_old(a_t), per token:

right: L_t = -w log R_t
wrong: L_t = -w negative_weight log max((1 - q R_t) / (1 - q), floor)

The maximum is straight-through: below the floor the value stays, the gradient is that of the
fraction over the floor.

| prompt_weight | w | on fresh samples the gradient is that of |
|---|---|---|
| "grpo" | sqrt((1 - q) / q) | GRPO, advantages (r - q) / sqrt(q (1 - q)) |
| "dr_grpo" | 1 - q | Dr. GRPO, advantages r - q |
| "none" | 1 | neither: prompts count alike |

Source: arXiv:2505.18116, and the authors' code, github.com/NVlabs/NFT (straight-through maximum,
    the default floor and prompt weight).
"""

from typing import Literal, get_args

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate

PromptWeight = Literal["grpo", "dr_grpo", "none"]


def nft(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    correct: torch.Tensor,
    pass_rate: torch.Tensor,
    mask: torch.Tensor,
    *,
    prompt_weight: PromptWeight = "dr_grpo",
    negative_weight: float = 1.0,
    floor: float = 1.0,
    weights: torch.Tensor | None = None,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Likelihood of right answers under the policy, of wrong ones under its implicit negative.

    Only `logp` receives a gradient. Prompts that are always or never solved teach nothing.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        correct: (B,) bool, whether the answer is right.
        pass_rate: (B,) in [0, 1], share of right answers to the row's prompt.
        mask: (B, T) bool, True where the policy chose the token.
        prompt_weight: "grpo", "dr_grpo" or "none"; see the table above.
        negative_weight: of wrong answers, at least 0; 0 is rejection sampling (RAFT).
        floor: least implicit negative ratio, above 0.
        weights: (B, T) or (B,), further factor of the loss at each position or row; none where
            None.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), nats.
        stats: `floor_fraction`, share of positions held at the floor; `approx_kl`, `ratio_mean`,
            `empty_rows`, see `base.ratios`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a pass rate
            outside [0, 1] or one that the answer contradicts, a bad floor or weight.
        TypeError: the mask or `correct` is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:2505.18116.
    Differs: the authors cut pass rates to [0.02, 0.98] and drop prompts with rate 0 or 1 before;
        here rates are taken as given, and those prompts get a gradient of 0.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        correct=(correct, "B"),
        pass_rate=(pass_rate, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    _require_settings(prompt_weight, negative_weight, floor)
    rate = _rates(correct, pass_rate, mask)
    reduce = aggregate(aggregation, length=length)
    logp, ratio, stats = base.ratios(logp, old_logp, mask)
    right = masking.select("old_logp", old_logp, mask).detach() - logp
    share = (1 - rate * ratio) / (1 - rate)
    held = share.detach().clamp(min=floor)
    # The first term is the value, the second adds exactly 0 to it and holds the gradient.
    wrong = -(held.log() + (share - share.detach()) / held)
    wrong_position = mask & ~correct.unsqueeze(1)
    stats = {"floor_fraction": base.mean((share < floor) & wrong_position, mask), **stats}
    factor = {"grpo": ((1 - rate) / rate).sqrt(), "dr_grpo": 1 - rate, "none": rate.new_ones(())}
    taught = ((pass_rate > 0) & (pass_rate < 1)).unsqueeze(1) & mask
    loss = torch.where(wrong_position, negative_weight * wrong, right) * factor[prompt_weight]
    return reduce(base.weigh(torch.where(taught, loss, 0.0), weights, mask), mask), stats


def _require_settings(prompt_weight: str, negative_weight: float, floor: float) -> None:
    if prompt_weight not in get_args(PromptWeight):
        known = ", ".join(get_args(PromptWeight))
        raise ValueError(f"prompt_weight must be one of {known}, got {prompt_weight!r}")
    if not 0 <= negative_weight < float("inf"):
        raise ValueError(f"negative_weight must be finite and at least 0, got {negative_weight}")
    if not 0 < floor < float("inf"):
        raise ValueError(f"floor must be finite and above 0, got {floor}")


def _rates(correct: torch.Tensor, pass_rate: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Pass rates (B, 1) without gradient, 1/2 in rows that teach nothing."""
    if correct.dtype != torch.bool:
        raise TypeError(f"correct: expected torch.bool, got {correct.dtype}")
    answers = mask.any(dim=1, keepdim=True)
    rate = masking.select("pass_rate", pass_rate.detach().unsqueeze(1), answers)
    bad = (rate < 0) | (rate > 1)
    contradicted = answers & torch.where(correct.unsqueeze(1), rate == 0, rate == 1)
    for wrong, expected in (
        (bad, "a share in [0, 1]"),
        (contradicted, "a share that counts the row's own answer"),
    ):
        if bool(wrong.any()):
            row = int(wrong.nonzero()[0, 0])
            raise ValueError(
                f"pass_rate: row {row} is {float(rate[row])}, its answer is "
                f"{'right' if correct[row] else 'wrong'}; expected {expected}"
            )
    return torch.where((rate > 0) & (rate < 1), rate, 0.5)
