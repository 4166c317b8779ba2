import json
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Correct, Mark, Rate
from plaudit.feedback.people.records import Question
from plaudit.feedback.people.showing import show
from plaudit.feedback.people.web.sheet import sheet
from plaudit.feedback.types import Query
from tests.feedback.people.cases import ASKS, name, query, segment


def asked(a_query, folder):
    return Question.of(a_query, tuple(show(s, folder) for s in a_query.segments), 0)


def test_segments_come_in_the_order_shown(tmp_path):
    made = sheet(asked(query(Compare(), order=(1, 0)), tmp_path))
    assert made["shown"] == [
        {"title": "first", "text": "some words 1"},
        {"title": "second", "text": "some words 0"},
    ]


@pytest.mark.parametrize("ask", ASKS, ids=name)
def test_the_page_never_gets_the_truth(ask, tmp_path):
    written = json.dumps(sheet(asked(query(ask), tmp_path)))
    assert "777" not in written
    assert ask.question in written


def test_pictures_and_tables_are_named_as_the_desk_keeps_them(tmp_path):
    frames = np.zeros((5, 2, 2, 3), np.uint8)
    moving = Query((segment(text=None, frames=frames),), Rate())
    (shown,) = sheet(asked(moving, tmp_path))["shown"]
    assert (tmp_path / shown["picture"]).suffix == ".gif"
    (shown,) = sheet(asked(Query((segment(text=None),), Rate()), tmp_path))["shown"]
    assert shown["table"]["columns"] == ("step", "observation", "action")
    assert len(shown["table"]["rows"]) == 5


def test_the_context_keeps_its_order_and_is_words(tmp_path):
    told = query(Rate(), context={"prompt": "Say hello", "budget": [1, 2]})
    assert sheet(asked(told, tmp_path))["context"] == [
        ["prompt", "Say hello"],
        ["budget", "[1, 2]"],
    ]


def test_words_are_marked_where_each_step_is_one(tmp_path):
    # "some words 0" are 3 words.
    three = Query((segment(steps=3),), Mark(8))
    assert sheet(asked(three, tmp_path))["control"]["labels"] == ["some", "words", "0"]
    four = Query((segment(steps=4),), Mark(8))
    assert sheet(asked(four, tmp_path))["control"]["labels"] == [f"step {i}" for i in range(4)]


def test_a_short_segment_offers_only_its_own_steps(tmp_path):
    short = replace(query(Correct(2, 4)), segments=(segment(steps=2),))
    steps = sheet(asked(short, tmp_path))["control"]["rows"][0]["options"]
    assert [step["value"] for step in steps] == [0, 1]
