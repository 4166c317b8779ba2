"""Pessimism: any reward model, less what its members disagree by.

    r_low(s, a) = mean - radius * standard deviation

A policy that maximises the mean goes where the answers say too little and a mistake looks like a
chance; one that maximises a lower bound stays where the answers cover what it does.

Source: arXiv:2301.11270, Algorithm 1 (pessimistic MLE); lower bounds by ensembles:
arXiv:2310.02743.
"""

from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit import feedback
from plaudit.envs import limits
from plaudit.envs.types import State
from plaudit.feedback.models.base import RewardModel, Rewards
from plaudit.feedback.programs import Named
from plaudit.feedback.store import FeedbackBuffer


class Pessimistic:
    """A lower confidence bound of another model's reward.

    The standard deviation is that of the model: Laplace's for `linear`, whose radius is thus in
    standard errors, that of the members for an ensemble. It is that of the reward itself, beside
    features 0. Where comparisons leave a level untold, as with one-hot `cells`, all rewards are
    alike uncertain: let features be 0 for a reference action (the source's nu).

    Source: arXiv:2301.11270, Algorithm 1.
    Differs: a bound per step, where the source bounds the expected features of a policy: the same
        in a bandit, and lower, as errors of steps then add up, where episodes have several steps.

    Args:
        of: the model, a name or {"name": ..., setting: ...}.
        radius: standard deviations, >= 0.
        settings: of that model, where `of` does not give them.

    Raises:
        KeyError, ValueError, TypeError: an unknown model, or a setting that is wrong.
    """

    def __init__(self, of: Named = "linear", *, radius: float = 1.0, **settings: Any) -> None:
        self.radius = limits.check_range("radius", radius, 0, inf)
        self.model: RewardModel = feedback.model(of, **settings)
        self.scale = self.model.scale

    @property
    def looks_ahead(self) -> bool:
        """Whether `predict` takes the observation after the last action, too."""
        return bool(getattr(self.model, "looks_ahead", False))

    def fit(self, buffer: FeedbackBuffer, *, seed: int | None = None) -> dict[str, float]:
        """Learn from the answers in a buffer, as the model does.

        Args:
            buffer: the answers.
            seed: of this fit; None draws from the model's own stream.
        """
        return self.model.fit(buffer, seed=seed)

    def predict(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> tuple[Rewards, Rewards]:
        """Lower bound and standard deviation of the reward, (B, T) each; as the model's."""
        mean, spread = self.model.predict(obs, actions)
        return self._below(mean, spread), spread

    def members(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Rewards:
        """The reward by each member, (M, B, T), lowered so that their mean is the bound."""
        spread = self.model.predict(obs, actions)[1]
        return self._below(self.model.members(obs, actions), spread)

    def get_state(self) -> State:
        return self.model.get_state()

    def set_state(self, state: State) -> None:
        self.model.set_state(state)

    def _below(self, reward: Rewards, spread: Rewards) -> Rewards:
        return (reward - self.radius * spread).astype(np.float32)
