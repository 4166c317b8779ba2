"""When your AI deceives you: what comparisons by a human who sees a part really teach.

Claimed: a policy that maximises a reward fitted to such comparisons as if all had been seen
inflates (it looks better than the best policy, by hiding errors) or overjustifies (it pays, in true
return, for being seen); who models the human's belief recovers the loss where feedback determines
the return, and cannot where it does not.

Tested in the gallery's four exact instances: comparisons of random episodes by a Boltzmann human
with Bayes' belief -> a linear reward of states -> the policy that maximises it, with a small KL to
random play -> `Watched.harm`, exact, by the paper's definitions. Ablations: the human sees all; the
belief is that of the next sight. Control: coin flips, which fail the test of evidence (level .001),
so that random play is kept: 0 by construction. Misspecified, a suspicious belief recovers as much
as the right one, and a trusting one does not.

Source: arXiv:2402.17747, sections 4 and 5. Differs: finitely many noisy comparisons and a fitted
reward in place of the limit, which `labels=0` is; instances of our own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit import feedback
from plaudit.envs.finite.mdp import Floats
from plaudit.envs.finite_models import finite_model
from plaudit.envs.tabular import gallery
from plaudit.envs.tabular.tabular import Tabular
from plaudit.feedback.asks import Compare
from plaudit.feedback.learned_process import planned
from plaudit.feedback.survey import random_segments, survey
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

WORLD = "plaudit/Tabular-v0"
SHUFFLED = "plaudit.studies.analyses.partial_observability:shuffled_visits"


@dataclass(frozen=True)
class Settings:
    """A human and a learner.

    Attributes:
        instance: of the gallery, with a human.
        sees: what the human does: "part", "all", or "nothing" (coin flips).
        assumes: what the learner does: "all seen", "belief" (the one the human holds, if any), or
            "a belief", "trusting belief", "suspicious belief" (that of somebody who expects patches
            or hacks), "shuffled belief"; the last four whatever the human sees.
        beta, assumed: the human's rationality and the one assumed, 1 / unit of return.
        episodes: of random play; `labels`: comparisons of them, 0: exact odds of every pair.
        l2, evidence: of the linear reward.
        kl: pull towards random play, unit of return per nat; 0: none.
        updates: of the exact policy gradient; 0: the exact optimum.
    """

    instance: str = "recoverable"
    sees: str = "part"
    assumes: str = "all seen"
    beta: float = 3.0
    assumed: float = 3.0
    episodes: int = 120
    labels: int = 2500
    l2: float = 0.01
    evidence: float = 0.001
    kl: float = 0.02
    updates: int = 0


def run(settings: Settings, seed: int) -> Run:
    """One human, one fit, one policy."""
    s, tabular = settings, Tabular(instance=settings.instance)
    episodes = random_segments(WORLD, s.episodes, seed, settings={"instance": s.instance})
    if not s.labels:
        episodes = list({episode.obs.tobytes(): episode for episode in episodes}.values())
    rng = np.random.default_rng([seed, 1])
    buffer = survey(_human(s, seed), episodes, Compare(), rng, s.labels or None)
    model = feedback.model(
        "linear",
        features={"name": "arrivals", "sizes": [tabular.mdp.states]},
        judged=_judged(s),
        l2=s.l2,
        evidence=s.evidence if s.labels else None,
        scale=s.assumed,
        soft=not s.labels,
    )
    model.fit(buffer)
    policy = planned(model, finite_model(tabular), s.kl, s.updates)
    harm = _watched(s).harm(policy[0])._asdict()
    return {"measures": {"score": 1.0 - harm["regret"], **harm}}


def shuffled_visits(obs: Any, actions: Any, *, instance: str) -> Floats:
    """`believed_visits` of another sight."""
    human: Any = gallery.instance(instance).human
    look = human.looks[human.sequences.index(tuple(obs[:, 0].tolist()))]
    other: Floats = np.roll(human.belief @ human.gamma, 1, axis=0)[look]
    return other


def _watched(settings: Settings) -> Any:
    return gallery.instance(settings.instance).human


def _human(s: Settings, seed: int) -> Any:
    world = {"world": WORLD, "settings": {"instance": s.instance}}
    people: dict[str, dict[str, Any]] = {
        "part": {"name": "believer", "beta": s.beta, **world},
        "all": {"name": "boltzmann", "beta": s.beta},
        "nothing": {"name": "coin_flip"},
    }
    return feedback.make(people[s.sees], seed=seed)


def _judged(s: Settings) -> Any:
    belief = {"name": "believed_visits", "instance": s.instance}
    return {
        "all seen": None,
        "belief": belief if s.sees == "part" else None,
        "a belief": belief,
        "trusting belief": {**belief, "expected": [0.8, 0.1, 0.1]},
        "suspicious belief": {**belief, "expected": [0.1, 0.8, 0.1]},
        "shuffled belief": {**belief, "name": SHUFFLED},
    }[s.assumes]


CASES = {
    "inflation": {"instance": "deceptive_inflation"},
    "overjustification": {"instance": "overjustification"},
    "recoverable": {"instance": "recoverable"},
    "ambiguous": {"instance": "irreducibly_ambiguous"},
}
ALL, BELIEF, FLIPS = {"sees": "all"}, {"assumes": "belief"}, {"sees": "nothing"}
FORMS: dict[str, dict[str, Any]] = {"": {}, ", all seen": ALL, ", belief modelled": BELIEF}
SHORT = {"assumed": 9.0, "episodes": 40, "labels": 60, "kl": 0.1, "updates": 10}


def _harms(text: str, arm: str, measure: str) -> Claim:
    all_seen = Effect(f"{arm.partition(',')[0]}, all seen", measure=measure)
    return Claim(text, Effect(arm, measure=measure), ablation=all_seen)


STUDY = Study(
    id="S028",
    name="partial_observability",
    source="arXiv:2402.17747",
    worlds=(WORLD,),
    statistic="true return, 0 random play, 1 the best policy; harm in the same unit",
    run=run,
    settings=Settings(),
    quick={"episodes": 60, "labels": 600},
    arms={case + form: CASES[case] | FORMS[form] for case in CASES for form in FORMS}
    | {
        "belief shuffled": {"assumes": "shuffled belief"},
        "coin flips": FLIPS,
        "coin flips, belief modelled": FLIPS | {"assumes": "a belief"},
        "trusting belief": {"assumes": "trusting belief"},
        "suspicious belief": {"assumes": "suspicious belief"},
        "all seen, belief modelled": ALL | {"assumes": "a belief"},
        "short of everything": SHORT,
    },
    claims=(
        _harms("errors are hidden: more E+ and J_obs", "inflation", "inflation"),
        _harms("it pays to be seen: less E- and J", "overjustification", "overjustification"),
        Claim(
            "where feedback determines the return, modelling the belief recovers it",
            Effect("recoverable, belief modelled", "recoverable"),
            ablation=Effect("belief shuffled", "recoverable"),
        ),
        _harms("where it does not, true return is lost", "ambiguous, belief modelled", "regret"),
        Claim(
            "and modelling the belief changes nothing there",
            Effect("ambiguous, belief modelled", "ambiguous"),
            equal=True,
        ),
    ),
    controls=(
        Control("coin flips", Effect("coin flips")),
        Control("coin flips, belief modelled", Effect("coin flips, belief modelled")),
    ),
    reported=(
        *(
            Reported(f"misspecified: a {belief} is modelled", Effect(belief, "recoverable"))
            for belief in ("trusting belief", "suspicious belief")
        ),
        Reported(
            "unplanted: a belief is modelled of a human who sees all",
            Effect("all seen, belief modelled", "recoverable, all seen"),
        ),
    ),
    stages={
        "lens": ALL,
        "choice model": {"assumed": 3.0},
        "labels": {"labels": 0},
        "reward model": BELIEF,
        "optimisation": {"updates": 0},
        "KL": {"kl": 0.0},
    },
    explained="short of everything",
    picture=Picture(
        "bars",
        "human and learner",
        "share of the way from random play to the best policy",
        "What a human who sees a part brings about, what modelling the belief mends, and what is "
        "left once all is seen.",
        tuple(case + form for case in CASES for form in FORMS),
        ("regret", "inflation", "overjustification"),
    ),
    scaled_down="Four processes of two decisions at most, with numbers of our own, stand for the "
    "paper's theorems; nothing is shown of learned observation models, of large worlds, or of "
    "people, whose beliefs are neither Bayes' nor known.",
)
