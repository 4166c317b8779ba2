import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.feedback_model import FeedbackModel
from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.stand_in import VectorStandIn
from plaudit.agents.trainers.ascent import Ascent
from plaudit.agents.trainers.coach import Coach
from plaudit.agents.trainers.deep_coach import DeepCoach
from plaudit.agents.trainers.tamer import DeepTamer, Tamer
from plaudit.envs.evaluate import make_rows
from plaudit.envs.vector import LoopVectorEnv
from plaudit.feedback.wrappers import (
    RecordSegments,
    ScalarFeedback,
    VectorRecordSegments,
    VectorScalarFeedback,
)
from tests.agents.watched_worlds.toys import Scripted

WORLD = {"instance": "regret_vs_partial_return"}
LATE = [1, 2]
COACHED = {"name": "coach", "world": "plaudit/Tabular-v0", "settings": WORLD, "seed": 3}
STRICT = COACHED | {"name": "regret", "center": -0.5, "beta": 20.0}  # what is best will do
KINDS = {
    "coach": (Coach, LinearSoftmax, {"delay": LATE, "traces": [[0.0, 0.5], [2.0, 0.9]]}),
    "deep_coach": (DeepCoach, ActorCritic, {"delay": 1, "length": 3}),
    "tamer": (Tamer, FeedbackModel, {"delay": LATE, "carry": True}),
    "deep_tamer": (DeepTamer, FeedbackModel, {"delay": LATE, "replay_every": 5}),
}


def watched(rows=4, stand_in=False):
    env = make_rows("plaudit/Tabular-v0", rows, "SameStep", **WORLD)
    recorded = VectorRecordSegments(env, length=1, states=True, keep=64)
    if not stand_in:
        return VectorScalarFeedback(recorded, COACHED, delay=LATE, seed=1)
    env = VectorScalarFeedback(recorded, STRICT, delay=1, seed=1)
    return VectorStandIn(env, budget=90, delay=1, fit_every=45, fit_steps=60, hidden=(16,), lr=0.01)


def built(kind, folder=None, env=None, **settings):
    trainer, policy, own = KINDS[kind]
    env = watched() if env is None else env
    sizes = {"hidden": (8,)} if policy is not LinearSoftmax else {}
    policy = policy(env.single_observation_space, env.single_action_space, **sizes)
    settings = {"steps": 12, "updates": 4, "folder": folder, **own, **settings}
    return trainer(env, policy, **settings)


def parameters(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.learned()])


def without_seconds(log):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in log]


@pytest.mark.parametrize(
    ("kind", "stand_in"), [*((kind, False) for kind in KINDS), ("coach", True)]
)
def test_a_resumed_run_is_bit_equal_to_one_that_never_stopped(kind, stand_in, tmp_path):
    whole = built(kind, env=watched(stand_in=stand_in))
    whole.train()
    first = built(kind, tmp_path, watched(stand_in=stand_in))
    first.train(2)
    first.save()
    second = built(kind, tmp_path, watched(stand_in=stand_in))
    assert second.resume()
    second.train()
    assert not stand_in or second.env.trusted
    assert torch.equal(parameters(whole), parameters(second))
    assert without_seconds(whole.log) == without_seconds(second.log)
    assert not torch.equal(parameters(first), parameters(second))


@pytest.mark.parametrize("kind", KINDS)
def test_the_log_holds_what_every_log_holds(kind):
    row = built(kind, steps=20).train(1)[1]
    figures = {"valid", "entropy", "length", "reward", "reward_std", "true_reward", "heard", "kl"}
    assert figures <= set(row)
    assert 0.0 <= row["entropy"] <= np.log(2) + 0.1  # of two actions, estimated


@pytest.mark.parametrize("kind", KINDS)
def test_other_seeds_play_otherwise(kind):
    found = [built(kind, seed=seed) for seed in (0, 0, 1)]
    for trainer in found:
        trainer.train(3)
    same, other = (torch.equal(parameters(found[0]), parameters(one)) for one in found[1:])
    assert (same, other) == (True, False)


def test_the_seed_decides_the_actions_too():
    worlds = [Scripted([0.0], horizon=8) for _ in range(3)]
    for env, seed in zip(worlds, (0, 0, 1), strict=True):
        built("coach", env=env, seed=seed, steps=40).train(1)
    same, other = (np.array_equal(worlds[0].actions, env.actions) for env in worlds[1:])
    assert (same, other) == (True, False)


def test_a_teacher_is_told_the_learner_s_policy():
    trainer = built("coach")
    told = trainer.env._onlooker.teacher.utility.told()
    obs = np.array([[1, 10], [2, 9]])
    np.testing.assert_array_equal(told(obs), trainer.policy.probs(obs))


def test_single_environments_are_watched_in_a_loop():
    def one():
        env = gym.make("plaudit/Tabular-v0", **WORLD)
        env = RecordSegments(env, length=1, states=True)
        return ScalarFeedback(env, COACHED)

    trainer = built("coach", env=LoopVectorEnv([one] * 2), delay=0)
    trainer.train(3)
    assert parameters(trainer).any()
    assert sum(row["heard"] for row in trainer.log[1:]) == 3 * 12 * 2


def test_the_evaluator_is_called_before_and_after_every_few_updates():
    trainer = built("coach", evaluator=lambda policy: {"size": policy.features.size}, eval_every=2)
    trainer.train(4)
    assert [row["update"] for row in trainer.log if "eval/size" in row] == [0, 2, 4]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    trainer = built("coach", tmp_path)
    trainer.train(1)
    trainer.save()
    with pytest.raises(ValueError, match=r"'lr': 0.05.* this trainer has .*'lr': 0.5"):
        built("coach", tmp_path, lr=0.5).resume()
    with pytest.raises(ValueError, match="Coach"):
        built("deep_coach", tmp_path).resume()


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="steps must be an integer of at least 1"):
        built("coach", env=Scripted([0.0]), steps=0)
    with pytest.raises(ValueError, match="lr must be"):
        built("coach", env=Scripted([0.0]), lr=-1.0)
    frozen = torch.nn.Linear(1, 1).requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train: no parameter has requires_grad"):
        Ascent(frozen, 0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_that_cannot_be_saved_begins_anew_after_a_resume(kind, tmp_path):
    def foreign():
        return Foreign(Scripted([1.0, 0.0, -1.0], horizon=5, rows=2))

    first = built(kind, tmp_path, foreign(), steps=7)
    first.train(2, checkpoint_every=2)
    second = built(kind, tmp_path, foreign(), steps=7)
    assert second.resume()
    assert second._watched.obs is None
    assert torch.equal(parameters(first), parameters(second))
    assert second.train(3)[-1]["update"] == 3


class Foreign(gym.vector.VectorEnv):
    """A world without a state that could be saved."""

    def __init__(self, inner):
        self.inner, self.num_envs, self.metadata = inner, inner.num_envs, inner.metadata
        for name in ("observation_space", "action_space"):
            setattr(self, name, getattr(inner, name))
            setattr(self, f"single_{name}", getattr(inner, f"single_{name}"))

    def reset(self, *, seed=None, options=None):
        return self.inner.reset(seed=seed, options=options)

    def step(self, actions):
        return self.inner.step(actions)
