import json
from threading import Timer

import pytest

from plaudit.feedback.people.file import FileTeacher
from tests.feedback.people.cases import TYPED, queries, query


@pytest.fixture
def teacher(tmp_path):
    with FileTeacher(str(tmp_path), patience=0.0) as teacher:
        yield teacher


def append(teacher, *lines):
    """Append lines as somebody else would: objects as JSON, texts as they are."""
    with open(teacher.desk.directory / "answers.jsonl", "a", encoding="utf-8") as file:
        for line in lines:
            file.write(line if isinstance(line, str) else json.dumps(line) + "\n")


def answer(query_id, stored, annotator="worker 5", **beside):
    return {"query_id": query_id, "annotator": annotator, "answer": stored} | beside


def refused(teacher):
    path = teacher.desk.directory / "refused.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def test_questions_go_out_with_what_is_to_be_shown(teacher):
    teacher.submit([query(query_id=4, order=(1, 0), context={"goal": "win"})], now=2)
    (line,) = (teacher.desk.directory / "queries.jsonl").read_text("utf-8").splitlines()
    question = json.loads(line)
    assert question["query_id"] == 4
    assert question["order"] == [1, 0]
    assert question["ask"] == {"kind": "compare", "levels": 1, "ties": False}
    assert [shown["text"] for shown in question["shown"]] == ["some words 0", "some words 1"]
    assert (question["context"], question["asked"]) == ({"goal": "win"}, 2)


@pytest.mark.parametrize(("ask", "_", "stored", "__"), TYPED)
def test_answers_of_every_kind_come_in(teacher, ask, _, stored, __):
    teacher.submit([query(ask, 4)], now=2)
    assert teacher.poll() == []
    append(teacher, answer(4, stored, seconds=3, comment="so", country="NL"))
    (feedback,) = teacher.poll(now=6)
    assert feedback.answer == stored
    assert (feedback.annotator, feedback.seconds, feedback.comment) == ("worker 5", 3, "so")
    assert (feedback.asked, feedback.answered, feedback.source) == (2, 6, "human")
    assert teacher.poll() == []


def test_null_is_a_skip(teacher):
    teacher.submit(queries(2))
    append(teacher, answer(0, None, reason="too dark"), {"query_id": 1, "annotator": "w"})
    one, two = teacher.poll()
    assert (one.answer, one.reason) == (None, "too dark")
    assert (two.answer, two.reason) == (None, "skipped")


BAD = [
    ("{torn\n", "this is no JSON"),
    ("[1]\n", "expected an object with query_id, annotator and answer"),
    ({"query_id": 0, "answer": 1}, "expected an object with query_id"),
    (answer(9, 1), "no question has the query_id 9"),
    (answer("0", 1), "query_id must be an integer, got '0'"),
    (answer(0, 2), "2 is no answer to Compare"),
    (answer(0, "first"), "'first' is no answer to Compare"),
    (answer(0, 1, annotator=""), "annotator must be a name, got ''"),
    (answer(0, 1, reason="why"), "only a skip has a reason"),
    (answer(0, 1, seconds=-1), "seconds must be"),
    (answer(0, 1, comment=3), "comment must be words, got 3"),
    (answer(0, 1, event="like"), "event must be one of answer, skip, undo, got 'like'"),
    (answer(0, 1, event="undo"), "'undo' can't have the answer 1"),
]


ABSURD = [
    ('{"query_id": 0, "annotator": "w", "answer": 1, "seconds": 1' + "0" * 310 + "}\n", "seconds"),
    ("[" * 100_000 + "\n", "this is no JSON: maximum recursion depth"),
    (
        '{"query_id": 0, "annotator": "w", "answer": 1' + "0" * 400 + "}\n",
        "is no answer to Compare",
    ),
]


@pytest.mark.parametrize(("line", "reason"), ABSURD, ids=("seconds", "nested", "answer"))
def test_an_absurd_line_is_set_aside_and_the_folder_stays_usable(teacher, line, reason):
    teacher.submit(queries(1))
    append(teacher, line, answer(0, 1))
    assert [f.answer for f in teacher.poll()] == [1]
    assert reason in refused(teacher)[0]["reason"]
    teacher.close()
    with FileTeacher(teacher.desk.directory) as again:
        assert len(refused(again)) == 1


def test_half_a_character_comes_in_as_its_escape(teacher):
    teacher.submit(queries(1))
    append(teacher, answer(0, 1, annotator="w\ud800", comment="\ud83d"))
    (given,) = teacher.poll()
    assert (given.annotator, given.comment) == ("w\\ud800", "\\ud83d")


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_line_is_set_aside_with_the_reason_and_the_others_count(teacher, line, reason):
    teacher.submit(queries(1))
    append(teacher, line, answer(0, 1))
    assert [f.answer for f in teacher.poll()] == [1]
    (entry,) = refused(teacher)
    assert reason in entry["reason"]
    assert entry["line"] == 1
    assert entry["text"] == (line if isinstance(line, str) else json.dumps(line)).rstrip("\n")


