"""verl's core algorithms, which are functions of tensors already."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from verl.trainer.ppo import core_algos
from verl.workers.config import ActorConfig

Tensors = dict[str, torch.Tensor]


def gae(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """Advantages, which verl always whitens, and returns."""
    mask = inputs["mask"]
    advantage, returns = core_algos.compute_gae_advantage_return(
        inputs["rewards"], inputs["values"], mask.float(), gamma, lam
    )
    return {"advantage": advantage * mask, "returns": returns * mask}


def returns(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """The returns of `gae` alone."""
    return {"returns": gae(inputs, gamma=gamma, lam=lam)["returns"]}


def whitened(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """The advantages of `gae` alone."""
    return {"advantage": gae(inputs, gamma=gamma, lam=lam)["advantage"]}


def outcome_advantage(inputs: Tensors, *, name: str, **settings: Any) -> Tensors:
    """An advantage of whole answers, (B,).

    Args:
        inputs: scores, groups, and mask where the lengths of answers matter.
        name: what verl calls it.
        **settings: of verl's function.
    """
    scores = inputs["scores"]
    mask = inputs.get("mask", torch.ones(len(scores), 1, dtype=torch.bool))
    found = _estimate(name, _at_first(scores, mask), mask, inputs, settings)
    return {"advantage": found[torch.arange(len(scores)), mask.int().argmax(1)]}


def token_advantage(inputs: Tensors, *, name: str, **settings: Any) -> Tensors:
    """An advantage per token, (B, T), from rewards per token."""
    return {"advantage": _estimate(name, inputs["rewards"], inputs["mask"], inputs, dict(settings))}


def greedy_baseline(inputs: Tensors) -> Tensors:
    """ReMax of answers that are paid at their first token, (B,)."""
    mask = torch.ones(len(inputs["scores"]), 3)
    found, _ = core_algos.compute_remax_outcome_advantage(
        _at_first(inputs["scores"], mask.bool()), inputs["greedy_scores"], mask
    )
    return {"advantage": found[:, 0]}


def loss(inputs: Tensors, *, name: str, average: str = "token-mean", **settings: Any) -> Tensors:
    """A policy loss with its gradient in the log-probabilities.

    Args:
        inputs: logp, old_logp, advantage (B,) or (B, T), mask and perhaps weights.
        name: what verl calls the loss.
        average: what verl calls the aggregation.
        **settings: of verl's `ActorConfig`.
    """
    logp, mask = inputs["logp"].clone().requires_grad_(), inputs["mask"]
    advantage = inputs["advantage"]
    each = advantage.unsqueeze(1).expand(mask.shape) if advantage.dim() == 1 else advantage
    config = ActorConfig(strategy="fsdp", rollout_n=1, use_dynamic_bsz=True, **settings)
    run = core_algos.compute_policy_loss_reinforce
    value, logged = (run if name == "reinforce" else core_algos.get_policy_loss_fn(name))(
        inputs.get("old_logp", inputs["logp"]),
        logp,
        each,
        mask.float(),
        loss_agg_mode=average,
        config=config,
        rollout_is_weights=inputs.get("weights"),
    )
    found = _with_gradient(value, logp)
    if name == "vanilla":
        # What the clip and the dual clip take away, which verl counts apart.
        found["dual_clip_fraction"] = torch.tensor(logged["actor/pg_clipfrac_lower"])
    return found


def value_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss, gradient and clip fraction of the critic."""
    value = inputs["value"].clone().requires_grad_()
    found, clipped = core_algos.compute_value_loss(
        value, inputs["returns"], inputs["old_value"], inputs["mask"].float(), clip
    )
    return _with_gradient(found, value) | {"clip_fraction": clipped}


def kl_penalty(inputs: Tensors, *, estimator: str, average: str) -> Tensors:
    """An estimate of the KL to the reference as a loss."""
    logp = inputs["logp"].clone().requires_grad_()
    each = core_algos.kl_penalty(logp, inputs["ref_logp"], estimator)
    return _with_gradient(core_algos.agg_loss(each, inputs["mask"].float(), average), logp)


def filtered(inputs: Tensors, *, method: str) -> Tensors:
    """Which rows PF-PPO draws from, (B,) bool, of one group."""
    drawn = []

    def multinomial(weights: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        drawn.append(weights)
        return torch.arange(len(weights))

    data = SimpleNamespace(
        batch=_Batch(token_level_scores=inputs["scores"].unsqueeze(1)),
        non_tensor_batch={},
        meta_info={},
    )
    with patch("torch.multinomial", multinomial):
        core_algos.compute_pf_ppo_reweight_data(data, reweight_method=method)
    return {"value": drawn[0] > 0.5}


class _Batch(dict[str, torch.Tensor]):
    """As much of a TensorDict as is asked for."""

    batch_size = None


def _estimate(
    name: str, rewards: torch.Tensor, mask: torch.Tensor, inputs: Tensors, settings: dict[str, Any]
) -> torch.Tensor:
    if "groups" in inputs:
        settings["index"] = np.array(inputs["groups"].tolist())
    if "gamma" in settings:
        settings["config"] = SimpleNamespace(gamma=settings.pop("gamma"))
    advantage: torch.Tensor
    advantage, _ = core_algos.get_adv_estimator_fn(name)(
        token_level_rewards=rewards.clone(), response_mask=mask.float(), **settings
    )
    return advantage


def _at_first(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Scores (B,) as rewards (B, T), at the first chosen token."""
    rewards = torch.zeros(mask.shape)
    rewards[torch.arange(len(scores)), mask.int().argmax(1)] = scores
    return rewards


def _with_gradient(loss: torch.Tensor, leaf: torch.Tensor) -> Tensors:
    loss.backward()
    assert leaf.grad is not None
    return {"loss": loss.detach(), "gradient": leaf.grad}
