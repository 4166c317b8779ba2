"""Do people prefer what paid more, or what lost less? Learning rewards by either likelihood.

Claimed: from preferences that go by regret, the regret likelihood recovers the reward, so that
planning with it is optimal, or nearly so, where the usual likelihood of partial returns does not;
and where luck matters, noiseless preferences by partial return cannot tell whether a risk is worth
taking.

Tested with a linear reward fitted to comparisons of short segments of random play, by both
likelihoods to both kinds of labels, then planned with exactly: in a corridor where partial return
likes to lean on a wall, at a table with a safe and a risky action (the teacher hardly errs), and on
a random Delivery board per seed. Ablation: labels by partial return, fitted by either likelihood.
Coin flips fail the test of evidence (level .001): nothing is learned, 0 by construction. In about
nine of twenty corridors the wrong likelihood loses nothing.

Source: arXiv:2206.02231. Differs: exact regret and exact plans; simulated teachers only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit import feedback
from plaudit.envs.finite.solution import regret
from plaudit.envs.finite_models import finite_model
from plaudit.feedback.asks import Compare
from plaudit.feedback.learned_process import planned
from plaudit.feedback.simulator import Simulator
from plaudit.feedback.survey import random_segments, survey
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

TABULAR, DELIVERY = "plaudit/Tabular-v0", "plaudit/Delivery-v0"


@dataclass(frozen=True)
class Settings:
    """A teacher and a learner.

    Attributes:
        world: "corridor", "table" or "delivery".
        labels: by "regret", "return" or "coin flips".
        model: likelihood by "regret", "return", or "right", that of the labels.
        beta, assumed: the teacher's rationality and the one assumed, 1 / point.
        segments: of random play; `asked`: comparisons, 0: exact odds of all unlike pairs.
        l2, evidence: of the linear reward.
        kl: pull towards random play, points per nat; 0: none.
        updates: of the exact policy gradient, 0: the exact optimum.
    """

    world: str = "corridor"
    labels: str = "regret"
    model: str = "regret"
    beta: float = 1.0
    assumed: float = 1.0
    segments: int = 200
    asked: int = 600
    l2: float = 0.01
    evidence: float = 0.001
    kl: float = 0.1
    updates: int = 0


def run(settings: Settings, seed: int) -> Run:
    """One board, one teacher, one fit, one plan."""
    s, (world, made, length, features) = settings, _world(settings.world, seed)
    segments = random_segments(world, s.segments, seed, settings=made, length=length)
    if not s.asked:
        kinds = {(x.obs[:, :-1].tobytes(), x.actions.tobytes()): x for x in segments}
        segments = list(kinds.values())
    teachers: dict[str, dict[str, Any]] = {
        "regret": {"name": "regret", "world": world, "settings": made, "beta": s.beta},
        "return": {"name": "boltzmann", "beta": s.beta},
        "coin flips": {"name": "coin_flip"},
    }
    teacher = feedback.make(teachers[s.labels], seed=seed)
    rng = np.random.default_rng([seed, 1])
    fit = {"l2": s.l2, "scale": s.assumed, "soft": not s.asked}
    by_regret = (s.labels if s.model == "right" else s.model) == "regret"
    known = {"name": "regret_linear", "world": world, "settings": made}
    model = feedback.model(
        known if by_regret else "linear",
        features=features,
        evidence=s.evidence if s.asked else None,
        **fit,
    )
    model.fit(survey(teacher, segments, Compare(), rng, s.asked or None))
    truth = finite_model(Simulator(world, made).game)
    policy, way = planned(model, truth, s.kl, s.updates), regret(truth.mdp, truth.mdp.uniform())
    share = regret(truth.mdp, policy) / way
    return {"measures": {"score": 1.0 - share, "regret": share}}


def _world(name: str, seed: int) -> tuple[str, dict[str, Any], int | None, dict[str, Any]]:
    """Id and settings of a world, steps of a segment, features."""
    board: dict[str, Any] = {"instance_seed": seed, "size": 6, "horizon": 15}
    sizes: list[dict[str, Any]] = [{"sizes": [n], "actions_n": 2} for n in (6, 3)]
    cells, moves = ({"name": "cells", **sizes[0]}, {"name": "transitions", **sizes[1]})
    return {
        "corridor": (
            TABULAR,
            {"instance": "regret_vs_partial_return"},
            2,
            cells,
        ),
        "table": (TABULAR, {"instance": "safe_or_risky"}, None, moves),
        "delivery": (DELIVERY, board, 3, {"name": "delivery_marks", **board}),
    }[name]


WORLDS = {
    "corridor": {},
    "table": {"world": "table", "beta": 20.0, "assumed": 20.0},
    "delivery": {"world": "delivery", "beta": 0.2, "assumed": 0.2},
}
LABELS = ("regret", "return", "coin flips")
ARMS = {
    f"{world}: {labels} by {model}": {**changes, "labels": labels, "model": model}
    for world, changes in WORLDS.items()
    for labels in LABELS
    for model in ("regret", "return")
}


def _gain(world: str, labels: str, against: str = "") -> Effect:
    """Of the regret likelihood over that of partial returns."""
    return Effect(f"{world}: {labels} by regret", f"{world}: {against or labels} by return")


STUDY = Study(
    id="S120",
    name="regret_preferences",
    source="arXiv:2206.02231",
    worlds=(TABULAR, DELIVERY),
    statistic="true return of the plan, 0 random play, 1 the optimum",
    run=run,
    settings=Settings(),
    quick={"segments": 80, "asked": 200},
    arms=ARMS
    | {
        "assumed 3 times as rational": {"assumed": 3.0},
        "short of everything": {
            **{"model": "return", "assumed": 3.0, "segments": 120, "asked": 60},
            **{"kl": 0.5, "updates": 10},
        },
    },
    claims=tuple(
        Claim(text, _gain(world, "regret", against), ablation=_gain(world, "return"))
        for world, against, text in (
            ("corridor", "", "corridor: the regret likelihood gains true return"),
            ("table", "return", "table: so do regret labels, over noiseless partial returns"),
            ("delivery", "", "Delivery: the regret likelihood gains true return"),
        )
    ),
    controls=tuple(
        Control(f"coin flips, {world}", Effect(f"{world}: coin flips by regret"))
        for world in WORLDS
    ),
    reported=(
        *(
            Reported(
                f"unplanted, {world}: gain of their own likelihood on partial returns",
                Effect(f"{world}: return by return", f"{world}: return by regret"),
            )
            for world in WORLDS
        ),
        Reported(
            "misspecified: the teacher is taken for 3 times as rational",
            Effect("assumed 3 times as rational", "corridor: regret by return"),
        ),
    ),
    stages={
        "preference model": {"labels": "return"},
        "rationality": {"assumed": 1.0},
        "number of labels": {"asked": 0},
        "reward model": {"model": "right"},
        "optimisation": {"updates": 0},
        "KL": {"kl": 0.0},
    },
    explained="short of everything",
    picture=Picture(
        "bars",
        "world: labels by likelihood",
        "share of the way from random play to the optimum",
        "In the corridor and on Delivery each kind of label needs its own likelihood; at the table "
        "only the labels matter, and noiseless partial returns teach nothing by either.",
        tuple(arm for arm in ARMS if "coin" not in arm),
        ("score",),
    ),
    scaled_down="Worlds of 3 to 36 states with known dynamics, and labels from the two models "
    "themselves: the paper's finding that people's labels are told better by regret is not tested, "
    "as its human segments are not at hand.",
    seeds=20,
)
