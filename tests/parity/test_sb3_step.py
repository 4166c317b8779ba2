"""One real optimiser step of Stable-Baselines3's PPO against one step on our losses."""

import copy

import pytest
import torch

from plaudit import agents

sb3 = pytest.importorskip("stable_baselines3")


def _after_a_rollout(clip: float) -> "sb3.PPO":
    """A PPO with 32 CartPole steps in its buffer, and a policy that has moved since."""
    sgd = {"optimizer_class": torch.optim.SGD}
    model = sb3.PPO(
        "MlpPolicy",
        "CartPole-v1",
        learning_rate=1.0,
        n_steps=32,
        batch_size=32,
        n_epochs=1,
        clip_range=clip,
        normalize_advantage=False,
        max_grad_norm=1e9,
        policy_kwargs=sgd,
        seed=0,
        device="cpu",
    )
    _, callback = model._setup_learn(32)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, 32)
    with torch.no_grad():
        for index, parameter in enumerate(model.policy.parameters()):
            noise = torch.Generator().manual_seed(index)
            parameter += 0.2 * torch.randn(parameter.shape, generator=noise)
    return model


@pytest.mark.parametrize("clip", [0.2, 0.05])
def test_one_step_moves_every_parameter_as_in_sb3(clip: float) -> None:
    model = _after_a_rollout(clip)
    policy, batch = copy.deepcopy(model.policy), next(model.rollout_buffer.get(32))
    start = [parameter.detach().clone() for parameter in policy.parameters()]
    value, logp, _ = policy.evaluate_actions(batch.observations, batch.actions.long().flatten())
    row, every = (1, 32), torch.ones(1, 32, dtype=torch.bool)
    old_logp, advantage = batch.old_log_prob.view(row), batch.advantages.view(row)
    loss, stats = agents.loss("ppo")(logp.view(row), old_logp, advantage, every, clip=clip)
    old_value, returns = batch.old_values.view(row), batch.returns.view(row)
    # SB3's default vf_coef of 0.5 is the 1/2 of our value loss.
    critic, _ = agents.loss("ppo_value")(value.view(row), old_value, returns, every)
    (loss + critic).backward()
    model.train()
    assert stats["clip_fraction"] > 0
    for before, parameter, theirs in zip(
        start, policy.parameters(), model.policy.parameters(), strict=True
    ):
        assert parameter.grad is not None
        torch.testing.assert_close(theirs - before, -parameter.grad, rtol=1e-5, atol=1e-6)
