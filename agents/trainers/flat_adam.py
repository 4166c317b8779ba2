"""Adam over one tensor that holds all parameters of a small policy.

m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2
p = (1 - lr decay) p - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)

Parameters become views of the tensor, so that a step is seven operations in all. For a policy of
two small layers the step of `torch.optim` takes longer than the gradient, mostly in finding out
what to do.

Source: arXiv:1412.6980; the decay, decoupled from the gradient, arXiv:1711.05101.
"""

import math

import torch
from torch import nn

BETAS = (0.9, 0.999)  # weights of the past in the means of the gradient and of its square
MOST = 1 << 18  # numbers; beyond, it costs more to lay gradients side by side than is saved


class FlatAdam:
    """Adam with decoupled weight decay, for parameters that are laid into one tensor.

    Args:
        parameters: float32 on one device, see `fits`; they become views of `flat`, and again
            whenever they were laid elsewhere meanwhile, e.g. by another trainer of the same policy.
        eps: added to the root of the mean square.
        weight_decay: share of a parameter that a step of size 1 takes away.

    Source: arXiv:1412.6980, arXiv:1711.05101; the numbers are those of `torch.optim.AdamW`.
    """

    def __init__(
        self, parameters: list[nn.Parameter], *, eps: float, weight_decay: float = 0.0
    ) -> None:
        self._parameters, self._eps, self._decay = parameters, eps, weight_decay
        self._sizes = [p.numel() for p in parameters]
        self.flat = parameters[0].new_empty(sum(self._sizes)).detach()
        self._lay()
        self._mean, self._square = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self._steps = 0

    @staticmethod
    def fits(parameters: list[nn.Parameter]) -> bool:
        """Whether parameters are few numbers, float32, and on one device."""
        kinds = {(p.dtype, p.device) for p in parameters}
        few = sum(p.numel() for p in parameters) <= MOST
        return few and len(kinds) == 1 and parameters[0].dtype == torch.float32

    def gradient(self) -> torch.Tensor:
        """All gradients in one new tensor; parameters that no loss reached count as 0.

        Raises:
            ValueError: a parameter has another size, dtype or device than it had.
        """
        if [p.data_ptr() for p in self._parameters] != self._places:
            self._lay()
        return torch.cat(
            [
                (torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1)
                for p in self._parameters
            ]
        )

    def _lay(self) -> None:
        """Copy the parameters into `flat`, and make them views of it."""
        parts = torch.split(self.flat, self._sizes)
        pairs = list(zip(self._parameters, parts, strict=True))
        for p, part in pairs:
            had, has = ((x.numel(), x.dtype, x.device) for x in (part, p))
            if had != has:
                raise ValueError(
                    f"a trained parameter had (size, dtype, device) {had} when the trainer was "
                    f"made and has {has} now: move or convert a policy before"
                )
        for p, part in pairs:
            part.copy_(p.detach().reshape(-1))
            p.data = part.view_as(p)
        self._places = [p.data_ptr() for p in self._parameters]

    @torch.no_grad()
    def step(self, gradient: torch.Tensor, lr: float) -> None:
        """Move all parameters.

        Args:
            gradient: of the size of `flat`.
            lr: step size.
        """
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        if self._decay > 0:
            self.flat.mul_(1 - lr * self._decay)
        self._mean.lerp_(gradient, 1 - BETAS[0])
        self._square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        spread = self._square.sqrt().div_(math.sqrt(second)).add_(self._eps)
        self.flat.addcdiv_(self._mean, spread, value=-lr / first)

    def get_state(self) -> dict[str, torch.Tensor | int]:
        """Its memory: a fresh copy."""
        mean, square = self._mean.clone(), self._square.clone()
        return {"steps": self._steps, "mean": mean, "square": square}

    def set_state(self, state: dict[str, torch.Tensor | int]) -> None:
        """Go back to the memory of parameters of the same number."""
        self._steps = int(state["steps"])
        self._mean.copy_(torch.as_tensor(state["mean"]))
        self._square.copy_(torch.as_tensor(state["square"]))
