"""ScalarFeedback: somebody watches, says good or bad in real time, and is heard a little later."""

import time
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.feedback.delays import Delay
from plaudit.feedback.programs import Named
from plaudit.feedback.wrappers.arrivals import Arrivals
from plaudit.feedback.wrappers.base import (
    check_order,
    inner,
    set_truth_aside,
)
from plaudit.feedback.wrappers.layer import Layer, VectorLayer
from plaudit.feedback.wrappers.onlooker import Onlooker

APPROVE = {"kind": "approve"}
ALONE = np.ones(1, np.bool_)  # the only row of a single environment


class ScalarFeedback(Layer):
    """Pay what somebody who watches says about the latest step, some time after it.

    Each segment of the RecordSegments inside is judged: with its `length=1` every step, with k
    every k steps at once. The judgement arrives `delay` after it was given, as reward and in the
    info. A step at which several arrive pays their sum, one at which none does pays 0. A person who
    presses keys is a teacher whose `poll` returns something now and then; nothing waits for it.

    Info: `feedback`, what the step pays; `feedback_count`, how many judgements that are; and for
    evaluation only, unless the truth is hidden, `eval["feedback_for"]`, the steps of their episode,
    from 0, that they are about.

    Source: doi:10.1145/1597735.1597738 (TAMER: a person's scalar reinforcement, which is late).
    Differs: what arrives is paid as it is; to credit earlier steps with it is up to the learner.

    Args:
        env: holds RecordSegments.
        teacher: registered name, or {"name": ..., settings}; it may be late by itself, too.
        ask: the question, as `Ask.to_json` writes it: approve, which gives -1 or +1, rate, react,
            check or mark; see `answer_rewards`.
        delay: from a judgement to its arrival: a number, [least, most] (uniform), or
            {"shape": ..., "scale": ...} (gamma).
        clock: unit of the delay: "steps", whole ones and deterministic, or "seconds" of real time.
        late: "drop" what has not arrived when its episode ends, counted in `dropped`, or "carry" it
            into the next one.
        seed: of the delays.

    Attributes:
        seconds: tells the real time; another function may be put here.

    Raises:
        TypeError: a wrapper of the chain stands in the wrong place.
        ValueError: a delay is out of range, or the answers to the question are no rewards.
        KeyError: an unknown clock, or an unknown way to treat what is late.
    """

    PARTS = ("_onlooker", "_arrivals")

    def __init__(
        self,
        env: gym.Env[Any, Any],
        teacher: Named = "noisy_person",
        ask: dict[str, Any] = APPROVE,
        delay: Delay = 0,
        clock: str = "steps",
        late: str = "drop",
        seed: int = 0,
    ) -> None:
        super().__init__(
            env, teacher=teacher, ask=ask, delay=delay, clock=clock, late=late, seed=seed
        )
        check_order("ScalarFeedback", env, needs="RecordSegments")
        self.seconds = time.monotonic
        self._onlooker = Onlooker(env, teacher, ask, missing=None)
        self._arrivals = Arrivals(self._onlooker, delay, clock, late, seed, lambda: self.seconds())

    @property
    def dropped(self) -> int:
        """Judgements that came too late so far."""
        return self._arrivals.dropped

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = self.env.reset(**kwargs)
        self._onlooker.skip()
        self._arrivals.end(ALONE)
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(action)
        heard = self._arrivals.step(ALONE, np.array([terminated or truncated]))
        paid = float(sum(judgement.worth for judgement in heard))
        info = set_truth_aside(info, reward, self._hidden)
        info |= {"feedback": paid, "feedback_count": len(heard)}
        if not self._hidden:
            about = tuple(judgement.step for judgement in heard)
            info["eval"] = {**info.get("eval", {}), "feedback_for": about}
        return obs, paid, terminated, truncated, info


class VectorScalarFeedback(VectorLayer):
    """The vector form of `ScalarFeedback`: one teacher watches all rows, steps are those of all.

    Rows that rest in a step, because they are reset or stand still, hear nothing at it.

    Source: as `ScalarFeedback`.

    Args:
        env: as `ScalarFeedback`.
        teacher: as `ScalarFeedback`.
        ask: as `ScalarFeedback`.
        delay: as `ScalarFeedback`.
        clock: as `ScalarFeedback`.
        late: as `ScalarFeedback`.
        seed: as `ScalarFeedback`.

    Attributes:
        seconds: as `ScalarFeedback`.

    Raises:
        TypeError: as `ScalarFeedback`.
        ValueError: as `ScalarFeedback`.
        KeyError: as `ScalarFeedback`.
    """

    PARTS = ("_onlooker", "_arrivals")

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        teacher: Named = "noisy_person",
        ask: dict[str, Any] = APPROVE,
        delay: Delay = 0,
        clock: str = "steps",
        late: str = "drop",
        seed: int = 0,
    ) -> None:
        super().__init__(
            env, teacher=teacher, ask=ask, delay=delay, clock=clock, late=late, seed=seed
        )
        check_order("ScalarFeedback", env, needs="RecordSegments")
        self.seconds = time.monotonic
        self._onlooker = Onlooker(env, teacher, ask, missing=None)
        self._arrivals = Arrivals(self._onlooker, delay, clock, late, seed, lambda: self.seconds())
        self._recorder: Any = inner(env, "RecordSegments")

    @property
    def dropped(self) -> int:
        """Judgements that came too late so far."""
        return self._arrivals.dropped

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        obs, info = self.env.reset(seed=seed, options=options)
        self._onlooker.skip()
        rows = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        self._arrivals.end(rows)
        return obs, set_truth_aside(info, None, self._hidden)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        heard = self._arrivals.step(self._recorder.live, terminated | truncated)
        paid, counts = np.zeros(len(reward)), np.zeros(len(reward), np.int64)
        about = np.empty(len(reward), object)
        about[:] = [()] * len(reward)
        for row, _, step, worth in heard:
            paid[row] += worth
            counts[row] += 1
            about[row] += (step,)
        info = set_truth_aside(info, reward, self._hidden)
        everybody = ~np.zeros(len(reward), np.bool_)
        info |= {"feedback": paid.copy(), "_feedback": everybody}
        info |= {"feedback_count": counts, "_feedback_count": everybody.copy()}
        if not self._hidden:
            told = {"feedback_for": about, "_feedback_for": everybody.copy()}
            info |= {"eval": {**info.get("eval", {}), **told}, "_eval": everybody.copy()}
        return obs, paid, terminated, truncated, info
