"""A replay buffer: the latest rows of some tensors, drawn from at random.

Source: Lin 1992, doi:10.1007/BF00992699.
"""

import numpy as np
import torch

from plaudit.envs.types import State

Tensors = dict[str, torch.Tensor]


class Replay:
    """Keeps the latest rows; older ones make room.

    Args:
        keep: how many rows.

    Raises:
        ValueError: `keep` is below 1.

    Source: doi:10.1007/BF00992699.
    """

    def __init__(self, keep: int) -> None:
        if keep < 1:
            raise ValueError(f"keep must be at least 1 row, got {keep}")
        self.keep = keep
        self._rows: Tensors = {}
        self._added = 0

    def __len__(self) -> int:
        """Rows that are held."""
        return min(self._added, self.keep)

    def add(self, rows: Tensors) -> None:
        """Add rows, (n, ...) of each tensor; always the same tensors.

        Args:
            rows: their last `keep` are kept.
        """
        count = len(next(iter(rows.values())))
        if not self._rows:
            self._rows = {
                key: value.new_zeros((self.keep, *value.shape[1:])) for key, value in rows.items()
            }
        first = max(0, count - self.keep)
        places = (torch.arange(first, count) + self._added) % self.keep
        for key, value in rows.items():
            self._rows[key][places] = value[first:].detach()
        self._added += count

    def sample(self, count: int, rng: np.random.Generator) -> Tensors:
        """Rows drawn evenly, with repetition.

        Args:
            count: how many.
            rng: what they are drawn from.

        Raises:
            ValueError: the buffer is empty.
        """
        if not len(self):
            raise ValueError("an empty buffer has no rows to draw")
        return self._at(torch.from_numpy(rng.integers(len(self), size=count)))

    def all(self) -> Tensors:
        """Every row that is held."""
        return self._at(torch.arange(len(self)))

    def get_state(self) -> State:
        """A fresh copy of what is held."""
        return {"added": self._added, "rows": self.all()}

    def set_state(self, state: State, device: torch.device | None = None) -> None:
        """Go back.

        Args:
            state: as `get_state` gave it.
            device: where the rows lie.
        """
        self._rows, self._added = {}, 0
        if state["rows"]:
            self.add({key: value.to(device) for key, value in state["rows"].items()})
        self._added = int(state["added"])

    def _at(self, places: torch.Tensor) -> Tensors:
        return {key: value[places.to(value.device)] for key, value in self._rows.items()}
