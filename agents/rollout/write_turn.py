"""One turn of a conversation: sample on from a cache until every row has ended its turn.

Rows end at different places. What is written by the others meanwhile is a hole in the cache of a
row that has ended, so that all go on from where they are. The last token of each turn is not read
yet: it is the first of what `extend` reads next.

Source: own design.
"""

from typing import Any, NamedTuple

import torch

from plaudit.agents.policies import sampling
from plaudit.agents.policies.base import TokenPolicy


class Turn(NamedTuple):
    """What every row wrote, (B, T) each.

    Attributes:
        tokens: int64, the last one included that ended the turn.
        mask: bool, True where a row wrote.
        logp: float32, nats, of the distribution sampled from; 0 where masked.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    logp: torch.Tensor


@torch.no_grad()
def write_turn(
    policy: TokenPolicy,
    logits: torch.Tensor,
    cache: Any,
    live: torch.Tensor,
    *,
    max_new: int,
    stops: torch.Tensor,
    rng: torch.Generator,
    greedy: bool = False,
) -> tuple[Turn, Any]:
    """Sample a turn in the live rows.

    Args:
        policy: writes.
        logits: (B, V) of the first token.
        cache: of the policy; the rows that are not live stay as they are.
        live: (B,) bool, rows that write.
        max_new: longest turn, tokens, at least 1.
        stops: (V,) bool, tokens that end a turn.
        rng: each call draws B * max_new numbers, whatever the turns are.
        greedy: take the likeliest token each time.

    Returns:
        The turn, and the cache, which has read all but each row's last token.

    Raises:
        ValueError: logits are not finite.

    Source: own design.
    """
    shape = (len(logits), max_new)
    uniform = sampling.uniform(shape, rng).to(logits.device)
    tokens = torch.full(shape, policy.pad_id, device=logits.device)
    mask = torch.zeros(shape, dtype=torch.bool, device=logits.device)
    logp = torch.zeros(shape, device=logits.device)
    running = live
    for t in range(max_new):
        scores = sampling.log_probs(logits, policy.temperature, policy.top_k, policy.top_p)
        chosen = scores.argmax(-1) if greedy else sampling.draw(scores, uniform[:, t])
        mask[:, t] = running
        tokens[:, t] = torch.where(running, chosen, policy.pad_id)
        logp[:, t] = torch.where(running, sampling.pick(scores, chosen), 0.0)
        running = running & ~stops[chosen]
        if t + 1 == max_new or not running.any():
            break
        logits, cache = policy.extend(chosen.unsqueeze(1), running.unsqueeze(1), cache)
    return Turn(tokens, mask, logp), cache
