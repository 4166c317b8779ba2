import gymnasium as gym
import numpy as np
import pytest

from plaudit.envs.actions import legal_actions, random_actions
from plaudit.envs.registry import WORLDS


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize("world", sorted(WORLDS))
def test_the_single_form_goes_on_from_the_state_of_a_row(world, mode):
    venv, env = gym.make_vec(world, 3, autoreset_mode=mode), gym.make(world).unwrapped
    venv.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(5):
        actions = random_actions(venv.single_action_space, legal_actions(venv), 3, rng)
        state = venv.unwrapped.row_state(1)
        obs, reward, over, _, info = venv.step(actions)
        if state["over"]:
            continue  # under NextStep this step was the reset
        env.set_state(state)
        after, paid, ended, *_ = env.step(actions[1])
        final = mode == "SameStep" and over[1]
        np.testing.assert_array_equal(after, info["final_obs"][1] if final else obs[1])
        assert (paid, ended) == (reward[1], over[1])


def test_a_row_out_of_range_is_refused():
    venv = gym.make_vec("plaudit/TokenNgram-v0", 2)
    with pytest.raises(ValueError, match=r"row must be in 0\.\.1, got 2"):
        venv.unwrapped.row_state(2)
