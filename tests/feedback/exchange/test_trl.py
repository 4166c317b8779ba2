import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from plaudit.envs.text import ByteTokenizer
from plaudit.feedback.asks import Approve, Check, Choose, Compare, Rank, Rate
from plaudit.feedback.exchange import read_pairs, to_trl, write_trl
from plaudit.feedback.exchange.texts import text_context, text_segments
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

SUFFIXES = (".jsonl", ".parquet")


def buffer(ask, *answers, prompt="P"):
    """One query about texts "a", "b", ... and an answer by every one of some annotators."""
    said = [chr(ord("a") + i) for i in range(ask.segments)]
    query = Query(text_segments(said, "test", 1), ask, (), text_context(prompt, said), 7, "drawn")
    made = FeedbackBuffer()
    made.add([query], [Feedback(7, f"ann{i}", answer) for i, answer in enumerate(answers)])
    return made


def rows(tmp_path, *args, suffix=".jsonl", **settings):
    path = tmp_path / f"out{suffix}"
    write_trl(*args[:1], path, *args[1:], **settings)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def pairs(table):
    return [(row["chosen"], row["rejected"]) for row in table]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["reward", "dpo"])
def test_a_comparison_is_a_pair_with_its_origin(tmp_path, kind, suffix):
    assert rows(tmp_path, buffer(Compare(), 1), kind, suffix=suffix) == [
        {
            "prompt": "P",
            "chosen": "b",
            "rejected": "a",
            "annotator": "ann0",
            "query_id": 7,
            "feedback_id": "7/ann0",
            "source": "sim",
            "provenance": "drawn",
            "strength": 0,
            "rank_gap": 1,
            "tie": False,
        }
    ]


@pytest.mark.parametrize(
    ("ask", "answer", "expected"),
    [
        (Compare(ties=True), 0, [("a", "b", 1)]),
        (Choose(3), 1, [("b", "a", 1), ("b", "c", 1)]),
        (Rank(3), (2, 0, 1), [("c", "a", 1), ("c", "b", 2), ("a", "b", 1)]),
    ],
    ids=str,
)
def test_pairs_of_every_question_about_several(tmp_path, ask, answer, expected):
    table = rows(tmp_path, buffer(ask, answer), "dpo")
    assert [(row["chosen"], row["rejected"], row["rank_gap"]) for row in table] == expected


def test_skips_never_and_ties_only_if_wanted_both_ways(tmp_path):
    made = buffer(Compare(ties=True), 0, 2, None)
    assert pairs(rows(tmp_path, made)) == [("a", "b")]
    table = rows(tmp_path, made, ties="both")
    assert pairs(table) == [("a", "b"), ("a", "b"), ("b", "a")]
    assert [row["tie"] for row in table] == [False, True, True]


def test_strengths_are_margins_of_the_reward_trainer_alone(tmp_path):
    # levels 3: answers 0 1 slightly, 2 3 plainly, 4 5 much, 6 a tie
    made = buffer(Compare(ties=True, levels=3), 4, 3, 0, 6)
    table = rows(tmp_path, made, ties="both")
    assert [row["margin"] for row in table] == [2.0, 1.0, 0.0, 0.0, 0.0]
    assert pairs(table)[:3] == [("a", "b"), ("b", "a"), ("a", "b")]
    assert "margin" not in rows(tmp_path, made, "dpo")[0]
    assert "margin" not in rows(tmp_path, buffer(Compare(), 0))[0]


@pytest.mark.parametrize(
    ("ask", "answers", "settings", "expected"),
    [
        (Approve(), (1, 0, None), {}, [("a", True), ("a", False)]),
        (Rate(5), (3, 2), {"threshold": 3}, [("a", True), ("a", False)]),
        (Rate(None), (0.5, 0.49), {"threshold": 0.5}, [("a", True), ("a", False)]),
        (Compare(ties=True), (1, 2), {}, [("b", True), ("a", False)]),
        (Choose(2), (0,), {}, [("a", True), ("b", False)]),
    ],
    ids=str,
)
def test_single_texts_with_labels(tmp_path, ask, answers, settings, expected):
    table = rows(tmp_path, buffer(ask, *answers), "kto", **settings)
    assert [(row["completion"], row["label"]) for row in table] == expected
    assert {row["prompt"] for row in table} == {"P"}


def test_what_becomes_no_row_is_told():
    with pytest.raises(ValueError, match=r"nothing here becomes a row for 'dpo': \[Approve\("):
        write_trl(buffer(Approve(), 1), "x.jsonl", "dpo")
    with pytest.raises(ValueError, match=r"nothing .* 'kto': \[Check"):
        write_trl(buffer(Check(("kind",)), (1,)), "x.jsonl", "kto")
    with pytest.raises(ValueError, match="nothing here becomes a row for 'reward': no answers"):
        to_trl(FeedbackBuffer())
    with pytest.raises(ValueError, match=r"Rate\(levels=5.* needs a threshold"):
        to_trl(buffer(Rate(5), 1), "kto")


