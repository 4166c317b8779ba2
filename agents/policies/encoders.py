"""From an observation to features: one encoder for each kind of space.

| space | numbers | features |
|---|---|---|
| Discrete, MultiDiscrete, MultiBinary, Box of few integers | a place per value | as they are |
| the same of very many values, e.g. windows of words | the values | learned vectors, side by side |
| Box of floats, or of integers beyond that | as they are, flat | as they are |
| Box of three axes, uint8 or on request | pixels over the largest | a convolutional network |
| Dict, Tuple | those of the parts, side by side | those of the parts, side by side |
| any, where nothing may be seen ("blank") | a 1 | the 1 |

What a world shows is turned into numbers once per rollout (`read`, numpy); what is learned stands
in `forward`, once per minibatch.

Source: own design; the network for large images as doi:10.1038/nature14236.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.policies.integer_spaces import Counts, integers

Floats = npt.NDArray[np.float32]

MAX_ONE_HOT = 4096  # numbers per observation; beyond, values get learned vectors
MAX_VECTORS = 1 << 16  # values with a vector of their own; beyond, integers are taken as numbers
VECTOR_WIDTH = 16  # numbers of a learned vector
PICTURE_WIDTH = 128  # features of a picture
LARGE_PICTURE = 36  # pixels of the shorter side from which the large network fits
KINDS = ("auto", "mlp", "cnn", "multi_input", "blank")


class Encoder(nn.Module, ABC):
    """Reads observations of one space.

    Attributes:
        size: numbers that `read` makes of an observation.
        width: features that `forward` makes of those.
    """

    size: int
    width: int

    @abstractmethod
    def read(self, obs: Any) -> Floats:
        """Observations (N, ...) as numbers (N, size)."""

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Numbers (B, size) as features (B, width); differentiable."""
        return numbers


class Flat(Encoder):
    """Numbers as they are, side by side.

    Args:
        space: of one row; what is not finite in it is the world's fault.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        super().__init__()
        self.size = self.width = math.prod(space.shape or ())

    def read(self, obs: Any) -> Floats:
        return np.array(obs, np.float32).reshape(len(obs), self.size)  # a world may use it again


class Blank(Encoder):
    """Sees nothing, for ablations: what follows knows no more than that it must act."""

    size = width = 1

    def read(self, obs: Any) -> Floats:
        while isinstance(obs, dict | tuple):
            obs = next(iter(obs.values() if isinstance(obs, dict) else obs))
        return np.ones((len(obs), 1), np.float32)


class OneHot(Encoder):
    """A place for each value of each integer.

    Args:
        low: (D,) least value of each integer.
        counts: (D,) how many values each has.
    """

    def __init__(self, low: Counts, counts: Counts) -> None:
        super().__init__()
        self.size = self.width = int(counts.sum())
        self._low, self._counts = low, counts
        self._begins = np.cumsum(counts) - counts

    def read(self, obs: Any) -> Floats:
        above = _above(obs, self._low, self._counts)
        numbers = np.zeros((len(above), self.size), np.float32)
        np.put_along_axis(numbers, above + self._begins, 1.0, axis=1)
        return numbers


class Vectors(Encoder):
    """A learned vector for each value; the same ones for all integers, as words in a sentence.

    Args:
        low: (D,) least value of each integer.
        counts: (D,) how many values each has.
        rng: of the first vectors.
    """

    def __init__(self, low: Counts, counts: Counts, rng: torch.Generator) -> None:
        super().__init__()
        self._low = np.full_like(low, low.min())
        values = int((low + counts).max() - low.min())
        self._counts = np.full_like(low, values)
        self.size, self.width = len(low), len(low) * VECTOR_WIDTH
        # Of length 1 or so, as a row with a single 1: longer ones drown in their constant part.
        first = torch.randn((values, VECTOR_WIDTH), generator=rng) / math.sqrt(VECTOR_WIDTH)
        self.table = nn.Parameter(first)

    def read(self, obs: Any) -> Floats:
        return _above(obs, self._low, self._counts).astype(np.float32)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(numbers.long(), self.table).flatten(1)


class Picture(Encoder):
    """A convolutional network over an image (H, W, C) or (C, H, W); the shortest axis is C.

    Args:
        space: a Box of three axes.
        rng: of the first weights.

    Raises:
        TypeError: the space is something else.

    Source: doi:10.1038/nature14236 for images of at least 36 pixels; three layers of 3 x 3 for
        smaller ones, such as the view of a grid world.
    """

    def __init__(self, space: gym.Space[Any], rng: torch.Generator) -> None:
        if not isinstance(space, gym.spaces.Box) or len(space.shape) != 3:
            raise TypeError(f"encoder 'cnn' needs a Box of three axes, got {space}")
        super().__init__()
        self._shape, self.size = space.shape, math.prod(space.shape)
        last = space.shape[2] <= min(space.shape[:2])
        self._to_first = (0, 3, 1, 2) if last else (0, 1, 2, 3)
        height, width, channels = space.shape if last else (*space.shape[1:], space.shape[0])
        high = float(space.high.max())
        self._scale = 1 / high if np.issubdtype(space.dtype, np.integer) and high > 0 else 1.0
        large = min(height, width) >= LARGE_PICTURE
        layers = [(32, 8, 4, 0), (64, 4, 2, 0), (64, 3, 1, 0)] if large else [(16, 3, 1, 1)] * 3
        blocks: list[nn.Module] = []
        for out, kernel, stride, padding in layers:
            blocks += [_convolution(channels, out, kernel, stride, padding, rng), nn.ReLU()]
            channels = out
            height, width = ((n + 2 * padding - kernel) // stride + 1 for n in (height, width))
        self.convolutions = nn.Sequential(*blocks)
        self.linear = linear(channels * height * width, PICTURE_WIDTH, math.sqrt(2), rng)
        self.width = PICTURE_WIDTH

    def read(self, obs: Any) -> Floats:
        images = np.asarray(obs, np.float32).transpose(self._to_first) * np.float32(self._scale)
        return images.reshape(len(images), self.size)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        shape = [self._shape[axis - 1] for axis in self._to_first[1:]]
        seen = self.convolutions(numbers.reshape(-1, *shape))
        return torch.relu(self.linear(seen.flatten(1)))


class Several(Encoder):
    """The parts of a Dict or Tuple, side by side.

    Args:
        space: of one row.
        rng: of the first weights.

    Raises:
        TypeError: the space is something else, or a part cannot be read.
    """

    def __init__(self, space: gym.Space[Any], rng: torch.Generator) -> None:
        if not isinstance(space, gym.spaces.Dict | gym.spaces.Tuple):
            raise TypeError(f"encoder 'multi_input' needs a Dict or a Tuple, got {space}")
        super().__init__()
        pairs = space.items() if isinstance(space, gym.spaces.Dict) else enumerate(space)
        parts: dict[Any, gym.Space[Any]] = dict(pairs)
        self._keys = list(parts)
        self.parts = nn.ModuleList(encoder(part, "auto", rng) for part in parts.values())
        self._sizes = [part.size for part in self._all()]
        self.size, self.width = sum(self._sizes), sum(part.width for part in self._all())

    def read(self, obs: Any) -> Floats:
        parts = zip(self._keys, self._all(), strict=True)
        return np.concatenate([part.read(_under(obs, key)) for key, part in parts], axis=1)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        pieces = torch.split(numbers, self._sizes, dim=1)
        return torch.cat([part(n) for part, n in zip(self._all(), pieces, strict=True)], dim=1)

    def _all(self) -> list[Encoder]:
        return [part for part in self.parts if isinstance(part, Encoder)]


def encoder(space: gym.Space[Any], kind: str, rng: torch.Generator) -> Encoder:
    """An encoder for a space.

    Args:
        space: of one row.
        kind: "mlp" (flat numbers), "cnn", "multi_input", "auto" for what fits, or "blank".
        rng: of the first weights.

    Raises:
        ValueError: unknown kind.
        TypeError: the kind cannot read the space.
    """
    if kind not in KINDS:
        raise ValueError(f"encoder must be one of {', '.join(KINDS)}, got {kind!r}")
    several = isinstance(space, gym.spaces.Dict | gym.spaces.Tuple)
    if kind == "multi_input" or (kind == "auto" and several):
        return Several(space, rng)
    if kind == "blank":
        return Blank()
    if kind == "cnn" or (kind == "auto" and _is_picture(space)):
        return Picture(space, rng)
    return _plain(space, rng)


def linear(width: int, out: int, gain: float, rng: torch.Generator) -> nn.Linear:
    """A linear layer with orthogonal weights of the stream given, and biases 0."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width, out)  # type: ignore[no-untyped-call]
    nn.init.orthogonal_(layer.weight, gain, generator=rng)
    nn.init.zeros_(layer.bias)
    return layer


