import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Compare, Correct, Critique, Mark
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.types import Query
from tests.feedback.people.cases import ASKS, TYPED, name, queries, query, segment

ROOT = Path(__file__).parents[3]


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def reopened(desk, **settings):
    desk.close()
    return Desk(desk.directory, **settings)


def log(desk):
    return (desk.directory / "answers.jsonl").read_text("utf-8")


def given(feedback):
    return [(f.query_id, f.annotator, f.answer) for f in feedback]


@pytest.mark.parametrize("ask", ASKS, ids=name)
def test_a_question_of_every_kind_survives_a_restart(desk, ask):
    desk.post([query(ask, 5, context={"told": [1, "x"]})], now=7)
    before = desk.questions
    with reopened(desk) as again:
        assert again.questions == before
        assert before[0].ask == ask
        assert before[0].asked == 7
        assert before[0].context == {"told": [1, "x"]}


@pytest.mark.parametrize(("ask", "_", "answer", "__"), TYPED)
def test_an_answer_of_every_kind_survives_a_restart(desk, ask, _, answer, __):
    desk.post([query(ask, 5)], now=7)
    desk.record(5, "ann", answer, comment="so", seconds=2.5)
    with reopened(desk) as again:
        (feedback,) = again.collect(now=9)
    assert feedback.answer == answer
    assert type(feedback.answer) is type(answer)
    assert (feedback.asked, feedback.answered, feedback.source) == (7, 9, "human")
    assert (feedback.annotator, feedback.comment, feedback.seconds) == ("ann", "so", 2.5)


def test_what_was_handed_out_is_not_given_twice_even_after_a_restart(desk):
    desk.post(queries(3))
    desk.record(0, "ann", 1)
    assert given(desk.collect()) == [(0, "ann", 1)]
    desk.record(2, "ann", reason="too dark")
    with reopened(desk) as again:
        (feedback,) = again.collect()
        assert (feedback.query_id, feedback.answer, feedback.reason) == (2, None, "too dark")
        assert again.collect() == []
        assert again.waiting("ann") == [1]


def test_the_truth_never_reaches_the_folder(desk):
    frames = np.zeros((5, 8, 8, 3), np.uint8)
    ids = iter(range(3))
    for shown in (segment(), segment(text=None), segment(text=None, frames=frames)):
        desk.post([Query((shown,), Approve(), query_id=next(ids))])
    text = (desk.directory / "queries.jsonl").read_text("utf-8")
    assert "777" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((9, "bob", 0), "no question has the query_id 9"),
        ((0, "bob", 2), r"2 is no answer to Compare.*0\.\.1"),
        ((0, "bob", True), "True is no answer"),
        ((0, " ", 0), "annotator must be a name, got ' '"),
        ((1, "ann", 0), "query 1 was already answered by 'ann'"),
        ((1, "bob", 0), "query 1 wants 1 answers and has them, by ann"),
        ((2, "bob", 5), r"Mark\(steps=9"),
        ((2, "bob", (0, 0, 0, 0, 1, 0, 0, 0, 0)), "names a step that a segment of 4 steps lacks"),
        ((3, "bob", (4, 0)), "names a step that a segment of 4 steps lacks"),
        ((4, "bob", (1, 0, 0, 0)), r"or what Critique\(.* does not ask for"),
    ],
)
def test_a_bad_answer_is_refused_and_nothing_is_stored(desk, arguments, message):
    others = Mark(9), Correct(2, 9), Critique(2, slots=("fp",))
    desk.post([*queries(2), *(query(ask, i) for i, ask in enumerate(others, 2))])
    desk.record(1, "ann", 1)
    before = log(desk)
    with pytest.raises(ValueError, match=message):
        desk.record(*arguments)
    assert log(desk) == before


@pytest.mark.parametrize("seconds", [-1, float("nan"), "3", True])
def test_seconds_must_be_a_duration(desk, seconds):
    desk.post(queries(1))
    with pytest.raises(ValueError, match="seconds must be a finite number of at least 0"):
        desk.record(0, "ann", 1, seconds=seconds)


