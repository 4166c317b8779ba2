"""Distributions over the actions of a step: what a network's outputs mean.

| action space | distribution | outputs |
|---|---|---|
| Discrete, MultiDiscrete | one categorical each | a logit per choice |
| MultiBinary | independent bits | a logit per bit |
| Box | independent normals | a mean per number; the log of the deviation is a parameter |

Sampling runs on numpy, since worlds do, and because on small arrays numpy costs a third of what
torch does; scoring runs on torch.

Source: own design.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.policies.categorical_score import LEAST_LOG, categorical_score

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


class Head(nn.Module, ABC):
    """A family of distributions over one row's action.

    Attributes:
        width: numbers that a network must put out.
        choices: columns of a mask of legal actions; 0 where actions cannot be masked.
    """

    width: int
    choices: int = 0

    @abstractmethod
    def sample(
        self, outputs: Floats, mask: Bools | None, rng: np.random.Generator | None
    ) -> tuple[Array, Floats]:
        """Actions (N, ...) as the world takes them, and their log-probabilities (N,), nats.

        Args:
            outputs: (N, width).
            mask: (N, choices) True where legal, or None.
            rng: None for the likeliest action.
        """

    @abstractmethod
    def read(self, action: Array) -> torch.Tensor:
        """Actions of the world (B, ...) as the tensor that `score` takes."""

    @abstractmethod
    def score(
        self, outputs: torch.Tensor, action: torch.Tensor, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities and entropies, (B,) each, nats; differentiable.

        Args:
            outputs: (B, width).
            action: (B, ...) as `read` gives them.
            mask: (B, choices) bool, or None.
        """


