import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plaudit.feedback import snapshot
from plaudit.feedback.asks import (
    Advise,
    Approve,
    Check,
    Choose,
    Compare,
    Correct,
    Critique,
    Demonstrate,
    Describe,
    Mark,
    Rank,
    Rate,
    React,
)
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef


def segment(steps, episode=0, dtype=np.float32, text=None):
    rng = np.random.default_rng(episode)
    return Segment(
        rng.normal(size=(steps + 1, 2, 3)).astype(dtype),
        rng.integers(0, 9, steps),
        SegmentRef("test/World-v0", episode, 4, 4 + steps),
        text,
        rng.normal(size=steps),
    )


def example(privileged=False):
    short, long, other = segment(2, 1, text="so kurz \N{SNOWMAN}"), segment(5, 2), segment(5, 3)
    queries = [
        Query((short, long), Compare(ties=True), (1, 0), {"told": ["a", 1]}, 10, "disagreement"),
        Query((long, other), Compare(ties=True), query_id=11),
        Query((other,), Rate(3), query_id=12),
        Query((other, short), Compare(), query_id=13),
    ]
    feedback = [
        Feedback(10, "ann", 0, probs=(0.5, 0.25, 0.25, 0.0), asked=1, answered=3, seed=2**40),
        Feedback(10, "bob", 2, comment="hm", seconds=0.1, source="human"),
        Feedback(11, "ann", None, "skipped"),
        Feedback(12, "ann", 2),
    ]
    buffer = FeedbackBuffer(privileged=privileged)
    buffer.add(queries, feedback)
    return buffer


def assert_same(left, right):
    one, two = left.get_state(), right.get_state()
    np.testing.assert_equal(two, one)
    for name in ("obs", "actions"):
        kinds = [[s[name].dtype for s in state["segments"]] for state in (one, two)]
        assert kinds[0] == kinds[1]


def content(path):
    """Every file below a path, by its name, and a digest of what it holds."""
    files = [file for file in path.rglob("*") if file.is_file()]
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.parametrize("privileged", [False, True])
def test_saved_and_loaded_it_is_the_same(tmp_path, privileged):
    buffer = example(privileged)
    buffer.save(tmp_path)
    assert_same(buffer, FeedbackBuffer.load(tmp_path))


def test_an_empty_buffer_can_be_saved(tmp_path):
    FeedbackBuffer().save(tmp_path)
    assert len(FeedbackBuffer.load(tmp_path)) == 0


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.float16, np.float64])
def test_dtypes_survive_the_disk(tmp_path, dtype):
    buffer = FeedbackBuffer()
    buffer.add([Query((segment(3, dtype=dtype),), Rate(2))], [])
    buffer.save(tmp_path)
    assert_same(buffer, FeedbackBuffer.load(tmp_path))


ANSWERS = [
    (Compare(ties=True, levels=3), [0, 5, 6], 7, "an integer in 0..6"),
    (Choose(3), [0, 2], 3, "an integer in 0..2"),
    (Rank(3), [(2, 0, 1)], (0, 0, 1), "a permutation of 0..2, the best one first"),
    (Rate(5), [4], 5, "an integer in 0..4"),
    (Rate(None, -1.0, 1.0), [-1.0, 0.1], 1.5, r"a number in \[-1.0, 1.0\]"),
    (Approve(), [0, 1], 2, "an integer in 0..1"),
    (React(("love", "angry"), (1, -1), (0.1, 0.2)), [0, 2], 3, "an integer in 0..2"),
    (Correct(4, 3), [(2, 3)], (3, 0), r"MultiDiscrete\(\[3 4\]\)"),
    (Demonstrate(4, 2), [(3, 0)], (3,), r"MultiDiscrete\(\[4 4\]\)"),
    (Advise(4), [3], -1, "an integer in 0..3"),
    (Mark(3), [(0, 2, 1)], (0, 3, 1), r"MultiDiscrete\(\[3 3 3\]\)"),
    (Check(("kind", "true")), [(1, 0)], (1, 2), r"MultiBinary\(2\)"),
    (Describe(("speed", "size"), compare=True), [(2, 0)], (3, 0), r"MultiDiscrete\(\[3 3\]\)"),
    (Critique(4), [(5, 2, 4, 0)], (6, 0, 0, 0), r"MultiDiscrete\(\[6 3 5 5\]\)"),
]


