"""What a KL is measured from: a policy that was given, or the trained one as it was at first."""

from typing import Any

import torch
from torch import nn

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.envs.types import State


class Reference:
    """A policy that stays as it is.

    A copy belongs to the trainer and is saved with it; a given one is the caller's.

    Args:
        policy: is trained; `frozen_copy` makes the copy.
        given: the reference, or None for a copy.
        needed: whether there is a copy where none was given.

    Attributes:
        policy: the reference, or None.

    Raises:
        TypeError: the given one is of another kind than the policy.
        ValueError: it is the policy itself, or reads or does something else.
    """

    def __init__(self, policy: Any, given: Any = None, *, needed: bool = True) -> None:
        if given is not None:
            _check(policy, given)
        self.policy: Any = given
        self._copied: list[nn.Parameter] = []
        if given is None and needed:
            self.policy = policy.frozen_copy()
            pairs = zip(policy.parameters(), self.policy.parameters(), strict=True)
            self._copied = [copy for own, copy in pairs if own.requires_grad]

    def get_state(self) -> State:
        """The copy's parameters that training moves in the policy: a fresh copy."""
        return {"parameters": [p.detach().clone() for p in self._copied]}

    def set_state(self, state: State) -> None:
        """Go back to such a state."""
        with torch.no_grad():
            for p, value in zip(self._copied, state["parameters"], strict=True):
                p.copy_(value)


def _check(policy: Any, given: Any) -> None:
    if given is policy:
        raise ValueError(
            "the reference is the policy that is trained, from which nothing is ever far: leave "
            "reference out for a frozen copy of it"
        )
    for kind in (TokenPolicy, VectorPolicy):
        if isinstance(policy, kind) and not isinstance(given, kind):
            raise TypeError(f"the reference must be a policy of the same kind, got {given!r}")
    for name in ("vocab_size", "eos_id", "observation_space", "action_space"):
        mine, its = getattr(policy, name, None), getattr(given, name, None)
        if mine != its:
            raise ValueError(f"the policy's {name} is {mine}, the reference's {its}")
