import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from plaudit.feedback import parquet
from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.atomic import current
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

SCHEMA_1 = Path(__file__).parent / "data" / "schema_1"


def content(path):
    """Every file below a path, by its name, and a digest of what it holds."""
    files = [file for file in path.rglob("*") if file.is_file()]
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def grow(buffer, count):
    first = len(buffer)
    for i in range(first, first + count):
        segment = Segment(np.zeros((3, 2)), np.arange(2), SegmentRef("x", i, 0, 2), f"text {i}")
        buffer.add([Query((segment,), Rate(3), query_id=i)], [Feedback(i, "ann", i % 3)])
    return buffer


def meta(path):
    return json.loads((current(path) / "meta.json").read_text())


def rewrite(path, **changes):
    (current(path) / "meta.json").write_text(json.dumps(meta(path) | changes))


def test_the_first_schema_is_read(tmp_path):
    """Written by the first release; 10: two answers, one a tie, 12: a skip and a rating."""
    shutil.copytree(SCHEMA_1, tmp_path / "old")
    before = content(tmp_path)
    buffer = FeedbackBuffer.load(tmp_path / "old")
    told = [(f.query_id, f.annotator, f.answer, f.source) for f in (r.feedback for r in buffer)]
    assert told == [
        (10, "ann", 0, "sim"),
        (10, "bob", 2, "human"),
        (12, "ann", None, "sim"),
        (12, "bob", 1, "sim"),
    ]
    rows = list(buffer)
    assert (rows[0].feedback.probs, rows[0].feedback.seed) == ((0.5, 0.25, 0.25, 0.0), 2**40)
    assert (rows[0].feedback.comment, rows[0].feedback.seconds) == ("", None)
    assert buffer.asks == [Compare(ties=True), Rate(3)]
    query, last = rows[0].query, rows[3].query
    assert (query.order, query.context) == ((1, 0), {"told": ["a", 1]})
    short, long = query.segments
    assert (short.text, long.text, last.segments) == ("so kurz \N{SNOWMAN}", None, (long,))
    np.testing.assert_array_equal(short.obs, [[10, 11], [12, 13], [14, 15]])
    np.testing.assert_array_equal(short.rewards, [0.5, 0.5])
    assert content(tmp_path) == before


def test_the_first_schema_is_replaced_by_the_next_save(tmp_path):
    shutil.copytree(SCHEMA_1, tmp_path / "old")
    buffer = FeedbackBuffer.load(tmp_path / "old")
    buffer.add([], [Feedback(12, "cleo", 2, comment="new")])
    buffer.save(tmp_path / "old")
    assert meta(tmp_path / "old")["schema"] == 2
    np.testing.assert_equal(FeedbackBuffer.load(tmp_path / "old").get_state(), buffer.get_state())


