"""What an answer is really worth: true rewards, KL and texts of fresh answers on fixed prompts.

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
from plaudit.agents.types import Rollout
from plaudit.envs.text import Tokenizer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TokenEvaluation:
    """Answers of one policy on a panel.

    Attributes:
        rewards: (B, T) true reward at each token, the world's unit.
        kl: (B,) log pi(answer) - log reference(answer), nats; its mean estimates the KL.
        lengths: (B,) tokens of each answer.
        texts: (prompt, answer) of each row, or empty without a tokenizer.
        info: numbers and flags of the world's last step, (B,) each, e.g. a held-out score.
    """

    rewards: Floats
    kl: Floats
    lengths: npt.NDArray[np.int64]
    texts: list[tuple[str, str]] = field(default_factory=list)
    info: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def true_return(self) -> Floats:
        """(B,) true return of each answer."""
        total: Floats = self.rewards.sum(1)
        return total

    def summary(self) -> dict[str, float]:
        """Means for a log: true_return, kl (nats), length (tokens), and those of `info`."""
        return {
            "true_return": float(self.true_return.mean()),
            "kl": float(self.kl.mean()),
            "length": float(self.lengths.mean()),
            **{key: float(value.mean()) for key, value in self.info.items()},
        }

    def samples(self, count: int) -> list[dict[str, Any]]:
        """The first answers of the panel as JSON values: prompt, answer, paid, true_return."""
        return [
            {
                "prompt": prompt,
                "answer": answer,
                "paid": [round(float(x), 3) for x in self.rewards[i, : self.lengths[i]]],
                "true_return": round(float(self.true_return[i]), 3),
                **{
                    key: round(float(value[i]), 3)
                    for key, value in self.info.items()
                    if value.dtype.kind == "f"
                },
            }
            for i, (prompt, answer) in enumerate(self.texts[:count])
        ]


@torch.no_grad()
def evaluate_answers(
    policy: TokenPolicy,
    reference: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    sampling_seed: int = 0,
    tokenizer: Tokenizer | None = None,
) -> TokenEvaluation:
    """Answer a panel of prompts in the plain world.

    Args:
        policy: is measured.
        reference: what its KL is measured from.
        venv: the plain world, auto-reset disabled, B rows.
        seeds: a multiple of B prompt seeds; they are played B at a time.
        sampling_seed: of the answers' own stream.
        tokenizer: turns prompts and answers into texts, if given.
    """
    rows = venv.num_envs
    if not seeds or len(seeds) % rows:
        raise ValueError(f"expected a multiple of {rows} seeds, one per row, got {len(seeds)}")
    rng = torch.Generator().manual_seed(sampling_seed)
    parts = []
    for start in range(0, len(seeds), rows):
        rollout = collect(policy, venv, seeds=seeds[start : start + rows], rng=rng)
        logp = rollout.batch.logp
        ratio = logp - (logp if policy is reference else reference.logp(rollout.batch))
        parts.append(
            TokenEvaluation(
                rollout.rewards.double().cpu().numpy(),
                ratio.sum(1).double().cpu().numpy(),
                rollout.batch.action_mask.sum(1).cpu().numpy(),
                _texts(rollout, tokenizer),
                _numbers(rollout.info),
            )
        )
    return TokenEvaluation(
        np.concatenate([part.rewards for part in parts]),
        np.concatenate([part.kl for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        [text for part in parts for text in part.texts],
        {key: np.concatenate([part.info[key] for part in parts]) for key in parts[0].info},
    )


def _texts(rollout: Rollout, tokenizer: Tokenizer | None) -> list[tuple[str, str]]:
    if tokenizer is None:
        return []
    batch = rollout.batch
    return [
        (
            tokenizer.decode(batch.prompt_ids[i][batch.prompt_mask[i]].tolist()),
            tokenizer.decode(batch.tokens[i][batch.action_mask[i]].tolist()),
        )
        for i in range(len(batch.tokens))
    ]


def _numbers(info: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    return {
        key: value
        for key, value in info.items()
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "bif"
    }
