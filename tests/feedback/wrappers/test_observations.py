import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, Text, Tuple

from plaudit.envs.text import UnicodeText
from plaudit.feedback.wrappers.observations import Numbers, shows_words

IMAGE = Box(0, 9, (2, 2), np.uint8)
PIXELS = np.arange(4, dtype=np.uint8).reshape(2, 2)


def test_arrays_and_numbers_are_read_as_they_are():
    numbers = Numbers(IMAGE)
    assert numbers.one(PIXELS) is PIXELS
    assert numbers.rows(PIXELS[None]).shape == (1, 2, 2)
    assert Numbers(Discrete(3)).one(2).shape == Numbers(Discrete(3)).shape == ()


def test_the_numbers_of_a_dict_are_laid_out_in_the_order_of_the_space():
    space = Dict({"image": IMAGE, "bits": Tuple((MultiBinary(2), Discrete(5))), "words": Text(9)})
    numbers = Numbers(space, count=2)
    one = {"words": "go", "image": PIXELS, "bits": (np.array([1, 0]), 4)}
    # Gymnasium sorts the keys: bits (2 and 1 numbers), then the image (4), no words
    expected = [1, 0, 4, 0, 1, 2, 3]
    assert (numbers.shape, numbers.one(one).tolist()) == ((7,), expected)
    bits = (np.array([[1, 0], [1, 0]]), np.array([4, 4]))
    rows = {"words": ("go", "go"), "image": np.array([PIXELS, PIXELS]), "bits": bits}
    assert numbers.rows(rows).tolist() == [expected, expected]


def test_what_stands_alone_beside_words_or_a_mask_keeps_its_shape():
    space = Dict({"observation": IMAGE, "action_mask": MultiBinary(3), "said": UnicodeText(9)})
    numbers = Numbers(space)
    one = {"observation": PIXELS, "action_mask": np.ones(3, np.int8), "said": "well done"}
    assert numbers.shape == (2, 2)
    np.testing.assert_array_equal(numbers.one(one), PIXELS)


@pytest.mark.parametrize("words", [Text(9), UnicodeText(9)])
def test_words_alone_are_no_numbers(words):
    numbers = Numbers(words, count=3)
    assert shows_words(words)
    assert (numbers.one("hello").shape, numbers.rows(("a", "b", "c")).shape) == ((0,), (3, 0))


def test_other_spaces_are_refused():
    with pytest.raises(TypeError, match=r"numbers \(Box, .*\), words, or a Dict or Tuple of them"):
        Numbers(Dict({"graph": gym.spaces.Graph(Discrete(2), None)}))
