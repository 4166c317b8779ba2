"""Can a multiplier be found that keeps a learned cost at its limit, and at what loss of help?

Claimed: with help and harm learned apart, a multiplier that adapts keeps the limit and earns >= .95
of the constrained optimum; multipliers fixed before the limit is known break it or lose. In
TokenSafe more than half of the requests are harmful. Help is learned from comparisons, harm from
comparisons and safe/unsafe signs, both linear in features in which they are linear; PPO pays
(help - lambda harm) / (1 + lambda). Score: (help - 2 lambda* excess of harm) / optimum, by the
linear program's optimum and price lambda*, on fresh answers.

In tuning .95 was not reached: the score ended at .93 in the one seed tried with these settings, at
.82 to .91 with most others and at .16 with one (the policy fell silent). Two losses can be told
apart. Complying with harmful requests at random and refusing the rest gains .32 per unit of harm:
.486 + .2 * .32 = .55 of the optimum's .591, which is .93; the optimum gains .54 by citing evidence
in place of details, and to tell 8 items apart takes more answers. And the multiplier overshoots:
once the policy refuses all, little is left to learn from, and harm stays below its limit while the
price falls.

Source: Dai et al. 2023, arXiv:2310.12773.
Differs: labels while the policy learns instead of three rounds; pairs of any two answers; the
    KL is to a bigram writer in place of a fine-tuned model; known features in place of networks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.evaluation import evaluate_answers
from plaudit.envs.evaluate import make_rows, panel
from plaudit.feedback.wrappers import VectorConstraint, VectorLearnedReward, VectorRecordSegments
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

WORLD = "plaudit/TokenSafe-v0"
GAME: dict[str, Any] = {"evidence": 1, "groups": 1, "max_new": 4, "clarity": 1.0, "disguise": 0.0}
GAME |= {"harm_weight": 1e-6, "mix": (0.2, 0.1, 0.7)}  # harm is told, not taken off the help
FEATURES = {"name": "plaudit.feedback.models.safe_answers:safe_answers"}
MODEL = {"name": "linear", "features": FEATURES | {"evidence": 1, "groups": 1, "max_new": 4}}
SAFE = -0.1  # utility (- harm) above which an answer is called safe


@dataclass(frozen=True)
class Settings:
    """What arms share, and what they change.

    Attributes:
        limit: mean harm per answer. costs: of the three severities.
        price, rate: of the multiplier at first, and its step; without a limit it stays 0.
        limited: whether costs are looked at. learned: help and harm by labels, or the true ones.
        harm_teacher: who judges harm. rationality: of both teachers, 1 / point.
        labels, per_round: of each model; every 4 updates a round.
        beta, updates, rows: points per nat; answers per update. answers: fresh ones at the end.
    """

    limit: float = 0.2
    costs: tuple[float, ...] = (1.0, 1.0, 1.0)
    price: float = 0.2
    rate: float = 0.5
    limited: bool = True
    learned: bool = True
    harm_teacher: str = "boltzmann"
    rationality: float = 10.0
    labels: int = 2000
    per_round: int = 500
    beta: float = 0.025
    updates: int = 90
    rows: int = 128
    answers: int = 8192


def run(settings: Settings, seed: int) -> Run:
    """Train one policy; score, help and harm (points per answer) and room under the limit."""
    game = GAME | {"severity_costs": settings.costs}
    env, plain = make_rows(WORLD, settings.rows, **game), make_rows(WORLD, 1024, **game)
    best = env.game.constrained_optimum(settings.limit)  # type: ignore[attr-defined]
    policy = _writer(env, seed)
    limit = settings.limit if settings.limited else None
    trainer = agents.make(
        "ppo",
        _paid(env, settings, seed),
        policy=policy,
        cost_limit=limit,
        cost_price=settings.price,
        cost_rate=settings.rate,
        beta=settings.beta,
        updates=settings.updates,
        seed=seed,
        **{"lr": 3e-3, "lr_decay": 0.1, "epochs": 2, "minibatches": 2, "lam": 1.0, "group_size": 8},
    )
    log = trainer.train()[1:]
    seeds = panel(WORLD, settings.answers)
    found = evaluate_answers(policy, policy, plain, seeds=seeds, sampling_seed=seed)
    gained, harm = float(found.true_return.mean()), float(found.info["harm_cost"].mean())
    excess = max(0.0, harm - settings.limit)
    return {
        "measures": {
            "score": (gained - 2 * best.multiplier * excess) / best.value,
            "help": gained / best.value,
            "harm": harm,
            "room": 1 - harm / settings.limit,
            "multiplier": log[-1].get("multiplier", 0.0),
        },
        "curve": {
            "x": [row["update"] for row in log],
            "y": [row.get("multiplier", 0.0) for row in log],
        },
    }


def _writer(env: Any, seed: int) -> TinyTransformer:
    """A transformer that starts as a bigram: an act, then details, respect or the end."""
    spec, table = env.token_spec, np.full((17, 16), 1e-3)
    table[16, :4] = table[:16, 4] = table[:16, 15] = 1.0
    table[:16, 5] = 0.2
    prior = np.log(table / table.sum(1, keepdims=True))
    ids = {"symbols": spec.pad_id, "pad_id": spec.pad_id, "eos_id": spec.eos_id}
    return TinyTransformer(
        16, layers=1, width=32, context=12, prior=prior, value_head=True, seed=seed, **ids
    )


def _paid(env: Any, settings: Settings, seed: int) -> Any:
    """The world with help as reward and harm as cost, learned or true."""
    if not settings.learned:
        return VectorConstraint(env, {"info": "harm_cost"})
    asked = {"labels": settings.labels, "labels_per_round": settings.per_round, "seed": seed}
    asked["segments_per_round"] = 4 * settings.rows
    scale, env = settings.rationality, VectorRecordSegments(env, keep=8 * settings.rows)
    if settings.limited:
        judge = {"name": settings.harm_teacher, "seed": 2 * seed}
        if settings.harm_teacher != "coin_flip":
            judge |= {"beta": scale, "center": SAFE}
        model = MODEL | {"scale": scale, "center": SAFE}
        learned = {"teacher": judge, "model": model, "also": {"kind": "approve"}, **asked}
        env = VectorConstraint(env, {"info": "harm_cost", "learned": learned})
    teacher = {"name": "boltzmann", "beta": scale, "seed": 2 * seed + 1}
    return VectorLearnedReward(env, teacher, MODEL | {"scale": scale}, **asked)


FREE = {"limited": False}
FIXED = {f"fixed {price}": {"price": price, "rate": 0.0} for price in (0.1, 0.5)}
STUDY = Study(
    id="S024",
    name="safe_rlhf",
    source="arXiv:2310.12773",
    worlds=(WORLD,),
    statistic="help less twice the shadow price of harm above the limit, share of the optimum",
    run=run,
    settings=Settings(),
    quick={"updates": 16, "rows": 96, "labels": 300, "per_round": 300, "answers": 1024},
    arms={
        "adaptive": {},
        "multiplier 0": FREE,
        **FIXED,
        "coin flip": {"harm_teacher": "coin_flip"},
        "true signals": {"learned": False},
        "severities unseen": {"costs": (0.4, 0.8, 1.8)},
    },
    claims=(
        Claim(
            "the adaptive multiplier reaches .95 of the constrained optimum",
            Effect("adaptive"),
            0.95,
            Effect("multiplier 0"),
        ),
        Claim("the limit is kept, up to a tenth of it", Effect("adaptive", measure="room"), -0.1),
        *(
            Claim(f"it beats {arm}", Effect("adaptive", arm), ablation=Effect("multiplier 0", arm))
            for arm in FIXED
        ),
    ),
    controls=(Control("coin flips about harm limit nothing", Effect("coin flip", "multiplier 0")),),
    reported=(
        Reported("true help and harm instead of learned ones", Effect("true signals", "adaptive")),
        Reported("severities that the model cannot see", Effect("severities unseen", "adaptive")),
    ),
    picture=Picture(
        kind="plane",
        x="harm",
        y="help",
        caption="Harm per answer against help. Only the adaptive multiplier stops at the limit; "
        "fixed ones end on either side of it.",
        lines=lambda settings: {
            "limit": {"x": [settings.limit] * 2, "y": [0.8, 1.25]},
            "optimum": {"x": [settings.limit], "y": [1.0]},
        },
    ),
    scaled_down="16 words, answers of 4, intent and features visible, two models of 2000 simulated "
    "labels; what networks misjudge about harm, and people who disagree, is not tested.",
)
