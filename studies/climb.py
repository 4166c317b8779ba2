"""How much of the way to the exact optimum does an algorithm climb?

Every arm trains the same policy on TokenNgram's true reward. The objective is
J_beta = E[return] - beta KL(pi || reference); the way is from the reference's J to the optimum's,
both by dynamic programming. GRPO as published divides by each group's deviation and has its KL in
the loss (k3); then it climbs something else, and stops where that is best. Which of the two does
it is shown by one arm for each.

Source: J_beta and its optimum, arXiv:1909.08593; GRPO, arXiv:2402.03300.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from plaudit import agents
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.evaluation import evaluate_answers
from plaudit.agents.rollout.worlds import AnyVector
from plaudit.agents.trainers.base import Trainer
from plaudit.envs.evaluate import half_width, make_rows, panel
from plaudit.envs.token.token_ngram.solution import policy_value

WORLD = "plaudit/TokenNgram-v0"
BETA = 1.0  # points per nat
ROWS, GROUP = 256, 8  # answers per update, of which so many share a prompt
ANSWERS = 4096  # fresh ones per evaluation

SHARED = {"lr": 3e-3, "lr_decay": 0.1, "updates": 100, "group_size": GROUP}
IN_LOSS = {"beta": 0.0, "kl_loss": BETA}
# arm: the algorithm and what is set differently
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "PPO": ("ppo", {"epochs": 2, "minibatches": 2}),
    "RLOO": ("rloo", {}),
    "GRPO, no std, KL in the reward": ("grpo", {"std": "none"}),
    "GRPO, group std, KL in the reward": ("grpo", {}),
    "GRPO, no std, k3 in the loss": ("grpo", {"std": "none", **IN_LOSS}),
    "GRPO as published": ("grpo", IN_LOSS),
}


def climb(
    arm: str,
    seed: int,
    *,
    wrap: Callable[[AnyVector], AnyVector] = lambda env: env,
    eval_every: int = 10,
) -> dict[str, Any]:
    """Train one arm with one seed.

    Args:
        arm: a key of `ARMS`.
        seed: of weights, prompts and answers.
        wrap: put around the world that trains.
        eval_every: updates between evaluations.

    Returns:
        JSON values: arm, seed, updates and shares (of the climb, at those updates), true return
        and KL at the end, seconds.
    """
    began = time.perf_counter()
    name, own = ARMS[arm]
    env, plain = make_rows(WORLD, ROWS), make_rows(WORLD, ROWS)
    prior = np.log(env.game.reference())  # type: ignore[attr-defined]
    reference = NgramPolicy(prior)
    policy = TinyTransformer(16, layers=1, prior=prior, value_head=name == "ppo", seed=seed)
    start, best = _ends(env)

    def evaluator(policy: TokenPolicy, reference: TokenPolicy) -> dict[str, float]:
        found = evaluate_answers(policy, reference, plain, seeds=panel(WORLD, ANSWERS))
        value = float(found.true_return.mean() - BETA * found.kl.mean())
        return found.summary() | {"share": (value - start) / (best - start)}

    settings = {"beta": BETA, **SHARED, **own, "seed": seed, "eval_every": eval_every}
    trainer: Trainer = agents.make(
        name, wrap(env), policy=policy, reference=reference, evaluator=evaluator, **settings
    )
    rows = [row for row in trainer.train() if "eval/share" in row]
    return {
        "arm": arm,
        "seed": seed,
        "updates": [row["update"] for row in rows],
        "shares": [row["eval/share"] for row in rows],
        "true_return": rows[-1]["eval/true_return"],
        "kl": rows[-1]["eval/kl"],
        "seconds": time.perf_counter() - began,
    }


def summarise(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per arm: mean share of the climb, its 95% t interval, true return and KL."""
    rows = []
    for arm in dict.fromkeys(run["arm"] for run in runs):
        mine = [run for run in runs if run["arm"] == arm]
        shares = np.array([run["shares"][-1] for run in mine])
        half = half_width(shares, 0.95) if len(shares) > 1 else 0.0
        rows.append(
            {
                "arm": arm,
                "share": float(shares.mean()),
                "low": float(shares.mean()) - half,
                "high": float(shares.mean()) + half,
                "true_return": float(np.mean([run["true_return"] for run in mine])),
                "kl": float(np.mean([run["kl"] for run in mine])),
                "seconds": float(np.mean([run["seconds"] for run in mine])),
            }
        )
    return rows


def _ends(env: Any) -> tuple[float, float]:
    """J of the reference and of the optimum, exact."""
    game = env.game
    start = policy_value(game.instance, game.max_new, game.prompt, game.reference())
    return float(start), float(env.oracle(BETA).value)