def _plain(space: gym.Space[Any], rng: torch.Generator) -> Encoder:
    whole = integers(space)
    if whole is None:
        if not isinstance(space, gym.spaces.Box):
            raise TypeError(
                f"a policy reads numbers, got {space}; show texts through TokenView or ByteView, "
                "and Dict or Tuple with encoder='multi_input'"
            )
        return Flat(space)
    low, counts = whole
    if counts.sum() <= MAX_ONE_HOT:
        return OneHot(low, counts)
    if (low + counts).max() - low.min() <= MAX_VECTORS:
        return Vectors(low, counts, rng)
    return Flat(space)


def _above(obs: Any, low: Counts, counts: Counts) -> Counts:
    """(N, D) how far integers lie above their least values.

    Raises:
        ValueError: one lies outside of its space.
    """
    above = np.asarray(obs, np.int64).reshape(len(obs), len(low)) - low
    outside = above.view(np.uint64) >= counts.view(np.uint64)  # what is below is very large there
    if outside.any():
        row, place = np.argwhere(outside)[0]
        first = int(low[place])
        raise ValueError(
            f"observation: number {place} of row {row} is {first + int(above[row, place])}, "
            f"expected {first}..{first + int(counts[place]) - 1}"
        )
    return above


def _is_picture(space: gym.Space[Any]) -> bool:
    return isinstance(space, gym.spaces.Box) and len(space.shape) == 3 and space.dtype == np.uint8


def _convolution(
    channels: int, out: int, kernel: int, stride: int, padding: int, rng: torch.Generator
) -> nn.Conv2d:
    sizes = (channels, out, kernel, stride, padding)
    layer: nn.Conv2d = nn.utils.skip_init(nn.Conv2d, *sizes)  # type: ignore[no-untyped-call]
    nn.init.orthogonal_(layer.weight, math.sqrt(2), generator=rng)
    layer.bias = nn.Parameter(torch.zeros(out))
    return layer


def _under(obs: Any, key: str | int) -> Any:
    """The batch of one part; observations may come as a list of rows, as loops hand them out."""
    if isinstance(key, str) and not isinstance(obs, dict):
        obs = [row[key] for row in obs]
        return obs if isinstance(obs[0], dict | tuple) else np.stack(obs)
    if isinstance(key, int) and isinstance(obs, list):
        return [row[key] for row in obs]
    return obs[key]
