"""Feedback wrappers around native vector forms: speed with them as a share of the speed without.

All with default settings and random legal actions, replayed as in `worlds`. RecordSegments keeps
whole episodes, true rewards included. TeacherReward stands around a RecordSegments and is timed
with that, but with no question due: what a teacher takes to answer is the teacher's matter.
Gymnasium's own CartPole, reset in the next step and with episodes of twenty steps, is there as a
world that is not ours. Before anything is timed the wrapped form must have played the same
transitions.
"""

from typing import Any

import gymnasium as gym
import numpy as np

import plaudit  # noqa: F401 - registers the worlds
from benchmarks.measure import Case, interleaved, ratio
from benchmarks.worlds import Actions, horizon, recorded, same_episodes, vector_case
from plaudit.feedback.wrappers import VectorHideReward, VectorRecordSegments, VectorTeacherReward

SIZES = (64, 1024)
WORLDS = (
    "plaudit/TokenNgram-v0",
    "plaudit/TokenSummary-v0",
    "plaudit/PartialView-v0",
    "CartPole-v1",
)
FOREIGN_STEPS = 500  # an episode's most

Row = dict[str, Any]


class Unasked(VectorTeacherReward):
    """A TeacherReward with no question due, ever."""

    def __init__(self, env: Any) -> None:
        super().__init__(env, "coin_flip")
        onlooker = self._onlooker
        onlooker._submit = lambda new: onlooker.skip()  # type: ignore[method-assign]


def table() -> list[Row]:
    """One row per world and number of environments."""
    return [wrapped_row(world, rows) for world in WORLDS for rows in SIZES]


def wrapped_row(world: str, rows: int) -> Row:
    """The figures of a world, or why there are none."""
    row: Row = {"case": f"{world}, n={rows}"}
    actions, whole = _actions(world, rows)
    if not same_episodes(_record(world, rows), _plain(world, rows), actions[:64]):
        return row | {"note": "wrong: not timed"}
    forms = {
        "plain": _plain(world, rows),
        "recorded": _record(world, rows),
        "hidden": VectorHideReward(_plain(world, rows)),
        "judged": Unasked(_record(world, rows)),
    }
    cases: list[Case] = [vector_case(name, form, actions, whole) for name, form in forms.items()]
    timings = {timing.name: timing for timing in interleaved(cases)}
    row["steps_per_second"] = timings["plain"].rate
    for name in ("recorded", "hidden", "judged"):
        row[f"x_{name}"] = ratio(timings[name], timings["plain"])
    return row | {"note": "noisy" if any(timing.noisy for timing in timings.values()) else ""}


def _plain(world: str, rows: int) -> Any:
    return gym.make_vec(world, rows, vectorization_mode="vector_entry_point")


def _record(world: str, rows: int) -> Any:
    return VectorRecordSegments(_plain(world, rows))


def _actions(world: str, rows: int) -> tuple[Actions, int]:
    """Actions to replay, and how many belong together."""
    if world in gym.registry and world.startswith("plaudit/"):
        return recorded(world, rows), horizon(world)
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 2, (FOREIGN_STEPS, rows))), FOREIGN_STEPS
