"""Steps of ordinary worlds: a policy acts in N rows at once, and what happened is kept.

Two ways of playing. `windows` goes on where it stopped: S steps of every row, in which episodes end
and begin, for algorithms with a critic. `episodes` begins anew and plays one whole episode per row,
for algorithms that weigh a whole return.

Rows that begin anew in the step after an end (Gymnasium's NEXT_STEP) choose nothing in that step;
it is masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode

from plaudit.agents.device import send
from plaudit.agents.policies.heads import Categorical
from plaudit.agents.policies.vector import Acted, VectorPolicy
from plaudit.agents.rollout.figures import Episode
from plaudit.agents.rollout.legal import legal_reader
from plaudit.agents.rollout.step_worlds import AnyVector, check_steps
from plaudit.agents.rollout.truth import is_hidden, true_rewards
from plaudit.envs.types import State

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Steps:
    """What happened in N rows and S steps.

    Attributes:
        numbers: (N, S, D) observations as the policy's `read` gives them.
        actions: (N, S, ...) as the head's `read` gives them.
        legal: (N, S, choices) bool, or None where nothing was ever illegal.
        mask: (N, S) bool, True where the policy chose.
        logp, values, rewards: (N, S) float32, as when the action was chosen.
        ends: (N, S) bool, the last step of an episode.
        cut_values: (N, S) float32, the critic's value of what a time limit cut off; 0 elsewhere.
        last_value: (N,) float32, the critic's value of what follows the last step.
        episodes: those that ended within.
        valid: share of actions that were legal; NaN where none was chosen.
    """

    numbers: torch.Tensor
    actions: torch.Tensor
    legal: torch.Tensor | None
    mask: torch.Tensor
    logp: torch.Tensor
    values: torch.Tensor
    rewards: torch.Tensor
    ends: torch.Tensor
    cut_values: torch.Tensor
    last_value: torch.Tensor
    episodes: tuple[Episode, ...]
    valid: float


class StepCollector:
    """Plays a policy in a vector environment.

    Args:
        env: any Gymnasium vector environment of one seat, wrapped as you like.
        policy: chooses.

    Raises:
        TypeError, ValueError: see `check_steps`.
    """

    def __init__(self, env: AnyVector, policy: VectorPolicy) -> None:
        self._mode = check_steps(env, policy)
        self.env, self.policy = env, policy
        self._legal_of = legal_reader(env, policy.head.choices)
        self._hidden = is_hidden(env)
        self._begun = False

    def windows(self, steps: int, *, seed: int) -> Steps:
        """The next `steps` steps of every row; the first call resets the environment.

        Args:
            steps: S.
            seed: of that reset.

        Raises:
            ValueError: rows stand still once they are over.
        """
        if self._mode == AutoresetMode.DISABLED:
            raise ValueError(
                "windows of steps need rows that begin anew by themselves: make the environment "
                "with autoreset_mode='SameStep' or 'NextStep'"
            )
        if not self._begun:
            self._reset(seed)
        kept = [self._step(~self._fresh, critic=True) for _ in range(steps)]
        return self._together(kept, self.policy.values(self._numbers))

    def episodes(self, seeds: Sequence[int], *, most: int) -> Steps:
        """One episode of every row, from its beginning to its end.

        Args:
            seeds: (N,); rows with equal seeds begin alike.
            most: steps after which every episode must have ended.

        Raises:
            ValueError: one has not, or rows cannot begin alike.
        """
        try:
            self._reset(list(seeds))
        except gym.error.Error as error:  # some vector forms of Gymnasium take one seed for all
            if len(set(seeds)) < len(seeds):
                raise ValueError(
                    f"{self.env} takes one seed for all rows, so none can begin alike; make it "
                    "with vectorization_mode='sync'"
                ) from error
            self._reset(int(seeds[0]))
        kept: list[_Kept] = []
        running = np.ones(self.env.num_envs, np.bool_)
        while running.any():
            if len(kept) == most:
                raise ValueError(
                    "this algorithm weighs whole episodes, and "
                    f"{np.count_nonzero(running)} of {len(running)} did not end within steps={most}"
                    "; raise steps, or give the world a time limit"
                )
            kept.append(self._step(running, critic=False))
            running = running & ~kept[-1].ends
        return self._together(kept, np.zeros(len(running), np.float32))

    def running(self) -> list[Episode]:
        """The episodes that go on, as far as they have come."""
        return self._episodes(self._totals)

    def get_state(self) -> State:
        """What the next window depends on besides the environment and the policy: a fresh copy."""
        if not self._begun:
            return {}
        return {
            "numbers": self._numbers.clone(),
            "legal": None if self._legal is None else self._legal.copy(),
            "fresh": self._fresh.copy(),
            "totals": self._totals.copy(),
        }

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        self._begun = bool(state)
        if state:
            self._numbers = send(state["numbers"], self.policy.device)
            self._legal = state["legal"]
            self._fresh, self._totals = state["fresh"].copy(), state["totals"].copy()

    def _reset(self, seed: int | list[int]) -> None:
        obs, info = self.env.reset(seed=seed)  # type: ignore[arg-type]
        self._see(obs, info)
        self._fresh = np.zeros(self.env.num_envs, np.bool_)
        self._totals = np.zeros((3, self.env.num_envs))  # paid, truth, steps
        self._begun = True

    def _see(self, obs: Any, info: dict[str, Any]) -> None:
        self._numbers, self._legal = self.policy.read(obs), self._legal_of(info)

    def _step(self, chose: Bools, *, critic: bool) -> "_Kept":
        """One step of all rows, of which those that `chose` (N,) count."""
        numbers, legal = self._numbers, self._legal
        if legal is not None and not chose.all():
            legal = legal | ~chose[:, None]  # where an episode is over, nothing may be legal
        acted = self.policy.act(numbers, legal)
        step = self.env.step(self.policy.playable(acted.action))
        obs, reward, terminated, truncated, info = step
        ends = (terminated | truncated) & chose
        cut = ends & ~terminated
        beyond = np.zeros(len(ends), np.float32)
        if critic and self._mode == AutoresetMode.SAME_STEP and cut.any():
            beyond[cut] = self.policy.values(list(info["final_obs"][cut]))
        self._see(obs, info)
        self._fresh = ends & (self._mode == AutoresetMode.NEXT_STEP)
        over = self._count(np.where(chose, reward, 0.0), true_rewards(info, reward), chose, ends)
        return _Kept(numbers, legal, chose, acted, reward, ends, cut, beyond, over)

    def _count(self, reward: Array, truth: Array, chose: Bools, ends: Bools) -> list[Episode]:
        """Add a step to the running totals; the episodes that it ended."""
        self._totals += (reward, np.where(chose, truth, 0.0), chose)
        if not ends.any():
            return []
        over = self._episodes(self._totals[:, ends])
        self._totals[:, ends] = 0.0
        return over

    def _episodes(self, totals: Array) -> list[Episode]:
        return [
            Episode(paid, None if self._hidden else true, int(length))
            for paid, true, length in totals.T.tolist()
        ]

    def _together(self, kept: list["_Kept"], last_value: Array) -> Steps:
        values = np.stack([step.acted.value for step in kept])
        cut = np.stack([step.cut for step in kept])
        beyond = np.stack([step.beyond for step in kept])
        if self._mode == AutoresetMode.NEXT_STEP:  # where the last observation comes next
            beyond = np.where(cut, np.concatenate([values[1:], last_value[None]]), beyond)
        head = self.policy.head
        actions = head.read(np.concatenate([step.acted.action for step in kept]))
        legal = self._all_legal(kept)
        return Steps(
            torch.stack([step.numbers for step in kept]).transpose(0, 1),
            self._by_row(actions.view(*values.shape, -1)),
            None if legal is None else self._by_row(torch.from_numpy(legal)),
            self._by_row(np.stack([step.chose for step in kept])),
            self._by_row(np.stack([step.acted.logp for step in kept])),
            self._by_row(values),
            self._by_row(np.stack([step.reward for step in kept]).astype(np.float32)),
            self._by_row(np.stack([step.ends for step in kept])),
            self._by_row(beyond),
            send(torch.from_numpy(last_value), self.policy.device),
            tuple(episode for step in kept for episode in step.over),
            self._valid(kept),
        )

    def _by_row(self, by_time: Array | torch.Tensor) -> torch.Tensor:
        """(S, N, ...) as (N, S, ...) on the policy's device; still laid out by time."""
        if not isinstance(by_time, torch.Tensor):
            by_time = torch.from_numpy(by_time)
        return send(by_time, self.policy.device).transpose(0, 1)

    def _all_legal(self, kept: list["_Kept"]) -> Bools | None:
        """(S, N, choices), or None where nothing was ever illegal."""
        told = next((step.legal for step in kept if step.legal is not None), None)
        if told is None:
            return None
        everything = np.ones_like(told)
        return np.stack([everything if s.legal is None else s.legal for s in kept])

    def _valid(self, kept: list["_Kept"]) -> float:
        """Share of the chosen actions that were legal; NaN where none was chosen."""
        head, legal, chosen = self.policy.head, 0, 0
        for step in kept:
            chosen += int(step.chose.sum())
            fine = step.chose
            if step.legal is not None and isinstance(head, Categorical):
                fine = fine & head.permits(step.acted.action, step.legal)
            legal += int(fine.sum())
        return legal / chosen if chosen else float("nan")


class _Kept(NamedTuple):
    """One step of all rows; (N, ...) each."""

    numbers: torch.Tensor
    legal: Bools | None
    chose: Bools
    acted: Acted
    reward: Array
    ends: Bools
    cut: Bools
    beyond: Array
    over: list[Episode]
