import numpy as np
import pytest

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange import read_uni_rlhf

HEADER = (
    "id,query_id,project_id,completion_time,marked_num,skip_num,video_url,"
    "start_indices_1,end_indices_1,start_indices_2,end_indices_2,"
    "feedback_type,label,extra,annotator_id,annotator_name"
)


def row(query="q1", bounds="0,3,4,7", label="0", who="7,eve", skips="0"):
    return f"1,{query},p,2023-06-01,1,{skips},v.mp4,{bounds},comparative,{label},,{who}"


def write(path, *rows, header=HEADER):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def told(buffer):
    return [(f.query_id, f.annotator, f.answer) for f in (row.feedback for row in buffer)]


@pytest.fixture
def steps(tmp_path):
    n = np.arange(10.0)
    data = {"observations": np.stack([n, -n], 1), "actions": n[:, None], "rewards": n / 10}
    np.savez(tmp_path / "plain.npz", **data)
    np.savez(tmp_path / "next.npz", next_observations=np.stack([n, -n], 1) + 0.5, **data)
    return tmp_path


def test_released_labels_are_read(tmp_path):
    path = write(
        tmp_path / "label.csv",
        row("q1", label="0"),
        row("q2", label="1"),
        row("q3", label="-1", who=","),
        row("q1", label="-1", who="8,bob"),  # a second annotator of the first query
        row("q4", label="", skips="2"),
    )
    buffer = read_uni_rlhf(path, env_id="hopper")
    assert told(buffer) == [(0, "eve", 0), (1, "eve", 1), (2, "unknown", 2), (0, "bob", 2)]
    assert buffer.asks == [Compare(ties=True)]
    query = next(iter(buffer)).query
    assert query.context == {"id": "q1", "skips": 0}
    assert [(s.ref.env_id, s.ref.start, s.ref.end) for s in query.segments] == [
        ("hopper", 0, 3),
        ("hopper", 4, 7),
    ]
    assert [q["context"]["skips"] for q in buffer.get_state()["queries"]] == [0, 0, 0, 2]


def test_all_annotators_of_the_platform_s_export_are_kept(tmp_path):
    path = write(
        tmp_path / "label.csv",
        row("q1", label="\"{'7': {'0': 0}, '8': {'0': 2}, '9': {'0': 1}}\""),
        row("q2", label="\"{'8': {'0': 1}}\"", who="8,bob"),
    )
    buffer = read_uni_rlhf(path, options={0: 0, 1: 1, 2: 2})
    assert told(buffer) == [(0, "eve", 0), (0, "bob", 2), (0, "9", 1), (1, "bob", 1)]


def test_segments_are_cut_from_the_data_set(tmp_path, steps):
    path = write(tmp_path / "label.csv", row(bounds="0,2,8,10"))
    (found,) = read_uni_rlhf(path, steps=steps / "next.npz", privileged=True)
    first, second = found.query.segments
    np.testing.assert_array_equal(first.obs, [[0, 0], [1, -1], [1.5, -0.5]])
    np.testing.assert_array_equal(second.actions, [[8], [9]])
    np.testing.assert_array_equal(second.rewards, [0.8, 0.9])
    (found,) = read_uni_rlhf(path, steps=steps / "plain.npz")
    np.testing.assert_array_equal(found.query.segments[0].obs, [[0, 0], [1, -1], [1, -1]])
    assert found.query.segments[0].rewards is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row(label="5"), r"label\.csv, row 2: option 5 is none of \[-1, 0, 1\]"),
        (row(label='"' + "[" * 9999 + '"'), "row 2: the label .* can't be read"),
        (row(label="\"{'7': {'0': [1]}}\""), r"row 2: option \[1\] is none of \[-1, 0, 1\]"),
        (row(label="x" * 200_000), r"label\.csv is damaged: field larger than field limit"),
        (row(label="left"), "row 2: the label 'left' can't be read"),
        (row(label="[0]"), r"row 2: the label '\[0\]' is neither an option nor one answer"),
        (row(label="\"{'7': {'0': 1, '1': 0}}\""), "neither an option nor one answer to one quest"),
        (row(bounds="0,x,4,7"), "row 2: the bounds of segments are no integers"),
        (row(bounds="3,3,4,7"), r"row 2: segments need 0 <= start < end, got \(3, 3, 4, 7\)"),
        (row(bounds="0,3,4,8", who="8,bob"), "row 2: query q1 had other segments in an earlier"),
        (row("q2")[:45], "row 2: it has not as many fields as the header"),
    ],
)
def test_a_row_that_is_no_comparison_is_named(tmp_path, line, message):
    with pytest.raises(ValueError, match=message):
        read_uni_rlhf(write(tmp_path / "label.csv", row(), line))


def test_a_second_answer_by_one_annotator_is_refused(tmp_path):
    with pytest.raises(ValueError, match="already answered by 'eve'"):
        read_uni_rlhf(write(tmp_path / "label.csv", row(), row(label="1")))


def test_a_file_or_data_set_that_does_not_fit_is_named(tmp_path, steps):
    with pytest.raises(FileNotFoundError, match=r"label\.csv is no file"):
        read_uni_rlhf(tmp_path / "label.csv")
    path = write(tmp_path / "label.csv", header=HEADER.replace("_indices_1", "_indices"))
    with pytest.raises(ValueError, match=r"no column end_indices_1, start_indices_1; only compar"):
        read_uni_rlhf(path)
    path = write(tmp_path / "label.csv", row(bounds="0,3,8,11"))
    with pytest.raises(ValueError, match="row 1: steps 8 to 11 of a data set of 10"):
        read_uni_rlhf(path, steps=steps / "plain.npz")
    np.savez(tmp_path / "short.npz", observations=np.zeros((3, 1)), actions=np.zeros(4))
    with pytest.raises(ValueError, match=r"short\.npz has 4 actions and 3 observations"):
        read_uni_rlhf(path, steps=tmp_path / "short.npz")
