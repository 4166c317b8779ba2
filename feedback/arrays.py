"""The few functions that formulas of answers need, for numpy arrays and torch tensors alike.

A response model is written once: a teacher draws from it in numpy, a reward model is fitted to it
in torch. All of them work on the last axis.
"""

from math import log
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

HALF = -log(2.0)
"""The log of one half, on whose two sides log(1 - p) is computed differently."""


def _log_rest(logp: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """log(1 - exp(logp)), exact for small and for large probabilities."""
    with np.errstate(divide="ignore"):
        return np.where(logp > HALF, np.log(-np.expm1(logp)), np.log1p(-np.exp(logp)))


NUMPY = SimpleNamespace(
    stack=lambda arrays: np.stack(arrays, axis=-1),
    concat=lambda arrays: np.concatenate(arrays, axis=-1),
    log_softmax=lambda array: special.log_softmax(array, axis=-1),
    log_sigmoid=special.log_expit,
    log_normal_cdf=special.log_ndtr,
    exp=np.exp,
    log_add=np.logaddexp,
    log_sum=lambda array: special.logsumexp(array, axis=-1),
    log_rest=_log_rest,
    isnan=np.isnan,
    where=np.where,
    highest=lambda array: array.max(axis=-1, keepdims=True),
    full=lambda like, value: np.full(like.shape, value),
    constant=lambda values, like: np.asarray(values, np.float64),
    places=lambda values, like: np.asarray(values, np.int64),
    pick=lambda array, index: np.take_along_axis(array, index[..., None], axis=-1)[..., 0],
)
"""The functions on numpy arrays."""


def functions(array: Any) -> Any:
    """The functions for the kind of array given; torch is imported only where a tensor is."""
    if type(array).__module__.partition(".")[0] == "torch":
        return _torch()
    return NUMPY


def _torch() -> Any:
    import torch

    return SimpleNamespace(
        stack=lambda arrays: torch.stack(arrays, -1),
        concat=lambda arrays: torch.cat(arrays, -1),
        log_softmax=lambda array: torch.log_softmax(array, -1),
        log_sigmoid=torch.nn.functional.logsigmoid,
        log_normal_cdf=torch.special.log_ndtr,
        exp=torch.exp,
        log_add=torch.logaddexp,
        log_sum=lambda array: torch.logsumexp(array, -1),
        log_rest=_log_rest_of_tensor,
        isnan=torch.isnan,
        where=torch.where,
        highest=lambda array: array.max(-1, keepdim=True).values,
        full=torch.full_like,
        constant=lambda values, like: torch.as_tensor(values, dtype=like.dtype, device=like.device),
        places=lambda values, like: torch.as_tensor(values, device=like.device),
        pick=lambda array, index: array.gather(-1, index[..., None])[..., 0],
    )


def _log_rest_of_tensor(logp: Any) -> Any:
    import torch

    # Kept off -inf, whose gradient would spoil even answers that were not given.
    below = logp.clamp(max=-torch.finfo(logp.dtype).tiny)
    large = below > HALF
    some = torch.full_like(below, HALF)
    return torch.where(
        large,
        torch.log(-torch.expm1(torch.where(large, below, some))),
        torch.log1p(-torch.exp(torch.where(large, some, below))),
    )
