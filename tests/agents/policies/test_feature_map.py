import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.policies.feature_map import FeatureMap

PAIR = gym.spaces.MultiDiscrete([3, 4], start=[0, 1])


def test_a_table_has_a_cell_for_each_combination():
    features = FeatureMap(PAIR)
    assert (features.kind, features.size, features.active) == ("table", 12, 1)
    # row-major: 4 * first + (second - 1)
    assert features.read(np.array([[0, 1], [2, 4], [1, 2]]))[:, 0].tolist() == [0, 11, 5]


def test_one_hot_has_a_cell_for_each_value():
    features = FeatureMap(PAIR, "one_hot")
    assert (features.size, features.active) == (7, 2)
    assert features.read(np.array([[0, 1], [2, 4]])).tolist() == [[0, 3], [2, 6]]


@pytest.mark.parametrize(
    ("space", "size"),
    [
        (gym.spaces.Discrete(5, start=-2), 5),
        (gym.spaces.MultiBinary(3), 8),
        (gym.spaces.Box(-1, 1, (2,), np.int8), 9),
    ],
)
def test_every_space_of_integers_has_a_table(space, size):
    features = FeatureMap(space)
    space.seed(0)
    seen = np.stack([np.asarray(space.sample()) for _ in range(200)])
    found = features.read(seen)
    assert features.size == size
    assert sorted({*found[:, 0].tolist()}) == [*range(size)]


def test_more_combinations_than_fit_become_one_hot():
    assert FeatureMap(gym.spaces.MultiDiscrete([50] * 4)).kind == "one_hot"


def test_tiles_are_cells_of_shifted_grids():
    features = FeatureMap(gym.spaces.Box(0, 1, (1,)), tilings=2, cells=4)
    assert (features.size, features.active) == (2 * 5, 2)
    # grids of width 1/4; the second is shifted by half a cell: floor(4 x) and 5 + floor(4 x + 1/2)
    found = features.read(np.array([[0.0], [0.2], [0.3], [1.0]]))
    assert found.tolist() == [[0, 5], [0, 6], [1, 6], [4, 9]]


def test_near_places_share_tiles_and_far_ones_do_not():
    features = FeatureMap(gym.spaces.Box(np.zeros(2), np.ones(2), dtype=np.float64))
    here, near, far = features.read(np.array([[0.5, 0.5], [0.52, 0.5], [0.9, 0.1]]))
    assert 0 < np.count_nonzero(here == near) < 8
    assert np.count_nonzero(here == far) == 0


@pytest.mark.parametrize(
    ("space", "kind", "message"),
    [
        (gym.spaces.Discrete(3), "tiles", "features 'tiles' do not fit Discrete"),
        (gym.spaces.Box(0, 1), "table", "features 'table' do not fit Box"),
        (gym.spaces.Box(-np.inf, np.inf), "auto", "tiles need a box with finite bounds"),
        (gym.spaces.Discrete(3), "tile", "unknown features 'tile'.*'tiles'"),
        (gym.spaces.MultiDiscrete([99] * 9), "table", "at most 4194304 fit"),
    ],
)
def test_features_that_do_not_fit_are_refused(space, kind, message):
    with pytest.raises(ValueError, match=message):
        FeatureMap(space, kind)


def test_texts_have_no_features():
    with pytest.raises(TypeError, match="features are made of numbers, got Text"):
        FeatureMap(gym.spaces.Text(3))


def test_what_is_outside_of_the_space_is_refused():
    with pytest.raises(ValueError, match=r"outside of their space: \[\[0, 5\]\]"):
        FeatureMap(PAIR).read(np.array([[0, 5]]))
