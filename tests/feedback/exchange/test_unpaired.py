import json

import pytest

from plaudit.feedback.asks import Approve
from plaudit.feedback.exchange import read_unpaired


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_approvals_are_read(tmp_path):
    chat = [{"role": "user", "content": "Sky?"}]
    rows = [
        {"prompt": "Sky?", "completion": " Blue", "label": True},
        {"prompt": chat, "completion": [{"role": "assistant", "content": "Red"}], "label": 0},
        {"completion": "Grey", "label": False, "annotator": "eve"},
    ]
    buffer = read_unpaired(write(tmp_path / "x.jsonl", *rows), annotator="ann")
    assert buffer.asks == [Approve()]
    assert [row.query.segments[0].text for row in buffer] == [" Blue", "Red", "Grey"]
    assert [row.query.context["prompt"] for row in buffer] == ["Sky?", chat, ""]
    assert [row.feedback.answer for row in buffer] == [1, 0, 0]
    assert [row.feedback.annotator for row in buffer] == ["ann", "ann", "eve"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"completion": "a"}, r"x\.jsonl, row 1: no 'label'"),
        ({"label": True}, r"row 1: no 'completion'"),
        ({"completion": "a", "label": "yes"}, "'label' must be true or false, got 'yes'"),
        ({"completion": "a", "label": 2}, "'label' must be true or false, got 2"),
    ],
)
def test_a_row_that_is_no_approval_is_named(tmp_path, row, message):
    with pytest.raises(ValueError, match=message):
        read_unpaired(write(tmp_path / "x.jsonl", row))
