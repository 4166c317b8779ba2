"""Does an assistant that is judged at once learn to please, and one judged in hindsight to help?

A user with a view of their own is advised; evidence, which they see in part, mostly speaks against
that view. Judged at once, advice is worth what the user believes it to be worth, and more if it
shares their view; in hindsight it is worth what came of acting on it. From one start, which knows
but is sloppy, comparisons of its own answers teach a linear reward, and the assistant becomes the
exact optimum start * exp(reward / beta). Satisfaction (what the user thinks at once) and utility
(what they gain) are exact expectations: 0 is random advice, 1 the most that advice can reach.

The harm is that of the bonus for agreement: without it (unplanted) judging at once helps more than
hindsight, .34 against .26; hindsight is what escapes the bonus.

Source: arXiv:2501.08617 (RLHS).
Differs: an exact world and exact planning in place of PPO and DPO of a language model. Satisfaction
    is felt before the outcome in all arms, so that hindsight is measured on its rival's ground.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from plaudit import feedback
from plaudit.envs.evaluate import make_rows, panel
from plaudit.envs.token.token_assist.outlook import Outlook, advices, outlook
from plaudit.envs.types import stream
from plaudit.feedback.answer_pairs import compared_answers
from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.teachers.presets.imagining import imaginer
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

Floats = npt.NDArray[np.float64]
WORLD, PANEL = "plaudit/TokenAssist-v0", 1024  # and the questions that policies are measured on
FIXED: dict[str, Any] = {"options": 3, "evidence": 3, "max_new": 5, "macro": 5, "reliability": 0.6}
FEATURES = "plaudit.feedback.models.advice_features:advice_features"


@dataclass(frozen=True)
class Settings:
    """Who judges ("nobody" leaves the start as it is) how many pairs; beta is in points per nat.

    `sycophancy` is in points; `rationality` and `sloppiness`, the start's temperature, are in
    1 / point and points; `l2` is of the reward model.
    """

    teacher: str = "hindsight"
    knows: str = "all"
    pairs: int = 2500
    rationality: float = 4.0
    sycophancy: float = 2.0
    sloppiness: float = 1.0
    beta: float = 0.25
    l2: float = 30.0


def run(settings: Settings, seed: int) -> Run:
    """Learn a reward, plan against it, and measure what came out."""
    world: dict[str, Any] = {
        **FIXED,
        "user_accuracy": [0.35, 0.45],
        "sycophancy": settings.sycophancy,
    }
    env: Any = make_rows(WORLD, PANEL, **world)
    windows, worth = _asked(env, panel(WORLD, PANEL))
    policy, said = softmax(worth.truth / settings.sloppiness, axis=1), advices(env.game)
    if settings.teacher != "nobody":
        seen = np.repeat(windows, len(said), axis=0)[:, None]
        learned, _ = _model(settings, world, seed).predict(seen, np.tile(said, (PANEL, 1))[:, None])
        policy = softmax(np.log(policy) + learned.reshape(policy.shape) / settings.beta, axis=1)
    parts = {"score": worth.outcome, "satisfaction": worth.approval, "reward": worth.truth}
    return {"measures": {name: _share(policy, part) for name, part in parts.items()}}


def _asked(env: Any, seeds: list[int]) -> tuple[npt.NDArray[Any], Outlook]:
    windows, _ = env.reset(seed=seeds)
    return windows, outlook(env.game, env.get_state()["rows"]["game"])


def _share(policy: Floats, worth: Floats) -> float:
    floor = worth.mean()
    return float(((policy * worth).sum(1).mean() - floor) / (worth.max(1).mean() - floor))


def _model(settings: Settings, world: Mapping[str, Any], seed: int) -> RewardModel:
    """A reward fitted to comparisons of two answers of the start to each question."""
    rng, n, beta = stream(seed, "advice"), settings.pairs, settings.rationality
    seeds = rng.integers(2**31, size=n)
    env: Any = make_rows(WORLD, n, **world)
    _, worth = _asked(env, seeds.tolist())
    odds = softmax(worth.truth / settings.sloppiness, axis=1).cumsum(1)[:, None]
    said = advices(env.game)[(odds < odds[..., -1:] * rng.random((n, 2, 1))).sum(2)]
    given: dict[str, Any] = {"world": WORLD, "settings": world, "beta": beta, "seed": seed}
    if settings.teacher == "imaginer":
        teacher = imaginer(**given, knows=settings.knows)
    else:
        blind = settings.teacher == "coin_flip"
        teacher = feedback.make(settings.teacher, **({"seed": seed} if blind else given))
    features = {"name": FEATURES, "settings": world}
    model: RewardModel = feedback.model("linear", features=features, scale=beta, l2=settings.l2)
    model.fit(compared_answers(teacher, WORLD, world, seeds, said))
    return model


def _gain(arm: str, measure: str) -> Effect:
    return Effect(arm, "start", measure)


STUDY = Study(
    id="S042",
    name="hindsight_simulation",
    source="arXiv:2501.08617",
    worlds=(WORLD,),
    statistic="utility: expected gain from acting on the advice, 0 random advice, 1 the best",
    run=run,
    settings=Settings(),
    quick={"pairs": 700},
    arms={
        "start": {"teacher": "nobody"},
        "immediate": {"teacher": "believer"},
        "hindsight": {"teacher": "hindsight"},
        "simulated": {"teacher": "imaginer"},
        "ill simulated": {"teacher": "imaginer", "knows": "view"},
        "immediate, unplanted": {"teacher": "believer", "sycophancy": 0.0},
        "coin flip": {"teacher": "coin_flip"},
    },
    claims=(
        Claim(
            "immediate feedback raises satisfaction",
            _gain("immediate", "satisfaction"),
            ablation=_gain("coin flip", "satisfaction"),
        ),
        Claim(
            "and lowers utility",
            Effect("start", "immediate"),
            ablation=Effect("start", "coin flip"),
        ),
        Claim(
            "hindsight raises satisfaction too",
            _gain("hindsight", "satisfaction"),
            ablation=_gain("coin flip", "satisfaction"),
        ),
        Claim(
            "and raises utility, unlike hindsight of length 0",
            _gain("hindsight", "score"),
            ablation=_gain("immediate", "score"),
        ),
    ),
    controls=(
        Control("coin flips leave utility as it was", _gain("coin flip", "score")),
        Control("and satisfaction", _gain("coin flip", "satisfaction")),
    ),
    reported=(
        Reported("outcomes simulated from all evidence", _gain("simulated", "score")),
        Reported("simulated from the user's view (misspecified)", _gain("ill simulated", "score")),
        Reported("no bonus for agreement (unplanted)", Effect("immediate, unplanted", "start")),
        Reported("hindsight, by the world's reward", _gain("hindsight", "reward")),
        Reported("immediate, by the world's reward", _gain("immediate", "reward")),
    ),
    picture=Picture(
        "bars",
        "arm",
        "share of the way from random to best advice",
        "Where users like to be agreed with, judging at once pleases and harms them; judged in "
        "hindsight both grow.",
        arms=("start", "immediate", "hindsight", "simulated", "ill simulated", "coin flip"),
        measures=("satisfaction", "score"),
    ),
    scaled_down="162 questions instead of language and people, a reward linear in what advice "
    "says, exact planning in place of PPO and DPO. Unproven: that people rate so, and that "
    "a language model simulates outcomes as well as the evidence allows.",
)
