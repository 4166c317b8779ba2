import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies import encoders
from plaudit.agents.policies.encoders import Flat, OneHot, Picture, Several, Vectors, encoder

S = gym.spaces


def made(space, kind="auto"):
    return encoder(space, kind, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("space", "kind", "size"),
    [
        (S.Discrete(5), OneHot, 5),
        (S.MultiDiscrete([3, 4]), OneHot, 7),
        (S.MultiBinary(6), OneHot, 12),
        (S.Box(0, 9, (4,), np.int16), OneHot, 40),
        (S.Box(0, 255, (174,), np.int16), Vectors, 174),
        (S.Box(0, 1 << 40, (2,), np.int64), Flat, 2),
        (S.Box(-1.0, 1.0, (2, 3)), Flat, 6),
        (S.Box(0, 255, (7, 7, 3), np.uint8), Picture, 147),
        (S.Dict(a=S.Discrete(2), b=S.Box(-1, 1, (3,))), Several, 5),
        (S.Tuple([S.Discrete(2), S.Box(-1, 1, (3,))]), Several, 5),
    ],
)
def test_every_space_is_read_as_a_row_of_numbers(space, kind, size):
    found = made(space)
    assert (type(found), found.size) == (kind, size)
    batch = gym.vector.utils.batch_space(space, 3)
    batch.seed(0)
    numbers = found.read(batch.sample())
    assert (numbers.shape, numbers.dtype) == ((3, size), np.float32)
    assert found(torch.from_numpy(numbers)).shape == (3, found.width)


def test_a_place_for_each_value():
    read = made(S.MultiDiscrete([2, 3], start=[1, -1])).read
    assert read(np.array([[2, -1], [1, 1]])).tolist() == [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]


@pytest.mark.parametrize("value", [-1, 5])
def test_a_value_outside_of_its_space_is_refused(value):
    obs = np.array([[0, 0], [0, value]])
    with pytest.raises(ValueError, match=rf"number 1 of row 1 is {value}, expected 0\.\.4"):
        made(S.MultiDiscrete([5, 5])).read(obs)


def test_many_values_share_learned_vectors_by_value():
    found = made(S.Box(10, 2000, (3,), np.int16))
    features = found(torch.from_numpy(found.read(np.array([[10, 2000, 10]]))))
    first, middle, last = features.view(3, encoders.VECTOR_WIDTH)
    assert torch.equal(first, last)
    assert torch.equal(middle, found.table[1990])


def test_pixels_are_shares_of_the_largest_and_channels_come_first():
    found = made(S.Box(0, 200, (4, 5, 2), np.uint8))
    image = np.arange(40, dtype=np.uint8).reshape(1, 4, 5, 2)
    assert found.read(image)[0, :3] == pytest.approx([0, 2 / 200, 4 / 200])
    first = made(S.Box(0, 200, (2, 4, 5), np.uint8))
    assert np.array_equal(first.read(image.transpose(0, 3, 1, 2)), found.read(image))


def test_large_pictures_get_the_large_network():
    large, small = (made(S.Box(0, 255, (n, n, 3), np.uint8)) for n in (36, 35))
    assert [large.convolutions[0].kernel_size[0], small.convolutions[0].kernel_size[0]] == [8, 3]


def test_a_picture_of_floats_is_one_on_request():
    space = S.Box(0.0, 1.0, (8, 8, 1))
    assert isinstance(made(space), Flat)
    assert isinstance(made(space, "cnn"), Picture)


def test_rows_may_come_one_by_one():
    space = S.Dict(a=S.Dict(b=S.Discrete(2)), c=S.Tuple([S.Discrete(3)]))
    rows = [{"a": {"b": 1}, "c": (2,)}, {"a": {"b": 0}, "c": (0,)}]
    assert made(space).read(rows).tolist() == [[0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]


def test_first_weights_leave_the_global_stream_alone():
    before = torch.get_rng_state()
    made(S.Dict(a=S.Box(0, 255, (7, 7, 3), np.uint8), b=S.Box(0, 5000, (3,), np.int64)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("space", "kind", "error", "message"),
    [
        (S.Text(5), "auto", TypeError, "show texts through TokenView or ByteView"),
        (S.Discrete(2), "cnn", TypeError, "needs a Box of three axes, got Discrete"),
        (S.Discrete(2), "multi_input", TypeError, "needs a Dict or a Tuple, got Discrete"),
        (S.Dict(a=S.Discrete(2)), "mlp", TypeError, "with encoder='multi_input'"),
        (S.Discrete(2), "cnnn", ValueError, "one of auto, mlp, cnn, multi_input, blank, got 'cn"),
    ],
)
def test_what_cannot_be_read(space, kind, error, message):
    with pytest.raises(error, match=message):
        made(space, kind)


def test_blank_sees_nothing_of_any_space():
    for space in (S.Discrete(3), S.Dict(a=S.Box(0, 1, (2,)), b=S.Discrete(2)), S.Box(0, 1, (4,))):
        blank = made(space, "blank")
        assert (blank.size, blank.width) == (1, 1)
    assert blank.read(np.random.default_rng(0).random((3, 4))).tolist() == [[1.0]] * 3
    assert blank.read({"a": np.zeros((2, 2)), "b": np.zeros(2)}).tolist() == [[1.0]] * 2
    assert blank.read((np.zeros(5), np.zeros(5))).shape == (5, 1)
