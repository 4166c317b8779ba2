"""K-wise comparisons: rankings by maximum likelihood, by their pairs, and what greed makes of it.

Claimed: (1) the Plackett-Luce maximum likelihood estimate converges; (2) on Theorem 3.9's instance
the policy that is greedy for it loses at least 0.1 however many comparisons there are (here 8 to
512), as one action is compared once only, and pessimism wins most of that back; (3) the estimate
from whole rankings scatters less than the one that takes their pairs for independent comparisons.

(1) and (3) are seen on planted bandits, rewards linear in features f and -f, so that random choice
earns exactly 0; (2) on the gallery's instance, where both outcomes of the lone comparison are
weighed by the teacher's exact odds: gaps are expectations, and no rare event is waited for. The
scatter of both estimates is computed exactly, and a simulation must agree with it, which rules out
a gross mistake: it is too coarse to show the gain by itself. The scatter is that of the direction
of theta, which alone decides on the best action. Of two things the gain is 0 by construction, and
the coins of (1) answer 24 pairs against 12. `reversing` rankings are not Plackett-Luce, and the
order of the two estimates is then not guaranteed.

Source: arXiv:2301.11270, Theorems 3.9, 4.1 and 4.2, Algorithm 1.
Differs: a small penalty in place of a bounded norm; a radius in standard errors of Laplace's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plaudit import feedback
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.asks import Ask, Compare, Rank
from plaudit.feedback.models.linear import Linear
from plaudit.feedback.models.ranking_variance import ranking_variance
from plaudit.feedback.rankings import split
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query, Segment, pad
from plaudit.feedback.wrappers import VectorRecordSegments
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

WORLD, LONE = "plaudit/Tabular-v0", "k_wise_mle_failure"
ACTIONS, NUMBERS, LENGTH = 8, 3, 2.0  # of a planted bandit; numbers per action, length of theta
SETS = 6  # of actions, that are ranked in turn
SEEN = {"features": {"name": "of_instance", "instance": LONE}}


@dataclass(frozen=True)
class Settings:
    """An arm plays the planted part or the gallery's instance.

    Attributes:
        model: on the gallery's instance; None: the planted part.
        comparisons: how many there, ascending, the lone one between actions 1 and 2 included.
        pairs: of actions, the others, in turn.
        ranked: K actions at once. rankings: n of them. repeats: of the simulation.
        teacher: who answers.
        surprise: standard deviation of rewards that the features do not tell.
    """

    model: dict[str, Any] | None = None
    comparisons: tuple[int, ...] = (8, 32, 128, 512)
    pairs: tuple[tuple[int, int], ...] = ((0, 1),)
    ranked: int = 4
    rankings: int = 48
    repeats: int = 40
    teacher: str | dict[str, Any] = "boltzmann"
    surprise: float = 0.0


def run(settings: Settings, seed: int) -> Run:
    """The planted part, or the gallery's instance."""
    return _planted(settings, seed) if settings.model is None else _lone(settings, seed)


def _lone(settings: Settings, seed: int) -> Run:
    segments, rewards = _actions(4, instance=LONE)
    seen, rest = pad(segments), settings.comparisons[-1] - 1
    teacher = feedback.make(settings.teacher, seed=seed)
    turns = [settings.pairs[i % len(settings.pairs)] for i in range(rest)]
    lone, *queries = _asked(segments, [(1, 2), *turns], Compare())
    answers, gaps = teacher.answer(queries), []
    for count in settings.comparisons:
        lost = []
        for outcome in (0, 1):
            buffer, model = FeedbackBuffer(), feedback.model({**(settings.model or {}), **SEEN})
            said = replace(answers[0], query_id=0, answer=outcome)
            buffer.add([lone, *queries[: count - 1]], [said, *answers[: count - 1]])
            model.fit(buffer)
            best = int(model.predict(seen.obs[:, :-1], seen.actions)[0].argmax())
            lost.append(rewards.max() - rewards[best])
        gaps.append(float(teacher.probs(lone)[:2] @ lost))
    score = 1 - gaps[-1] / float(rewards.max() - rewards.mean())
    points = [float(count) for count in settings.comparisons]
    return {"measures": {"score": score, "gap": min(gaps)}, "curve": {"x": points, "y": gaps}}


