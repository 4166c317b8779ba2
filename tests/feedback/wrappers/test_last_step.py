import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.envs.views import TextView
from plaudit.feedback.wrappers import VectorRecordSegments
from plaudit.feedback.wrappers.last_step import LastStep, Seen, single_info, vector_info

WORLD = {"id": "plaudit/TokenNgram-v0", "max_new": 3, "vocab": 4, "end_token": True}
MODES = [mode.value for mode in AutoresetMode]


def recorder(mode):
    """One segment per step and row as VectorRecordSegments cuts them, row by row."""
    venv = gym.make_vec(num_envs=3, autoreset_mode=mode, **WORLD)
    return VectorRecordSegments(venv, length=1, keep=1000)


@pytest.mark.parametrize("mode", MODES)
def test_every_step_is_the_segment_that_a_recorder_cuts(mode):
    env = recorder(mode)
    last, rng, seen = LastStep(env), np.random.default_rng(0), 0
    last.begin(env.reset(seed=1)[0])
    for _ in range(40):
        actions = rng.integers(0, 4, 3)
        obs, reward, terminated, truncated, info = env.step(actions)
        last.add(actions, reward, obs, terminated | truncated, info)
        assert np.flatnonzero(last.played).tolist() == sorted(env.last_cut.tolist())
        for row, slot in zip(env.last_cut, env.segments.newest(len(env.last_cut)), strict=True):
            ours, theirs = last.segment(int(row)), env.segments.segment(int(slot))
            np.testing.assert_array_equal(ours.obs, theirs.obs)
            assert ours.actions.tolist() == theirs.actions.tolist()
            assert ours.rewards.tolist() == theirs.rewards.tolist()
            assert (ours.ref.start, ours.ref.end) == (theirs.ref.start, theirs.ref.end)
            assert ours.ref.episode == theirs.ref.episode
            seen += 1
        if mode == "Disabled" and terminated.any():
            last.begin(env.reset(options={"reset_mask": terminated})[0], terminated)
    assert seen > 60


@pytest.mark.parametrize("mode", MODES)
def test_fresh_rows_are_those_that_show_a_new_episode(mode):
    venv = gym.make_vec(num_envs=2, autoreset_mode=mode, **WORLD)
    last = LastStep(venv)
    last.begin(venv.reset(seed=0)[0])
    fresh = []
    for actions in ([3, 0], [0, 0], [0, 0]):  # row 0 ends with the first step
        obs, reward, terminated, truncated, info = venv.step(np.array(actions))
        last.add(np.array(actions), reward, obs, terminated | truncated, info)
        fresh.append(last.fresh.tolist())
    at_once, a_step_later, never = [True, False], [False, False], [False, False]
    if mode == "SameStep":  # row 1 ends with the third step
        assert fresh == [at_once, [False, False], [False, True]]
    elif mode == "NextStep":
        assert fresh == [a_step_later, [True, False], [False, False]]
    else:
        assert fresh == [never] * 3


@pytest.mark.parametrize("mode", MODES)
def test_states_are_those_before_and_after_the_step(mode):
    world = {"id": "plaudit/LanguageTeacher-v0", "horizon": 3}
    venv, single = gym.make_vec(num_envs=2, autoreset_mode=mode, **world), gym.make(**world)
    last = LastStep(venv, states=True)
    last.begin(venv.reset(seed=5)[0])
    single.reset()
    ends = 0
    for actions in np.random.default_rng(0).integers(0, 4, (7, 2)):
        obs, reward, terminated, truncated, info = venv.step(actions)
        last.add(actions, reward, obs, terminated | truncated, info)
        for row in np.flatnonzero(last.played):
            segment = last.segment(int(row))
            single.unwrapped.set_state(segment.states[0])
            after, paid, over, _, _ = single.unwrapped.step(int(actions[row]))
            np.testing.assert_array_equal(after, segment.obs[1])
            assert (paid, over) == (segment.rewards[0], segment.states[1]["over"])
            ends += over
        if mode == "Disabled" and terminated.any():
            last.begin(venv.reset(options={"reset_mask": terminated})[0], terminated)
    assert ends > 1


def test_infos_carry_masks_in_vectors_only():
    told = {"cost": (np.array([1.0, 2.0]), np.array([False, True]))}
    info = vector_info(told)
    assert info["cost"].tolist() == [1.0, 2.0]
    assert info["_cost"].tolist() == [False, True]
    assert single_info(told) == {}
    assert single_info({"cost": (np.array([1.5]), np.array([True]))}) == {"cost": 1.5}


def test_what_is_shown_is_read_as_numbers():
    cards = Seen(gym.make("Blackjack-v1"))  # a Tuple of three numbers
    assert cards((14, 3, 1)).tolist() == [[14, 3, 1]]
    rows = Seen(gym.make_vec("Blackjack-v1", 2))
    assert rows((np.array([14, 9]), np.array([3, 4]), np.array([1, 0]))).tolist() == [
        [14, 3, 1],
        [9, 4, 0],
    ]
    info = {"final_obs": np.array([None, (25, 4, 0)], object)}
    led_to = rows.last(info, np.zeros((2, 3)), np.array([False, True]))
    assert led_to.tolist() == [[0, 0, 0], [25, 4, 0]]
    assert Seen(TextView(gym.make("plaudit/TokenNgram-v0")))("so far").tolist() == ["so far"]


def test_a_step_needs_a_reset_before_it():
    last = LastStep(gym.make("CartPole-v1"))
    with pytest.raises(RuntimeError, match="before the first reset"):
        last.add(np.zeros(1), np.zeros(1), np.zeros((1, 4)), np.zeros(1, bool), {})
    with pytest.raises(RuntimeError, match="there is no step yet"):
        last.segment(0)
