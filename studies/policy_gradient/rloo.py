"""Is leave-one-out REINFORCE enough? RLOO against PPO, RAFT and REINFORCE with fewer baselines.

Claimed: an answer is one action, so PPO's critic, clips and token credit buy nothing; the mean of
the other answers to a prompt is baseline enough (not worse than PPO), and learning from all k
answers beats imitating the best of them (RAFT). Tested in TokenNgram, whose true score is paid at
the end of an answer, plus `offset` points that every answer gets, as reward models give: so a
baseline matters. All arms write equally many answers and have beta KL in what they climb, RAFT in
the score it chooses by. Score: share of the exact climb of J = E[score] - beta KL, measured on
fresh answers; the offset does not count.

The offset is what makes a baseline matter: without it none is needed to reach PPO's .81. And where
tokens are paid, PPO's credit does buy something, .055 over RLOO paid at the end. The moving average
is .02 behind leave-one-out.

Source: Ahmadian et al. 2024, arXiv:2402.14740.
Differs: the true score, no reward model; PPO's critic starts at the reference's mean score (the
    paper's starts as the reward model; started at 0 it spends all 60 updates on the offset).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from gymnasium.wrappers.vector import TransformReward

from plaudit import agents
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.evaluation import evaluate_answers
from plaudit.envs.evaluate import make_rows, panel
from plaudit.envs.token.token_ngram.solution import policy_value
from plaudit.studies.study import Claim, Control, Effect, Picture, Reported, Run, Study

WORLD = "plaudit/TokenNgram-v0"
EVAL_ROWS = 1024  # answers played at once where the policy is measured


@dataclass(frozen=True)
class Settings:
    """What arms share, and what they change.

    Attributes:
        algorithm: of `agents.make`; own: its settings.
        lr, updates, rows, group_size: of the trainer; a row is an answer, a group a prompt's.
        beta: points per nat. offset: points that every answer gets on top.
        reward_at: when the world pays. warm: start at the reference, or at even chances.
        shuffled: hand out the rewards of a batch in random order.
        eval_answers: fresh ones at the end, a multiple of 1024; eval_every: updates between two
            points of the curve, of 1024 answers each.
    """

    algorithm: str = "rloo"
    own: dict[str, Any] = field(default_factory=dict)
    lr: float = 3e-3
    updates: int = 60
    rows: int = 128
    group_size: int = 8
    beta: float = 1.0
    offset: float = 20.0
    reward_at: str = "end"
    warm: bool = True
    shuffled: bool = False
    eval_answers: int = 4096
    eval_every: int = 15


def run(settings: Settings, seed: int) -> Run:
    """Train one policy; score, KL (nats) and true return (points) at the end."""
    env, plain = (
        make_rows(WORLD, rows, reward_at=settings.reward_at) for rows in (settings.rows, EVAL_ROWS)
    )
    game: Any = env.game  # type: ignore[attr-defined]
    prior = np.log(game.reference())
    start = float(policy_value(game.instance, game.max_new, game.prompt, game.reference()))
    best = float(env.unwrapped.oracle(settings.beta).value)  # type: ignore[attr-defined]
    reference, critic = NgramPolicy(prior), settings.algorithm == "ppo"
    policy = TinyTransformer(
        16, layers=1, prior=prior if settings.warm else None, value_head=critic, seed=seed
    )
    if policy.value_head is not None:
        with torch.no_grad():
            policy.value_head.bias.fill_(settings.offset + start)

    def measured(answers: int) -> dict[str, float]:
        found = evaluate_answers(
            policy, reference, plain, seeds=panel(WORLD, answers), sampling_seed=seed
        ).summary()
        value = found["true_return"] - settings.beta * found["kl"]
        return found | {"score": (value - start) / (best - start)}

    trainer = agents.make(
        settings.algorithm,
        _paid(env, settings, seed),
        policy=policy,
        reference=reference,
        evaluator=lambda policy, reference: measured(EVAL_ROWS),
        eval_every=settings.eval_every,
        seed=seed,
        **_of_trainer(settings),
    )
    rows = [row for row in trainer.train() if "eval/score" in row]
    after = measured(settings.eval_answers)
    return {
        "measures": {key: after[key] for key in ("score", "true_return", "kl")},
        "curve": {
            "x": [settings.rows * row["update"] for row in rows],
            "y": [row["eval/score"] for row in rows],
        },
    }


def _of_trainer(settings: Settings) -> dict[str, Any]:
    names = ("lr", "updates", "group_size", "beta")
    return {name: getattr(settings, name) for name in names} | {"lr_decay": 0.1} | settings.own


def _paid(env: Any, settings: Settings, seed: int) -> Any:
    """The world as it pays the learner."""
    rng = np.random.default_rng([seed, 1])
    if settings.shuffled:  # all answers are equally long, so that all are paid in the same step
        env = TransformReward(env, rng.permutation)
    # Paid at the end, other steps pay 0. Nothing is on top where tokens are paid.
    return TransformReward(env, lambda paid: np.where(paid == 0, 0.0, paid + settings.offset))


PPO = {"algorithm": "ppo", "own": {"epochs": 2, "minibatches": 2, "lam": 1.0, "value_coef": 0.1}}
AVERAGE = {"algorithm": "reinforce_average"}
STUDY = Study(
    id="S026",
    name="rloo",
    source="arXiv:2402.14740",
    worlds=(WORLD,),
    statistic="share of the exact climb from the reference's J to the optimum's",
    run=run,
    settings=Settings(),
    quick={"updates": 8, "eval_answers": 1024, "eval_every": 8},
    arms={
        "RLOO": {},
        "PPO": PPO,
        "RAFT": {"algorithm": "raft", "lr": 2e-3, "own": {"epochs": 2}},
        "moving average": AVERAGE,
        "no baseline": AVERAGE | {"own": {"share": 0.0}},
        "shuffled rewards": {"shuffled": True},
        "RLOO, cold start": {"warm": False},
        "PPO, paid per token": PPO | {"reward_at": "token", "offset": 0.0},
        "no baseline, no offset": AVERAGE | {"own": {"share": 0.0}, "offset": 0.0},
    },
    claims=(
        Claim(
            "RLOO is at most .05 worse than PPO",
            Effect("RLOO", "PPO"),
            -0.05,
            Effect("no baseline", "PPO"),
        ),
        Claim("RLOO beats RAFT", Effect("RLOO", "RAFT"), ablation=Effect("no baseline", "RAFT")),
    ),
    controls=(Control("rewards in random order teach nothing", Effect("shuffled rewards")),),
    reported=(
        Reported("leave-one-out over the moving average", Effect("RLOO", "moving average")),
        Reported("a cold start instead of a warm one", Effect("RLOO, cold start", "RLOO")),
        Reported("PPO, each token paid, no offset", Effect("PPO, paid per token", "RLOO")),
        Reported("no baseline where there is no offset", Effect("no baseline, no offset", "RLOO")),
    ),
    picture=Picture(
        kind="curve",
        x="answers written",
        y="share of the climb (0 reference, 1 optimum)",
        caption="Every answer gets 20 points on top. What takes them off again climbs; REINFORCE "
        "without a baseline, and any learner from shuffled rewards, gets nowhere; RAFT needs no "
        "baseline but learns from one answer in eight.",
        arms=("RLOO", "moving average", "PPO", "RAFT", "no baseline", "shuffled rewards"),
    ),
    scaled_down="16 symbols, answers of 16 tokens and a transformer of one layer; the true score "
    "instead of a reward model. That RLOO needs less memory than PPO, and what a wrong reward "
    "model does to either, is not tested.",
)
