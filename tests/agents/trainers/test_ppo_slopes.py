import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.learner import Learner
from plaudit.agents.trainers.ppo_slopes import PPOSlopes
from plaudit.agents.trainers.step_settings import StepSettings
from plaudit.agents.trainers.step_update import StepUpdate

S = gym.spaces
ROWS = 64
DISCRETE, BOX = S.Discrete(4), S.Box(-1, 1, (5,))


def policy(actions=DISCRETE, obs=BOX, **settings):
    made = ActorCritic(obs, actions, hidden=(8, 6), device="cpu", **settings)
    rng = torch.Generator().manual_seed(0)
    for p in made.parameters():
        p.data += 0.3 * torch.randn(p.shape, generator=rng)
    return made


def batch(learner):
    rng = np.random.default_rng(0)
    obs = rng.uniform(-1, 1, (ROWS, 5)).astype(np.float32)
    mask = np.ones((ROWS, learner.head.choices), bool)
    mask[:20, 1] = False
    acted = learner.act(obs, mask)
    found = {
        "numbers": learner.read(obs),
        "actions": learner.head.read(acted.action),
        "legal": torch.from_numpy(mask),
        "mask": torch.ones(ROWS, dtype=torch.bool),
        "old_logp": torch.from_numpy(acted.logp) + 0.3 * torch.randn(ROWS),
        **{name: torch.randn(ROWS) for name in ("advantage", "returns", "old_value")},
    }
    found["old_logp"][0] -= 30.0  # beyond the largest log-ratio that counts
    return {key: value.unsqueeze(1) for key, value in found.items()}


def ppo(**settings):
    return PolicyGradient("gae", "ppo", critic=True, **settings)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("actions", [S.Discrete(4), S.MultiDiscrete([3, 4])])
@pytest.mark.parametrize("entropy_coef", [0.0, 0.1])
def test_the_gradient_is_that_of_autograd(activation, shared, actions, entropy_coef):
    learner = policy(actions, shared=shared, activation=activation)
    algorithm = ppo(clip=0.1, clip_high=0.3, value_coef=0.7)
    settings = StepSettings(entropy_coef=entropy_coef)
    data, mine = batch(learner), Learner([learner], lr=1e-3)
    PPOSlopes.of(learner, algorithm, settings).write_gradient(data)
    ours = [p.grad.clone() for p in learner.parameters()]
    mine.zero()
    # what the general way does, without its shortcuts
    now = learner.evaluate(*(data[key][:, 0] for key in ("numbers", "actions", "legal")))
    told = {key: value.unsqueeze(1) for key, value in now._asdict().items()}
    loss, critic, _ = algorithm.loss(data | told)
    (loss + critic - entropy_coef * now.entropy.mean()).backward()
    for p, slope in zip(learner.parameters(), ours, strict=True):
        assert p.grad.abs().max() > 1e-3
        torch.testing.assert_close(slope, p.grad, rtol=0, atol=1e-6)


def test_shares_of_several_ranks_scale_both_parts():
    learner = policy()
    data, slopes = batch(learner), PPOSlopes.of(learner, ppo(), StepSettings())
    slopes.write_gradient(data)
    whole = [p.grad.clone() for p in learner.parameters()]
    slopes.write_gradient(data, 0.25, 0.25)
    for p, full in zip(learner.parameters(), whole, strict=True):
        torch.testing.assert_close(4 * p.grad, full)


@pytest.mark.parametrize(
    ("learner", "algorithm", "settings"),
    [
        (policy(), ppo(dual_clip=3.0), {}),
        (policy(), ppo(aggregation="sequence_mean"), {}),
        (policy(), ppo(value_clip=0.2), {}),
        (policy(), PolicyGradient("gae", "reinforce", critic=True), {}),
        (policy(), ppo(), {"target_kl": 0.1}),
        (policy(S.Box(-1, 1, (2,))), ppo(), {}),
        (policy(obs=S.Box(0, 255, (7, 7, 3), np.uint8)), ppo(), {}),
    ],
)
def test_what_it_cannot_do_is_left_to_the_general_way(learner, algorithm, settings):
    assert PPOSlopes.of(learner, algorithm, StepSettings(**settings)) is None


def test_an_update_ends_where_the_general_one_does():
    found = []
    for slopes in (True, False):
        learner, rng = policy(), np.random.default_rng(0)
        torch.manual_seed(0)
        data, mine = batch(learner), Learner([learner], lr=1e-2)
        settings = StepSettings(epochs=3, minibatches=4, entropy_coef=0.01)
        update = StepUpdate(learner, ppo(), settings, mine, by_step=True)
        assert update._slopes is not None
        update._slopes = update._slopes if slopes else None
        found.append((update(data, ROWS, rng), torch.cat([p.flatten() for p in mine.parameters])))
    (ours, mine), (general, theirs) = found
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-5)
    assert ours == pytest.approx(general, abs=1e-4)
