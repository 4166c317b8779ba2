import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from plaudit.agents.policies.heads import Bernoulli, Categorical, Gaussian, head

RNG = np.random.default_rng


def floats(*rows):
    return np.array(rows, np.float32)


def test_each_kind_of_action_has_its_distribution():
    spaces = gym.spaces
    assert isinstance(head(spaces.Discrete(3)), Categorical)
    assert head(spaces.MultiDiscrete([2, 3])).width == 5
    assert isinstance(head(spaces.MultiBinary(4)), Bernoulli)
    assert isinstance(head(spaces.Box(-1.0, 1.0, (2, 3))), Gaussian)
    with pytest.raises(TypeError, match=r"no distribution over Box\(0, 3, \(2,\), int8\)"):
        head(spaces.Box(0, 3, (2,), np.int8))


def test_choices_are_drawn_by_their_odds_and_never_where_illegal():
    categorical = Categorical(gym.spaces.Discrete(4))
    outputs = np.log(floats([1, 2, 3, 100])).repeat(6000, 0)
    mask = np.array([[True, True, True, False]]).repeat(6000, 0)
    actions, logp = categorical.sample(outputs, mask, RNG(0))
    # odds 1/6, 2/6, 3/6 of 6000
    assert chisquare(np.bincount(actions, minlength=4)[:3], [1000, 2000, 3000]).pvalue > 1e-3
    assert (actions < 3).all()
    assert logp[actions == 2] == pytest.approx(math.log(1 / 2), abs=1e-6)


class Zeros:
    def random(self, shape):
        return np.zeros(shape)


def test_the_least_random_number_does_not_choose_what_is_illegal():
    mask = np.array([[False, False, True]])
    actions, _ = Categorical(gym.spaces.Discrete(3)).sample(floats([9, 0, 0]), mask, Zeros())
    assert actions.tolist() == [2]


def test_a_multi_discrete_action_is_one_choice_after_another():
    space = gym.spaces.MultiDiscrete([2, 3], start=[5, -1])
    categorical = Categorical(space)
    outputs = floats([0, 0, 0, 0, 9])
    action, logp = categorical.sample(outputs, None, None)
    assert action.tolist() == [[5, 1]]
    # ln 1/2 + ln(e^9 / (e^9 + 2)) = -0.693147 - 0.000247
    assert logp[0] == pytest.approx(-0.693394, abs=1e-5)
    assert categorical.read(action).tolist() == [[0, 2]]
    scored, entropy = categorical.score(torch.from_numpy(outputs), torch.tensor([[0, 2]]), None)
    assert scored.item() == pytest.approx(-0.693394, abs=1e-5)
    # ln 2 + 2 * 1.234e-4 * ln(1 / 1.234e-4) + 0.999753 * 2.468e-4 = 0.693147 + 0.002468
    assert entropy.item() == pytest.approx(0.695615, abs=1e-5)


def test_a_mask_of_several_choices_lies_side_by_side():
    categorical = Categorical(gym.spaces.MultiDiscrete([2, 2]))
    mask = np.array([[True, False, False, True]])
    action, logp = categorical.sample(floats([0, 5, 5, 0]), mask, RNG(0))
    assert (action.tolist(), logp.tolist()) == ([[0, 1]], [0.0])
    assert categorical.permits(action, mask).tolist() == [True]
    assert categorical.permits(np.array([[0, 0]]), mask).tolist() == [False]


def test_where_nothing_is_legal_the_row_is_named():
    categorical = Categorical(gym.spaces.Discrete(2))
    mask = np.array([[True, False], [False, False]])
    with pytest.raises(ValueError, match="mask: no action is legal in row 1"):
        categorical.sample(np.zeros((2, 2), np.float32), mask, RNG(0))


def test_outputs_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="outputs are not finite; lower lr"):
        Categorical(gym.spaces.Discrete(2)).sample(floats([0, np.nan]), None, RNG(0))


def test_bits_are_set_by_their_odds():
    bernoulli = Bernoulli(gym.spaces.MultiBinary(2))
    outputs = floats([math.log(3), 0]).repeat(8000, 0)
    bits, logp = bernoulli.sample(outputs, None, RNG(0))
    # odds 3/4 and 1/2; standard deviations 0.005 and 0.006
    assert bits.mean(0) == pytest.approx([0.75, 0.5], abs=0.02)
    both = bits.all(1)
    assert logp[both] == pytest.approx(math.log(3 / 8), abs=1e-5)
    scored, entropy = bernoulli.score(torch.from_numpy(outputs[:1]), bernoulli.read([[1, 1]]), None)
    assert scored.item() == pytest.approx(math.log(3 / 8), abs=1e-6)
    # -3/4 ln 3/4 - 1/4 ln 1/4 + ln 2 = 0.215762 + 0.346574 + 0.693147
    assert entropy.item() == pytest.approx(1.255482, abs=1e-5)


def test_numbers_are_normal_around_their_means():
    gaussian = Gaussian(gym.spaces.Box(-1.0, 1.0, (2,)))
    gaussian.log_std.data = torch.tensor([0.0, math.log(2)])
    actions, logp = gaussian.sample(floats([1, -1]).repeat(20000, 0), None, RNG(0))
    assert actions.mean(0) == pytest.approx([1, -1], abs=0.05)
    assert actions.std(0) == pytest.approx([1, 2], abs=0.05)
    means = torch.tensor([[1.0, -1.0]]).repeat(len(actions), 1)
    scored, entropy = gaussian.score(means, gaussian.read(actions), None)
    assert scored.detach().numpy() == pytest.approx(logp, abs=1e-4)
    # each 1/2 ln(2 pi e) + ln sigma = 1.418939, and ln 2 = 0.693147
    assert entropy[0].item() == pytest.approx(2 * 1.418939 + 0.693147, abs=1e-5)


def test_the_likeliest_action_takes_no_random_number():
    assert Gaussian(gym.spaces.Box(-1, 1, (1,))).sample(floats([0.5]), None, None)[0] == [[0.5]]
    assert Bernoulli(gym.spaces.MultiBinary(2)).sample(floats([-1, 1]), None, None)[0].tolist() == [
        [0, 1]
    ]
    assert Categorical(gym.spaces.Discrete(3, start=7)).sample(floats([0, 2, 1]), None, None)[
        0
    ] == [8]
