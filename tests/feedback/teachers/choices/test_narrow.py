import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Choose, Compare, Rank, Rate
from plaudit.feedback.teachers.choices import (
    Bernoulli,
    Boltzmann,
    Davidson,
    Ordinal,
    PlackettLuce,
)

CASES = [
    (Davidson(0.7, tie=0.4), Compare(ties=True)),
    (PlackettLuce(0.7), Rank(3)),
    (PlackettLuce(0.7), Choose(3)),
    (Ordinal(0.7), Rate(4)),
    (Bernoulli(0.7), Approve()),
]


@pytest.mark.parametrize(("choice", "ask"), CASES, ids=lambda x: type(x).__name__)
def test_each_is_boltzmann_on_its_own_questions(choice, ask):
    utilities = np.linspace(-0.5, 1.0, ask.segments)
    same = Boltzmann(0.7, tie=choice.tie).odds(ask, utilities)
    np.testing.assert_array_equal(choice.odds(ask, utilities), same)


def test_other_questions_are_refused():
    with pytest.raises(ValueError, match="PlackettLuce answers rank, choose, not 'rate'"):
        PlackettLuce().odds(Rate(3), np.zeros(1))


def test_davidson_says_ties_unless_told_otherwise():
    (odds,) = Davidson().odds(Compare(ties=True), np.zeros(2))
    np.testing.assert_allclose(odds, [1 / 3, 1 / 3, 1 / 3])
