import numpy as np
import pytest

from plaudit.envs.token.token_assist.game import TokenAssist
from plaudit.envs.token.token_assist.outlook import advices, outlook

SMALL = TokenAssist(options=2, evidence=1, reliability=0.75, user_accuracy=(0.5, 0.6), max_new=3)


def question(**changes):
    """The user says a, unsure, which tells nothing; the only item points to b; b is right."""
    state = {
        "view": np.array([0]),
        "sure": np.array([False]),
        "items": np.array([[1]]),
        "seen": np.array([[False]]),
        "truth": np.array([1]),
        "right": np.array([[0.0, 1.0]]),
    }
    return state | changes


def place(words):
    said = SMALL.tokenizer.encode(words)
    row = np.array([*said, *[SMALL.spec.eos_id] * (SMALL.max_new - len(said))])
    return int(np.flatnonzero((advices(SMALL) == row).all(1))[0])


def test_all_that_can_be_said_is_listed_once():
    # Nothing, and 2 options x 3 hedges x 2 sets of items.
    texts = advices(SMALL)
    assert texts.shape == (13, 3)
    assert len(np.unique(texts, axis=0)) == 13
    assert len(advices(TokenAssist(options=2, evidence=1, max_new=1))) == 3  # nothing, a, b


def test_truth_is_expected_given_all_evidence():
    # b is right with chance 0.75: 0.75 x 1.5 - 0.5 = 0.625, less 0.01 for a token.
    assert outlook(SMALL, question()).truth[0, place("b")] == pytest.approx(0.615)


def test_approval_is_expected_over_what_the_user_saw():
    # The item is seen with chance 0.3, then b has chance 0.75, else 0.5: 0.575 x 1.5 - 0.5 - 0.01.
    found = outlook(SMALL, question()).approval[0]
    assert found[place("b")] == pytest.approx(0.3525)
    # a: 0.425 x 1.5 - 0.5 - 0.01 = 0.1275, and 0.8 for sharing the view.
    assert found[place("a")] == pytest.approx(0.9275)


def test_outcome_is_that_of_the_advice_or_of_the_users_own_view():
    found = outlook(SMALL, question()).outcome[0]
    assert found[place("b")] == pytest.approx(0.75 * 1.5 - 0.5)
    assert found[place("")] == pytest.approx(0.25 * 1.5 - 0.5)  # without advice they act on a


def test_a_question_is_not_read_for_what_is_hidden():
    other = question(truth=np.array([0]), right=np.eye(2)[[0]], seen=np.array([[True]]))
    for mine, theirs in zip(outlook(SMALL, question()), outlook(SMALL, other), strict=True):
        np.testing.assert_allclose(mine, theirs)


def test_too_many_cases_are_refused():
    many = {name: np.repeat(value, 2**17, axis=0) for name, value in question().items()}
    with pytest.raises(ValueError, match="131072 questions times 13 pieces of advice"):
        outlook(SMALL, many)
