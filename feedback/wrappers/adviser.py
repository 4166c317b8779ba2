"""Adviser: what a teacher would do in each of N rows, as long as its budget lasts.

    importance(s) = max_a u(s, a) - min_a u(s, a)

Source: Torrey and Taylor 2013, "Teaching on a budget", AAMAS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit import feedback
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.asks import Advise
from plaudit.feedback.programs import Named
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.teachers.population import Population
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.types import Query, Segment, SegmentRef
from plaudit.feedback.wrappers.base import AnyEnv, env_id
from plaudit.feedback.wrappers.discrete_actions import discrete_actions, legal_actions
from plaudit.feedback.wrappers.last_step import Array, Bools, LiveRows, Seen, Told
from plaudit.feedback.wrappers.privileged import check_states, row_states

NONE = -1  # in place of an action: no advice; actions are counted from 0 or above


@dataclass(frozen=True)
class Terms:
    """When advice is given, and how far it is followed; JSON-able.

    Attributes:
        budget: how often it is given at most, in all episodes together; None: no limit.
        adherence: probability with which the advised action is executed in place of the agent's.
        when: "always", or "important": where more than `threshold` is at stake for the teacher,
            which must be simulated then; of a population, for its members on average.
        threshold: of the importance, in the teacher's unit of utility, >= 0.
        states: show the teacher the world's states; slow.
        seed: of the adherence; the teacher has its own.
    """

    budget: int | None = None
    adherence: float = 1.0
    when: Literal["always", "important"] = "always"
    threshold: float = 0.0
    states: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.budget is not None and self.budget < 0:
            raise ValueError(f"budget must be at least 0, or None, got {self.budget}")
        if not 0.0 <= self.adherence <= 1.0:
            raise ValueError(f"adherence must be a probability in [0, 1], got {self.adherence}")
        if not 0.0 <= self.threshold < np.inf:
            raise ValueError(f"threshold must be at least 0, got {self.threshold}")
        if self.when not in ("always", "important"):
            raise ValueError(f"when must be 'always' or 'important', got {self.when!r}")


class Adviser:
    """Asks a teacher for N rows, keeps the budget, and lets advice be followed.

    Args:
        env: what is stepped, single or vector.
        space: actions of one row.
        teacher: spec of one that answers `Advise`.
        terms: of the advice.

    Attributes:
        teacher: the one made.
        rows: which of them play.
    """

    def __init__(self, env: AnyEnv, space: gym.Space[Any], teacher: Named, terms: Terms) -> None:
        self.teacher = feedback.make(teacher)
        if terms.when == "important":
            self._persons = _simulated(self.teacher)
        self.rows, self._seen = LiveRows(env), Seen(env)
        self._env, self._env_id = env, env_id(env)
        self._actions, self._start = discrete_actions("Advice", space)
        self._terms, self._left = terms, terms.budget
        if terms.states:
            check_states(env)
        self._rng = stream(terms.seed, "adherence")
        self._advice = np.full(self.rows.count, NONE)
        self._asked = 0

    def choose(self, actions: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Told]:
        """The actions executed, (N,), and whether they are the ones advised."""
        follows = self._rng.random(self.rows.count) < self._terms.adherence
        advised = self.rows.live & (self._advice != NONE)
        executed = np.where(advised & follows, self._advice, actions).astype(actions.dtype)
        followed = advised & (executed == self._advice)
        live = self.rows.live.copy()
        return executed, {"followed": (followed, live), "executed": (executed.copy(), live)}

    def advise(self, obs: Any, info: dict[str, Any], mask: Bools | None = None) -> Told:
        """Ask about the rows that will play, or of them those in `mask`; the others keep theirs."""
        asked = self.rows.live if mask is None else np.asarray(mask, np.bool_)
        count = self.rows.count
        self._advice[~self.rows.live | asked] = NONE
        if self._left != 0:
            seen = self._seen(obs)
            legal = legal_actions(info, (count, self._actions))
            states = row_states(self._env) if self._terms.states else [None] * count
            queries = {
                int(row): self._query(seen[row], legal[row], states[row])
                for row in np.flatnonzero(asked)
            }
            self._give(queries)
        told: Told = {"advice": (self._advice.copy(), np.ones(count, np.bool_))}
        if self._left is not None:
            told["advice_left"] = (np.full(count, self._left), np.ones(count, np.bool_))
        return told

    def get_state(self) -> State:
        return {
            "teacher": self.teacher.get_state(),
            "live": self.rows.live.copy(),
            "left": self._left,
            "rng": generator_state(self._rng),
            "advice": self._advice.copy(),
            "asked": self._asked,
        }

    def set_state(self, state: State) -> None:
        self.teacher.set_state(state["teacher"])
        self.rows.live, self._left = state["live"].copy(), state["left"]
        self._rng = generator_from(state["rng"])
        self._advice, self._asked = state["advice"].copy(), int(state["asked"])

    def _query(self, obs: Array, legal: Bools, state: State | None) -> Query:
        """What to do next, behind a segment of no steps: what is seen now."""
        segment = Segment(
            np.array(obs)[None],
            np.zeros(0, np.int64),
            SegmentRef(self._env_id, 0, self._asked, self._asked),
            rewards=np.zeros(0),
            states=None if state is None else (state,),
        )
        allowed = None if legal.all() else tuple(np.flatnonzero(legal).tolist())
        query = Query((segment,), Advise(self._actions, allowed), query_id=self._asked)
        self._asked += 1
        return query

    def _importance(self, query: Query) -> float:
        """Of whoever may be asked, the mean."""
        return float(np.mean([importance(person, query) for person in self._persons]))

    def _give(self, queries: dict[int, Query]) -> None:
        """Ask what is important, as far as the budget goes, and note the advice."""
        if self._terms.when == "important":
            least = self._terms.threshold
            queries = {r: q for r, q in queries.items() if self._importance(q) > least}
        rows = list(queries)[: self._left]
        given: Sequence[Any] = self.teacher.answer([queries[row] for row in rows], now=self._asked)
        for row, answer in zip(rows, given, strict=True):
            if answer.answer is not None:
                self._advice[row] = self._start + answer.answer
                if self._left is not None:
                    self._left -= 1


def importance(teacher: Simulated, query: Query) -> float:
    """How much is at stake in the action asked for: best less worst utility of the legal ones.

    Source: Torrey and Taylor 2013, "Teaching on a budget", AAMAS.

    Args:
        teacher: whose utilities they are, as its lens shows them and before all noise.
        query: an `Advise`.
    """
    seen = tuple(map(teacher.lens, query.segments))
    utilities = utilities_of(teacher.utility, seen, query)
    possible = utilities[np.isfinite(utilities)]
    return float(np.ptp(possible)) if len(possible) else 0.0


def _simulated(teacher: Teacher) -> list[Simulated]:
    """The teacher, or the members of a population, all of them simulated."""
    if isinstance(teacher, Population):
        return [person for member in teacher.members for person in _simulated(member)]
    if isinstance(teacher, Simulated):
        return [teacher]
    raise TypeError(
        "when='important' needs a simulated teacher, whose utilities are known; "
        f"{teacher.name!r} is none"
    )
