"""What each agent of a PettingZoo environment saw, did and was paid, and the stretches cut of it.

Source: own design.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.types import Segment, SegmentRef

Array = npt.NDArray[Any]


@dataclass
class Track:
    """One agent's episode so far.

    Attributes:
        joined: the step of the episode at which the agent came.
        cut: the step up to which its behaviour has been cut.
        obs: one more than actions.
        actions, rewards: what it did and was truly paid.
    """

    joined: int
    cut: int
    obs: list[Array]
    actions: list[Array] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The step of the episode up to which it is known."""
        return self.joined + len(self.actions)

    def get_state(self) -> State:
        """A fresh copy."""
        arrays = {name: [a.copy() for a in getattr(self, name)] for name in ("obs", "actions")}
        return {"joined": self.joined, "cut": self.cut, "rewards": list(self.rewards)} | arrays


class AgentTracks:
    """Follows all agents through an episode.

    Args:
        env_id: written into each segment's reference.
        read: by agent, what makes an array of what it sees.
    """

    def __init__(self, env_id: str, read: Mapping[str, Callable[[Any], Array]]) -> None:
        self._env_id, self._read = env_id, read
        self._tracks: dict[str, Track] = {}
        self._joint_cut = 0
        self._episode = -1
        self._step = 0

    def begin(self, obs: Mapping[str, Any]) -> None:
        """A new episode; `obs` by agent."""
        self._episode, self._step, self._joint_cut = self._episode + 1, 0, 0
        self._tracks = {agent: Track(0, 0, [self._seen(agent, o)]) for agent, o in obs.items()}

    def add(
        self, obs: Mapping[str, Any], actions: Mapping[str, Any], rewards: Mapping[str, float]
    ) -> None:
        """A step of the agents in `rewards`; those that only appear now join."""
        self._step += 1
        for agent, seen in obs.items():
            if agent in self._tracks and agent in actions:
                track = self._tracks[agent]
                track.actions.append(np.array(actions[agent]))
                track.rewards.append(float(rewards.get(agent, 0.0)))
                track.obs.append(self._seen(agent, seen))
            elif agent not in self._tracks:
                self._tracks[agent] = Track(self._step, self._step, [self._seen(agent, seen)])

    def uncut(self, agent: str) -> int:
        """Steps of an agent since its last segment."""
        track = self._tracks.get(agent)
        return 0 if track is None else track.end - track.cut

    @property
    def uncut_together(self) -> int:
        """Steps of the episode since the last joint segment."""
        return self._step - self._joint_cut

    @property
    def agents(self) -> tuple[str, ...]:
        """All that have been seen in this episode."""
        return tuple(self._tracks)

    def cut(self, agent: str) -> Segment:
        """An agent's steps since its last segment, with what others did meanwhile."""
        track = self._tracks[agent]
        start, track.cut = track.cut, track.end
        own = self._segment(track, start, track.end)
        return replace(own, others=self._since(start, without=agent))

    def cut_together(self, widths: Mapping[str, tuple[int, int]]) -> Segment:
        """What all did since the last joint segment, side by side.

        Observations and actions are flat numbers, agent by agent in the order of `widths`, zeros
        where one was not there; the true rewards are those of all added up; `others` holds all.

        Args:
            widths: how many numbers each agent's observations and actions have.
        """
        start, self._joint_cut = self._joint_cut, self._step
        steps = self._step - start
        obs, actions, rewards = [], [], np.zeros(steps)
        for agent, (seen, done) in widths.items():
            track = self._tracks.get(agent) or Track(self._step, self._step, [])
            first = track.joined - start
            obs.append(_placed(seen, track.obs, first, steps + 1))
            actions.append(_placed(done, track.actions, first, steps))
            rewards += _placed(1, track.rewards, first, steps)[:, 0]
        ref = SegmentRef(self._env_id, self._episode, start, self._step)
        flat = np.concatenate(obs, axis=1), np.concatenate(actions, axis=1)
        return Segment(*flat, ref, rewards=rewards, others=self._since(start))

    def get_state(self) -> State:
        """A fresh copy of everything the next segments depend on."""
        return {
            "tracks": {agent: track.get_state() for agent, track in self._tracks.items()},
            "joint_cut": self._joint_cut,
            "episode": self._episode,
            "step": self._step,
        }

    def set_state(self, state: State) -> None:
        """Go back."""
        self._tracks = {}
        for agent, fields in state["tracks"].items():
            arrays = {name: [a.copy() for a in fields[name]] for name in ("obs", "actions")}
            self._tracks[agent] = Track(**{**fields, **arrays, "rewards": list(fields["rewards"])})
        self._joint_cut, self._episode = int(state["joint_cut"]), int(state["episode"])
        self._step = int(state["step"])

    def _seen(self, agent: str, obs: Any) -> Array:
        return np.array(self._read[agent](obs))

    def _since(self, start: int, without: str = "") -> dict[str, Segment]:
        """What all but one have done since a step, as far as they were there."""
        return {
            name: self._segment(track, max(start, track.joined), track.end)
            for name, track in self._tracks.items()
            if name != without and track.end >= max(start, track.joined)
        }

    def _segment(self, track: Track, start: int, end: int) -> Segment:
        """Steps [start, end) of one agent."""
        first, last = start - track.joined, end - track.joined
        like = track.actions[0] if track.actions else np.zeros((), np.int64)
        return Segment(
            np.stack(track.obs[first : last + 1]),
            np.stack(track.actions[first:last]) if last > first else np.zeros((0, *like.shape)),
            SegmentRef(self._env_id, self._episode, start, end),
            rewards=np.array(track.rewards[first:last], np.float64),
        )


def _placed(width: int, values: Sequence[Any], first: int, count: int) -> Array:
    """(count, width) flattened values, the first of them in row `first`, zeros elsewhere."""
    out = np.zeros((count, width))
    for row, value in enumerate(values, start=first):
        if 0 <= row < count:
            out[row] = np.ravel(value)
    return out
