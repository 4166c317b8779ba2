import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from plaudit.feedback import snapshot
from plaudit.feedback.atomic import current
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Compare, Feedback, Query, Rate, Segment, SegmentRef


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
        Feedback(10, "bob", 2, source="human"),
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


def test_its_state_survives_a_snapshot(tmp_path):
    snapshot.save(tmp_path, example().get_state())
    restored = FeedbackBuffer()
    restored.set_state(snapshot.load(tmp_path))
    assert_same(example(), restored)


def test_the_truth_is_neither_kept_nor_written_unless_asked_for(tmp_path):
    example().save(tmp_path)
    column = pq.read_table(current(tmp_path) / "segments.parquet").column("rewards")
    assert column.null_count == len(column) == 3
    kept = [s.rewards for row in example() for s in row.query.segments]
    assert kept == [None] * len(kept)
    assert next(iter(example(privileged=True))).query.segments[0].rewards is not None


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


@pytest.mark.parametrize(
    ("query_id", "answer", "message"),
    [
        (10, 3, "query 10: 3 is no answer to Compare"),
        (12, -1, r"expected an integer in 0..2, or None for a skip"),
        (12, 1.5, "1.5 is no answer"),
        (99, 0, "query_id 99, which is not in the buffer"),
    ],
)
def test_answers_outside_the_question_are_refused_and_nothing_is_added(query_id, answer, message):
    buffer = example()
    with pytest.raises(ValueError, match=message):
        buffer.add([Query((segment(1),), Rate(2), query_id=50)], [Feedback(query_id, "x", answer)])
    assert_same(buffer, example())


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


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no complete version"):
        FeedbackBuffer.load(tmp_path)
    example().save(tmp_path)
    table, meta = (current(tmp_path) / name for name in ("feedback.parquet", "meta.json"))
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "schema": 9}))
    with pytest.raises(ValueError, match="schema 9, but this version reads 1"):
        FeedbackBuffer.load(tmp_path)
    example().save(tmp_path)
    table = current(tmp_path) / "feedback.parquet"
    table.write_bytes(table.read_bytes()[:100])
    with pytest.raises(ValueError, match="is damaged"):
        FeedbackBuffer.load(tmp_path)
    table.unlink()
    with pytest.raises(FileNotFoundError, match=r"feedback\.parquet is missing"):
        FeedbackBuffer.load(tmp_path)


def test_a_failed_save_leaves_the_old_buffer(tmp_path):
    example().save(tmp_path)
    unsavable = FeedbackBuffer()
    unsavable.add([Query((segment(1),), Rate(2), context={"no JSON": {1, 2}})], [])
    with pytest.raises(TypeError, match="not JSON serializable"):
        unsavable.save(tmp_path)
    assert_same(example(), FeedbackBuffer.load(tmp_path))
