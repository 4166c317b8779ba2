import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare, Correct, Critique, Mark, Rate, React
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.noises import Lapse, Mistake, Reticence, Skip
from plaudit.feedback.teachers.noises.base import Odds
from tests.feedback.teachers.noises.situations import meant, situation


def spoilt(noise, ask, *parts, skip=0.0):
    given = Odds(tuple(map(np.array, parts)), skip)
    return noise.odds(given, situation(ask))


def test_a_mistake_swaps_first_and_second_and_spares_the_tie():
    # 0.9 * 0.7 + 0.1 * 0.2 = 0.65; 0.9 * 0.2 + 0.1 * 0.7 = 0.25
    (part,), skip = spoilt(Mistake(0.1), Compare(ties=True), [0.7, 0.2, 0.1], skip=0.4)
    np.testing.assert_allclose(part, [0.65, 0.25, 0.1])
    assert skip == 0.4


def test_a_mistaken_rating_reads_the_scale_upside_down():
    # 0.8 * 1 and 0.2 * 1 at the other end
    (part,), _ = spoilt(Mistake(0.2), Rate(3), [0.0, 0.0, 1.0])
    np.testing.assert_allclose(part, [0.2, 0.0, 0.8])


def test_a_mistaken_choice_names_any_of_the_others():
    # 0.8 * 1 for the one meant, 0.2 / 3 for each of three others
    (part,), _ = spoilt(Mistake(0.2), Choose(4), [0.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(part, [0.2 / 3, 0.8, 0.2 / 3, 0.2 / 3])


def test_a_mistaken_correction_names_a_step_that_is_there():
    # Two of four steps, three actions: 6 pairs are possible, so 0.3 / 5 for each of the others.
    sure = np.eye(12)[0]
    (part,), _ = spoilt(Mistake(0.3), Correct(3, 4), sure)
    np.testing.assert_allclose(part, [0.7, *[0.06] * 5, *[0.0] * 6])


def test_a_mistaken_mark_is_one_of_the_other_kind_and_none_beyond_the_end():
    (first, _, beyond), _ = spoilt(
        Mistake(0.1), Mark(3), [0.2, 0.8, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]
    )
    np.testing.assert_allclose(first, [0.2, 0.72, 0.08])
    np.testing.assert_array_equal(beyond, [1.0, 0.0, 0.0])


def test_a_mistaken_reaction_is_that_to_what_is_as_far_on_the_other_side():
    # love has 0.3 at most and 0.24 here, so 0.06 there; hate 0.2 and 0.04, so 0.16:
    # 0.8 * 0.24 + 0.2 * 0.06 = 0.204, 0.8 * 0.04 + 0.2 * 0.16 = 0.064
    ask = React(("love", "hate"), (1, -1), (0.3, 0.2))
    (part,), _ = spoilt(Mistake(0.2), ask, [0.24, 0.04, 0.72])
    np.testing.assert_allclose(part, [0.204, 0.064, 0.732])


def test_an_adversary_s_only_reaction_goes_to_what_is_bad():
    good = Boltzmann(1.0).odds(React(), np.array([3.0]))
    bad = Boltzmann(1.0).odds(React(), np.array([-3.0]))
    (part,), _ = spoilt(Mistake(1.0), React(), good[0])
    np.testing.assert_allclose(part, bad[0])


def test_a_mistake_keeps_what_another_noise_made_impossible_answers_of():
    # unsaid is no answer that a critic means: reticence put 0.2 there, and there it stays
    parts = Reticence(0.2).odds(meant(Critique(2)), situation(Critique(2)))
    turned = Mistake(1.0).odds(parts, situation(Critique(2))).parts
    assert [part.sum() for part in turned] == pytest.approx([1.0] * 4)
    assert [part[0] for part in turned] == pytest.approx([0.2] * 4)


def test_a_mistaken_critique_turns_its_scale_round_and_right_into_wrong():
    ask = Critique(2, levels=3)
    reward, hindsight, do, _ = spoilt(
        Mistake(0.1), ask, [0, 0.6, 0.3, 0.1], [0, 1, 0], [0, 1, 0], [0, 1, 0]
    ).parts
    # 0.9 * 0.6 + 0.1 * 0.1 = 0.55; 0.9 * 0.1 + 0.1 * 0.6 = 0.15
    np.testing.assert_allclose(reward, [0, 0.55, 0.3, 0.15])
    np.testing.assert_allclose(hindsight, [0, 0.9, 0.1])
    np.testing.assert_allclose(do, [0, 0.9, 0.1])


def test_what_a_critique_is_not_asked_for_stays_unsaid_by_mistake():
    ask = Critique(2, slots=("hp",))
    parts = Mistake(1.0).odds(meant(ask), situation(ask)).parts
    assert [part[0] for part in parts] == pytest.approx([1.0, 1 - meant(ask).parts[1][0], 1.0, 1.0])


def test_a_lapse_answers_uniformly_unlike_a_mistake():
    # 0.7 * 1 + 0.3 / 2 = 0.85; 0.3 / 2 = 0.15
    (part,), skip = spoilt(Lapse(0.3), Compare(), [1.0, 0.0], skip=0.2)
    np.testing.assert_allclose(part, [0.85, 0.15])
    assert skip == 0.2


def test_skips_add_up():
    # 1 - (1 - 0.5) * (1 - 0.2) = 0.6
    (part,), skip = spoilt(Skip(0.5), Compare(), [1.0, 0.0], skip=0.2)
    np.testing.assert_array_equal(part, [1.0, 0.0])
    assert skip == pytest.approx(0.6)


@pytest.mark.parametrize("noise", [Mistake, Lapse, Skip])
@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_no_probability_is_refused(noise, rate):
    with pytest.raises(ValueError, match=rf"{noise.__name__}: rate must be a number in 0\.\.1"):
        noise(rate)
