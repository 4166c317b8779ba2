"""What every registered teacher promises: its `probs` are the odds of its answers."""

import json
import random

import numpy as np
import pytest
from scipy.stats import chisquare

from plaudit import feedback
from plaudit.feedback.registry import TEACHERS
from plaudit.feedback.snapshot import load, save
from plaudit.feedback.types import Compare, Query, Rate, Segment, SegmentRef

ASKS = [Compare(), Compare(ties=True), Rate(4)]
CASES = [(name, ask) for name in sorted(TEACHERS) for ask in ASKS]
ids = [f"{name}-{ask.kind}{getattr(ask, 'ties', '')}" for name, ask in CASES]


def segment(*rewards):
    steps = len(rewards)
    ref = SegmentRef("test", 0, 0, steps)
    return Segment(np.zeros((steps + 1, 2)), np.zeros(steps, int), ref, rewards=np.array(rewards))


def query(ask, *returns, order=(), query_id=0):
    segments = tuple(segment(0.25, value - 0.25) for value in returns[: ask.segments])
    return Query(segments, ask, order, query_id=query_id)


def make(name, **settings):
    tie = {} if name in ("oracle", "coin_flip") else {"tie": 0.5}
    return feedback.make(name, **tie, **settings)


@pytest.mark.parametrize(("name", "ask"), CASES, ids=ids)
def test_answers_follow_probs(name, ask):
    teacher, asked = make(name, seed=7), query(ask, 0.8, 0.1)
    probs, size = teacher.probs(asked), 20_000
    answers = [f.answer for f in teacher.answer([asked] * size)]
    cells = [*teacher.answers(asked), None]
    counts = np.array([answers.count(cell) for cell in cells])
    possible = probs > 0
    assert counts[~possible].sum() == 0
    if possible.sum() > 1:
        p_value = chisquare(counts[possible], probs[possible] * size).pvalue
        assert p_value > 1e-4 / len(CASES)


@pytest.mark.parametrize(("name", "ask"), CASES, ids=ids)
def test_probs_are_a_distribution_with_a_cell_for_skips(name, ask):
    probs = make(name).probs(query(ask, -3.0, 2.0))
    assert probs.shape == (ask.space.n + 1,)
    assert probs.min() >= 0
    assert probs.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", TEACHERS)
def test_swapping_the_segments_swaps_the_odds(name):
    teacher = make(name)
    there = teacher.probs(query(Compare(ties=True), 0.8, 0.1))
    back = teacher.probs(query(Compare(ties=True), 0.1, 0.8))
    np.testing.assert_allclose(there[[1, 0, 2, 3]], back, atol=1e-15)


@pytest.mark.parametrize("name", TEACHERS)
@pytest.mark.parametrize("shift", [-1024.0, 1024.0])
def test_only_differences_of_return_count_even_far_below_zero(name, shift):
    # 1024.5 and 1024.25 are exact in binary, so the odds are equal to the last bit or nearly so.
    teacher = make(name)
    near = teacher.probs(query(Compare(), 0.5, 0.25))
    far = teacher.probs(query(Compare(), 0.5 + shift, 0.25 + shift))
    np.testing.assert_allclose(near, far, atol=1e-12)


@pytest.mark.parametrize("name", TEACHERS)
def test_an_exact_tie_is_fair(name):
    probs = make(name).probs(query(Compare(), 1.0, 1.0))
    assert probs[0] == pytest.approx(probs[1])


@pytest.mark.parametrize("name", TEACHERS)
def test_the_stream_is_the_teachers_own(name):
    queries = [query(Compare(), 0.3, 0.1, query_id=i) for i in range(40)]
    alone = make(name, seed=3).answer(queries)
    teacher, disturbed = make(name, seed=3), []
    for asked in queries:
        np.random.seed(0)
        random.seed(0)
        disturbed += teacher.answer([asked])
    assert alone == disturbed


@pytest.mark.parametrize("name", TEACHERS)
def test_a_restored_teacher_goes_on_bit_equal(name, tmp_path):
    queries = [query(Compare(), 0.3, 0.1, query_id=i) for i in range(40)]
    teacher = make(name, seed=3)
    teacher.submit(queries[:10])
    save(tmp_path, teacher.get_state())
    again = make(name, seed=99)
    again.set_state(load(tmp_path))
    assert again.submit(queries[10:]) == teacher.submit(queries[10:])
    theirs = [(f.answer, f.probs) for f in teacher.poll()]
    assert [(f.answer, f.probs) for f in again.poll()] == theirs
    assert len(theirs) == 40


@pytest.mark.parametrize("name", TEACHERS)
def test_the_state_is_json(name):
    teacher = make(name)
    teacher.submit([query(Compare(), 0.3, 0.1)])
    state = teacher.get_state()
    assert json.loads(json.dumps(state)) == state
