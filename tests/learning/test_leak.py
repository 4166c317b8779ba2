"""The leak test: with the truth replaced by NaN, and the same answers, learners do not change."""

import gymnasium as gym
import numpy as np
import pettingzoo
import pytest
import torch
from pettingzoo.utils.wrappers import BaseParallelWrapper
from stable_baselines3 import PPO

from plaudit import agents
from plaudit.agents.interop.sb3 import SB3VecEnv
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import (
    LearnedReward,
    ParallelFeedback,
    RecordSegments,
    VectorAdvice,
    VectorConstraint,
    VectorHideReward,
    VectorLanguageFeedback,
    VectorLearnedReward,
    VectorRecordSegments,
    VectorReferenceLogProb,
    VectorScalarFeedback,
    VectorTeacherReward,
)

WORLD = {"vocab": 4, "max_new": 4}
MODEL = {"name": "bradley_terry", "width": 8, "epochs": 2, "holdout": 0.0}
SCHEDULE = {"labels": 40, "labels_per_round": 20, "segments_per_round": 8}


class NoTruth(gym.vector.VectorWrapper):
    """Puts NaN wherever the world tells its reward."""

    def step(self, actions):
        obs, reward, terminated, truncated, info = self.env.step(actions)
        return obs, np.full_like(reward, np.nan), terminated, truncated, without_truth(info)


class NoTruthSingle(gym.Wrapper):
    def step(self, action):
        obs, _, terminated, truncated, info = self.env.step(action)
        return obs, np.nan, terminated, truncated, without_truth(info)


def without_truth(info):
    if "final_info" in info:
        info["final_info"] = without_truth(info["final_info"])
    rows = info.get("_success")
    nothing = np.nan if rows is None else np.full(len(rows), np.nan)
    return info | {"reward_components": {"ngram": nothing}, "success": nothing, "outcome": nothing}


def learned(venv, hide=False):
    recorded = VectorRecordSegments(venv)
    recorded = VectorHideReward(recorded) if hide else recorded
    return VectorLearnedReward(recorded, "coin_flip", MODEL, **SCHEDULE)


def rated(venv):
    return VectorTeacherReward(VectorRecordSegments(venv), "coin_flip")


def ours(algorithm, wrap, truth, updates=2):
    """Parameters after two updates of our own trainers."""
    venv = make_rows("plaudit/TokenNgram-v0", 16, **WORLD)
    env = wrap(venv if truth else NoTruth(venv))
    policy = TinyTransformer(4, width=8, heads=2, layers=1, value_head=algorithm == "ppo")
    agents.make(algorithm, env, policy=policy, updates=updates, lr=1e-2).train()
    return torch.cat([p.detach().flatten() for p in policy.parameters()])


@pytest.mark.parametrize("wrap", [learned, rated, lambda venv: learned(venv, hide=True)])
@pytest.mark.parametrize("algorithm", ["rloo", "ppo", "grpo"])
def test_our_trainers_never_read_the_truth(algorithm, wrap):
    first, second = (ours(algorithm, wrap, truth) for truth in (True, False))
    assert torch.equal(first, second)
    assert not torch.equal(first, ours(algorithm, wrap, True, updates=1))


@pytest.mark.parametrize("algorithm", ["rloo", "ppo", "grpo"])
def test_the_control_would_notice(algorithm):
    # With the true reward paid, the truth matters: other parameters, and NaN is refused.
    assert not torch.equal(ours(algorithm, learned, True), ours(algorithm, lambda e: e, True))
    with pytest.raises(ValueError, match=r"nan.* expected finite numbers"):
        ours(algorithm, lambda e: e, False)


def sb3(truth, wrap=learned):
    """Parameters of Stable-Baselines3's PPO after two updates on a vector form."""
    venv = gym.make_vec("plaudit/TokenNgram-v0", 8, **WORLD)
    env = SB3VecEnv(wrap(venv if truth else NoTruth(venv)))
    return parameters(PPO("MlpPolicy", env, n_steps=16, batch_size=64, seed=0, device="cpu"), 256)


