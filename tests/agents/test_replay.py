import numpy as np
import pytest
import torch

from plaudit.agents.replay import Replay


def numbers(*values):
    return {"x": torch.tensor(values), "y": torch.tensor([[v, -v] for v in values])}


def test_the_latest_rows_are_kept():
    buffer = Replay(3)
    for first in (0, 2, 4):
        buffer.add(numbers(first, first + 1))
    assert len(buffer) == 3
    assert sorted(buffer.all()["x"].tolist()) == [3, 4, 5]


def test_of_more_rows_than_fit_the_last_ones_are_kept():
    buffer = Replay(2)
    buffer.add(numbers(1, 2, 3, 4, 5))
    assert sorted(buffer.all()["x"].tolist()) == [4, 5]


def test_rows_are_drawn_evenly_and_whole():
    buffer = Replay(10)
    buffer.add(numbers(1, 2, 3, 4))
    drawn = buffer.sample(4000, np.random.default_rng(0))
    assert torch.equal(drawn["y"][:, 0], drawn["x"])
    # 1000 of each are expected; 4 standard deviations are 4 (4000 * 3/16) ** 0.5 = 110
    assert (torch.bincount(drawn["x"])[1:] - 1000).abs().max() < 110


@pytest.mark.parametrize("count", [2, 3, 8])
def test_a_buffer_goes_on_from_its_state(count):
    first, second = Replay(3), Replay(3)
    first.add(numbers(*range(count)))
    second.set_state(first.get_state())
    for buffer in (first, second):
        buffer.add(numbers(90, 91))
    assert torch.equal(first.all()["x"], second.all()["x"])


def test_an_empty_buffer_has_nothing_to_draw():
    with pytest.raises(ValueError, match="an empty buffer has no rows to draw"):
        Replay(3).sample(1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="keep must be at least 1 row, got 0"):
        Replay(0)
