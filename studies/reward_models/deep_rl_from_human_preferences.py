"""S168, deep RL from human preferences: a reward learned on line from comparisons of short clips.

Claimed: paid by an ensemble fitted to comparisons of clips, chosen by its disagreement, an agent
does nearly as well as on the true reward, with less than 1% of its steps looked at. Tested on
PointReach beside the same PPO on the truth; and on Pendulum, where Stable-Baselines3's PPO knows
nothing of labels: the wrapper asks, fits and pays by itself (200 comparisons, 50,000 steps). There
only half of the way is claimed, with 8% of the steps looked at; two of eight seeds miss it.

Source: arXiv:1706.03741. Differs: the person is right on 95 of 100 unequal pairs; clips have 2
steps (Pendulum: 10), for a label is one bit however long one watches.

Coin flips are paid noise: nothing is held out, or the model would rightly stay at zero. On Pendulum
"at chance" is one-sided, since PPO on any reward that says nothing, even a constant, wanders, and
mostly to its loss: untrained, it hardly moves. Run 1 judged the mean of the second half of
training, harm counted as nothing seed by seed, and came out inconclusive (.03 [-.01, .07]). Run 2
is the same runs, judged otherwise after that was seen: by the last evaluation, harm and all, asking
only for a gain. (The mean of the second half gives -.20 and -.26.) Two-sided, as our protocol has
it, both controls would fail: this noise does harm.
"""

from typing import Any

from plaudit.agents.interop.preference_learning import PreferenceLearning as Settings
from plaudit.envs.evaluate import scale
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

POINT, PENDULUM = "plaudit/PointReach-v0", "Pendulum-v1"
# Pendulum: 400 episodes of uniform actions; about the best that is published of any agent.
ENDS = {POINT: scale(POINT)[:2], PENDULUM: (-1229.0, -150.0)}
OWN = {"steps": 30, "epochs": 6, "batch_size": 1024, "lr": 2e-3, "gamma": 0.9}
SDE = {"learning_rate": 1e-3, "use_sde": True, "sde_sample_freq": 4}
MODEL = {"name": "bradley_terry", "epochs": 30, "batch": 64, "weight_decay": 0.1, "holdout": 0.0}
PERSON, COIN = {"name": "boltzmann", "agreement": 0.95}, {"name": "coin_flip"}
CARELESS = {"name": "noisy_person", "mistake": 0.1, "agreement": 0.95}  # the model knows no slips
ASKED = {"sampler": "disagreement", "labels": 950, "labels_per_round": 95}
FEW = {"sampler": "disagreement", "labels": 200, "labels_per_round": 20}
SOON = {"labels": 240, "labels_per_round": 60, "segments_per_round": 1920}
SB3: dict[str, Any] = {
    "world": PENDULUM,
    "agent": "sb3_ppo",
    "tuned": {"n_steps": 125, "batch_size": 250, "gamma": 0.9, **SDE},
    "schedule": FEW | {"segments_per_round": 100},
    "clip": 10,
    "rows": 8,
}
CAPTION = """Paid by labels and paid the truth, on PointReach and (SB3) on Pendulum; coin flips and
equal rewards wander, mostly below the untrained policy."""


def run(settings: Settings, seed: int) -> Run:
    """One agent in its world, paid in one way."""
    course, (low, high) = settings.course(seed), ENDS[settings.world]
    y = [(value - low) / (high - low) for value in course.returns]
    measures = {"score": y[-1], "way": y[-1] - y[0], "unseen": 1 - course.looked_at}
    if course.loop is not None:
        measures["r"] = course.correlation
    x = [steps / course.steps[-1] for steps in course.steps]
    return Run(measures=measures, curve={"x": x, "y": y})


STUDY = Study(
    id="S168",
    name="deep_rl_from_human_preferences",
    source="arXiv:1706.03741",
    worlds=(POINT, PENDULUM),
    statistic="true return of mean actions on a fixed panel: 0 random, 1 optimal (Pendulum: -150)",
    run=run,
    settings=Settings(
        POINT,
        teacher=PERSON,
        model=MODEL,
        schedule=ASKED | {"segments_per_round": 12_800},
        clip=2,
        tuned=OWN,
        rows=256,
        updates=50,
        panel=128,
    ),
    quick={"rows": 128, "updates": 10, "panel": 16, "schedule": SOON},
    quick_seeds=2,
    arms={
        "truth": {"reward": "true"},
        "person": {},
        "coin flips": {"teacher": COIN},
        "careless person": {"teacher": CARELESS},
        "SB3, truth": SB3 | {"reward": "true"},
        "SB3, person": SB3,
        "SB3, coin flips": SB3 | {"teacher": COIN},
        "SB3, equal rewards": SB3 | {"reward": "equal"},
    },
    claims=(
        Claim(
            "1% of the steps looked at, PPO is at most a tenth of the way worse than on the truth",
            *(Effect("person", "truth"), -0.1, Effect("coin flips", "truth")),
        ),
        Claim("SB3's PPO goes half of the way", Effect("SB3, person", measure="way"), 0.5),
    ),
    controls=tuple(
        Control(f"SB3: {arm} gain nothing", Effect(f"SB3, {arm}", measure="way"), one_sided=True)
        for arm in ("coin flips", "equal rewards")
    ),
    preconditions=(
        Precondition("over 99% of steps are not looked at", Effect("person", None, "unseen"), 0.99),
    ),
    reported=(
        Reported("a person who slips in one of ten answers", Effect("careless person", "truth")),
        Reported("SB3: against the truth", Effect("SB3, person", "SB3, truth")),
        Reported("SB3: against coin flips", Effect("SB3, person", "SB3, coin flips")),
        Reported("r of learned and true reward", Effect("person", measure="r")),
    ),
    picture=Picture("curve", "share of training", "share of the way", CAPTION),
    scaled_down="""Two small worlds and simulated people; of pixels, Atari, MuJoCo and real people
nothing is shown. Pendulum's labels show 8% of its steps.""",
    seeds=8,
)
