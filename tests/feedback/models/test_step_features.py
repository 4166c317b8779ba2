import numpy as np
import pytest

from plaudit.feedback.models.step_features import (
    StepFeatures,
    arrivals,
    believed_visits,
    cells,
    delivery_marks,
    numbers,
    of_instance,
    transitions,
)

ONE = np.array([1])


def test_cells_count_what_was_seen_first_and_what_was_done():
    made = cells(np.array([[0, 1, 9]]), ONE, sizes=[2, 3], actions_n=2)
    # Place (0, 1) is number 1 of 6, and the second of 2 actions: 1 * 2 + 1 = 3 of 12.
    assert made.shape == (1, 12)
    assert made[0].nonzero()[0].tolist() == [3]


def test_arrivals_and_transitions_look_at_what_came_next():
    obs, after = np.array([[0, 2]]), np.array([[2, 1]])
    assert arrivals(obs, ONE, after, sizes=[3])[0].tolist() == [0.0, 0.0, 1.0]
    made = transitions(obs, ONE, after, sizes=[3], actions_n=2)
    assert made[0].nonzero()[0].tolist() == [1 * 3 + 2]  # pair 1 of 6, then state 2 of 3
    assert StepFeatures({"name": "arrivals", "sizes": [3]}).looks_ahead


def test_numbers_are_what_was_seen_and_the_action():
    assert numbers(np.array([[0.5, 2.0]]), ONE, actions_n=2)[0].tolist() == [0.5, 2.0, 0.0, 1.0]
    assert numbers(np.array([[0.5]]), np.array([[0.25]]))[0].tolist() == [0.5, 0.25]


def test_a_delivery_meets_roads_coins_and_ends():
    board = ["..oD", ".S,#", "....", "...."]
    obs = np.array([[0, 1, 9], [0, 2, 8], [1, 2, 8], [1, 0, 5]])
    after = np.array([[0, 2, 8], [0, 3, 7], [1, 2, 7], [1, 1, 4]])
    made = delivery_marks(obs, np.zeros(4, int), after, layout=board, horizon=9)
    # Onto a coin by road; home; into a house, so still on brick; into a sheep.
    assert made.astype(int).tolist() == [
        [1, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],
    ]


def test_a_human_believes_in_clean_code_that_runs():
    episode = np.array([[0, 2], [2, 1], [3, 0]])  # in truth a bug, which ran
    made = believed_visits(episode, np.array([1, 0]), instance="recoverable")
    # The gallery says that a run means clean with 9/14.
    np.testing.assert_allclose(made, [1.0, 9 / 14, 5 / 14, 1.0, 0.0])


def test_another_belief_may_be_assumed():
    episode = np.array([[0, 2], [2, 1], [3, 0]])
    settings = {"instance": "recoverable", "expected": [1.0, 0.0, 0.0]}
    with pytest.raises(ValueError, match="must believe each sight possible"):
        believed_visits(episode, ONE, **{**settings, "expected": [0.0, 0.0, 1.0]})
    made = believed_visits(episode, ONE, **{**settings, "expected": [0.5, 0.0, 0.5]})
    # Patched code is clean with 0.8: 0.8 * 0.9 / (0.8 * 0.9 + 0.2 * 0.5) = 0.72 / 0.82
    assert made[1] == pytest.approx(0.72 / 0.82)


def test_features_of_an_instance_are_its_own():
    made = of_instance(np.array([[0, 1]]), np.array([0]), instance="k_wise_mle_failure")
    assert made.ndim == 2
    with pytest.raises(ValueError, match="has no features"):
        of_instance(np.array([[0, 1]]), np.array([0]), instance="recoverable")


def test_what_lies_outside_is_refused():
    with pytest.raises(ValueError, match=r"begin with 1 integers below \(3,\)"):
        cells(np.array([[3]]), ONE, sizes=[3], actions_n=2)
    with pytest.raises(ValueError, match=r"actions must be in 0\.\.1, got 2\.\.2"):
        cells(np.array([[1]]), np.array([2]), sizes=[3], actions_n=2)
    with pytest.raises(ValueError, match="nobody watches"):
        believed_visits(np.zeros((2, 2), int), ONE, instance="safe_or_risky")
    with pytest.raises(ValueError, match="no whole episode"):
        believed_visits(np.zeros((2, 2), int), ONE, instance="recoverable")


def test_features_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"must give \(1, d\) finite numbers, got shape \(1,\)"):
        StepFeatures(lambda obs, actions: actions)(np.zeros((1, 2)), ONE, None)
