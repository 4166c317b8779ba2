import io

import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Choose, Compare
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.terminal import TerminalTeacher
from plaudit.feedback.types import Query
from tests.feedback.people.cases import TYPED, queries, query, segment, turned


@pytest.fixture
def teacher_of(tmp_path):
    """Makes a teacher to whom some lines are typed."""
    made = []

    def make(*lines, annotator="ann", **settings):
        (tmp_path / "typed").write_text("\n".join(lines))
        settings |= {"annotator": annotator, "script": str(tmp_path / "typed")}
        made.append(TerminalTeacher(str(tmp_path / "desk"), **settings))
        return made[-1]

    yield make
    for teacher in made:
        teacher.close()


def test_every_kind_of_question_is_answered_in_stored_order(teacher_of):
    # One desk, all questions at once, everything shown in another order than stored.
    asked = [query(case[0], i, order=turned(case[0])) for i, case in enumerate(TYPED)]
    feedback = teacher_of(*(case[1] for case in TYPED)).answer(asked, now=3)
    assert [f.answer for f in feedback] == [case[3] for case in TYPED]
    assert [f.query_id for f in feedback] == list(range(len(TYPED)))
    assert {(f.annotator, f.source, f.asked, f.answered) for f in feedback} == {
        ("ann", "human", 3, 3)
    }
    assert all(f.seconds >= 0 for f in feedback)


def test_a_line_that_is_no_answer_is_asked_again_with_the_reason(teacher_of, capsys):
    (feedback,) = teacher_of("5", "", "2").answer([query()])
    assert feedback.answer == 1
    printed = capsys.readouterr().out
    assert "'5' is none of 'first', 'second'" in printed
    assert "'' is none of 'first', 'second'" in printed


def test_a_skip_may_have_a_reason_and_an_answer_a_comment(teacher_of):
    lines = ("s too dark # sorry", "s", "1 # it's # close")
    one, two, three = teacher_of(*lines).answer(queries(3))
    assert (one.answer, one.reason, one.comment) == (None, "too dark", "sorry")
    assert (two.answer, two.reason) == (None, "skipped")
    assert (three.answer, three.comment) == (0, "it's # close")


def test_u_takes_back_the_answer_before(teacher_of, capsys):
    # Every other one is shown in reverse: the "1" typed to question 1 is stored as 1.
    feedback = teacher_of("u", "1", "2", "u", "u", "2", "1", "1").answer(queries(3))
    assert [f.answer for f in feedback] == [1, 1, 0]
    assert "'ann' has given no answer that could be taken back" in capsys.readouterr().out


def test_who_stops_skips_what_was_asked_and_goes_on_with_what_was_submitted(teacher_of):
    teacher = teacher_of("1", "q", "2", "1")
    teacher.submit(queries(2))
    assert teacher.poll() == []
    teacher.session()
    assert [f.query_id for f in teacher.poll()] == [0]
    teacher.submit(queries(4)[2:])
    teacher.session()
    assert [f.query_id for f in teacher.poll()] == [1, 2]
    (stopped,) = teacher.answer([query(query_id=9)])  # the script has ended
    assert (stopped.answer, stopped.reason, stopped.annotator) == (None, "stopped", "ann")


def test_a_run_that_starts_over_is_asked_only_what_is_new(teacher_of):
    asked = queries(3)
    with teacher_of("1", "q") as teacher:
        teacher.submit(asked[:2])
        teacher.session()
    feedback = teacher_of("2", "1").answer(asked)
    # 1 to question 0; 2 to question 1, which is shown in reverse; 1 to question 2.
    assert [f.answer for f in feedback] == [0, 0, 0]


def test_a_restored_teacher_goes_on(teacher_of):
    with teacher_of("1", "1") as teacher:
        teacher.answer([query(query_id=0)])
        teacher.submit([query(query_id=1)])
        state = teacher.get_state()
    again = teacher_of("1")
    again.set_state(state)
    again.submit([query(query_id=2)])
    assert [q.query_id for q in again.desk.questions] == [0, 1, 2]
    assert again.poll() == []


def test_segments_are_shown_in_the_order_shown_and_without_the_truth(teacher_of, capsys):
    teacher_of("1").answer([query(Choose(3), order=(2, 0, 1), context={"goal": "win"})])
    printed = capsys.readouterr().out
    assert "goal: win" in printed
    places = [printed.index(f"some words {number}") for number in (2, 0, 1)]
    assert places == sorted(places)
    assert "number 1" in printed
    assert "777" not in printed


def test_narrow_terminals_show_segments_below_each_other(teacher_of, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    teacher_of("1").answer([query(Choose(3))])
    lines = capsys.readouterr().out.splitlines()
    assert not any("some words 0" in line and "some words 1" in line for line in lines)


def test_pictures_are_named_and_numbers_tabulated(teacher_of, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    teacher = teacher_of("y", "n")
    frames = np.zeros((5, 8, 8, 3), np.uint8)
    shown = segment(text=None, frames=frames), segment(7, text=None)
    teacher.answer([Query((s,), Approve(), query_id=i) for i, s in enumerate(shown)])
    printed = capsys.readouterr().out
    (gif,) = teacher.desk.pictures.iterdir()
    assert f"open {gif}" in printed
    assert "[7. 7.]" in printed


def test_text_cannot_rewrite_the_terminal(teacher_of, capsys):
    shown = segment(text="\x1b[2J[bold]plain[/bold]")
    teacher_of("y").answer([Query((shown,), Approve())])
    printed = capsys.readouterr().out
    assert "\ufffd[2J[bold]plain[/bold]" in printed
    assert "\x1b" not in printed


def test_answers_are_read_from_the_keyboard(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n"))
    with TerminalTeacher(tmp_path) as teacher:
        first, second = teacher.answer([query(query_id=0), query(query_id=1)])
    assert (first.answer, first.annotator) == (1, "me")
    assert second.reason == "stopped"  # the input has ended


def test_two_people_may_answer_one_after_the_other(teacher_of):
    with teacher_of("1", "1", per_question=2) as ann:
        ann.submit(queries(2))
        ann.session()
        assert len(ann.poll()) == 2
    with teacher_of("2", "2", annotator="bob") as bob:
        bob.session()
        assert [(f.query_id, f.annotator) for f in bob.poll()] == [(0, "bob"), (1, "bob")]


def test_a_missing_script_leaves_no_folder_locked(tmp_path):
    with pytest.raises(FileNotFoundError):
        TerminalTeacher(tmp_path / "desk", script=tmp_path / "none")
    Desk(tmp_path / "desk").close()


def test_asking_nothing_answers_nothing(teacher_of):
    assert teacher_of().answer([]) == []


def test_the_order_of_answers_is_that_of_the_questions(teacher_of):
    feedback = teacher_of("1", "2").answer([query(Compare(), 8), query(Compare(), 3)])
    assert [(f.query_id, f.answer) for f in feedback] == [(8, 0), (3, 1)]


def test_a_loop_that_only_submits_and_polls_gets_its_answers(teacher_of):
    teacher = teacher_of("1", "1", at_once=True)
    teacher.submit(queries(2), now=4)
    assert [(f.answer, f.answered) for f in teacher.poll(now=6)] == [(0, 6), (1, 6)]


@pytest.mark.parametrize("annotator", ["", " ", 3, None])
def test_an_annotator_needs_a_name(tmp_path, annotator):
    with pytest.raises(ValueError, match="annotator must be a name, got"):
        TerminalTeacher(tmp_path, annotator=annotator)
