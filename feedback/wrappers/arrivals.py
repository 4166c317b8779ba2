"""Judgements on their way: each arrives some time after it was given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.names import nearest
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.wrappers.judge import Judge, Judgement

CLOCKS = ("steps", "seconds")
LATE = ("drop", "carry")

Bools = npt.NDArray[np.bool_]
Delay = float | Sequence[float] | Mapping[str, float]
"""Constant, [least, most] (uniform) or {"shape": ..., "scale": ...} (gamma)."""


class Arrival(NamedTuple):
    """A judgement on its way.

    Attributes:
        due: when it arrives, by the clock.
        judgement: what arrives.
    """

    due: float
    judgement: Judgement


class Arrivals:
    """Gives judgements to the rows they are about, later.

    Source: own design.

    Args:
        judge: where they come from.
        delay: time from a judgement to its arrival, >= 0.
        clock: unit of the delay: "steps", whole ones, or "seconds" of real time.
        late: "drop" what has not arrived when its episode ends, or "carry" it into the next one.
        seed: of the delays.
        seconds: tells the real time.

    Attributes:
        dropped: judgements that came too late so far.

    Raises:
        ValueError: a delay is negative, no whole number of steps or of no known form.
        KeyError: an unknown clock, or what is late is to be treated in an unknown way.
    """

    def __init__(
        self,
        judge: Judge,
        delay: Delay,
        clock: str,
        late: str,
        seed: int,
        seconds: Callable[[], float],
    ) -> None:
        for name, given, known in (("clock", clock, CLOCKS), ("late", late, LATE)):
            if given not in known:
                raise KeyError(f"unknown {name} {given!r}{nearest(given, known)}")
        self._judge, self._carries = judge, late == "carry"
        self._whole, self._seconds = clock == "steps", seconds
        self._draw = _drawing(delay, whole=self._whole)
        self._rng = stream(seed, "feedback delays")
        self._coming: list[Arrival] = []
        self.dropped = 0

    def step(self, live: Bools, over: Bools) -> list[Judgement]:
        """What arrives at this step.

        Args:
            live: (N,) rows that played it; others hear nothing now.
            over: (N,) whose episodes are over after it.
        """
        given, now = self._judge.step(), self._now()
        self._coming += [Arrival(now + self._draw(self._rng), judgement) for judgement in given]
        heard = [c.judgement for c in self._coming if self._arrives(c, now, live)]
        self._coming = [c for c in self._coming if not self._arrives(c, now, live)]
        if np.count_nonzero(over):
            self.end(over & live)
        elif given:
            self._let_go()
        return heard

    def end(self, rows: Bools) -> None:
        """Rows (N,) end their episodes."""
        self._judge.end(rows.nonzero()[0])
        self._let_go()

    def get_state(self) -> State:
        now = self._now()
        return {
            "coming": [[arrival.due - now, list(arrival.judgement)] for arrival in self._coming],
            "dropped": self.dropped,
            "rng": generator_state(self._rng),
        }

    def set_state(self, state: State) -> None:
        """Go back; the judge must have gone back before. Real time goes on from where it was."""
        now = self._now()
        self._coming = [Arrival(now + left, Judgement(*about)) for left, about in state["coming"]]
        self.dropped = int(state["dropped"])
        self._rng = generator_from(state["rng"])

    def _now(self) -> float:
        return self._judge.now if self._whole else self._seconds()

    def _arrives(self, arrival: Arrival, now: float, live: Bools) -> bool:
        about = arrival.judgement
        timely = self._carries or about.episode == self._judge.episode[about.row]
        return arrival.due <= now and timely and bool(live[about.row])

    def _let_go(self) -> None:
        """Drop what is about an episode that is over."""
        if self._carries:
            return
        current = self._judge.episode
        kept = [c for c in self._coming if c.judgement.episode == current[c.judgement.row]]
        self.dropped += len(self._coming) - len(kept)
        self._coming = kept


def _drawing(delay: Delay, whole: bool) -> Callable[[np.random.Generator], float]:
    """A function that draws delays, whole numbers or not."""
    if isinstance(delay, Mapping):
        if set(delay) != {"shape", "scale"} or min(delay.values()) <= 0:
            raise ValueError(
                f"a gamma delay is given as {{'shape': ..., 'scale': ...}}, both above 0; got "
                f"{dict(delay)}"
            )
        shape, scale = delay["shape"], delay["scale"]
        return lambda rng: _floor(rng.gamma(shape, scale), whole)
    least, most = (delay, delay) if isinstance(delay, int | float) else _pair(delay)
    if not 0 <= least <= most < np.inf:
        raise ValueError(f"a delay is at least 0 and finite, [least, most] in order; got {delay}")
    if whole and (least != int(least) or most != int(most)):
        raise ValueError(f"a delay in steps is a whole number of them, got {delay}")
    if whole:
        return lambda rng: int(rng.integers(int(least), int(most), endpoint=True))
    return lambda rng: float(rng.uniform(least, most))


def _pair(delay: Sequence[float]) -> tuple[float, float]:
    if len(delay) != 2:
        raise ValueError(
            "a delay is a number, [least, most] or {'shape': ..., 'scale': ...}; got "
            f"{list(delay)}"
        )
    return delay[0], delay[1]


def _floor(delay: Any, whole: bool) -> float:
    return int(delay) if whole else float(delay)
