import json

import numpy as np
import pytest

from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.people.web import server
from plaudit.feedback.people.web.guard import HEADERS, HOST
from plaudit.feedback.people.web.server import ASSETS, DATA, WebServer
from plaudit.feedback.types import Query
from tests.feedback.people.cases import TYPED, name, queries, query, segment, turned
from tests.feedback.people.web.pages import Pages

READ = ("", "question", "answers.jsonl", "answers.csv", *ASSETS)
WRITE = ("answer", "skip", "undo")


@pytest.fixture
def pages(tmp_path):
    return Pages(tmp_path, queries(3, Compare(ties=True)))


def stored(pages):
    return [(e.query_id, e.annotator, e.answer) for e in pages.desk.answers]


@pytest.mark.parametrize("case", TYPED, ids=lambda case: name(case[0]))
def test_every_question_is_answered_over_the_wire_in_stored_order(case, tmp_path):
    ask, _, places, expected = case
    pages = Pages(tmp_path, [query(ask, order=turned(ask))])
    assert pages.shown()["question"] == ask.question
    reply = pages.answer(places)
    assert (reply.status_code, reply.json["state"]) == (200, "waiting")
    assert stored(pages) == [(0, "ann", expected)]


def test_what_is_said_beside_is_kept(pages):
    pages.answer(1, comment="close", seconds=2.5)
    pages.post("skip", form=pages.shown()["form"], reason="can't tell", comment="dark", seconds=1)
    first, second = pages.desk.answers
    assert (first.comment, first.seconds, first.reason) == ("close", 2.5, "")
    assert (second.comment, second.seconds, second.reason) == ("dark", 1, "can't tell")
    assert second.event == "skip"


def test_an_answer_brings_the_next_question_and_undo_the_one_before(pages):
    assert pages.answer(0).json["query_id"] == 1
    assert pages.post("undo", form=pages.shown()["form"]).json["query_id"] == 0
    assert stored(pages) == []


def test_progress_is_that_of_the_annotator(pages):
    pages.answer(0)
    pages.post("skip", form=pages.shown()["form"])
    mine = {"questions": 3, "answered": 1, "skipped": 1, "waiting": 1}
    assert pages.shown()["progress"] == mine
    assert pages.shown("ben")["progress"]["answered"] == 0


@pytest.mark.parametrize("path", READ)
def test_everything_read_needs_the_secret_and_forbids_other_sites(pages, path):
    bare = pages.client.get(f"/{path}", headers={"Host": HOST})
    assert bare.status_code == 403
    assert "earlier run" in bare.text
    for found in (pages.get(path), pages.client.get(f"/{path}?token={pages.tokens['ann']}")):
        assert found.status_code == 200
        assert {key: found.headers[key] for key in HEADERS} == HEADERS
    assert not [key for key, _ in bare.headers if key.startswith("Access-Control")]


@pytest.mark.parametrize("path", WRITE)
def test_what_changes_something_needs_the_secret_in_a_header(pages, path):
    body = {"form": pages.shown()["form"], "answer": 0}
    reply = pages.client.post(f"/{path}?token={pages.tokens['ann']}", json=body)
    assert reply.status_code == 403
    assert "earlier run" in reply.json["error"]
    assert stored(pages) == []


def test_another_name_for_this_machine_is_refused(pages):
    reply = pages.get(Host="evil.example:5000")
    assert reply.status_code == 403
    assert "not to the name 'evil.example:5000'" in reply.json["error"]


def test_a_person_with_an_old_link_reads_a_page(pages):
    reply = pages.client.get("/?token=old", headers={"Host": HOST})
    assert reply.mimetype == "text/html"
    nonce = reply.headers["Content-Security-Policy"].split("'nonce-")[1].rstrip("'")
    assert f'<style nonce="{nonce}">{(DATA / "page.css").read_text()}</style>' in reply.text


def test_a_stale_form_is_a_conflict_and_changes_nothing(pages):
    form = pages.shown()["form"]
    pages.post("answer", form=form, answer=0)
    for path in WRITE:
        reply = pages.post(path, form=form, answer=1)
        assert reply.status_code == 409
        assert "here is what is asked now" in reply.json["error"]
    assert stored(pages) == [(0, "ann", 0)]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"answer": 3}, "expected an integer in 0..2"),
        ({"answer": None}, "expected an integer in 0..2"),
        ({}, "Expected a JSON object with form and answer"),
        ({"answer": 0, "comment": 3}, "comment must be text, got 3"),
        ({"answer": 0, "seconds": -1}, "seconds must be a finite number"),
        ({"answer": 0, "seconds": True}, "seconds must be a finite number"),
        ({"answer": 0, "seconds": float("nan")}, "seconds must be a finite number"),
        ({"answer": 0, "form": 3}, "form must be text, got 3"),
    ],
)
def test_a_wrong_answer_is_refused_with_the_reason(pages, wrong, sentence):
    reply = pages.post("answer", **({"form": pages.shown()["form"]} | wrong))
    assert reply.status_code == 400
    assert sentence in reply.json["error"]
    assert stored(pages) == []


