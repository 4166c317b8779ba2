"""What all trainers share: the loop over updates, the log, checkpoints, resuming, several ranks.

A leaf says what one update does (`_one_update`) and what it depends on (`_own_state`). A run that
was killed at any moment and resumed ends as if it had not been: bit-equal on CPU in float32 with
one thread on the same machine and versions.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from plaudit.agents import distributed
from plaudit.agents.trainers.run_folder import RunFolder
from plaudit.envs.types import State, generator_from, generator_state

Row = dict[str, float]
"""Figures of one update, for the log."""


class Trainer(ABC):
    """A loop over updates.

    Each rank draws from streams of its own, children of `seed` and its number.

    Args:
        updates: planned number of updates.
        seed: of all that the trainer draws.
        eval_every: updates between evaluations.
        folder: where the log and checkpoints go, or None.

    Raises:
        ValueError: a number is out of its range.
    """

    def __init__(
        self,
        *,
        updates: int,
        seed: int = 0,
        eval_every: int = 10,
        folder: str | Path | None = None,
    ) -> None:
        for name, number, least in (
            ("updates", updates, 1),
            ("seed", seed, 0),
        ):
            if number < least:
                raise ValueError(f"{name} must be at least {least}, got {number}")
        if eval_every < 1:
            raise ValueError(f"eval_every must be at least 1 update, got {eval_every}")
        self.ranks = distributed.ranks()
        self.updates, self.eval_every = updates, eval_every
        self.folder = None if folder is None else RunFolder(folder)
        self.log: list[Row] = []
        self.update = 0
        rank = self.ranks.rank
        own = seed if rank == 0 else int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
        self._rng = np.random.default_rng(own)
        self._sampling = torch.Generator().manual_seed(own)

    @abstractmethod
    def _one_update(self) -> Row:
        """Do one update; figures to log. `self.update` is still the number of those before."""

    @abstractmethod
    def _described(self) -> dict[str, Any]:
        """JSON values that a checkpoint must have been made with: settings, world, sizes."""

    @abstractmethod
    def _own_state(self) -> State:
        """What the next update depends on besides the random streams: a fresh copy."""

    @abstractmethod
    def _set_own_state(self, state: State) -> None:
        """Go back to such a state."""

    @abstractmethod
    def learned(self) -> list[torch.Tensor]:
        """What training moves, in a fixed order: bit-equal on all ranks."""

    def lr_share(self, decay: float) -> float:
        """What is left of the step size now: it falls to `decay` of itself, linearly."""
        return 1 - min(1.0, self.update / self.updates) * (1 - decay)

    def _evaluation(self) -> Row:
        """Figures of an evaluation, without prefix; only rank 0 is asked."""
        return {}

    def train(
        self,
        updates: int | None = None,
        *,
        checkpoint_every: int | None = None,
        on_update: Callable[[Row], None] | None = None,
    ) -> list[Row]:
        """Take updates until `updates` (default: the planned number) are done in all.

        Args:
            updates: total, those before a resume included.
            checkpoint_every: save into the folder after so many updates, and at the end.
            on_update: called with each log row, e.g. for a progress bar; on rank 0 only.

        Returns:
            The log so far, one row per update; row 0 is the evaluation before training.

        Raises:
            ValueError: `checkpoint_every` without a folder; the folder already holds a run.
        """
        if checkpoint_every is not None and (checkpoint_every < 1 or self.folder is None):
            raise ValueError(
                f"checkpoint_every={checkpoint_every} must be at least 1 update, and needs folder="
            )
        total = self.updates if updates is None else updates
        if self.update == 0 and not self.log:
            self._refuse_another_run()
            self._note({"update": 0.0, **self._evaluated()}, on_update)
        while self.update < total:
            began = time.perf_counter()
            row = self._one_update()
            self.update += 1
            row = {"update": float(self.update), **row, "seconds": time.perf_counter() - began}
            last = self.update == total
            if last or self.update % self.eval_every == 0:
                row |= self._evaluated()
            self._note(row, on_update)
            if checkpoint_every is not None and (last or self.update % checkpoint_every == 0):
                self.save()
        return self.log

    def save(self) -> None:
        """Write a checkpoint into the folder; the previous one stands until it is complete.

        Raises:
            ValueError: the trainer has no folder.
        """
        if self.folder is None:
            raise ValueError("this trainer has no folder to save into; construct it with folder=")
        state = self.get_state()
        if self.ranks.rank == 0:
            self.folder.save(state, self.update)
        distributed.wait()

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; the log is cut back to it.

        Returns:
            Whether there was a checkpoint. If not, a log that was left by a run without one is
            kept as log.1.jsonl (.2, .3, ...), and the run begins anew.
        """
        if self.folder is None:
            return False
        distributed.wait()
        found = self.folder.has_checkpoint()
        if found:
            state, log = self.folder.load(cut=self.ranks.rank == 0)
            self.set_state(state)
            self.log = log
        elif self.ranks.rank == 0:
            self.folder.put_aside()
        distributed.wait()
        return found

    def get_state(self) -> State:
        """Everything the next update depends on, of all ranks: a fresh copy."""
        own = {
            "rng": generator_state(self._rng),
            "sampling": self._sampling.get_state(),
            "own": self._own_state(),
        }
        described = {"processes": self.ranks.size, **self._described()}
        ranks = distributed.everyone(own)
        return {"update": self.update, "settings": described, "ranks": ranks}

    def set_state(self, state: State) -> None:
        """Go back to a state of a trainer built alike.

        Raises:
            ValueError: the state is of other settings, another world, another policy or another
                number of processes.
        """
        mine, its = {"processes": self.ranks.size, **self._described()}, state["settings"]
        if other := {name: its.get(name) for name in mine if mine[name] != its.get(name)}:
            here = {name: mine[name] for name in other}
            raise ValueError(f"the checkpoint is of {other}, this trainer has {here}")
        own = state["ranks"][self.ranks.rank]
        self._set_own_state(own["own"])
        self.update = int(state["update"])
        self._rng = generator_from(own["rng"])
        self._sampling.set_state(own["sampling"])

    def _refuse_another_run(self) -> None:
        if self.ranks.rank == 0 and self.folder is not None and self.folder.log_path.exists():
            way = (
                "call resume() to go on from it"
                if self.folder.has_checkpoint()
                else (
                    "it has no checkpoint to go on from (train(checkpoint_every=...) makes them); "
                    "resume() puts its log aside and begins anew"
                )
            )
            raise ValueError(
                f"{self.folder.path} already holds a run; {way}, or give another folder"
            )

    def _evaluated(self) -> Row:
        figures = self._evaluation() if self.ranks.rank == 0 else {}
        if not isinstance(figures, Mapping):
            raise TypeError(
                f"an evaluator must return figures by name, e.g. {{'true_return': 0.5}}, got "
                f"{figures!r}"
            )
        return {f"eval/{key}": _number(key, value) for key, value in figures.items()}

    def _note(self, row: Row, on_update: Callable[[Row], None] | None) -> None:
        self.log.append(row)
        if self.ranks.rank > 0:
            return
        if self.folder is not None:
            self.folder.append(row)
        if on_update is not None:
            on_update(row)


def _number(key: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"an evaluator's figures are numbers; {key!r} is {value!r}") from error


def mean(rows: list[Row]) -> Row:
    """Means of figures over several steps; one that no step could tell (NaN) is left out."""
    told: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            if np.isfinite(value):
                told.setdefault(key, []).append(value)
    return {key: float(np.mean(values)) for key, values in told.items()}
