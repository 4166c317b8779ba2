import numpy as np
import pytest
from scipy.special import expit

from plaudit.feedback.asks import Choose, Compare, Rank
from plaudit.feedback.teachers.choices import Boltzmann


def test_strengths_come_in_pairs_and_the_tie_last():
    ask = Compare(ties=True, levels=2)
    assert ask.names[0] == (
        "slightly first",
        "slightly second",
        "much first",
        "much second",
        "equally good",
    )
    assert [ask.preferred(cell) for cell in range(5)] == [0, 1, 0, 1, None]


def test_graded_odds_by_hand():
    # 4 levels of the difference d = 1, thresholds -1, 0, 1:
    # much second F(-2) = 0.11920, slightly second F(-1) - F(-2) = 0.14974,
    # slightly first F(0) - F(-1) = 0.23106, much first 1 - F(0) = 0.5
    (odds,) = Boltzmann().odds(Compare(levels=2), np.array([1.0, 0.0]))
    np.testing.assert_allclose(odds, [0.23106, 0.14974, 0.5, 0.11920], atol=1e-5)


def test_a_graded_tie_is_the_middle_of_the_scale():
    # 3 levels, thresholds -0.5 and 0.5, d = 0: F(0.5) - F(-0.5) = 0.24492
    (odds,) = Boltzmann().odds(Compare(ties=True, levels=1), np.zeros(2))
    assert odds[2] == 0.0  # with one level ties are Davidson's, and tie = 0
    (odds,) = Boltzmann().odds(Compare(ties=True, levels=2), np.zeros(2))
    assert odds[4] == pytest.approx(expit(0.5) - expit(-0.5))


def test_a_mistake_swaps_sides_and_keeps_the_strength():
    assert Compare(ties=True, levels=2).mirror(0) == (1, 0, 3, 2, 4)


def test_plackett_luce_by_hand():
    # weights 2, 1, 1: P(0 > 1 > 2) = 2/4 * 1/2 = 1/4, P(1 > 0 > 2) = 1/4 * 2/3 = 1/6
    (odds,) = Boltzmann().odds(Rank(3), np.log([2.0, 1.0, 1.0]))
    np.testing.assert_allclose(odds, [1 / 4, 1 / 4, 1 / 6, 1 / 12, 1 / 6, 1 / 12])


def test_an_order_reversed_is_the_mirror():
    ask = Rank(3)
    answers = ask.answers()
    assert answers[ask.mirror(0)[answers.index((0, 2, 1))]] == (1, 2, 0)


def test_best_of_several_is_the_softmax():
    # weights 3, 1: 3/4
    (odds,) = Boltzmann(0.5).odds(Choose(2), 2.0 * np.log([3.0, 1.0]))
    np.testing.assert_allclose(odds, [0.75, 0.25])


def test_every_answer_of_a_ranking_is_a_permutation():
    space = Rank(4).space
    assert space.contains(space.sample())
    assert not space.contains(np.array([0, 0, 1, 2]))
    assert len(set(Rank(4).answers())) == 24


@pytest.mark.parametrize("answer", [(0, 0, 1), (0, 1), 2, (0.0, 1.0, 2.0), "012", None, (0, 1, 3)])
def test_what_is_no_order_is_refused(answer):
    with pytest.raises(ValueError, match=r"expected a permutation of 0\.\.2"):
        Rank(3).check(answer)


def test_long_rankings_are_not_enumerated():
    with pytest.raises(ValueError, match="at most 7 segments"):
        Rank(8).answers()


@pytest.mark.parametrize("make", [lambda: Choose(1), lambda: Rank(1), lambda: Compare(levels=0)])
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="must be an integer of at least"):
        make()
