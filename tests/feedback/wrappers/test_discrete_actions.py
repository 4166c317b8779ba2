import gymnasium as gym
import numpy as np
import pytest

from plaudit.feedback.wrappers.discrete_actions import discrete_actions, legal_actions


def test_without_a_mask_everything_is_legal():
    assert legal_actions({}, (2, 3)).tolist() == [[True] * 3] * 2


def test_masks_of_one_and_of_several():
    single = {"action_mask": np.array([1, 0, 1], np.int8)}
    assert legal_actions(single, (1, 3)).tolist() == [[True, False, True]]
    # row 1 tells no mask in this step, so Gymnasium has filled it with zeros
    several = {"action_mask": np.array([[1, 0], [0, 0]]), "_action_mask": np.array([True, False])}
    assert legal_actions(several, (2, 2)).tolist() == [[True, False], [True, True]]


def test_actions_that_are_not_counted_are_refused():
    assert discrete_actions("Advice", gym.spaces.Discrete(3, start=2)) == (3, 2)
    for space in (gym.spaces.Box(0, 1), gym.spaces.Discrete(3, start=-1)):
        with pytest.raises(TypeError, match="Advice needs Discrete actions, counted from 0"):
            discrete_actions("Advice", space)
