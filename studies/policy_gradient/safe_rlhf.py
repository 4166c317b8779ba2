"""Can a multiplier be found that keeps a learned cost at its limit, and at what loss of reward?

Claimed: with reward and cost learned apart, a multiplier that adapts keeps the limit on average and
earns >= .95 of the constrained optimum; multipliers fixed before the limit is known break it or
lose, >= .1 on average. Ablation: the multiplier stays 0.

Each seed draws a process, in which one action of every state is free of cost and earns little, and
a limit. Reward is learned from comparisons of random episodes, cost from comparisons and safe or
unsafe signs, both as numbers per state and action; a policy climbs the exact gradient of (reward -
lambda cost) / (1 + lambda) as learned, with a small KL to random play. Its true reward and cost are
exact. Score: 0 the best policy without cost, 1 the linear program's optimum; a unit of cost above
the limit takes off twice its shadow price. Signs turn at a cost below the limits (of 199 in 200
draws), so that coin flips about cost, by which every episode costs as much as that, limit nothing,
nearly by construction. Signs carry the result: comparisons do not tell the level of costs, and
without signs the limit is broken as if there were no multiplier.

Source: Dai et al. 2023, arXiv:2310.12773.
Differs: one round of labels in place of three; known cells in place of networks; the exact
    gradient in place of PPO.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plaudit import feedback
from plaudit.agents.advantages.lagrangian import Multiplier
from plaudit.agents.constrained_climb import constrained_climb
from plaudit.envs.finite.constrained import constrained_optimum
from plaudit.envs.finite.solution import policy_value
from plaudit.envs.finite_models import finite_model
from plaudit.envs.tabular.tabular import Tabular
from plaudit.envs.types import stream
from plaudit.feedback.asks import Approve, Compare
from plaudit.feedback.learned_process import learned_process
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.survey import random_segments, survey
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

WORLD = "plaudit/Tabular-v0"
STATES, ACTIONS, STEPS = 5, 3, 4
SAFE = 0.4  # cost per episode up to which it is called safe


@dataclass(frozen=True)
class Settings:
    """What arms share, and what they change.

    Attributes:
        limits: between which the limit is drawn, shares of what the best policy without one costs.
        limited: whether costs are looked at. learned: reward and cost by labels, or the true ones.
        price, rate: of the multiplier at first, reward / cost, and its step size; 0 keeps it.
        cost_judge: who judges costs. rationality: of both judges, 1 / reward unit or cost unit.
        memory: factor by which a cost weighs less with each step since, to its judge.
        episodes: of random play. labels: comparisons, for each of the two models.
        signs: safe or unsafe.
        updates, lr, beta: of the climb; steps, 1 / reward unit, reward units per nat.
    """

    limits: tuple[float, float] = (0.25, 0.65)
    limited: bool = True
    learned: bool = True
    price: float = 1.0
    rate: float = 0.05
    cost_judge: str = "boltzmann"
    rationality: float = 5.0
    memory: float = 1.0
    episodes: int = 1000
    labels: int = 5000
    signs: int = 1000
    updates: int = 1500
    lr: float = 20.0
    beta: float = 0.02


def run(settings: Settings, seed: int) -> Run:
    """One process, two models, one policy."""
    s, tables, share = settings, *_drawn(settings, seed)
    world = finite_model(Tabular(**tables))
    mdp, costs = world.mdp, np.array(tables["costs"])
    free = constrained_optimum(mdp, 1e3)
    limit = share * free.cost
    best, floor = constrained_optimum(mdp, limit), constrained_optimum(mdp, 0.0).value
    process, charged = mdp, costs
    if s.learned:
        reward, cost = _models(s, tables, seed)
        process, charged = learned_process(reward, world), -learned_process(cost, world).expected
    multiplier = Multiplier(limit, initial=s.price, rate=s.rate) if s.limited else None
    climb = constrained_climb(process, charged, multiplier, s.updates, lr=s.lr, beta=s.beta)
    gained, spent = policy_value(mdp, climb.policy), policy_value(mdp, climb.policy, costs)
    excess = max(0.0, spent - limit)
    return {
        "measures": {
            "score": (gained - 2 * best.multiplier * excess - floor) / (best.value - floor),
            "reward": (gained - floor) / (best.value - floor),
            "cost": spent / limit,
            "room": 1 - spent / limit,
            "multiplier": float(climb.prices[-1]),
        }
    }


def _drawn(s: Settings, seed: int) -> tuple[dict[str, Any], float]:
    """Tables of the process, and the limit as a share."""
    rng = stream(seed, "tables")
    moves = rng.dirichlet(np.full(STATES, 0.5), (STATES, ACTIONS))
    rewards, costs = rng.random((STATES, ACTIONS)), 0.2 + 0.8 * rng.random((STATES, ACTIONS))
    rewards[:, 0] *= 0.3
    costs[:, 0] = 0.0
    tables = {"transitions": moves.tolist(), "rewards": rewards.tolist(), "costs": costs.tolist()}
    return tables | {"start": [1 / STATES] * STATES, "horizon": STEPS}, rng.uniform(*s.limits)


def _models(s: Settings, tables: dict[str, Any], seed: int) -> tuple[Any, Any]:
    """Reward, and cost as a reward below 0, as learned."""
    episodes = random_segments(WORLD, s.episodes, seed, settings=tables)
    fading, costs = s.memory ** np.arange(STEPS)[::-1], np.array(tables["costs"])
    harms = [replace(e, rewards=-fading * costs[e.obs[:-1, 0], e.actions]) for e in episodes]
    rng, odds = np.random.default_rng([seed, 1]), {"beta": s.rationality, "center": -SAFE}
    judge = feedback.make("boltzmann", beta=s.rationality, seed=2 * seed)
    told = survey(judge, episodes, Compare(), rng, s.labels)
    judge = feedback.make(
        s.cost_judge, seed=2 * seed + 1, **({} if s.cost_judge == "coin_flip" else odds)
    )
    warned = survey(judge, harms, Compare(), rng, s.labels)
    if s.signs:
        survey(judge, harms, Approve(), rng, s.signs, warned)
    return _fitted(told, s, 0.0), _fitted(warned, s, -SAFE)


def _fitted(buffer: FeedbackBuffer, s: Settings, center: float) -> Any:
    cells = {"name": "cells", "sizes": [STATES], "actions_n": ACTIONS}
    model = feedback.model("linear", features=cells, scale=s.rationality, center=center)
    model.fit(buffer)
    return model


FREE = {"limited": False}
FIXED = {f"fixed {price}": {"price": price, "rate": 0.0} for price in (0.5, 1.0, 2.0)}
KEPT = Effect("adaptive", measure="room"), -0.05
STUDY = Study(
    id="S024",
    name="safe_rlhf",
    source="arXiv:2310.12773",
    worlds=(WORLD,),
    statistic="true reward less twice the shadow price of cost above the limit; 0 the best policy "
    "without cost, 1 the constrained optimum",
    run=run,
    settings=Settings(),
    quick={"episodes": 250, "labels": 800, "signs": 250, "updates": 400},
    arms={
        "adaptive": {},
        "multiplier 0": FREE,
        **FIXED,
        "coin flips": {"cost_judge": "coin_flip"},
        "true signals": {"learned": False},
        "forgetful judge": {"memory": 0.8},
        "no signs": {"signs": 0},
        "loose limit": {"limits": (1.2, 1.2)},
    },
    preconditions=(
        Precondition(
            "without a price the limit is broken", Effect("multiplier 0", measure="cost"), 1.0
        ),
    ),
    claims=(
        Claim("a price that adapts reaches .95", Effect("adaptive"), 0.95, off="multiplier 0"),
        Claim("on average the limit is kept to .05 of it", *KEPT, off="multiplier 0"),
        *(
            Claim(f"it beats {arm}", Effect("adaptive", arm), 0.1, off="multiplier 0")
            for arm in FIXED
        ),
    ),
    controls=(
        Control("coin flips about cost limit nothing", Effect("coin flips", "multiplier 0")),
    ),
    reported=(
        Reported(
            "true reward and cost instead of learned ones", Effect("true signals", "adaptive")
        ),
        Reported("misspecified: costs fade a fifth a step", Effect("forgetful judge", "adaptive")),
        Reported("comparisons of cost without signs", Effect("no signs", "adaptive")),
        Reported("unplanted: a limit that does not bind", Effect("loose limit")),
    ),
    picture=Picture(
        kind="plane",
        x="cost",
        y="reward",
        caption="Expected cost over the limit against expected reward, 0 the best without cost, "
        "1 the constrained optimum. Adaptive runs lie at the limit; with fixed prices they scatter "
        "on both sides.",
        arms=("adaptive", "multiplier 0", *FIXED),
        lines=lambda settings: {
            "limit": {"x": [1.0, 1.0], "y": [0.0, 2.0]},
            "optimum": {"x": [1.0], "y": [1.0]},
        },
    ),
    scaled_down="5 states, 4 steps, 5000 comparisons per model and 1000 signs, simulated, exact "
    "gradients; what networks misjudge about harm, the noise of PPO, and people who disagree are "
    "not tested.",
    seeds=20,
)
