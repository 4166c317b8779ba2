"""What a reward model that reads whole answers says of their tokens: shares, or a potential.

    agents.make("ppo", env, policy=policy, shares=partial(attention, model=env.loop.model))
    agents.make("ppo", env, policy=policy, potentials=partial(promise, model=env.loop.model))

The weights of an answer are known when it is finished. So what they pay for a token depends on
tokens behind it, and a learner that drops what was paid before an action (returns to go, GAE) drops
a part of what the action did: its gradient is biased, though every answer is paid its score. The
score of the unfinished answer is a potential of the state; shaping by it has no such bias.

Source: arXiv:2402.00782 (Attention Based Credit).
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.types import Rollout


class Attends(Protocol):
    """A model that shows where it looked, as `feedback.model("attention")` does."""

    pad_id: int

    def attention(self, texts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Weights (B, L) of texts (B, L), 0 on padding."""
        ...

    def scores(self, texts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """What texts (B, L) are worth, (B,)."""
        ...


def attention(
    rollout: Rollout, *, model: Attends, shuffle: torch.Generator | None = None
) -> torch.Tensor:
    """Where a reward model looked in each answer, (B, T), not negative; 0 behind its end.

    Args:
        rollout: B answers. Of a row that failed, the prompt alone is read.
        model: of the same tokens.
        shuffle: draws which weight each token of an answer gets instead of its own, for ablations.

    Source: arXiv:2402.00782.
    """
    texts, begin = _texts(rollout, model.pad_id)
    weights = torch.from_numpy(model.attention(texts)[:, begin:])
    if shuffle is not None:
        mask = rollout.batch.action_mask.cpu()
        draws = torch.rand(weights.shape, generator=shuffle)
        # Sorted by its draw, each chosen place takes the weight of another; the masked stay behind.
        draws = draws.where(mask, 1.0)
        places = mask.int().argsort(dim=1, descending=True, stable=True)
        order = draws.argsort(dim=1, stable=True)
        weights = torch.zeros_like(weights).scatter(1, places, weights.gather(1, order))
    return weights.to(rollout.batch.tokens.device)


def promise(rollout: Rollout, *, model: Attends) -> torch.Tensor:
    """What the text before each position is worth as it stands, (B, T), reward units; of none, 0.

    Args:
        rollout: B answers.
        model: of the same tokens.

    Source: arXiv:2402.00782; Ng, Harada & Russell 1999.
    """
    texts, begin = _texts(rollout, model.pad_id)
    rows, length = texts.shape
    places = np.arange(length)
    before = places < np.arange(begin, length)[:, None]
    unfinished = np.where(before[:, None], texts, model.pad_id).reshape(-1, length)
    said = (unfinished != model.pad_id).any(1)
    worth = np.zeros(len(unfinished), np.float32)
    worth[said] = model.scores(unfinished[said])
    return torch.from_numpy(worth.reshape(-1, rows).T.copy()).to(rollout.batch.tokens.device)


def _texts(rollout: Rollout, pad_id: int) -> tuple[npt.NDArray[np.int64], int]:
    """Prompts and answers, (B, P + T), and where answers begin."""
    batch = rollout.batch
    prompt = torch.where(batch.prompt_mask, batch.prompt_ids, pad_id)
    answer = torch.where(batch.action_mask, batch.tokens, pad_id)
    return torch.cat([prompt, answer], 1).cpu().numpy(), prompt.shape[1]
