"""Steps of several seats: a team acts in N rows at once, and what happened to each seat is kept.

A seat's steps are those in which it was on turn; what it earns while it waits is credited to the
last of them. A step is complete once the seat is on turn again or its episode is over. Steps that
are not complete when a window closes are held back and open the next one, so that windows of any
length give the same steps, with the same rewards.

Source: own design.
"""

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.device import send
from plaudit.agents.policies.heads import Categorical
from plaudit.agents.policies.team import Read, Team
from plaudit.agents.rollout.seat_credit import credited_to_steps
from plaudit.agents.seat_worlds.base import Played, Scene, SeatWorld
from plaudit.envs.types import State

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class SeatEpisode(NamedTuple):
    """A finished episode.

    Attributes:
        scores: by seat, what it was paid, reward units.
        true_scores: by seat, the true return, for logs only; None where it is hidden.
        length: joint steps.
    """

    scores: tuple[float, ...]
    true_scores: tuple[float, ...] | None
    length: int


@dataclass(frozen=True)
class SeatSteps:
    """What one seat did in N rows; T is one more than the window's steps.

    Attributes:
        numbers: (N, T, D) observations as its policy reads them.
        views: (N, T, D) what all saw, as its critic reads it; None where critics are own.
        actions: (N, T, ...) as its head reads them.
        legal: (N, T, choices) bool, or None where nothing was ever illegal.
        mask: (N, T) bool, its complete steps; all else here is not to be read.
        logp, values: (N, T) float32, as when the action was chosen.
        rewards: (N, T) float32, credited to steps.
        ends: (N, T) bool, where an episode was over for it, be it on turn or not.
        cut_values: (N, T) float32, credited values of what a time limit cut off; 0 elsewhere.
        last_value: (N,) float32, the critic's value of what follows its last complete step.
        valid: share of its actions that were legal; NaN where it chose none.
    """

    numbers: torch.Tensor
    views: torch.Tensor | None
    actions: torch.Tensor
    legal: torch.Tensor | None
    mask: torch.Tensor
    logp: torch.Tensor
    values: torch.Tensor
    rewards: torch.Tensor
    ends: torch.Tensor
    cut_values: torch.Tensor
    last_value: torch.Tensor
    valid: float


class SeatCollector:
    """Plays a team in a world of several seats, going on where it stopped.

    Args:
        world: the rows.
        team: has the world's seats and spaces.

    Raises:
        ValueError: it has not.
    """

    def __init__(self, world: SeatWorld, team: Team) -> None:
        _check(world, team)
        self.world, self.team = world, team
        self._held: list[_Kept] = []

    def window(
        self, steps: int, *, seed: int
    ) -> tuple[tuple[SeatSteps, ...], tuple[SeatEpisode, ...]]:
        """The next `steps` joint steps of every row, by seat, and the episodes that ended.

        Args:
            steps: S.
            seed: of the first window's reset.
        """
        if not self._held:
            self._see(self.world.reset(seed))
            self._totals = np.zeros((2, *self._turn.shape))  # paid, truth
            self._lengths = np.zeros(self.world.num_envs, np.int64)
        kept, over = [self._held], list[SeatEpisode]()
        for _ in range(steps):
            kept.append(self._step(over))
        if not kept[0]:  # the first window holds nothing back from an earlier one
            nobody = np.zeros(self.world.num_envs, np.bool_)
            kept[0] = [step._replace(chose=nobody, ends=nobody) for step in kept[1]]
        values = self.team.values(self._read)
        done = [
            self._together([step[place] for step in kept], place, values[:, place])
            for place in range(len(self.world.seats))
        ]
        self._held = [held for _, held in done]
        return tuple(found for found, _ in done), tuple(over)

    def running(self) -> list[SeatEpisode]:
        """The episodes that go on, as far as they have come."""
        return self._episodes(np.arange(self.world.num_envs))

    def get_state(self) -> State:
        """What the next window depends on besides the world and the team: a fresh copy."""
        if not self._held:
            return {}
        state = {
            "held": [held._asdict() for held in self._held],
            "read": self._read._asdict(),
            "legal": self._legal,
            "turn": self._turn,
            "totals": self._totals,
            "lengths": self._lengths,
        }
        return copy.deepcopy(state)

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        self._held = []
        if not state:
            return
        state = self._sent(copy.deepcopy(state))
        self._held = [_Kept(**held) for held in state["held"]]
        self._read, self._legal, self._turn = Read(**state["read"]), state["legal"], state["turn"]
        self._totals, self._lengths = state["totals"], state["lengths"]

    def _sent(self, saved: Any) -> Any:
        """A saved state with its tensors where the team computes."""
        if isinstance(saved, dict):
            return {key: self._sent(value) for key, value in saved.items()}
        if isinstance(saved, list):
            return [self._sent(value) for value in saved]
        return send(saved, self.team.at(0).device) if isinstance(saved, torch.Tensor) else saved

    def _see(self, scene: Scene) -> None:
        self._read, self._turn = self.team.read(scene.obs), scene.turn
        # Where a seat waits, nothing may be legal for it.
        self._legal = [
            None if legal is None else legal | ~scene.turn[:, place, None]
            for place, legal in enumerate(scene.legal)
        ]

    def _step(self, over: list[SeatEpisode]) -> list["_Kept"]:
        """One joint step of all rows, by seat; appends the episodes that it ended."""
        team, read, legal, turn = self.team, self._read, self._legal, self._turn
        acted = [team.at(p).act(seen, legal[p]) for p, seen in enumerate(read.numbers)]
        values = np.stack([one.value for one in acted], axis=1)
        if team.central:
            values = team.values(read)
        given = [team.at(place).playable(one.action) for place, one in enumerate(acted)]
        played, scene = self.world.step(given)
        beyond = np.zeros_like(values)
        if played.final is not None:
            beyond = np.where(played.cut, team.values(team.read(played.final)), 0.0)
        self._see(scene)
        self._count(played, over)
        return [
            _Kept(
                numbers=seen,
                view=read.view,
                legal=legal[place],
                chose=turn[:, place],
                action=acted[place].action,
                logp=acted[place].logp,
                value=values[:, place],
                reward=played.rewards[:, place].astype(np.float32),
                ends=played.ends[:, place],
                beyond=beyond[:, place],
            )
            for place, seen in enumerate(read.numbers)
        ]

    def _count(self, played: Played, over: list[SeatEpisode]) -> None:
        self._totals += (played.rewards, played.truth)
        self._lengths += 1
        over.extend(self._episodes(np.flatnonzero(played.over)))
        self._totals[:, played.over], self._lengths[played.over] = 0.0, 0

    def _episodes(self, rows: Ints) -> list[SeatEpisode]:
        """What has come together in some rows since their episodes began."""
        found = []
        for row in rows.tolist():
            paid, truth = (tuple(scores) for scores in self._totals[:, row].tolist())
            true_scores = None if self.world.hidden else truth
            found.append(SeatEpisode(paid, true_scores, int(self._lengths[row])))
        return found

    def _together(
        self, kept: list["_Kept"], place: int, last_value: Floats
    ) -> tuple[SeatSteps, "_Kept"]:
        """A seat's complete steps, and those that are held back."""
        whole = _stacked(kept)
        paid = np.stack([whole.reward, whole.beyond])
        (reward, beyond), open_at = credited_to_steps(paid, whole.chose, whole.ends)
        whole = whole._replace(reward=reward, beyond=beyond)
        rows, times = np.arange(len(open_at)), np.maximum(open_at, 0)
        pending = (open_at >= 0) & ~self._turn[:, place]
        held = _picked(whole, times, rows, pending)
        mask, head = whole.chose.copy(), self.team.at(place).head
        mask[times[pending], rows[pending]] = False
        told = head.read(whole.action.reshape(-1, *whole.action.shape[2:]))
        steps = SeatSteps(
            numbers=whole.numbers.transpose(0, 1),
            views=None if whole.view is None else whole.view.transpose(0, 1),
            actions=self._by_row(told.view(*mask.shape, *told.shape[1:])),
            legal=None if whole.legal is None else self._by_row(torch.from_numpy(whole.legal)),
            mask=self._by_row(mask),
            logp=self._by_row(whole.logp),
            values=self._by_row(whole.value),
            rewards=self._by_row(reward),
            ends=self._by_row(whole.ends),
            cut_values=self._by_row(beyond),
            last_value=self._by_row(np.where(pending, held.value, last_value)[None])[:, 0],
            valid=_valid(head, whole.action, whole.legal, mask),
        )
        return steps, held

    def _by_row(self, by_time: Array | torch.Tensor) -> torch.Tensor:
        """(T, N, ...) as (N, T, ...) on the team's device; still laid out by time."""
        if not isinstance(by_time, torch.Tensor):
            by_time = torch.from_numpy(by_time)
        return send(by_time, self.team.at(0).device).transpose(0, 1)


