"""Gymnasium's own worlds and MiniGrid's work unchanged inside the wrappers, single and vector."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv
from gymnasium.wrappers import FlattenObservation

from plaudit.feedback.wrappers import (
    LearnedReward,
    RecordSegments,
    ScalarFeedback,
    TeacherReward,
    VectorLearnedReward,
    VectorRecordSegments,
    VectorScalarFeedback,
    VectorTeacherReward,
)

SMALL = {"name": "bradley_terry", "width": 8, "epochs": 1}
SCHEDULE = {"labels": 4, "labels_per_round": 4, "segments_per_round": 4}
DISCRETE = ("FrozenLake-v1", "Taxi-v4")
MINIGRID = ("ImgObsWrapper", "FlatObsWrapper", "raw")
FLAT = ("CartPole-v1", "Pendulum-v1", "Blackjack-v1", "FlatObsWrapper", "raw")
STEPS = 30
every_world = pytest.mark.parametrize(
    "world", ["CartPole-v1", "Pendulum-v1", "Blackjack-v1", *DISCRETE, *MINIGRID]
)


def make(world):
    """A world by its id, or a MiniGrid behind one of its wrappers, which make arrays of dicts."""
    if world in MINIGRID:
        pytest.importorskip("minigrid")
        from minigrid import wrappers

        grid = gym.make("MiniGrid-Empty-5x5-v0", max_steps=12)
        return grid if world == "raw" else getattr(wrappers, world)(grid)
    return gym.make(world)


def make_vec(world):
    if world in MINIGRID:
        return SyncVectorEnv([lambda: make(world)] * 2)
    return gym.make_vec(world, 2, vectorization_mode="sync")


def flat(world, obs):
    """What is recorded of an observation."""
    if world == "raw":
        return np.concatenate([[obs["direction"]], obs["image"].ravel()])
    return np.asarray(obs)


def played(env, seed=0):
    """Rewards of some steps of random actions."""
    env.action_space.seed(seed)
    env.reset(seed=seed)
    rewards = []
    for _ in range(STEPS):
        _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        rewards.append(reward)
        if not isinstance(env, gym.vector.VectorEnv) and (terminated or truncated):
            env.reset()
    return np.array(rewards, np.float64)


@every_world
def test_segments_hold_what_a_plain_loop_sees(world):
    env, plain = RecordSegments(make(world), length=5), make(world)
    for both in (env, plain):
        both.action_space.seed(0)
    env.reset(seed=0)
    seen, did, paid = [flat(world, plain.reset(seed=0)[0])], [], []
    for _ in range(5):
        env.step(env.action_space.sample())
        did.append(plain.action_space.sample())
        obs, reward, terminated, truncated, _ = plain.step(did[-1])
        seen.append(flat(world, obs))
        paid.append(reward)
        if terminated or truncated:
            break
    segment = env.segments.segment(0)
    np.testing.assert_array_equal(segment.obs, np.array(seen))
    np.testing.assert_array_equal(segment.actions, np.array(did))
    np.testing.assert_array_equal(segment.rewards, paid)
    assert segment.obs.dtype == np.asarray(seen[0]).dtype


@pytest.mark.parametrize("world", DISCRETE)
def test_discrete_observations_are_kept_as_numbers(world):
    single, vector = RecordSegments(make(world), length=2), VectorRecordSegments(make_vec(world), 2)
    for env in (single, vector):
        played(env)
        obs = env.segments.segment(0).obs
        assert (obs.shape, obs.dtype) == ((3,), np.int64)


@every_world
def test_a_vector_records_the_same_true_rewards_as_it_pays(world):
    env = VectorRecordSegments(make_vec(world), length=1)
    total = played(env).sum()
    slots = env.segments.newest(len(env.segments))
    recorded = sum(env.segments.segment(int(slot)).rewards.sum() for slot in slots)
    assert recorded == pytest.approx(total)
    # under NextStep each reset of a row takes a step, which is no part of a segment
    assert len(env.segments) <= 2 * STEPS


@every_world
def test_a_teachers_judgement_is_paid(world):
    ask = {"kind": "approve"}
    teacher = {"name": "oracle", "center": -0.5}  # FrozenLake and MiniGrid pay 0 on the way
    single = TeacherReward(RecordSegments(make(world), length=1), teacher, ask)
    vector = VectorTeacherReward(VectorRecordSegments(make_vec(world), length=1), teacher, ask)
    assert {*played(single)} <= {-1.0, 1.0}
    assert {*played(vector).ravel()} <= {-1.0, 0.0, 1.0}  # 0 where a row was reset
    bad = {"Pendulum-v1": -1.0, "Taxi-v4": -1.0}.get(world, 1.0)
    assert played(single)[0] == bad


@every_world
def test_scalar_feedback_comes_a_step_later(world):
    teacher = {"name": "oracle", "center": -1e9}
    single = ScalarFeedback(RecordSegments(make(world), length=1), teacher, delay=1)
    vector = VectorScalarFeedback(VectorRecordSegments(make_vec(world), 1), teacher, delay=1)
    assert played(single)[:2].tolist() == [0.0, 1.0]
    second = [1.0, 0.0] if world == "Blackjack-v1" else [1.0, 1.0]  # where one game is over
    assert played(vector)[:2].tolist() == [[0.0, 0.0], second]


@pytest.mark.parametrize("world", FLAT)
def test_a_reward_is_learned(world):
    model = {**SMALL, "holdout": 0.0}
    single = LearnedReward(RecordSegments(make(world), length=2), "oracle", model, **SCHEDULE)
    vector = VectorLearnedReward(
        VectorRecordSegments(make_vec(world), length=2), "oracle", model, **SCHEDULE
    )
    for env in (single, vector):
        rewards = played(env)
        assert env.loop.fits == 1
        assert not rewards[:2].any()  # nothing is learned yet
        assert np.isfinite(rewards).all()
        assert rewards.any()


@pytest.mark.parametrize("world", [*DISCRETE, "ImgObsWrapper"])
def test_what_no_model_reads_is_refused_and_flattening_helps(world):
    with pytest.raises(TypeError, match=r"need flat observations of numbers .*FlattenObservation"):
        LearnedReward(RecordSegments(make(world)))
    flat = RecordSegments(FlattenObservation(make(world)), length=2)
    env = LearnedReward(flat, "oracle", SMALL, **SCHEDULE)
    played(env)
    assert env.loop.fits == 1


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("world", ["raw", "Blackjack-v1"])
def test_of_dicts_and_tuples_the_numbers_are_kept_in_order_to_the_end_of_the_episode(world, mode):
    env = VectorRecordSegments(SyncVectorEnv([lambda: make(world)] * 2, autoreset_mode=mode))
    plain, steps = make(world), 12 if world == "raw" else 1  # MiniGrid's limit; 0 is to stick
    env.reset(seed=0)
    seen = [plain.reset(seed=0)[0]]
    for _ in range(steps):
        env.step(np.zeros(2, int))
        seen.append(plain.step(0)[0])
    segment = env.segments.segment(0)
    np.testing.assert_array_equal(segment.obs, [flat(world, obs) for obs in seen])
    assert segment.obs.shape == (steps + 1, 148 if world == "raw" else 3)  # 1 + 7 * 7 * 3


def test_what_is_neither_numbers_nor_words_is_refused():
    env = gym.make("CartPole-v1")
    env.observation_space = gym.spaces.Sequence(gym.spaces.Discrete(3))
    with pytest.raises(TypeError, match=r"needs numbers .*, words, or a Dict or Tuple .* Sequence"):
        RecordSegments(env)


def test_frames_are_what_the_world_shows_at_each_time_in_vectors_too():
    pytest.importorskip("pygame", reason="draws FrozenLake: pip install gymnasium[toy-text]")
    ours = {"id": "FrozenLake-v1", "render_mode": "rgb_array"}
    single = RecordSegments(gym.make(**ours), 2, frames=True)
    venv = gym.make_vec(num_envs=2, vectorization_mode="sync", **ours)
    vector, plain = VectorRecordSegments(venv, 2, frames=True), gym.make(**ours)
    for env in (single, vector, plain):
        env.reset(seed=0)
    shown = [plain.render()]
    for action in (2, 1):
        plain.step(action)
        shown.append(plain.render())
        single.step(action)
        vector.step(np.array([action, action]))
    for env in (single, vector):
        segment = env.segments.segment(0)
        np.testing.assert_array_equal(segment.frames, shown)
        assert segment.view().frames is None
    assert not np.array_equal(shown[0], shown[2])


def test_what_a_reset_in_the_same_step_hides_is_refused():
    settings = {"vectorization_mode": "sync", "vector_kwargs": {"autoreset_mode": "SameStep"}}
    venv = gym.make_vec("FrozenLake-v1", 2, render_mode="rgb_array", **settings)
    with pytest.raises(ValueError, match=r"last picture .* make it with NextStep or Disabled"):
        VectorRecordSegments(venv, frames=True)
    loop = gym.make_vec("plaudit/TokenNgram-v0", 2, **settings)
    with pytest.raises(ValueError, match="last state are gone"):
        VectorRecordSegments(loop, states=True)


def test_pictures_and_states_of_worlds_without_any_are_refused():
    with pytest.raises(TypeError, match="render_mode='rgb_array', got None"):
        RecordSegments(gym.make("CartPole-v1"), frames=True)
    with pytest.raises(TypeError, match=r"a world with get_state .*; CartPoleEnv has none"):
        RecordSegments(gym.make("CartPole-v1"), states=True)
    with pytest.raises(TypeError, match=r"a world with get_state .*; SyncVectorEnv has none"):
        VectorRecordSegments(make_vec("CartPole-v1"), states=True)
