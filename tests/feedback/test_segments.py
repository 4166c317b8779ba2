import numpy as np
import pytest

from plaudit.feedback import snapshot
from plaudit.feedback.recorder import UNTIL_RESET, SegmentRecorder
from plaudit.feedback.segments import SegmentPool

LIVE = np.ones(2, bool)


def recorder(length=None, keep=16, rest=0):
    made = SegmentRecorder(2, length, SegmentPool(keep, "test"), rest)
    made.begin(np.array([[0.0], [10.0]]), LIVE)
    return made


def step(rec, number, over=(False, False), shown=None):
    """Row 0 counts from 0, row 1 from 10; the action is the step, the reward ten times that."""
    after = np.array([[number], [10.0 + number]])
    actions, rewards = np.array([number, number]), np.array([10.0 * number, 10.0 * number])
    rec.note(actions, rewards, after if shown is None else np.array(shown))
    rows = np.flatnonzero(over)
    if len(rows):
        rec.end(rows, None if shown is None else list(after[rows]))


def segments(rec):
    return [rec.pool.segment(i) for i in range(len(rec.pool))]


def test_an_episode_becomes_a_segment_at_its_end():
    rec = recorder()
    step(rec, 1)
    step(rec, 2, over=(True, False), shown=[[0.0], [12.0]])
    (only,) = segments(rec)
    assert only.obs.tolist() == [[0.0], [1.0], [2.0]]
    assert only.actions.tolist() == [1, 2]
    assert only.rewards.tolist() == [10.0, 20.0]
    assert (only.ref.env_id, only.ref.episode, only.ref.start, only.ref.end) == ("test", 0, 0, 2)
    assert rec.last_cut.tolist() == [0]


def test_the_next_segment_begins_with_the_observation_shown():
    rec = recorder()
    step(rec, 1, over=(True, True), shown=[[-1.0], [-2.0]])
    step(rec, 2, over=(True, True), shown=[[0.0], [0.0]])
    assert [s.obs[0, 0] for s in segments(rec)] == [0.0, 10.0, -1.0, -2.0]
    assert [s.obs[1, 0] for s in segments(rec)] == [1.0, 11.0, 2.0, 12.0]


def test_long_episodes_are_cut_and_the_rest_is_kept():
    rec = recorder(length=2)
    for number in range(1, 6):
        step(rec, number, over=(number == 5, False))
    mine = [s.ref for s in segments(rec) if s.obs[0, 0] < 10]
    assert [(ref.episode, ref.start, ref.end) for ref in mine] == [(0, 0, 2), (0, 2, 4), (0, 4, 5)]
    theirs = [s.ref for s in segments(rec) if s.obs[0, 0] >= 10]
    assert [(ref.episode, ref.start, ref.end) for ref in theirs] == [(1, 0, 2), (1, 2, 4)]


def test_an_episode_that_ends_at_a_cut_leaves_no_empty_segment():
    rec = recorder(length=2)
    step(rec, 1)
    step(rec, 2, over=(True, True))
    step(rec, 3)
    step(rec, 4)
    assert [len(s) for s in segments(rec)] == [2, 2, 2, 2]
    assert [s.ref.episode for s in segments(rec)] == [0, 1, 2, 3]
    assert [s.ref.start for s in segments(rec)] == [0, 0, 0, 0]


def test_rows_that_stand_still_record_nothing():
    rec = recorder(rest=UNTIL_RESET)
    step(rec, 1, over=(True, False))
    step(rec, 2, over=(True, False))
    step(rec, 3, over=(True, True))
    assert [len(s) for s in segments(rec)] == [1, 3]
    rec.begin(np.array([[5.0], [6.0]]), np.array([True, False]))
    step(rec, 7, over=(True, True))
    newest = rec.pool.segment(int(rec.pool.newest(1)[0]))
    assert newest.obs.tolist() == [[5.0], [7.0]]
    assert newest.ref.episode == 2


