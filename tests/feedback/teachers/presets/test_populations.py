import numpy as np
import pytest

from plaudit.feedback.asks import Approve
from plaudit.feedback.teachers.population import Population
from plaudit.feedback.teachers.presets.populations import crowd, personalised, types
from tests.feedback.teachers.presets.pairs import (
    about,
    compare,
    longtailed,
    shares,
    skewed,
    warmed,
)

TWO = ("oracle", {"name": "boltzmann", "beta": 0.0})


@pytest.mark.parametrize("returns", [skewed, longtailed])
def test_a_crowd_agrees_ties_and_favours_the_first_as_stated(returns):
    teacher = warmed(crowd(annotators=1), returns, ties=True)
    right, ties, first = shares(teacher, returns, ties=True)
    assert right == pytest.approx(0.75, abs=0.01)
    assert ties == pytest.approx(0.132, abs=0.01)
    # 0.5 + 0.03 p (1 - p), of which p (1 - p) is 1 / 4 for equals and 0.16 or so on average
    assert first == pytest.approx(0.505, abs=0.0005)


def test_the_shares_hold_exactly_on_the_reference_returns():
    reference = longtailed(np.random.default_rng(2), 12)
    teacher = crowd(position=0.0, agreement=0.9, reference_returns=reference.tolist())
    pairs = [(a, b) for i, a in enumerate(reference) for b in reference[:i]]
    odds = np.array([teacher.probs(compare(a, b, ties=True)) for a, b in pairs])
    right = np.array([p[int(b > a)] for p, (a, b) in zip(odds, pairs, strict=True)])
    assert odds[:, 2].mean() == pytest.approx(0.132)
    assert right.sum() / odds[:, :2].sum() == pytest.approx(0.9)


def test_a_share_of_the_crowd_is_adversarial():
    honest, mixed = (crowd(adversarial=a, position=0.0, reference_returns=[0, 1]) for a in (0, 0.4))
    said = [m.probs(compare(1.0, 0.0))[0] > 0.5 for m in mixed.members]
    assert sorted(said) == [False, False, True, True, True]
    # 0.6 * 0.75 + 0.4 * 0.25 = 0.55; of two returns the only pair is calibrated
    assert honest.probs(compare(1.0, 0.0))[0] == pytest.approx(0.75)
    assert mixed.probs(compare(1.0, 0.0))[0] == pytest.approx(0.55)


def test_a_mixture_of_types_by_hand():
    # 0.75 * 1 + 0.25 * 0.5 = 0.875
    teacher = types(TWO, weights=[3.0, 1.0], assign="mixture")
    assert teacher.probs(compare(1.0, 0.0))[0] == pytest.approx(0.875)
    assert {f.annotator for f in teacher.answer([compare(1.0, 0.0)] * 9)} == {"types"}


def test_latent_types_are_fixed_and_drawn_by_their_weights():
    teacher = types(TWO, weights=[3.0, 1.0], annotators=400, people_seed=1)
    sure = [member.probs(compare(1.0, 0.0))[0] == 1.0 for member in teacher.members]
    # 300 of 400 expected, standard deviation sqrt(400 * 0.75 * 0.25) = 8.7
    assert sum(sure) == pytest.approx(300, abs=35)
    again = types(TWO, weights=[3.0, 1.0], annotators=400, people_seed=1, seed=5)
    assert sure == [member.probs(compare(1.0, 0.0))[0] == 1.0 for member in again.members]


def test_personal_tastes_are_blends_of_the_basis():
    # The basis likes the return and ten times the return: w + 10 (1 - w) between 1 and 10.
    basis = [{"name": "oracle"}, {"name": "oracle", "gamma": 0.5}]
    teacher = personalised(basis, annotators=40)
    assert isinstance(teacher, Population)
    weights = np.array([member.utility.weights for member in teacher.members])
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    # Dirichlet(1, 1) is uniform: standard deviation 0.289
    assert 0.2 < weights[:, 0].std() < 0.36
    alike = personalised(basis, alpha=1e6, annotators=5)
    assert all(abs(member.utility.weights[0] - 0.5) < 0.01 for member in alike.members)


def test_a_basis_may_be_asked_all_that_its_utilities_say():
    # both like a step that earns ln(3): P(yes) = 0.75
    teacher = personalised(annotators=2)
    probs = teacher.probs(about(Approve(), np.log(3.0)))
    np.testing.assert_allclose(probs, [0.25, 0.75, 0.0])


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"at least two likings, got \['oracle'\]"):
        personalised(["oracle"])
    with pytest.raises(ValueError, match=r"alpha\[0\] must be a finite number above 0, got 0"):
        personalised(TWO, alpha=0)
    with pytest.raises(ValueError, match="assign 'mixed'; did you mean 'mixture'"):
        types(TWO, assign="mixed")