def test_only_a_skip_has_a_reason(desk):
    desk.post(queries(1))
    with pytest.raises(ValueError, match="only a skip has a reason; got 'dark', use comment"):
        desk.record(0, "ann", 1, reason="dark")


def test_undo_takes_back_the_latest_answer_also_for_the_next_process(desk):
    desk.post(queries(3))
    desk.record(0, "ann", 1)
    desk.record(1, "ann")
    assert desk.undo("ann") == 1
    assert desk.undo("ann") == 0
    desk.record(0, "ann", 0)
    with reopened(desk) as again:
        assert given(again.collect()) == [(0, "ann", 0)]
        assert again.waiting("ann") == [1, 2]


def test_undo_is_too_late_once_the_answer_was_handed_out(desk):
    desk.post(queries(1))
    desk.record(0, "ann", 1)
    desk.collect()
    with pytest.raises(ValueError, match="query 0 was handed to the asker already: too late"):
        desk.undo("ann")
    with pytest.raises(ValueError, match="'bob' has given no answer that could be taken back"):
        desk.undo("bob")


def test_answers_may_wait_until_they_can_no_longer_be_taken_back(desk):
    desk.post(queries(3))
    desk.record(0, "ann", 1)
    desk.record(1, "ann", 1)
    assert given(desk.collect(undoable=True)) == [(0, "ann", 1)]
    assert desk.undo("ann") == 1
    desk.record(1, "ann", 0)
    desk.record(2, "ann", 0)
    assert given(desk.collect(undoable=True)) == [(1, "ann", 0), (2, "ann", 0)]


def test_a_question_wants_as_many_annotators_as_it_was_said(tmp_path):
    with Desk(tmp_path, per_question=2) as desk:
        desk.post(queries(2))
        desk.record(0, "ann", 1)
        assert desk.waiting("ann") == [1]
        desk.record(0, "bob", 0)
        assert desk.waiting("cyd") == [1]
    with Desk(tmp_path) as desk:
        assert desk.per_question == 2
        assert given(desk.collect()) == [(0, "ann", 1), (0, "bob", 0)]


def test_fewer_annotators_per_question_keep_the_answers_that_are_there(tmp_path):
    with Desk(tmp_path, per_question=2) as desk:
        desk.post(queries(1))
        desk.record(0, "ann", 1)
        desk.record(0, "bob", 0)
    with Desk(tmp_path, per_question=1) as desk:
        assert len(desk.answers) == 2
    with Desk(tmp_path) as desk:
        assert desk.per_question == 1
    with pytest.raises(ValueError, match="per_question must be an integer of at least 1, got 0"):
        Desk(tmp_path, per_question=0)


def test_what_one_looks_at_is_not_offered_to_another(desk):
    desk.post(queries(2))
    assert desk.take("ann").query_id == 0
    assert desk.take("ann").query_id == 0  # a page that is loaded again
    assert desk.take("bob").query_id == 1
    assert desk.take("cyd") is None
    desk.record(0, "ann", 1)
    desk.undo("ann")
    assert desk.take("cyd") is None
    desk.record(0, "ann", 1)
    assert desk.take("ann") is None
    desk.record(1, "bob", 1)
    assert [desk.progress(who)["answered"] for who in ("ann", "bob", "cyd")] == [1, 1, 0]


def test_a_lease_ends(tmp_path):
    with Desk(tmp_path, lease=0.0) as desk:
        desk.post(queries(1))
        assert desk.take("ann") == desk.take("bob") == desk.question(0)


def test_progress_counts_what_one_has_done(desk):
    desk.post(queries(4))
    desk.record(0, "ann", 1)
    desk.record(1, "ann")
    desk.record(2, "bob", 1)
    expected = {"questions": 4, "answered": 1, "skipped": 1, "waiting": 1}
    assert desk.progress("ann") == expected


