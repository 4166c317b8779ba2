import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.rollout.steps import StepCollector
from plaudit.feedback.wrappers import VectorHideReward, VectorRecordSegments, VectorTeacherReward


class Counter(gym.Env):
    """Shows how many steps were taken, pays that number, and stops after `last` of them."""

    observation_space = gym.spaces.Box(0.0, 99.0, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, last=3, cut=False, mask=False):
        self.last, self.cut, self.mask = last, cut, mask

    def _told(self):
        info = {"action_mask": np.array([self.steps < self.last, 0], np.int8)} if self.mask else {}
        return np.array([self.steps], np.float32), info

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self._told()

    def step(self, action):
        self.steps += 1
        over = self.steps == self.last
        obs, info = self._told()
        return obs, float(self.steps), over and not self.cut, over and self.cut, info


def played(steps, mode="SAME_STEP", lasts=(3, 2), **settings):
    makers = [lambda last=last: Counter(last, **settings) for last in lasts]
    env = SyncVectorEnv(makers, autoreset_mode=AutoresetMode[mode])
    policy = ActorCritic(
        env.single_observation_space, env.single_action_space, hidden=(3,), device="cpu"
    )
    collector = StepCollector(env, policy)
    return collector, collector.windows(steps, seed=0)


def test_windows_hold_what_was_seen_paid_and_ended():
    collector, steps = played(4)
    assert steps.numbers[:, :, 0].tolist() == [[0, 1, 2, 0], [0, 1, 0, 1]]
    assert steps.rewards.tolist() == [[1, 2, 3, 1], [1, 2, 1, 2]]
    assert steps.ends.long().tolist() == [[0, 0, 1, 0], [0, 1, 0, 1]]
    assert steps.mask.all()
    # in the order of their ends: row 1 paid 1 + 2, row 0 paid 1 + 2 + 3
    assert [tuple(e) for e in steps.episodes] == [(3, 3, 2), (6, 6, 3), (3, 3, 2)]
    following = collector.policy.values(np.array([[1.0], [0.0]], np.float32))
    assert steps.last_value.numpy() == pytest.approx(following)


def test_the_next_window_goes_on_where_the_last_one_stopped():
    collector, _ = played(4)
    steps = collector.windows(2, seed=99)
    assert steps.numbers[:, :, 0].tolist() == [[1, 2], [0, 1]]
    assert [e.score for e in steps.episodes] == [6, 3]


def test_what_was_stored_can_be_evaluated_again():
    collector, steps = played(5)
    told = collector.policy.evaluate(steps.numbers.flatten(0, 1), steps.actions.flatten(0, 1))
    assert told.logp.detach().numpy() == pytest.approx(steps.logp.flatten().numpy(), abs=1e-6)
    assert told.value.detach().numpy() == pytest.approx(steps.values.flatten().numpy(), abs=1e-6)


@pytest.mark.parametrize("mode", ["SAME_STEP", "NEXT_STEP"])
def test_what_a_time_limit_cut_off_is_what_the_critic_says_of_it(mode):
    collector, steps = played(3, mode, lasts=(3,), cut=True)
    value = collector.policy.values(np.array([[3.0]], np.float32))[0]
    assert steps.cut_values.tolist() == [[0, 0, pytest.approx(value)]]
    _, ended = played(3, mode, lasts=(3,), cut=False)
    assert ended.cut_values.tolist() == [[0, 0, 0]]


def test_a_step_that_only_begins_anew_is_masked():
    _, steps = played(5, "NEXT_STEP", lasts=(2,), cut=True)
    # steps 0, 1 (end), reset, 0, 1 (end)
    assert steps.mask.long().tolist() == [[1, 1, 0, 1, 1]]
    assert steps.ends.long().tolist() == [[0, 1, 0, 0, 1]]
    assert steps.rewards[steps.mask].tolist() == [1, 2, 1, 2]
    assert [e.length for e in steps.episodes] == [2, 2]
    assert (steps.cut_values != 0).long().tolist() == [[0, 1, 0, 0, 1]]


