import numpy as np
import pytest
import torch

from plaudit.feedback.asks import Compare, Critique, Mark, Rank, Rate, React
from plaudit.feedback.likelihoods import log_prob
from plaudit.feedback.teachers.choices import Argmax, Boltzmann, CoinFlip, RaoKupper, Thurstone
from plaudit.feedback.teachers.drawing import joint
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Lapse
from plaudit.feedback.teachers.noises.base import Odds
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Query, Segment, SegmentRef
from tests.feedback.asks.examples import EXAMPLES

SETTINGS = {"tie": 0.6, "center": 0.2, "spread": 0.7}
DISCRETE = [ask for ask in EXAMPLES if not ask.continuous]
ONE_OF_SEVERAL = ("choose", "rank", "advise", "correct", "demonstrate", "critique")
FAMILIES = [
    Boltzmann(1.3, **SETTINGS),
    Thurstone(0.8, indifference=0.3, center=0.2, spread=0.7),
    RaoKupper(1.3, indifference=0.4, center=0.2, spread=0.7),
]


def every_answer(ask, utilities, **settings):
    """(answers,) odds by `log_prob`."""
    answers = torch.tensor(np.array(ask.answers()))
    repeated = torch.tensor(utilities).expand(len(answers), *ask.shape)
    return log_prob(ask, answers, repeated, **settings).exp().numpy()


@pytest.mark.parametrize("ask", DISCRETE, ids=str)
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_it_equals_the_odds_of_the_teacher(ask, scale):
    for utilities in np.random.default_rng(0).normal(size=(5, *ask.shape)):
        teacher = Boltzmann(scale, **SETTINGS)
        expected = joint(Odds(teacher.odds(ask, utilities)))[:-1]
        given = every_answer(ask, utilities, scale=scale, **SETTINGS)
        np.testing.assert_allclose(given, expected, atol=1e-6)
        assert given.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("choice", FAMILIES, ids=lambda choice: type(choice).__name__)
@pytest.mark.parametrize("ask", DISCRETE, ids=str)
def test_it_equals_the_odds_of_other_families(ask, choice):
    utilities = np.random.default_rng(1).normal(size=ask.shape)
    if isinstance(choice, Thurstone) and ask.kind in ONE_OF_SEVERAL:
        with pytest.raises(ValueError, match="no closed form"):
            every_answer(ask, utilities, choice=choice)
        return
    expected = joint(Odds(choice.odds(ask, utilities)))[:-1]
    np.testing.assert_allclose(every_answer(ask, utilities, choice=choice), expected, atol=1e-6)


@pytest.mark.parametrize("choice", FAMILIES[:2], ids=lambda choice: type(choice).__name__)
def test_continuous_ratings_have_the_density_of_the_teacher(choice):
    ask, numbers = Rate(None, low=-1.0, high=1.0), np.linspace(-1, 1, 7)
    utilities = torch.full((7, 1), 0.4, dtype=torch.float64)
    expected = ask.log_density(numbers, np.float64(0.4), choice)
    given = log_prob(ask, torch.tensor(numbers), utilities, choice=choice)
    np.testing.assert_allclose(given, expected, atol=1e-9)


@pytest.mark.parametrize("ask", DISCRETE, ids=str)
def test_a_lapse_is_that_of_the_teacher(ask):
    utilities = np.random.default_rng(2).normal(size=ask.shape)
    random = CoinFlip().odds(ask, utilities)
    meant = Boltzmann(**SETTINGS).odds(ask, utilities)
    lapsed = tuple(0.8 * m + 0.2 * r for m, r in zip(meant, random, strict=True))
    given = every_answer(ask, utilities, lapse=0.2, **SETTINGS)
    np.testing.assert_allclose(given, joint(Odds(lapsed))[:-1], atol=1e-6)


def test_a_lapsing_teacher_has_these_odds():
    segments = [
        Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1), rewards=np.array([r]))
        for r in (0.3, 1.1)
    ]
    teacher = Simulated(full_view, PartialReturn(), Boltzmann(1.3, tie=0.6), [Lapse(0.2)])
    given = every_answer(Compare(ties=True), np.array([0.3, 1.1]), scale=1.3, tie=0.6, lapse=0.2)
    probs = teacher.probs(Query(tuple(segments), Compare(ties=True)))
    np.testing.assert_allclose(given, probs[:-1], atol=1e-12)


