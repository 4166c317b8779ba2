"""What searches over answers share: scores, and a search that acts as a policy.

A score says what answers are worth, whole ones or begun ones: `TokenBatch -> (B,)`, higher is
better, in any unit. `scores` has those of worlds, reward models, critics and verifiers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.types import TokenBatch

Score = Callable[[TokenBatch], Any]
"""Answers -> what each is worth, (B,) numbers."""
Search = Callable[[torch.Tensor, torch.Tensor, int, torch.Generator], TokenBatch]
"""(prompt_ids (B, P), prompt_mask (B, P), max_new, rng) -> one answer to each prompt."""


class SearchPolicy:
    """A search as a policy that writes whole answers, e.g. for `plaudit.evaluate`.

    Args:
        policy: whose answers are searched.
        search: finds the answers; `best_of_n` and `beam`, with their settings bound.

    Source: own design.
    """

    def __init__(self, policy: TokenPolicy, search: Search) -> None:
        self.policy, self.search = policy, search
        self.vocab_size = policy.vocab_size

    def respond(
        self, obs: npt.NDArray[np.integer[Any]], *, pad_id: int, max_new: int, seed: int
    ) -> npt.NDArray[np.int64]:
        """Answer a token world; arguments as `TokenPolicy.respond`."""
        ids, mask = read_windows(obs, pad_id)
        batch = self.search(ids, mask, max_new, torch.Generator().manual_seed(seed))
        answers: npt.NDArray[np.int64] = (
            torch.where(batch.action_mask, batch.tokens, pad_id).cpu().numpy()
        )
        return answers


def scored(score: Score, batch: TokenBatch) -> torch.Tensor:
    """What answers are worth, (B,) float64.

    Args:
        score: asked.
        batch: B answers.

    Raises:
        ValueError: not one finite number per answer; the message names the first bad one.
    """
    given = torch.as_tensor(score(batch)).detach().cpu().double()
    if given.shape != (len(batch.tokens),):
        raise ValueError(
            f"a score must give {len(batch.tokens)} numbers, one per answer, got shape "
            f"{tuple(given.shape)}"
        )
    bad = (~torch.isfinite(given)).nonzero()
    if len(bad):
        row = int(bad[0])
        tokens = batch.tokens[row][batch.action_mask[row]].tolist()
        raise ValueError(f"answer {row}, {tokens}, scores {float(given[row])}, no finite number")
    return given
