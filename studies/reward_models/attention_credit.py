"""Attention-based credit: a reward model's attention spreads the final score over the tokens.

Claimed: PPO learns faster from a score paid where the reward model looked than from the same score
paid evenly, or at the end. A transformer learns from a person's comparisons to score whole answers
and is frozen. PPO climbs that score in a world where 2 symbols of 32 are worth something: few
tokens carry the reward until little else is written. Credit needs an estimator that reads rewards
per token, GAE; with one advantage per answer redistribution changes nothing, as every answer is
paid its score in all. Spreading in itself changes delays, so the ablation compares permuted
attention with even shares; the step size is the best of three for the end, even shares and
attention. Where every token carries as much (2 symbols, worth -0.73 and 0.87) attention must gain
nothing.

Why the claim about the end is not settled: little can be gained there. Even the true worth of every
token (the arm `true worth`), which shows about what attention could add, is faster than the end by
.07 only, hardly more than the .05 that counts; attention gets about a quarter of it. In tuning the
lead was .10 to .15 at a third of the step size, where all are slower: at its best step size PPO's
critic soon knows what the tokens so far promise, and GAE turns that into credit (an inference; the
critic was not measured). Against even shares, which are worse than the end, the gain is large.

Costs that were feared: attention cannot say that a token was bad; where tokens are fined its lead
over even shares is as large (.19; step sizes as of the main world). Shares that know the finished
answer bias returns to go (tests/agents/rollout/test_attention.py works out an example); a
potential, the score of the unfinished answer, does not, and was no faster than even shares (.40,
.42).

Source: arXiv:2402.00782.
Differs: simulated person, symbols, no pull to a reference, the whole score is redistributed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from plaudit import agents
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.attention import attention, promise
from plaudit.agents.rollout.play import play
from plaudit.agents.types import Rollout
from plaudit.envs.evaluate import make_rows
from plaudit.envs.token.token_ngram.game import TokenNgram
from plaudit.envs.token.token_ngram.solution import policy_value
from plaudit.feedback.wrappers import VectorLearnedReward, VectorRecordSegments
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

WORLD = "plaudit/TokenNgram-v0"
SPARSE = {
    "vocab": 32,
    "max_new": 32,
    "instance_seed": 7,
    "rewarded": 0.06,
}  # 0.75 and 1.12 points, 30 times 0
FINES = {
    "vocab": 32,
    "max_new": 32,
    "instance_seed": 1,
    "rewarded": 0.1,
}  # 1.16, -0.23, -0.69 points, 29 times 0
EVEN = {"vocab": 2, "max_new": 32, "instance_seed": 2, "rewarded": 1.0}
PERSON = {"name": "noisy_person", "beta": 2.0, "mistake": 0.1}
MODEL = {"name": "attention", "layers": 1, "lr": 1e-2, "scale": 2.0, "lapse": 0.2}
PPO = {"minibatches": 4, "group_size": 1, "beta": 0.0}


@dataclass(frozen=True)
class Settings:
    """World; where the score is paid; answers and comparisons to learn it from; PPO's settings."""

    world: dict[str, Any] = field(default_factory=lambda: dict(SPARSE))
    credit: Literal["end", "evenly", "attention", "permuted", "potential", "truth"] = "attention"
    segments: int = 256
    labels: int = 1000
    rows: int = 32
    updates: int = 30
    lr: float = 6e-3


def run(settings: Settings, seed: int) -> Run:
    """Fit the reward model to answers of the untrained policy, then train that policy on it."""
    env = make_rows(WORLD, settings.rows, ngram=1, prompt=1, **settings.world)
    game: TokenNgram = env.game  # type: ignore[attr-defined]
    paid = VectorLearnedReward(
        VectorRecordSegments(env, keep=settings.segments),
        teacher=PERSON | {"seed": seed},
        model=MODEL | {"seed": seed},
        seed=seed,
        labels=settings.labels,
        labels_per_round=settings.labels,
        segments_per_round=settings.segments,
    )
    policy = TinyTransformer(game.vocab, layers=1, width=32, heads=2, value_head=True, seed=seed)
    rng, fitted = torch.Generator().manual_seed(seed), False
    while not fitted:  # everything is asked at once, then the model stays as it is
        fitted = bool(paid.loop.fits)
        prompts = torch.randint(2**31, (settings.rows,), generator=rng).tolist()
        before = play(policy, paid, seeds=prompts, rng=rng)
    worth = torch.tensor(game.instance.weights[0]).float()
    given = {"updates": settings.updates, "lr": settings.lr, "seed": seed, **PPO}
    given |= _credit(settings.credit, paid.loop.model, worth, seed)
    log = agents.make("ppo", paid, policy=policy, **given).train()
    start = policy_value(game.instance, game.max_new, 0, np.full((1, game.vocab), 1 / game.vocab))
    points = np.array([row["true_reward"] for row in log if "true_reward" in row])
    curve = (points - start) / (game.oracle().value - start)
    measures = {"score": float(curve.mean()), "end": float(curve[-5:].mean())}
    measures |= _knows(before, paid.loop.model, worth)
    return {"measures": measures, "curve": {"x": list(range(len(curve))), "y": curve.tolist()}}


