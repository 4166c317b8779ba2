r"""Which of the latest steps somebody meant whose judgement is heard only now.

A judgement about a step that was over at time g is heard at the first moment of listening after its
delay, so what is heard now, at t, and was not yet at the moment before, t', was delayed by between
t' - g and t - g. With F the distribution of the delay, and any step alike to be judged:

    share of a step = F(t - g) - F(t' - g), over the sum of these

A constant delay means a single step, an uncertain one a window of them.

Source: Knox and Stone 2009, doi:10.1145/1597735.1597738 (credit by a density of the delay);
    the window as in arXiv:1709.10163 (Deep TAMER).
Differs: shares of the steps that are remembered add up to 1, since somebody meant one of them.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from plaudit.envs.names import nearest
from plaudit.envs.types import State
from plaudit.feedback.delays import Delay, check_delay

CLOCKS = ("steps", "seconds")
FORGOTTEN = 1e-4  # odds that somebody is later than this; such steps are not remembered

Floats = npt.NDArray[np.float64]
Tensors = dict[str, torch.Tensor]


class Meant(NamedTuple):
    """What may have been meant.

    Attributes:
        shares: (W, N) float32, odds of each remembered step of each row; a column adds up to 1, or
            is 0 where no step of the running episode can have been meant.
        steps: tensors (W, N, ...), what the steps were.
    """

    shares: torch.Tensor
    steps: Tensors


class CreditWindow:
    """Remembers the latest steps of N rows, and says which of them was meant.

    Args:
        delay: of judgements, see `feedback.delays`: constant, [least, most] or {"shape": ...,
            "scale": ...}.
        clock: its unit: "steps", whole ones, or "seconds" of real time.
        carry: whether judgements come over into the next episode; else what is heard is about a
            step of the running one.

    Attributes:
        seconds: tells the real time; another function may be put here.

    Raises:
        KeyError: unknown clock.
        ValueError: see `feedback.delays.check_delay`.

    Source: doi:10.1145/1597735.1597738, arXiv:1709.10163.
    """

    def __init__(self, delay: Delay = 0, clock: str = "steps", carry: bool = False) -> None:
        if clock not in CLOCKS:
            raise KeyError(f"unknown clock {clock!r}{nearest(clock, CLOCKS)}")
        self._whole, self._carry = clock == "steps", carry
        self._delay = check_delay(delay, whole=self._whole)
        self.seconds = time.monotonic
        self._steps: list[Tensors] = []
        self._given: list[float] = []  # when each was over
        self._running: list[torch.Tensor] = []  # (N,) bool, whether its episode still runs
        self._ticks = 0
        self._before = self._now = -1.0 if self._whole else self.seconds()

    def add(self, step: Tensors) -> None:
        """A step is over, and one listens.

        Args:
            step: tensors (N, ...).
        """
        self._before = self._now
        self._now, self._ticks = self._clock(), self._ticks + 1
        self._steps.append(step)
        self._given.append(self._now)
        rows = len(next(iter(step.values())))
        self._running.append(torch.ones(rows, dtype=torch.bool))
        waited = self._before - np.array(self._given)
        keep = int(np.argmax(~(lateness(self._delay, waited, self._whole) >= 1 - FORGOTTEN)))
        for kept in (self._steps, self._given, self._running):
            del kept[:keep]

    def meant(self) -> Meant:
        """Which steps a judgement may be about that is heard after the latest step."""
        given = np.array(self._given)
        by_now, before = (
            lateness(self._delay, when - given, self._whole) for when in (self._now, self._before)
        )
        running = torch.stack(self._running)
        shares = torch.from_numpy(by_now - before)[:, None] * running
        total = shares.sum(0)
        shares = torch.where(total > 0, shares / total, 0.0).float()
        some = (shares > 0).any(1)
        chosen = [step for step, kept in zip(self._steps, some.tolist(), strict=True) if kept]
        steps = {
            key: torch.stack([step[key] for step in chosen or self._steps[:1]])
            for key in self._steps[0]
        }
        return Meant(shares[some] if chosen else shares[:1], steps)

    def end(self, rows: torch.Tensor) -> None:
        """Episodes are over in these rows, (N,) bool: unless carried, their steps are forgotten."""
        if not self._carry:
            for running in self._running:
                running &= ~rows

    def get_state(self) -> State:
        """A fresh copy of everything that is remembered."""
        return {
            "ages": [self._now - given for given in self._given],
            "before": self._now - self._before,
            "ticks": self._ticks,
            "steps": [{key: value.clone() for key, value in step.items()} for step in self._steps],
            "running": [running.clone() for running in self._running],
        }

    def set_state(self, state: State, device: torch.device | None = None) -> None:
        """Go back; real time goes on from where it was.

        Args:
            state: as `get_state` gave it.
            device: where the steps lie.
        """
        self._ticks = int(state["ticks"])
        self._now = float(self._ticks - 1) if self._whole else self.seconds()
        self._before = self._now - state["before"]
        self._given = [self._now - age for age in state["ages"]]
        self._steps = [
            {key: value.to(device, copy=True) for key, value in step.items()}
            for step in state["steps"]
        ]
        self._running = [running.clone() for running in state["running"]]

    def _clock(self) -> float:
        return float(self._ticks) if self._whole else self.seconds()


def lateness(delay: Delay, waited: npt.ArrayLike, whole: bool) -> Floats:
    """F: the share of judgements that arrive within a time.

    Args:
        delay: as `check_delay` gives it.
        waited: (...) times, or numbers of whole steps; any may be negative.
        whole: whether delays are whole numbers, as `draw_delay` draws them.
    """
    time = np.asarray(waited, np.float64)
    if isinstance(delay, Mapping):
        from scipy.special import gammainc  # slow to import

        scaled = (np.floor(time) + 1 if whole else time) / delay["scale"]
        share: Floats = gammainc(delay["shape"], np.maximum(scaled, 0.0))
        return share
    least, most = delay if isinstance(delay, Sequence) else (delay, delay)
    if whole:
        return np.clip((np.floor(time) + 1 - least) / (most + 1 - least), 0.0, 1.0)
    if least == most:
        return (time >= least).astype(np.float64)
    return np.clip((time - least) / (most - least), 0.0, 1.0)
