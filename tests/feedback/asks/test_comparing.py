import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare, Rank
from plaudit.feedback.teachers.choices import Argmax, Boltzmann, RaoKupper, Thurstone


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


@pytest.mark.parametrize(
    "choice",
    [
        Boltzmann(1.3, tie=0.7),
        Thurstone(0.8, indifference=0.4),
        RaoKupper(0.9, indifference=0.5),
        Argmax(),
    ],
    ids=lambda choice: type(choice).__name__,
)
@pytest.mark.parametrize("gap", [-1.2, 0.0, 0.4, 30.0])
def test_strengths_split_what_is_preferred_and_leave_ties_alone(choice, gap):
    utilities = np.array([gap, 0.0])
    (plain,) = choice.odds(Compare(ties=True), utilities)
    (graded,) = choice.odds(Compare(ties=True, levels=3), utilities)
    np.testing.assert_allclose([graded[:6:2].sum(), graded[1:6:2].sum(), graded[6]], plain)


def test_felt_differences_are_graded_with_the_noise_of_two():
    # sd 1 each, d = 1: felt above the threshold 1 with P(N(1, 2) > 1) = 1/2
    (odds,) = Thurstone(1.0).odds(Compare(levels=2), np.array([1.0, 0.0]))
    assert odds[2] == pytest.approx(0.5)


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


def test_the_reverse_of_an_order_is_looked_up_once():
    # orders of three: 012 021 102 120 201 210, read backwards 210 120 201 021 102 012
    assert Rank(3).mirror(0) == (5, 3, 4, 1, 2, 0)
    assert Rank(7).mirror(0) is Rank(7).mirror(0)
