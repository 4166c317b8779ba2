"""Plain steps of parameters, for learners whose step is the update that their paper writes down.

Source: own design.
"""

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.envs import limits


class Ascent:
    """Parameters that take plain steps: theta += lr * direction, added up over ranks.

    Args:
        module: what is trained; frozen parameters are left out.
        lr: step size, >= 0.

    Raises:
        ValueError: there is nothing to train, or lr is out of its range.
    """

    def __init__(self, module: torch.nn.Module, lr: float) -> None:
        distributed.start_equal(module)
        self.lr = limits.check_range("lr", lr, 0, np.inf)
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        if not self.parameters:
            raise ValueError("nothing to train: no parameter has requires_grad")

    @torch.no_grad()
    def step(self, direction: list[torch.Tensor]) -> float:
        """Take a step; the norm of its direction.

        Args:
            direction: like the parameters; this rank's part of the sum.

        Raises:
            ValueError: it is not finite; parameters stay as they were.
        """
        distributed.add_up(direction)
        norm = float(torch.nn.utils.get_total_norm(direction))
        if not np.isfinite(norm):
            raise ValueError("the step is not finite; lower lr, or look at the feedback")
        for parameter, part in zip(self.parameters, direction, strict=True):
            parameter.add_(part, alpha=self.lr)
        return norm

    def get_state(self) -> list[torch.Tensor]:
        """The parameters: a fresh copy."""
        return [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def set_state(self, state: list[torch.Tensor]) -> None:
        """Go back to parameters of the same shapes."""
        for parameter, value in zip(self.parameters, state, strict=True):
            parameter.copy_(value)