@pytest.mark.parametrize("ask", DISCRETE, ids=str)
@pytest.mark.parametrize("far", [1.0, 500.0])
def test_gradients_are_finite_for_every_answer_even_far_out(ask, far):
    answers = torch.tensor(np.array(ask.answers()))[:200]
    utilities = far * torch.randn(len(answers), *ask.shape, generator=torch.manual_seed(0))
    utilities = utilities.double().requires_grad_()
    logp = log_prob(ask, answers, utilities, **SETTINGS)
    logp[logp > -torch.inf].sum().backward()
    assert torch.isfinite(utilities.grad).all()


@pytest.mark.parametrize("ask", [Mark(3), Critique(2)], ids=str)
def test_gradients_pass_by_what_is_not_there(ask):
    utilities = torch.randn(1, *ask.shape, generator=torch.manual_seed(0))
    utilities[:, -1 if ask.kind == "mark" else slice(-2, None)] = torch.nan
    answer = torch.tensor([ask.answer((0,) * len(ask.sizes))])
    if ask.kind == "critique":
        answer[0, :2] = torch.tensor([1, 2])  # a reward and "wrong"; nothing about what comes next
    log_prob(ask, answer, utilities.requires_grad_(), lapse=0.1).sum().backward()
    assert torch.isfinite(utilities.grad).all()
    assert utilities.grad.abs().max() > 0


def test_a_comparison_by_hand():
    # first better by 1 at scale 2: ln sigmoid(2) = -0.12693
    logp = log_prob(Compare(), torch.tensor([0]), torch.tensor([[3.0, 2.0]]), scale=2.0)
    assert logp.item() == pytest.approx(-0.12693, abs=1e-5)


def test_a_long_ranking_by_hand_is_not_enumerated():
    # 9 equal segments: every order has probability 1 / 9! = 2.7557e-6
    order = torch.arange(9).flip(0)[None]
    logp = log_prob(Rank(9), order, torch.zeros(1, 9, dtype=torch.float64))
    assert logp.exp().item() == pytest.approx(2.7557e-6, rel=1e-4)
    lapsed = log_prob(Rank(9), order, torch.zeros(1, 9, dtype=torch.float64), lapse=0.3)
    assert lapsed.item() == pytest.approx(logp.item())


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


def test_masked_rows_count_nothing_whatever_they_hold():
    answers, utilities = torch.tensor([0, -1]), torch.zeros(2, 2)
    logp = log_prob(Compare(), answers, utilities, torch.tensor([True, False]))
    # ln 1/2
    torch.testing.assert_close(logp, torch.tensor([-0.693147, 0.0]))


def test_masked_rows_of_answers_with_parts_count_nothing():
    answers = torch.tensor([[0, 1], [7, -7]])
    logp = log_prob(Mark(2), answers, torch.zeros(2, 2), torch.tensor([True, False]))
    assert logp[0] < 0
    assert logp[1] == 0


@pytest.mark.parametrize(
    ("ask", "answers", "shape", "settings", "message"),
    [
        (Compare(), [2], (1, 2), {}, r"answers to 'compare' must each be an integer in 0..1"),
        (Rate(3), [-1], (1, 1), {}, r"answers to 'rate' must each be an integer in 0..2"),
        (Rate(None), [1.5], (1, 1), {}, r"must each be a number in \[0.0, 1.0\]"),
        (Rank(3), [[0, 0, 1]], (1, 3), {}, "must each be a permutation of 0..2"),
        (Mark(2), [[0, 3]], (1, 2), {}, "answers to 'mark' must each be"),
        (Compare(), [0], (1, 3), {}, r"utilities of 'compare' must be \(B, 2\), got \(1, 3\)"),
        (Compare(), [0, 0], (1, 2), {}, r"must be \(1,\) like utilities, got \(2,\)"),
        (Mark(2), [0], (1, 2), {}, r"must be \(1, 2\) like utilities, got \(1,\)"),
        (Compare(ties=True), [2], (1, 2), {}, "a tie has probability 0 under tie=0"),
        (
            Compare(),
            [0],
            (1, 2),
            {"scale": -1.0},
            "number of at least 0, got -1.0",
        ),
        (Compare(ties=True, levels=2), [4], (1, 2), {}, "a tie has probability 0 under tie=0"),
        (Compare(ties=True), [2], (1, 2), {"choice": Thurstone()}, "a tie has probability 0"),
        (Compare(), [0], (1, 2), {"lapse": 1.0}, r"lapse must be in \[0, 1\), got 1.0"),
    ],
)
def test_bad_input_is_refused(ask, answers, shape, settings, message):
    with pytest.raises(ValueError, match=message):
        log_prob(ask, torch.tensor(answers), torch.zeros(shape), **settings)


