"""Windows of tokens, as token worlds show them: the most recent token last, padded on the left."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

IntArray = npt.NDArray[np.integer[Any]]


def read_windows(obs: IntArray, pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompt and mask of windows (B, L), without the padding that all rows share.

    Args:
        obs: token ids, most recent last.
        pad_id: fills the left.

    Raises:
        ValueError: these are no windows of integers.
    """
    windows = np.asarray(obs)
    if windows.ndim != 2 or not np.issubdtype(windows.dtype, np.integer):
        raise ValueError(
            f"expected integer windows of shape (B, L), got {windows.dtype} {windows.shape}"
        )
    # From the first token on: a padding id that is also a token may come again later.
    mask = np.logical_or.accumulate(windows != pad_id, axis=1)
    used = mask.any(0)
    return torch.from_numpy(windows[:, used].astype(np.int64)), torch.from_numpy(mask[:, used])
