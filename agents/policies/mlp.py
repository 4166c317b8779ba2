"""Multi-layer perceptrons side by side, with a gradient that is written down.

h_0 = x,   h_i = f(h_{i-1} W_i + b_i),   y = h_n W + b          for each of them

An actor and a critic of equal widths are computed together, one operation where two would be. On a
CPU that is numpy's work: on layers as small as those of a policy autograd spends more time on its
records than on numbers, and torch's tanh takes six times as long. Elsewhere it is plain torch.

Source: own design.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.autograd.function import once_differentiable

ACTIVATIONS = ("tanh", "relu")

Array = npt.NDArray[Any]


class MLPs(nn.Module):
    """One or several multi-layer perceptrons over the same input.

    Args:
        width: of the input.
        hidden: widths of the hidden layers, at least one, the same in each perceptron.
        outs: width of each perceptron's output.
        activation: "tanh" or "relu".
        gains: of each perceptron's last weights; those before have sqrt(2). All are orthogonal.
        rng: of the first weights.

    Raises:
        ValueError: unknown activation, no hidden layer, or a layer without width.
    """

    def __init__(
        self,
        width: int,
        hidden: Sequence[int],
        outs: Sequence[int],
        *,
        activation: str,
        gains: Sequence[float],
        rng: torch.Generator,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be {' or '.join(ACTIVATIONS)}, got {activation!r}")
        if not hidden or min((width, *hidden, *outs)) < 1:
            raise ValueError(
                f"expected at least one hidden layer, and widths of at least 1; got input {width}, "
                f"hidden {tuple(hidden)}, outputs {tuple(outs)}"
            )
        super().__init__()
        self.tanh = activation == "tanh"
        many = len(outs)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for a, b in pairwise([width, *hidden]):
            alike = [_orthogonal(b, a, math.sqrt(2), rng) for _ in range(many)]
            self.weights.append(nn.Parameter(torch.stack(alike)))
            self.biases.append(nn.Parameter(torch.zeros(many, b)))
        for out, gain in zip(outs, gains, strict=True):
            self.weights.append(nn.Parameter(_orthogonal(out, hidden[-1], gain, rng)))
            self.biases.append(nn.Parameter(torch.zeros(out)))
        self.depth = len(hidden)
        # The same parameters as plain lists: torch's own walks through a dict at every step.
        self._weights, self._biases = list(self.weights), list(self.biases)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(B, width) -> (B, out) of each perceptron."""
        if x.device.type != "cpu":
            return self.plain(x)
        if torch.is_grad_enabled():
            parameters = [*self._weights, *self._biases]
            outs: tuple[torch.Tensor, ...] = _Perceptrons.apply(  # type: ignore[no-untyped-call]
                self.tanh, self.depth, x, *parameters
            )
            return outs
        return tuple(torch.from_numpy(y) for y in self.arrays_forward(x.detach().numpy())[1])

    def arrays_forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """What hidden layers say, (perceptrons, B, width) each, and outputs; on a CPU.

        Args:
            x: (B, width) float32.
        """
        weights = [p.detach().numpy() for p in self._weights]
        biases = [p.detach().numpy() for p in self._biases]
        return _forward(x, weights, biases, self.depth, self.tanh)

    def arrays_backward(self, grads: list[Array], x: Array, hidden: list[Array]) -> None:
        """Set all parameters' gradients from those of the outputs.

        Args:
            grads: (B, out) of each perceptron.
            x: as given to `arrays_forward`.
            hidden: as `arrays_forward` gave it.
        """
        weights = [p.detach().numpy() for p in self._weights]
        found, _ = _backward(grads, x, weights, hidden, self.tanh, wanted=False)
        for p, grad in zip((*self._weights, *self._biases), found, strict=True):
            p.grad = torch.from_numpy(grad)

    def plain(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The same by torch's own operations; this is what runs on a GPU."""
        h = x.expand(len(self._weights[0]), *x.shape)
        for weight, bias in zip(self._weights[: self.depth], self._biases, strict=False):
            z = torch.baddbmm(bias.unsqueeze(1), h, weight.transpose(1, 2))
            h = torch.tanh(z) if self.tanh else torch.relu(z)
        last = zip(self._weights[self.depth :], self._biases[self.depth :], strict=True)
        return tuple(nn.functional.linear(h[i], w, b) for i, (w, b) in enumerate(last))


class _Perceptrons(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, tanh: bool, depth: int, x: torch.Tensor, *parameters: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        arrays = [p.numpy() for p in parameters]
        half = len(arrays) // 2
        hidden, ys = _forward(x.numpy(), arrays[:half], arrays[half:], depth, tanh)
        ctx.save_for_backward(x, *parameters[:half])
        ctx.tanh, ctx.hidden = tanh, hidden
        return tuple(torch.from_numpy(y) for y in ys)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, *weights = (tensor.numpy() for tensor in ctx.saved_tensors)
        wanted = ctx.needs_input_grad[2]
        found, inputs = _backward(
            [g.numpy() for g in grads], x, weights, ctx.hidden, ctx.tanh, wanted
        )
        into = torch.from_numpy(inputs) if inputs is not None else None
        return None, None, into, *(torch.from_numpy(array) for array in found)


def _forward(
    x: Array, weights: list[Array], biases: list[Array], depth: int, tanh: bool
) -> tuple[list[Array], list[Array]]:
    """What the hidden layers say, (perceptrons, B, width) each, and the outputs."""
    hidden: list[Array] = []
    h = x
    for i in range(depth):
        h = np.matmul(h, weights[i].transpose(0, 2, 1))
        h += biases[i][:, None]
        _ = np.tanh(h, out=h) if tanh else np.maximum(h, 0.0, out=h)
        hidden.append(h)
    last = zip(h, weights[depth:], biases[depth:], strict=True)
    return hidden, [h_i @ w.T + b for h_i, w, b in last]


def _backward(
    grads: list[Array],
    x: Array,
    weights: list[Array],
    hidden: list[Array],
    tanh: bool,
    wanted: bool,
) -> tuple[list[Array], Array | None]:
    """Gradients of weights, then biases; and of the input, if wanted."""
    depth, ones = len(hidden), np.ones(len(x), x.dtype)
    of_weights = [g.T @ h for g, h in zip(grads, hidden[-1], strict=True)]
    of_biases = [ones @ g for g in grads]  # adds up in half the time that sum takes
    grad = np.empty_like(hidden[-1])
    for i, g in enumerate(grads):
        np.matmul(g, weights[depth + i], out=grad[i])
    for i in reversed(range(depth)):
        grad *= 1.0 - hidden[i] * hidden[i] if tanh else hidden[i] > 0
        before = hidden[i - 1] if i > 0 else x
        of_weights.insert(0, grad.transpose(0, 2, 1) @ before)
        of_biases.insert(0, ones @ grad)
        if i > 0:
            grad = grad @ weights[i]
    inputs = (grad @ weights[0]).sum(0) if wanted else None
    return of_weights + of_biases, inputs


def _orthogonal(out: int, width: int, gain: float, rng: torch.Generator) -> torch.Tensor:
    return nn.init.orthogonal_(torch.empty(out, width), gain, generator=rng)