@pytest.mark.parametrize("choice", [Argmax(), CoinFlip()], ids=str)
def test_nothing_can_be_learned_from_certain_or_random_answers(choice):
    with pytest.raises(ValueError, match="nothing can be learned from answers by"):
        log_prob(Compare(), torch.tensor([0]), torch.zeros(1, 2), choice=choice)


def test_what_a_reticent_critic_leaves_unsaid_tells_nothing():
    # a verdict alone: P(wrong) = 1 - 1/3, what was done being a third as good as the best; said
    # with 0.6, three parts left unsaid with 0.4: 0.6 * 2/3 * 0.4^3 = 0.0256
    ask, values = Critique(2), torch.log(torch.tensor([[1.0, 1.0, 3.0, 2.0, 4.0]]))
    values.requires_grad_()
    logp = log_prob(ask, torch.tensor([[0, 2, 0, 0]]), values, reticence=0.4)
    assert logp.exp().item() == pytest.approx(0.0256, abs=1e-6)
    logp.backward()
    assert torch.isfinite(values.grad).all()
    assert values.grad[0, 3:].abs().sum() == 0  # of what comes next nothing was said


def test_a_slot_left_unsaid_tells_something_where_the_other_verdict_may_not_be_said():
    # only "right" may be said, and is not: 1 - 1/3
    ask, values = Critique(2, slots=("hp",)), torch.log(torch.tensor([[1.0, 1.0, 3.0, 2.0, 4.0]]))
    logp = log_prob(ask, torch.tensor([[0, 0, 0, 0]]), values)
    assert logp.exp().item() == pytest.approx(2 / 3)


def test_reticence_is_for_critiques():
    with pytest.raises(ValueError, match=r"of critiques only; got 0\.4"):
        log_prob(Compare(), torch.tensor([0]), torch.zeros(1, 2), reticence=0.4)


@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_a_masked_row_has_no_gradient_even_where_nothing_could_be_said(ask):
    utilities = torch.randn(2, *ask.shape, generator=torch.manual_seed(0)).double()
    utilities[0].flatten()[0] = -torch.inf
    utilities.requires_grad_()
    answer = ask.space.sample() if ask.continuous else ask.answer((1,) * len(ask.sizes))
    answers = torch.tensor(np.array([answer, answer]))
    mask = torch.tensor([False, True])
    log_prob(ask, answers, utilities, mask, lapse=0.1, **SETTINGS).sum().backward()
    assert torch.isfinite(utilities.grad).all()
    assert utilities.grad[0].abs().max() == 0


def test_a_long_ranking_may_be_masked():
    logp = log_prob(Rank(8), torch.arange(8)[None], torch.zeros(1, 8), torch.tensor([False]))
    assert logp.item() == 0.0


@pytest.mark.parametrize("utility", [16.0, 30.0])
def test_silence_is_exact_far_out_in_single_precision(utility):
    # rates 1: P(none) = sigmoid(-u), ln P = -u nearly, with slope -1
    u = torch.tensor([[utility]], requires_grad=True)
    logp = log_prob(React(("love",), (1,), (1.0,)), torch.tensor([1]), u)
    logp.backward()
    assert logp.item() == pytest.approx(-utility, rel=1e-5)
    assert u.grad.item() == pytest.approx(-1.0, rel=1e-4)


def test_a_narrow_level_is_exact_in_single_precision():
    utilities = torch.tensor([[0.3]])
    settings = {"spread": 1e-5}
    single = log_prob(Rate(5), torch.tensor([2]), utilities, **settings)
    double = log_prob(Rate(5), torch.tensor([2]), utilities.double(), **settings)
    assert single.item() == pytest.approx(double.item(), abs=2e-3)
