"""Answers as arrays: the things they judge, and their log-likelihood with its derivatives.

A thing judged is a stretch of steps: a whole segment, or one step of it. A model says what each
thing is worth, u (I,), and gets back, in nats,

    L(u) = -sum over answers of w log_prob(ask, answer, u),   dL/du,   d2L/du2 in blocks

where w is 1, or where exact odds are fitted the odds of every answer: infinitely many labels.

Source: own design; the likelihoods are those of `likelihoods.log_prob`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array

from plaudit.feedback.asks import Ask
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.store import FeedbackBuffer, Row
from plaudit.feedback.types import Segment

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NOTHING = -1
"""Stands in `Group.things` where there is nothing to judge."""


@dataclass(frozen=True)
class Group:
    """Answers to one ask.

    Attributes:
        ask: the question.
        things: (B, *ask.shape) what each utility is of; `NOTHING` where there is none.
        answers: (B,) or (B, parts).
        weights: (B,) how much each counts.
    """

    ask: Ask
    things: Ints
    answers: torch.Tensor
    weights: torch.Tensor


@dataclass(frozen=True)
class Block:
    """Part of the second derivative: (B, K, K) with respect to the things (B, K)."""

    things: Ints
    second: Floats


@dataclass(frozen=True)
class Answered:
    """The answers in a buffer, and what they are about.

    Attributes:
        segments: all segments asked about, in order of appearance.
        obs, actions, after: (N, ...) of all their steps, one after the other: what was seen
            before each action, the action, and what was seen then.
        starts: (segments,) place of the first step of each.
        sums: (I, N) sparse, 1 where a step belongs to a thing; things first appear in answers.
        whole: (I,) the segment that a thing is all of; `NOTHING` where it is a step.
        groups: the answers.
    """

    segments: tuple[Segment, ...]
    obs: Array
    actions: Array
    after: Array
    starts: Ints
    sums: csr_array
    whole: Ints
    groups: tuple[Group, ...]

    @property
    def total(self) -> float:
        """How many answers there are; exact odds count as one."""
        return float(sum(group.weights.sum() for group in self.groups))


def answered(buffer: FeedbackBuffer, soft: bool = False) -> Answered | None:
    """The answers of a buffer as arrays, skips left out; None where there are none.

    Args:
        buffer: the answers.
        soft: take the odds of every answer in place of the one that was drawn.

    Raises:
        ValueError: answers about anything but segments and steps, or `soft` and no odds.
    """
    rows = [row for row in buffer if soft or row.feedback.answer is not None]
    if not rows:
        return None
    segments = {s: None for row in rows for s in row.query.segments}
    place = {segment: number for number, segment in enumerate(segments)}
    lengths = np.array([len(segment) for segment in segments])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    things: dict[tuple[int, int], int] = {}  # by segment and step, or -1 for all of it
    groups = []
    for ask in dict.fromkeys(row.query.ask for row in rows):
        mine = [row for row in rows if row.query.ask == ask]
        index = np.array([_things(row, place, things) for row in mine], np.int64)
        groups += _soft(ask, mine, index) if soft else [_drawn(ask, mine, index)]
    segment, step = np.array(list(things), np.int64).T
    first = starts[segment] + np.maximum(step, 0)
    count = np.where(step == NOTHING, lengths[segment], 1)
    steps = np.concatenate([np.arange(f, f + n) for f, n in zip(first, count, strict=True)])
    edges = np.concatenate([[0], np.cumsum(count)])
    size = (len(things), int(lengths.sum()))
    return Answered(
        tuple(segments),
        np.concatenate([s.obs[:-1] for s in segments]),
        np.concatenate([s.actions for s in segments]),
        np.concatenate([s.obs[1:] for s in segments]),
        starts,
        csr_array((np.ones(len(steps)), steps, edges), shape=size),
        np.where(step == NOTHING, segment, NOTHING),
        tuple(groups),
    )


def likelihood(
    found: Answered, utilities: Floats, assumed: Likelihood, second: bool = True
) -> tuple[float, Floats, list[Block]]:
    """L, its derivative (I,), and its second derivative in blocks.

    Args:
        found: the answers.
        utilities: (I,) of all things.
        assumed: the annotator.
        second: whether the blocks are wanted; else there are none.
    """
    value, slope = 0.0, np.zeros(len(utilities))
    blocks = []
    for group in found.groups:
        there = torch.from_numpy(group.things != NOTHING)
        felt = torch.from_numpy(utilities)[torch.from_numpy(group.things)].requires_grad_()
        nats = assumed.nats(group.ask, group.answers, torch.where(there, felt, torch.nan)[None])
        loss = (group.weights * nats[0]).sum()
        (first,) = torch.autograd.grad(loss, felt, create_graph=second)
        value += float(loss.detach())
        np.add.at(slope, group.things, first.detach().numpy() * there.numpy())
        if second:
            blocks.append(Block(group.things, _second(first, felt, there)))
    return value, slope, blocks


def information(blocks: Sequence[Block], features: Floats) -> Floats:
    """(d, d) second derivative in weights of which utilities are `features` (I, d) @ weights."""
    total = np.zeros((features.shape[1],) * 2)
    for block in blocks:
        seen = features[block.things] * (block.things != NOTHING)[..., None]
        total += np.einsum("bkd,bkl,ble->de", seen, block.second, seen, optimize=True)
    return total


def _things(
    row: Row, place: dict[Segment, int], things: dict[tuple[int, int], int]
) -> npt.NDArray[np.int64]:
    """What the utilities of a question are of; new things are added."""
    ask, segments = row.query.ask, [place[segment] for segment in row.query.segments]
    if ask.grain == "segment":
        keys = [(segment, NOTHING) for segment in segments]
    elif ask.grain == "step":
        keys = [(segments[0], step) for step in range(len(row.query.segments[0]))]
    else:
        raise ValueError(
            f"answers to {ask.kind!r} are about {ask.grain}s, of which a reward per step says "
            "nothing; filter them out"
        )
    index = np.full(ask.shape, NOTHING, np.int64)
    index[: len(keys)] = [things.setdefault(key, len(things)) for key in keys]
    return index


def _drawn(ask: Ask, rows: Sequence[Row], things: Ints) -> Group:
    kind = np.float64 if ask.continuous else np.int64
    answers = np.array([row.feedback.answer for row in rows], kind)
    return Group(ask, things, torch.from_numpy(answers), torch.ones(len(rows), dtype=torch.float64))


def _soft(ask: Ask, rows: Sequence[Row], things: Ints) -> list[Group]:
    """One group for each answer, weighed by its odds."""
    odds = [row.feedback.probs for row in rows]
    if any(row is None for row in odds):
        raise ValueError(
            f"soft=True fits the odds of answers to {ask.kind!r}, which only simulated teachers "
            "know, and only FeedbackBuffer(privileged=True) keeps"
        )
    table = torch.tensor(odds, dtype=torch.float64)
    groups = []
    for code, answer in enumerate(ask.answers()):
        said = torch.tensor(answer).expand(len(rows), *torch.tensor(answer).shape)
        likely = table[:, code] > 0  # log-odds of what is impossible are -inf, which 0 doesn't undo
        some = Group(ask, things[likely.numpy()], said[likely], table[likely, code])
        groups += [some] if bool(likely.any()) else []
    return groups


def _second(first: torch.Tensor, felt: torch.Tensor, there: torch.Tensor) -> Floats:
    """(B, K, K): rows do not depend on each other, so K passes give all of them."""
    columns = []
    for k in range(felt.shape[1]):
        (column,) = torch.autograd.grad(first[:, k].sum(), felt, retain_graph=True)
        columns.append(column * there)
    made: Floats = torch.stack(columns, 1).numpy()
    return made