@pytest.mark.parametrize(("ask", "answers", "bad", "expected"), ANSWERS, ids=str)
def test_answers_to_every_question_survive_the_disk(tmp_path, ask, answers, bad, expected):
    buffer = FeedbackBuffer()
    query = Query(tuple(segment(3, i) for i in range(ask.segments)), ask, query_id=7)
    buffer.add([query], [Feedback(7, f"a{i}", answer) for i, answer in enumerate(answers)])
    buffer.save(tmp_path)
    loaded = FeedbackBuffer.load(tmp_path)
    assert_same(buffer, loaded)
    assert loaded.asks == [ask]
    assert [row.feedback.answer for row in loaded] == answers
    np.testing.assert_array_equal(loaded.batch(ask).answers, answers)


@pytest.mark.parametrize(("ask", "answers", "bad", "expected"), ANSWERS, ids=str)
def test_an_answer_outside_any_question_is_refused(ask, answers, bad, expected):
    buffer = FeedbackBuffer()
    query = Query(tuple(segment(3, i) for i in range(ask.segments)), ask, query_id=7)
    for wrong in (bad, "0", True, [[0]], np.nan):
        with pytest.raises(ValueError, match=rf"query 7: .*no answer to .*expected.*{expected}"):
            buffer.add([query], [Feedback(7, "ann", wrong)])
    assert len(buffer) == 0


def test_a_segment_without_steps_survives_the_disk(tmp_path):
    empty = Segment(np.zeros((1, 0), np.float32), np.zeros(0, np.int64), SegmentRef("x", 0, 0, 0))
    buffer = FeedbackBuffer()
    texts = [replace(empty, text=text) for text in ("one", "two")]
    buffer.add([Query(tuple(texts), Compare())], [])
    buffer.save(tmp_path)
    loaded = FeedbackBuffer.load(tmp_path)
    assert_same(buffer, loaded)
    assert [s["text"] for s in loaded.get_state()["segments"]] == ["one", "two"]


def test_its_state_survives_a_snapshot(tmp_path):
    snapshot.save(tmp_path, example().get_state())
    restored = FeedbackBuffer()
    restored.set_state(snapshot.load(tmp_path))
    assert_same(example(), restored)


def test_the_truth_is_neither_kept_nor_written_unless_asked_for(tmp_path):
    example().save(tmp_path / "plain")
    example(privileged=True).save(tmp_path / "privileged")
    for name, known in {"plain": False, "privileged": True}.items():
        segments = FeedbackBuffer.load(tmp_path / name).get_state()["segments"]
        assert [s["rewards"] is not None for s in segments] == [known] * 3
    kept = [s.rewards for row in example() for s in row.query.segments]
    assert kept == [None] * len(kept)


def test_states_frames_and_what_others_saw_are_never_written(tmp_path):
    full = replace(
        segment(2),
        states=({"x": 1},) * 3,
        frames=np.zeros((3, 4, 4, 3), np.uint8),
        others={"player_1": segment(2)},
    )
    buffer = FeedbackBuffer(privileged=True)
    buffer.add([Query((full,), Rate(2))], [Feedback(0, "ann", 1)])
    buffer.save(tmp_path)
    (row,) = FeedbackBuffer.load(tmp_path)
    read = row.query.segments[0]
    assert (read.states, read.frames, read.others) == (None, None, {})
    np.testing.assert_array_equal(read.rewards, full.rewards)


def test_a_segment_is_kept_once_even_as_a_view_of_itself():
    one, two = segment(3, 1), segment(3, 2)
    buffer = FeedbackBuffer()
    buffer.add([Query((one, two), Compare(), query_id=0)], [])
    buffer.add([Query((two.view(), one), Compare(), query_id=1)], [])
    state = buffer.get_state()
    assert len(state["segments"]) == 2
    assert [query["segments"] for query in state["queries"]] == [[0, 1], [1, 0]]


def test_the_answered_leave_out_skips_and_keep_ties():
    buffer = example()
    assert [row.feedback.answer for row in buffer] == [0, 2, None, 2]
    assert [row.feedback.answer for row in buffer.answered()] == [0, 2, 2]


