"""Population: many annotators behind one teacher, who differ in kind, in luck and in good will."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Literal, get_args

import numpy as np
from scipy.special import logsumexp

from plaudit.envs import limits
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.teachers.base import PolicyProbs, Teacher
from plaudit.feedback.teachers.noises import Mistake
from plaudit.feedback.teachers.noises.base import Odds
from plaudit.feedback.teachers.simulated import Probs, Simulated
from plaudit.feedback.types import Feedback, Query

Assign = Literal["mixture", "latent"]

Kinds = list[tuple[Teacher, float]]
"""Teachers, and the share of each."""


@dataclass(frozen=True)
class _Person:
    """Somebody of a kind: asked how often, by which name if by another, and whether reversed."""

    kind: Teacher
    share: float
    name: str | None = None
    adverse: bool = False

    def made(self, seed: int) -> Teacher:
        if isinstance(self.kind, Simulated):
            noises = [Mistake(1.0)] if self.adverse else []
            return self.kind.another(self.name or self.kind.name, seed, *noises)
        if self.adverse or self.name is not None:
            raise TypeError(
                f"only simulated teachers are drawn or reversed, {self.kind.name!r} is a "
                f"{type(self.kind).__name__}; give it without annotators and adversarial"
            )
        return self.kind


class Population(Teacher):
    """Every question goes to one of several annotators, who is drawn from a stream of its own.

    "mixture": drawn anew for every question, and nobody knows who it was: `Feedback.annotator` is
    the population's name. "latent": persons, each of one kind for ever, which nobody is told;
    `Feedback.annotator` names the person, who is asked about a query again only when everybody has
    been. Either way the odds are those of whoever may be asked, mixed by how likely each is;
    `Feedback.probs` are those of the one who was.

    Source: mixtures: arXiv:2402.08925; latent kinds: arXiv:2408.10075.

    Args:
        members: at least one. Simulated ones are taken as other persons of the same kind, with luck
            of their own from `seed` and an empty memory; others as they are.
        weights: (M,) how often each is asked, or each kind occurs; equal unless given.
        assign: "mixture" or "latent".
        annotators: persons in a "latent" population, each of a kind drawn by weight; None where the
            members themselves are the persons.
        adversarial: share of the persons who reverse every answer, in [0, 1]; in a "latent"
            population the nearest number of them.
        seed: of who is asked, and of the luck of all.
        people_seed: of who they are: their kinds, and which of them are adversarial.
        name: of the population, and of its annotators where they are drawn.

    Raises:
        ValueError: a value out of its range, or two persons of one name.
        TypeError: a member that is not simulated where other persons are to be made of it.
    """

    def __init__(
        self,
        members: Sequence[Teacher],
        weights: Sequence[float] | None = None,
        *,
        assign: Assign = "mixture",
        annotators: int | None = None,
        adversarial: float = 0.0,
        seed: int = 0,
        people_seed: int = 0,
        name: str = "population",
    ) -> None:
        _check_settings(assign, annotators, adversarial)
        for kind, number in (("seed", seed), ("people_seed", people_seed)):
            limits.check_range(kind, number, 0, inf, integer=True)
        kinds = list(zip(members, _checked_shares(len(members), weights), strict=True))
        people = stream(people_seed, "people")
        if assign == "mixture":
            persons = _anonymous(kinds, adversarial)
        else:
            persons = _named(_drawn(kinds, annotators, name, people), adversarial, people)
        luck = np.random.SeedSequence(seed).generate_state(len(persons)).tolist()
        self.members = tuple(p.made(one) for p, one in zip(persons, luck, strict=True))
        self.name, self.seed = name, seed
        self._shares = np.array([person.share for person in persons])
        self._named = assign == "latent"
        self._rng = stream(seed, "population")
        self._asked: dict[str, list[int]] = {}  # by query: how often each person was asked

    def odds(self, query: Query, state: State | None = None) -> Odds:
        """Exact odds of the parts of an answer and of a skip, as `Simulated.odds`.

        Raises:
            ValueError: as there; or the parts of an answer depend on each other, because who is
                careful with one is so with the others: `probs` has the odds of whole answers.
        """
        given, odds = zip(*self._stated("odds", query, state), strict=True)
        shares, skips = np.array(given), np.array([one.skip for one in odds])
        answering = shares * (1.0 - skips)
        answering = answering if answering.any() else shares
        parts = [np.stack(part) for part in zip(*(one.parts for one in odds), strict=True)]
        # A mixture of products is a product where at most one factor differs.
        if sum(bool((part != part[0]).any()) for part in parts) > 1:
            raise ValueError(
                f"in {self.name!r} the parts of an answer to {query.ask} depend on each other; "
                "use probs"
            )
        mixed = tuple(answering @ part / answering.sum() for part in parts)
        return Odds(mixed, float(shares @ skips))

    def probs(self, query: Query, state: State | None = None) -> Probs:
        """Exact odds of every answer and of a skip, as `Simulated.probs`."""
        query.ask.answers()
        return np.asarray(sum(share * p for share, p in self._stated("probs", query, state)))

    def log_density(self, query: Query, number: float, state: State | None = None) -> float:
        """Log-density of a number said, as `Simulated.log_density`."""
        shares, logs = zip(*self._stated("log_density", query, state, number), strict=True)
        return float(logsumexp(logs, b=shares))

    def submit(self, queries: Sequence[Query], *, now: int = 0) -> None:
        simulated = [member for member in self.members if isinstance(member, Simulated)]
        learning = [member for member in simulated if not member.learn_scale(queries)]
        if learning:
            learning[0].pass_over(queries, now)
        else:
            for member, places in self._assigned(queries):
                member.submit([queries[place] for place in places], now=now)

    def poll(self, *, now: int | None = None) -> list[Feedback]:
        given = [self._signed(f) for member in self.members for f in member.poll(now=now)]
        return sorted(given, key=lambda feedback: (feedback.answered, feedback.query_id))

    def answer(self, queries: Sequence[Query], *, now: int = 0) -> list[Feedback]:
        given: dict[int, Feedback] = {}
        for member, places in self._assigned(queries):
            answers = member.answer([queries[place] for place in places], now=now)
            given.update(zip(places, map(self._signed, answers), strict=True))
        return [given[place] for place in range(len(queries))]

    def set_policy(self, probs: PolicyProbs) -> None:
        for member in self.members:
            member.set_policy(probs)

    def get_state(self) -> State:
        return {
            "rng": generator_state(self._rng),
            "asked": {query_id: list(counts) for query_id, counts in self._asked.items()},
            "members": [member.get_state() for member in self.members],
        }

    def set_state(self, state: State) -> None:
        self._rng = generator_from(state["rng"])
        self._asked = {query_id: list(counts) for query_id, counts in state["asked"].items()}
        for member, theirs in zip(self.members, state["members"], strict=True):
            member.set_state(theirs)

    def _stated(
        self, what: str, query: Query, state: State | None, *args: Any
    ) -> Iterator[tuple[float, Any]]:
        """How likely each who may be asked is asked, and what that person says of its odds."""
        chances = self._chances(query, self._asked if state is None else state["asked"])
        states = [None] * len(self.members) if state is None else state["members"]
        for member, chance, theirs in zip(self.members, chances, states, strict=True):
            if chance > 0.0:
                if not hasattr(member, what):
                    raise ValueError(f"{member.name!r} may be asked, and states no odds")
                yield float(chance), getattr(member, what)(query, *args, state=theirs)

    def _chances(self, query: Query, asked: dict[str, list[int]]) -> Probs:
        """How likely each member is asked: among persons, those who were asked least often."""
        counts = np.array(asked.get(str(query.query_id), [0] * len(self.members)))
        least = counts[self._shares > 0.0].min()
        chances = np.where(counts == least, self._shares, 0.0)
        return np.asarray(chances / chances.sum())

    def _assigned(self, queries: Sequence[Query]) -> list[tuple[Teacher, list[int]]]:
        """Draw who is asked what: those who are asked anything, and the places of their queries."""
        for member in self.members:
            if queries and isinstance(member, Simulated):
                member.calibrate(queries)
        batches: list[list[int]] = [[] for _ in self.members]
        for place, query in enumerate(queries):
            chances = self._chances(query, self._asked)
            who = int(self._rng.choice(len(chances), p=chances))
            batches[who].append(place)
            if self._named:
                self._asked.setdefault(str(query.query_id), [0] * len(chances))[who] += 1
        pairs = zip(self.members, batches, strict=True)
        return [(member, places) for member, places in pairs if places]

    def _signed(self, feedback: Feedback) -> Feedback:
        return feedback if self._named else replace(feedback, annotator=self.name)


def _anonymous(kinds: Kinds, adversarial: float) -> list[_Person]:
    """Every kind, and where some are adversarial every kind reversed."""
    honest = [_Person(kind, share * (1.0 - adversarial)) for kind, share in kinds]
    adverse = [_Person(kind, share * adversarial, adverse=True) for kind, share in kinds]
    return honest + adverse if adversarial else honest


def _drawn(
    kinds: Kinds, annotators: int | None, name: str, people: np.random.Generator
) -> list[_Person]:
    """The kinds themselves, or so many persons, each of a kind drawn by its share."""
    if annotators is None:
        return [_Person(kind, share) for kind, share in kinds]
    shares = [share for _, share in kinds]
    drawn = people.choice(len(kinds), size=annotators, p=shares).tolist()
    return [
        _Person(kinds[which][0], 1.0 / annotators, f"{name} {number}")
        for number, which in enumerate(drawn)
    ]


def _named(
    persons: list[_Person], adversarial: float, people: np.random.Generator
) -> list[_Person]:
    """The persons, a share of them adversarial; ValueError if two bear one name."""
    names = [person.name or person.kind.name for person in persons]
    if len(set(names)) != len(names):
        raise ValueError(
            f"persons are told apart by their names, got {names}; give annotators, or members of "
            "different names"
        )
    reversed_ = people.permutation(len(persons))[: round(adversarial * len(persons))]
    return [replace(person, adverse=i in reversed_) for i, person in enumerate(persons)]


def _check_settings(assign: str, annotators: int | None, adversarial: float) -> None:
    limits.check_choice("assign", assign, get_args(Assign))
    limits.check_range("adversarial", adversarial, 0, 1)
    if annotators is None:
        return
    limits.check_range("annotators", annotators, 1, inf, integer=True)
    if assign != "latent":
        raise ValueError(
            "annotators are the persons of assign='latent'; "
            f"got annotators={annotators}, assign={assign!r}"
        )


def _checked_shares(count: int, weights: Sequence[float] | None) -> Probs:
    if count == 0:
        raise ValueError("a population needs members, got none")
    given = [1.0] * count if weights is None else weights
    shares = np.array(limits.check_numbers("weights", given, 0, inf, count=count))
    if not shares.any():
        raise ValueError(f"weights must not all be 0, got {weights}")
    return np.asarray(shares / shares.sum())
