"""Figures of a rollout that every log holds, whatever is learned from it.

| figure | |
|---|---|
| valid | share of actions that were legal |
| entropy | nats per action |
| length, reward, reward_std, true_reward | of episodes; the truth unless it is hidden |
| kl | from the reference, or, where there is none, of the update: how far it moved the policy |

Episodes may be longer than an update. Where none ended, figures are of the last update in which
some did; before that, of the running ones, as far as they have come (`LatestEpisodes`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from plaudit.agents import kl
from plaudit.agents.types import Rollout
from plaudit.envs.types import State


class Episode(NamedTuple):
    """An episode, finished or as far as it has come.

    Attributes:
        score: what the learner was paid, reward units.
        true_score: the true return, for logs only; None where it is hidden.
        length: steps.
    """

    score: float
    true_score: float | None
    length: int


class LatestEpisodes:
    """Figures of episodes for every row of a log, also where no episode ended."""

    def __init__(self) -> None:
        self._latest: dict[str, float] = {}

    def row(self, ended: dict[str, float], running: dict[str, float]) -> dict[str, float]:
        """The figures to log.

        Args:
            ended: figures of the episodes that ended; empty where none did.
            running: of those that go on.
        """
        self._latest = ended or self._latest
        return dict(self._latest or running)

    def get_state(self) -> State:
        """What a later row may hold: a fresh copy."""
        return dict(self._latest)

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        self._latest = dict(state)


def of_episodes(episodes: Sequence[Episode]) -> dict[str, float]:
    """Figures of some episodes; nothing of none.

    Args:
        episodes: all of one world.
    """
    if not episodes:
        return {}
    scores = np.array([episode.score for episode in episodes])
    row = {"reward": float(scores.mean()), "reward_std": float(scores.std())}
    row["length"] = float(np.mean([episode.length for episode in episodes]))
    truths = [episode.true_score for episode in episodes if episode.true_score is not None]
    return row | ({"true_reward": float(np.mean(truths))} if truths else {})


def moved(before: torch.Tensor, now: torch.Tensor) -> float:
    """KL of a policy from what it was, nats per action.

    Args:
        before: (R,) log-probabilities of what was done, when it was done.
        now: (R,) the same under the present policy.
    """
    return float(kl.k3(before[:, None], now[:, None]).mean())


def figures(
    rollout: Rollout, log_ratio: torch.Tensor, measured: torch.Tensor | None = None
) -> dict[str, float]:
    """Means over the rows that did not fail; NaN where all of them did.

    Args:
        rollout: B answers.
        log_ratio: (B, T) log pi(token) - log reference(token), nats, 0 where masked.
        measured: (b,) int64, rows whose log-ratio is known; None for all.

    Returns:
        tokens: chosen ones, in all. reward, reward_std: of the scores, as paid. true_reward: unless
            hidden. kl: nats per answer, estimated by the log-ratio. entropy: nats per token,
            estimated by -log pi. length: chosen tokens per answer. ended, failed: share of rows.
            valid: share of tokens that the world could take.
    """
    batch, mask = rollout.batch, rollout.batch.action_mask
    kept = mask.any(1)
    scores = rollout.rewards.sum(1)[kept]
    row = {
        "tokens": float(mask.sum()),
        "reward": float(scores.mean()),
        "reward_std": float(scores.std()) if len(scores) > 1 else 0.0,
        "kl": float(log_ratio.sum(1)[kept if measured is None else measured].mean()),
        "entropy": float(-batch.logp[mask].mean()),
        "length": float(mask.sum(1)[kept].float().mean()),
        "ended": batch.status.count("ended") / len(batch.status),
        "failed": batch.status.count("failed") / len(batch.status),
        "valid": rollout.valid,
    }
    if rollout.true_scores is not None:
        row["true_reward"] = float(rollout.true_scores[kept.cpu()].mean())
    return row