def test_the_pool_keeps_the_latest():
    rec = recorder(keep=3)
    for number in range(1, 6):
        step(rec, number, over=(True, False))
    assert (len(rec.pool), rec.pool.total) == (3, 5)
    assert [rec.pool.segment(int(i)).actions.tolist() for i in rec.pool.newest(9)] == [
        [3],
        [4],
        [5],
    ]
    assert [rec.pool.segment(int(i)).ref.episode for i in rec.pool.newest(2)] == [3, 4]


def test_longer_segments_than_before_find_room():
    rec = recorder()
    step(rec, 1, over=(True, False))
    for number in (2, 3, 4):
        step(rec, number, over=(number == 4, False))
    first, second = segments(rec)
    assert (first.actions.tolist(), second.actions.tolist()) == ([1], [2, 3, 4])
    assert first.obs.tolist() == [[0.0], [1.0]]


def test_segments_are_copies():
    rec = recorder()
    step(rec, 1, over=(True, True))
    rec.pool.segment(0).obs[:] = 99
    assert rec.pool.segment(0).obs.tolist() == [[0.0], [1.0]]


def test_observations_handed_over_may_change_afterwards():
    rec = SegmentRecorder(1, None, SegmentPool(4, "test"))
    one, obs = np.ones(1, bool), np.zeros((1, 1))
    rec.begin(obs, one)
    for number in (1, 2):
        obs += 1
        rec.note(obs[:, 0], obs[:, 0], obs)
        if number == 2:
            rec.end(np.arange(1))
    assert rec.pool.segment(0).obs.tolist() == [[0.0], [1.0], [2.0]]
    assert rec.pool.segment(0).actions.tolist() == [1.0, 2.0]


def test_a_restored_recorder_goes_on_alike(tmp_path):
    rec, fresh = recorder(length=3), recorder(length=3)
    for number in range(1, 6):
        step(rec, number, over=(number == 2, False))
    snapshot.save(tmp_path, rec.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    for both in (rec, fresh):
        for number in range(6, 9):
            step(both, number, over=(False, number == 8))
    first, second = segments(rec), segments(fresh)
    assert [s.ref for s in first] == [s.ref for s in second]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.obs, b.obs)
        np.testing.assert_array_equal(a.rewards, b.rewards)


def test_a_state_is_a_fresh_copy():
    rec = recorder()
    step(rec, 1)
    state = rec.get_state()
    step(rec, 2, over=(True, True))
    assert len(state["steps"]["actions"]) == 1
    assert state["pool"]["total"] == 0


def test_sizes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="keep must be an integer of at least 2 segments, got 1"):
        SegmentPool(1, "test")
    with pytest.raises(ValueError, match="length must be an integer of at least 1 steps, got 0"):
        recorder(length=0)
    with pytest.raises(RuntimeError, match="before the first reset"):
        step(SegmentRecorder(2, None, SegmentPool(4, "test")), 1)


def test_a_reset_in_mid_episode_cuts_what_was_done():
    rec = recorder()
    step(rec, 1)
    step(rec, 2)
    rec.begin(np.array([[0.0], [99.0]]), np.array([False, True]))
    (cut,) = segments(rec)  # row 1 only; row 0 plays on
    np.testing.assert_array_equal(cut.obs[:, 0], [10.0, 11.0, 12.0])
    np.testing.assert_array_equal(cut.rewards, [10.0, 20.0])
    step(rec, 3, over=(True, True))
    assert [len(segment) for segment in segments(rec)] == [2, 3, 1]


def test_final_observations_handed_over_may_change_afterwards():
    rec, final = recorder(), [np.array([7.0]), np.array([8.0])]
    rec.note(np.zeros(2), np.zeros(2), np.zeros((2, 1)))
    rec.end(np.arange(2), final)
    final[0] += 1
    assert [segment.obs[-1, 0] for segment in segments(rec)] == [7.0, 8.0]
