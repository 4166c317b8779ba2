import csv
import json

import numpy as np
import pytest

from plaudit.feedback.asks import Rank, Rate
from plaudit.feedback.exchange import to_rows, write_csv
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef


def buffer():
    parts = tuple(
        Segment(np.zeros((3, 1)), np.zeros(2), SegmentRef("x", i, 4, 6), rewards=np.full(2, 77.7))
        for i in range(3)
    )
    made = FeedbackBuffer(privileged=True)
    made.add(
        [Query(parts, Rank(3), (1, 0, 2), {"told": "a,b"}, 5), Query(parts[:1], Rate(None))],
        [
            Feedback(5, "ann", (2, 0, 1), comment='said "so"\nand so', seconds=1.5, answered=3),
            Feedback(5, "bob", None, "no idea"),
            Feedback(0, "ann", 0.1, probs=None),
        ],
    )
    return made


def test_every_answer_and_skip_is_a_row():
    first, second, third = to_rows(buffer())
    assert json.loads(first["answer"]) == [2, 0, 1]
    assert json.loads(first["segments"]) == ["x#0[4:6]", "x#1[4:6]", "x#2[4:6]"]
    assert (first["query_id"], first["kind"], first["order"]) == (5, "rank", "[1, 0, 2]")
    assert (second["answer"], second["skipped"], second["reason"]) == ("", True, "no idea")
    assert (third["answer"], third["annotator"], third["skipped"]) == ("0.1", "ann", False)


def test_a_table_is_read_back_and_hides_the_truth(tmp_path):
    write_csv(buffer(), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    assert [row["comment"] for row in table] == ['said "so"\nand so', "", ""]
    assert table[0]["context"] == '{"told": "a,b"}'
    assert "77.7" not in (tmp_path / "x.csv").read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]


def test_an_empty_buffer_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no answers, so there is nothing to write"):
        write_csv(FeedbackBuffer(), tmp_path / "x.csv")
