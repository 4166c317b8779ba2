"""A pool of the latest segments, which are put together when somebody asks for them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from math import inf
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.limits import check_range
from plaudit.envs.types import State
from plaudit.feedback.cuts import Cut, cut_of
from plaudit.feedback.shots import shots_from, shots_of, shots_state
from plaudit.feedback.timeline import Timeline
from plaudit.feedback.types import Segment, pad

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class SegmentPool:
    """The latest segments, at most `keep`; each is copied out anew when it is asked for.

    Source: own design.

    Args:
        keep: segments held, at least 2.
        env_id: written into each segment's reference.
        told: puts a segment that was handed out into words, where they were not noted.

    Raises:
        ValueError: keep is no integer, or too small.
    """

    def __init__(
        self, keep: int, env_id: str, told: Callable[[Segment], str | None] | None = None
    ) -> None:
        self.keep = int(check_range("keep", keep, 2, inf, integer=True, unit="segments"))
        self._told = told
        self.env_id = env_id
        self._total = 0
        self._cuts: list[tuple[int, Cut]] = []  # each with the number of its first segment
        self._look: list[Callable[[], None]] = []

    @property
    def total(self) -> int:
        """Segments ever added."""
        for look in self._look:
            look()
        return self._total

    def before_looking(self, look: Callable[[], None]) -> None:
        """Call this, which may add segments, whenever somebody looks at them."""
        self._look.append(look)

    def __len__(self) -> int:
        return min(self.total, self.keep)

    def add(
        self,
        obs: Array,
        actions: Array,
        rewards: Array,
        episodes: Ints,
        starts: Ints,
        lengths: Ints | None = None,
    ) -> None:
        """Add n segments of at most T steps.

        Args:
            obs: (n, T + 1, ...) observations, the one after the last action included.
            actions: (n, T, ...).
            rewards: (n, T) true rewards.
            episodes: (n,) number of the episode each was cut from.
            starts: (n,) the step of that episode it begins at.
            lengths: (n,) steps of each where some have fewer than T.
        """
        self.receive(cut_of(obs, actions, rewards, episodes, starts, lengths))

    def receive(self, cut: Cut) -> None:
        """Add the segments of a cut, which are looked up when they are asked for."""
        self._cuts.append((self._total, cut))
        self._total += len(cut)
        gone = self._total - self.keep  # segments before this number are held no longer
        while self._cuts[0][0] + len(self._cuts[0][1]) <= gone:
            del self._cuts[0]

    def segment(self, slot: int) -> Segment:
        """One segment, copied out, with all that is privileged: for teachers' lenses only.

        Args:
            slot: in 0..len - 1; the segment ever added as number k has slot k % keep.

        Raises:
            IndexError: there is no such segment.
        """
        if not 0 <= slot < len(self):
            raise IndexError(f"slot must be in 0..{len(self) - 1}, got {slot}")
        number = self.total - 1 - (self.total - 1 - slot) % self.keep
        first, cut = self._cuts[bisect_right(self._cuts, number, key=itemgetter(0)) - 1]
        made = cut.segment(number - first, self.env_id)
        if self._told is None or made.text is not None:
            return made
        return replace(made, text=self._told(made))

    def newest(self, count: int) -> Ints:
        """Slots of the latest segments, newest last, at most `count`."""
        count = min(count, len(self))
        return (self.total - count + np.arange(count)) % self.keep

    def keep_last(self, line: Timeline) -> None:
        """Copy what the segments that end now saw last: the line is about to show another view."""
        for _, cut in reversed(self._cuts):
            if cut.line is line and cut.ends != line.now:
                return
            if cut.line is line and cut.last is None:
                cut.last = line.shown(line.now, cut.rows)

    def oldest_step(self, line: Timeline) -> int:
        """The time of the oldest step of a timeline that a segment here still needs."""
        begins = [cut.begins for _, cut in self._cuts if cut.line is line]
        return int(np.concatenate(begins)[-self.keep :].min()) if begins else line.now

    def get_state(self) -> State:
        segments = [self.segment(int(slot)) for slot in self.newest(len(self))]
        if not segments:
            return {"total": 0}
        rewards = np.zeros((len(segments), max(map(len, segments))))
        for row, segment in enumerate(segments):
            rewards[row, : len(segment)] = segment.rewards
        batch, refs = pad(segments), [segment.ref for segment in segments]
        return {
            "total": self.total,
            "obs": batch.obs,
            "actions": batch.actions,
            "rewards": rewards,
            "length": np.array([len(segment) for segment in segments]),
            "episode": np.array([ref.episode for ref in refs]),
            "start": np.array([ref.start for ref in refs]),
            "text": [segment.text for segment in segments],
            "shots": [shots_state(shots) for shots in map(shots_of, segments) if shots] or None,
        }

    def set_state(self, state: State) -> None:
        self._total, self._cuts = 0, []
        if state["total"]:
            keys = ("obs", "actions", "rewards", "episode", "start", "length")
            obs, actions, rewards, episodes, starts, lengths = (state[key] for key in keys)
            shots = None if state["shots"] is None else list(map(shots_from, state["shots"]))
            cut = cut_of(obs, actions, rewards, episodes, starts, lengths, shots, state["text"])
            self._total = int(state["total"])
            self._cuts = [(self._total - len(cut), cut)]
