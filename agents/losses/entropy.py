"""Entropy as a loss term, and a coefficient that adapts to a target entropy.

L = -mean entropy; added to a policy loss times a coefficient, which may be constant or follow

| rule | after each update | as in |
|---|---|---|
| step | coef +- rate towards the target; applied only while the entropy is not above it | TRL |
| log | log coef + rate (target - entropy) | SAC: gradient descent on its temperature |

Source: arXiv:1602.01783 (entropy bonus); arXiv:2505.22312 (step); arXiv:1812.05905 (log).
"""

import math
from typing import Literal, get_args

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.losses import base
from plaudit.agents.losses.aggregate import aggregate

Rule = Literal["step", "log"]


def entropy_bonus(
    entropy: torch.Tensor,
    mask: torch.Tensor,
    *,
    aggregation: str = "token_mean",
    length: int | None = None,
) -> tuple[torch.Tensor, base.Stats]:
    """Minus the entropy: minimising it spreads the policy out.

    Only `entropy` receives a gradient.

    Args:
        entropy: (B, T) nats, of the policy that learns, at each position.
        mask: (B, T) bool, True where the policy chose the token.
        aggregation: a key of `aggregate.AGGREGATIONS`.
        length: tokens, for "fixed_length_mean" only.

    Returns:
        loss: (), nats, below 0.
        stats: `entropy`, nats per position; `empty_rows`.

    Raises:
        ValueError: shapes differ, all is masked, or a selected number is not finite.
        TypeError: the mask is not boolean.
        KeyError: unknown aggregation.

    Source: arXiv:1602.01783.
    """
    shapes.check(entropy=(entropy, "B T"), mask=(mask, "B T"))
    masking.require(mask)
    reduce = aggregate(aggregation, length=length)
    entropy = masking.select("entropy", entropy, mask)
    stats = {"entropy": base.mean(entropy, mask), "empty_rows": base.empty_rows(mask)}
    return reduce(-entropy, mask), stats


class AdaptiveEntropy:
    """A coefficient for `entropy_bonus` that holds the entropy near a target.

    Args:
        target: nats per position.
        coef: to begin with, in [low, high].
        rate: how far one step moves the coefficient ("step"), or its logarithm per nat ("log").
        low: least coefficient, at least 0; above 0 for "log", whose logarithm must exist.
        high: largest coefficient.
        rule: "step" or "log".

    Attributes:
        coef: the coefficient now, whether or not it is applied.

    Raises:
        ValueError: a bound, rate, target or rule makes no sense.

    Source: arXiv:2505.22312 (step); arXiv:1812.05905 (log).
    Differs: SAC moves the logarithm by Adam; this is plain gradient descent, whose state is the
        coefficient alone.
    """

    def __init__(
        self,
        target: float,
        *,
        coef: float = 0.01,
        rate: float = 0.005,
        low: float = 1e-4,
        high: float = 1.0,
        rule: Rule = "step",
    ) -> None:
        if rule not in get_args(Rule):
            raise ValueError(f"rule must be one of {', '.join(get_args(Rule))}, got {rule!r}")
        if not 0 <= low <= coef <= high < math.inf:
            raise ValueError(f"expected 0 <= low <= coef <= high, got {low}, {coef}, {high}")
        if rule == "log" and low == 0:
            raise ValueError("low must be above 0 with rule 'log', got 0")
        if not (math.isfinite(target) and 0 < rate < math.inf):
            raise ValueError(f"target must be finite and rate above 0, got {target} and {rate}")
        self.coef = coef
        self._target, self._rate, self._low, self._high, self._rule = target, rate, low, high, rule

    def step(self, entropy: float) -> float:
        """The coefficient to apply to the next update.

        Args:
            entropy: nats per position, mean over the batch of the update just taken.

        Raises:
            ValueError: the entropy is not finite; the coefficient stays.
        """
        if not math.isfinite(entropy):
            raise ValueError(f"entropy must be finite, got {entropy}")
        missing = self._target - entropy
        if self._rule == "log":
            # Bounded before the exponential, which overflows beyond 709.
            power = min(math.log(self.coef) + self._rate * missing, math.log(self._high))
            self.coef = self._held(math.exp(power))
            return self.coef
        self.coef = self._held(self.coef + math.copysign(self._rate, missing))
        return self.coef if missing >= 0 else 0.0

    def get_state(self) -> dict[str, float]:
        """What `step` depends on, as JSON values."""
        return {"coef": self.coef}

    def set_state(self, state: dict[str, float]) -> None:
        """Go back to a state.

        Raises:
            ValueError: its coefficient lies outside the bounds.
        """
        if not self._low <= state["coef"] <= self._high:
            raise ValueError(f"coef {state['coef']} is outside [{self._low}, {self._high}]")
        self.coef = state["coef"]

    def _held(self, coef: float) -> float:
        return min(max(coef, self._low), self._high)
