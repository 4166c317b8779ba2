"""Stable-Baselines3's own updates and GAE, fed with our rows of tokens.

`PPO.train` and `A2C.train` read a policy and a rollout buffer; a "policy" whose parameters are the
log-probabilities, values and entropies themselves gives the gradients in them.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.buffers import RolloutBuffer

Tensors = dict[str, torch.Tensor]


def policy_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss, gradient and approximate KL of one `PPO.train` step in the log-probabilities."""
    policy, logged = train(PPO, chosen(inputs), clip=clip)
    return {
        "loss": torch.tensor(logged["train/policy_gradient_loss"]),
        "approx_kl": torch.tensor(logged["train/approx_kl"]),
        "gradient": scatter(policy.logp.grad, inputs["mask"]),
    }


def value_loss(inputs: Tensors, *, clip: float | None) -> Tensors:
    """Loss and gradient of one `PPO.train` step in the values, with SB3's `vf_coef` of 0.5."""
    policy, logged = train(PPO, chosen(inputs), clip_value=clip)
    return {
        "loss": torch.tensor(0.5 * logged["train/value_loss"]),
        "gradient": scatter(policy.value.grad, inputs["mask"]),
    }


def entropy_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of one `PPO.train` step in the entropies, at coefficient 1."""
    policy, logged = train(PPO, chosen(inputs))
    return {
        "loss": torch.tensor(logged["train/entropy_loss"]),
        "gradient": scatter(policy.entropy.grad, inputs["mask"]),
    }


def a2c_policy_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of one `A2C.train` step in the log-probabilities."""
    policy, logged = train(A2C, chosen(inputs))
    return {
        "loss": torch.tensor(logged["train/policy_loss"]),
        "gradient": scatter(policy.logp.grad, inputs["mask"]),
    }


def a2c_value_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of one `A2C.train` step in the values, with SB3's `vf_coef` of 0.5."""
    policy, logged = train(A2C, chosen(inputs))
    return {
        "loss": torch.tensor(0.5 * logged["train/value_loss"]),
        "gradient": scatter(policy.value.grad, inputs["mask"]),
    }


def whitened(inputs: Tensors) -> Tensors:
    """Advantages as `PPO.train` normalises them, read from the gradient at a ratio of 1."""
    mask = inputs["mask"]
    batch = chosen({"advantage": inputs["rewards"], "mask": mask})
    policy, _ = train(PPO, batch, normalize=True)
    assert policy.logp.grad is not None
    return {"advantage": scatter(-policy.logp.grad * mask.sum(), mask)}


def gae(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """`RolloutBuffer.compute_returns_and_advantage`; a row of ours is an environment of theirs."""
    envs, steps = inputs["rewards"].shape
    ends = inputs.get("ends", torch.zeros(envs, steps, dtype=torch.bool))
    space = gym.spaces.Discrete(2)
    buffer = RolloutBuffer(steps, space, space, gamma=gamma, gae_lambda=lam, n_envs=envs)
    buffer.rewards, buffer.values = inputs["rewards"].T.numpy(), inputs["values"].T.numpy()
    buffer.episode_starts[1:] = ends[:, :-1].T.float().numpy()
    buffer.compute_returns_and_advantage(inputs["last_value"], ends[:, -1].numpy())
    return {
        "advantage": torch.as_tensor(buffer.advantages.T.copy()),
        "returns": torch.as_tensor(buffer.returns.T.copy()),
    }


class Leaves(torch.nn.Module):
    """A "policy" whose parameters are what others compute from theirs."""

    def __init__(self, logp: torch.Tensor, value: torch.Tensor, entropy: torch.Tensor) -> None:
        super().__init__()
        self.logp = torch.nn.Parameter(logp.clone())
        self.value = torch.nn.Parameter(value.clone())
        self.entropy = torch.nn.Parameter(entropy.clone())
        self.optimizer = torch.optim.SGD(self.parameters(), lr=1.0)

    def set_training_mode(self, mode: bool) -> None:
        self.train(mode)

    def evaluate_actions(self, *_: Any, **__: Any) -> tuple[torch.Tensor, ...]:
        return self.value, self.logp, self.entropy


def chosen(inputs: Tensors) -> Tensors:
    """The selected positions of each tensor in one row, zeros for what is not given."""
    mask = inputs["mask"]
    names = ("logp", "old_logp", "advantage", "value", "old_value", "returns", "entropy")
    zeros = torch.zeros(mask.shape)
    return {name: inputs.get(name, zeros)[mask] for name in names}


def train(
    algorithm: Any,
    rows: Tensors,
    *,
    clip: float = 0.2,
    clip_value: float | None = None,
    normalize: bool = False,
    **more: Any,
) -> tuple[Leaves, dict[str, float]]:
    """One update over all rows (N,) at once, and what it logs.

    Args:
        algorithm: a class with `train`.
        rows: as `chosen` gives them.
        clip: PPO's range.
        clip_value: of the value function, None for no clipping.
        normalize: whether advantages are whitened.
        **more: further attributes of the minibatch.
    """
    leaves, logged = Leaves(rows["logp"], rows["value"], rows["entropy"]), {}
    data = SimpleNamespace(
        observations=None,
        actions=torch.zeros(len(rows["logp"])),
        old_log_prob=rows["old_logp"],
        advantages=rows["advantage"],
        old_values=rows["old_value"],
        returns=rows["returns"],
        **more,
    )

    def get(*_: Any, **__: Any) -> Iterator[Any]:
        yield data

    learner = SimpleNamespace(
        policy=leaves,
        rollout_buffer=SimpleNamespace(
            get=get, values=data.old_values.numpy(), returns=data.returns.numpy()
        ),
        logger=SimpleNamespace(record=lambda key, figure, **_: logged.update({key: figure})),
        clip_range=lambda _: clip,
        clip_range_vf=None if clip_value is None else lambda _: clip_value,
        action_space=gym.spaces.Discrete(2),
        n_epochs=1,
        batch_size=len(rows["logp"]),
        normalize_advantage=normalize,
        ent_coef=1.0,
        vf_coef=0.5,
        max_grad_norm=1e9,
        target_kl=None,
        _n_updates=0,
        _current_progress_remaining=1.0,
        _update_learning_rate=lambda _: None,
    )
    algorithm.train(learner)
    return leaves, logged


def scatter(values: torch.Tensor | None, mask: torch.Tensor) -> torch.Tensor:
    """Values (N,) at the N selected positions of the mask, 0 elsewhere."""
    assert values is not None
    full = torch.zeros(mask.shape)
    full[mask] = values
    return full
