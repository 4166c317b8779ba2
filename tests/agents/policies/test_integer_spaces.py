import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.policies.feature_map import FeatureMap
from plaudit.agents.policies.integer_spaces import integers


def test_each_integer_has_a_least_value_and_a_number_of_values():
    low, counts = integers(gym.spaces.MultiDiscrete([2, 3], start=[5, -1]))
    assert (low.tolist(), counts.tolist()) == ([5, -1], [2, 3])
    low, counts = integers(gym.spaces.Box(-2, 1, (2,), np.int8))
    assert (low.tolist(), counts.tolist()) == ([-2, -2], [4, 4])
    assert integers(gym.spaces.Box(0, 1, (2,), np.float32)) is None


def test_counts_do_not_run_over():
    wide = gym.spaces.Box(0, 2**64 - 1, (1,), np.uint64)
    low, counts = integers(wide)
    assert (low.tolist(), counts.tolist()) == ([0], [1 << 40])
    with pytest.raises(ValueError, match="features of this kind; at most"):
        FeatureMap(wide)
