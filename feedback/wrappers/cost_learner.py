"""CostLearner: what a step costs, by a model of what somebody says about whole episodes.

    somebody's utility of an episode = - its cost,   learned cost of a step = - predicted reward

Comparisons tell differences of costs only. Where a limit must be kept their level matters, too: ask
beside them whether an episode will do (`Schedule.also`), and let the teacher and the model agree on
the utility above which it does (`center`).

Source: arXiv:2310.12773, section 3.2 (comparisons, and a sign for safe or unsafe).
"""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State
from plaudit.feedback.loop import PreferenceLoop, Schedule
from plaudit.feedback.programs import Named
from plaudit.feedback.recorder import UNTIL_RESET, SegmentRecorder
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.wrappers.base import AnyEnv, env_id
from plaudit.feedback.wrappers.last_step import LastStep, Seen
from plaudit.feedback.wrappers.model_shape import model_shape

KEEP = 1024  # episodes that may be asked about, unless more are needed between rounds


class CostLearner:
    """Records episodes, asks about them, and predicts what their steps cost.

    The teacher's lens sees true costs as rewards below 0; nobody else sees them. Until the first
    fit all costs are 0.

    Source: arXiv:2310.12773.
    Differs: a step has a cost of its own, and an episode that of its steps; the questions are asked
        while the policy learns.

    Args:
        env: what is stepped, single or vector.
        last: the step that every row has just taken.
        teacher, model: specs of what `feedback.make` and `feedback.model` make.
        seed: of the query sampler.
        **schedule: see `Schedule`.

    Attributes:
        loop: asks, and fits the model.
    """

    def __init__(
        self,
        env: AnyEnv,
        last: LastStep,
        teacher: Named = "noisy_person",
        model: Named = "bradley_terry",
        seed: int = 0,
        **schedule: Any,
    ) -> None:
        plan = Schedule.of(schedule)
        rows = last.rows
        self._last, self._seen = last, Seen(env)
        self._pool = SegmentPool(max(KEEP, 2 * plan.segments_per_round, rows.count), env_id(env))
        stands = isinstance(env, gym.vector.VectorEnv) and not rows.same_step
        rest = 0 if not stands else 1 if rows.next_step else UNTIL_RESET
        self._recorder = SegmentRecorder(rows.count, None, self._pool, rest)
        self.loop = PreferenceLoop(teacher, model, plan, model_shape(env), seed)

    @property
    def teacher(self) -> Teacher:
        """Who judges the cost."""
        judge: Teacher = self.loop.teacher
        return judge

    def begin(self, obs: Any, rows: npt.NDArray[np.bool_] | None = None) -> None:
        """Rows (N,), or all, start a new episode."""
        fresh = np.ones(self._last.rows.count, np.bool_) if rows is None else np.asarray(rows)
        self._recorder.begin(self._seen(obs), fresh)

    def step(self, obs: Any, cost: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What the latest step costs by the model as it is, (N,); then asks and fits if due.

        Args:
            obs: as the environment shows them now.
            cost: (N,) true costs of the step, for the teacher.
        """
        before, actions, after = self._last.transitions
        predicted, _ = self.loop.model.predict(before[:, None], actions[:, None])
        self._recorder.note(actions, -cost, self._seen(obs))
        ended = np.flatnonzero(self._last.ended)
        if len(ended):
            finals = list(after[ended]) if self._last.rows.same_step else None
            self._recorder.end(ended, finals)
        self.loop.update(self._pool)
        told: npt.NDArray[np.float64] = -predicted[:, 0].astype(np.float64)
        return told

    def get_state(self) -> State:
        """What the next costs depend on; a fresh copy."""
        return {"recorder": self._recorder.get_state(), "loop": self.loop.get_state()}

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        self._recorder.set_state(state["recorder"])
        self.loop.set_state(state["loop"])
