import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.types import Compare, Query, Segment, SegmentRef


def compare(first, second, query_id=0):
    segments = tuple(
        Segment(
            np.zeros(2),
            np.zeros(1),
            SegmentRef("test", 0, 0, 1),
            rewards=None if value is None else np.array([value]),
        )
        for value in (first, second)
    )
    return Query(segments, Compare(), query_id=query_id)


def test_agreement_is_met_on_fresh_pairs_within_a_point():
    rng = np.random.default_rng(0)
    teacher = feedback.make("boltzmann", agreement=0.75)
    teacher.answer([compare(*rng.normal(-50, 9, 2), i) for i in range(500)])
    pairs = rng.normal(-50, 9, (4000, 2))
    better = [teacher.probs(compare(*pair))[int(pair[1] > pair[0])] for pair in pairs]
    assert np.mean(better) == pytest.approx(0.75, abs=0.01)


def test_reference_returns_calibrate_at_once():
    # returns 0 and 2 differ by 2: beta = ln(3) / 2 = 0.54931
    teacher = feedback.make("noisy_person", agreement=0.75, reference_returns=[0.0, 2.0])
    assert teacher.choice.beta == pytest.approx(0.54931, abs=1e-5)


def test_the_noisy_person_by_hand():
    # meant: sigmoid(ln 3) = 0.75; mistakes: 0.9 * 0.75 + 0.1 * 0.25 = 0.70; skips: * 0.98 = 0.686
    probs = feedback.make("noisy_person").probs(compare(np.log(3.0), 0.0))
    np.testing.assert_allclose(probs, [0.686, 0.294, 0.02])


@pytest.mark.parametrize("hidden", [None, np.nan])
def test_coin_flip_answers_alike_where_the_truth_is_hidden(hidden):
    seen = feedback.make("coin_flip", seed=1).answer([compare(1, 0)] * 50)
    unseen = feedback.make("coin_flip", seed=1).answer([compare(hidden, hidden)] * 50)
    assert seen == unseen


def test_other_teachers_refuse_hidden_truth():
    with pytest.raises(ValueError, match="full_view needs the true rewards"):
        feedback.make("oracle").answer([compare(None, 0.0)])


def test_beta_and_agreement_exclude_each_other():
    with pytest.raises(ValueError, match=r"not both: beta=1\.0, agreement=0\.8"):
        feedback.make("boltzmann", beta=1.0, agreement=0.8)
    with pytest.raises(ValueError, match="reference_returns calibrate an agreement"):
        feedback.make("boltzmann", reference_returns=[0.0, 1.0])


def test_an_unknown_teacher_is_answered_with_the_nearest_name():
    with pytest.raises(KeyError, match="unknown teacher 'boltzman'; did you mean 'boltzmann'"):
        feedback.make("boltzman")
