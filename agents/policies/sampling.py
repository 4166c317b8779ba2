"""The distribution that is sampled, and a draw from it, as pure functions of logits.

softmax(logits / temperature), cut to the `top_k` likeliest tokens, then to the smallest set of
likeliest tokens that holds probability `top_p`, renormalised. What is sampled is thus what
log-probabilities, entropies and every loss see.

Source: top-p from arXiv:1904.09751; the order of the cuts is that of Hugging Face's `generate`.
"""

from typing import TypedDict

import torch


class Sampling(TypedDict, total=False):
    """Settings of the sampled distribution.

    Attributes:
        temperature: divides the logits, above 0; 1 if not given.
        top_k: how many of the likeliest tokens are kept, or None for all.
        top_p: probability that the kept tokens must hold, in (0, 1], or None for all.
    """

    temperature: float
    top_k: int | None
    top_p: float | None


def check_sampling(
    temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> None:
    """Hold settings against their ranges.

    Raises:
        ValueError: one is out of its range; the message names it.
    """
    if not 0.0 < temperature < float("inf"):
        raise ValueError(f"temperature must be above 0 and finite, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1 token or None, got {top_k}")
    if top_p is not None and not 0.0 < top_p <= 1.0:
        raise ValueError(f"top_p must be in (0, 1] or None, got {top_p}")


def log_probs(
    logits: torch.Tensor, temperature: float, top_k: int | None, top_p: float | None
) -> torch.Tensor:
    """Log-probabilities (..., V) of the sampled distribution, float32, nats; -inf where cut away.

    Raises:
        ValueError: a row of logits holds NaN or +inf, or nothing but -inf.
    """
    scores = logits.float()
    if temperature != 1.0:
        scores = scores / temperature
    if top_k is not None and top_k < scores.shape[-1]:
        least = scores.topk(top_k, dim=-1).values[..., -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if top_p is not None and top_p < 1.0:
        scores = _nucleus(scores, top_p)
    scores = scores.log_softmax(-1)
    # One bad logit makes its whole row NaN, so that one column tells.
    if scores[..., 0].isnan().any():
        raise ValueError("the policy's logits are not finite; has training diverged?")
    return scores


def uniform(shape: tuple[int, ...], rng: torch.Generator) -> torch.Tensor:
    """Uniform float64 numbers in [0, 1), on the generator's device."""
    return torch.rand(shape, generator=rng, device=rng.device, dtype=torch.float64)


def draw(scores: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Tokens (B,) by inversion: log-probabilities (B, V), one uniform float64 in [0, 1) per row."""
    cumulative = scores.exp().cumsum(-1, dtype=torch.float64)
    # Strictly above the threshold: a token of probability 0 cannot come out.
    threshold = uniform.unsqueeze(-1) * cumulative[:, -1:]
    return torch.searchsorted(cumulative, threshold, right=True).squeeze(-1)


def pick(scores: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """The log-probability of each token: (..., V) and (...) to (...).

    Padding may lie outside the vocabulary; what is picked there means nothing.
    """
    index = tokens.clamp(0, scores.shape[-1] - 1).unsqueeze(-1)
    return scores.gather(-1, index).squeeze(-1)


def until_end(tokens: torch.Tensor, eos_id: int | None) -> torch.Tensor:
    """True in each row of (B, T) up to its first end token, that included."""
    if eos_id is None:
        return torch.ones_like(tokens, dtype=torch.bool)
    ends = (tokens == eos_id).long()
    return ends.cumsum(1) == ends


def entropy(scores: torch.Tensor) -> torch.Tensor:
    """Entropy of log-probabilities (..., V), nats, (...)."""
    # 0 * -inf is NaN, so what was cut away gets the lowest finite score.
    finite = scores.clamp(min=torch.finfo(scores.dtype).min)
    return -(scores.exp() * finite).sum(-1)


def _nucleus(scores: torch.Tensor, top_p: float) -> torch.Tensor:
    """Scores with -inf outside the smallest set of likeliest tokens that holds `top_p`."""
    ordered, index = scores.sort(dim=-1, descending=True)
    probs = ordered.softmax(-1)
    beyond = probs.cumsum(-1) - probs >= top_p
    return scores.masked_fill(beyond.scatter(-1, index, beyond), -torch.inf)
