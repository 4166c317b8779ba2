"""Answers about segments whose steps are rows of a table of features: what networks descend on.

Steps that look alike share a row, so that a network scores each look once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from plaudit.feedback.asks import Ask, Compare
from plaudit.feedback.store import FeedbackBuffer

Floats = npt.NDArray[np.float64]

Nats = Callable[[Ask, torch.Tensor, torch.Tensor], torch.Tensor]
"""(ask, answers (B,), utilities (M, B, K)) -> -log_prob (M, B)."""


class Featured(Protocol):
    """What a network sees of a step."""

    def features(self, obs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor: ...

    def normalise(self, features: torch.Tensor) -> None: ...


@dataclass(frozen=True)
class Answers:
    """Answers to one ask.

    Attributes:
        ask: the question.
        steps: (B, K, T) int64 rows of the table; 0 where masked.
        mask: (B, K, T) bool.
        answers: (B,) or (B, parts) int64; (B,) float where continuous.
        doubt: (B,) of comparisons: the probability that the answer is the wrong way round.
        margin: (B,) of comparisons: utility by which what is preferred has to win.
    """

    ask: Ask
    steps: torch.Tensor
    mask: torch.Tensor
    answers: torch.Tensor
    doubt: torch.Tensor | None = None
    margin: torch.Tensor | None = None

    def rows(self, index: torch.Tensor) -> "Answers":
        doubt = None if self.doubt is None else self.doubt[index]
        margin = None if self.margin is None else self.margin[index]
        return Answers(
            self.ask, self.steps[index], self.mask[index], self.answers[index], doubt, margin
        )

    def nats(self, nats: Nats, utilities: torch.Tensor) -> torch.Tensor:
        """(M, B) what the answers cost: with doubt d, (1 - d) -log_prob + d -log_prob(reverse).

        Source: arXiv:2401.06080 section 2 (soft labels, adaptive margin).
        """
        kept = self._leading(nats, self.answers, utilities)
        if self.doubt is None:
            return kept
        turned = self._leading(nats, 1 - self.answers, utilities)
        return (1.0 - self.doubt) * kept + self.doubt * turned

    def _leading(self, nats: Nats, answers: torch.Tensor, utilities: torch.Tensor) -> torch.Tensor:
        """(M, B) the cost where what is preferred has to win by the margin."""
        if self.margin is not None:
            lead = torch.nn.functional.one_hot(answers, 2) * self.margin[:, None]
            utilities = utilities - lead
        return nats(self.ask, answers, utilities)


def step_rows(
    buffer: FeedbackBuffer,
    net: Featured,
    doubt: Floats | None = None,
    margin: Floats | None = None,
) -> tuple[list[Answers], torch.Tensor]:
    """The answers without skips, and the features of every distinct step in them, (N, F).

    Args:
        buffer: the answers.
        net: says what it sees of a step, and is told what it will see.
        doubt: see `Answers`; in the order of the buffer's answers, all of which are then
            comparisons without ties.
        margin: as `doubt`.

    Raises:
        ValueError: answers that are not about segments or steps, or a doubt or margin that does
            not go with them.
    """
    groups: list[Answers] = []
    features: list[torch.Tensor] = []
    steps = 0
    for ask in buffer.answered().asks:
        if ask.grain not in ("segment", "step"):
            raise ValueError(
                f"answers to {ask.kind!r} are about {ask.grain}s, of which a reward per step says "
                "nothing; filter them out"
            )
        obs, actions, mask, answers = buffer.batch(ask)
        before, kept = obs[:, :, :-1][mask], torch.from_numpy(mask)
        features.append(net.features(torch.from_numpy(before), torch.from_numpy(actions[mask])))
        index = torch.zeros(mask.shape, dtype=torch.int64)
        index[kept] = torch.arange(steps, steps + len(before))
        steps += len(before)
        groups.append(Answers(ask, index, kept, torch.from_numpy(answers)))
    if doubt is not None or margin is not None:
        groups = _weighed(groups, doubt, margin)
    if not groups:
        return [], torch.zeros(0)
    net.normalise(torch.cat(features))
    found, place = distinct(torch.cat(features))
    return [replace(group, steps=place[group.steps]) for group in groups], found


def distinct(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The distinct rows of (N, F), and the place of each row among them, (N,)."""
    # What torch.unique(dim=0) gives, which takes 15 times as long on tokens.
    order = torch.from_numpy(np.lexsort(rows.numpy().T[::-1]))
    ordered = rows[order]
    fresh = torch.ones(len(rows), dtype=torch.bool)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(1)
    place = torch.empty_like(order)
    place[order] = fresh.cumsum(0) - 1
    return ordered[fresh], place


def _weighed(
    groups: Sequence[Answers], doubt: Floats | None, margin: Floats | None
) -> list[Answers]:
    """The only group, with what is thought of its answers."""
    asks = [group.ask for group in groups]
    if asks not in ([Compare()], []):
        raise ValueError(f"doubt and margin are of comparisons without ties, got answers to {asks}")
    count = sum(len(group.answers) for group in groups)
    for name, given in (("doubt", doubt), ("margin", margin)):
        if given is not None and given.shape != (count,):
            raise ValueError(f"{name} must be ({count},), one per answer, got {given.shape}")
        if given is not None and not np.isfinite(given).all():
            raise ValueError(f"{name} must be finite, got {given[~np.isfinite(given)][0]}")
    if doubt is not None and not bool(((doubt >= 0.0) & (doubt <= 1.0)).all()):
        raise ValueError(f"doubt must be in [0, 1], got {doubt.min()}..{doubt.max()}")
    told = [None if a is None else torch.from_numpy(a).float() for a in (doubt, margin)]
    return [replace(group, doubt=told[0], margin=told[1]) for group in groups]
