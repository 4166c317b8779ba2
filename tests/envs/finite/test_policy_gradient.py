import numpy as np
import pytest

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite.policy_gradient import climbed, policy_slope
from plaudit.envs.finite.solution import policy_value


def corridor():
    """Three cells; going right costs 1 and the last cell ends it with 3, staying costs nothing."""
    return FiniteMDP(
        [[0.0, -1.0], [0.0, 3.0], [0.0, 0.0]],
        [1.0, 0.0, 0.0],
        3,
        successor=[[0, 1], [1, 2], [2, 2]],
        terminal=[0, 0, 1],
    )


def objective(mdp, policy, beta):
    """E[return] - beta KL to the even policy, by putting the KL into the rewards."""
    log_ratio = np.log(policy) - np.log(mdp.uniform())
    value = np.zeros(mdp.states)
    for t in reversed(range(mdp.horizon)):
        worth = mdp.expected + mdp.ahead(value) - beta * log_ratio[t]
        value = np.where(mdp.terminal, 0.0, (policy[t] * worth).sum(1))
    return mdp.start @ value


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(2, keepdims=True)


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_the_slope_is_that_of_finite_differences(beta):
    mdp, rng = corridor(), np.random.default_rng(0)
    logits = rng.normal(size=(3, 3, 2))
    even = np.log(np.broadcast_to(mdp.uniform(), (3, 3, 2)))
    slope = policy_slope(mdp, softmax(logits), beta, even)
    for place in np.ndindex(3, 2, 2):  # the last cell is never played in
        nudge = np.zeros(logits.shape)
        nudge[place] = 1e-5
        up, down = (objective(mdp, softmax(logits + s * nudge), beta) for s in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-5, abs=1e-8)


def test_no_update_leaves_the_reference_and_one_goes_up_hill():
    mdp = corridor()
    np.testing.assert_allclose(climbed(mdp, 0)[0], mdp.uniform())
    returns = [policy_value(mdp, climbed(mdp, n)) for n in (0, 1, 10)]
    assert returns[0] < returns[1] < returns[2] < solve(mdp).value == 2.0


def test_many_updates_end_at_the_exact_optimum():
    mdp = corridor()
    policy = climbed(mdp, 3000, lr=1.0, beta=0.7)
    np.testing.assert_allclose(policy[0, 0], solve(mdp, 0.7).policy[0, 0], atol=1e-4)


def test_what_the_reference_never_plays_stays_unplayed():
    mdp = corridor()
    timid = np.tile([1.0, 0.0], (3, 1))
    np.testing.assert_array_equal(climbed(mdp, 5, reference=timid)[0], timid)


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="updates and beta must be at least 0"):
        climbed(corridor(), -1)