class Categorical(Head):
    """One categorical distribution per number of a Discrete or MultiDiscrete action.

    Args:
        space: of one row's action.

    Attributes:
        sizes: choices of each categorical. begins: (K,) the first output of each.
    """

    def __init__(self, space: gym.spaces.Discrete | gym.spaces.MultiDiscrete) -> None:
        super().__init__()
        self._shape: tuple[int, ...] = tuple(space.shape or ())
        many = isinstance(space, gym.spaces.MultiDiscrete)
        self.sizes = space.nvec.reshape(-1).tolist() if many else [int(space.n)]  # type: ignore[union-attr]
        self._start = np.asarray(space.start, np.int64).reshape(-1)
        self.width = self.choices = sum(self.sizes)
        ends = np.cumsum(self.sizes).tolist()
        self.begins: npt.NDArray[np.int64] = np.cumsum([0, *self.sizes[:-1]], dtype=np.int64)
        self._parts = [slice(end - n, end) for end, n in zip(ends, self.sizes, strict=True)]

    def sample(
        self, outputs: Floats, mask: Bools | None, rng: np.random.Generator | None
    ) -> tuple[Array, Floats]:
        log_p = self.log_probs(outputs, mask)
        rows = np.arange(len(outputs))
        chosen = np.empty((len(outputs), len(self.sizes)), np.int64)
        logp: Floats = np.zeros(len(outputs), np.float32)
        for k, part in enumerate(self._parts):
            odds = log_p[:, part]
            chosen[:, k] = odds.argmax(1) if rng is None else _draw(odds, rng)
            logp += odds[rows, chosen[:, k]]
        chosen += self._start
        return chosen.reshape((len(outputs), *self._shape)), logp

    def log_probs(self, outputs: Floats, mask: Bools | None) -> Floats:
        """(N, choices) nats, -inf where illegal; categorical by categorical.

        Args:
            outputs: (N, width).
            mask: (N, choices) True where legal, or None.

        Raises:
            ValueError: outputs are not finite, or nothing is legal.
        """
        if not math.isfinite(outputs.sum()):
            raise ValueError("the policy's outputs are not finite; lower lr, or look at the inputs")
        if mask is not None:
            outputs = np.where(mask, outputs, np.float32(-np.inf))
            if not np.isfinite(np.maximum.reduceat(outputs, self.begins, axis=1)).all():
                self.require(mask)
        parts = [self._part_log_probs(outputs[:, part]) for part in self._parts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def read(self, action: Array) -> torch.Tensor:
        placed = np.asarray(action, np.int64).reshape(len(action), -1) - self._start
        return torch.from_numpy(placed)

    def score(
        self, outputs: torch.Tensor, action: torch.Tensor, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if mask is not None:
            outputs = outputs.masked_fill(~mask, -torch.inf)
        scored = [
            categorical_score(outputs[:, part], action[:, k : k + 1])
            for k, part in enumerate(self._parts)
        ]
        if len(scored) == 1:
            return scored[0]
        logps, entropies = zip(*scored, strict=True)
        return torch.stack(logps).sum(0), torch.stack(entropies).sum(0)

    def permits(self, action: Array, mask: Bools) -> Bools:
        """(N,) whether actions are legal.

        Args:
            action: (N, ...) as the world takes them.
            mask: (N, choices) True where legal.
        """
        places = action.reshape(len(mask), -1) - self._start + self.begins
        legal: Bools = np.take_along_axis(mask, places, 1).min(1)
        return legal

    def require(self, mask: Bools) -> None:
        """Hold that something is legal in each row, for each number of the action; ValueError.

        Args:
            mask: (N, choices) True where legal.
        """
        for part in self._parts:
            stuck = np.flatnonzero(~mask[:, part].any(1))
            if len(stuck):
                raise ValueError(f"mask: no action is legal in row {stuck[0]}")

    def entropy_slope(self, p: Floats, log_p: Floats) -> Floats:
        """(N, choices), minus the entropies' derivative by each logit: p (log p + entropy).

        Args:
            p: (N, choices).
            log_p: (N, choices) nats, of `log_probs`.
        """
        log_p = np.maximum(log_p, np.float32(LEAST_LOG))
        found = np.empty_like(p)
        for part in self._parts:
            entropy = -(p[:, part] * log_p[:, part]).sum(1, keepdims=True)
            found[:, part] = p[:, part] * (log_p[:, part] + entropy)
        return found

    def _part_log_probs(self, outputs: Floats) -> Floats:
        shifted = outputs - outputs.max(1, keepdims=True)
        log_p: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        return log_p


class Bernoulli(Head):
    """Independent bits of a MultiBinary action.

    Args:
        space: of one row's action.
    """

    def __init__(self, space: gym.spaces.MultiBinary) -> None:
        super().__init__()
        self._shape, self._dtype = space.shape, space.dtype
        self.width = int(np.prod(space.shape))

    def sample(
        self, outputs: Floats, mask: Bools | None, rng: np.random.Generator | None
    ) -> tuple[Array, Floats]:
        least = np.zeros(outputs.shape) if rng is None else _logistic(rng, outputs.shape)
        bits = outputs > least
        logp = -np.logaddexp(0.0, np.where(bits, -outputs, outputs)).sum(1)
        return bits.reshape(-1, *self._shape).astype(self._dtype), logp.astype(np.float32)

    def read(self, action: Array) -> torch.Tensor:
        return torch.from_numpy(np.asarray(action, np.float32).reshape(len(action), -1))

    def score(
        self, outputs: torch.Tensor, action: torch.Tensor, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        loss = nn.functional.binary_cross_entropy_with_logits
        logp = -loss(outputs, action, reduction="none").sum(1)
        return logp, loss(outputs, outputs.sigmoid(), reduction="none").sum(1)


class Gaussian(Head):
    """Independent normals whose deviations do not depend on what is seen.

    Actions are drawn from the whole line; whoever plays them cuts them to the box.

    Args:
        space: of one row's action, of floats.
    """

    def __init__(self, space: gym.spaces.Box) -> None:
        super().__init__()
        self._shape = space.shape
        self.width = int(np.prod(space.shape))
        self.log_std = nn.Parameter(torch.zeros(self.width))

    def sample(
        self, outputs: Floats, mask: Bools | None, rng: np.random.Generator | None
    ) -> tuple[Array, Floats]:
        log_std = self.log_std.detach().cpu().numpy()
        noise = np.zeros(outputs.shape) if rng is None else rng.standard_normal(outputs.shape)
        action = outputs + np.exp(log_std) * noise.astype(np.float32)
        logp = -(0.5 * noise**2 + log_std + HALF_LOG_TAU).sum(1)
        return action.reshape(-1, *self._shape), logp.astype(np.float32)

    def read(self, action: Array) -> torch.Tensor:
        return torch.from_numpy(np.asarray(action, np.float32).reshape(len(action), -1))

    def score(
        self, outputs: torch.Tensor, action: torch.Tensor, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        distance = (action - outputs) * torch.exp(-self.log_std)
        logp = -(0.5 * distance.square() + self.log_std + HALF_LOG_TAU).sum(1)
        entropy = (self.log_std + (0.5 + HALF_LOG_TAU)).sum()
        return logp, entropy.expand(len(outputs))


def head(space: gym.Space[Any]) -> Head:
    """The distribution that fits an action space.

    Args:
        space: of one row's action.

    Raises:
        TypeError: none does.
    """
    if isinstance(space, gym.spaces.Discrete | gym.spaces.MultiDiscrete):
        return Categorical(space)
    if isinstance(space, gym.spaces.MultiBinary):
        return Bernoulli(space)
    if isinstance(space, gym.spaces.Box) and np.issubdtype(space.dtype, np.floating):
        return Gaussian(space)
    raise TypeError(
        f"no distribution over {space}: use Discrete, MultiDiscrete, MultiBinary or a Box of floats"
    )


def _draw(log_p: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """(N,) a column of each row, by its probability; never one of probability 0."""
    odds = np.exp(log_p, dtype=np.float64).cumsum(1)
    chosen: npt.NDArray[np.int64] = (odds > rng.random((len(odds), 1)) * odds[:, -1:]).argmax(1)
    return chosen


def _logistic(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Numbers that a logit exceeds with the probability it stands for."""
    return rng.logistic(size=shape)
