"""Features of steps: what a linear reward is linear in.

A feature function is called with obs (N, ...), what was seen before each of N steps, and actions
(N, ...), and gives (N, d) numbers. One that has an argument `after` also gets what was seen then.

Source: own design; arXiv:2206.02231, appendix F (rewards that are linear in known features).
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.grid.delivery import ON_BRICK, Delivery
from plaudit.envs.tabular import gallery
from plaudit.feedback.programs import Spec, label, program

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_AT = "plaudit.feedback.models.step_features:"
FEATURES = {
    "arrivals": _AT + "arrivals",
    "cells": _AT + "cells",
    "delivery_marks": _AT + "delivery_marks",
    "numbers": _AT + "numbers",
    "of_instance": _AT + "of_instance",
    "transitions": _AT + "transitions",
}
JUDGED = {"believed_visits": _AT + "believed_visits"}
"""What somebody who sees a part takes features of segments for: (T + 1, ...), (T, ...) -> (d,)."""


class StepFeatures:
    """A feature function, called with the arguments it has.

    Source: own design.

    Args:
        spec: a key of `FEATURES`, "module:attr", either with settings, or a callable.

    Attributes:
        looks_ahead: whether it wants to know what was seen after each step.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._function: Callable[..., Any] = program("features", spec, FEATURES)
        self.looks_ahead = "after" in inspect.signature(self._function).parameters

    def __call__(self, obs: Array, actions: Array, after: Array | None) -> Floats:
        """(N, d); ValueError where the function gives anything else."""
        more = {"after": after} if self.looks_ahead else {}
        made = np.asarray(self._function(obs, actions, **more), np.float64)
        if made.ndim != 2 or len(made) != len(obs) or not np.isfinite(made).all():
            raise ValueError(
                f"features {label(self._spec)} must give ({len(obs)}, d) finite numbers, got "
                f"shape {made.shape}"
            )
        return made


def numbers(obs: Array, actions: Array, *, actions_n: int | None = None) -> Floats:
    """The numbers that were seen, and the action: its numbers, or one-hot where it is counted.

    Source: own design.

    Args:
        obs: (N, ...).
        actions: (N,) integers or (N, ...) numbers.
        actions_n: how many actions there are, where they are counted; None leaves them out.
    """
    seen = obs.reshape(len(obs), -1)
    if actions.dtype.kind == "f":
        return np.concatenate([seen, actions.reshape(len(obs), -1)], 1)
    done = np.zeros((len(obs), 0)) if actions_n is None else _one_hot(actions, actions_n, "actions")
    return np.concatenate([seen, done], 1)


def cells(obs: Array, actions: Array, *, sizes: Sequence[int], actions_n: int) -> Floats:
    """One-hot of the pair of what was seen and done: any reward of a small world.

    Source: own design.

    Args:
        obs: (N, n) or (N,) integers, of which the first len(sizes) count; what comes after them,
            such as steps left, does not.
        actions: (N,) integers.
        sizes: how many values each of these has.
        actions_n: how many actions there are.

    Raises:
        ValueError: a number lies outside.
    """
    place = _place(obs, sizes)
    pairs = np.zeros((len(obs), int(np.prod(sizes)), actions_n))
    pairs[np.arange(len(obs)), place] = _one_hot(actions, actions_n, "actions")
    return pairs.reshape(len(obs), -1)


def arrivals(obs: Array, actions: Array, after: Array, *, sizes: Sequence[int]) -> Floats:
    """One-hot of what was seen after each step: rewards of being somewhere.

    Source: own design.

    Args:
        obs: (N, ...), not looked at.
        actions: (N, ...), not looked at.
        after: as obs of `cells`.
        sizes: as `cells`.

    Raises:
        ValueError: as `cells`.
    """
    return _one_hot(_place(after, sizes), int(np.prod(sizes)), "observations")


