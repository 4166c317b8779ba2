"""What a KL is measured from: a policy that was given, or the trained one as it was at first."""

from typing import Any

import torch
from torch import nn

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
    """

    def __init__(self, policy: Any, given: Any = None, *, needed: bool = True) -> None:
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