def _planted(settings: Settings, seed: int) -> Run:
    rng = np.random.default_rng(seed)
    half, odd = rng.normal(size=(ACTIONS // 2, NUMBERS)), rng.normal(size=ACTIONS // 2)
    features, theta = np.concatenate([half, -half]), rng.normal(size=NUMBERS)
    theta *= LENGTH / np.linalg.norm(theta)
    rewards = features @ theta + settings.surprise * np.concatenate([odd, -odd])
    tables = {"transitions": np.ones((1, ACTIONS, 1)).tolist(), "rewards": [rewards.tolist()]}
    segments, _ = _actions(ACTIONS, **tables, start=[1.0], horizon=1)
    sets = np.stack([rng.permutation(ACTIONS) for _ in range(SETS)])[:, : settings.ranked]
    turns = [sets[i % SETS] for i in range(settings.rankings)]
    queries = _asked(segments, turns, Rank(settings.ranked))
    teacher, model = feedback.make(settings.teacher, seed=seed), Linear(_by(features), l2=1e-6)
    missed, values = [], []
    for _ in range(settings.repeats):
        buffer, found = FeedbackBuffer(), []
        buffer.add(queries, teacher.answer(queries))
        # of two things the ranking is the pair
        for answers in (buffer, split(buffer)) if settings.ranked > 2 else (buffer,):
            model.fit(answers)
            found.append(model.theta)
        aims = [guess / max(float(np.linalg.norm(guess)), 1e-12) for guess in found]
        missed.append([((aim - theta / LENGTH) ** 2).sum() for aim in (aims[0], aims[-1])])
        values.append(rewards[(features @ found[0]).argmax()] / rewards.max())
    whole, parts = np.mean(missed, 0)
    off = np.eye(NUMBERS) - np.outer(theta, theta) / LENGTH**2
    exact = [np.trace(off @ ranking_variance(features[sets], theta, p)) for p in (False, True)]
    gain, seen = float(1 - exact[0] / exact[1]), float(1 - whole / parts)
    measures = {"score": float(np.mean(values)), "closeness": float(1 - whole**0.5)}
    return {"measures": measures | {"gain": gain, "simulated gain": seen, "off": seen - gain}}


def _by(features: Any) -> Any:
    return lambda obs, actions: features[actions]


def _asked(segments: list[Segment], turns: Sequence[Sequence[int]], ask: Ask) -> list[Query]:
    return [Query(tuple(segments[i] for i in t), ask, query_id=k) for k, t in enumerate(turns)]


def _actions(count: int, **settings: Any) -> tuple[list[Segment], Any]:
    """An episode of each action of a bandit, and what it is paid."""
    env = VectorRecordSegments(make_rows(WORLD, count, **settings), keep=count)
    env.reset(seed=list(range(count)))
    rewards = env.step(np.arange(count))[1]
    return [env.segments.segment(i) for i in range(count)], rewards


LOW = {"name": "pessimistic", "of": "linear"}
EVENLY = ((0, 1), (1, 2), (0, 2), (2, 3))
COIN = {"teacher": "coin_flip", "ranked": 2, "rankings": 24, "repeats": 120}
MISTAKEN = {"name": "noisy_person", "mistake": 0.2, "skip": 0.0}
ARMS: dict[str, dict[str, Any]] = {
    "greedy": {"model": {"name": "linear"}},
    "pessimistic": {"model": {**LOW, "radius": 1.0}},
    "radius 0": {"model": {**LOW, "radius": 0.0}},
    "greedy, covered": {"model": {"name": "linear"}, "pairs": EVENLY},
    "pessimistic, covered": {"model": {**LOW, "radius": 1.0}, "pairs": EVENLY},
    "rankings": {},
    "few rankings": {"rankings": 12, "repeats": 12},
    "pairs only": {"ranked": 2, "repeats": 12},
    "coin flips": COIN,
    "few coin flips": {**COIN, "rankings": 12, "repeats": 60},
    "reversing": {"teacher": MISTAKEN, "repeats": 12},
    "unplanted": {"surprise": 0.5, "repeats": 12},
}

STUDY = Study(
    id="S098",
    name="k_wise_comparisons",
    source="arXiv:2301.11270",
    worlds=(WORLD,),
    statistic="true return of the best action by the estimate, random choice = 0, optimum = 1",
    run=run,
    settings=Settings(),
    quick={"comparisons": (8, 64), "rankings": 24, "repeats": 6},
    arms=ARMS,
    claims=(
        Claim(
            "the Plackett-Luce estimate converges: 48 rankings come closer than 12",
            Effect("rankings", "few rankings", "closeness"),
            ablation=Effect("coin flips", "few coin flips", "closeness"),
        ),
        Claim(
            "the greedy policy loses at least 0.1 in return for every number of comparisons",
            Effect("greedy", measure="gap"),
            smallest=0.1,
            ablation=Effect("greedy, covered", measure="gap"),
        ),
        Claim(
            "pessimism wins most of it back",
            Effect("pessimistic", "greedy"),
            ablation=Effect("radius 0", "greedy"),
        ),
        Claim(
            "whole rankings leave less variance than their pairs, by a share of it, exactly",
            Effect("rankings", measure="gain"),
            ablation=Effect("pairs only", measure="gain"),
        ),
        Claim(
            "the simulation agrees with that share within a tenth",
            Effect("rankings", measure="off"),
            smallest=0.1,
            equal=True,
        ),
    ),
    controls=(Control("coin flips teach nothing", Effect("coin flips")),),
    reported=(
        Reported(
            "what pessimism costs where comparisons cover all actions",
            Effect("pessimistic, covered", "greedy, covered"),
        ),
        Reported(
            "misspecified, a fifth of the rankings are reversed: simulated gain",
            Effect("reversing", measure="simulated gain"),
        ),
        Reported("misspecified: return", Effect("reversing")),
        Reported("unplanted, rewards not linear: return", Effect("unplanted")),
    ),
    picture=Picture(
        kind="curve",
        x="comparisons",
        y="expected loss of return",
        caption="Greed keeps losing what a single comparison gets wrong with probability 0.27, "
        "however many other comparisons there are; a lower bound of the reward loses about a "
        "quarter of that.",
        arms=("greedy", "pessimistic", "greedy, covered"),
    ),
    scaled_down="Bandits with known features of three numbers and a simulated annotator; the "
    "theorems for Markov decision processes and the rates' constants are not touched.",
)
