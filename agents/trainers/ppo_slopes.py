"""PPO's gradient for small policies on a CPU, written down from the loss to the first layer.

d L / d logp    = -r A / N where the clip does not bind, else 0
d L / d logit_j = d L / d logp ([j chosen] - p_j)  + entropy_coef p_j (log p_j + H) / N
d L / d value   = value_coef (value - return) / N

and from there on as `policies.mlp` has it. These are the numbers of the general way, `losses.ppo`
and autograd, which a test holds against each other; it takes a third of the time, since at 64 steps
of a policy of 64 units nearly all of the general way's time goes into records, not into numbers.

Source: own design; the loss is arXiv:1707.06347 eq. 7.
"""

import inspect
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from plaudit.agents import kl
from plaudit.agents.losses.ppo import ppo
from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.heads import Categorical
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.trainers.algorithms import PolicyGradient, Tensors
from plaudit.agents.trainers.step_settings import StepSettings

CLIP: float = inspect.signature(ppo).parameters["clip"].default
NEEDED = frozenset({"numbers", "actions", "legal", "old_logp", "advantage", "returns"})

Array = npt.NDArray[Any]


class PPOSlopes:
    """Writes PPO's gradient into the parameters of an actor-critic.

    Args:
        policy: of categorical actions, on a CPU, whose encoder learns nothing.
        head: the policy's.
        clip, clip_high: of the ratio.
        value_coef, entropy_coef: weights of the critic's loss and of the entropy.
    """

    def __init__(
        self,
        policy: ActorCritic,
        head: Categorical,
        *,
        clip: float,
        clip_high: float,
        value_coef: float,
        entropy_coef: float,
    ) -> None:
        self._policy, self._head = policy, head
        self._low, self._high = 1 - clip, 1 + clip_high
        self._value_coef, self._entropy_coef = value_coef, entropy_coef

    @classmethod
    def of(
        cls, policy: VectorPolicy, algorithm: PolicyGradient, settings: StepSettings
    ) -> Self | None:
        """This way for a policy and an algorithm, or None where it does not lead there."""
        told = algorithm.described
        plain = told["loss"] == "ppo" and told.keys().isdisjoint({"dual_clip", "aggregation"})
        if not plain or algorithm.value_clip is not None or not algorithm.critic:
            return None
        if settings.target_kl is not None or policy.device.type != "cpu":
            return None
        head = policy.head
        if not (type(policy) is ActorCritic and isinstance(head, Categorical)):
            return None
        learning = {id(p) for p in policy.parameters() if p.requires_grad}
        if learning != {id(p) for p in policy.layers.parameters()}:
            return None
        clip = told.get("clip", CLIP)
        high = told.get("clip_high")
        return cls(
            policy,
            head,
            clip=clip,
            clip_high=clip if high is None else high,
            value_coef=algorithm.value_coef,
            entropy_coef=settings.entropy_coef,
        )

    def write_gradient(self, batch: Tensors, share: Any = 1.0, per_step: Any = 1.0) -> None:
        """Set the gradient of every parameter to that of the loss of some steps.

        Args:
            batch: numbers, actions, legal, old_logp, advantage and returns, (B, 1, ...) each.
            share: of the batch in the policy's mean over all ranks.
            per_step: the same in the mean of the critic and of the entropy.
        """
        arrays = {key: value[:, 0].numpy() for key, value in batch.items() if key in NEEDED}
        layers, x = self._policy.layers, arrays["numbers"]
        hidden, outs = layers.arrays_forward(x)
        joint = len(outs) == 1  # one network whose last output is the value
        logits, value = (outs[0][:, :-1], outs[0][:, -1]) if joint else (outs[0], outs[1][:, 0])
        of_logits = self._of_logits(logits, arrays, float(share), float(per_step))
        scale = np.float32(float(per_step) * self._value_coef / len(x))
        of_value = ((value - arrays["returns"]) * scale)[:, None]
        grads = [np.concatenate([of_logits, of_value], 1)] if joint else [of_logits, of_value]
        layers.arrays_backward(grads, x, hidden)

    def _of_logits(
        self, logits: Array, arrays: dict[str, Array], share: float, per_step: float
    ) -> Array:
        """(B, choices), d loss / d logit."""
        log_p = self._head.log_probs(logits, arrays.get("legal"))
        chosen = (arrays["actions"] + self._head.begins).astype(np.int64, copy=False)
        logp = np.take_along_axis(log_p, chosen, 1).sum(1)
        slope = self._of_logp(logp, arrays) * np.float32(share / len(logits))
        p = np.exp(log_p)
        found: Array = p * -slope[:, None]
        # One choice per row and part, so that no cell is written twice.
        np.put_along_axis(found, chosen, np.take_along_axis(found, chosen, 1) + slope[:, None], 1)
        if self._entropy_coef > 0:
            scale = np.float32(per_step * self._entropy_coef / len(logits))
            found += scale * self._head.entropy_slope(p, log_p)
        return found

    def _of_logp(self, logp: Array, arrays: dict[str, Array]) -> Array:
        """(B,), d loss / d logp of each step, times B."""
        distance, advantage = logp - arrays["old_logp"], arrays["advantage"]
        ratio = np.exp(np.clip(distance, -kl.MAX_LOG_RATIO, kl.MAX_LOG_RATIO))
        free, held = ratio * advantage, np.clip(ratio, self._low, self._high) * advantage
        held = (free > held) | (np.abs(distance) > kl.MAX_LOG_RATIO)
        found: Array = np.where(held, np.float32(0), -free)
        return found
