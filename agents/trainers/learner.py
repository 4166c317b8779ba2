"""The parameters that a trainer moves: Adam's step, its clip, its decay, and its memory.

Small policies get an Adam of our own, large ones torch's; both take the same steps.

Source: Adam, arXiv:1412.6980; the clip by global norm, arXiv:1211.5063.
"""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.utils import get_total_norm

from plaudit.agents import distributed
from plaudit.agents.trainers.flat_adam import FlatAdam
from plaudit.envs.types import State


class Learner:
    """Trainable parameters of one or several modules, and Adam.

    Under torchrun all ranks start with the parameters of rank 0, and `step` adds gradients up over
    ranks: divide losses by counts over all of them (`distributed.total`). Modules must stay on the
    device where they are.

    Args:
        modules: what is trained; frozen parameters are left out.
        lr: step size.
        max_grad_norm: the gradient is scaled down to this norm; None for no clip.
        weight_decay: decoupled, as AdamW; 0 is Adam.
        eps: of Adam.

    Raises:
        ValueError: there is nothing to train, or a number is out of its range.

    Source: arXiv:1412.6980.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module],
        *,
        lr: float,
        max_grad_norm: float | None = 1.0,
        weight_decay: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not (math.isfinite(lr) and lr >= 0):
            raise ValueError(f"lr must be finite and >= 0, got {lr}")
        if max_grad_norm is not None and not max_grad_norm > 0:
            raise ValueError(f"max_grad_norm must be above 0, got {max_grad_norm}")
        found: dict[int, nn.Parameter] = {}
        for module in modules:
            distributed.start_equal(module)
            found |= {id(p): p for p in module.parameters() if p.requires_grad}
        if not found:
            raise ValueError("nothing to train: no parameter has requires_grad")
        self.parameters = list(found.values())
        self.lr, self.max_grad_norm = lr, max_grad_norm
        self._small = self._large = None
        if FlatAdam.fits(self.parameters):
            self._small = FlatAdam(self.parameters, eps=eps, weight_decay=weight_decay)
        else:
            self._large = torch.optim.AdamW(
                self.parameters, lr=lr, eps=eps, weight_decay=weight_decay, fused=True
            )
        self.scale_lr(1.0)

    @property
    def size(self) -> int:
        """Number of trained numbers."""
        return sum(p.numel() for p in self.parameters)

    def scale_lr(self, share: float) -> None:
        """Take steps of this share of `lr` from now on."""
        self._lr = self.lr * share

    def zero(self) -> None:
        """Forget the gradient."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> torch.Tensor:
        """One step down the gradient, added up over ranks; its norm before the clip, ().

        Raises:
            ValueError: the gradient is not finite, or the modules were moved to another device;
                parameters stay as they were.
        """
        grads = self._gradients()
        distributed.add_up(grads)
        norm = torch.linalg.vector_norm(grads[0]) if len(grads) == 1 else get_total_norm(grads)
        length = float(norm)
        if not math.isfinite(length):
            raise ValueError(
                "the gradient is not finite; lower lr, or look for NaN or infinite rewards"
            )
        if self.max_grad_norm is not None and length > self.max_grad_norm:
            for grad in grads:
                grad.mul_(self.max_grad_norm / length)
        if self._small is not None:
            self._small.step(grads[0], self._lr)
        elif self._large is not None:
            for group in self._large.param_groups:
                group["lr"] = self._lr
            self._large.step()
        return norm

    def _gradients(self) -> list[torch.Tensor]:
        if self._small is not None:
            return [self._small.gradient()]
        if distributed.ranks().size > 1:
            for p in self.parameters:  # this rank may have had no rows
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        return [p.grad for p in self.parameters if p.grad is not None]

    def get_state(self) -> State:
        """Parameters and Adam's memory: a fresh copy."""
        found: State = {"parameters": [p.detach().clone() for p in self.parameters]}
        if self._small is not None:
            return found | {"adam": self._small.get_state()}
        if self._large is not None:
            memory = [self._large.state[p].items() for p in self.parameters]
            found["adam"] = [{key: value.clone() for key, value in items} for items in memory]
        return found

    def set_state(self, state: State) -> None:
        """Go back to a state of parameters of the same shapes."""
        with torch.no_grad():
            for parameter, value in zip(self.parameters, state["parameters"], strict=True):
                parameter.copy_(value)
        if self._small is not None:
            self._small.set_state(state["adam"])
        if self._large is not None:
            for parameter, memory in zip(self.parameters, state["adam"], strict=True):
                # Saved states lie on the CPU; fused Adam wants all of its memory on the device.
                self._large.state[parameter] = {
                    key: value.to(parameter.device, copy=True) for key, value in memory.items()
                }
