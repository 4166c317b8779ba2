"""RAGEN's advantage over turns and tokens, a function of tensors already.

It knows a turn by the nonzero reward at its last token.
"""

import torch
from verl.trainer.ppo import core_algos

# RAGEN star-imports from verl also what verl itself imports, which newer ones no longer export.
core_algos.__all__ = [name for name in vars(core_algos) if not name.startswith("_")]

from ragen.trainer.core_algos import compute_bi_level_gae_advantage_return  # noqa: E402

Tensors = dict[str, torch.Tensor]


def returns(inputs: Tensors, *, gamma: float, lam: float, gamma_turn: float) -> Tensors:
    """The returns of bi-level GAE."""
    return {"returns": _run(inputs, gamma, lam, gamma_turn)[1]}


def whitened(inputs: Tensors, *, gamma: float, lam: float, gamma_turn: float) -> Tensors:
    """Its advantages, which it always whitens."""
    return {"advantage": _run(inputs, gamma, lam, gamma_turn)[0] * inputs["mask"]}


def _run(
    inputs: Tensors, gamma: float, lam: float, gamma_turn: float
) -> tuple[torch.Tensor, torch.Tensor]:
    advantage, found = compute_bi_level_gae_advantage_return(
        inputs["rewards"], inputs["values"], inputs["mask"].float(), gamma, lam, gamma_turn
    )
    return advantage, found
