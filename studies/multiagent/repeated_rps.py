"""A learner beats unknown bots at rock-paper-scissors on average, and earns less than the best.

PPO plays one of 43 bots in each episode, drawn anew, and sees the last eight rounds. Then it plays
21 bots it never met. Claimed: its population return there is above the population's mean, which is
0 by symmetry, and below that of the three best of them (who take .04 a round from it head to head,
less than what counts). Mechanism off: a learner that sees no history can only be unpredictable.
Control: opponents who throw dice teach nothing.

Source: Lanctot et al. 2023, arXiv:2303.03196; bots are held out as in its study of generalisation.
Differs: 64 bots of our own in place of 43 tournament entries, every third name held out; 100 rounds
in place of 1000; PPO with a window in place of recurrent actor-critics; no language model.
"""

from dataclasses import dataclass

import numpy as np

from plaudit import agents
from plaudit.agents.policies.seat_partner import SeatPartner
from plaudit.envs.evaluate import make_rows
from plaudit.envs.multiagent.repeated_rps.bots.table import BOTS
from plaudit.envs.multiagent.repeated_rps.league import league
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

WORLD, SEATS = "plaudit/RepeatedRPS-v0", ("player_0", "player_1")
HELD_OUT = tuple(sorted(BOTS)[2::3])  # among them council, vote and camouflage
KNOWN = tuple(sorted(set(BOTS) - set(HELD_OUT)))
SIMPLE = (
    *("alternator", "anthem", "beat_last", "copy_last", "de_bruijn", "never_scissors", "paper"),
    *("pi_digits", "rock", "rotate_down", "rotate_up", "scissors", "scissors_heavy", "two_back"),
)  # of the known ones those that look at two rounds or fewer
TOP = 3


@dataclass(frozen=True)
class Settings:
    """What all arms share.

    Attributes:
        opponents: one of them is drawn for each training episode. held_out: met afterwards.
        encoder: what the policy sees: "auto" the window of rounds, "blank" nothing.
        recall, rounds: of that window; of an episode.
        rows, steps, updates: episodes side by side; rounds of each per update.
        lr, entropy: of PPO; bonus in points per nat.
        episodes: against each held-out bot.
    """

    opponents: tuple[str, ...] = KNOWN
    held_out: tuple[str, ...] = HELD_OUT
    encoder: str = "auto"
    recall: int = 8
    rounds: int = 100
    rows: int = 256
    steps: int = 25
    updates: int = 45
    lr: float = 1e-3
    entropy: float = 0.05
    episodes: int = 16


def run(settings: Settings, seed: int) -> Run:
    """Learn from a population, then play another one; all returns in points per round."""
    size = {"rounds": settings.rounds, "recall": settings.recall}
    partners = {"player_1": list(settings.opponents)}
    env = make_rows(WORLD, settings.rows, "SameStep", partners=partners, **size)
    policy = agents.policy("actor_critic", env, encoder=settings.encoder, seed=seed)
    shared = {"steps": settings.steps, "updates": settings.updates, "epochs": 4, "gamma": 0.9}
    pace = {"lr": settings.lr, "lr_decay": 0.1, "lam": 0.9, "entropy_coef": settings.entropy}
    log = agents.make("ppo", env, policy=policy, seed=seed, **shared, **pace).train()
    guests = [SeatPartner(policy, SEATS)]
    played = league(settings.held_out, guests, episodes=settings.episodes, seed=seed, **size)
    earned, bots = played.population_return() / settings.rounds, played.population
    best = np.argsort(-earned[:bots])[:TOP]
    measures = {
        "score": float(earned[bots]),
        "top": float(earned[best].mean()),
        "to the top": float(-played.returns[bots, best].mean() / settings.rounds),
        "exploitability": float(played.exploitability()[bots] / settings.rounds),
    }
    told = [(row["update"], row["step_reward"]) for row in log if "step_reward" in row]
    heard = [update * settings.steps * settings.rows / 1000 for update, _ in told]
    return {"measures": measures, "curve": {"x": heard, "y": [paid for _, paid in told]}}


STUDY = Study(
    id="S163",
    name="repeated_rps",
    source="arXiv:2303.03196",
    worlds=(WORLD,),
    statistic="population return against held-out bots, points per round, -1..1",
    run=run,
    settings=Settings(),
    quick={"updates": 8, "episodes": 8},
    arms={
        "learner": {},
        "no history": {"encoder": "blank"},
        "dice": {"opponents": ("nash",)},
        "simple bots": {"opponents": SIMPLE},
        "insider": {"opponents": HELD_OUT},
    },
    claims=(
        Claim("it beats the population's mean", Effect("learner"), ablation=Effect("no history")),
        Claim(
            "the three best bots earn more from the population",
            Effect("learner", "learner", "top", "score"),
        ),
    ),
    controls=(Control("dice teach nothing", Effect("dice")),),
    reported=(
        Reported("what top bots take from it", Effect("learner", measure="to the top")),
        Reported("within-population exploitability", Effect("learner", measure="exploitability")),
        Reported("the same without history", Effect("no history", measure="exploitability")),
        Reported("misspecified: it met only bots that never count", Effect("simple bots")),
        Reported("trained on the very bots it meets", Effect("insider")),
    ),
    picture=Picture(
        "bars",
        "arm",
        "points per round",
        "What the held-out bots pay it, what they pay their three best, what those take from it, "
        "and what its worst enemy seems to take, of 21 (.05 of it is noise: see no history).",
        measures=("score", "top", "to the top", "exploitability"),
    ),
    scaled_down="Our own scripted bots, a tenth of the rounds and 288 thousand of them to learn "
    "from; the tournament's entries, recurrent learners and regret minimisers are not repeated.",
)
