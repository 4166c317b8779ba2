"""CostMeter: what a step costs, as the world, a function or a teacher has it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from plaudit import feedback
from plaudit.envs.names import nearest
from plaudit.envs.types import State
from plaudit.feedback.asks import Approve, Ask, Rate, ask_from_json
from plaudit.feedback.programs import program
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.types import Query
from plaudit.feedback.wrappers.base import AnyEnv, truth_of
from plaudit.feedback.wrappers.cost_learner import CostLearner
from plaudit.feedback.wrappers.last_step import Array, Bools, Floats, LastStep, Told

KINDS = ("component", "info", "function", "teacher")

CostSpec = Mapping[str, Any]
"""JSON-able: what the cost is, see `Constraint`."""


class CostMeter:
    """What the steps of N rows cost, and what their episodes have cost so far.

    Args:
        env: what is stepped, single or vector.
        cost, limit, missing, states: see `Constraint`.

    Attributes:
        teacher: who judges the cost, or None.
        learner: who learns the cost from what the teacher says, or None.
    """

    def __init__(
        self, env: AnyEnv, cost: CostSpec, limit: float | None, missing: float, states: bool
    ) -> None:
        self._kind = _kind_of(cost)
        self._last = LastStep(env, states)
        self._limit, self._missing = limit, missing
        self._total = np.zeros(self._last.rows.count)
        self._asked = 0
        self.teacher: Teacher | None = None
        self.learner: CostLearner | None = None
        if self._kind == "function":
            self._function = program("cost function", cost["function"])
        elif self._kind == "teacher":
            self._ask = _ask_of(cost.get("ask", {"kind": "approve"}))
            self.teacher = feedback.make(cost["teacher"])
        else:
            self._name = str(cost[self._kind])
        if "learned" in cost:
            self.learner = CostLearner(env, self._last, **cost["learned"])
            self.teacher = self.learner.teacher

    def begin(self, obs: Any, rows: Bools | None = None) -> Told:
        """Rows (N,), or all, start a new episode."""
        self._last.begin(obs, rows)
        if self.learner is not None:
            self.learner.begin(obs, rows)
        return self._left(
            np.ones(self._last.rows.count, np.bool_) if rows is None else np.asarray(rows)
        )

    def step(
        self, actions: Array, reward: Floats, obs: Any, over: Bools, info: dict[str, Any]
    ) -> tuple[Floats, Told]:
        """The rewards to be paid, (N,), and what is told of the step."""
        last = self._last
        last.add(actions, np.atleast_1d(truth_of(info, reward)), obs, over, info)
        paid, cost = reward, np.zeros(len(reward))
        if self._kind in ("component", "info"):
            told = self._told(info)
            component = self._kind == "component"
            paid, cost = (reward - told, 0.0 - told) if component else (reward, told)
        elif self._kind == "function":
            cost = np.asarray(self._function(*last.transitions), np.float64)
        elif self._kind == "teacher" and self.teacher is not None:
            cost[last.played] = self._judged(self.teacher, np.flatnonzero(last.played).tolist())
        cost = np.where(last.played, cost, 0.0)
        if self.learner is not None:
            cost = np.where(last.played, self.learner.step(obs, cost), 0.0)
        self._total = np.where(last.played & (last.age == 1), 0.0, self._total) + cost
        told_now = {"cost": (cost, last.played), "cost_return": (self._total.copy(), last.ended)}
        return paid, told_now | self._left(last.fresh)

    def get_state(self) -> State:
        judge = self.teacher if self.learner is None else self.learner  # who keeps its teacher's
        return {
            "last": self._last.get_state(),
            "total": self._total.copy(),
            "asked": self._asked,
            "teacher": None if judge is None else judge.get_state(),
        }

    def set_state(self, state: State) -> None:
        self._last.set_state(state["last"])
        self._total, self._asked = state["total"].copy(), int(state["asked"])
        judge = self.teacher if self.learner is None else self.learner
        if judge is not None:
            judge.set_state(state["teacher"])

    def _left(self, fresh: Bools) -> Told:
        """What may still be spent, in `fresh` rows the whole limit."""
        if self._limit is None:
            return {}
        left = np.where(fresh, self._limit, self._limit - self._total)
        return {"cost_left": (left, np.ones(len(left), np.bool_))}

    def _told(self, info: dict[str, Any]) -> Floats:
        """(N,) what the environment tells of the step that was played."""
        within = ("reward_components",) if self._kind == "component" else ()
        found, told = False, np.zeros(len(self._total))
        ended = info.get("_final_info", np.False_)
        for part, rows in ((info, np.True_), (info.get("final_info", {}), ended)):
            for key in within:
                part = part.get(key, {})
            if self._name in part:
                found, told = True, np.where(rows, part[self._name], told)
        if not found and self._last.played.any():
            known = [key for key in (info.get(within[0], {}) if within else info) if key[0] != "_"]
            hint = nearest(self._name, known) if known else f"; this world tells no {self._kind}s"
            raise KeyError(f"unknown {self._kind} {self._name!r}{hint}")
        return np.asarray(told, np.float64)

    def _judged(self, teacher: Teacher, rows: list[int]) -> list[float]:
        """What the teacher's answers about the latest step of some rows cost."""
        queries = [
            Query((self._last.segment(row),), self._ask, query_id=self._asked + i)
            for i, row in enumerate(rows)
        ]
        answers: list[Any] = teacher.answer(queries, now=self._asked)
        self._asked += len(queries)
        top, bottom = _ends(self._ask)
        return [
            self._missing if one.answer is None else (top - one.answer) / (top - bottom)
            for one in answers
        ]


def _kind_of(cost: CostSpec) -> str:
    kinds = [kind for kind in KINDS if kind in cost] if isinstance(cost, Mapping) else []
    more = {"ask"} if kinds == ["teacher"] else {"learned"}
    if len(kinds) != 1 or set(cost) - set(kinds) - more:
        raise ValueError(
            f"cost must be {{kind: ...}} with one of {', '.join(KINDS)}, beside a teacher also "
            f"'ask', beside the others also 'learned'; got {cost!r}"
        )
    return kinds[0]


def _ask_of(settings: dict[str, Any]) -> Ask:
    ask = ask_from_json(settings)
    if not isinstance(ask, Approve | Rate):
        raise ValueError(f"a cost is judged by 'approve' or 'rate', got {ask.kind!r}")
    return ask


def _ends(ask: Any) -> tuple[float, float]:
    """The best and the worst answer."""
    if ask.continuous:
        return ask.high, ask.low
    return int(ask.space.n) - 1, 0