def test_the_same_question_may_be_posted_again_and_another_one_may_not(desk):
    desk.post(queries(2))
    before = (desk.directory / "queries.jsonl").read_bytes()
    desk.post(queries(2), now=5)
    with pytest.raises(ValueError, match=r"query_id 1 was posted to .* before, with other content"):
        desk.post([query(query_id=7), query(query_id=1, order=(0, 1))])
    assert (desk.directory / "queries.jsonl").read_bytes() == before
    assert [q.query_id for q in desk.questions] == [0, 1]


def test_a_context_that_json_cannot_hold_is_refused(desk):
    with pytest.raises(ValueError, match=r"context of query 0 must be JSON values: .*ndarray"):
        desk.post([query(context={"x": np.zeros(2)})])


def test_a_run_that_starts_over_gets_the_answers_to_what_it_asks_again(desk):
    desk.post(queries(4))
    for query_id in range(3):
        desk.record(query_id, "ann", 1)
    assert len(desk.collect()) == 3
    desk.record(3, "ann", 1)
    with reopened(desk) as again:
        again.post(queries(4)[:2])
        # It has not asked the others yet, and would not know what they are about.
        assert [f.query_id for f in again.collect()] == [0, 1]
        again.post(queries(4)[2:])
        assert [f.query_id for f in again.collect()] == [2, 3]


def test_a_run_restored_to_a_checkpoint_gets_again_what_came_after_it(desk):
    desk.post(queries(4)[:2])
    desk.record(0, "ann", 1)
    desk.collect()
    state = json.loads(json.dumps(desk.get_state()))
    desk.record(1, "ann", 1)
    desk.post(queries(4)[2:])
    desk.record(2, "ann", 1)
    assert len(desk.collect()) == 2
    with reopened(desk) as again:
        again.set_state(state)
        assert [f.query_id for f in again.collect()] == [1]
        assert again.waiting("ann") == []
        again.post(queries(4)[2:])
        assert [f.query_id for f in again.collect()] == [2]
        assert again.waiting("ann") == [3]


def test_the_state_stays_small(desk):
    desk.post(queries(500))
    for query_id in range(300):
        desk.record(query_id, "ann", 1)
    desk.collect()
    assert desk.get_state() == {"questions": [[0, 499]], "handed": [[1, 300]]}


def test_a_state_of_another_folder_is_refused(desk, tmp_path):
    desk.post(queries(2))
    state = desk.get_state()
    with Desk(tmp_path / "other") as other, pytest.raises(ValueError, match="is not the folder"):
        other.set_state(state)


def test_a_torn_last_line_is_cut_off_with_a_warning(desk, caplog):
    desk.post(queries(2))
    desk.record(0, "ann", 1)
    whole = log(desk)
    for file in ("answers.jsonl", "queries.jsonl"):
        with open(desk.directory / file, "a") as log_file:
            log_file.write('{"event": "answer", "query_')
    with reopened(desk) as again:
        assert "answers.jsonl ended in a torn line, now cut off" in caplog.text
        assert "queries.jsonl ended in a torn line" in caplog.text
        assert log(again) == whole
        again.record(1, "ann", 0)
        assert given(again.collect()) == [(0, "ann", 1), (1, "ann", 0)]


def test_a_last_line_that_only_lacks_its_end_counts(desk):
    desk.post(queries(2))
    desk.record(0, "ann", 1)
    (desk.directory / "answers.jsonl").write_text(log(desk).rstrip("\n"))
    with reopened(desk) as again:
        again.record(1, "ann", 0)
        assert len(again.collect()) == 2
        assert len(log(again).splitlines()) == 2


@pytest.mark.parametrize("file", ["answers.jsonl", "queries.jsonl"])
@pytest.mark.parametrize("line", ["{torn", "[]", '{"query_id": 0}'])
def test_a_damaged_line_in_the_middle_is_named(desk, file, line):
    desk.post(queries(2))
    desk.record(0, "ann", 1)
    path = desk.directory / file
    first, *others = path.read_text().splitlines(keepends=True)
    path.write_text(first + line + "\n" + "".join(others))
    with pytest.raises(ValueError, match=f"{file}, line 2: "):
        reopened(desk)
    # The folder is not left locked, and nothing in it was changed.
    assert line in path.read_text()
    path.write_text(first + "".join(others))
    Desk(desk.directory).close()


