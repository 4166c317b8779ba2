"""A policy-gradient algorithm: an advantage and a loss, by name, bound by their argument names.

What a rollout offers (`rewards`, `scores`, `mask`, `groups`, `turns`, `values`, ...) and what an
update knows (`logp`, `old_logp`, `advantage`, ...) are tensors under the names that advantages and
losses give their arguments. So a new algorithm is a function in `advantages/` or `losses/` and a
line in `recipes.py`.

Rewards arrive with the KL penalty already inside (per token: reward - beta log pi/pi_ref of the
sampled token), so every unbiased advantage climbs J_beta = E[return] - beta KL. Division by a
group's spread, and a KL term in the loss, have fixed points of their own.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from plaudit import agents
from plaudit.agents.losses.base import Stats
from plaudit.agents.losses.ppo import ppo_value
from plaudit.envs.names import nearest

Tensors = dict[str, torch.Tensor]

WHITEN_EPSILON = 1e-8  # added to the standard deviation, as Stable-Baselines3


class PolicyGradient:
    """An advantage, a loss and, where there is a critic, its regression.

    Args:
        advantage: a key of `registry.ADVANTAGES`; None for a loss that takes none.
        loss: a key of `registry.LOSSES`.
        critic: whether values are learned.
        whiten: shift and scale advantages to mean 0 and standard deviation 1 over the batch.
        value_coef: weight of the critic's loss.
        value_clip: how far a value may move in one update, reward units; None for any distance.
        kl_loss: weight of the loss's own KL term (its `beta`), for losses that have one.
        least_group: fewest answers per prompt from which it learns anything.
        **settings: of the advantage and of the loss, each by its own name.

    Raises:
        KeyError: unknown advantage or loss; TypeError: a setting that neither of them has.

    Source: own design.
    """

    def __init__(
        self,
        advantage: str | None,
        loss: str,
        *,
        critic: bool = False,
        whiten: bool = False,
        value_coef: float = 0.5,
        value_clip: float | None = None,
        kl_loss: float | None = None,
        least_group: int = 1,
        **settings: Any,
    ) -> None:
        if kl_loss is not None:
            if "beta" not in inspect.signature(agents.loss(loss)).parameters:
                raise TypeError(f"kl_loss: loss {loss!r} has no KL term of its own, as grpo has")
            settings["beta"] = kl_loss
        function = _nothing if advantage is None else agents.advantage(advantage)
        self._advantage = _Bound(f"advantage {advantage!r}", function, settings)
        self._loss = _Bound(f"loss {loss!r}", agents.loss(loss), settings)
        self._refuse_unknown(settings)
        self.critic, self.whiten, self.least_group = critic, whiten, least_group
        self.value_coef, self.value_clip = value_coef, value_clip
        self.described = {
            "advantage": advantage,
            "loss": loss,
            "critic": [critic, value_coef, value_clip] if critic else None,
            "whiten": whiten,
            "least_group": least_group,
            **settings,
        }
        self._per_answer = loss in agents.registry.PER_ANSWER
        self.gamma: float = self._advantage.setting("gamma", 1.0)
        self.per_token: bool = self._loss.setting("aggregation", "") == "token_mean"

    def wants(self, name: str) -> bool:
        """Whether the advantage or the loss takes the tensor of this name."""
        return name in self._advantage.tensors or name in self._loss.tensors

    @property
    def needs_reference(self) -> bool:
        """Whether the loss or the advantage itself depends on the reference's log-probabilities."""
        required = (bound.tensors.get("ref_logp") for bound in (self._advantage, self._loss))
        return any(required) or self._loss.setting("beta", 0.0) > 0

    def targets(self, signals: Tensors) -> Tensors:
        """What an update aims at.

        Args:
            signals: of a rollout; at least rewards (B, T) with the KL inside, mask (B, T) and,
                with a critic, values (B, T).

        Returns:
            advantage: (B,) or (B, T), as the loss takes it. returns, old_value: (B, T), what the
            critic should say and what it said, with a critic.

        Raises:
            ValueError: a signal that the advantage needs is missing or not finite.
        """
        mask = signals["mask"]
        found = self._advantage(signals)
        if found is None:
            return {}
        advantage, returns = found if isinstance(found, tuple) else (found, None)
        if self.whiten:
            advantage = _whitened(advantage, mask)
        if advantage.dim() == 1 and not self._per_answer:
            advantage = torch.where(mask, advantage.unsqueeze(1), 0.0)
        targets = {"advantage": advantage}
        if self.critic:
            if returns is None:
                raise ValueError(f"{self._advantage.name} has no returns for a critic to learn")
            targets |= {"returns": returns, "old_value": signals["values"]}
        return targets

    def loss(self, known: Tensors) -> tuple[torch.Tensor, torch.Tensor | None, Stats]:
        """The policy's loss, the critic's, and figures to log.

        Args:
            known: tensors of some rows: those of the rollout, its targets, and what the policy
                says now (`logp`, and `value` with a critic).
        """
        loss, stats = self._loss(known)
        if not self.critic:
            return loss, None, stats
        critic, figures = ppo_value(
            known["value"],
            known["old_value"],
            known["returns"],
            known["mask"],
            clip=self.value_clip,
        )
        if figures:  # there are none under `masking.trusted`
            stats |= {"value_loss": critic, "explained_variance": figures["explained_variance"]}
        return loss, self.value_coef * critic, stats

    def weights(self, mask: torch.Tensor) -> torch.Tensor:
        """What each row (B,) weighs in the loss: its tokens, or 1 if it has any."""
        return mask.sum(1) if self.per_token else mask.any(1).long()

    def _refuse_unknown(self, settings: dict[str, Any]) -> None:
        known = self._advantage.settings | self._loss.settings
        for name in settings:
            if name not in known:
                raise TypeError(
                    f"unknown setting {name!r} of {self._advantage.name} and {self._loss.name}"
                    f"{nearest(name, known)}"
                )


