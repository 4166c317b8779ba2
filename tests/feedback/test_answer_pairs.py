import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.answer_pairs import compared_answers

ASSIST = "plaudit/TokenAssist-v0"
WORLD = {"options": 2, "evidence": 1, "max_new": 2, "macro": 2}
A, B, END = 0, 1, 5  # 2 options, 2 hedges, 1 item, the end


def test_both_answers_meet_the_same_question_and_the_better_one_wins():
    seeds = np.arange(8)
    answers = np.tile([[A, END], [B, END]], (8, 1, 1))
    teacher = feedback.make("oracle")
    buffer = compared_answers(teacher, ASSIST, WORLD, seeds, answers)
    assert len(buffer) == 8
    for number, row in enumerate(buffer):
        first, second = row.query.segments
        np.testing.assert_array_equal(first.obs[0], second.obs[0])
        assert (first.actions[0].tolist(), second.actions[0].tolist()) == ([A, END], [B, END])
        assert row.query.query_id == number
        assert row.feedback.answer in (0, 1)
    # a is right in some questions and b in others, so that the oracle says both.
    assert {row.feedback.answer for row in buffer} == {0, 1}


def test_an_episode_must_be_one_answer():
    single = {**WORLD, "macro": 1}
    with pytest.raises(ValueError, match="of 4 episodes 0 are over"):
        compared_answers(
            feedback.make("oracle"), ASSIST, single, np.arange(2), np.zeros((2, 2), int)
        )


def test_a_pair_for_each_question():
    with pytest.raises(ValueError, match=r"answers of shape \(3, 2, ...\), got \(2, 2, 2\)"):
        compared_answers(
            feedback.make("oracle"), ASSIST, WORLD, np.arange(3), np.zeros((2, 2, 2), int)
        )
