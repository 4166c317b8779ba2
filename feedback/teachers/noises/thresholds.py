"""Thresholds: segments too much alike to be told apart, and too poor to be worth an answer.

A threshold may be given as a share. It is then fitted once, to the first batch:

    margin = share * (mean - lowest) of the utilities of representative segments

Where the worst segment earns 0, this is B-Pref's margin, a share of the mean return. Unlike that,
it is above 0 and unchanged by a constant added to all returns, be they negative.

Source: arXiv:2111.03026 ("equal" and "skip").
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Self

import numpy as np

from plaudit.envs import limits
from plaudit.feedback.teachers.noises.base import RECENT, Floats, Memory, Noise, Odds, Situation


@dataclass(frozen=True)
class _Fitted(Noise):
    """A threshold, or the share it is fitted from.

    Args:
        threshold: in utility; None until calibrated.
        share: in place of a threshold, > 0: part of the way from the lowest utility to the mean.
    """

    threshold: float | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is None and self.share is None:
            raise ValueError(f"{type(self).__name__} needs a threshold or a share, got neither")
        if self.threshold is not None:
            limits.keep_numbers(self, threshold=(-inf, inf))
        if self.share is not None:
            limits.keep_positive(self, share=(0, inf))

    @property
    def calibrated(self) -> bool:
        return self.threshold is not None

    def limit(self, memory: Memory) -> float:
        """The threshold, in utility; ValueError until calibrated."""
        if self.threshold is None:
            raise ValueError(
                f"share={self.share} is not yet a threshold: answer a first batch of queries, or "
                "give reference_returns"
            )
        return self.threshold

    def _margin(self, utilities: Floats) -> float:
        margin = float(self.share or 0.0) * float(np.mean(utilities) - np.min(utilities))
        if not margin > 0.0:
            raise ValueError(
                f"{type(self).__name__}: no share of equal utilities makes a threshold, got "
                f"{len(utilities)} times {utilities[0]}; give threshold"
            )
        return margin


class _Alike(Noise):
    """All the same to the annotator where no two utilities differ by `limit` or more."""

    @abstractmethod
    def limit(self, memory: Memory) -> float: ...

    def utilities(self, utilities: Floats, situation: Situation) -> Floats:
        if situation.query.ask.segments == 1:
            return utilities
        return np.where(self._alike(situation), utilities.mean(axis=0), utilities)

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        ask = situation.query.ask
        if ask.segments == 1:
            return odds
        alike = np.broadcast_to(self._alike(situation), len(odds.parts))
        parts = [
            _tie(part, ask.mirror(i)) if alike[i] else part for i, part in enumerate(odds.parts)
        ]
        return odds._replace(parts=tuple(parts))

    def _alike(self, situation: Situation) -> Any:
        """Bool for the whole, or (n,) per attribute."""
        return np.ptp(situation.utilities, axis=0) < self.limit(situation.memory)


class _Poor(Noise):
    """Not worth an answer where no segment exceeds `limit`; for questions about whole segments."""

    @abstractmethod
    def limit(self, memory: Memory) -> float: ...

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        if situation.query.ask.grain != "segment":
            return odds
        poor = np.max(situation.utilities) <= self.limit(situation.memory)
        return odds._replace(skip=1.0) if poor else odds

    @property
    def reason(self) -> str:
        return "too poor"


@dataclass(frozen=True)
class Equal(_Fitted, _Alike):
    """Segments whose utilities differ by less than a threshold are called equal.

    They are felt as equally good, and a tie is certain where it may be said. Utilities are those
    before any noise. For questions about several segments.

    Source: arXiv:2111.03026, "equal" (B-Pref).
    Differs: B-Pref's margin follows the latest returns and is negative where they are.

    Args:
        threshold: difference of utility; None until calibrated.
        share: in place of a threshold, > 0: part of the way from the lowest utility to the mean.
    """

    def calibrate(self, utilities: Floats) -> Self:
        return replace(self, threshold=self._margin(utilities))


@dataclass(frozen=True)
class SkipPoor(_Fitted, _Poor):
    """Questions about segments none of which exceeds a threshold are skipped.

    Source: arXiv:2111.03026, "skip" (B-Pref).
    Differs: B-Pref measures from a return of 0; here a share is measured from the lowest return.

    Args:
        threshold: utility; None until calibrated.
        share: in place of a threshold, > 0: part of the way from the lowest utility to the mean.
    """

    def calibrate(self, utilities: Floats) -> Self:
        return replace(self, threshold=float(np.min(utilities)) + self._margin(utilities))


@dataclass(frozen=True)
class _Released(Noise):
    eps: float
    first_margin: float | None = None

    def __post_init__(self) -> None:
        limits.keep_numbers(self, eps=(0, inf))

    @property
    def calibrated(self) -> bool:
        return self.first_margin is not None

    def calibrate(self, utilities: Floats) -> Self:
        return replace(self, first_margin=float(np.mean(utilities[-RECENT:])))

    def limit(self, memory: Memory) -> float:
        """Threshold: eps * margin in the first session, eps**2 * margin afterwards, as released."""
        if self.first_margin is None:
            raise ValueError(f"{type(self).__name__} has no margin yet: answer a first batch")
        if memory.sessions == 0:
            return self.eps * self.first_margin
        margin = float(np.mean(memory.recent)) if memory.recent else self.first_margin
        return self.eps**2 * margin


@dataclass(frozen=True)
class ReleasedEqual(_Released, _Alike):
    """`Equal` as in B-Pref's released code, defects included: eps is squared after a session.

    The margin is the mean of the latest 10 returns, negative where they are; the threshold is then
    never undercut.

    Source: arXiv:2111.03026, code at commit f3ece2e (reward_model.py, train_PEBBLE.py).
    Differs: there the returns are of episodes, scaled to a segment's length, and the margin stands
        still during a session; here they are of the segments judged last.

    Args:
        eps: share of the margin.
        first_margin: mean return before the first session; None to take it from the first batch.
    """


@dataclass(frozen=True)
class ReleasedSkip(_Released, _Poor):
    """`SkipPoor` as in B-Pref's released code, see `ReleasedEqual`; inactive unless above 0.

    Source: arXiv:2111.03026, code at commit f3ece2e (reward_model.py, train_PEBBLE.py).

    Args:
        eps: share of the margin.
        first_margin: mean return before the first session; None to take it from the first batch.
    """

    def odds(self, odds: Odds, situation: Situation) -> Odds:
        return super().odds(odds, situation) if self.limit(situation.memory) > 0.0 else odds


def _tie(part: Floats, mirror: tuple[int, ...] | None) -> Floats:
    """Certainly a tie, which is what stays when the segments change places; else as it was."""
    ties = [cell == other for cell, other in enumerate(mirror or ())]
    return np.array(ties) / np.sum(ties) if any(ties) else part
