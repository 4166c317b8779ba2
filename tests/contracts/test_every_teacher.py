"""What every simulated teacher promises: its stated odds are the odds of its answers."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.registry import TEACHERS
from plaudit.feedback.snapshot import load, save
from plaudit.feedback.types import Query
from tests.contracts.teacher_statistics import CASES, make, p_value, same, stated

PEOPLE = ("terminal", "file", "web")
COMPARISONS = [case for case in CASES if case.query().ask.kind == "compare"]


def shifted(query, by):
    """The query with `by` more return in every segment."""
    segments = tuple(
        s if s.rewards is None or not len(s) else replace(s, rewards=s.rewards + by / len(s))
        for s in query.segments
    )
    return replace(query, segments=segments)


def swapped(query):
    """The same two segments stored the other way round, shown as before."""
    first, second = query.segments
    order = tuple(1 - place for place in query.order)
    return replace(query, segments=(second, first), order=order)


def test_every_simulated_teacher_has_a_case():
    assert {case.name for case in CASES} == set(TEACHERS) - set(PEOPLE)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_follow_the_stated_odds(case):
    p, _ = p_value(make(case, seed=7), case.query())
    assert p > 1e-4 / len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_odds_are_a_distribution_with_a_cell_for_skips(case):
    query = case.query()
    if query.ask.continuous:
        (density,) = stated(make(case), query)
        width = (query.ask.high - query.ask.low) / (len(density) - 1)
        assert 0.5 < (density[1:] + density[:-1]).sum() / 2 * width < 1.0 + 1e-6
        return
    for probs in stated(make(case), query):
        assert probs.min() >= 0
        assert probs.sum() == pytest.approx(1)


@pytest.mark.parametrize("case", [c for c in COMPARISONS if c.symmetric], ids=str)
def test_swapping_the_segments_swaps_the_odds(case):
    query = case.query()
    teacher, mirror = make(case), [*query.ask.mirror(0), query.ask.space.n]
    np.testing.assert_allclose(
        teacher.probs(query)[mirror], teacher.probs(swapped(query)), atol=1e-12
    )


@pytest.mark.parametrize("by", [-1024.0, 1024.0])
@pytest.mark.parametrize("case", [c for c in COMPARISONS if c.shift_invariant], ids=str)
def test_only_differences_of_return_count_even_far_below_zero(case, by):
    far = case
    if case.warm is not None:
        far = replace(case, warm=lambda: [shifted(query, by) for query in case.warm()])
    near, there = make(case).probs(case.query()), make(far).probs(shifted(case.query(), by))
    np.testing.assert_allclose(near, there, atol=1e-9)


@pytest.mark.parametrize("case", [c for c in COMPARISONS if c.symmetric], ids=str)
def test_an_exact_tie_is_fair(case):
    query, teacher = case.query(), make(case)
    equal = replace(query, segments=(query.segments[0],) * 2)
    # The mean over what is shown first, which a position bias may favour.
    odds = sum(teacher.probs(replace(equal, order=order)) for order in ((0, 1), (1, 0)))
    mirror = [*query.ask.mirror(0), query.ask.space.n]
    np.testing.assert_allclose(odds, odds[mirror], atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_stream_is_the_teachers_own(case):
    queries = [replace(case.query(), query_id=i) for i in range(20)]
    alone, teacher, disturbed = make(case, seed=3), make(case, seed=3), []
    expected = [alone.answer([query])[0] for query in queries]
    for query in queries:
        np.random.seed(0)
        random.seed(0)
        disturbed += teacher.answer([query])
    assert disturbed == expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_restored_teacher_goes_on_bit_equal(case, tmp_path):
    queries: list[Query] = [replace(case.query(), query_id=i) for i in range(20)]
    teacher = make(case, seed=3)
    teacher.submit(queries[:5])
    save(tmp_path, teacher.get_state())
    again = make(case, seed=99)
    again.set_state(load(tmp_path))
    for one in (teacher, again):
        one.submit(queries[5:])
    theirs = [(f.query_id, f.answer, f.probs, f.answered) for f in teacher.poll()]
    assert [(f.query_id, f.answer, f.probs, f.answered) for f in again.poll()] == theirs
    assert len(theirs) == 20


@pytest.mark.parametrize("case", CASES, ids=str)
def test_odds_can_be_asked_for_at_an_earlier_state(case):
    teacher, query = make(case, seed=3), case.query()
    state, odds = teacher.get_state(), stated(teacher, query)
    teacher.answer([query] * 3)
    if not query.ask.continuous and query.ask.count <= 5040:
        assert same([teacher.probs(query, state)], odds)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_state_is_json(case):
    teacher = make(case)
    teacher.submit([case.query()])
    state = teacher.get_state()
    assert json.loads(json.dumps(state)) == state