def test_what_is_no_json_is_refused_with_the_reason(pages):
    for data in (b"", b"[1]", b"{", b"\xff"):
        kind = {"Content-Type": "application/json"}
        reply = pages.client.post("/answer", data=data, headers=pages.headers("ann") | kind)
        assert reply.status_code == 400
        assert "JSON object" in reply.json["error"]


def test_unknown_pages_methods_and_floods_are_refused_as_json(pages):
    assert pages.get("nothing").status_code == 404
    assert pages.get("answer").status_code == 405
    reply = pages.answer(0, comment="x" * (1 << 20))
    assert reply.status_code == 413
    assert reply.json["error"]


def test_a_full_disk_is_said_and_the_form_still_counts(pages, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pages.desk, "record", full)
        reply = pages.answer(0)
    assert reply.status_code == 500
    assert "No space left" in reply.json["error"]
    assert pages.answer(0).status_code == 200


def test_pictures_are_served_and_nothing_beside_them(tmp_path):
    frames = np.zeros((3, 4, 4, 3), np.uint8)
    moving = Query((segment(text=None, frames=frames, steps=2),), Rate())
    pages = Pages(tmp_path, [moving])
    reply = pages.get("pictures/" + pages.shown()["shown"][0]["picture"])
    assert (reply.mimetype, reply.data[:3]) == ("image/gif", b"GIF")
    for path in ("pictures/no.gif", "pictures/..%2fqueries.jsonl", "pictures/../queries.jsonl"):
        assert pages.get(path).status_code == 404


def test_a_script_in_a_segment_is_never_markup(tmp_path):
    hostile = segment(text="</script><script>alert(1)</script>")
    pages = Pages(tmp_path, [Query((hostile,), Rate())], annotators=("<b>ann</b>",))
    assert "<script>alert" not in pages.get("", "<b>ann</b>").text
    assert "<b>ann" not in pages.get("", "<b>ann</b>").text
    reply = pages.get(who="<b>ann</b>")
    assert reply.mimetype == "application/json"
    assert reply.json["shown"][0]["text"].startswith("</script>")


def test_the_script_writes_no_markup():
    script = "".join(path.read_text("utf-8") for path in DATA.glob("*.js"))
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


def test_answers_are_exported_as_files(pages):
    pages.answer(1, comment="half a smile \ud83d")
    reply = pages.get("answers.jsonl")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="answers.jsonl"'
    assert json.loads(reply.text)["answer"] == 1
    assert pages.get("answers.csv").text.splitlines()[1].startswith("0,compare,")


def test_a_port_that_is_taken_is_said(tmp_path):
    pages = Pages(tmp_path, [])
    one = WebServer(pages.desk, ("me",))
    port = int(one.links["me"].split(":")[2].split("/")[0])
    with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 can't be had"):
        WebServer(pages.desk, ("me",), port=port)
    one.close()
    one.close()
    WebServer(pages.desk, ("me",), port=port).close()  # free again


def test_addresses_with_the_secret_are_not_logged(tmp_path, capfd):
    from urllib.request import urlopen

    pages = Pages(tmp_path, [])
    running = server.WebServer(pages.desk, ("me",))
    with urlopen(running.links["me"]) as reply:
        assert reply.status == 200
    running.close()
    out, err = capfd.readouterr()
    assert "token=" not in out + err


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('"seconds": 1' + "0" * 400, "seconds must be a finite number"),
        ('"comment": ' + "[" * 50_000 + "]" * 50_000, "nested too deeply"),
        ('"comment": ' + "[" * 50 + "]" * 50, "comment must be text"),
    ],
    ids=("seconds", "deep", "less deep"),
)
def test_absurd_values_are_refused_in_words(pages, field, sentence):
    data = f'{{"form": "{pages.shown()["form"]}", "answer": 0, {field}}}'
    headers = pages.headers("ann") | {"Content-Type": "application/json"}
    reply = pages.client.post("/answer", data=data, headers=headers)
    assert reply.status_code == 400
    assert sentence in reply.json["error"]
    assert stored(pages) == []
