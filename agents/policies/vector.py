"""What every policy of ordinary worlds is: it sees one observation per row and acts at once.

A leaf says how observations become numbers (`read`) and what a network makes of those (`forward`);
this module samples, scores and predicts for all of them alike.

Source: own design; `predict` has the signature of Stable-Baselines3.
"""

import copy
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.device import send
from plaudit.agents.policies.heads import Categorical, head
from plaudit.envs.types import State, generator_from, generator_state, stream

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Acted(NamedTuple):
    """Actions for a step of N rows.

    Attributes:
        action: (N, ...) as the world takes them; those for a Box are not yet cut to it.
        logp: (N,) float32, nats, of the distribution sampled from.
        value: (N,) float32, return that the critic expects from here; reward units.
    """

    action: Array
    logp: Floats
    value: Floats


class Evaluation(NamedTuple):
    """What one forward pass says about actions, (B,) each, differentiable.

    Attributes:
        logp: log-probability of each action, nats.
        entropy: of the distribution it was drawn from, nats.
        value: return that the critic expects, reward units.
    """

    logp: torch.Tensor
    entropy: torch.Tensor
    value: torch.Tensor


class VectorPolicy(nn.Module, ABC):
    """A distribution over actions, given an observation, and a critic.

    Arguments of methods are batches, (N, ...), as vector environments hand them out. Numpy arrays
    are taken as the world has them; tensors, as `read` and `head.read` have made them, so that a
    batch is read once and used often.

    Args:
        observation_space: of one row.
        action_space: of one row; Discrete, MultiDiscrete, MultiBinary or a Box of floats.
        seed: of the policy's own streams, from which it draws actions.

    Raises:
        TypeError: there is no distribution over such actions.

    Attributes:
        head: what the network's outputs mean, see `heads`.
    """

    def __init__(
        self, observation_space: gym.Space[Any], action_space: gym.Space[Any], *, seed: int = 0
    ) -> None:
        super().__init__()
        self.observation_space, self.action_space = observation_space, action_space
        self.head = head(action_space)
        self.reseed(seed)

    @abstractmethod
    def read(self, obs: Any) -> torch.Tensor:
        """Observations (N, ...) as numbers for `forward`, (N, D), on the policy's device."""

    @abstractmethod
    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The head's outputs (B, width) and the critic's values (B,); differentiable."""

    @property
    def device(self) -> torch.device:
        """Where the policy computes."""
        return next(self.parameters()).device

    @torch.inference_mode()
    def act(self, obs: Any, mask: Array | None = None, *, deterministic: bool = False) -> Acted:
        """Choose an action for each row; random ones come from the policy's own stream.

        Args:
            obs: (N, ...).
            mask: (N, choices) nonzero where an action is legal, or None where all are.
            deterministic: take the likeliest action.

        Raises:
            ValueError: nothing is legal in some row, or the network's outputs are not finite.
        """
        outputs, value = self(self._numbers(obs))
        rng = None if deterministic else self._acting
        action, logp = self.head.sample(_array(outputs), self._legal(mask), rng)
        return Acted(action, logp, _array(value))

    def evaluate(
        self, obs: Any, action: Any, mask: Array | torch.Tensor | None = None
    ) -> Evaluation:
        """Log-probabilities, entropies and values, by one forward pass.

        Args:
            obs: (B, ...).
            action: (B, ...).
            mask: (B, choices) nonzero where an action is legal, or None where all are.

        Raises:
            ValueError: nothing is legal in some row.
        """
        numbers = self._numbers(obs)
        if not isinstance(action, torch.Tensor):
            action = send(self.head.read(action), numbers.device)
        legal = mask if isinstance(mask, torch.Tensor) else self._checked(mask)
        outputs, value = self(numbers)
        return Evaluation(*self.head.score(outputs, action, legal), value)

    @torch.inference_mode()
    def values(self, obs: Any) -> Floats:
        """(N,) float32, what the critic expects, reward units; no action is drawn.

        Args:
            obs: (N, ...).
        """
        return _array(self(self._numbers(obs))[1])

    @torch.inference_mode()
    def predict(
        self,
        obs: Any,
        state: tuple[Array, ...] | None = None,
        episode_start: npt.NDArray[np.bool_] | None = None,
        deterministic: bool = False,
        action_masks: Array | None = None,
    ) -> tuple[Array, None]:
        """Actions, cut to their space, for a batch of observations or a single one.

        Args:
            obs: (N, ...), or one observation.
            state: ignored; there is no memory.
            episode_start: ignored.
            deterministic: take the likeliest action.
            action_masks: (N, choices) or (choices,), nonzero where an action is legal, or None.

        Returns:
            Actions (N, ...), or one action, and no state. Random ones come from a stream of their
            own, so that evaluating changes nothing for training.
        """
        single = self._is_single(obs)
        if single:
            obs = _one_row(obs)
            action_masks = None if action_masks is None else np.asarray(action_masks)[None]
        outputs, _ = self(self._numbers(obs))
        rng = None if deterministic else self._predicting
        action, _ = self.head.sample(_array(outputs), self._legal(action_masks), rng)
        action = self.playable(action)
        return (action[0] if single else action), None

    @torch.inference_mode()
    def probs(self, obs: Any, mask: Array | None = None) -> npt.NDArray[np.float64]:
        """(N, A) probabilities of Discrete actions, e.g. for a teacher's `set_policy`.

        Args:
            obs: (N, ...).
            mask: (N, A) nonzero where an action is legal, or None where all are.

        Raises:
            TypeError: actions are not Discrete.
        """
        if not (isinstance(self.head, Categorical) and len(self.head.sizes) == 1):
            raise TypeError(f"only Discrete actions have a list of odds, got {self.action_space}")
        outputs, _ = self(self._numbers(obs))
        odds = np.exp(self.head.log_probs(_array(outputs), self._legal(mask)), dtype=np.float64)
        probs: npt.NDArray[np.float64] = odds / odds.sum(1, keepdims=True)
        return probs

    def playable(self, action: Array) -> Array:
        """Actions (N, ...) as the world takes them: those for a Box are cut to it."""
        if isinstance(self.action_space, gym.spaces.Box):
            low, high = self.action_space.low, self.action_space.high
            return np.clip(action, low, high).astype(self.action_space.dtype, copy=False)
        return action

    def frozen_copy(self) -> Self:
        """A copy that does not train, e.g. the reference of a KL term."""
        return copy.deepcopy(self).requires_grad_(False).eval()

    def reseed(self, seed: int) -> None:
        """Begin new streams of actions."""
        self._acting, self._predicting = stream(seed, "act"), stream(seed, "predict")

    def get_state(self) -> State:
        """Where the streams of actions are; parameters are in `state_dict`."""
        return {
            "act": generator_state(self._acting),
            "predict": generator_state(self._predicting),
        }

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        self._acting = generator_from(state["act"])
        self._predicting = generator_from(state["predict"])

    def _numbers(self, obs: Any) -> torch.Tensor:
        return obs if isinstance(obs, torch.Tensor) else self.read(obs)

    def _legal(self, mask: Array | None) -> npt.NDArray[np.bool_] | None:
        if mask is None:
            return None
        if not self.head.choices or np.asarray(mask).shape[1:] != (self.head.choices,):
            raise ValueError(
                f"mask: expected (N, {self.head.choices}) for {self.action_space}, "
                f"got shape {np.asarray(mask).shape}"
            )
        legal: npt.NDArray[np.bool_] = np.asarray(mask) != 0
        return legal

    def _checked(self, mask: Array | None) -> torch.Tensor | None:
        """The mask on the policy's device; ValueError where nothing is legal in some row."""
        legal = self._legal(mask)
        if legal is None:
            return None
        if isinstance(self.head, Categorical):
            self.head.require(legal)
        return send(torch.from_numpy(legal), self.device)

    def _is_single(self, obs: Any) -> bool:
        """Whether this is one observation, not a batch."""
        space = self.observation_space
        while isinstance(space, gym.spaces.Dict | gym.spaces.Tuple):
            if isinstance(space, gym.spaces.Dict) and not isinstance(obs, dict):
                return False  # a list of rows
            key = next(iter(space)) if isinstance(space, gym.spaces.Dict) else 0
            space, obs = space[key], obs[key]  # type: ignore[index]
        return np.ndim(obs) == len(space.shape or ())


def _array(tensor: torch.Tensor) -> Floats:
    numbers: Floats = tensor.float().cpu().numpy()
    return numbers


def _one_row(obs: Any) -> Any:
    """One observation as a batch of one."""
    if isinstance(obs, dict):
        return {key: _one_row(value) for key, value in obs.items()}
    if isinstance(obs, tuple):
        return tuple(_one_row(value) for value in obs)
    return np.asarray(obs)[None]
