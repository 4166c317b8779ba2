"""A learned stand-in for the person: says what they would have said once they have left.

While the person speaks, a network learns f(s, a) from their judgements, each credited to the steps
that it may have been about. After `budget` judgements the stand-in speaks instead, as late as the
person did, so that learners need not know who it is. It keeps silent unless it predicts judgements
that it did not learn from better than their mean does.

It judges by what is done, not by who does it: a person who praises improvement (`coach`) cannot be
stood in for.

Source: arXiv:2410.15181 (GUIDE, the simulated feedback of its human).
Differs: it is tried on held-out judgements before it may speak; feedback is credited by a window of
    delays; it speaks through the environment, so any learner hears it.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.credit_window import CreditWindow
from plaudit.agents.person_model import PersonModel
from plaudit.agents.rollout.watched import spoken
from plaudit.envs import limits
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.delays import Delay
from plaudit.feedback.wrappers.layer import VectorLayer

Floats = npt.NDArray[np.float64]


class VectorStandIn(VectorLayer):
    """Speaks for the person who is heard inside, once they have said enough.

    Info: `stand_in`, (N,) whether what the step pays came from it; `feedback` and `feedback_count`
    as VectorScalarFeedback has them.

    Source: arXiv:2410.15181.

    Args:
        env: pays feedback, as VectorScalarFeedback does.
        budget: judgements of the person, of all rows together; what they say later is not heard.
        delay: of the person's judgements and of the stand-in's, see `CreditWindow`.
        clock: unit of the delay, "steps" or "seconds".
        carry: whether judgements come over into the next episode.
        fills_in: whether it also speaks before, where the person is silent.
        fit_every: judgements between fits.
        fit_steps: of Adam per fit.
        held_every: every so manieth judgement is held out.
        hidden: widths of the network's hidden layers.
        lr: Adam's step size.
        keep: credited steps that are held.
        seed: of the network and of what it speaks about.

    Raises:
        ValueError, KeyError: a number is out of its range; see `CreditWindow`.
        TypeError: the spaces cannot be read, see `encoders`.
    """

    PARTS = ("_person", "_lately")

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        budget: int = 1000,
        delay: Delay = 0,
        clock: str = "steps",
        carry: bool = False,
        fills_in: bool = False,
        fit_every: int = 100,
        fit_steps: int = 200,
        held_every: int = 5,
        hidden: Sequence[int] = (64, 64),
        lr: float = 1e-3,
        keep: int = 50_000,
        seed: int = 0,
    ) -> None:
        super().__init__(
            env,
            budget=budget,
            delay=delay,
            clock=clock,
            carry=carry,
            fills_in=fills_in,
            fit_every=fit_every,
            fit_steps=fit_steps,
            held_every=held_every,
            hidden=hidden,
            lr=lr,
            keep=keep,
            seed=seed,
        )
        for name, number, least in (
            ("budget", budget, 1),
            ("fit_every", fit_every, 1),
            ("fit_steps", fit_steps, 1),
            ("held_every", held_every, 2),
        ):
            limits.check_range(name, number, least, np.inf, integer=True)
        self._person = PersonModel(
            env.single_observation_space,
            env.single_action_space,
            hidden=hidden,
            lr=lr,
            keep=keep,
            held_every=held_every,
            seed=seed,
        )
        self._lately = _Lately(CreditWindow(delay, clock, carry), stream(seed, "spoken about"))
        self._budget, self._fills_in = budget, fills_in
        self._fit_every, self._fit_steps = fit_every, fit_steps

    @property
    def given(self) -> int:
        """Judgements of the person so far."""
        return self._lately.given

    @property
    def error(self) -> float:
        """Mean squared error on held-out judgements; NaN before the first fit."""
        return self._person.error

    @property
    def baseline(self) -> float:
        """Mean squared error of the mean of the others on the same; NaN before the first fit."""
        return self._person.baseline

    @property
    def trusted(self) -> bool:
        """Whether it may speak: it predicts better than the mean does."""
        return self._person.trusted

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        self._lately.obs = obs
        self._lately.window.end(
            torch.ones(self.num_envs, dtype=torch.bool)
            if mask is None
            else torch.from_numpy(np.asarray(mask, np.bool_))
        )
        return obs, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        seen = self._lately.obs
        obs, paid, terminated, truncated, info = self.env.step(actions)
        self._lately.obs = obs
        self._lately.window.add({"numbers": self._person.read(seen, actions)})
        said, count = spoken(np.asarray(paid, np.float64), info)
        alone = self.given >= self._budget
        if alone:
            said, count = np.zeros_like(said), np.zeros_like(count)
        elif count.any():
            self._listen(said, count)
        silent = count == 0
        if self.trusted and (alone or self._fills_in) and silent.any():
            words, by = self._speak()
            by &= silent
            said, count = np.where(by, words, said), np.where(by, 1, count)
        else:
            by = np.zeros(self.num_envs, np.bool_)
        self._lately.window.end(torch.from_numpy(np.asarray(terminated | truncated)))
        told = {"feedback": said.copy(), "feedback_count": count, "stand_in": by}
        everybody = {f"_{key}": np.ones(self.num_envs, np.bool_) for key in told}
        return obs, said, terminated, truncated, info | told | everybody

    def _listen(self, said: Floats, count: npt.NDArray[np.int64]) -> None:
        """Learn from the person's judgements."""
        meant, before = self._lately.window.meant(), self.given
        rows = torch.from_numpy(count > 0)
        mean = torch.from_numpy(said / np.maximum(count, 1)).float()
        shares = meant.shares * torch.from_numpy(count)
        self._person.add(meant.steps | {"said": mean}, rows, shares)
        self._lately.given += int(count.sum())
        if self.given // self._fit_every > before // self._fit_every or self.given >= self._budget:
            self._person.fit(self._fit_steps)

    def _speak(self) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """What it says, and where it has something to say: (N,) each."""
        meant = self._lately.window.meant()
        ends = meant.shares.double().cumsum(0).numpy()
        drawn = self._lately.rng.random(self.num_envs)
        which = torch.from_numpy((ends > drawn * ends[-1]).argmax(0))
        numbers = meant.steps["numbers"][which, torch.arange(self.num_envs)]
        return self._person.predict(numbers).double().numpy(), ends[-1] > 0


class _Lately:
    """What was seen and done lately, and how much the person has said."""

    def __init__(self, window: CreditWindow, rng: np.random.Generator) -> None:
        self.window, self.rng = window, rng
        self.given = 0
        self.obs: Any = None

    def get_state(self) -> State:
        return {
            "window": self.window.get_state(),
            "rng": generator_state(self.rng),
            "given": self.given,
            "obs": deepcopy(self.obs),
        }

    def set_state(self, state: State) -> None:
        self.window.set_state(state["window"])
        self.rng, self.given = generator_from(state["rng"]), int(state["given"])
        self.obs = deepcopy(state["obs"])
