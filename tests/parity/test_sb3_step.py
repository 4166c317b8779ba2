"""One real optimiser step of Stable-Baselines3's learners against one step on our losses."""

import copy
from typing import Any

import pytest
import torch

from plaudit import agents
from plaudit.agents.policies import sampling

sb3 = pytest.importorskip("stable_baselines3")

STEPS, ROW = 32, (1, 32)
EVERY = torch.ones(ROW, dtype=torch.bool)
ENTROPY = 0.01  # coefficient


def _after_a_rollout(algorithm: Any, world: Any, **settings: Any) -> Any:
    """A learner with 32 steps in its buffer, and a policy that has moved since."""
    model = algorithm(
        "MlpPolicy",
        world,
        learning_rate=1.0,
        n_steps=STEPS,
        ent_coef=ENTROPY,
        max_grad_norm=1e9,
        policy_kwargs={"optimizer_class": torch.optim.SGD},
        seed=0,
        device="cpu",
        **settings,
    )
    _, callback = model._setup_learn(STEPS)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, STEPS)
    with torch.no_grad():
        for index, parameter in enumerate(model.policy.parameters()):
            noise = torch.Generator().manual_seed(index)
            parameter += 0.2 * torch.randn(parameter.shape, generator=noise)
    return model


def _step(model: Any, policy: Any, loss: torch.Tensor) -> None:
    """Train the model, and hold that our loss moves a copy of its policy as far."""
    start = [parameter.detach().clone() for parameter in policy.parameters()]
    loss.backward()
    model.train()
    for before, parameter, theirs in zip(
        start, policy.parameters(), model.policy.parameters(), strict=True
    ):
        assert parameter.grad is not None
        torch.testing.assert_close(theirs - before, -parameter.grad, rtol=1e-5, atol=1e-6)


def _shared(batch: Any, value: torch.Tensor, entropy: torch.Tensor) -> torch.Tensor:
    """What all of them add to the policy's loss: critic and entropy."""
    old_value, returns = batch.old_values.view(ROW), batch.returns.view(ROW)
    # SB3's default vf_coef of 0.5 is the 1/2 of our value loss.
    critic, _ = agents.loss("ppo_value")(value.view(ROW), old_value, returns, EVERY)
    bonus, _ = agents.loss("entropy_bonus")(entropy.view(ROW), EVERY)
    total: torch.Tensor = critic + ENTROPY * bonus
    return total


@pytest.mark.parametrize("clip", [0.2, 0.05])
def test_one_step_moves_every_parameter_as_ppo(clip: float) -> None:
    settings = {"batch_size": STEPS, "n_epochs": 1, "clip_range": clip}
    model = _after_a_rollout(sb3.PPO, "CartPole-v1", normalize_advantage=False, **settings)
    policy, batch = copy.deepcopy(model.policy), next(model.rollout_buffer.get(STEPS))
    value, logp, entropy = policy.evaluate_actions(
        batch.observations, batch.actions.long().flatten()
    )
    old_logp, advantage = batch.old_log_prob.view(ROW), batch.advantages.view(ROW)
    loss, stats = agents.loss("ppo")(logp.view(ROW), old_logp, advantage, EVERY, clip=clip)
    assert stats["clip_fraction"] > 0
    _step(model, policy, loss + _shared(batch, value, entropy))


def test_one_step_moves_every_parameter_as_a2c() -> None:
    model = _after_a_rollout(sb3.A2C, "CartPole-v1", use_rms_prop=False)
    policy, batch = copy.deepcopy(model.policy), next(model.rollout_buffer.get(STEPS))
    value, logp, entropy = policy.evaluate_actions(
        batch.observations, batch.actions.long().flatten()
    )
    advantage = batch.advantages.view(ROW)
    loss, _ = agents.loss("reinforce")(logp.view(ROW), advantage, EVERY, aggregation="token_mean")
    _step(model, policy, loss + _shared(batch, value, entropy))


def test_one_step_with_masked_actions_moves_every_parameter_as_maskable_ppo() -> None:
    contrib = pytest.importorskip("sb3_contrib")
    from sb3_contrib.common.envs import InvalidActionEnvDiscrete

    world = InvalidActionEnvDiscrete(dim=6, n_invalid_actions=3)
    settings = {"batch_size": STEPS, "n_epochs": 1, "normalize_advantage": False}
    model = _after_a_rollout(contrib.MaskablePPO, world, **settings)
    policy, batch = copy.deepcopy(model.policy), next(model.rollout_buffer.get(STEPS))
    legal, actions = batch.action_masks.bool(), batch.actions.long().flatten()
    assert not legal.all()
    value = policy.predict_values(batch.observations)
    logits = policy.get_distribution(batch.observations).distribution.logits
    scores = sampling.log_probs(logits.masked_fill(~legal, -torch.inf), 1.0, None, None)
    old_logp, advantage = batch.old_log_prob.view(ROW), batch.advantages.view(ROW)
    logp = sampling.pick(scores, actions).view(ROW)
    loss, stats = agents.loss("ppo")(logp, old_logp, advantage, EVERY, clip=0.2)
    assert stats["clip_fraction"] > 0
    _step(model, policy, loss + _shared(batch, value, sampling.entropy(scores)))
