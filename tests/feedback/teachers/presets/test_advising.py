import numpy as np
import pytest

from plaudit.feedback.asks import Advise, Correct, Critique, Demonstrate
from plaudit.feedback.teachers.presets.advising import advisor, corrector, critic, demonstrator
from plaudit.feedback.types import Query
from tests.feedback.recorded import recorded

TABULAR = "plaudit/Tabular-v0"
CORRIDOR = {"instance": "regret_vs_partial_return"}
MASKED = {"instance": "recoverable"}  # with two of three actions illegal in the second step
LEFT, RIGHT = 0, 1


def asked(ask, actions, **begin):
    return Query((recorded(TABULAR, CORRIDOR, actions, **begin),), ask)


def of_clean_code(ask, *actions):
    return Query((recorded(TABULAR, MASKED, (0, *actions), chance=[0.0, 0.0]),), ask)


def test_an_advisor_prefers_what_is_worth_more_next():
    # After a step to the left from cell 2 one is in cell 1: 4 against 6; sigmoid(2) = 0.88080
    probs = advisor(TABULAR, CORRIDOR).probs(asked(Advise(2), [LEFT], state=2))
    np.testing.assert_allclose(probs, [0.11920, 0.88080, 0], atol=1e-5)


def test_a_corrector_weighs_what_each_change_would_gain():
    # Left twice from cell 1: right would have gained 2 at once, and nothing at the wall (5 and 5).
    probs = corrector(TABULAR, CORRIDOR).probs(asked(Correct(2, 2), [LEFT, LEFT], state=1))
    weights = np.array([1, np.exp(2), 1, 1, 0])
    np.testing.assert_allclose(probs, weights / weights.sum())


def test_a_demonstration_of_one_step_is_advice():
    shown = demonstrator(TABULAR, CORRIDOR).probs(asked(Demonstrate(2, 1), [LEFT], state=2))
    np.testing.assert_allclose(
        shown, advisor(TABULAR, CORRIDOR).probs(asked(Advise(2), [LEFT], state=2))
    )


def test_a_demonstrator_looks_ahead():
    # From cell 1: left twice -1 + 5, left and right -2 + 6, right and left alike, right twice 6.
    probs = demonstrator(TABULAR, CORRIDOR).probs(asked(Demonstrate(2, 2), [LEFT], state=2))
    weights = np.exp([4 - 6, 4 - 6, 4 - 6, 0])
    np.testing.assert_allclose(probs[:-1], weights / weights.sum())


def test_a_critic_judges_the_step_and_looks_ahead():
    # In cell 1 left was worth 4 and right 6: right with e**-2. At the wall both are worth 5.
    teacher = critic(TABULAR, CORRIDOR, unsaid=0.2, center=4.0)
    reward, hindsight, do, avoid = teacher.odds(asked(Critique(2, levels=2), [LEFT], state=1)).parts
    right = np.exp(-2.0)
    np.testing.assert_allclose(hindsight, [0.2, 0.8 * right, 0.8 * (1 - right)])
    np.testing.assert_allclose([reward, do, avoid], [[0.2, 0.4, 0.4]] * 3)


def test_a_mistaken_advisor_names_any_other_action():
    probs = advisor(TABULAR, CORRIDOR, beta=50.0, mistake=0.25, skip=0.2).probs(
        asked(Advise(2), [LEFT], state=2)
    )
    np.testing.assert_allclose(probs, [0.2, 0.6, 0.2], atol=1e-9)  # 0.8 of 1/4 and 3/4


@pytest.mark.parametrize("mistake", [0.0, 0.5])
def test_illegal_actions_are_never_named(mistake):
    # Clean code may only be run, action 0.
    advice = advisor(TABULAR, MASKED, mistake=mistake).probs(of_clean_code(Advise(3)))
    np.testing.assert_array_equal(advice, [1, 0, 0, 0])
    *_, do, avoid = (
        critic(TABULAR, MASKED, unsaid=0.0, mistake=mistake).odds(of_clean_code(Critique(3))).parts
    )
    np.testing.assert_array_equal([do, avoid], [[0, 1, 0, 0]] * 2)
    changes = corrector(TABULAR, MASKED, mistake=mistake).probs(of_clean_code(Correct(3, 2), 0))
    assert (changes[:4] > 0).all()
    np.testing.assert_array_equal(changes[4:], [0, 0, 0])
    shown = demonstrator(TABULAR, MASKED).probs(of_clean_code(Demonstrate(3, 1)))
    np.testing.assert_array_equal(shown, [1, 0, 0, 0])


def test_an_illegal_action_that_was_taken_can_be_corrected():
    # It cost 0.1 of 0.8; what was done, or running at once.
    probs = corrector(TABULAR, MASKED).probs(of_clean_code(Correct(3, 2), 1))
    weights = np.exp([0.1, 0.0])
    np.testing.assert_allclose(probs[3:5] / probs[3:5].sum(), weights / weights.sum())
    assert probs[5] == 0


def test_agreement_is_that_of_two_actions_in_one_place():
    # In cells 1 to 4 right is worth 2 more, at the wall both are worth the same:
    # sigmoid(2 beta) = 0.8. Values of different cells differ too, but nobody compares them.
    teacher = advisor(TABULAR, CORRIDOR, agreement=0.8)
    queries = [asked(Advise(2), [LEFT], state=cell) for cell in (1, 2, 3, 4, 3)]
    teacher.answer(queries * 10)
    assert teacher.probs(queries[1])[RIGHT] == pytest.approx(0.8)
    assert teacher.probs(queries[0])[RIGHT] == pytest.approx(0.5)


@pytest.mark.parametrize("ask", [Advise(2), Demonstrate(2, 2)])
def test_after_the_end_there_is_nothing_to_advise(ask):
    teacher = demonstrator if ask.kind == "demonstrate" else advisor
    with pytest.raises(ValueError, match="the episode is over"):
        teacher(TABULAR, CORRIDOR).probs(asked(ask, [RIGHT], state=4))


def test_a_world_without_these_actions_is_refused():
    with pytest.raises(ValueError, match="needs values of 3 actions at 2 observations, got"):
        advisor(TABULAR, CORRIDOR).probs(asked(Advise(3), [LEFT], state=2))
