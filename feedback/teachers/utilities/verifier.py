"""Verifier: a program says whether it is right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from plaudit.envs import limits
from plaudit.envs.game import Arrays, Bools, Game
from plaudit.envs.token.token_checklist.game import TokenChecklist
from plaudit.envs.token.token_math.game import TokenMath
from plaudit.feedback.criteria import Criterion, criterion
from plaudit.feedback.criteria.text import text_of
from plaudit.feedback.programs import Spec, label, program
from plaudit.feedback.simulator import Simulator, side_by_side
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import world_states
from plaudit.feedback.teachers.utilities.base import Floats, Utility
from plaudit.feedback.types import Segment

By = Literal["outcome", "process"]


class Verdict(NamedTuple):
    """What a world's own verifier finds in N states.

    Attributes:
        right: (N,) whether the result is right.
        share: (N,) how much of it is, in [0, 1].
        parts: (N, n) which constraints are met, or which steps are right.
    """

    right: Bools
    share: Floats
    parts: Bools


@dataclass(frozen=True)
class Verifier(Utility):
    """1 where a program finds a segment right, 0 where wrong, or a share between them.

    Given `world`, the world's own verifier reads the states of a segment: the constraints of
    TokenChecklist, or the steps and the answer of TokenMath. Items are these constraints or steps,
    and a step is worth by how much it changes the verdict, so that steps add up to the change over
    the segment.

    Source: arXiv:2305.20050 (outcome and process supervision); arXiv:2507.18624 (verifier programs
        of checklist items).

    Args:
        program: criterion, see `criteria.CRITERIA`, or "module:attr": a function of the segment or
            its text that says a flag or a share; not with `world`.
        reads: what a program of one's own is given, "segment" or "text".
        world: id of a world that has a verifier; the lens must open states.
        settings: of the world, JSON values.
        by: of a world's verdict: "outcome", all constraints met or the answer right; or "process",
            the weighted share of constraints met, or the share of steps right.

    Raises:
        ValueError: neither or both of program and world, or a world without a verifier.
    """

    program: Spec | None = None
    reads: Literal["segment", "text"] = "segment"
    world: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    by: By = "outcome"

    def __post_init__(self) -> None:
        limits.check_choice("reads", self.reads, ("segment", "text"))
        limits.check_choice("by", self.by, ("outcome", "process"))
        if (self.program is None) == (self.world is None):
            raise ValueError(
                f"give program or world, one of them: got {self.program!r} and {self.world!r}"
            )
        _ = self._criterion if self.world is None else self._own

    def segment(self, seen: Segment) -> float:
        if self.world is None:
            return self._criterion.share(seen)
        return float(self._judged(seen)[-1])

    def steps(self, seen: Segment) -> Floats:
        if self.world is None:
            return self._criterion.steps(seen)
        judged = self._judged(seen)
        return judged[1:] - judged[:-1]

    def items(self, seen: Segment) -> Floats:
        if self.world is None:
            return np.array([self._criterion.share(seen)])
        return np.asarray(self._verdict(seen).parts[-1], np.float64)

    def _judged(self, seen: Segment) -> Floats:
        """(T + 1,) the verdict about each state."""
        verdict = self._verdict(seen)
        return verdict.share if self.by == "process" else np.asarray(verdict.right, np.float64)

    @once_per_segment
    def _verdict(self, seen: Segment) -> Verdict:
        simulator, verify = self._own
        states = world_states(seen, "Verifier")
        simulator.play(states[-1], ())  # which refuses states of another world
        return verify(simulator.game, side_by_side(states))

    @cached_property
    def _own(self) -> tuple[Simulator, Callable[[Any, Arrays], Verdict]]:
        simulator = Simulator(str(self.world), self.settings)
        for kind, verify in WORLDS.items():
            if isinstance(simulator.game, kind):
                return simulator, verify
        raise ValueError(
            f"{self.world} has no verifier; those that have are "
            f"{', '.join(kind.__name__ for kind in WORLDS)}"
        )

    @cached_property
    def _criterion(self) -> Criterion:
        spec: Any = self.program
        if self.reads == "segment":
            return criterion(spec)
        of_text = program("verifier", spec)
        return Criterion(label(spec), lambda seen: of_text(text_of(seen)))


def _checklist(game: TokenChecklist, state: Arrays) -> Verdict:
    constraints = game.verifier(state, 0)
    text, lengths = game.text(state)
    said = [game.tokenizer.decode(row[:n]) for row, n in zip(text.tolist(), lengths, strict=True)]
    met: Bools = np.array([[constraint.met(one) for constraint in constraints] for one in said])
    return Verdict(np.logical_and.reduce(met, axis=1), met @ np.array(game.shares), met)


def _arithmetic(game: TokenMath, state: Arrays) -> Verdict:
    grade = game.items.grade(state, *game.text(state))
    right = np.where(state["answerable"], grade.right, grade.refused)
    share = np.minimum(grade.steps.sum(1), grade.needed) / grade.needed
    return Verdict(right, share, grade.steps)


WORLDS: dict[type[Game], Callable[[Any, Arrays], Verdict]] = {
    TokenChecklist: _checklist,
    TokenMath: _arithmetic,
}
