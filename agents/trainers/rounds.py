"""Answers of several rounds, and what they earned: what self-training chooses from."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from plaudit.agents.trainers.algorithms import Tensors
from plaudit.agents.types import TokenBatch
from plaudit.envs.types import State


@dataclass(frozen=True)
class Answers:
    """Answers and what is known about them.

    Attributes:
        batch: (N, T).
        known: (N, ...) each; at least scores (N,) and groups (N,), of rows that answer one prompt.
    """

    batch: TokenBatch
    known: Tensors

    def __len__(self) -> int:
        return len(self.batch.tokens)

    def rows(self, index: torch.Tensor) -> "Answers":
        """The rows named by an int64 index, (n,)."""
        return Answers(self.batch.rows(index), {k: v[index] for k, v in self.known.items()})


class Rounds:
    """The answers of the latest rounds.

    Args:
        most: how many are remembered, or None for all.
        pad_id: fills prompts on the left.
    """

    def __init__(self, most: int | None, pad_id: int) -> None:
        self._most, self._pad_id = most, pad_id
        self._kept: list[Answers] = []

    def add(self, answers: Answers) -> None:
        """Remember a round, and forget one if there are too many."""
        self._kept.append(answers)
        if self._most is not None:
            del self._kept[: -self._most]

    def all(self) -> Answers:
        """All rounds under one another; groups of different rounds have different numbers."""
        return joined(self._kept, self._pad_id)

    def get_state(self) -> State:
        """The rounds: fresh copies."""
        return {"rounds": [_state(answers) for answers in self._kept]}

    def set_state(self, state: State, device: torch.device) -> None:
        """Go back to such a state, on a device."""
        self._kept = [_answers(saved, device) for saved in state["rounds"]]


def joined(parts: Sequence[Answers], pad_id: int) -> Answers:
    """Answers of several rollouts under one another; groups get numbers of their own.

    Args:
        parts: at least one; those without rows may know less than the others.
        pad_id: fills prompts on the left and answers behind.
    """
    parts = [part for part in parts if len(part)] or parts[:1]
    groups, shift = [], 0
    for part in parts:
        groups.append(part.known["groups"] + shift)
        shift += 1 + int(part.known["groups"].max()) if len(part) else 0
    batches = [part.batch for part in parts]
    known = {key: _behind([part.known[key] for part in parts], 0) for key in parts[0].known}
    return Answers(
        TokenBatch(
            _in_front([batch.prompt_ids for batch in batches], pad_id),
            _in_front([batch.prompt_mask for batch in batches], False),
            _behind([batch.tokens for batch in batches], pad_id),
            _behind([batch.action_mask for batch in batches], False),
            _behind([batch.logp for batch in batches], 0.0),
            tuple(status for batch in batches for status in batch.status),
        ),
        known | {"groups": torch.cat(groups)},
    )


def _in_front(tensors: list[torch.Tensor], fill: float) -> torch.Tensor:
    """Rows (N, L) under one another, filled on the left."""
    width = max(tensor.shape[1] for tensor in tensors)
    return torch.cat(
        [nn.functional.pad(tensor, (width - tensor.shape[1], 0), value=fill) for tensor in tensors]
    )


def _behind(tensors: list[torch.Tensor], fill: float) -> torch.Tensor:
    """Rows (N, L) under one another, filled on the right; or numbers (N,)."""
    if tensors[0].dim() == 1:
        return torch.cat(tensors)
    width = max(tensor.shape[1] for tensor in tensors)
    return torch.cat(
        [nn.functional.pad(tensor, (0, width - tensor.shape[1]), value=fill) for tensor in tensors]
    )


def _state(answers: Answers) -> State:
    batch = {name: value for name, value in vars(answers.batch).items() if name != "status"}
    return {
        "batch": {name: value.clone() for name, value in batch.items()},
        "status": list(answers.batch.status),
        "known": {name: value.clone() for name, value in answers.known.items()},
    }


def _answers(state: State, device: torch.device) -> Answers:
    batch = {name: value.to(device) for name, value in state["batch"].items()}
    known = {name: value.to(device) for name, value in state["known"].items()}
    return Answers(TokenBatch(**batch, status=tuple(state["status"])), known)