def test_a_newer_schema_is_refused_with_the_version_that_wrote_it(tmp_path):
    buffer = grow(FeedbackBuffer(), 2)
    buffer.save(tmp_path)
    rewrite(tmp_path, schema=3, plaudit="7.1.0", tables=["unheard of"])
    before = content(tmp_path)
    with pytest.raises(
        ValueError, match=r"schema 3 .*plaudit 7\.1\.0.*reads schemas 1 to 2.*newer"
    ):
        FeedbackBuffer.load(tmp_path)
    with pytest.raises(ValueError, match=r"schema 3 and was written by plaudit 7\.1\.0"):
        grow(FeedbackBuffer(), 2).save(tmp_path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("name", ["segments/000", "queries/000", "feedback/000"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_table_is_named_and_left(tmp_path, name, share):
    grow(FeedbackBuffer(), 5).save(tmp_path)
    file = current(tmp_path) / f"{name}.parquet"
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    before = content(tmp_path)
    with pytest.raises(ValueError, match=rf"{name}\.parquet is damaged"):
        FeedbackBuffer.load(tmp_path)
    with pytest.raises(ValueError, match=rf"{name}\.parquet is damaged"):
        grow(FeedbackBuffer(), 9).save(tmp_path)
    assert content(tmp_path) == before


def test_a_flipped_bit_is_noticed(tmp_path):
    grow(FeedbackBuffer(), 5).save(tmp_path)
    file = current(tmp_path) / "segments" / "000.parquet"
    data = bytearray(file.read_bytes())
    data[data.index(b"text 0")] ^= 1
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"segments/000\.parquet is damaged: .*checksum"):
        FeedbackBuffer.load(tmp_path)


@pytest.mark.parametrize("name", ["meta.json", "queries/000.parquet"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no complete version"):
        FeedbackBuffer.load(tmp_path)
    grow(FeedbackBuffer(), 2).save(tmp_path)
    (current(tmp_path) / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing"):
        FeedbackBuffer.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is damaged: Expecting value"),
        ("[]", "is damaged"),
        ('{"schema": 0}', "is damaged: schema 0"),
        ('{"schema": 2, "privileged": false}', "is damaged: schema 2 with schema, privileged"),
        ('{"schema": "x"}', "is damaged: invalid literal"),
        ("[" * 100_000, "is damaged: maximum recursion depth"),
    ],
)
def test_a_damaged_page_is_named(tmp_path, text, message):
    grow(FeedbackBuffer(), 2).save(tmp_path)
    (current(tmp_path) / "meta.json").write_text(text)
    with pytest.raises(ValueError, match=rf"meta\.json {message}"):
        FeedbackBuffer.load(tmp_path)


def test_a_table_with_other_rows_than_counted_is_damaged(tmp_path):
    grow(FeedbackBuffer(), 2).save(tmp_path)
    file = current(tmp_path) / "feedback" / "000.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(
        ValueError, match=r"feedback/000\.parquet is damaged: it holds 1 rows where"
    ):
        FeedbackBuffer.load(tmp_path)


def test_an_answer_that_is_none_is_damage(tmp_path):
    grow(FeedbackBuffer(), 1).save(tmp_path)
    file = current(tmp_path) / "feedback" / "000.parquet"
    table = pq.read_table(file)
    pq.write_table(table.set_column(2, "answer", [["17"]]), file)
    with pytest.raises(ValueError, match=r"is damaged: .*17 is no answer to Rate"):
        FeedbackBuffer.load(tmp_path)


def test_it_is_written_by_whom_and_how_much_is_told(tmp_path):
    grow(FeedbackBuffer(), 3).save(tmp_path)
    about = meta(tmp_path)
    assert about["schema"] == 2
    assert about["plaudit"]
    assert about["rows"] == {"segments": 3, "queries": 3, "feedback": 3}
    assert about["arrays"]["obs"] == {"dtype": "<f8", "shape": [2]}


def part(size):
    return {"segments": 0, "queries": 0, "feedback": size}


@pytest.mark.parametrize(
    ("parts", "total", "kept"),
    [
        ([], 5, 0),
        ([8], 8, 1),  # nothing new
        ([8], 9, 1),  # 8 > 1
        ([8, 1], 10, 1),  # 1 <= 1: merged to 2, and 8 > 2
        ([8, 4, 2, 1], 16, 0),  # 1 <= 1, 2 <= 2, 4 <= 4, 8 <= 8
        ([8, 4, 2], 15, 3),
        ([3, 8], 12, 2),
    ],
)
def test_parts_larger_than_all_after_them_last(parts, total, kept):
    assert parquet.lasting([part(p) for p in parts], part(total)) == [part(p) for p in parts[:kept]]


def test_the_large_parts_are_linked_and_few(tmp_path):
    buffer = grow(FeedbackBuffer(), 20)
    buffer.save(tmp_path)
    large = (current(tmp_path) / "segments" / "000.parquet").stat().st_ino
    for _ in range(13):
        grow(buffer, 1).save(tmp_path)
        parts = meta(tmp_path)["parts"]
        assert len(parts) <= 5  # 20, and some of 8 + 4 + 2 + 1 >= 13
        assert sum(p["feedback"] for p in parts) == len(buffer)
    assert (current(tmp_path) / "segments" / "000.parquet").stat().st_ino == large
    assert len(FeedbackBuffer.load(tmp_path)) == 33


def test_a_file_system_without_links_gets_copies(tmp_path, monkeypatch):
    def refuse(file, link):
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    buffer = grow(FeedbackBuffer(), 5)
    buffer.save(tmp_path)
    grow(buffer, 1).save(tmp_path)
    assert len(meta(tmp_path)["parts"]) == 2
    assert len(FeedbackBuffer.load(tmp_path)) == 6


def test_other_tools_read_a_table_as_a_folder(tmp_path):
    buffer = grow(FeedbackBuffer(), 5)
    buffer.save(tmp_path)
    grow(buffer, 1).save(tmp_path)
    table = pq.read_table(current(tmp_path) / "feedback")
    assert table.column("answer").to_pylist() == ["0", "1", "2", "0", "1", "2"]


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"PAR1")])
@pytest.mark.parametrize("reloaded", [False, True])
def test_a_part_that_was_harmed_meanwhile_is_written_anew(tmp_path, harm, reloaded):
    buffer = grow(FeedbackBuffer(), 20)
    buffer.save(tmp_path)
    buffer = FeedbackBuffer.load(tmp_path) if reloaded else buffer
    harm(current(tmp_path) / "queries" / "000.parquet")
    grow(buffer, 1).save(tmp_path)
    np.testing.assert_equal(FeedbackBuffer.load(tmp_path).get_state(), buffer.get_state())
