r"""Best of n: sample n answers to each prompt and take the one that scores best.

With n answers drawn from pi, and F the distribution function of their scores, the best one's is
distributed as F^n; the KL from pi is at most log n - (n - 1) / n nats.

Source: arXiv:2009.01325; arXiv:2401.01879 (the bound on the KL).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.search.base import Score, scored
from plaudit.agents.types import TokenBatch


@dataclass(frozen=True)
class BestOfN:
    """Answers to B prompts.

    Attributes:
        batch: (B, T) the chosen ones.
        scores: (B, n) float64, of all that were sampled.
        chosen: (B,) int64, which of the n.
    """

    batch: TokenBatch
    scores: torch.Tensor
    chosen: torch.Tensor


def best_of_n(
    policy: TokenPolicy,
    score: Score,
    prompt_ids: torch.Tensor,
    prompt_mask: torch.Tensor,
    *,
    n: int,
    max_new: int,
    rng: torch.Generator,
) -> BestOfN:
    """The best of n answers to each prompt; of equal ones the first.

    Args:
        policy: writes them.
        score: what answers are worth, see `scores`.
        prompt_ids: (B, P) integers, padded on the left.
        prompt_mask: (B, P), true where not padding.
        n: answers per prompt, at least 1; 1 is the policy itself.
        max_new: longest answer, tokens.
        rng: of the answers.

    Raises:
        ValueError: n is too small, a score is not finite, or prompts do not fit the policy.

    Source: arXiv:2009.01325.
    """
    _check(n)
    ids, mask = prompt_ids.repeat_interleave(n, 0), prompt_mask.repeat_interleave(n, 0)
    batch = policy.sample(ids, mask, max_new=max_new, rng=rng)
    scores = scored(score, batch).view(-1, n)
    chosen = scores.argmax(1)
    rows = torch.arange(len(chosen)) * n + chosen
    return BestOfN(batch.rows(rows.to(batch.tokens.device)), scores, chosen)


@dataclass(frozen=True)
class BestTexts:
    """Texts that answer B prompts.

    Attributes:
        texts: the chosen ones.
        scores: (B, n) of all that were said.
        chosen: (B,) int64, which of the n.
    """

    texts: list[str]
    scores: npt.NDArray[np.float64]
    chosen: npt.NDArray[np.int64]


def best_text_of_n(
    speak: Callable[[str, np.random.Generator], str],
    score: Callable[[str, str], float],
    prompts: Sequence[str],
    *,
    n: int,
    rng: np.random.Generator,
) -> BestTexts:
    """The best of n texts said to each prompt; of equal ones the first.

    Args:
        speak: (prompt, rng) -> text, e.g. `interop.partner.Speaker` or a remote model.
        score: (prompt, text) -> number, higher is better.
        prompts: B texts.
        n: texts per prompt, at least 1.
        rng: handed to `speak`.

    Raises:
        ValueError: n is too small, or a score is not finite.

    Source: arXiv:2009.01325.
    """
    _check(n)
    said = [[speak(prompt, rng) for _ in range(n)] for prompt in prompts]
    pairs = zip(prompts, said, strict=True)
    scores = np.array([[score(prompt, text) for text in texts] for prompt, texts in pairs], float)
    scores = scores.reshape(len(said), n)
    for row, place in np.argwhere(~np.isfinite(scores))[:1]:
        raise ValueError(
            f"{said[row][place]!r} to {prompts[row]!r} scores {scores[row, place]}, no finite "
            "number"
        )
    chosen = scores.argmax(1)
    best = [texts[place] for texts, place in zip(said, chosen, strict=True)]
    return BestTexts(best, scores, chosen)


def _check(n: int) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1 answer per prompt, got {n}")
