"""The page in a real browser: clicks, keys, crashes, two people, and what must not happen."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Mark, Rate
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.controls import control
from plaudit.feedback.people.web.teacher import WebTeacher
from plaudit.feedback.types import Query
from tests.feedback.people.cases import TYPED, queries, query, segment, turned
from tests.feedback.people.web.browsing import Person, browser

pytestmark = [pytest.mark.slow, pytest.mark.chromium]


@pytest.fixture(scope="module")
def window():
    driver = browser()
    yield driver
    driver.quit()


@pytest.fixture
def teacher(tmp_path):
    with WebTeacher(tmp_path, annotators=("ann", "ben")) as made:
        yield made


def stored(desk):
    return [(e.query_id, e.annotator, e.answer) for e in desk.answers]


def serve(directory):
    """A server of its own process, and the link it prints."""
    command = [sys.executable, "-m", "plaudit.feedback.people.web", str(directory)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return process, process.stdout.readline().split("judges at ")[1].strip()


def prefer(person, number, *, by_key):
    """Say that the segment called "some words {number}" is better, wherever it is shown."""
    place = [number in card.text for card in person.all(".content")].index(True)
    if by_key:
        person.press(str(place + 1))
    else:
        person.all("#control button")[place].click()


def test_twenty_comparisons_survive_a_server_killed_in_the_middle(window, tmp_path):
    with Desk(tmp_path) as desk:
        desk.post(queries(20))  # every other one is shown in reverse
    better = [i % 3 // 2 for i in range(20)]  # 0 0 1 0 0 1 ...
    process, link = serve(tmp_path)
    person = Person(window, link)
    for i in range(20):
        person.until_asked(i)
        prefer(person, str(better[i]), by_key=i % 2 == 0)
        person.until_text("#count", f"{i + 1} of 20")
        if i == 9:
            process.kill()
            process.wait()
            person.until_asked(10)
            person.press("1")
            person.until_text("#notice", "can't be reached")
            process, link = serve(tmp_path)
            person = Person(window, link)
            person.until_text("#count", "10 of 20")
    person.until_text("h1", "That was all")
    process.kill()
    process.wait()
    with Desk(tmp_path) as desk:
        assert stored(desk) == [(i, "me", better[i]) for i in range(20)]


@pytest.mark.parametrize("way", [Person.click, Person.type])
def test_every_question_is_answered_in_the_browser(window, teacher, way):
    person = Person(window, teacher.url("ann"))
    asks = [case[0] for case in TYPED]
    teacher.submit([query(ask, i, order=turned(ask)) for i, ask in enumerate(asks)])
    for i, (ask, _, places, _) in enumerate(TYPED):
        person.until_asked(i)
        assert person.text("h1") == ask.question
        way(person, control(ask, [f"step {step}" for step in range(4)]), _as_list(places))
    person.until_text("h1", "Nothing to judge right now")
    assert stored(teacher.desk) == [(i, "ann", case[3]) for i, case in enumerate(TYPED)]


def _as_list(answer):
    return list(answer) if isinstance(answer, tuple) else answer


def test_two_people_judge_at_once_and_never_the_same(window, teacher):
    teacher.submit(queries(4, Rate(5)))
    ann = Person(window, teacher.url("ann"))
    windows = [window.current_window_handle]
    window.switch_to.new_window("window")
    windows.append(window.current_window_handle)
    ben = Person(window, teacher.url("ben"))
    for turn in range(2):
        for person, handle, key in ((ann, windows[0], "1"), (ben, windows[1], "2")):
            window.switch_to.window(handle)
            person.until("ready()")
            person.press(key)
            person.until_text("#count", f"{turn + 1} of")
    window.close()
    window.switch_to.window(windows[0])
    assert sorted(stored(teacher.desk)) == [
        (0, "ann", 1),
        (1, "ben", 2),
        (2, "ann", 1),
        (3, "ben", 2),
    ]


def test_a_double_click_answers_once(window, teacher):
    teacher.submit(queries(3, Rate(5)))
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    person.double_click("#control [data-value='3']")
    person.until_asked(1)
    assert stored(teacher.desk) == [(0, "ann", 3)]
    assert person.text("#count") == "1 of 3"


CLICK_AGAIN = """
const done = arguments[0];
const first = document.querySelector("#control [data-value='3']");
first.click();
const watch = setInterval(() => {
  if (task.query_id !== 1) return;
  clearInterval(watch);
  document.querySelector("#control [data-value='3']").click();
  done();
}, 1);
"""


def test_a_slow_double_click_does_not_answer_the_next_question(window, teacher):
    teacher.submit(queries(3, Rate(5)))
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    window.execute_async_script(CLICK_AGAIN)
    person.until_asked(1)
    assert stored(teacher.desk) == [(0, "ann", 3)]


def test_a_held_key_answers_once(window, teacher):
    teacher.submit(queries(3, Rate(5)))
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    person.press("3")
    person.until_asked(1)
    held = "new KeyboardEvent('keydown', {key: '3', repeat: true, bubbles: true})"
    window.execute_script(f"document.body.dispatchEvent({held})")
    person.press("u")  # only what came before it can be taken back
    person.until_asked(0)
    assert stored(teacher.desk) == []


def test_a_stale_window_recovers_by_itself(window, teacher):
    teacher.submit(queries(3, Rate(5)))
    old = Person(window, teacher.url("ann"))
    old.until_asked(0)
    first = window.current_window_handle
    window.switch_to.new_window("tab")
    new = Person(window, teacher.url("ann"))
    new.until_asked(0)
    new.press("4")
    new.until_asked(1)
    window.close()
    window.switch_to.window(first)
    old.press("1")
    old.until_text("#notice", "here is what is asked now")
    old.until_asked(1)
    assert stored(teacher.desk) == [(0, "ann", 4)]


def test_skip_undo_and_comment_by_keys(window, teacher):
    teacher.submit(queries(2, Rate(5)))
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    person.press("c", *"suspicious 1")  # neither s nor 1 is a short-cut while one writes
    person.press("ESCAPE", "s")
    person.until_asked(1)
    person.press("u")
    person.until_asked(0)
    person.find("#reason").send_keys("too dark")
    person.find("#skip").click()
    person.until_asked(1)
    (event,) = teacher.desk.answers
    assert (event.event, event.reason, event.comment) == ("skip", "too dark", "")
    written = (teacher.desk.directory / "answers.jsonl").read_text("utf-8")
    assert "suspicious 1" in written.splitlines()[0]


def test_an_incomplete_answer_is_asked_for_the_rest(window, teacher):
    teacher.submit([query(case[0], i) for i, case in enumerate(TYPED) if case[0].kind == "rank"])
    person = Person(window, teacher.url("ann"))
    person.until("ready()")
    person.press("2", "ENTER")
    person.until_text("#notice", "Put all 3 in order first; 2 still lack a place.")
    person.press("BACKSPACE", "1", "3", "2", "ENTER")
    person.until_text("h1", "Nothing to judge")
    assert [answer for *_, answer in stored(teacher.desk)] == [(0, 2, 1)]


def test_steps_are_marked_by_dragging_over_them(window, teacher):
    teacher.submit([query(Mark(4))])
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    person.drag("[data-step='0']", "[data-step='0']")
    person.drag("[data-step='1']", "[data-step='3']")
    person.drag("[data-step='1']", "[data-step='2']")
    person.find("#save").click()
    person.until_text("h1", "Nothing to judge")
    assert stored(teacher.desk) == [(0, "ann", (1, 2, 2, 1))]


def test_what_a_segment_says_is_shown_and_never_run(window, teacher):
    hostile = (
        "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    )
    evil = replace(segment(), text=hostile)
    teacher.submit([Query((evil, segment(1)), Compare(), context={hostile: hostile})])
    person = Person(window, teacher.url("ann"))
    person.until_asked(0)
    assert person.text(".content") == hostile
    assert person.text("#context dd") == hostile
    assert window.title == "0 of 1 · plaudit"
    assert person.all("main script, main img") == []


def test_moving_pictures_are_shown_side_by_side(window, teacher):
    frames = np.arange(5 * 8 * 8 * 3, dtype=np.uint8).reshape(5, 8, 8, 3)
    moving = tuple(segment(i, text=None, frames=frames + i) for i in range(2))
    teacher.submit([Query(moving, Compare())])
    person = Person(window, teacher.url("ann"))
    person.until(
        "[...document.images].filter(i => i.src.includes('.gif') && i.naturalWidth).length === 2"
    )
    left, right = (card.rect for card in person.all(".card"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_a_page_that_waits_gets_the_next_question_and_the_end(window, tmp_path):
    with WebTeacher(tmp_path) as teacher:
        person = Person(window, teacher.url("me"))
        person.until_text("h1", "Nothing to judge right now")
        teacher.submit(queries(1, Rate(5)))
        person.until_asked(0)
        person.press("2")
        person.until_text("h1", "Nothing to judge right now")
    person.until_text("h1", "That was all, thank you!")
    assert person.text("#notice") == ""


def test_every_control_has_a_name_for_those_who_can_t_see_it(window, teacher):
    teacher.submit([query(case[0], i) for i, case in enumerate(TYPED)])
    person = Person(window, teacher.url("ann"))
    for i in range(len(TYPED)):
        person.until_asked(i)
        used = person.all("button, input, select, textarea, a")
        assert [node.tag_name for node in used if not node.accessible_name] == []
        person.press("s")
