"""Log-probabilities and entropies of a categorical distribution, with a gradient written down.

d logp / d logit_j    = [j chosen] - p_j
d entropy / d logit_j = -p_j (log p_j + entropy)

A quarter of the operations that autograd would record, and exactly zero, never NaN, where a logit
is -inf because an action is illegal.

Source: own design; what goes wrong elsewhere is sb3-contrib's issue 221.
"""

from typing import Any

import torch
from torch.autograd.function import once_differentiable

# Behind exp(-745) float64 knows only 0: there p log p is 0, and must not become 0 * inf.
LEAST_LOG = -1e3


def categorical_score(
    logits: torch.Tensor, action: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of choices and entropies, (B,) each, nats; differentiable.

    Args:
        logits: (B, choices); -inf where illegal, but not everywhere in a row.
        action: (B, 1) int64, the column chosen.
    """
    scored: tuple[torch.Tensor, torch.Tensor] = _Score.apply(logits, action)  # type: ignore[no-untyped-call]
    return scored


class _Score(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, logits: torch.Tensor, action: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        log_p = torch.log_softmax(logits, 1)
        logp = log_p.gather(1, action).squeeze(1)
        log_p = log_p.clamp_min(LEAST_LOG)
        p = log_p.exp()
        entropy = -(p * log_p).sum(1)
        ctx.save_for_backward(p, log_p, entropy, action)
        return logp, entropy

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, logp: torch.Tensor, entropy: torch.Tensor) -> tuple[torch.Tensor, None]:
        p, log_p, spread, action = ctx.saved_tensors
        logp, entropy = logp.unsqueeze(1), entropy.unsqueeze(1)
        pull = (log_p + spread.unsqueeze(1)).mul_(entropy).add_(logp)
        return pull.mul_(p).neg_().scatter_add_(1, action, logp), None
