import numpy as np
import pytest

from plaudit import feedback
from plaudit.feedback.asks import Approve, Compare, Rank
from plaudit.feedback.survey import random_segments, survey

WORLD, SETTINGS = "plaudit/Tabular-v0", {"instance": "recoverable"}


def test_random_play_is_legal_and_comes_back_with_its_seed():
    first, again = (random_segments(WORLD, 50, 3, settings=SETTINGS) for _ in range(2))
    assert [s.obs.tolist() for s in first] == [s.obs.tolist() for s in again]
    # Code is patched or hacked with 2/3; then an episode has 2 steps, with a single legal action.
    assert 20 < sum(len(s) == 2 for s in first) < 46
    assert all(s.actions[1] == 0 for s in first if len(s) == 2)
    assert first[0].rewards is not None


def test_every_pair_is_asked_about_once():
    segments = random_segments(WORLD, 4, 0, settings=SETTINGS)
    buffer = survey(feedback.make("oracle"), segments, Compare(), np.random.default_rng(0))
    assert len(buffer) == 6
    assert all(sum(row.feedback.probs) == pytest.approx(1.0) for row in buffer)


def test_so_many_questions_as_asked_for():
    segments = random_segments(WORLD, 9, 0, settings=SETTINGS)
    buffer = survey(feedback.make("oracle"), segments, Rank(3), np.random.default_rng(0), 5)
    assert len(buffer) == 5


def test_a_second_question_is_kept_beside_the_first():
    segments, rng = random_segments(WORLD, 4, 0, settings=SETTINGS), np.random.default_rng(0)
    buffer = survey(feedback.make("oracle"), segments, Compare(), rng)
    survey(feedback.make("oracle"), segments, Approve(), rng, 3, buffer)
    # 4 * 3 / 2 = 6 pairs, then 3 episodes alone.
    assert [row.query.query_id for row in buffer] == list(range(9))
    assert [type(ask) for ask in buffer.asks] == [Compare, Approve]


def test_every_pair_of_a_ranking_is_refused():
    segments = random_segments(WORLD, 4, 0, settings=SETTINGS)
    with pytest.raises(ValueError, match="every pair can be asked about"):
        survey(feedback.make("oracle"), segments, Rank(3), np.random.default_rng(0))
