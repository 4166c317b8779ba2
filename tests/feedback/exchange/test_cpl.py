import numpy as np
import pytest

from plaudit.feedback.asks import Compare
from plaudit.feedback.exchange import read_cpl


def new(**changes):
    """4 segments of 3 steps; 0 is compared with 2, and 1 with 3."""
    arrays = {
        "obs": np.arange(24.0, dtype=np.float32).reshape(4, 3, 2),
        "action": np.arange(12.0, dtype=np.float32).reshape(4, 3, 1),
        "reward": np.arange(12.0, dtype=np.float32).reshape(4, 3),
        "label": np.array([1.0, 2.0, 3.0, 2.0]),
        "rl_sum": np.array([1.0, 2.0, 0.5, 1.0]),
    }
    return {k: v for k, v in (arrays | changes).items() if v is not None}


def old(label):
    arrays = new()
    halves = {
        f"{name}_{i + 1}": arrays[name][2 * i : 2 * i + 2]
        for name in ("obs", "action", "reward")
        for i in (0, 1)
    }
    return {**halves, "label": np.array(label)}


def save(path, arrays):
    np.savez(path, **arrays)
    return path


def answers(buffer):
    return [row.feedback.answer for row in buffer]


def test_the_higher_score_is_better_and_equal_ones_tie(tmp_path):
    path = save(tmp_path / "x.npz", new())
    assert answers(read_cpl(path)) == [1, 2]
    buffer = read_cpl(path, label="rl_sum")
    assert answers(buffer) == [0, 0]
    assert buffer.asks == [Compare(ties=True)]
    assert {row.feedback.annotator for row in buffer} == {"rl_sum"}


def test_labels_of_the_old_form_say_which_is_better(tmp_path):
    buffer = read_cpl(save(tmp_path / "x.npz", old([0.0, 1.0])))
    assert answers(buffer) == [0, 1]
    assert answers(read_cpl(save(tmp_path / "y.npz", old([0.5, 0.0])))) == [2, 0]


@pytest.mark.parametrize("arrays", [new(), old([0.0, 1.0])], ids=["new", "old"])
def test_segments_are_paired_and_the_truth_is_privileged(tmp_path, arrays):
    path = save(tmp_path / "x.npz", arrays)
    first, second = list(read_cpl(path, privileged=True))[1].query.segments
    np.testing.assert_array_equal(first.obs, [[6, 7], [8, 9], [10, 11], [10, 11]])
    np.testing.assert_array_equal(second.actions, [[9], [10], [11]])
    np.testing.assert_array_equal(second.rewards, [9, 10, 11])
    assert (first.ref.episode, second.ref.episode) == (1, 3)
    assert next(iter(read_cpl(path))).query.segments[0].rewards is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (new(label=None), r"x\.npz has no array 'label'"),
        (new(obs=None), "has no array 'obs'"),
        (new(action=None), "has no array 'action'"),
        (new(obs=np.zeros((4, 2, 2))), r"'obs' has shape \(4, 2, 2\), expected \(4, steps, ...\)"),
        (new(reward=np.zeros(4)), r"'reward' has shape \(4,\), expected \(4, steps, ...\)"),
        (new(action=np.zeros(4)), r"'obs' has shape \(4, 3, 2\)"),
        (new(label=np.array(3.0)), "'label' must be one finite number per row"),
        ({k: v[:0] for k, v in new().items()}, "'label' is empty, so nothing was compared"),
        ({**new(), "obs": np.zeros((4, 0, 2)), "action": np.zeros((4, 0, 1))}, "have no steps"),
        (new(label=np.zeros((4, 3))), "'label' must be one finite number per row"),
        (new(label=np.array([0, 1, np.nan, 2])), "'label' must be one finite number per row"),
        (new(label=np.array(["a", "b", "c", "d"])), "'label' must be one finite number per row"),
        (old([0.0, 2.0]), "'label' must be 0 first, 1 second or 0.5 a tie"),
        ({k: v[:3] for k, v in new().items()}, "3 segments do not make pairs"),
        (new(label=np.array([{}], object)), r"x\.npz is no \.npz file of plain arrays"),
    ],
    ids=range(15),
)
def test_arrays_that_do_not_fit_are_named(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        read_cpl(save(tmp_path / "x.npz", arrays))


def test_a_damaged_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.npz is no file"):
        read_cpl(tmp_path / "x.npz")
    path = save(tmp_path / "x.npz", new())
    for data in (b"", b"PK", path.read_bytes()[:-40], path.read_bytes()[:200]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"x\.npz is no \.npz file of plain arrays"):
            read_cpl(path)
    np.save(tmp_path / "y.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"y\.npy is no \.npz file of plain arrays"):
        read_cpl(tmp_path / "y.npy")
