import numpy as np

from plaudit.agents.rollout.seat_credit import credited_to_steps


def test_what_is_paid_while_waiting_belongs_to_the_last_step():
    chose = np.array([[True], [False], [True], [False]])
    paid = np.array([[[1.0], [2.0], [4.0], [8.0]]], np.float32)
    credited, open_at = credited_to_steps(paid, chose, np.zeros((4, 1), bool))
    assert credited[0, :, 0].tolist() == [3.0, 0.0, 12.0, 0.0]  # 1 + 2; 4 + 8
    assert open_at.tolist() == [2]


def test_what_is_paid_before_the_first_step_of_an_episode_belongs_to_none():
    chose = np.array([[True], [False], [False], [True]])
    ends = np.array([[False], [True], [False], [False]])
    paid = np.array([[[1.0], [2.0], [4.0], [8.0]]], np.float32)
    credited, _ = credited_to_steps(paid, chose, ends)
    assert credited[0, :, 0].tolist() == [3.0, 0.0, 0.0, 8.0]  # 4 came after the end, before a step


def test_rows_and_kinds_of_amounts_are_apart():
    chose = np.array([[True, False], [False, True]])
    ends = np.array([[False, False], [True, False]])
    paid = np.array([[[1.0, 1.0], [2.0, 2.0]], [[0.5, 0.5], [0.25, 0.25]]], np.float32)
    credited, open_at = credited_to_steps(paid, chose, ends)
    assert credited[0].tolist() == [[3.0, 0.0], [0.0, 2.0]]
    assert credited[1].tolist() == [[0.75, 0.0], [0.0, 0.25]]
    assert open_at.tolist() == [-1, 1]  # the first row's episode is over
