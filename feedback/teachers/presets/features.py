"""Teachers who judge by features of what they see, and say which ones matter."""

from collections.abc import Sequence

from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.teachers.presets.rationality import rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Linear

ATTRIBUTES: dict[str, float] = {"words": 1 / 50, "sentences": 1 / 3, "variety": 1 / 0.7}
"""What `describer` tells of a text, in units of a middling one: 50 words, 3 sentences ..."""


def linear(
    weights: Sequence[float],
    features: Sequence[Spec] | None = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Likes features of what it sees, by hidden weights: compares, ranks, chooses, rates, marks.

    Source: arXiv:2002.04833.

    Args:
        weights: per unit of each feature.
        features: criteria, as `rubric`; None for the entries of the observations.
        beta: 1 / unit of utility; 1 when neither this nor `agreement` is given.
        agreement: as `rubric`.
        tie: Davidson's weight of a tie.
        center: utility in the middle of a rating's scale.
        spread: utility between neighbouring thresholds of a rating.
        seed: of the answers' stream.
    """
    choice = rationality(beta, agreement, tie=tie, center=center, spread=spread)
    return Simulated(Opened(), Linear(weights, features), choice, seed=seed, name="linear")


def describer(
    features: Sequence[Spec] | None = None,
    weights: Sequence[float] | None = None,
    *,
    beta: float = 5.0,
    tie: float = 1.0,
    center: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Answers `Describe`: which features matter in a segment, or which of two has more of each.

    A feature matters where its part in the utility, |w_i phi_i|, is judged above `center`.

    Source: doi:10.1145/3171221.3171284 (feature queries); arXiv:2402.02423 (attributes).

    Args:
        features: criteria, as `rubric`, in the question's order; None for `ATTRIBUTES`, or with
            `weights` for the entries of the observations.
        weights: of the features; None for 1 each, so that bare amounts, not their size, are told.
        beta: 1 / unit of w_i phi_i.
        tie: Davidson's weight of "both alike".
        center: size from which a feature is said to matter.
        seed: of the answers' stream.
    """
    absolute = weights is not None
    if features is None and weights is None:
        features, weights = list(ATTRIBUTES), list(ATTRIBUTES.values())
    if weights is None:
        weights = [1.0] * len(features or ())
    choice = Boltzmann(beta, tie=tie, center=center)
    utility = Linear(weights, features, absolute)
    return Simulated(Opened(), utility, choice, seed=seed, name="describer")
