"""sb3-contrib's own updates: MaskablePPO on masked actions, RecurrentPPO on masked positions."""

import torch
from sb3_contrib import MaskablePPO, RecurrentPPO
from sb3_contrib.common.maskable.distributions import MaskableCategorical

from tests.parity.sb3_peer import Leaves, chosen, scatter, train

Tensors = dict[str, torch.Tensor]


def masked_actions(inputs: Tensors) -> Tensors:
    """Log-probabilities of actions, entropies, and the gradient of their sum in the logits."""
    logits = inputs["logits"].clone().requires_grad_()
    policy = MaskableCategorical(logits=logits, masks=inputs["legal"])
    logp, entropy = policy.log_prob(inputs["actions"]), policy.entropy()
    (logp.sum() + entropy.sum()).backward()
    assert logits.grad is not None
    return {"logp": logp.detach(), "entropy": entropy.detach(), "gradient": logits.grad}


def maskable_policy_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss and gradient of one `MaskablePPO.train` step in the log-probabilities."""
    policy, logged = train(MaskablePPO, chosen(inputs), clip=clip, action_masks=None)
    return {
        "loss": torch.tensor(logged["train/policy_gradient_loss"]),
        "approx_kl": torch.tensor(logged["train/approx_kl"]),
        "gradient": scatter(policy.logp.grad, inputs["mask"]),
    }


def recurrent_policy_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss and gradient of one `RecurrentPPO.train` step, whole padded rows and their mask."""
    policy, logged = _recurrent(inputs, clip=clip)
    assert policy.logp.grad is not None
    return {
        "loss": torch.tensor(logged["train/policy_gradient_loss"]),
        "approx_kl": torch.tensor(logged["train/approx_kl"]),
        "gradient": policy.logp.grad.view(inputs["mask"].shape),
    }


def recurrent_value_loss(inputs: Tensors, *, clip: float | None) -> Tensors:
    """The same of the critic, with SB3's `vf_coef` of 0.5."""
    policy, logged = _recurrent(inputs, clip_value=clip)
    assert policy.value.grad is not None
    return {
        "loss": torch.tensor(0.5 * logged["train/value_loss"]),
        "gradient": policy.value.grad.view(inputs["mask"].shape),
    }


def _recurrent(inputs: Tensors, **settings: float | None) -> tuple[Leaves, dict[str, float]]:
    everything = chosen(inputs | {"mask": torch.ones_like(inputs["mask"])})
    mask = inputs["mask"].flatten().float()
    return train(
        RecurrentPPO, everything, mask=mask, lstm_states=None, episode_starts=None, **settings
    )
