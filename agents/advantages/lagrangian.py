"""Learning under a cost limit: reward and cost advantages mixed by a multiplier that adapts.

A = (A_r - lambda A_c) / (1 + lambda),  ln lambda <- ln lambda + rate lambda (mean cost - limit)

The mix climbs the reward and falls in the cost; its division keeps the size of the step while
lambda grows. The multiplier ascends the dual: it grows while the cost is above its limit.

Source: arXiv:2310.12773 (Safe RLHF).
Differs: the multiplier is held in [1e-4, maximum]. At 0 it could never rise again, and a cost that
    cannot be lowered would drive it, and the reward's share with it, out of all bounds.
"""

import math

import torch

from plaudit.agents import masking, shapes
from plaudit.agents.advantages import base

MINIMUM = 1e-4  # of the multiplier, reward units per cost unit


def mix(advantage: torch.Tensor, cost_advantage: torch.Tensor, multiplier: float) -> torch.Tensor:
    """What is gained less what it costs, in the shape of its arguments.

    Args:
        advantage: (B,) or (B, T) reward units.
        cost_advantage: the same shape, cost units; above 0 where an action costs more than usual.
        multiplier: reward units per cost unit, finite and at least 0.

    Returns:
        advantage: (B,) or (B, T) reward units, without gradient; `advantage` itself with
            multiplier 0, -`cost_advantage` as it grows without bound.

    Raises:
        ValueError: shapes differ, a number is not finite, multiplier out of range.

    Source: arXiv:2310.12773.
    """
    axes = "B" if advantage.dim() == 1 else "B T"
    shapes.check(advantage=(advantage, axes), cost_advantage=(cost_advantage, axes))
    if not 0 <= multiplier < math.inf:
        raise ValueError(f"multiplier must be finite and at least 0, got {multiplier}")
    base.require_finite("advantage", advantage)
    base.require_finite("cost_advantage", cost_advantage)
    gain, cost = masking.widen(advantage.detach()), masking.widen(cost_advantage.detach())
    # Two shares, because multiplier * cost could overflow before the division.
    return gain / (1 + multiplier) - cost * (multiplier / (1 + multiplier))


class Multiplier:
    """The price of cost, raised while costs are above their limit and lowered while below.

    Args:
        limit: cost units, the mean cost per episode that is allowed.
        initial: reward units per cost unit, to begin with.
        rate: step size of the dual ascent, at least 0; 0 keeps the price as it is.
        maximum: what the multiplier never exceeds.

    Raises:
        ValueError: a setting is not finite or out of range.

    Source: arXiv:2310.12773.
    """

    def __init__(
        self, limit: float = 0.0, *, initial: float = 1.0, rate: float = 0.1, maximum: float = 5.0
    ) -> None:
        if not math.isfinite(limit):
            raise ValueError(f"limit must be finite, got {limit}")
        if not 0 <= rate < math.inf:
            raise ValueError(f"rate must be finite and at least 0, got {rate}")
        if not MINIMUM <= initial <= maximum < math.inf:
            raise ValueError(
                f"initial must lie in [{MINIMUM}, maximum] and maximum be finite, got initial "
                f"{initial}, maximum {maximum}"
            )
        self.limit, self.rate, self.maximum = limit, rate, maximum
        self._log = math.log(initial)

    @property
    def value(self) -> float:
        """Reward units per cost unit, in [MINIMUM, maximum]."""
        return math.exp(self._log)

    def step(self, mean_cost: float) -> float:
        """Move by one batch's mean cost per episode; returns the new value.

        Args:
            mean_cost: cost units.

        Raises:
            ValueError: the cost is not finite; the multiplier stays as it was.
        """
        if not math.isfinite(mean_cost):
            raise ValueError(f"mean_cost must be finite, got {mean_cost}")
        moved = self._log + self.rate * self.value * (mean_cost - self.limit)
        self._log = min(max(moved, math.log(MINIMUM)), math.log(self.maximum))
        return self.value

    def get_state(self) -> dict[str, float]:
        """What `set_state` needs to go on from here."""
        return {"log_multiplier": self._log}

    def set_state(self, state: dict[str, float]) -> None:
        """Go on from a state that `get_state` gave.

        Args:
            state: {"log_multiplier": nats}.

        Raises:
            ValueError: the state has other entries, or one that this multiplier cannot reach.
        """
        if set(state) != {"log_multiplier"}:
            raise ValueError(f"state: expected the entry log_multiplier, got {sorted(state)}")
        log = float(state["log_multiplier"])
        if not math.log(MINIMUM) <= log <= math.log(self.maximum):
            raise ValueError(
                f"state: log_multiplier {log} is outside of ln [{MINIMUM}, {self.maximum}]"
            )
        self._log = log
