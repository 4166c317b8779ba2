import json

import pytest

from plaudit.feedback.agreement import by_query
from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange import read_annotated_pairs

FILE = {
    "metadata": {"version": "2.0", "default_annotator": "d3", "dataset_name": "made by hand"},
    "annotators": {
        "d3": {"name": "preferred_text", "description": "from the data set", "type": "unknown"},
        "h1": {"name": "eve", "type": "human"},
        "p1": {"description": "Select the shorter response.", "type": "principle"},
        "p2": {"description": "Select the ruder response.", "type": "principle"},
        "p3": {"description": "Select the ruder response.", "type": "principle"},
    },
    "comparisons": [
        {
            "id": "4b49a6e7",
            "prompt": "Sky?",
            "response_a": {"text": "Blue.", "model": "X"},
            "response_b": {"text": "Why, blue of course.", "model": "Y"},
            "annotations": {
                "d3": {"pref": "b"},
                "h1": {"pref": "text_a"},
                "p1": {"pref": "a"},
                "p2": {"pref": None, "no_pref_reason": "neither"},
                "p3": {"pref": None, "no_pref_reason": "not_applicable"},
            },
            "metadata": {"index": "0"},
        },
        {
            "id": "77",
            "prompt": None,
            "response_a": {"text": "x"},
            "response_b": {"text": "y"},
            "annotations": {"p1": {"pref": None, "no_pref_reason": "invalid", "value": [1]}},
        },
    ],
}


def write(path, content=FILE):
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_all_annotators_ties_and_skips_are_kept(tmp_path):
    buffer = read_annotated_pairs(write(tmp_path / "x.json"), source="sim")
    assert buffer.asks == [Compare(ties=True)]
    told = [
        (f.annotator, f.answer, f.reason, f.comment, f.source) for f in (r.feedback for r in buffer)
    ]
    assert told == [
        ("preferred_text", 1, "", "", "sim"),
        ("eve", 0, "", "", "human"),
        ("Select the shorter response.", 0, "", "", "llm"),
        ("p2", 2, "", "neither", "llm"),  # two are called alike
        ("p3", None, "not_applicable", "", "llm"),
        ("Select the shorter response.", None, "invalid", "[1]", "llm"),
    ]


def test_texts_models_and_metadata_are_kept(tmp_path):
    first, *_, last = read_annotated_pairs(write(tmp_path / "x.json"))
    assert [s.text for s in first.query.segments] == ["Blue.", "Why, blue of course."]
    assert first.query.context == {
        "prompt": "Sky?",
        "id": "4b49a6e7",
        "models": ["X", "Y"],
        "metadata": {"index": "0"},
    }
    assert last.query.context["prompt"] == ""
    assert last.query.query_id == 1


def test_its_annotators_can_be_compared(tmp_path):
    # b, a, a, tie: of 6 pairs one agrees; the second comparison has a skip only.
    found = by_query(read_annotated_pairs(write(tmp_path / "x.json")))
    assert found == {0: pytest.approx(1 / 6)}


def damaged(**changes):
    first = {**FILE["comparisons"][0], **changes}
    return {**FILE, "comparisons": [FILE["comparisons"][1], first]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], r"x\.json: no AnnotatedPairs.*: metadata, annotators, comparisons missing"),
        ({**FILE, "metadata": None}, "'comparisons': metadata missing or of another type"),
        ({**FILE, "annotators": []}, "'comparisons': annotators missing or of another type"),
        ({**FILE, "comparisons": {}}, "'comparisons': comparisons missing or of another type"),
        ({**FILE, "annotators": {"x": "me"}}, r"annotator 'x' has no texts .*\['me'\]"),
        ({**FILE, "annotators": {"x": {"name": ["a"]}}}, "annotator 'x' has no texts as its name"),
        (damaged(prompt=5), "comparison 2: 'prompt' must be a text, got '5'"),
        (damaged(annotations={"h1": {"pref": ["a"]}}), r"'pref' must be .*, got \['a'\]"),
        ({**FILE, "metadata": {"version": "1.0"}}, "version 1.0 of AnnotatedPairs; version 2 is"),
        ({**FILE, "metadata": {}}, "version None of AnnotatedPairs"),
        (damaged(response_a="text"), r"x\.json, comparison 2: no response_a"),
        (damaged(response_b={"model": "Y"}), "comparison 2: a response has no 'text'"),
        (damaged(annotations={"zz": {"pref": "a"}}), "annotator 'zz' is not among the file's"),
        (damaged(annotations={"h1": {"pref": "c"}}), "'pref' must be 'a', 'b' or null, got 'c'"),
        (damaged(annotations={"h1": "a"}), "comparison 2: the annotation of 'h1' is no object"),
        ({**FILE, "comparisons": ["x"]}, "comparison 1: expected an object, got 'x'"),
    ],
)
def test_what_is_none_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_annotated_pairs(write(tmp_path / "x.json", content))


def test_a_file_without_json_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.json is no file"):
        read_annotated_pairs(tmp_path / "x.json")
    for text in ('{"metadata":', "[" * 100_000, "\xff"):
        (tmp_path / "x.json").write_text(text, "latin-1")
        with pytest.raises(ValueError, match=r"x\.json: no JSON"):
            read_annotated_pairs(tmp_path / "x.json")


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(FILE), "utf-8-sig")
    assert len(read_annotated_pairs(tmp_path / "x.json")) > 0