def transitions(
    obs: Array, actions: Array, after: Array, *, sizes: Sequence[int], actions_n: int
) -> Floats:
    """One-hot of what was seen, done, and seen then: any reward of a small world, luck included.

    Source: own design.

    Args:
        obs: as of `cells`.
        actions: as of `cells`.
        after: as obs.
        sizes: as of `cells`.
        actions_n: as of `cells`.

    Raises:
        ValueError: as `cells`.
    """
    pairs = cells(obs, actions, sizes=sizes, actions_n=actions_n)
    then = arrivals(obs, actions, after, sizes=sizes)
    both: Floats = np.einsum("np,nq->npq", pairs, then).reshape(len(obs), -1)
    return both


def delivery_marks(obs: Array, actions: Array, after: Array, **settings: Any) -> Floats:
    """What a Delivery's driver meets: road, brick, coin, roadblock, sheep, destination.

    The surface counts where one is after the move, the rest on entering; on arrival nothing else.

    Source: arXiv:2206.02231, section 4 (features of the delivery domain).

    Args:
        obs: (N, n) of Delivery with lasting coins: row, column, steps left.
        actions: (N,), not looked at.
        after: as obs.
        settings: of Delivery, e.g. layout="ranch".
    """
    board = np.array([list(row) for row in Delivery(**settings).board])
    here = board[after[:, 0], after[:, 1]]
    moved, over = (obs[:, :2] != after[:, :2]).any(1), np.isin(here, ("S", "D"))
    brick = np.isin(here, tuple(ON_BRICK))
    return np.stack(
        [
            ~over & ~brick,
            brick,
            moved & np.isin(here, ("o", "O")),
            moved & np.isin(here, ("x", "X")),
            here == "S",
            here == "D",
        ],
        1,
    ).astype(np.float64)


def of_instance(obs: Array, actions: Array, *, instance: str) -> Floats:
    """The features (S, A, d) that an instance of the gallery has.

    Source: own design.

    Args:
        obs: (N, 2) of Tabular, state and steps left.
        actions: (N,).
        instance: its name.

    Raises:
        ValueError: the instance has none.
    """
    table = gallery.instance(instance).mdp.features
    if table is None:
        raise ValueError(f"instance {instance!r} has no features; use cells or arrivals")
    found: Floats = table[obs[:, 0], actions]
    return found


def believed_visits(
    obs: Array, actions: Array, *, instance: str, expected: Sequence[float] | None = None
) -> Floats:
    """How often each state was met, (S,), as the human of a gallery's instance believes.

    It is a row of B Gamma. Whoever knows the belief can learn from such a human: `Linear(judged=)`.

    Source: arXiv:2402.17747, section 5.

    Args:
        obs: (T + 1, 2) of Tabular, of a whole episode.
        actions: (T,), which the human does not see.
        instance: its name.
        expected: (A,) what the human is assumed to expect in the first state; None: what they do.

    Raises:
        ValueError: the instance has no human, or it is no whole episode of it.
    """
    human, path = gallery.instance(instance).human, tuple(obs[:, 0].tolist())
    if human is None:
        raise ValueError(f"nobody watches {instance!r}; the instances of `deception` have a human")
    if path not in human.sequences:
        raise ValueError(f"states {list(path)} are no whole episode of {instance!r}")
    if expected is not None:
        human = replace(human, expected=np.stack([np.array(expected), *human.expected[1:]]))
    believed: Floats = (human.belief @ human.gamma)[human.looks[human.sequences.index(path)]]
    return believed


def _place(obs: Array, sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """(N,) number of the cell."""
    rows = obs.reshape(len(obs), -1)[:, : len(sizes)].astype(np.int64)
    if rows.shape[1] < len(sizes) or not ((rows >= 0) & (rows < np.array(sizes))).all():
        raise ValueError(
            f"observations must begin with {len(sizes)} integers below {tuple(sizes)}, got "
            f"{rows.max(0, initial=-1).tolist()} at most"
        )
    place: npt.NDArray[np.int64] = np.ravel_multi_index(tuple(rows.T), tuple(sizes))
    return place


def _one_hot(values: Array, size: int, what: str) -> Floats:
    if len(values) and not ((values >= 0) & (values < size)).all():
        raise ValueError(f"{what} must be in 0..{size - 1}, got {values.min()}..{values.max()}")
    made: Floats = np.eye(size)[values.astype(np.int64)]
    return made
