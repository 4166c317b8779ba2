import gymnasium as gym
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.rollout.step_worlds import check_steps, check_watched, restore, saved
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import VectorRecordSegments
from tests.agents.watched_worlds.toys import Scripted

POLE = gym.make("CartPole-v1")
POLICY = LinearSoftmax(gym.spaces.Discrete(4), gym.spaces.Discrete(2))


def poles(mode):
    kind = gym.vector.SyncVectorEnv
    return kind([lambda: gym.make("CartPole-v1")] * 2, autoreset_mode=mode)


def test_worlds_that_cannot_be_played_are_refused():
    assert check_steps(Scripted([0.0]), POLICY) == AutoresetMode.SAME_STEP
    with pytest.raises(TypeError, match=r"LoopVectorEnv\(\[lambda: env\]\) makes one"):
        check_steps(gym.make("plaudit/TokenNgram-v0"), POLICY)
    with pytest.raises(ValueError, match=r"policy's action_space is Discrete\(2\)"):
        check_steps(Scripted([0.0], actions=3), POLICY)
    with pytest.raises(TypeError, match="a policy that acts step by step, such as"):
        check_steps(Scripted([0.0]), "oracle")


def test_rows_that_are_watched_begin_anew_in_the_same_step():
    check_watched(Scripted([0.0]), POLICY)
    env = make_rows("plaudit/TokenNgram-v0", 2)
    policy = LinearSoftmax(env.single_observation_space, env.single_action_space)
    with pytest.raises(ValueError, match="make the world with autoreset_mode='SameStep'"):
        check_watched(env, policy)


def test_rows_of_gymnasiums_that_stand_still_once_they_are_over_are_refused():
    class Any(LinearSoftmax):
        def __init__(self):
            super().__init__(gym.spaces.Discrete(4), POLE.action_space)
            self.observation_space = POLE.observation_space

    assert check_steps(poles(AutoresetMode.NEXT_STEP), Any()) == AutoresetMode.NEXT_STEP
    with pytest.raises(ValueError, match="SyncVectorEnv with autoreset_mode='Disabled' takes no"):
        check_steps(poles(AutoresetMode.DISABLED), Any())


def test_a_foreign_world_has_no_state_and_a_wrapper_of_ours_around_it_says_so():
    foreign = poles(AutoresetMode.SAME_STEP)
    assert saved(foreign) is None
    restore(foreign, None)
    assert saved(make_rows("plaudit/TokenNgram-v0", 2)) is not None
    with pytest.raises(TypeError, match="cannot be saved"):
        saved(VectorRecordSegments(foreign))  # what it has recorded must not be lost in silence
