"""RecordSegments: remember what was done, true rewards included, for teachers to look at."""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.types import State
from plaudit.feedback.asks import Ask
from plaudit.feedback.recorder import UNTIL_RESET, SegmentRecorder
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.wrappers.base import (
    check_order,
    env_id,
    inner_state,
    set_inner_state,
    truth_of,
)
from plaudit.feedback.wrappers.layer import Layer, VectorLayer
from plaudit.feedback.wrappers.model_shape import row_spaces
from plaudit.feedback.wrappers.observations import Numbers
from plaudit.feedback.wrappers.privileged import Camera
from plaudit.feedback.wrappers.wording import readers, wording_of

ALONE = np.ones(1, np.bool_)  # the only row of a single environment
ONLY = np.zeros(1, np.int64)  # its index
RESTS = {
    AutoresetMode.SAME_STEP: 0,
    AutoresetMode.NEXT_STEP: 1,
    AutoresetMode.DISABLED: UNTIL_RESET,
}  # steps that a row does not play after an episode's end


class RecordSegments(Layer):
    """Keep the latest segments of a single environment in `segments`, a `SegmentPool`.

    A reset before the end of an episode, e.g. by a TimeLimit outside, ends its segment too.
    Observations and actions are kept as numbers, see `Numbers`: those of a Discrete space as they
    are, so that `Segment.obs` is (T + 1,); of a Dict or Tuple its numbers, laid out flat; behind a
    TextView those of the world itself, and words beside them, in `Segment.text`.

    Source: own design.

    Args:
        env: any environment whose observations are numbers, words, or a Dict or Tuple of them.
        length: steps of a segment, or None for whole episodes; shorter last ones are kept too.
        keep: how many segments are held.
        states: keep the world's states for teachers that know the world; this costs about 25
            microseconds a step.
        frames: keep a picture of each step, as `render` makes it, for people to look at; this
            costs what that costs, and the memory.
        text: tell segments in words, too: what was read and said where the world shows words, what
            was written where it has tokens and a tokenizer. By default these two are told. In other
            worlds that speak, words are made of the states, if these are kept and frames are not;
            True keeps them. False tells nothing.

    Attributes:
        length: as given.

    Raises:
        TypeError: observations are neither numbers nor words, or states, frames or text are asked
            of a world without.
        ValueError: length or keep is no integer, or too small.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        length: int | None = None,
        keep: int = 1024,
        states: bool = False,
        frames: bool = False,
        text: bool | None = None,
    ) -> None:
        super().__init__(env, length=length, keep=keep, states=states, frames=frames, text=text)
        check_order("RecordSegments", env)
        self._seen, self._done = readers(env)
        words = wording_of(env, text, states, frames)
        self.length, self.segments = length, SegmentPool(keep, env_id(env), words.told)
        self._recorder = SegmentRecorder(1, length, self.segments)
        self._camera = Camera(env, states or words.states, frames, words.noted)

    @property
    def last_cut(self) -> npt.NDArray[np.int64]:
        """Of each segment that the latest step completed, the row, which is 0."""
        return self._recorder.last_cut

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        shots = self._camera.shots([obs]) if self._camera.on else None
        self._recorder.begin(self._seen(obs)[None], ALONE, shots)
        return obs, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        done = self._done(action)[None]
        obs, reward, terminated, truncated, info = self.env.step(action)
        shots = self._camera.shots([obs], [action]) if self._camera.on else None
        self._recorder.note(done, truth_of(info, reward), self._seen(obs)[None], shots)
        if terminated or truncated:
            self._recorder.end(ONLY)
        return obs, reward, terminated, truncated, info

    def get_state(self) -> State:
        return {"env": inner_state(self.env), "recorder": self._recorder.get_state()}

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._recorder.set_state(state["recorder"])


class VectorRecordSegments(VectorLayer):
    """Keep the latest segments of all rows in `segments`, under any auto-reset mode.

    Source: own design.

    Args:
        env: any vector environment with observations as `RecordSegments` has them. Of words only
            the text is kept, beside no numbers.
        length: steps of a segment, or None for whole episodes.
        keep: how many segments are held, all rows together.
        states: as `RecordSegments`; about 25 microseconds per row and step, many times the step
            itself.
        frames: as `RecordSegments`, where `render` gives a picture per row.
        text: as `RecordSegments`.

    Attributes:
        length: as given.

    Raises:
        TypeError: as `RecordSegments`.
        ValueError: as `RecordSegments`, or autoreset_mode SameStep hides what is to be kept.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        length: int | None = None,
        keep: int = 1024,
        states: bool = False,
        frames: bool = False,
        text: bool | None = None,
    ) -> None:
        super().__init__(env, length=length, keep=keep, states=states, frames=frames, text=text)
        check_order("RecordSegments", env)
        seen, done = (Numbers(space, env.num_envs) for space in row_spaces(env))
        self._numbers, self._seen, self._done = seen, seen.rows, done.rows
        words = wording_of(env, text, states, frames)
        self.length, self.segments = length, SegmentPool(keep, env_id(env), words.told)
        if keep < env.num_envs:
            raise ValueError(f"keep must be at least num_envs = {env.num_envs}, got {keep}")
        self._camera = Camera(env, states or words.states, frames, words.noted)
        self._shoots = self._camera.on
        mode = AutoresetMode(env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP))
        self._recorder = SegmentRecorder(self.num_envs, length, self.segments, RESTS[mode])
        self._plays_on = mode == AutoresetMode.SAME_STEP
        self._nobody = np.zeros(self.num_envs, np.bool_)
        self._over = self._rested = self._nobody  # after the latest step, and in it

    @property
    def last_cut(self) -> npt.NDArray[np.int64]:
        """Rows whose segments the latest step completed, in the order of the pool."""
        return self._recorder.last_cut

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """(N,) rows that played in the latest step: neither stood still nor were reset."""
        return ~self._rested

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        obs, info = self.env.reset(seed=seed, options=options)
        rows = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        shots = self._camera.shots(obs) if self._camera.on else None
        self._recorder.begin(self._seen(obs), rows, shots)
        self._over = self._over & ~rows
        return obs, info

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        truth = truth_of(info, reward) if "true_reward" in info else reward
        shots = self._camera.shots(obs, actions) if self._shoots else None
        self._recorder.note(self._done(actions), truth, self._seen(obs), shots)
        over = self._nobody
        # Bytes are searched in a quarter of the time that count_nonzero takes.
        if True in terminated.tobytes() or True in truncated.tobytes():
            over = terminated | truncated
            self._note_ends(over, actions, info)
        if not self._plays_on:  # what is over rests in the next step: it is reset or stands still
            self._rested, self._over = self._over, over
        return obs, reward, terminated, truncated, info

    def get_state(self) -> State:
        return {
            "env": inner_state(self.env),
            "recorder": self._recorder.get_state(),
            "over": self._over.copy(),
        }

    def set_state(self, state: State) -> None:
        set_inner_state(self.env, state["env"])
        self._recorder.set_state(state["recorder"])
        self._over = state["over"].copy()
        self._rested = np.zeros_like(self._over)

    def _note_ends(self, over: npt.NDArray[np.bool_], actions: Any, info: dict[str, Any]) -> None:
        """Note which rows are over, and what they saw where an auto-reset has replaced it."""
        rows = over.nonzero()[0]
        if "final_obs" not in info:
            self._recorder.end(rows)
            return
        finals = info["final_obs"][rows].tolist()
        seen = finals if self._numbers.plain else [self._numbers.one(obs) for obs in finals]
        shots = self._camera.finals(rows, finals, actions) if self._shoots else None
        self._recorder.end(rows, seen, shots)


def check_covers(recorder: Any, ask: Ask) -> None:
    """Refuse a question about fewer steps than the segments of a recorder may have.

    Args:
        recorder: a RecordSegments.
        ask: the question.

    Raises:
        ValueError: some steps could not be answered for.
    """
    steps, length = getattr(ask, "steps", None), recorder.length
    if steps is not None and (length is None or length > steps):
        cut = "whole episodes" if length is None else f"segments of {length} steps"
        raise ValueError(
            f"{ask.kind!r} asks about {steps} steps, and RecordSegments cuts {cut}; "
            f"give it length={steps} or less"
        )