@pytest.mark.parametrize("file", ["desk.json", "handed.json"])
def test_a_damaged_small_file_is_named(desk, file):
    (desk.directory / file).write_text("{")
    with pytest.raises(ValueError, match=file):
        reopened(desk)


def test_a_folder_of_a_newer_schema_is_refused(desk):
    (desk.directory / "desk.json").write_text('{"schema": 2, "per_question": 1}')
    with pytest.raises(
        ValueError, match=r"desk.json can't be read: schema 2.*this version reads 1"
    ):
        reopened(desk)


def test_a_file_that_became_shorter_is_refused(desk):
    desk.post(queries(2))
    desk.record(0, "ann", 1)
    (desk.directory / "answers.jsonl").write_text("")
    with pytest.raises(ValueError, match="has become shorter"):
        desk.collect()


def test_a_full_disk_stores_nothing_and_the_next_answer_counts(desk, monkeypatch):
    desk.post(queries(2))
    desk.record(0, "ann", 1)
    before, flush = log(desk), os.fsync

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        desk.record(1, "ann", 1)
    monkeypatch.setattr(os, "fsync", flush)
    assert log(desk) == before
    desk.record(1, "ann", 0)
    assert given(desk.collect()) == [(0, "ann", 1), (1, "ann", 0)]


def test_two_desks_in_one_folder_are_refused(desk):
    with pytest.raises(BlockingIOError, match=f"already open, in process {os.getpid()}"):
        Desk(desk.directory)
    script = f"from plaudit.feedback.people.desk import Desk; Desk({str(desk.directory)!r})"
    done = run(script)
    assert f"BlockingIOError: {desk.directory} is already open" in done.stderr.read().decode()
    desk.close()
    assert run(script).wait() == 0
    with pytest.raises(ValueError, match="was closed"):
        desk.collect()


def run(script):
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


RECORDING = """
from plaudit.feedback.people.desk import Desk
desk = Desk({directory!r})
for query_id in desk.waiting("ann"):
    desk.record(query_id, "ann", query_id % 2)
    print(query_id, flush=True)
"""


def test_every_acknowledged_answer_survives_a_kill(desk):
    desk.post(queries(3000))
    desk.close()
    acknowledged = 0
    for count in (20, 35, 50):
        process = run(RECORDING.format(directory=str(desk.directory)))
        for _ in range(count):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        acknowledged += count + len(process.stdout.read().split())
        process.wait()
    with Desk(desk.directory) as again:
        found = again.collect()
    # At most one answer per kill was on the disk before its writer could say so.
    assert acknowledged <= len(found) <= acknowledged + 3
    assert [(f.query_id, f.answer) for f in found] == [(i, i % 2) for i in range(len(found))]


def test_threads_do_not_get_in_each_others_way(desk):
    desk.post(queries(60))
    refused = []

    def work(annotator):
        while (question := desk.take(annotator)) is not None:
            try:
                desk.record(question.query_id, annotator, 1)
            except ValueError as error:
                refused.append(error)

    threads = [threading.Thread(target=work, args=(f"worker {i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert sorted(f.query_id for f in desk.collect()) == list(range(60))
    assert len(log(desk).splitlines()) == 60


def test_a_comment_may_hold_any_character(desk):
    comment = "ä \u2028 😀 \udc80 \n"
    desk.post([query(Compare())])
    desk.record(0, "ann", 1, comment=comment)
    with reopened(desk) as again:
        # Half a character can't be stored, its escape can.
        assert [f.comment for f in again.collect()] == [comment.replace("\udc80", "\\udc80")]


def test_the_last_answers_that_are_possible_are_kept(desk):
    asks = Mark(9), Correct(2, 9), Critique(2, slots=("fp",))
    desk.post([query(ask, i) for i, ask in enumerate(asks)])
    given = [(0, 0, 0, 1, 0, 0, 0, 0, 0), (3, 1), (0, 0, 2, 0)]
    for query_id, answer in enumerate(given):
        desk.record(query_id, "ann", answer)
    assert [f.answer for f in desk.collect()] == given
