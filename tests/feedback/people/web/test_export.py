import csv
import io
import json

from plaudit.feedback.asks import Rank
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.export import COLUMNS, as_csv, as_json_lines
from tests.feedback.people.cases import queries


def filled(directory):
    desk = Desk(directory)
    desk.post(queries(3, Rank(2)))
    desk.record(0, "ann", (1, 0), comment='so, "so"\nlines', seconds=1.5)
    desk.record(1, "ann", reason="dark")
    desk.record(2, "ben", (0, 1))
    desk.undo("ben")
    return desk


def test_every_answer_that_stands_is_a_line(tmp_path):
    first, second = map(json.loads, as_json_lines(filled(tmp_path)).splitlines())
    assert (first["answer"], first["order"], first["seconds"]) == ([1, 0], [0, 1], 1.5)
    assert first["ask"] == {"kind": "rank", "segments": 2}
    assert (second["event"], second["answer"], second["reason"]) == ("skip", None, "dark")
    assert second["order"] == [1, 0]


def test_the_table_says_the_same(tmp_path):
    rows = list(csv.DictReader(io.StringIO(as_csv(filled(tmp_path)))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["answer"] for row in rows] == ["[1, 0]", ""]
    assert rows[0]["comment"] == 'so, "so"\nlines'


def test_no_answers_are_an_empty_file_and_a_head(tmp_path):
    desk = Desk(tmp_path)
    assert as_json_lines(desk) == ""
    assert as_csv(desk) == ",".join(COLUMNS) + "\n"
