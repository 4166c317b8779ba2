"""A small run of every kind of trainer: all survive kills, resume, and agree over ranks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch

from plaudit import agents
from plaudit.agents import distributed
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.tokens import collect
from plaudit.envs.evaluate import make_rows
from plaudit.envs.seats.vector import JointVectorEnv
from plaudit.feedback.wrappers import (
    VectorLearnedReward,
    VectorRecordSegments,
    VectorScalarFeedback,
)
from tests.learning.test_turns_learn import conversations, new_policy

DELIVERY = "plaudit/Delivery-v0"
MODEL = {"name": "bradley_terry", "width": 8, "epochs": 2, "members": 2, "holdout": 0.0}
SCHEDULE = {"labels": 60, "labels_per_round": 10, "segments_per_round": 8}

Build = Callable[..., Any]
"""(folder, updates) -> a trainer; under torchrun its weights start differently on each rank."""


def tiny(seed: int, **settings: Any) -> TinyTransformer:
    return TinyTransformer(4, width=8, heads=2, layers=1, eos_id=3, seed=seed, **settings)


def answers(name: str, learned: bool = False, value_head: bool = False, **own: Any) -> Build:
    """Whole answers of a tiny transformer."""

    def build(folder: Path | None, updates: int) -> Any:
        env = make_rows("plaudit/TokenNgram-v0", 8, vocab=4, max_new=5, end_token=True)
        if learned:
            recorded = VectorRecordSegments(env, keep=64)
            env = VectorLearnedReward(recorded, "noisy_person", MODEL, **SCHEDULE)
        policy = tiny(distributed.ranks().rank, value_head=value_head)
        given = {"lr": 1e-2, "lr_decay": 0.1, "minibatches": 2, "updates": updates} | own
        return agents.make(name, env, policy=policy, folder=folder, **given)

    return build


def imitation(folder: Path | None, updates: int) -> Any:
    """Supervised learning of answers by a reference."""
    env = make_rows("plaudit/TokenNgram-v0", 40, vocab=4, max_new=5, end_token=True)
    rng = torch.Generator().manual_seed(0)
    data = collect(tiny(seed=5), env, seeds=range(40), rng=rng).batch
    size = {"batch_size": 10, "epochs": max(1, updates // 4), "held_out": 0.0}
    policy = tiny(distributed.ranks().rank)
    return agents.make("supervised", data, policy=policy, folder=folder, lr=1e-2, **size)


def told(folder: Path | None, updates: int) -> Any:
    """Return-conditioned self-training."""
    env = make_rows("plaudit/TokenNgram-v0", 8, vocab=4, max_new=5, end_token=True)
    inner = tiny(distributed.ranks().rank, symbols=10)
    policy = agents.policy("return_conditioned", inner=inner, buckets=2)
    given = {"lr": 1e-2, "updates": updates, "folder": folder}
    return agents.make("return_conditioned", env, policy=policy, **given)


def steps(name: str, **own: Any) -> Build:
    """Steps of an ordinary world."""

    def build(folder: Path | None, updates: int) -> Any:
        env = gym.make_vec(DELIVERY, 4)
        policy = agents.policy("actor_critic", env, hidden=(8,), seed=distributed.ranks().rank)
        given = {"lr": 1e-2, "lr_decay": 0.1, "steps": 40, "updates": updates} | own
        return agents.make(name, env, policy=policy, folder=folder, **given)

    return build


def seats(name: str, **own: Any) -> Build:
    """Two seats of a game of turns."""

    def build(folder: Path | None, updates: int) -> Any:
        env = JointVectorEnv("plaudit/Negotiation-v0", 6, issues=2, levels=2, horizon=4)
        team = agents.policy("team", env, hidden=(8,), seed=distributed.ranks().rank, **own)
        given = {"steps": 5, "epochs": 2, "minibatches": 2, "lr": 1e-2, "beta": 0.1}
        return agents.make(name, env, policy=team, folder=folder, updates=updates, **given)

    return build


def turns(folder: Path | None, updates: int) -> Any:
    """Conversations of several turns."""
    given = {"lr": 1e-2, "group_size": 4, "updates": updates, "folder": folder}
    policy = new_policy(distributed.ranks().rank)
    return agents.make("gigpo", conversations(8), policy=policy, **given)


def watched(name: str, **own: Any) -> Build:
    """A person's praise and blame, two steps late."""

    def build(folder: Path | None, updates: int) -> Any:
        env = VectorScalarFeedback(
            VectorRecordSegments(gym.make_vec(DELIVERY, 4), length=1, states=True),
            teacher={"name": "coach", "world": DELIVERY, "beta": 5.0, "seed": 0},
            ask={"kind": "rate", "levels": 3},
            delay=2,
        )
        kind = "feedback_model" if "tamer" in name else "actor_critic"
        size = {} if "tamer" in name else {"hidden": (8,)}
        policy = agents.policy(kind, env, seed=distributed.ranks().rank, **size)
        given = {"lr": 1e-2, "delay": 2, "steps": 20, "updates": updates, "folder": folder} | own
        return agents.make(name, env, policy=policy, **given)

    return build


def valued(folder: Path | None, updates: int) -> Any:
    """Action values of an ordinary world."""
    env = gym.make_vec(DELIVERY, 4)
    policy = agents.policy("epsilon_greedy", env, explore=0.2, seed=distributed.ranks().rank)
    given = {"lr": 0.1, "steps": 20, "updates": updates, "folder": folder}
    return agents.make("q_learning", env, policy=policy, **given)


KINDS: dict[str, Build] = {
    "ppo": answers("ppo", value_head=True),
    "rloo": answers("rloo"),
    "grpo": answers("grpo", std="batch", aggregation="token_mean"),
    "rloo on a learned reward": answers("rloo", learned=True),
    "raft": answers("raft", group_size=4),
    "rest": answers("rest", group_size=4),
    "expert_iteration": answers("expert_iteration", group_size=4, levels=(1.2,)),
    "return_conditioned": told,
    "supervised": imitation,
    "ppo on steps": steps("ppo"),
    "reinforce on steps": steps("reinforce"),
    "gigpo in conversations": turns,
    "ippo": seats("ippo"),
    "mappo": seats("mappo", critic="central", sharing="trunk"),
    "coach": watched("coach"),
    "deep_coach": watched("deep_coach"),
    "tamer": watched("tamer"),
    "deep_tamer": watched("deep_tamer"),
    "q_learning": valued,
}


GROUPED = ("cispo", "dapo", "dr_grpo", "gspo", "loop", "nft", "opo", "sapo", "spo")
CRITICS = ("a2c", "bilevel_ppo", "macro_ppo")
RANKED: dict[str, Build] = {
    **KINDS,
    **{name: answers(name, group_size=4) for name in GROUPED},
    **{name: answers(name, value_head=True) for name in CRITICS},
    "remax": answers("remax"),
    "reinforce_average": answers("reinforce_average"),
    "reinforce_plus_plus": answers("reinforce_plus_plus"),
    "grpo, all that adapts": answers(
        "grpo",
        group_size=4,
        filter="variance",
        filter_keep=0.5,
        entropy_coef=0.01,
        entropy_target=1.0,
        importance_cap=2.0,
        micro_batch=2,
    ),
}
"""More of them, for what costs little to ask of each."""


def parameters(trainer: Any) -> torch.Tensor:
    """All that training moved, as one vector."""
    return torch.cat([p.detach().cpu().double().flatten() for p in trainer.learned()])
