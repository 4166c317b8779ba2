import numpy as np
import pytest

from plaudit.feedback.queries import disagreement, uniform
from plaudit.feedback.types import Segment, SegmentRef


def candidates(size):
    return [
        Segment(np.full((2, 1), i), np.array([i]), SegmentRef("test", i, 0, 1)) for i in range(size)
    ]


class TwoMinds:
    """Two members that disagree about segment 4 only; reward = +-10 there, else 0."""

    scale = 1.0

    def members(self, obs, actions):
        return np.stack([10.0 * (actions == 4), -10.0 * (actions == 4)])


def test_uniform_takes_every_pair_once_when_asked_for_all():
    pairs = uniform(10)(candidates(5), None, np.random.default_rng(0))
    assert {frozenset(pair) for pair in pairs.tolist()} == {
        frozenset((i, j)) for i in range(5) for j in range(i)
    }


def test_uniform_puts_either_first():
    pairs = uniform(4000)(candidates(200), None, np.random.default_rng(0))
    # 4000 fair coins: standard deviation 0.008, four of them 0.032
    assert np.mean(pairs[:, 0] < pairs[:, 1]) == pytest.approx(0.5, abs=0.032)


def test_disagreement_asks_where_the_members_disagree():
    pairs = disagreement(3)(candidates(5), TwoMinds(), np.random.default_rng(0))
    assert pairs.shape == (3, 2)
    assert (pairs == 4).any(axis=1).all()


def test_samplers_refuse_what_cannot_be():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"3 candidates make 3 pairs; .* got 4"):
        uniform(4)(candidates(3), None, rng)
    with pytest.raises(ValueError, match="needs a reward model, got None"):
        disagreement(1)(candidates(3), None, rng)
