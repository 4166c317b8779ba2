"""What an answer is really worth: true returns, KL and texts of fresh answers on fixed prompts.

The only place in `agents/` that knows the truth; it plays the plain world, without feedback.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.tokens import AnyVector, collect

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TokenEvaluation:
    """Answers of one policy on a panel.

    Attributes:
        true_return: (B,) true return of each answer, the world's unit.
        kl: (B,) log pi(answer) - log reference(answer), nats; its mean estimates the KL.
        tokens: (B, T) int64 answers.
        lengths: (B,) tokens.
        info: the world's info of each answer's last step.
    """

    true_return: Floats
    kl: Floats
    tokens: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    info: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, float]:
        """Means for a log: true_return, kl (nats), length (tokens)."""
        return {
            "true_return": float(self.true_return.mean()),
            "kl": float(self.kl.mean()),
            "length": float(self.lengths.mean()),
        }


@torch.no_grad()
def evaluate_answers(
    policy: TokenPolicy,
    reference: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    sampling_seed: int = 0,
) -> TokenEvaluation:
    """Answer a panel of prompts in the plain world.

    Args:
        policy: is measured.
        reference: what its KL is measured from.
        venv: the plain world, auto-reset disabled, B rows.
        seeds: a multiple of B prompt seeds; they are played B at a time.
        sampling_seed: of the answers' own stream.
    """
    rows = venv.num_envs
    if len(seeds) % rows:
        raise ValueError(f"expected a multiple of {rows} seeds, one per row, got {len(seeds)}")
    rng = torch.Generator().manual_seed(sampling_seed)
    parts = []
    for start in range(0, len(seeds), rows):
        rollout = collect(policy, venv, seeds=seeds[start : start + rows], rng=rng)
        batch = rollout.batch
        ratio = policy.logp(batch) - reference.logp(batch)
        parts.append(
            TokenEvaluation(
                rollout.rewards.sum(1).double().cpu().numpy(),
                ratio.sum(1).double().cpu().numpy(),
                batch.tokens.cpu().numpy(),
                batch.action_mask.sum(1).cpu().numpy(),
                rollout.info,
            )
        )
    return TokenEvaluation(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("true_return", "kl", "tokens", "lengths")
        ),
        info=_joined([part.info for part in parts]),
    )


def _joined(infos: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: np.concatenate([info[key] for info in infos])
        for key, value in infos[0].items()
        if isinstance(value, np.ndarray)
    }
