import pytest

from plaudit.feedback.asks import Approve, Check, Compare, Mark, Rate, React
from plaudit.feedback.wrappers.answer_rewards import answer_reward, check_graded


@pytest.mark.parametrize(
    ("ask", "answer", "reward"),
    [
        (Rate(5), 0, -1.0),
        (Rate(5), 3, 0.5),  # 2 * 3 / 4 - 1
        (Rate(None, low=0.0, high=10.0), 7.5, 0.5),  # 2 * 7.5 / 10 - 1
        (Approve(), 1, 1.0),
        (Approve(), 0, -1.0),
        (React(("love", "angry"), (1, -1), (0.1, 0.1)), 1, -1.0),
        (React(("love", "angry"), (1, -1), (0.1, 0.1)), 2, 0.0),
        (Check(("a", "b", "c", "d")), (1, 0, 1, 1), 0.75),
        (Mark(4), (2, 1, 2, 0), 1.0),  # two good, one poor
    ],
)
def test_an_answer_is_a_number(ask, answer, reward):
    assert answer_reward(ask, ask.check(answer), missing=9.0) == reward
    check_graded(ask)


def test_a_skip_is_what_was_agreed():
    assert answer_reward(Approve(), None, missing=-0.25) == -0.25


def test_answers_that_grade_nothing_are_refused():
    with pytest.raises(ValueError, match="answers to 'compare' are no rewards; ask one of rate, "):
        check_graded(Compare())
