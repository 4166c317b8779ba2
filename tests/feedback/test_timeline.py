import numpy as np
import pytest

from plaudit.feedback.recorder import UNTIL_RESET, SegmentRecorder
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.timeline import Timeline


class Latest(Timeline):
    """Needs the two latest steps only."""

    def _oldest(self):
        return self.now - 2


def noted(steps):
    """Two rows that count: row 0 from 0, row 1 from 100."""
    line = Latest()
    line.see(np.array([0, 100]))
    for t in range(steps):
        line.note(np.array([t, -t]), np.array([t, t]), np.array([t + 1, t + 101]))
    return line


@pytest.mark.parametrize("steps", [2, 15, 16, 17, 90])
def test_the_latest_steps_can_be_read_however_often_the_ring_went_round(steps):
    line = noted(steps)
    latest = line.stretch(steps - 2, steps, 1)
    assert latest.obs.tolist() == [steps + 98, steps + 99]
    assert latest.actions.tolist() == [2 - steps, 1 - steps]
    assert line._size == 16
    assert line.shown(steps, np.array([1, 0])).obs.tolist() == [steps + 100, steps]


def test_room_grows_when_what_is_needed_fills_most_of_it():
    line = Timeline()
    line.see(np.zeros(1))
    for t in range(50):
        line.note(np.array([t]), np.array([t]), np.array([t + 1.0]))
    assert line.stretch(0, 50, 0).obs.tolist() == [*range(50)]


def test_longer_strings_and_finer_numbers_find_room():
    line = Timeline()
    line.see(np.array(["ab"]))
    line.note(np.array([1]), np.zeros(1), np.array(["abcdef"]))
    line.note(np.array([0.5]), np.zeros(1), np.array(["a"]))
    assert line.stretch(0, 2, 0).actions.tolist() == [1.0, 0.5]
    assert line.stretch(0, 2, 0).obs.tolist() == ["ab", "abcdef"]


class Plain:
    """A recorder as one would write it first: a list per row."""

    def __init__(self, length, rest):
        self.length, self.rest, self.done, self.episodes = length, rest, [], 0
        self.rows = [self.fresh(0), self.fresh(100)]

    def fresh(self, obs):
        return {"obs": [obs], "did": [], "start": 0, "episode": None, "idle": 0}

    def cut(self, row):
        own = self.rows[row]
        if own["episode"] is None:
            own["episode"], self.episodes = self.episodes, self.episodes + 1
        self.done.append((row, own["episode"], own["start"], own["obs"], own["did"]))
        own["start"] += len(own["did"])
        own["obs"], own["did"] = own["obs"][-1:], []

    def add(self, actions, after, shown, over):
        for row, own in enumerate(self.rows):
            if own["idle"]:
                own["idle"] -= 1
                own["obs"] = [shown[row]]
                continue
            own["obs"].append(after[row])
            own["did"].append(actions[row])
            if over[row] or len(own["did"]) == self.length:
                self.cut(row)
            if over[row]:
                self.rows[row] = self.fresh(shown[row]) | {"idle": self.rest}

    def begin(self, obs, rows):
        for row in np.flatnonzero(rows):
            if self.rows[row]["did"]:
                self.cut(row)
            self.rows[row] = self.fresh(obs[row])


@pytest.mark.parametrize("look", [1, 7, 1000])
@pytest.mark.parametrize("length", [None, 1, 4])
@pytest.mark.parametrize("rest", [0, 1, UNTIL_RESET])
def test_a_recorder_cuts_as_a_plain_one_does_whenever_one_looks(rest, length, look):
    rng, pool = np.random.default_rng(5), SegmentPool(6, "test")
    recorder, plain = SegmentRecorder(2, length, pool, rest), Plain(length, rest)
    recorder.begin(np.array([0, 100]), np.ones(2, bool))
    obs = np.array([0, 100])
    for t in range(400):
        actions, after = rng.integers(0, 9, 2), obs + 1
        over = rng.random(2) < 0.15
        shown = np.where(over, -t, after) if rest == 0 and over.any() else after
        recorder.note(actions, actions / 2, shown)
        if over.any():
            recorder.end(over.nonzero()[0], None if shown is after else list(after[over]))
        plain.add(actions.tolist(), after.tolist(), shown.tolist(), over)
        obs = shown
        resets = rng.random(2) < 0.04
        if resets.any():
            obs = np.where(resets, 1000 + t, obs)
            recorder.begin(obs, resets)
            plain.begin(obs.tolist(), resets)
        if t % look == 0:
            assert pool.total == len(plain.done)
    assert pool.total == len(plain.done) > 20
    for slot, expected in zip(pool.newest(6).tolist(), plain.done[-6:], strict=True):
        segment = pool.segment(slot)
        found = segment.ref.episode, segment.ref.start, segment.obs.tolist()
        assert found == (expected[1], expected[2], expected[3])
        assert segment.actions.tolist() == expected[4]
        assert segment.rewards.tolist() == [action / 2 for action in expected[4]]


@pytest.mark.parametrize("length", [None, 2])
def test_steps_that_no_segment_needs_are_let_go(length):
    recorder = SegmentRecorder(2, length, SegmentPool(4, "test"))
    recorder.begin(np.zeros(2), np.ones(2, bool))
    for t in range(1000):
        recorder.note(np.zeros(2), np.zeros(2), np.zeros(2))
        if t % 5 == 4:
            recorder.end(np.arange(2), [1.0, 1.0])
    # 4 segments and what is under way need at most 3 episodes of 5 steps, in 32 places
    assert recorder._size <= 32
    newest = int(recorder.pool.newest(1)[0])
    assert recorder.pool.segment(newest).obs[-1] == 1.0
