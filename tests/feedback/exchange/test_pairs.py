import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange import read_pairs
from plaudit.feedback.store import FeedbackBuffer

HH = {
    "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Sky?\n\nAssistant: Blue.",
    "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Sky?\n\nAssistant: Blond.",
}


def said(role, content):
    return {"role": role, "content": content}


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def only(buffer):
    """Prompt, chosen and rejected of a single row."""
    (row,) = buffer
    texts = [segment.text for segment in row.query.segments]
    chosen = texts.pop(row.feedback.answer)
    return row.query.context["prompt"], chosen, texts[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Sky?", "chosen": " Blue", "rejected": " Red"}, ("Sky?", " Blue", " Red")),
        (
            HH,
            (
                "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Sky?\n\nAssistant:",
                " Blue.",
                " Blond.",
            ),
        ),
        ({"chosen": "Blue", "rejected": "Blond"}, ("", "Blue", "Blond")),
        (  # as TRL names it: prompt and completions as messages
            {
                "prompt": [said("user", "Sky?")],
                "chosen": [said("assistant", "Blue")],
                "rejected": [said("assistant", "Red")],
            },
            ([said("user", "Sky?")], "Blue", "Red"),
        ),
        (  # as UltraFeedback: the prompt once more, and the whole chat on both sides
            {
                "prompt": "Sky?",
                "prompt_id": "ab",
                "chosen": [said("user", "Sky?"), said("assistant", "Blue")],
                "rejected": [said("user", "Sky?"), said("assistant", "Red")],
                "score_chosen": 8.5,
            },
            ([said("user", "Sky?")], "Blue", "Red"),
        ),
        (  # the chats are the same, and still have a completion
            {k: [said("user", "Sky?"), said("assistant", "Blue")] for k in ("chosen", "rejected")},
            ([said("user", "Sky?")], "Blue", "Blue"),
        ),
        (
            {
                "prompt": "Sky?",
                "chosen": [said("assistant", "Blue")],
                "rejected": [said("assistant", "Red")],
            },
            ([said("user", "Sky?")], "Blue", "Red"),
        ),
    ],
    ids=["texts", "hh", "no prompt", "messages", "ultrafeedback", "same", "text and messages"],
)
def test_the_usual_forms_are_read(tmp_path, row, expected):
    buffer = read_pairs(write(tmp_path / "x.jsonl", row))
    assert only(buffer) == expected
    assert buffer.asks == [Compare()]


def test_completions_of_several_messages_are_kept_in_stored_order(tmp_path):
    long = [said("assistant", "Blue"), said("user", "Sure?"), said("assistant", "Yes")]
    short = [said("assistant", "Red")]
    row = {"prompt": [said("user", "Sky?")], "chosen": long, "rejected": short}
    for (read,) in (read_pairs(write(tmp_path / "x.jsonl", row), seed=seed) for seed in range(4)):
        assert read.query.context["completions"][read.feedback.answer] == long
        assert read.query.context["completions"][1 - read.feedback.answer] == short
        texts = [segment.text for segment in read.query.segments]
        assert texts[read.feedback.answer] == "assistant: Blue\n\nuser: Sure?\n\nassistant: Yes"


def test_every_kind_of_file_is_read_alike(tmp_path):
    rows = [{"prompt": f"{i}", "chosen": "a \N{SNOWMAN}", "rejected": "b"} for i in range(3)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "x.json").write_text(json.dumps(rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    for suffix in ("jsonl", "jsonl.gz", "json", "parquet"):
        buffer = read_pairs(tmp_path / f"x.{suffix}")
        assert [row.query.context["prompt"] for row in buffer] == ["0", "1", "2"]
        assert {row.query.segments[row.feedback.answer].text for row in buffer} == {"a \N{SNOWMAN}"}


def test_who_chose_and_wanted_columns_are_kept(tmp_path):
    rows = [{"chosen": "a", "rejected": "b", "annotator": who, "score": 3} for who in ("eve", None)]
    path = write(tmp_path / "x.jsonl", *rows)
    buffer = read_pairs(path, annotator="crowd", source="llm", columns=["score"])
    assert [row.feedback.annotator for row in buffer] == ["eve", "crowd"]
    assert {row.feedback.source for row in buffer} == {"llm"}
    assert [row.query.context["columns"] for row in buffer] == [{"score": 3}] * 2
    assert [row.query.provenance for row in buffer] == ["x.jsonl"] * 2


def test_the_place_tells_nothing_and_depends_on_the_seed_alone(tmp_path):
    path = write(tmp_path / "x.jsonl", *[{"chosen": "a", "rejected": "b"}] * 400)
    answers = [[row.feedback.answer for row in read_pairs(path, seed=s)] for s in (0, 0, 1)]
    assert answers[0] == answers[1] != answers[2]
    assert 160 <= sum(answers[0]) <= 240  # 200, and 4 standard deviations of 10


def test_an_import_survives_the_disk(tmp_path):
    buffer = read_pairs(write(tmp_path / "x.jsonl", HH, HH))
    buffer.save(tmp_path / "buffer")
    assert [only([row]) for row in FeedbackBuffer.load(tmp_path / "buffer")] == [
        only([row]) for row in buffer
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"chosen": "a"}', r"x\.jsonl, row 2: no 'rejected'; the row has chosen"),
        ('{"chosen": "a", "rejected": 3}', r"row 2: 'rejected' must be a text or a list of mess"),
        ('{"chosen": "a", "rejected": []}', r"row 2: 'rejected' must be a text or a list of mess"),
        ('{"chosen": [{"role": "user"}], "rejected": "a"}', r"row 2: 'chosen' must be a text or"),
        (
            '{"chosen": "a", "rejected": [{"role": "assistant", "content": "b"}]}',
            "row 2: 'chosen' and 'rejected' must both be texts or both messages",
        ),
        ('{"chosen": "a", "rej', r"x\.jsonl, row 2: no JSON: "),
        ("[1]", r"row 2: expected an object, got \[1\]"),
    ],
)
def test_a_row_that_is_no_pair_is_named(tmp_path, line, message):
    (tmp_path / "x.jsonl").write_text('{"chosen": "a", "rejected": "b"}\n' + line + "\n")
    with pytest.raises(ValueError, match=message):
        read_pairs(tmp_path / "x.jsonl")


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_a_byte_order_mark_is_no_obstacle(tmp_path, name):
    row = json.dumps({"chosen": "a\ud800", "rejected": "b"})
    (tmp_path / name).write_text(row if name == "x.jsonl" else f"[{row}]", "utf-8-sig")
    (found,) = read_pairs(tmp_path / name)
    assert {segment.text for segment in found.query.segments} == {"a\\ud800", "b"}


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.jsonl is no file"):
        read_pairs(tmp_path / "x.jsonl")
    for name, data, message in [
        ("x.csv", b"", r"x\.csv is none of \.jsonl, \.jsonl\.gz, \.json, \.parquet"),
        ("x.json", b"{}", r"x\.json: expected a list of objects"),
        ("x.json", b"[", r"x\.json: no JSON"),
        ("x.json", b"[" * 100_000, r"x\.json: no JSON: maximum recursion depth"),
        ("x.jsonl", b"[" * 100_000, r"x\.jsonl, row 1: no JSON: maximum recursion depth"),
        ("x.parquet", b"PAR1", r"x\.parquet is damaged"),
        ("x.jsonl.gz", gzip.compress(b"{}" * 99)[:-9], r"x\.jsonl\.gz is damaged"),
        ("x.jsonl", b'{"chosen": "\xff"}', r"x\.jsonl is damaged: .*utf-8"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=message):
            read_pairs(tmp_path / name)