def test_masks_are_kept_and_obeyed():
    _, steps = played(4, mask=True)
    assert steps.legal.tolist() == [[[True, False]] * 4] * 2
    assert (steps.actions == 0).all()
    assert steps.valid == 1.0
    assert played(4)[1].legal is None


def test_where_an_episode_is_over_nothing_need_be_legal():
    _, steps = played(5, "NEXT_STEP", lasts=(2,), mask=True)
    assert steps.mask.long().tolist() == [[1, 1, 0, 1, 1]]
    assert (steps.actions[steps.mask] == 0).all()


def test_a_policy_that_ignores_masks_shows_in_the_log():
    collector, _ = played(1, mask=True)
    act = collector.policy.act
    collector.policy.act = lambda obs, mask: act(obs, None)
    actions = (steps := collector.windows(50, seed=0)).actions
    assert steps.valid == pytest.approx(float((actions == 0).float().mean()))
    assert 0.2 < steps.valid < 0.8


@pytest.mark.parametrize("mode", ["SAME_STEP", "NEXT_STEP"])
def test_whole_episodes_are_played_once_per_row(mode):
    collector, _ = played(1, mode)
    steps = collector.episodes([5, 6], most=3)
    assert steps.mask.long().tolist() == [[1, 1, 1], [1, 1, 0]]
    assert steps.rewards[steps.mask].tolist() == [1, 2, 3, 1, 2]
    assert [tuple(e) for e in steps.episodes] == [(3, 3, 2), (6, 6, 3)]
    with pytest.raises(ValueError, match="1 of 2 did not end within steps=2; raise steps"):
        collector.episodes([5, 6], most=2)


def world(mode="SameStep", paid=False):
    env = gym.make_vec("plaudit/TokenNgram-v0", 4, vocab=4, max_new=5, autoreset_mode=mode)
    if paid:
        env = VectorTeacherReward(VectorRecordSegments(env, keep=64), "noisy_person")
    policy = ActorCritic(env.single_observation_space, env.single_action_space, hidden=(4,))
    return StepCollector(env, policy)


def test_equal_seeds_begin_alike_also_where_rows_stand_still():
    steps = world("Disabled").episodes([7, 7, 10, 10], most=5)
    assert torch.equal(steps.numbers[0, 0], steps.numbers[1, 0])
    assert not torch.equal(steps.numbers[0, 0], steps.numbers[2, 0])


def test_the_true_return_is_told_beside_what_is_paid_unless_it_is_hidden():
    honest = world(paid=True).windows(5, seed=0).episodes
    assert all(e.score != e.true_score for e in honest)
    plain = world().windows(5, seed=0).episodes
    assert [e.true_score for e in honest] == pytest.approx([e.true_score for e in plain])
    env = VectorHideReward(gym.make_vec("plaudit/TokenNgram-v0", 2))
    policy = ActorCritic(env.single_observation_space, env.single_action_space)
    hidden = StepCollector(env, policy).windows(16, seed=0).episodes
    assert [e.true_score for e in hidden] == [None, None]


@pytest.mark.parametrize(
    ("env", "error", "message"),
    [
        (lambda: gym.make("CartPole-v1"), TypeError, r"as gym.make_vec\(id, num_envs\) makes it"),
        (lambda: gym.make_vec("plaudit/TokenNgram-v0", 2), ValueError, "the policy's observation_"),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(env, error, message):
    cart = gym.make("CartPole-v1")
    policy = ActorCritic(cart.observation_space, cart.action_space, hidden=(2,))
    with pytest.raises(error, match=message):
        StepCollector(env(), policy)


def test_windows_need_rows_that_begin_anew():
    with pytest.raises(ValueError, match="autoreset_mode='SameStep' or 'NextStep'"):
        world("Disabled").windows(3, seed=0)
