"""Teachers who judge by features of what they see, and say which ones matter."""

from collections.abc import Sequence
from typing import Unpack

from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Linear

ATTRIBUTES: dict[str, float] = {"words": 1 / 50, "sentences": 1 / 3, "variety": 1 / 0.7}
"""What `describer` tells of a text, in units of a middling one: 50 words, 3 sentences ..."""


def linear(
    weights: Sequence[float],
    features: Sequence[Spec] | None = None,
    *,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Likes features of what it sees, by hidden weights: compares, ranks, chooses, rates, marks.

    Source: arXiv:2002.04833.

    Args:
        weights: per unit of each feature.
        features: criteria, as `rubric`; None for the entries of the observations.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    return Simulated(Opened(), Linear(weights, features), choice, seed=seed, name="linear")


def describer(
    features: Sequence[Spec] | None = None,
    weights: Sequence[float] | None = None,
    *,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Answers `Describe`: which features matter in a segment, or which of two has more of each.

    A feature matters where its part in the utility, |w_i phi_i|, is judged above `center`.

    Source: doi:10.1145/3171221.3171284 (feature queries); arXiv:2402.02423 (attributes).

    Args:
        features: criteria, as `rubric`, in the question's order; None for `ATTRIBUTES`, or with
            `weights` for the entries of the observations.
        weights: of the features; None for 1 each, so that bare amounts, not their size, are told.
        seed: of the answers' stream.
        judgement: see `Judgement`; beta is 5 / unit of w_i phi_i unless given, tie, the weight of
            "both alike", 1, and center, the size from which a feature is said to matter, 1.
    """
    absolute = weights is not None
    if features is None and weights is None:
        features, weights = list(ATTRIBUTES), list(ATTRIBUTES.values())
    if weights is None:
        weights = [1.0] * len(features or ())
    choice = rationality(default=5.0, **(Judgement(tie=1.0, center=1.0) | judgement))
    utility = Linear(weights, features, absolute)
    return Simulated(Opened(), utility, choice, seed=seed, name="describer")
