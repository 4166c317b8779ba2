import pytest

from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web import sittings as module
from plaudit.feedback.people.web.sittings import Sittings, Stale
from tests.feedback.people.cases import queries


def seated(directory, count=3, *, more=True, **settings):
    desk = Desk(directory, **settings)
    desk.post(queries(count, Rate(5)))
    return Sittings(desk, ("ann", "ben"), more=more)


def test_a_form_counts_once(tmp_path):
    sittings = seated(tmp_path)
    form = sittings.current("ann")["form"]
    sittings.answer("ann", form, 3)
    with pytest.raises(Stale, match="answered, taken back or passed on"):
        sittings.answer("ann", form, 4)
    assert [event.answer for event in sittings.desk.answers] == [3]


def test_a_page_that_is_loaded_again_keeps_its_form(tmp_path):
    sittings = seated(tmp_path)
    first, again = sittings.current("ann"), sittings.current("ann")
    assert first == again
    assert first["state"] == "question"


def test_answers_are_stored_by_what_was_shown_where(tmp_path):
    desk = Desk(tmp_path)
    desk.post(queries(2, Compare()))  # the second one is shown in reverse
    sittings = Sittings(desk, ("ann",), more=True)
    for _ in range(2):
        sittings.answer("ann", sittings.current("ann")["form"], 0)
    assert [event.answer for event in desk.answers] == [0, 1]


def test_an_answer_outside_the_space_leaves_the_form_as_it_was(tmp_path):
    sittings = seated(tmp_path)
    form = sittings.current("ann")["form"]
    for wrong in (9, None, "3", [1], {}, True):
        with pytest.raises(ValueError, match=r"expected an integer in 0\.\.4") as error:
            sittings.answer("ann", form, wrong)
        assert not isinstance(error.value, Stale)
    sittings.answer("ann", form, 4)
    assert len(sittings.desk.answers) == 1


def test_what_one_looks_at_is_not_given_to_the_other(tmp_path):
    sittings = seated(tmp_path, count=2)
    shown = [sittings.current(name)["query_id"] for name in ("ann", "ben", "ann", "ben")]
    assert shown == [0, 1, 0, 1]
    sittings.answer("ann", sittings.current("ann")["form"], 1)
    assert sittings.current("ann")["state"] == "waiting"


def test_who_stayed_away_too_long_may_come_too_late(tmp_path):
    sittings = seated(tmp_path, count=1, lease=0.0)
    form = sittings.current("ann")["form"]
    sittings.answer("ben", sittings.current("ben")["form"], 1)
    with pytest.raises(Stale, match="too late: query 0 wants 1 answers and has them, by ben"):
        sittings.answer("ann", form, 2)
    assert [event.annotator for event in sittings.desk.answers] == ["ben"]


def test_undo_shows_the_question_again_and_ends_the_old_forms(tmp_path):
    sittings = seated(tmp_path)
    sittings.answer("ann", old := sittings.current("ann")["form"], 0)
    newer = sittings.current("ann")["form"]
    sittings.undo("ann", newer)
    assert sittings.current("ann")["query_id"] == 0
    for form in (old, newer):
        with pytest.raises(Stale):
            sittings.answer("ann", form, 1)
        with pytest.raises(Stale):
            sittings.undo("ann", form)
    assert sittings.desk.answers == []


def test_what_was_handed_on_is_not_taken_back(tmp_path):
    sittings = seated(tmp_path)
    sittings.answer("ann", sittings.current("ann")["form"], 0)
    sittings.desk.collect()
    form = sittings.current("ann")["form"]
    with pytest.raises(Stale, match="can't be taken back"):
        sittings.undo("ann", form)
    assert sittings.current("ann")["form"] == form


def test_nothing_can_be_answered_where_nothing_is_asked(tmp_path):
    sittings = seated(tmp_path, count=0)
    with pytest.raises(Stale, match="no question to answer"):
        sittings.skip("ann", sittings.current("ann")["form"])


def test_a_folder_without_its_run_is_done_when_every_question_is(tmp_path):
    sittings = seated(tmp_path, count=1, more=False)
    form = sittings.current("ann")["form"]
    assert sittings.current("ben")["state"] == "waiting"  # ann may still leave
    sittings.answer("ann", form, 1)
    assert [sittings.current(name)["state"] for name in ("ann", "ben")] == ["done", "done"]


def test_one_is_done_with_what_only_others_may_still_answer(tmp_path):
    sittings = seated(tmp_path, count=1, more=False, per_question=2)
    sittings.answer("ann", sittings.current("ann")["form"], 1)
    assert sittings.current("ann")["state"] == "done"
    assert sittings.current("ben")["state"] == "question"


def test_the_end_tells_who_waits_and_waits_for_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FAREWELL", 0.05)
    sittings = seated(tmp_path, count=1)
    sittings.current("ann")
    assert sittings.current("ben")["state"] == "waiting"
    sittings.end()
    assert sittings.current("ben")["state"] == "done"
    sittings.end()  # nobody is left to be told
    assert sittings.current("ann")["state"] == "question"
