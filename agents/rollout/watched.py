"""Rows that somebody watches: each step is played, and what is said meanwhile is heard.

`feedback_count` in the info tells how many judgements arrived; without it a reward of 0 or NaN
means that nothing was said. The true reward is read for the log only.

Source: own design.
"""

from copy import deepcopy
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.agents.rollout.figures import Episode, LatestEpisodes, of_episodes
from plaudit.agents.rollout.legal import legal_reader
from plaudit.agents.rollout.step_worlds import AnyVector, restore, saved
from plaudit.agents.rollout.truth import is_hidden, told, true_rewards
from plaudit.envs.types import State

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TALLIED = ("feedback", "truth", "steps")


class Heard(NamedTuple):
    """What came of a step, (N,) each.

    Attributes:
        feedback: sum of what was said; 0 where nothing was.
        judgements: how many there were.
        over: whether the episode is over; `Watched.obs` is then of the next one.
    """

    feedback: Floats
    judgements: Ints
    over: Bools


class Watched:
    """Plays the rows of a world, one step at a time.

    Args:
        env: a vector form that `check_watched` lets through, wrapped in what tells feedback.
        choices: columns of a mask of legal actions; 0 where actions cannot be masked.

    Attributes:
        obs: (N, ...) what the policy sees now.
        legal: (N, choices) bool, which actions are legal, or None where all are.

    """

    def __init__(self, env: AnyVector, choices: int) -> None:
        self.env, self.rows = env, env.num_envs
        self.obs: Any = None
        self.legal: Bools | None = None
        self._read_legal = legal_reader(env, choices)
        self._hidden = is_hidden(env)
        self._latest = LatestEpisodes()
        self._running = {key: np.zeros(self.rows) for key in TALLIED}
        self._forget()

    def begin(self, seeds: list[int]) -> None:
        """Start an episode in every row; seeds (N,)."""
        self.obs, info = self.env.reset(seed=seeds)  # type: ignore[arg-type]
        self.legal = self._read_legal(info)

    def step(self, actions: npt.NDArray[Any]) -> Heard:
        """Play actions (N, ...).

        Raises:
            ValueError: feedback is infinite, or NaN where something was said.
        """
        self._valid.append(self._share_legal(actions))
        self.obs, paid, terminated, truncated, info = self.env.step(actions)
        self.legal = self._read_legal(info)
        feedback, count = spoken(np.asarray(paid, np.float64), info)
        over = np.asarray(terminated | truncated)
        self._spoken += int(count.sum())
        self._tally(feedback, true_rewards(info, np.asarray(paid, np.float64)), over)
        return Heard(feedback, count, over)

    def figures(self) -> dict[str, float]:
        """Means since the last call: of steps, and of episodes, see `figures`."""
        row = {"valid": float(np.mean(self._valid)), "heard": float(self._spoken)}
        row["episodes"] = float(len(self._finished))
        running = self._episodes(np.arange(self.rows))
        row |= self._latest.row(of_episodes(self._finished), of_episodes(running))
        self._forget()
        return row

    def get_state(self) -> State:
        """Everything the next step depends on: a fresh copy."""
        return {
            "env": saved(self.env),
            "obs": deepcopy(self.obs),
            "legal": None if self.legal is None else self.legal.copy(),
            "running": {key: value.copy() for key, value in self._running.items()},
            "latest": self._latest.get_state(),
        }

    def set_state(self, state: State) -> None:
        """Go back to a state of the same world; one that could not be saved has to `begin`."""
        begun = state["env"] is not None
        restore(self.env, state["env"])
        self.obs, self.legal = (deepcopy(state["obs"]), state["legal"]) if begun else (None, None)
        self._running = {key: value * begun for key, value in state["running"].items()}
        self._latest.set_state(state["latest"])
        self._forget()

    def _forget(self) -> None:
        self._finished: list[Episode] = []
        self._valid: list[float] = []
        self._spoken = 0

    def _tally(self, feedback: Floats, truth: Floats, over: Bools) -> None:
        for key, added in (("feedback", feedback), ("truth", truth), ("steps", 1.0)):
            self._running[key] += added
        self._finished += self._episodes(np.flatnonzero(over))
        for value in self._running.values():
            value[over] = 0.0

    def _episodes(self, rows: Ints) -> list[Episode]:
        """What has come together in some rows since their episodes began."""
        feedback, truth, steps = (self._running[key][rows].tolist() for key in TALLIED)
        return [
            Episode(said, None if self._hidden else true, int(length))
            for said, true, length in zip(feedback, truth, steps, strict=True)
        ]

    def _share_legal(self, actions: npt.NDArray[Any]) -> float:
        if self.legal is None or not isinstance(self.env.single_action_space, gym.spaces.Discrete):
            return 1.0
        first = int(self.env.single_action_space.start)
        return float(self.legal[np.arange(self.rows), actions - first].mean())


def spoken(paid: Floats, info: dict[str, Any]) -> tuple[Floats, Ints]:
    """Sum of what was said and how many judgements that are, (N,) each.

    Args:
        paid: (N,) reward of the step.
        info: of the step.

    Raises:
        ValueError: feedback is infinite, or NaN where something was said.
    """
    if np.isinf(paid).any():
        raise ValueError(f"feedback must be finite, or NaN for none; got {paid.tolist()}")
    if "feedback_count" in info or "feedback_count" in info.get("final_info", {}):
        count = told(info, "feedback_count", np.zeros(len(paid))).astype(np.int64)
        if np.isnan(paid[count > 0]).any():
            raise ValueError(f"feedback is NaN where something was said: {paid.tolist()}")
    else:
        count = np.where(np.isnan(paid) | (paid == 0.0), 0, 1)
    return np.where(count > 0, paid, 0.0), count
