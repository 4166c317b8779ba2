"""Inverse soft Q-learning on tokens: Q-values whose implied rewards explain an expert.

Logits are Q-values; for a chosen token they imply the reward rho_t = Q_t(a_t) - gamma V_{t+1}, with
V = 0 after the last. Their worth is the expert's implied reward minus what any policy could get:

L = -E_expert[sum rho_t] + E[sum (V_t - gamma V_{t+1})] + chi2 E[sum rho_t^2]

the last two over the expert's rows and, if there are any, in equal parts over the policy's own,
which tells it what its rewards are worth where the expert never went.

With gamma 1 and chi2 0 the sums telescope and this is the expert's negative log-likelihood. chi2
bounds the rewards; in one step the minimum is where pi(a) = expert(a) (1 - 2 chi2 Q(a)).

Source: arXiv:2106.12142 (IQ-Learn), chi-square form; arXiv:2306.05426 (on text).
"""

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate
from plaudit.agents.losses.q_values import choices, following


def inverse_q(
    logits: torch.Tensor,
    tokens: torch.Tensor,
    expert: torch.Tensor,
    mask: torch.Tensor,
    *,
    chi2: float = 0.5,
    gamma: float = 1.0,
    temperature: float = 1.0,
    aggregation: str = "sequence_sum_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Imitation that learns the expert's reward and policy at once; no adversary, no sampling.

    Only `logits` receives a gradient.

    Args:
        logits: (B, T, V) reward units, Q-value of every token.
        tokens: (B, T) int64, the tokens chosen.
        expert: (B,) bool, True where the expert chose them, False where the policy did.
        mask: (B, T) bool, True where a token was chosen.
        chi2: weight of the squared reward, at least 0; 1 / (4 alpha) of the source, where alpha
            is 1/2.
        gamma: discount per chosen token, in (0, 1].
        temperature: reward units per nat, above 0.
        aggregation: a key of `aggregate.AGGREGATIONS`, over the expert's rows and the policy's
            apart.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), reward units.
        stats: `expert_reward` and `own_reward`, mean implied reward per position, NaN without such
            rows; `value`, mean V; `empty_rows`.

    Raises:
        ValueError: shapes differ, no position of an expert is selected, a selected number is not
            finite, a token outside the vocabulary, a bad weight, discount or temperature.
        TypeError: the mask or `expert` is not boolean, or tokens are not int64.
        KeyError: unknown aggregation.

    Source: arXiv:2106.12142.
    Differs: an episode ends with its last token; the end token is not an absorbing state.
    """
    shapes.check(
        logits=(logits, "B T V"),
        tokens=(tokens, "B T"),
        expert=(expert, "B"),
        mask=(mask, "B T"),
    )
    masking.require(mask)
    if expert.dtype != torch.bool:
        raise TypeError(f"expert: expected torch.bool, got {expert.dtype}")
    if not (0 <= chi2 < float("inf") and 0 < gamma <= 1):
        raise ValueError(
            f"chi2 must be finite and at least 0 and gamma in (0, 1], got {chi2} and {gamma}"
        )
    shown, own = mask & expert.unsqueeze(1), mask & ~expert.unsqueeze(1)
    if not bool(shown.any()):
        raise ValueError("expert: no selected position is in an expert's row")
    reduce = aggregate(aggregation, length=length)
    seen = choices("logits", logits, tokens, mask, temperature=temperature)
    later = gamma * following(seen.value, mask)
    reward = seen.q - later
    cost = seen.value - later + chi2 * reward.square()
    everywhere = reduce(cost, shown)
    if bool(own.any()):
        everywhere = (everywhere + reduce(cost, own)) / 2
    stats = {
        "expert_reward": base.mean(reward, shown),
        "own_reward": base.mean(reward, own),
        "value": base.mean(seen.value, mask),
        "empty_rows": base.empty_rows(mask),
    }
    return everywhere - reduce(reward, shown), stats