def setting_names(advantage: str | None, loss: str) -> set[str]:
    """Every setting of an algorithm made of the two, its own and those of the functions."""
    own = inspect.signature(PolicyGradient).parameters.values()
    names = {p.name for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY}
    functions = [agents.loss(loss), *([] if advantage is None else [agents.advantage(advantage)])]
    for function in functions:
        names |= _Bound("", function, {}).settings
    return names - {"beta"}  # of the trainer; the loss's own is `kl_loss`


def _nothing() -> None:
    """The advantage of a loss that takes none."""


class _Bound:
    """A pure function with its settings, called with tensors by name."""

    def __init__(self, name: str, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        parameters = inspect.signature(function).parameters
        self.name, self._function = name, function
        self.tensors = {
            key: parameter.default is inspect.Parameter.empty
            for key, parameter in parameters.items()
            if "Tensor" in str(parameter.annotation)
        }
        self.settings = set(parameters) - set(self.tensors)
        self._given = {key: value for key, value in settings.items() if key in self.settings}
        self._defaults = {key: parameters[key].default for key in self.settings}

    def setting(self, name: str, otherwise: Any) -> Any:
        """The setting as given or by default; `otherwise` where the function has none."""
        return (self._defaults | self._given).get(name, otherwise)

    def __call__(self, known: Tensors) -> Any:
        for key, needed in self.tensors.items():
            if needed and key not in known:
                raise ValueError(f"{self.name} needs {key!r}, known are {', '.join(known)}")
        tensors = {key: known[key] for key in self.tensors if key in known}
        return self._function(**tensors, **self._given)


def _whitened(advantage: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    chosen = advantage[mask] if advantage.dim() == 2 else advantage[mask.any(1)]
    if len(chosen) < 2:
        return advantage - chosen.mean()
    white = (advantage - chosen.mean()) / (chosen.std() + WHITEN_EPSILON)
    return torch.where(mask if advantage.dim() == 2 else mask.any(1), white, 0.0)
