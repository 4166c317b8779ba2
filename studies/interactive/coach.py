"""COACH climbs praise that looks at the habit and stays up; Q-learning and TAMER do not.

On the gallery's ladder, where what is best at the fork depends on how well one climbs, a person
says "better", "worse" or nothing of each step, by the exact advantage of the learner's own policy.
COACH follows it to the optimum. Q-learning is up sooner, but sums praise up, and rungs climbed
again after a fall are praised again: the longer it listens, the worse it gets. TAMER keeps what was
said while it climbed badly. Mechanism off: the person compares with the first habit for ever; a
late person is heard as if in time. Coin flips are judged by what is known (`sense`): they shake a
policy, so that what it earns scatters.

Source: MacGlashan et al. 2017, arXiv:1701.06049; Q-learning and TAMER are its rivals there.
Differs: six states in place of a grid and a robot; the person errs where the advantage is small.
"""

from dataclasses import dataclass, field
from typing import Any

from plaudit import agents
from plaudit.envs.evaluate import make_rows
from plaudit.envs.exact_score import exact_score
from plaudit.feedback.wrappers import VectorRecordSegments, VectorScalarFeedback
from plaudit.feedback.wrappers.base import find
from plaudit.studies.study import (
    Claim,
    Control,
    Effect,
    Picture,
    Precondition,
    Reported,
    Run,
    Study,
)

WORLD, LADDER = "plaudit/Tabular-v0", {"instance": "ladder"}
ROWS, STEPS = 8, 20  # watched at once; of an update
PRAISE = {"name": "coach", "beta": 50.0, "spread": 0.4, "world": WORLD, "settings": LADDER}
STRICT = {"name": "regret", "beta": 8.0, "center": -0.5, "world": WORLD, "settings": LADDER}
BETTER_OR_WORSE, APPROVE = {"kind": "rate", "levels": 3}, {"kind": "approve"}
TABLES: dict[str, tuple[str, dict[str, Any], float]] = {  # settings; the learner's step size
    "coach": ("linear_softmax", {}, 4.0),
    "tamer": ("feedback_model", {"hidden": ()}, 1.0),
    "q_learning": ("epsilon_greedy", {"explore": 0.1}, 1.0),
    "a2c": ("linear_softmax", {}, 0.3),
}


@dataclass(frozen=True)
class Settings:
    """What all arms share.

    Attributes:
        learner: of `TABLES`. person, ask: who is asked what of each step; None: the true reward.
        first: whether praise compares with the first policy for ever, not with the learner's.
        late: steps until a judgement is heard, least and most.
        credit: what COACH believes of that: delay in steps, and eligibility per step before.
        updates: of 160 steps each. times: this arm plays so many times as many.
    """

    learner: str = "coach"
    person: dict[str, Any] | None = field(default_factory=lambda: PRAISE)
    ask: dict[str, Any] = field(default_factory=lambda: BETTER_OR_WORSE)
    first: bool = False
    late: tuple[int, int] = (0, 0)
    credit: tuple[int, float] = (0, 0.0)
    updates: int = 8
    times: int = 1


def run(settings: Settings, seed: int) -> Run:
    """Teach one learner, and know its policy's exact value after each update."""
    env: Any = make_rows(WORLD, ROWS, "SameStep", **LADDER)
    if settings.person is not None:
        recorded = VectorRecordSegments(env, length=1, states=True, keep=64)
        person, late = settings.person | {"seed": seed}, list(settings.late)
        env = VectorScalarFeedback(recorded, person, settings.ask, late, late="carry", seed=seed)
    table, own, lr = TABLES[settings.learner]
    policy = agents.policy(table, env, seed=seed, **own)
    first, (delay, decay) = policy.frozen_copy(), settings.credit
    credit = {"delay": delay, "traces": ((0.0, decay),), "carry": True}
    more: dict[str, Any] = credit if settings.learner == "coach" else {}
    more |= {"updates": settings.updates * settings.times, "steps": STEPS}
    more |= {"evaluator": _known, "eval_every": 1}
    trainer = agents.make(settings.learner, env, policy=policy, lr=lr, seed=seed, **more)
    if settings.first:
        find(env, "set_policy")(first.probs)
    told = [row for row in trainer.train() if "eval/score" in row]
    measures = {name: told[-1][f"eval/{name}"] for name in ("score", "sense")}
    heard = [float(row["update"] * STEPS * ROWS) for row in told]
    return {"measures": measures, "curve": {"x": heard, "y": [row["eval/score"] for row in told]}}


def _known(policy: Any) -> dict[str, float]:
    seen = policy.frozen_copy()
    seen.explore = 0.0  # Q-learning explores while it learns
    return exact_score(seen.probs, WORLD, **LADDER)._asdict()


Q, TAMER, LATE = {"learner": "q_learning"}, {"learner": "tamer"}, {"late": (1, 3), "times": 2}
STUDY = Study(
    id="S056",
    name="coach",
    source="arXiv:1701.06049",
    worlds=(WORLD,),
    statistic="exact value of the policy, share of the way from random play to the optimum",
    run=run,
    settings=Settings(),
    quick={"updates": 4},
    arms={
        "COACH": {},
        "first habit": {"first": True},
        "Q-learning": Q,
        "Q-learning, longer": Q | {"times": 3},
        "Q-learning, task": Q | {"person": None},
        "TAMER": TAMER,
        "TAMER, strict": TAMER | {"person": STRICT, "ask": APPROVE},
        "late": LATE | {"credit": (2, 0.3)},
        "late, neither": LATE,
        "REINFORCE": {"learner": "a2c"},
        "mistaken": {"person": PRAISE | {"mistake": 0.2}},
        "coin": {"person": {"name": "coin_flip"}},
    },
    claims=(
        Claim("COACH reaches the optimum", Effect("COACH"), 0.95, Effect("first habit")),
        Claim("praise is no reward", Effect("COACH", "Q-learning")),
        Claim("praise is no target", Effect("COACH", "TAMER")),
        Claim("late praise finds its step", Effect("late"), 0.8, Effect("late, neither")),
    ),
    controls=(Control("coin flips teach nothing", Effect("coin", measure="sense")),),
    preconditions=(
        Precondition("Q-learning solves the task", Effect("Q-learning, task"), 0.95),
        Precondition("TAMER follows a strict judge", Effect("TAMER, strict"), 0.95),
    ),
    reported=(
        Reported("Q-learning, three times as long", Effect("Q-learning, longer", "Q-learning")),
        Reported("misspecified: a fifth of the praise reversed", Effect("mistaken")),
        Reported("summed up by REINFORCE with a critic", Effect("REINFORCE")),
        Reported("what coin flips earn", Effect("coin")),
    ),
    picture=Picture(
        "curve",
        "judgements",
        "share of the way to the optimum",
        "COACH climbs to the top. Q-learning is up sooner, then sums praise up and falls; TAMER "
        "stays away, but for one seed, from the ladder that it was told to leave while it fell.",
        ("COACH", "Q-learning, longer", "TAMER", "first habit", "late", "late, neither"),
    ),
    scaled_down="Six states, thirty steps and a simulated person who knows the exact advantage; "
    "dogs in grids, robots and people are not repeated, so how people judge stays unproven here.",
)