def test_a_batch_pads_and_masks_and_leaves_out_skips():
    obs, actions, mask, answers = example().batch(Compare(ties=True))
    assert obs.shape == (2, 2, 6, 2, 3)
    assert actions.shape == (2, 2, 5)
    np.testing.assert_array_equal(mask.sum(-1), [[2, 5], [2, 5]])
    np.testing.assert_array_equal(answers, [0, 2])
    assert not obs[0, 0, 3:].any()


def test_a_batch_of_what_was_never_answered_is_refused():
    with pytest.raises(ValueError, match=r"no answers to Rate\(levels=7.*the buffer holds"):
        example().batch(Rate(7))


def test_answers_to_unknown_queries_are_refused_and_nothing_is_added():
    buffer = example()
    with pytest.raises(ValueError, match="query_id 99, which is not in the buffer"):
        buffer.add([Query((segment(1),), Rate(2), query_id=50)], [Feedback(99, "x", 0)])
    assert_same(buffer, example())


def test_a_second_answer_by_one_annotator_is_refused_and_nothing_is_added():
    buffer = example()
    for answers in (
        [Feedback(12, "bob", 0), Feedback(10, "ann", 1)],  # answered before
        [Feedback(12, "bob", 0), Feedback(12, "bob", 1)],  # answered just now
        [Feedback(11, "ann", 0)],  # skipped before
    ):
        with pytest.raises(ValueError, match=r"already answered by '(ann|bob)'; answers stand"):
            buffer.add([], answers)
        assert_same(buffer, example())
    buffer.add([], [Feedback(12, "bob", 0)])
    assert len(buffer) == 5


def test_a_query_id_used_twice_is_refused():
    with pytest.raises(ValueError, match="query_id 10 is used twice"):
        example().add([Query((segment(1),), Rate(2), query_id=10)], [])


def test_arrays_of_another_kind_are_refused():
    other = Query((segment(1, dtype=np.float64),), Rate(2), query_id=50)
    with pytest.raises(ValueError, match=r"float32 \(2, 3\) are kept, got float64 \(2, 3\)"):
        example().add([other], [])
    words = replace(segment(1), actions=np.array(["left"]))
    with pytest.raises(ValueError, match="actions of a segment must be numbers, got <U4"):
        FeedbackBuffer().add([Query((words,), Rate(2))], [])


def test_queries_may_be_answered_long_after_they_were_added():
    buffer = FeedbackBuffer()
    buffer.add([Query((segment(1),), Rate(2), query_id=50)], [])
    buffer.add([], [Feedback(50, "ann", 1)])
    assert buffer.asks == [Rate(2)]


def growing(size):
    """A buffer of so many rated segments, one query each."""
    buffer = FeedbackBuffer()
    queries = [Query((segment(2, i),), Rate(3), query_id=i) for i in range(size)]
    buffer.add(queries, [Feedback(i, "ann", i % 3) for i in range(size)])
    return buffer


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_buffer_that_is_saved_as_it_grows_is_the_same(tmp_path, reloaded):
    buffer = FeedbackBuffer()
    for row in growing(9):
        buffer.add([row.query], [row.feedback])
        buffer.save(tmp_path)
        buffer = FeedbackBuffer.load(tmp_path) if reloaded else buffer
    assert_same(buffer, growing(9))
    assert_same(FeedbackBuffer.load(tmp_path), growing(9))


def test_answers_alone_can_be_saved_after_their_queries(tmp_path):
    buffer = example()
    buffer.save(tmp_path)
    buffer.add([], [Feedback(11, "bob", 1), Feedback(13, "bob", 1)])
    buffer.save(tmp_path)
    buffer.save(tmp_path)  # with nothing new
    assert_same(buffer, FeedbackBuffer.load(tmp_path))


def test_feedback_that_others_stored_is_never_overwritten(tmp_path):
    example().save(tmp_path)
    before = content(tmp_path)
    for other in (growing(1), example().answered(), FeedbackBuffer()):
        with pytest.raises(
            ValueError, match=r"feedback that this buffer lacks \(\d of 4 answers\)"
        ):
            other.save(tmp_path)
        assert content(tmp_path) == before