def test_bytes_that_are_no_text_are_set_aside(teacher):
    teacher.submit(queries(1))
    with open(teacher.desk.directory / "answers.jsonl", "ab") as file:
        file.write(b"\xff\xfe\n\n" + json.dumps(answer(0, 1)).encode() + b"\r\n")
    assert [f.answer for f in teacher.poll()] == [1]
    assert refused(teacher)[0]["text"] == "\\xff\\xfe"


def test_the_same_line_twice_counts_once_and_another_answer_is_refused(teacher):
    teacher.submit(queries(1))
    append(teacher, answer(0, 1), answer(0, 1))
    assert len(teacher.poll()) == 1
    append(teacher, answer(0, 1, comment="again"), answer(0, 0), answer(0, 0, "worker 6"))
    assert [(f.annotator, f.answer) for f in teacher.poll()] == [("worker 6", 0)]
    (entry,) = refused(teacher)
    assert "already answered by 'worker 5', with another answer" in entry["reason"]
    assert entry["line"] == 4


def test_an_answer_may_be_taken_back_until_it_was_handed_out(teacher):
    undo = {"event": "undo", "query_id": 0, "annotator": "worker 5"}
    teacher.submit(queries(1))
    append(teacher, answer(0, 1), undo, answer(0, 0))
    assert [f.answer for f in teacher.poll()] == [0]
    append(teacher, undo, answer(0, 1))
    assert teacher.poll() == []
    late, second = refused(teacher)
    assert "handed to the asker already: too late" in late["reason"]
    assert "already answered" in second["reason"]


def test_half_a_line_waits_for_the_rest(teacher):
    teacher.submit(queries(2))
    text = json.dumps(answer(0, 1))
    append(teacher, text[:20])
    assert teacher.poll() == []
    append(teacher, text[20:] + "\n")
    assert len(teacher.poll()) == 1
    append(teacher, json.dumps(answer(1, 1)))  # an editor that ends no last line
    assert len(teacher.poll()) == 1
    assert refused(teacher) == []


def test_a_restart_refuses_nothing_twice_and_reads_what_came_meanwhile(teacher):
    teacher.submit(queries(3))
    append(teacher, "bad\n", answer(0, 1))
    assert len(teacher.poll()) == 1
    teacher.close()
    append(teacher, answer(1, 0), "worse\n")
    with FileTeacher(teacher.desk.directory) as again:
        assert [f.query_id for f in again.poll()] == [1]
        assert [entry["line"] for entry in refused(again)] == [1, 4]
        append(again, answer(2, 0))
        assert [f.query_id for f in again.poll()] == [2]


def test_who_waits_gets_one_answer_per_question_and_the_others_later(tmp_path):
    with FileTeacher(tmp_path, patience=60.0) as teacher:
        lines = [answer(1, 0), answer(0, 1), answer(0, 0, "worker 6")]
        timer = Timer(0.3, append, (teacher, *lines))
        timer.start()
        feedback = teacher.answer(queries(2), now=5)
        timer.join()
        assert [(f.query_id, f.answer, f.asked) for f in feedback] == [(0, 1, 5), (1, 0, 5)]
        assert [(f.query_id, f.annotator) for f in teacher.poll()] == [(0, "worker 6")]


def test_who_waits_too_long_skips_and_a_late_answer_is_not_lost(teacher):
    teacher.submit(queries(1))
    append(teacher, answer(0, 1), '{"query_id"')  # a line that is never ended
    feedback = teacher.answer(queries(2))
    assert [(f.answer, f.reason, f.annotator) for f in feedback] == [
        (1, "", "worker 5"),
        (None, "time-out", "file"),
    ]
    append(teacher, answer(1, 0))
    assert [(f.query_id, f.answer) for f in teacher.poll()] == [(1, 0)]
    assert [entry["text"] for entry in refused(teacher)] == ['{"query_id"']


def test_patience_is_checked_before_the_folder_is_opened(tmp_path):
    for bad in (-1.0, float("nan"), "1", None):
        with pytest.raises(ValueError, match="patience must be at least 0 seconds, got"):
            FileTeacher(tmp_path, patience=bad)
    FileTeacher(tmp_path).close()


def test_two_teachers_in_one_folder_are_refused(teacher):
    with pytest.raises(BlockingIOError, match="already open"):
        FileTeacher(teacher.desk.directory)


def test_who_closes_lets_go_who_waits(tmp_path):
    teacher = FileTeacher(tmp_path, patience=60.0)
    teacher.submit(queries(2))
    append(teacher, answer(0, 1))
    timer = Timer(0.3, teacher.close)
    timer.start()
    given = teacher.answer(queries(2))
    timer.join()
    assert [(f.answer, f.reason) for f in given] == [(1, ""), (None, "closed")]
    with pytest.raises(ValueError, match="was closed"):
        teacher.poll()
