import numpy as np
import pytest
import torch

from plaudit import feedback
from plaudit.feedback.likelihoods import log_prob
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Lapse
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Compare, Query, Rate, Segment, SegmentRef

ASKS = [Compare(), Compare(ties=True), Rate(2), Rate(5)]


@pytest.mark.parametrize("ask", ASKS, ids=str)
@pytest.mark.parametrize("scale", [0.0, 0.3, 4.0])
def test_it_equals_the_odds_of_the_boltzmann_teacher(ask, scale):
    utilities = np.random.default_rng(0).normal(size=(30, ask.segments))
    teacher = Boltzmann(scale, tie=0.6, center=0.2, spread=0.7)
    expected = np.array([teacher.probs(ask, row) for row in utilities])
    for answer in range(int(ask.space.n)):
        if expected[:, answer].max() == 0.0:
            continue  # a middle rating under scale 0
        answers = torch.full((30,), answer)
        settings = {"scale": scale, "tie": 0.6, "center": 0.2, "spread": 0.7}
        logp = log_prob(ask, answers, torch.tensor(utilities), **settings)
        np.testing.assert_allclose(logp.exp(), expected[:, answer], atol=1e-6)


@pytest.mark.parametrize("ask", ASKS, ids=str)
def test_it_equals_the_odds_of_registered_teachers_skips_aside(ask):
    settings = {"tie": 0.6, "center": 0.2, "spread": 0.7}
    lapse = Teacher(full_view, PartialReturn(), Boltzmann(1.3, **settings), [Lapse(0.2)])
    for returns in np.random.default_rng(1).normal(size=(10, ask.segments)):
        query = asked(ask, returns)
        for name, extra in {"boltzmann": {}, "noisy_person": {"mistake": 0.0}}.items():
            probs = feedback.make(name, beta=1.3, **settings, **extra).probs(query)
            # noisy_person skips 2 in 100 questions, the last cell
            np.testing.assert_allclose(
                odds(ask, returns, **settings), probs[:-1] / (1 - probs[-1]), atol=1e-6
            )
        np.testing.assert_allclose(
            odds(ask, returns, lapse=0.2, **settings), lapse.probs(query)[:-1], atol=1e-6
        )


def asked(ask, returns):
    ref = SegmentRef("test", 0, 0, 1)
    parts = [Segment(np.zeros(2), np.zeros(1), ref, rewards=np.array([r])) for r in returns]
    return Query(tuple(parts), ask)


def odds(ask, returns, **settings):
    """(answers,) by `log_prob` at scale 1.3."""
    answers = torch.arange(int(ask.space.n))
    utilities = torch.tensor(returns).expand(len(answers), -1)
    return log_prob(ask, answers, utilities, scale=1.3, **settings).exp().numpy()


def test_a_comparison_by_hand():
    # first better by 1 at scale 2: ln sigmoid(2) = -0.12693
    logp = log_prob(Compare(), torch.tensor([0]), torch.tensor([[3.0, 2.0]]), scale=2.0)
    assert logp.item() == pytest.approx(-0.12693, abs=1e-5)


def test_a_lapse_equals_reversed_answers_at_half_the_rate():
    # better by 1 at scale 2, 10% reversed: 0.9 * sigmoid(2) + 0.1 * sigmoid(-2) = 0.804637
    settings = {"scale": 2.0, "lapse": 0.2}
    logp = log_prob(Compare(), torch.tensor([0]), torch.tensor([[3.0, 2.0]]), **settings)
    assert logp.exp().item() == pytest.approx(0.804637, abs=1e-6)


def test_its_gradient_is_finite_far_out():
    utilities = torch.tensor([[2000.0, -2000.0]], requires_grad=True)
    log_prob(Compare(), torch.tensor([1]), utilities).sum().backward()
    # d/du ln sigmoid(u2 - u1) = -(1 - sigmoid(-4000)) = -1
    torch.testing.assert_close(utilities.grad, torch.tensor([[-1.0, 1.0]]))


@pytest.mark.parametrize("answer", range(5))
def test_the_gradient_of_a_rating_is_finite_far_out(answer):
    utilities = torch.tensor([[500.0], [-500.0]], requires_grad=True)
    log_prob(Rate(5), torch.tensor([answer] * 2), utilities).sum().backward()
    assert torch.isfinite(utilities.grad).all()


def test_masked_rows_count_nothing_whatever_they_hold():
    answers, utilities = torch.tensor([0, -1]), torch.zeros(2, 2)
    logp = log_prob(Compare(), answers, utilities, torch.tensor([True, False]))
    # ln 1/2
    torch.testing.assert_close(logp, torch.tensor([-0.693147, 0.0]))


@pytest.mark.parametrize(
    ("ask", "answers", "shape", "settings", "message"),
    [
        (Compare(), [2], (1, 2), {}, r"answers to 'compare' must be in 0..1"),
        (Rate(3), [-1], (1, 1), {}, r"answers to 'rate' must be in 0..2"),
        (Compare(), [0], (1, 3), {}, r"utilities of 'compare' must be \(B, 2\), got \(1, 3\)"),
        (Compare(), [0, 0], (1, 2), {}, r"answers must be \(1,\) like utilities, got \(2,\)"),
        (Compare(ties=True), [2], (1, 2), {}, "a tie has probability 0 under tie=0"),
        (Compare(), [0], (1, 2), {"scale": -1.0}, "need scale >= 0"),
        (Compare(), [0], (1, 2), {"lapse": 1.0}, r"lapse must be in \[0, 1\), got 1.0"),
    ],
)
def test_bad_input_is_refused(ask, answers, shape, settings, message):
    with pytest.raises(ValueError, match=message):
        log_prob(ask, torch.tensor(answers), torch.zeros(shape), **settings)