def test_one_of_two_writers_that_loaded_the_same_is_refused(tmp_path):
    example().save(tmp_path)
    one, two = FeedbackBuffer.load(tmp_path), FeedbackBuffer.load(tmp_path)
    one.add([], [Feedback(12, "bob", 0)])
    one.save(tmp_path)
    two.add([], [Feedback(12, "cleo", 0)])
    with pytest.raises(ValueError, match=r"lacks \(1 of 5 answers\)"):
        two.save(tmp_path)
    assert_same(one, FeedbackBuffer.load(tmp_path))


def test_a_folder_made_anew_under_the_same_name_is_not_mixed_up(tmp_path):
    buffer = example()
    buffer.save(tmp_path / "a")
    os.rename(tmp_path / "a", tmp_path / "b")
    growing(1).save(tmp_path / "a")
    with pytest.raises(ValueError, match="feedback that this buffer lacks"):
        buffer.save(tmp_path / "a")


def test_a_buffer_that_lost_its_trace_may_be_saved_where_nothing_gets_lost(tmp_path):
    buffer = example()
    buffer.save(tmp_path)
    resumed = FeedbackBuffer()
    resumed.set_state(buffer.get_state())
    resumed.add([], [Feedback(13, "bob", 1)])
    resumed.save(tmp_path)
    assert_same(resumed, FeedbackBuffer.load(tmp_path))


def test_a_context_that_is_no_json_is_refused_and_nothing_is_added():
    buffer, bad = FeedbackBuffer(), Query((segment(1),), Rate(2), context={"no JSON": {1, 2}})
    with pytest.raises(ValueError, match=r"context of query 0 must be JSON values: .* set"):
        buffer.add([replace(bad, query_id=1, context={}), bad], [])
    buffer.add([replace(bad, query_id=1, context={})], [])


def test_half_a_character_anywhere_can_be_saved(tmp_path):
    buffer = FeedbackBuffer()
    query = Query((segment(1, text="a\ud800"),), Rate(2), context={"said": "\ud83d"})
    buffer.add([query], [Feedback(0, "\ud800", 1, comment="so \ud83d")])
    buffer.save(tmp_path)
    assert_same(buffer, FeedbackBuffer.load(tmp_path))


def test_a_lost_pointer_costs_nothing(tmp_path):
    example().save(tmp_path)
    (tmp_path / "CURRENT").unlink()
    before = content(tmp_path)
    with pytest.raises(ValueError, match="CURRENT is missing"):
        FeedbackBuffer().save(tmp_path)
    assert content(tmp_path) == before


def test_a_failed_save_leaves_the_old_buffer(tmp_path, monkeypatch):
    buffer = example()
    buffer.save(tmp_path)
    buffer.add([Query((segment(1),), Rate(2))], [])
    monkeypatch.setattr(os, "fsync", lambda _: os.stat(tmp_path / "no such file"))
    with pytest.raises(FileNotFoundError, match="v000001 still stands"):
        buffer.save(tmp_path)
    assert_same(example(), FeedbackBuffer.load(tmp_path))


SAVING = """
import sys
import numpy as np
from plaudit.feedback.asks import Approve
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

folder = sys.argv[1]
try:
    buffer = FeedbackBuffer.load(folder)
except FileNotFoundError:
    buffer = FeedbackBuffer()
while True:
    i = len(buffer)
    segment = Segment(np.full((2, 1), i), np.zeros(1), SegmentRef("x", i, 0, 1))
    buffer.add([Query((segment,), Approve(), query_id=i)], [Feedback(i, "ann", i % 2)])
    buffer.save(folder)
    print(i, flush=True)
"""


def test_a_process_killed_while_saving_loses_nothing_that_was_saved(tmp_path):
    said = -1
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for saves in (5, 6):
        command = [sys.executable, "-c", SAVING, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        for _ in range(saves):
            said = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
        rows = list(FeedbackBuffer.load(tmp_path))
        assert len(rows) > said
        assert [row.feedback.answer for row in rows] == [i % 2 for i in range(len(rows))]
        assert [row.query.segments[0].obs[0, 0] for row in rows] == list(range(len(rows)))
