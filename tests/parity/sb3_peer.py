"""Stable-Baselines3's own PPO update and GAE, fed with our rows of tokens."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer

Tensors = dict[str, torch.Tensor]


def policy_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss, gradient and approximate KL of one `PPO.train` step in the log-probabilities."""
    mask, logp = inputs["mask"], inputs["logp"]
    tokens = int(mask.sum())
    batch = {
        "old_log_prob": inputs["old_logp"][mask],
        "advantages": inputs["advantage"][mask],
        "old_values": torch.zeros(tokens),
        "returns": torch.zeros(tokens),
    }
    policy, logged = _train(logp[mask], torch.zeros(tokens), batch, clip=clip, clip_value=None)
    return {
        "loss": torch.tensor(logged["train/policy_gradient_loss"]),
        "approx_kl": torch.tensor(logged["train/approx_kl"]),
        "gradient": _scatter(policy.log_prob.grad, mask),
    }


def value_loss(inputs: Tensors, *, clip: float | None) -> Tensors:
    """Loss and gradient of one `PPO.train` step in the values, with SB3's `vf_coef` of 0.5."""
    mask, value = inputs["mask"], inputs["value"]
    tokens = int(mask.sum())
    batch = {
        "old_log_prob": torch.zeros(tokens),
        "advantages": torch.zeros(tokens),
        "old_values": inputs["old_value"][mask],
        "returns": inputs["returns"][mask],
    }
    policy, logged = _train(torch.zeros(tokens), value[mask], batch, clip=0.2, clip_value=clip)
    return {
        "loss": torch.tensor(0.5 * logged["train/value_loss"]),
        "gradient": _scatter(policy.values.grad, mask),
    }


def gae(inputs: Tensors, *, gamma: float, lam: float, episodes: int) -> Tensors:
    """`RolloutBuffer.compute_returns_and_advantage`; `episodes` rows of ours end to end per env.

    All but an env's last row must be terminated (last_value 0), and the rows of each env must have
    equally many tokens together.
    """
    mask = inputs["mask"]
    envs, steps = len(mask) // episodes, int(mask[:episodes].sum())
    first = torch.zeros_like(mask)
    first[:, 0] = True

    def columns(values: torch.Tensor) -> np.ndarray[Any, Any]:
        return values[mask].reshape(envs, steps).T.float().numpy()

    space = gym.spaces.Discrete(2)
    buffer = RolloutBuffer(steps, space, space, gamma=gamma, gae_lambda=lam, n_envs=envs)
    buffer.rewards = columns(inputs["rewards"])
    buffer.values = columns(inputs["values"])
    buffer.episode_starts = columns(first)
    last = inputs["last_value"][episodes - 1 :: episodes]
    buffer.compute_returns_and_advantage(last, np.zeros(envs))

    def rows(values: np.ndarray[Any, Any]) -> torch.Tensor:
        return _scatter(torch.as_tensor(values.T.reshape(-1)), mask)

    return {"advantage": rows(buffer.advantages), "returns": rows(buffer.returns)}


class _Leaves(torch.nn.Module):
    """A "policy" whose parameters are the log-probabilities and values themselves."""

    def __init__(self, log_prob: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.log_prob = torch.nn.Parameter(log_prob.clone())
        self.values = torch.nn.Parameter(values.clone())
        self.optimizer = torch.optim.SGD(self.parameters(), lr=1.0)

    def set_training_mode(self, mode: bool) -> None:
        self.train(mode)

    def evaluate_actions(self, *_: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.values, self.log_prob, torch.zeros(1)


def _train(
    logp: torch.Tensor,
    value: torch.Tensor,
    batch: dict[str, torch.Tensor],
    *,
    clip: float,
    clip_value: float | None,
) -> tuple[_Leaves, dict[str, float]]:
    policy, logged = _Leaves(logp, value), {}
    data = SimpleNamespace(observations=None, actions=torch.zeros(len(logp)), **batch)

    def get(_: int) -> Iterator[Any]:
        yield data

    learner = SimpleNamespace(
        policy=policy,
        rollout_buffer=SimpleNamespace(
            get=get, values=batch["old_values"].numpy(), returns=batch["returns"].numpy()
        ),
        logger=SimpleNamespace(record=lambda key, figure, **_: logged.update({key: figure})),
        clip_range=lambda _: clip,
        clip_range_vf=None if clip_value is None else lambda _: clip_value,
        action_space=gym.spaces.Discrete(2),
        n_epochs=1,
        batch_size=len(logp),
        normalize_advantage=False,
        ent_coef=0.0,
        vf_coef=0.5,
        max_grad_norm=1e9,
        target_kl=None,
        _n_updates=0,
        _current_progress_remaining=1.0,
        _update_learning_rate=lambda _: None,
    )
    PPO.train(learner)
    return policy, logged


def _scatter(values: torch.Tensor | None, mask: torch.Tensor) -> torch.Tensor:
    assert values is not None
    full = torch.zeros(mask.shape)
    full[mask] = values
    return full
