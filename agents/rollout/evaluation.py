"""What writing is really worth: true rewards and texts of answers or conversations on a panel.

The only place in `agents/` that knows the truth; it plays the plain world, without feedback.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.rollout.play import play
from plaudit.agents.rollout.turns import collect_turns
from plaudit.agents.rollout.worlds import AnyVector
from plaudit.agents.types import Rollout, TokenBatch
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
        rollout = play(policy, venv, seeds=seeds[start : start + rows], rng=rng)
        parts.append(
            TokenEvaluation(
                rollout.rewards.double().cpu().numpy(),
                _kl(rollout.batch, None if policy is reference else reference),
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


@dataclass(frozen=True)
class ConversationEvaluation:
    """Conversations of one policy on a panel. Failed ones count with what they had earned.

    Attributes:
        true_return: (B,) the world's unit.
        kl: (B,) log pi(turns) - log reference(turns), nats; of failed ones, and without a
            reference, 0.
        turns: (B,) texts that the policy wrote. lengths: (B,) tokens of them, of failed ones 0.
        valid: share of the texts that the world could take.
        success: (B,) whether the world called its end a success; False where it does not say.
        status: of each row, as in `TokenBatch`.
        transcripts: of each row (who, text), "world" or "policy", in order.
    """

    true_return: Floats
    kl: Floats
    turns: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    valid: float
    success: npt.NDArray[np.bool_]
    status: list[str]
    transcripts: list[list[tuple[str, str]]]

    def summary(self) -> dict[str, float]:
        """Means for a log; `failed` is the share of rows that failed."""
        return {
            "true_return": float(self.true_return.mean()),
            "kl": float(self.kl.mean()),
            "success": float(self.success.mean()),
            "valid": self.valid,
            "turns": float(self.turns.mean()),
            "length": float(self.lengths.mean()),
            "failed": self.status.count("failed") / len(self.status),
        }

    def samples(self, count: int) -> list[dict[str, Any]]:
        """The first conversations as JSON values: prompt, answer, paid, true_return, status.

        The prompt is what the world said first, the answer all that followed, the policy's turns
        behind "> "; paid is empty, since letters are not paid for.
        """
        return [
            {
                "prompt": said[0][1],
                "answer": "".join(
                    f"\n{'> ' if who == 'policy' else ''}{text}" for who, text in said[1:]
                ),
                "paid": [],
                "true_return": round(float(self.true_return[i]), 3),
                "status": self.status[i],
            }
            for i, said in enumerate(self.transcripts[:count])
        ]


@torch.no_grad()
def evaluate_conversations(
    policy: TokenPolicy,
    conversations: Conversations,
    *,
    seeds: Sequence[int],
    reference: TokenPolicy | None = None,
    sampling_seed: int = 0,
    greedy: bool = False,
) -> ConversationEvaluation:
    """Hold the conversations of a panel in the plain world.

    Args:
        policy: is measured.
        conversations: of plain worlds, without feedback.
        seeds: of the episodes; they are played a few at a time.
        reference: what the policy's KL is measured from, if asked for.
        sampling_seed: of the policy's own stream.
        greedy: write the likeliest tokens.

    Raises:
        ValueError: there are no seeds, or the truth is hidden.
    """
    if not seeds:
        raise ValueError("expected at least one seed, got none")
    rng = torch.Generator().manual_seed(sampling_seed)
    rows = conversations.num_envs
    parts = [
        collect_turns(policy, conversations, seeds=seeds[i : i + rows], rng=rng, greedy=greedy)
        for i in range(0, len(seeds), rows)
    ]
    scores = [part.true_scores for part in parts if part.true_scores is not None]
    if len(scores) < len(parts):
        raise ValueError("the truth is hidden by HideReward: evaluate in the plain world")
    last = [info for part in parts for info in part.info["last"]]
    transcripts = [said for part in parts for said in part.info["transcript"]]
    turns = np.array([sum(who == "policy" for who, _ in said) for said in transcripts])
    written = [int(turns[i : i + rows].sum()) for i in range(0, len(seeds), rows)]
    return ConversationEvaluation(
        torch.cat(scores).double().numpy(),
        np.concatenate([_kl(part.batch, reference) for part in parts]),
        turns,
        torch.cat([part.batch.action_mask.sum(1).cpu() for part in parts]).numpy(),
        float(np.average([part.valid for part in parts], weights=written)),
        np.array([bool(info.get("success", False)) for info in last]),
        [status for part in parts for status in part.batch.status],
        transcripts,
    )


def _kl(batch: TokenBatch, reference: TokenPolicy | None) -> Floats:
    """(B,) log-ratios of what was written, nats."""
    ratio = batch.logp - (batch.logp if reference is None else reference.logp(batch))
    total: Floats = ratio.sum(1).double().cpu().numpy()
    return total


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
