"""Teachers by name, with JSON-able settings: `plaudit.feedback.make("noisy_person", seed=1)`."""

from collections.abc import Sequence

from plaudit.feedback.teachers.choices import Argmax, CoinFlip
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Mistake, Skip
from plaudit.feedback.teachers.presets.rationality import rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn


def oracle(
    *, gamma: float = 1.0, center: float = 0.0, spread: float = 1.0, seed: int = 0
) -> Simulated:
    """Sees the true rewards and is never wrong; exact ties are fair.

    Source: arXiv:2111.03026, "oracle".

    Args:
        gamma: discount of the return, in (0, 1].
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: of the answers' stream.
    """
    choice = Argmax(center=center, spread=spread)
    return Simulated(full_view, PartialReturn(gamma), choice, seed=seed, name="oracle")


def boltzmann(
    beta: float | None = None,
    *,
    agreement: float | None = None,
    reference_returns: Sequence[float] | None = None,
    gamma: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Sees the true rewards and chooses by odds exp(beta * return).

    Source: arXiv:1706.03741, equation 1.

    Args:
        beta: 1 / unit of return; 1 when neither this nor `agreement` is given.
        agreement: share of unequal pairs in which the better one is chosen, in [0.5, 1); beta is
            then solved from `reference_returns`, else from the first batch of queries.
        reference_returns: returns of representative segments, at least 2 unequal ones.
        gamma: discount of the return, in (0, 1].
        tie: Davidson's weight of a tie, used where the question allows ties.
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: of the answers' stream.

    Raises:
        ValueError: both beta and agreement, reference returns without agreement, or a value out
            of range.
    """
    choice = rationality(
        beta,
        agreement,
        reference_returns=reference_returns,
        tie=tie,
        center=center,
        spread=spread,
    )
    return Simulated(full_view, PartialReturn(gamma), choice, seed=seed, name="boltzmann")


def noisy_person(
    beta: float | None = None,
    *,
    agreement: float | None = None,
    reference_returns: Sequence[float] | None = None,
    mistake: float = 0.1,
    skip: float = 0.02,
    gamma: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """`boltzmann` that reverses a share of its answers and skips some questions.

    Source: own design, of arXiv:1706.03741 (10 % errors).

    Args:
        beta: as `boltzmann`.
        agreement: as `boltzmann`; that of the answers meant, before mistakes.
        reference_returns: as `boltzmann`.
        mistake: share of answers reversed.
        skip: share of questions skipped.
        gamma: as `boltzmann`.
        tie: as `boltzmann`.
        center: as `boltzmann`.
        spread: as `boltzmann`.
        seed: as `boltzmann`.

    Raises:
        ValueError: as `boltzmann`, or a share is no probability.
    """
    choice = rationality(
        beta,
        agreement,
        reference_returns=reference_returns,
        tie=tie,
        center=center,
        spread=spread,
    )
    noises = (Mistake(mistake), Skip(skip))
    utility = PartialReturn(gamma)
    return Simulated(full_view, utility, choice, noises, seed=seed, name="noisy_person")


def coin_flip(*, seed: int = 0) -> Simulated:
    """Answers at random and never looks: works, and answers alike, without true rewards.

    Source: own design; the negative control of every study.

    Args:
        seed: of the answers' stream.
    """
    return Simulated(full_view, PartialReturn(), CoinFlip(), seed=seed, name="coin_flip")