def sb3_single(truth):
    """The same on a single form, which SB3 wraps itself."""
    env = gym.make("plaudit/TokenNgram-v0", **WORLD)
    env = RecordSegments(env if truth else NoTruthSingle(env))
    env = LearnedReward(env, "coin_flip", MODEL, **SCHEDULE)
    return parameters(PPO("MlpPolicy", env, n_steps=64, batch_size=64, seed=0, device="cpu"), 128)


def parameters(model, steps):
    model.learn(steps)
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


@pytest.mark.parametrize("make", [sb3, sb3_single])
def test_stable_baselines_never_reads_the_truth(make):
    assert torch.equal(make(True), make(False))


def test_the_control_would_notice_with_stable_baselines_too():
    plain = sb3(True, wrap=lambda venv: venv)
    assert plain.isfinite().all()
    assert not torch.equal(plain, sb3(True))


JUDGED_COST = {"teacher": "coin_flip", "ask": {"kind": "approve"}}
WRAPS = {
    "TeacherReward": rated,
    "LearnedReward": learned,
    "ScalarFeedback": lambda venv: VectorScalarFeedback(
        VectorRecordSegments(venv, length=1), "coin_flip", delay=[0, 2]
    ),
    "LanguageFeedback": lambda venv: VectorLanguageFeedback(
        venv, "coin_flip", reward_hidden=True, in_observation="slots"
    ),
    "Constraint": lambda venv: VectorHideReward(VectorConstraint(venv, JUDGED_COST, limit=2.0)),
    "Advice": lambda venv: VectorAdvice(VectorHideReward(venv), "coin_flip", adherence=0.5),
    "ReferenceLogProb": lambda venv: VectorReferenceLogProb(VectorHideReward(venv)),
}


def for_learners(info):
    """What of an info a learner may read."""
    aside = ("true_reward", "_true_reward", "eval", "_eval")
    out = {key: value for key, value in info.items() if key not in aside}
    return out | {key: for_learners(out[key]) for key in ("final_info",) if key in out}


def data(wrap, truth):
    """All that a learner reads in 40 steps."""
    venv = make_rows("plaudit/TokenNgram-v0", 4, **WORLD)
    env = wrap(venv if truth else NoTruth(venv))
    env.action_space.seed(0)
    obs, info = env.reset(seed=0)
    read = [(obs, for_learners(info))]
    for _ in range(40):
        *step, info = env.step(env.action_space.sample())
        read.append((*(np.array(part) for part in step), for_learners(info)))
    return read


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_what_learners_read_never_tells_the_truth(wrap):
    first, second = data(wrap, True), data(wrap, False)
    np.testing.assert_equal(first, second)
    assert not any(np.isnan(rewards).any() for _, rewards, *_ in second[1:])


def costly(venv):
    """A cost that is a part of the truth."""
    return VectorHideReward(VectorConstraint(venv, {"component": "ngram"}))


def test_the_control_would_notice_in_the_data():
    for wrap in (lambda venv: venv, VectorReferenceLogProb, costly):
        with pytest.raises(AssertionError):
            np.testing.assert_equal(data(wrap, True), data(wrap, False))


class NoTruthParallel(BaseParallelWrapper):
    def step(self, actions):
        obs, rewards, *over, infos = self.env.step(actions)
        infos = {agent: without_truth(info) for agent, info in infos.items()}
        return obs, dict.fromkeys(rewards, np.nan), *over, infos


@pytest.mark.parametrize("mode", ["per_agent", "joint"])
def test_what_agents_read_never_tells_the_truth(mode):
    read = []
    for truth in (True, False):
        world = pettingzoo.make("parallel", "plaudit/RepeatedRPS-v0", rounds=8)
        env = world if truth else NoTruthParallel(world)
        env = ParallelFeedback(env, "coin_flip", {"kind": "approve"}, mode, length=2)
        read.append([env.reset(seed=0)[0]])
        for turn in range(8):
            actions = {agent: (turn + place) % 3 for place, agent in enumerate(env.agents)}
            *step, infos = env.step(actions)
            read[-1].append((step, {agent: for_learners(infos[agent]) for agent in infos}))
    np.testing.assert_equal(*read)
