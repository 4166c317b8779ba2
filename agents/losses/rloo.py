"""RLOO: REINFORCE on whole answers with a leave-one-out baseline, and PPO's clip for reuse.

r_i = prod_t pi(a_it) / pi_old(a_it);  L = -mean_i min(r_i A_i, clip(r_i, 1 - clip, 1 + clip) A_i)

On fresh samples r is 1 and the gradient is REINFORCE's, A_i * grad log pi(answer i).

Source: arXiv:2402.14740 (RLOO); the clipped form is that of TRL's RLOOTrainer.
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import token_mean


def rloo(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    advantage: torch.Tensor,
    mask: torch.Tensor,
    *,
    clip: float = 0.2,
    weights: torch.Tensor | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """The clipped policy loss with one ratio and one advantage per answer.

    Only `logp` receives a gradient.

    Args:
        logp: (B, T) nats, under the policy that learns.
        old_logp: (B, T) nats, under the policy that sampled.
        advantage: (B,) reward units, e.g. of `leave_one_out`.
        mask: (B, T) bool, True where the policy chose the token.
        clip: how far an answer's ratio may leave 1, in (0, 1].
        weights: (B, T) or (B,), factor of the loss, e.g. of `truncated_importance` at the level of
            sequences; an answer gets the mean over its tokens. None for no weights.

    Returns:
        loss: (), reward units; mean over answers with at least one selected token.
        stats: `clip_fraction`, `approx_kl` (nats per answer), `ratio_mean`, `empty_rows`;
            see `base.surrogate`.

    Raises:
        ValueError: shapes differ, all is masked, a selected number is not finite, a bad clip.
        TypeError: the mask is not boolean.

    Source: arXiv:2402.14740 (RLOO).
    Differs: the KL penalty belongs to the reward (the trainer subtracts it there), not to the loss.
    """
    shapes.check(
        logp=(logp, "B T"),
        old_logp=(old_logp, "B T"),
        advantage=(advantage, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    answers = mask.any(dim=1, keepdim=True)
    loss, stats = base.surrogate(
        masking.select("logp", logp, mask).sum(dim=1, keepdim=True),
        masking.select("old_logp", old_logp, mask).sum(dim=1, keepdim=True),
        advantage.unsqueeze(1),
        answers,
        clip=clip,
    )
    if weights is not None:
        loss = base.row_mean(base.weigh(loss.expand_as(mask), weights, mask), mask)
    return token_mean(loss, answers), stats
