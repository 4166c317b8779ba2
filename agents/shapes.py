"""Axes of tensors, and the check that stands on the first line of every loss and advantage.

B batch (sequences), T token positions, G answers per prompt, N agents, K candidates, V vocabulary,
P prompt positions, S environment steps.
"""

import torch


def check(**named: tuple[torch.Tensor, str]) -> None:
    """Hold tensors against their axes: `check(logp=(logp, "B T"), advantage=(advantage, "B"))`.

    Raises:
        ValueError: a tensor has another number of axes, or one axis letter has two sizes.
    """
    sizes: dict[str, int] = {}
    for name, (tensor, axes) in named.items():
        letters = axes.split()
        if tensor.dim() != len(letters):
            raise ValueError(
                f"{name}: expected axes ({axes}), got {tensor.dim()} axes, "
                f"shape {tuple(tensor.shape)}"
            )
        for letter, size in zip(letters, tensor.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ValueError(
                    f"{name}: axis {letter} is {size}, but {sizes[letter]} elsewhere; "
                    f"shape {tuple(tensor.shape)}"
                )
