from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Rate
from plaudit.feedback.teachers.presets.people import (
    anchored,
    drlhp,
    rao_kupper,
    self_preferring,
    sycophant,
    thumbs,
    thurstone,
    tired,
    verbose,
)
from tests.feedback.teachers.presets.pairs import (
    about,
    compare,
    segment,
    shares,
    skewed,
    warmed,
)

THREE_TO_ONE = compare(np.log(3.0), 0.0)


def told(*texts, **context):
    """A comparison of equal segments with texts."""
    query = compare(0.0, 0.0)
    return replace(query, segments=tuple(segment(0.0, t) for t in texts), context=context)


def test_a_tenth_of_the_answers_is_random():
    # 0.9 * 0.75 + 0.1 / 2 = 0.725
    assert drlhp().probs(THREE_TO_ONE)[0] == pytest.approx(0.725)


def test_a_hundred_characters_more_are_worth_the_weight():
    # 100 characters * ln(3) / 100: odds 3 : 1
    teacher = verbose(weight=np.log(3.0), of="characters")
    assert teacher.probs(told("x" * 100, ""))[0] == pytest.approx(0.75)


def test_agreeing_and_being_ones_own_are_worth_the_weight():
    flattered = sycophant(weight=np.log(3.0)).probs(told("the earth is flat", "no", belief="flat"))
    assert flattered[0] == pytest.approx(0.75)
    judge = self_preferring(weight=np.log(3.0), author="model a")
    assert judge.probs(told("", "", authors=["model b", "model a"]))[1] == pytest.approx(0.75)


def test_an_anchor_changes_the_rating_of_what_comes_next():
    teacher = anchored(weight=0.5, center=0.0)
    fresh = teacher.probs(about(Rate(2), 0.0))
    teacher.answer([about(Rate(2), np.log(9.0))])
    # pulled to ln(9) / 2 = ln(3): 3 : 1 for the upper of two levels
    np.testing.assert_allclose(fresh, [0.5, 0.5, 0.0])
    np.testing.assert_allclose(teacher.probs(about(Rate(2), 0.0)), [0.25, 0.75, 0.0])


def test_the_tired_answer_at_random_in_the_end_and_leave():
    teacher = tired(rate=np.log(2) / 10, leaves_after=20)
    answers = teacher.answer([THREE_TO_ONE] * 21)
    # after 10 questions half of beta is left: sqrt(3) : 1
    assert answers[10].probs[0] == pytest.approx(np.sqrt(3) / (1 + np.sqrt(3)))
    assert [answers[19].reason, answers[20].reason] == ["", "dropped out"]
    assert tired().probs(THREE_TO_ONE)[-1] == 0.0


def test_thumbs_are_up_above_the_center():
    # 0.8 * 0.75 + 0.2 * 0.25 = 0.65
    up = thumbs(mistake=0.2, center=1.0).probs(about(Approve(), 1.0 + np.log(3.0)))
    np.testing.assert_allclose(up, [0.35, 0.65, 0.0])


def test_thurstone_feels_normal_noise():
    # Phi(1 / (sqrt(2) sd)) with sd = 1 / sqrt(2): Phi(1) = 0.84134
    assert thurstone(sd=2**-0.5).probs(compare(1.0, 0.0))[0] == pytest.approx(0.84134, abs=1e-5)


@pytest.mark.parametrize("make", [thurstone, rao_kupper, drlhp])
def test_agreement_is_met_on_skewed_returns_within_a_point(make):
    settings = {"lapse": 0.0} if make is drlhp else {}
    teacher = warmed(make(agreement=0.75, **settings), skewed)
    assert shares(teacher, skewed)[0] == pytest.approx(0.75, abs=0.01)


def test_rao_kupper_calls_equal_what_feels_close():
    # u = (0, 0), k = e: (k^2 - 1) / (1 + k)^2 = (k - 1) / (k + 1) = 0.46212
    probs = rao_kupper(indifference=1.0).probs(compare(0.0, 0.0, ties=True))
    assert probs[2] == pytest.approx(0.46212, abs=1e-5)


def test_settings_that_exclude_each_other_or_are_unknown_are_refused():
    with pytest.raises(ValueError, match=r"not both: sd=1\.0, agreement=0\.8"):
        thurstone(sd=1.0, agreement=0.8)
    with pytest.raises(ValueError, match=r"by indifference; got tie=0\.5"):
        rao_kupper(tie=0.5)
    with pytest.raises(TypeError, match="temperature"):
        verbose(temperature=2.0)
