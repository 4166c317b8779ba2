"""Judgements on their way: each arrives some time after it was given."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.names import nearest
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.delays import Delay, check_delay, draw_delay
from plaudit.feedback.wrappers.onlooker import Judgement, Onlooker

CLOCKS = ("steps", "seconds")
LATE = ("drop", "carry")

Bools = npt.NDArray[np.bool_]


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
        onlooker: where they come from.
        delay: time from a judgement to its arrival, see `delays`.
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
        onlooker: Onlooker,
        delay: Delay,
        clock: str,
        late: str,
        seed: int,
        seconds: Callable[[], float],
    ) -> None:
        for name, given, known in (("clock", clock, CLOCKS), ("late", late, LATE)):
            if given not in known:
                raise KeyError(f"unknown {name} {given!r}{nearest(given, known)}")
        self._onlooker, self._carries = onlooker, late == "carry"
        self._whole, self._seconds = clock == "steps", seconds
        self._delay = check_delay(delay, whole=self._whole)
        self._rng = stream(seed, "feedback delays")
        self._coming: list[Arrival] = []
        self.dropped = 0

    def step(self, live: Bools, over: Bools) -> list[Judgement]:
        """What arrives at this step.

        Args:
            live: (N,) rows that played it; others hear nothing now.
            over: (N,) whose episodes are over after it.
        """
        given, now = self._onlooker.step(), self._now()
        self._coming += [Arrival(now + self._drawn(), judgement) for judgement in given]
        heard = [c.judgement for c in self._coming if self._arrives(c, now, live)]
        self._coming = [c for c in self._coming if not self._arrives(c, now, live)]
        if np.count_nonzero(over):
            self.end(over & live)
        elif given:
            self._let_go()
        return heard

    def end(self, rows: Bools) -> None:
        """Rows (N,) end their episodes."""
        self._onlooker.end(rows.nonzero()[0])
        self._let_go()

    def get_state(self) -> State:
        now = self._now()
        return {
            "coming": [[arrival.due - now, list(arrival.judgement)] for arrival in self._coming],
            "dropped": self.dropped,
            "rng": generator_state(self._rng),
        }

    def set_state(self, state: State) -> None:
        """Go back; the onlooker must have gone back before. Real time goes on from where it was."""
        now = self._now()
        self._coming = [Arrival(now + left, Judgement(*about)) for left, about in state["coming"]]
        self.dropped = int(state["dropped"])
        self._rng = generator_from(state["rng"])

    def _drawn(self) -> float:
        return draw_delay(self._delay, self._rng, whole=self._whole)

    def _now(self) -> float:
        return self._onlooker.now if self._whole else self._seconds()

    def _arrives(self, arrival: Arrival, now: float, live: Bools) -> bool:
        about = arrival.judgement
        timely = self._carries or about.episode == self._onlooker.episode[about.row]
        return arrival.due <= now and timely and bool(live[about.row])

    def _let_go(self) -> None:
        """Drop what is about an episode that is over."""
        if self._carries:
            return
        current = self._onlooker.episode
        kept = [c for c in self._coming if c.judgement.episode == current[c.judgement.row]]
        self.dropped += len(self._coming) - len(kept)
        self._coming = kept