def _credit(name: str, model: Any, worth: torch.Tensor, seed: int) -> dict[str, Any]:
    shuffle = torch.Generator().manual_seed(seed)
    settings: dict[str, dict[str, Callable[[Rollout], torch.Tensor]]] = {
        "end": {},
        "evenly": {"shares": lambda rollout: rollout.batch.action_mask.float()},
        "attention": {"shares": partial(attention, model=model)},
        "permuted": {"shares": partial(attention, model=model, shuffle=shuffle)},
        "potential": {"potentials": partial(promise, model=model)},
        "truth": {"shares": lambda rollout: worth[rollout.batch.tokens].abs()},
    }
    return settings[name]


def _knows(answers: Rollout, model: Any, worth: torch.Tensor) -> dict[str, float]:
    """What the frozen model knows: attention on what counts (1: even), correlation with truth."""
    weights, counts = attention(answers, model=model), worth[answers.batch.tokens] != 0
    aim = weights[counts].mean() / weights.mean()
    told = np.corrcoef(answers.rewards.sum(1), answers.true_scores)[0, 1]
    return {"aim": float(aim), "correlation": float(told)}


STUDY = Study(
    id="S058",
    name="attention_credit",
    source="arXiv:2402.00782",
    worlds=(WORLD,),
    statistic="true return in the mean over all updates, 0 = untrained policy, 1 = exact optimum",
    run=run,
    settings=Settings(),
    quick={"segments": 128, "labels": 400, "rows": 16, "updates": 15},
    arms={
        "terminal": {"credit": "end"},
        "uniform": {"credit": "evenly", "lr": 4e-3},
        "permuted": {"credit": "permuted", "lr": 4e-3},
        "attention": {},
        "potential": {"credit": "potential"},
        "true worth": {"credit": "truth"},
        "even world, uniform": {"world": EVEN, "credit": "evenly", "lr": 4e-3},
        "even world, attention": {"world": EVEN, "lr": 4e-3},
        "fines, uniform": {"world": FINES, "credit": "evenly"},
        "fines, attention": {"world": FINES},
    },
    claims=(
        Claim(
            "paid by attention, a score is learned from faster than paid evenly",
            Effect("attention", "uniform"),
            ablation=Effect("permuted", "uniform"),
        ),
        Claim("and faster than by permuted attention", Effect("attention", "permuted")),
        Claim("and faster than paid at the end", Effect("attention", "terminal")),
    ),
    controls=(
        Control(
            "where all tokens carry as much, attention gains nothing",
            Effect("even world, attention", "even world, uniform"),
        ),
    ),
    preconditions=(
        Precondition("attention rests on what counts", Effect("attention", None, "aim"), 1.0),
        Precondition("scores tell returns", Effect("attention", None, "correlation"), 0.5),
    ),
    reported=(
        Reported("spreading alone", Effect("uniform", "terminal")),
        Reported("a potential in place of shares", Effect("potential", "terminal")),
        Reported("where tokens are fined, too", Effect("fines, attention", "fines, uniform")),
        Reported("paid by true worth, not at the end", Effect("true worth", "terminal")),
    ),
    picture=Picture(
        "curve",
        "updates of PPO",
        "true return, share of the way to the optimum",
        "One frozen score, paid at the end, evenly, by attention, by permuted attention or as the "
        "truth says.",
        arms=("terminal", "uniform", "permuted", "attention", "true worth"),
    ),
    scaled_down="One layer of attention over symbols instead of a 7B model over text: that deep "
    "attention rests on what readers liked, and that long answers gain as much, is unproven here.",
    seeds=16,
)
