"""Algorithms by name: an advantage, a loss, and the settings they were published with.

| recipe | advantage | loss |
|---|---|---|
| ppo | GAE, whitened | clipped, per token, with a critic |
| rloo | leave-one-out | clipped, per answer |
| grpo | group, divided by its deviation | clipped, per token, mean of answers |

A recipe is called with a world and a policy and makes the trainer that fits the policy's kind;
any setting of its advantage, its loss or the trainer can be changed by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.trainers.algorithms import PolicyGradient, setting_names
from plaudit.agents.trainers.base import Trainer
from plaudit.agents.trainers.on_policy import OnPolicyTrainer
from plaudit.agents.trainers.settings import Settings
from plaudit.envs.names import nearest

TRAINER = ("reference", "evaluator", "eval_every", "folder")


@dataclass(frozen=True)
class Recipe:
    """A policy-gradient algorithm with its published settings.

    Attributes:
        advantage, loss: registry keys.
        critic, whiten, least_group: see `PolicyGradient`.
        settings: published ones, of the advantage and the loss.
    """

    advantage: str
    loss: str
    critic: bool = False
    whiten: bool = False
    least_group: int = 1
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, env: Any, policy: Any, **settings: Any) -> Trainer:
        """A trainer of this algorithm.

        Args:
            env: the world, in the form that the policy's trainer plays.
            policy: is trained in place.
            **settings: of the advantage, the loss, `PolicyGradient`, `Settings` and the trainer.

        Raises:
            TypeError: an unknown setting, named with the nearest one.
        """
        if not isinstance(policy, TokenPolicy):
            raise TypeError(f"expected a policy, as agents.policy makes it, got {policy!r}")
        shared = [f.name for f in fields(Settings)]
        own, common, trainer = self._sorted(settings, shared, TRAINER)
        return OnPolicyTrainer(env, policy, self.algorithm(**own), Settings(**common), **trainer)

    def algorithm(self, **settings: Any) -> PolicyGradient:
        """The algorithm, with some settings changed."""
        given = {
            "critic": self.critic,
            "whiten": self.whiten,
            "least_group": self.least_group,
            **self.settings,
            **settings,
        }
        return PolicyGradient(self.advantage, self.loss, **given)

    def _sorted(self, settings: dict[str, Any], *others: Iterable[str]) -> list[dict[str, Any]]:
        """Settings of the algorithm, then those with names of each of the others."""
        own = setting_names(self.advantage, self.loss)
        for name in settings:
            known = {*own, *(other for names in others for other in names)}
            if name not in known:
                raise TypeError(f"unknown setting {name!r}{nearest(name, known)}")
        rest = {name for names in others for name in names}
        return [
            {k: v for k, v in settings.items() if k not in rest},
            *({k: v for k, v in settings.items() if k in set(names)} for names in others),
        ]


# arXiv:1707.06347
ppo = Recipe("gae", "ppo", critic=True, whiten=True)
# arXiv:2402.14740
rloo = Recipe("leave_one_out", "rloo", least_group=2)
# arXiv:2402.03300
grpo = Recipe("group", "grpo", least_group=2)
