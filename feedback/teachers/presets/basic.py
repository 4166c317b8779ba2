"""Teachers by name, with JSON-able settings: `plaudit.feedback.make("noisy_person", seed=1)`."""

from typing import Unpack

from plaudit.feedback.teachers.choices import Argmax, CoinFlip
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Mistake, Skip
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
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
    *,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Sees the true rewards and chooses by odds exp(beta * return).

    Source: arXiv:1706.03741, equation 1.

    Args:
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    return Simulated(full_view, PartialReturn(gamma), choice, seed=seed, name="boltzmann")


def noisy_person(
    *,
    mistake: float = 0.1,
    skip: float = 0.02,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """`boltzmann` that reverses a share of its answers and skips some questions.

    Source: own design, of arXiv:1706.03741 (10 % errors).

    Args:
        mistake: share of answers reversed.
        skip: share of questions skipped.
        gamma: as `boltzmann`.
        seed: as `boltzmann`.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
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
