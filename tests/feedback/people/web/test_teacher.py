import json
import sys
from threading import Thread
from urllib.request import Request, urlopen

import pytest

from plaudit import feedback
from plaudit.feedback.asks import Rate
from plaudit.feedback.people.web import sittings
from plaudit.feedback.people.web.teacher import WebTeacher
from tests.feedback.people.cases import queries


@pytest.fixture(autouse=True)
def no_farewell(monkeypatch):
    """Nobody is left at these pages who could be told that it ends."""
    monkeypatch.setattr(sittings, "FAREWELL", 0.0)


def call(url, path, body=None):
    """What the page at a link is told."""
    page, token = url.split("?token=")
    headers = {"X-Plaudit-Token": token, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(page + path, data, headers)) as reply:
        return json.load(reply)


def rate(url, *answers):
    """Give some answers to whatever is asked."""
    for answer in answers:
        call(url, "answer", {"form": call(url, "question")["form"], "answer": answer})


def test_answers_come_from_the_page(tmp_path):
    with WebTeacher(tmp_path, annotators=["ann"]) as teacher:
        teacher.submit(queries(2, Rate(5)), now=7)
        assert teacher.poll() == []
        rate(teacher.url("ann"), 4, 2)
        given = teacher.poll(now=9)
    assert [(f.query_id, f.annotator, f.answer) for f in given] == [(0, "ann", 4), (1, "ann", 2)]
    assert {(f.source, f.asked, f.answered) for f in given} == {("human", 7, 9)}


def test_it_is_made_by_its_name(tmp_path):
    with feedback.make("web", directory=str(tmp_path), annotators=["ann"]) as teacher:
        assert isinstance(teacher, WebTeacher)
        assert teacher.name == "web"


def test_the_latest_answer_of_somebody_at_work_can_be_taken_back(tmp_path):
    with WebTeacher(tmp_path) as teacher:
        url = teacher.url("me")
        teacher.submit(queries(3, Rate(5)))
        rate(url, 1, 2)
        assert [f.answer for f in teacher.poll()] == [1]
        call(url, "undo", {"form": call(url, "question")["form"]})
        rate(url, 3, 4)
        assert [f.answer for f in teacher.poll()] == [3, 4]


def test_answer_waits_for_the_page(tmp_path):
    with WebTeacher(tmp_path) as teacher:
        teacher.submit([])
        person = Thread(target=lambda: [rate(teacher.url("me"), a) for a in _when_asked(teacher)])
        person.start()
        given = teacher.answer(queries(2, Rate(5)))
        person.join()
    assert [f.answer for f in given] == [0, 3]


def _when_asked(teacher):
    while call(teacher.url("me"), "question")["state"] != "question":
        pass
    return [0, 3]


def test_nobody_in_time_is_a_skip(tmp_path):
    with WebTeacher(tmp_path, patience=0.0) as teacher:
        (given,) = teacher.answer(queries(1, Rate(5)))
    assert (given.answer, given.reason, given.annotator) == (None, "time-out", "web")


def test_links_are_printed_and_differ(tmp_path, capsys):
    with WebTeacher(tmp_path, annotators=("ann", "ben")) as teacher:
        ann, ben = teacher.url("ann"), teacher.url("ben")
        with pytest.raises(KeyError, match=r"unknown annotator 'bem'.*did you mean 'ben'"):
            teacher.url("bem")
    assert ann != ben
    assert capsys.readouterr().err == f"ann judges at {ann}\nben judges at {ben}\n"
    assert ann.startswith("http://127.0.0.1:")


def test_a_run_that_starts_over_gets_the_answers_again(tmp_path):
    asked = queries(2, Rate(5))
    with WebTeacher(tmp_path) as teacher:
        teacher.submit(asked)
        begun = teacher.get_state()
        rate(teacher.url("me"), 1, 2)
        assert len(teacher.poll()) == 2
    with WebTeacher(tmp_path) as teacher:
        teacher.set_state(json.loads(json.dumps(begun)))
        assert [f.answer for f in teacher.poll()] == [1, 2]
        assert call(teacher.url("me"), "question")["state"] == "waiting"


def test_a_link_of_an_earlier_run_is_refused(tmp_path):
    with WebTeacher(tmp_path) as teacher:
        earlier = teacher.url("me").split("?")[1]
    with WebTeacher(tmp_path) as teacher:
        now = teacher.url("me").split("?")[0]
        with pytest.raises(OSError, match="403"):
            call(f"{now}?{earlier}", "question")


def test_without_flask_one_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "flask", None)
    monkeypatch.delitem(sys.modules, "plaudit.feedback.people.web.server", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'plaudit\[people\]'"):
        WebTeacher(tmp_path)


def test_a_teacher_that_can_t_be_made_leaves_its_folder_free(tmp_path):
    with pytest.raises(ValueError, match="annotators must be different names"):
        WebTeacher(tmp_path, annotators=["ann", "ann"])
    WebTeacher(tmp_path).close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"port": 65_536}, r"port must be an integer in 0\.\.65535, got 65536"),
        ({"port": "80"}, "port must be an integer in .*, got '80'"),
        ({"name": ""}, "annotator must be a name, got ''"),
        ({"per_question": 2}, "wants 2 annotators, but there is a link for 1 only"),
    ],
)
def test_settings_that_can_t_work_are_refused(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        WebTeacher(tmp_path, **settings)
