import math
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Mark
from plaudit.feedback.teachers.presets import partial_sight
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def preferred(teacher, *segments):
    return teacher.probs(Query(segments, Compare()))[0]


def test_span_markers_mark_with_their_recall_and_precision():
    # 3 of 10 steps stand out: rewards 1 and -1, half a spread of 1 from 0
    seen = segment(1.0, -1.0, 1.0, *[0.0] * 7)
    ask, answers = Mark(10), []
    teacher = partial_sight.span_marker(recall=0.7, precision=0.6, seed=3)
    for feedback in teacher.answer([Query((seen,), ask, query_id=i) for i in range(4000)]):
        answers.append(feedback.answer)
    marks = np.array(answers)
    meant = (marks == [2, 1, 2, *[0] * 7])[:, :3]
    # 12 000 marks meant and about 14 000 made: standard deviations .004 each
    assert meant.mean() == pytest.approx(0.7, abs=0.015)
    assert meant.sum() / (marks > 0).sum() == pytest.approx(0.6, abs=0.015)


def test_a_masked_viewer_takes_hidden_entries_for_the_fill():
    one = replace(segment(0.0), obs=np.array([[1.0, 5.0], [0.0, 0.0]]))
    two = replace(segment(0.0), obs=np.array([[0.0, -5.0], [0.0, 0.0]]))
    blind = partial_sight.masked_viewer([1.0, 1.0], hide=[1])
    assert preferred(blind, one, two) == pytest.approx(sigmoid(1))
    assert preferred(partial_sight.masked_viewer([1.0, 1.0], hide=[]), one, two) == pytest.approx(
        sigmoid(11)
    )


def test_a_summary_reader_judges_by_the_total_or_by_features_of_the_summary():
    one, two = segment(1.0, 0.5), segment(0.25, 0.25, 0.5)
    assert preferred(partial_sight.summary_reader(), one, two) == pytest.approx(sigmoid(0.5))
    # fewer steps: 2 against 3, at weight -2
    short = partial_sight.summary_reader([{"name": "acted", "index": 0}], [-2.0])
    assert preferred(short, one, two) == pytest.approx(sigmoid(2))
    assert preferred(short, one.view(), two.view()) == pytest.approx(sigmoid(2))
    with pytest.raises(ValueError, match="weigh features, but none are given"):
        partial_sight.summary_reader(weights=[1.0])


def test_another_agent_wants_its_own_pay():
    one = replace(segment(9.0, 9.0), others={"player_1": segment(0.0, 1.0)})
    two = replace(segment(0.0, 0.0), others={"player_1": segment(1.0, 2.0)})
    assert preferred(partial_sight.other_agent("player_1"), one, two) == pytest.approx(sigmoid(-2))
    # discounted by half: .5 against 2
    patient = partial_sight.other_agent("player_1", gamma=0.5)
    assert preferred(patient, one, two) == pytest.approx(sigmoid(-1.5))