@pytest.mark.parametrize(
    ("path", "settings", "message"),
    [
        ("x.jsonl", {"kind": "kot"}, "unknown kind of trainer 'kot'; did you mean 'kto'"),
        ("x.jsonl", {"ties": "half"}, "ties are 'drop' or 'both', got 'half'"),
        ("x.jsonl", {"threshold": "2"}, "threshold must be a number, got '2'"),
        ("x.csv", {}, r"x\.csv is neither \.parquet nor \.jsonl"),
    ],
)
def test_settings_that_make_no_sense_are_refused(path, settings, message):
    with pytest.raises(ValueError, match=message):
        write_trl(buffer(Compare(), 0), path, **settings)


def tokens():
    said = [np.array(ByteTokenizer().encode(text)) for text in ("yes", "no")]
    ref = SegmentRef("x", 0, 0, 3)
    parts = tuple(Segment(np.zeros((len(s) + 1, 1)), s, ref, rewards=s * 1.0) for s in said)
    made = FeedbackBuffer(privileged=True)
    made.add([Query(parts, Compare())], [Feedback(0, "ann", 1)])
    return made


def test_segments_of_tokens_need_a_tokenizer_or_a_function(tmp_path):
    with pytest.raises(ValueError, match="segment 1 of query 0 has no text; give text="):
        to_trl(tokens())
    assert pairs(rows(tmp_path, tokens(), text=ByteTokenizer())) == [("no", "yes")]
    seen = []

    def length(segment):
        seen.append(segment.rewards)
        return f"{len(segment)} tokens"

    assert pairs(rows(tmp_path, tokens(), text=length)) == [("2 tokens", "3 tokens")]
    assert seen == [None, None]  # the truth stays hidden


def test_a_text_of_its_own_comes_first(tmp_path):
    assert pairs(rows(tmp_path, buffer(Compare(), 0), text=lambda segment: "x")) == [("a", "b")]


def test_if_one_is_a_chat_all_are(tmp_path):
    made = buffer(Compare(), 0, prompt=[{"role": "user", "content": "hi"}])
    said = [[{"role": "assistant", "content": "c"}] * 2, "d"]
    query = Query(text_segments(said, "test", 2), Compare(), (), text_context("ho", said), 8)
    made.add([query], [Feedback(8, "ann", 1)])
    first, second = rows(tmp_path, made)
    assert first["prompt"] == [{"role": "user", "content": "hi"}]
    assert first["chosen"] == [{"role": "assistant", "content": "a"}]
    assert second["prompt"] == [{"role": "user", "content": "ho"}]
    assert second["chosen"] == [{"role": "assistant", "content": "d"}]
    assert second["rejected"] == [{"role": "assistant", "content": "c"}] * 2


def test_what_is_imported_is_exported_again(tmp_path):
    (tmp_path / "in").mkdir()
    given = [{"prompt": "P", "chosen": f"{i}", "rejected": "no"} for i in range(20)]
    path = tmp_path / "in" / "x.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in given))
    write_trl(read_pairs(path), tmp_path / "in" / "y.parquet")
    table = pq.read_table(tmp_path / "in" / "y.parquet").to_pylist()
    assert [{name: row[name] for name in given[0]} for row in table] == given


def test_a_data_set_holds_the_same_rows(tmp_path):
    pytest.importorskip("datasets", reason="needs the extra parity")
    made = buffer(Rank(3), (2, 0, 1))
    assert to_trl(made).to_list() == rows(tmp_path, made)


def test_a_failed_export_leaves_the_old_file(tmp_path):
    rows(tmp_path, buffer(Compare(), 0))
    before = (tmp_path / "out.jsonl").read_text()
    with pytest.raises(ValueError, match="has no text"):
        write_trl(tokens(), tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == before


def asked(**context):
    made = FeedbackBuffer()
    query = Query(text_segments(["a", "b\ud83d"], "x", 0), Compare(), context=context)
    made.add([query], [Feedback(0, "ann", 0)])
    return made


def test_no_prompt_is_an_empty_one_and_half_a_character_its_escape(tmp_path):
    (row,) = rows(tmp_path, asked(prompt=None))
    assert (row["prompt"], row["chosen"], row["rejected"]) == ("", "a", "b\\ud83d")
    (row,) = rows(tmp_path, asked(prompt=[]))  # a chat that begins with what is judged
    assert (row["prompt"], row["chosen"]) == ([], [{"role": "assistant", "content": "a"}])


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"prompt": {"a": 1}}, "the prompt of query 0 must be a text or a list of messages"),
        ({"completions": ["a"]}, r"the completions of query 0 must be 2, got \['a'\]"),
        ({"completions": "ab"}, "the completions of query 0 must be 2, got ab"),
        ({"completions": ["a", 3]}, "the completions of query 0 must be a text or a list"),
    ],
)
def test_a_context_that_no_trainer_could_read_is_named(tmp_path, context, message):
    with pytest.raises(ValueError, match=message):
        write_trl(asked(**context), tmp_path / "x.jsonl")


def test_a_folder_that_is_not_there_is_named_with_the_file(tmp_path):
    for suffix in ("jsonl", "parquet"):
        with pytest.raises(
            FileNotFoundError, match=rf"cannot write .*/nowhere/x\.{suffix}: No such"
        ):
            write_trl(asked(), tmp_path / "nowhere" / f"x.{suffix}")
