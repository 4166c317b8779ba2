"""Progress: an agent of either library learns in parts, and its panel is played beside."""

import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.interop.progress import progress, vector_world

POINT = "plaudit/PointReach-v0"
SMALL = {"ppo": {"steps": 10, "epochs": 1}, "sb3_ppo": {"n_steps": 10, "batch_size": 40}}


def stages(agent, updates=4, **settings):
    env, panel = vector_world(POINT, 4, horizon=5), vector_world(POINT, 3, horizon=5)
    given = SMALL.get(agent, {}) | settings
    return list(progress(agent, env, panel, updates=updates, parts=2, **given))


@pytest.mark.parametrize("agent", ["ppo", "sb3_ppo"])
def test_steps_are_counted_over_all_rows_and_parts_are_equal(agent):
    # 4 updates in 2 parts, each update 10 steps of 4 rows: 2 x 40 steps a part
    found = stages(agent)
    assert [stage.steps for stage in found] == [0, 80, 160]
    assert all(stage.played.rewards.shape == (3, 5) for stage in found)


@pytest.mark.parametrize("agent", ["ppo", "sb3_ppo"])
def test_the_same_seed_learns_the_same_and_another_does_not(agent):
    one, same, other = (stages(agent, seed=seed)[-1].played.actions for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_the_panel_begins_alike_each_time():
    first, *_, last = stages("ppo")
    np.testing.assert_array_equal(first.played.obs[:, 0], last.played.obs[:, 0])


def test_a_world_from_elsewhere_resets_in_the_same_step():
    env = vector_world("Pendulum-v1", 2, max_episode_steps=3)
    assert env.metadata["autoreset_mode"] == gym.vector.AutoresetMode.SAME_STEP
    (start, end) = progress("sb3_ppo", env, env, updates=1, parts=1, n_steps=4, batch_size=8)
    assert start.played.rewards.shape == (2, 3)
    assert end.steps == 8


def test_an_unknown_agent_and_uneven_parts_are_refused():
    with pytest.raises(KeyError, match=r"unknown agent 'sb3ppo'; did you mean 'sb3_ppo'\?"):
        stages("sb3ppo")
    with pytest.raises(ValueError, match="3 updates cannot be parted into 2 equal parts"):
        stages("ppo", updates=3)
