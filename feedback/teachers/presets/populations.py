"""Many people at once: a crowd, people of several types, and people of mixed tastes."""

from collections.abc import Sequence
from math import inf
from typing import Unpack

from plaudit import feedback
from plaudit.envs import limits
from plaudit.envs.types import stream
from plaudit.feedback.programs import Named
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import PositionBias
from plaudit.feedback.teachers.population import Assign, Population
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Blend, PartialReturn
from plaudit.feedback.types import Segment


def crowd(
    *,
    annotators: int = 5,
    agreement: float = 0.75,
    ties: float = 0.132,
    position: float = 0.03,
    adversarial: float = 0.0,
    reference_returns: Sequence[float] | None = None,
    gamma: float = 1.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
    people_seed: int = 0,
) -> Population:
    """Crowd workers, who call as many pairs equal, and favour the first as much, as real ones.

    Source: own design; the shares were measured on the 29 crowd-labelled tasks of arXiv:2402.02423:
        13.2 % of the labels were ties (median), 50.5 % of the others named the first.

    Args:
        annotators: persons in it, asked equally often.
        agreement: share of decided answers to unequal pairs that name the better one, [0.5, 1); the
            data do not tell it.
        ties: share of ties where one may be said, over representative pairs.
        position: logit by which the segment shown first is favoured; it makes 50.5 % of the
            decided answers name the first where the agreement is 0.75.
        adversarial: share of the persons who reverse every answer.
        reference_returns: of representative segments, in place of the first batch of queries.
        gamma: discount of the return, in (0, 1].
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: of who is asked, and of everybody's luck.
        people_seed: of who is adversarial.
    """
    choice = rationality(
        agreement=agreement,
        reference_returns=reference_returns,
        tie_share=ties,
        center=center,
        spread=spread,
    )
    worker = Simulated(full_view, PartialReturn(gamma), choice, [PositionBias(position)])
    return Population(
        [worker],
        assign="latent",
        annotators=annotators,
        adversarial=adversarial,
        seed=seed,
        people_seed=people_seed,
        name="crowd",
    )


def types(
    members: Sequence[Named] = ("bpref_oracle", "bpref_noisy", "bpref_myopic"),
    *,
    weights: Sequence[float] | None = None,
    assign: Assign = "latent",
    annotators: int | None = 10,
    adversarial: float = 0.0,
    seed: int = 0,
    people_seed: int = 0,
) -> Population:
    """People of several types, which nobody is told.

    Source: arXiv:2408.10075 (latent types); arXiv:2402.08925 (mixtures).

    Args:
        members: registered names of the types, or {"name": ..., settings}.
        weights: how frequent each is; equal unless given.
        assign: "latent": persons of one type for ever, "mixture": a type drawn anew per question.
        annotators: persons, for "latent"; None for one of each type.
        adversarial: share of the persons who reverse every answer.
        seed: of who is asked, and of everybody's luck.
        people_seed: of the persons' types, and of who is adversarial.
    """
    return Population(
        [feedback.make(spec) for spec in members],
        weights,
        assign=assign,
        annotators=annotators if assign == "latent" else None,
        adversarial=adversarial,
        seed=seed,
        people_seed=people_seed,
        name="types",
    )


def personalised(
    basis: Sequence[Named] = ("oracle", "bpref_myopic"),
    *,
    alpha: float | Sequence[float] = 1.0,
    annotators: int = 10,
    adversarial: float = 0.0,
    seed: int = 0,
    people_seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Population:
    """People who weigh the same few likings differently: weights ~ Dirichlet(alpha), one each.

    Source: arXiv:2504.14439 (low-rank personal rewards).

    Args:
        basis: at least two simulated teachers, by name or {"name": ..., settings}, of which only
            what they see and how much they like it is used.
        alpha: concentration, > 0, of each or all: large where people are alike.
        annotators: persons in it, asked equally often.
        adversarial: share of the persons who reverse every answer.
        seed: of who is asked, and of everybody's luck.
        people_seed: of the weights, and of who is adversarial.
        judgement: everybody's, see `Judgement`.

    Raises:
        ValueError: fewer than two of the basis, or a value out of its range.
        TypeError: a teacher of the basis is not simulated.
    """
    likings, choice = _likings(basis), rationality(**judgement)
    lenses = tuple(liking.lens for liking in likings)
    utilities = tuple(liking.utility for liking in likings)
    each = [alpha] * len(likings) if isinstance(alpha, int | float) else alpha
    alphas = limits.check_numbers("alpha", each, 0, inf, count=len(likings), above=True)
    persons = int(limits.check_range("annotators", annotators, 1, inf, integer=True))
    people_seed = int(limits.check_range("people_seed", people_seed, 0, inf, integer=True))
    weights = stream(people_seed, "weights").dirichlet(alphas, persons).tolist()
    people = [
        Simulated(_all_of_it, Blend(lenses, utilities, tuple(w)), choice, name=f"personalised {i}")
        for i, w in enumerate(weights)
    ]
    return Population(
        people,
        assign="latent",
        adversarial=adversarial,
        seed=seed,
        people_seed=people_seed,
        name="personalised",
    )


def _likings(basis: Sequence[Named]) -> list[Simulated]:
    likings = [feedback.make(spec) for spec in basis]
    if len(likings) < 2:
        raise ValueError(f"a basis has at least two likings, got {list(basis)}")
    for liking in likings:
        if not isinstance(liking, Simulated):
            raise TypeError(f"{liking.name!r} is no simulated teacher, and has no utility to use")
    return likings


def _all_of_it(segment: Segment) -> Segment:
    """What a blend sees: its own lenses close what is to be closed."""
    return segment
