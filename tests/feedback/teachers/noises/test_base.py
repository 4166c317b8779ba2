import numpy as np
import pytest

from plaudit.feedback.teachers.noises import (
    Anchoring,
    DropOut,
    Equal,
    FirstOnTie,
    Lapse,
    LengthBias,
    Mistake,
    PositionBias,
    ReleasedEqual,
    ReleasedSkip,
    SelfPreference,
    Skip,
    SkipPoor,
    Sycophancy,
)
from tests.feedback.asks.examples import EXAMPLES
from tests.feedback.teachers.noises.situations import meant, situation

NOISES = [
    Anchoring(0.5),
    DropOut(0),
    Equal(0.5),
    FirstOnTie(),
    Lapse(0.3),
    LengthBias(1.0),
    Mistake(0.3),
    PositionBias(0.5),
    ReleasedEqual(0.1, 50.0),
    ReleasedSkip(0.1, 50.0),
    SelfPreference(1.0, "me"),
    Skip(0.3),
    SkipPoor(0.5),
    Sycophancy(1.0),
]


@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: type(noise).__name__)
def test_no_noise_breaks_the_odds_of_any_question(noise, ask):
    here = situation(ask)
    spoilt = noise.odds(meant(ask), here)
    assert 0.0 <= spoilt.skip <= 1.0
    # What is impossible, such as marks beyond the end of a segment, stays so.
    for part, random in zip(spoilt.parts, ask.log_random(here.utilities), strict=True):
        assert part.sum() == pytest.approx(1.0)
        assert part.min() >= 0.0
        assert ask.continuous or not part[np.isneginf(random)].any()
    felt = noise.utilities(here.utilities, here)
    np.testing.assert_array_equal(np.isfinite(felt), np.isfinite(here.utilities))