class _Kept(NamedTuple):
    """One step of one seat in all rows; (N, ...) each."""

    numbers: torch.Tensor
    view: torch.Tensor | None
    legal: Bools | None
    chose: Bools
    action: Array
    logp: Floats
    value: Floats
    reward: Floats
    ends: Bools
    beyond: Floats


def _stacked(kept: list[_Kept]) -> _Kept:
    """Steps as one, (T, N, ...) each."""
    told = next((step.legal for step in kept if step.legal is not None), None)
    legal = None
    if told is not None:
        legal = np.stack([np.ones_like(told) if s.legal is None else s.legal for s in kept])
    views = [step.view for step in kept if step.view is not None]
    view = torch.stack(views) if views else None
    arrays = [np.stack(each) for each in zip(*(step[3:] for step in kept), strict=True)]
    return _Kept(torch.stack([step.numbers for step in kept]), view, legal, *arrays)


def _picked(whole: _Kept, times: Ints, rows: Ints, chose: Bools) -> _Kept:
    """One step of each row out of (T, N, ...), for those that `chose` (N,); not an end."""
    t, n = (torch.from_numpy(index).to(whole.numbers.device) for index in (times, rows))
    arrays: list[Any] = [array[times, rows] for array in whole[3:]]
    return _Kept(
        whole.numbers[t, n],
        None if whole.view is None else whole.view[t, n],
        None if whole.legal is None else whole.legal[times, rows],
        *arrays,
    )._replace(chose=chose, ends=np.zeros_like(chose))


def _valid(head: Any, actions: Array, legal: Bools | None, mask: Bools) -> float:
    if legal is None or not isinstance(head, Categorical):
        return 1.0 if mask.any() else float("nan")
    return float(head.permits(actions[mask], legal[mask]).mean()) if mask.any() else float("nan")


def _check(world: SeatWorld, team: Team) -> None:
    if tuple(team.seats) != tuple(world.seats):
        raise ValueError(f"the team has the seats {team.seats}, the world {world.seats}")
    for place, seat in enumerate(world.seats):
        policy = team.at(place)
        for name in ("observation_space", "action_space"):
            mine, its = getattr(policy, name), getattr(world, f"{name}s")[place]
            if mine != its:
                raise ValueError(f"{name} of {seat}: the policy's is {mine}, the world's {its}")
