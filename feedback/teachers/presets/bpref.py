"""B-Pref's six simulated teachers: as published, and as the released code behaves.

Source: arXiv:2111.03026. The released code (commit f3ece2e) differs from the paper in this:

    an exact tie      always goes to the first of the two
    "skip", "equal"   after the first session the threshold is eps**2 of the margin, not eps;
                      the margin is the mean of the latest returns: if negative, they are inactive

`as_released=True` behaves like that, to reproduce published runs; the default is what was meant.
"""

from collections.abc import Sequence

from plaudit.envs import limits
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import (
    Equal,
    FirstOnTie,
    Mistake,
    Noise,
    ReleasedEqual,
    ReleasedSkip,
    SkipPoor,
)
from plaudit.feedback.teachers.presets.rationality import fitted
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn


def bpref_oracle(*, as_released: bool = False, seed: int = 0) -> Simulated:
    """Always prefers the higher return.

    Source: arXiv:2111.03026, "Oracle".

    Args:
        as_released: call exact ties for what is stored first; by default they are fair.
        seed: of the answers' stream.
    """
    return _teacher("bpref_oracle", as_released, seed)


def bpref_mistake(*, eps: float = 0.1, as_released: bool = False, seed: int = 0) -> Simulated:
    """Prefers the higher return, and reverses a share of the answers.

    Source: arXiv:2111.03026, "Mistake".

    Args:
        eps: share of answers reversed.
        as_released: as `bpref_oracle`.
        seed: of the answers' stream.
    """
    return _teacher("bpref_mistake", as_released, seed, Mistake(eps))


def bpref_noisy(*, beta: float = 1.0, as_released: bool = False, seed: int = 0) -> Simulated:
    """Prefers by odds exp(beta * return).

    Source: arXiv:2111.03026, "Noisy" ("Stoc").

    Args:
        beta: 1 / unit of return.
        as_released: accepted as by the others; here the released code does what was published.
        seed: of the answers' stream.
    """
    return Simulated(full_view, PartialReturn(), Boltzmann(beta), seed=seed, name="bpref_noisy")


def bpref_skip(
    *,
    eps: float = 0.1,
    threshold: float | None = None,
    reference_returns: Sequence[float] | None = None,
    as_released: bool = False,
    seed: int = 0,
) -> Simulated:
    """Prefers the higher return, and skips where neither is good enough.

    Source: arXiv:2111.03026, "Skip".
    Differs: see `SkipPoor`; the threshold is fitted once and never moves.

    Args:
        eps: how far the threshold lies on the way from the lowest return to the mean one.
        threshold: return that one must exceed, in place of eps.
        reference_returns: of representative segments, in place of the first batch of queries; with
            `as_released` in the order of their age.
        as_released: threshold and ties as in the released code.
        seed: of the answers' stream.

    Raises:
        ValueError: a value out of its range, or `as_released` with a threshold.
    """
    _refuse_both(as_released, threshold)
    noise: Noise = ReleasedSkip(eps) if as_released else SkipPoor(threshold, eps)
    return _teacher("bpref_skip", as_released, seed, fitted(noise, reference_returns))


def bpref_myopic(*, gamma: float = 0.9, as_released: bool = False, seed: int = 0) -> Simulated:
    """Prefers the higher return of the latest steps: step t of T weighs gamma**(T - t).

    Source: arXiv:2111.03026, "Myopic".

    Args:
        gamma: discount of the past, in (0, 1].
        as_released: as `bpref_oracle`.
        seed: of the answers' stream.
    """
    return _teacher("bpref_myopic", as_released, seed, utility=PartialReturn(gamma, recent=True))


def bpref_equal(
    *,
    eps: float = 0.1,
    threshold: float | None = None,
    reference_returns: Sequence[float] | None = None,
    as_released: bool = False,
    seed: int = 0,
) -> Simulated:
    """Prefers the higher return, and calls two equal that are close; fair where no tie may be said.

    Source: arXiv:2111.03026, "Equal".
    Differs: see `Equal`; the threshold is fitted once and never moves.

    Args:
        eps: the threshold as a share of the way from the lowest return to the mean one.
        threshold: difference of return below which two are equal, in place of eps.
        reference_returns: as `bpref_skip`.
        as_released: as `bpref_skip`.
        seed: of the answers' stream.

    Raises:
        ValueError: as `bpref_skip`.
    """
    _refuse_both(as_released, threshold)
    noise: Noise = ReleasedEqual(eps) if as_released else Equal(threshold, eps)
    return _teacher("bpref_equal", as_released, seed, fitted(noise, reference_returns))


def _teacher(
    name: str, as_released: bool, seed: int, *noises: Noise, utility: PartialReturn | None = None
) -> Simulated:
    """Argmax of the return; what the released code does about ties comes before all noise."""
    ties = [FirstOnTie()] if limits.check_flag("as_released", as_released) else []
    liking = utility or PartialReturn()
    return Simulated(full_view, liking, Argmax(), (*ties, *noises), seed=seed, name=name)


def _refuse_both(as_released: bool, threshold: float | None) -> None:
    if as_released and threshold is not None:
        raise ValueError(f"the released code knows no threshold but eps, got {threshold}")
