"""PPO on CartPole: our trainer beside Stable-Baselines3's PPO, with its settings and networks.

The same job on both sides: two tanh networks of 64 x 64, steps, batch, passes, step sizes,
discounts, clip, Adam. Both play the same Python environments one by one (DummyVecEnv there,
SyncVectorEnv with same-step resets here); "vector" is ours on Gymnasium's own vector CartPole.
"autograd" leaves out the gradient that is written down for small networks, and is what any other
network gets. Before anything is timed, both sides must have learned: with each of three seeds, the
likeliest actions must earn at least 475 of 500 points in the mean of twenty episodes.
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from benchmarks.measure import Case, interleaved, ratio
from plaudit import agents
from plaudit.agents.policies.actor_critic import ActorCritic

WORLD = "CartPole-v1"
SEEDS = (0, 1, 2)
EPISODES, LEARNED = 20, 475  # of the gate, and points that they must earn
FOREVER = 10**6  # updates planned while timing, so that the step size stays
SECONDS = 0.3  # CPU time of one block: an update of the second shape takes as long there

Row = dict[str, Any]


class Shape(NamedTuple):
    """Environments, steps of each per update, batch, passes, and steps in all until it has learned.

    The first is rl-zoo's for CartPole, the second Stable-Baselines3's default with 8 environments.
    """

    rows: int
    steps: int
    batch: int
    passes: int
    total: int
    lr: float
    gamma: float
    lam: float

    def __str__(self) -> str:
        return f"{self.rows} x {self.steps}, batch {self.batch}, {self.passes} passes"

    @property
    def update(self) -> int:
        """Steps of an update."""
        return self.rows * self.steps


SHAPES = (
    Shape(8, 32, 256, 20, 50_000, 1e-3, 0.98, 0.8),
    Shape(8, 256, 64, 10, 41_000, 3e-4, 0.99, 0.95),
    Shape(64, 32, 256, 10, 150_000, 1e-3, 0.98, 0.8),
)


def table() -> list[Row]:
    """A row per shape.

    Returns:
        case, note, and where both sides learned steps_per_second, peer_per_second, x_sb3 and
        x_sb3_vector (speed as a multiple of the peer's; median, least, most of the rounds),
        x_sb3_autograd, return and peer_return (the least of the seeds).
    """
    torch.set_num_threads(1)
    try:
        sb3 = importlib.import_module("stable_baselines3")
    except ModuleNotFoundError:
        return [{"case": str(shape), "note": "Stable-Baselines3 not installed"} for shape in SHAPES]
    return [_row(shape, sb3) for shape in SHAPES]


def own(shape: Shape, seed: int, *, vector: bool = False, updates: int = FOREVER) -> Any:
    """Our trainer.

    Args:
        shape: of the job.
        seed: of everything.
        vector: whether on Gymnasium's vector CartPole.
        updates: over which the step size decays to 0.
    """
    if vector:
        env = gym.make_vec(WORLD, shape.rows, vectorization_mode="vector_entry_point")
    else:
        same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
        env = gym.make_vec(WORLD, shape.rows, vectorization_mode="sync", vector_kwargs=same_step)
    policy = ActorCritic(
        env.single_observation_space, env.single_action_space, seed=seed, device="cpu"
    )
    return agents.make(
        "ppo",
        env,
        policy=policy,
        steps=shape.steps,
        batch_size=shape.batch,
        epochs=shape.passes,
        lr=shape.lr,
        lr_decay=0.0,
        gamma=shape.gamma,
        lam=shape.lam,
        value_coef=1.0,  # of half the squared error, where Stable-Baselines3 has 0.5 of the whole
        updates=updates,
        seed=seed,
    )


def peer(shape: Shape, seed: int, sb3: Any, *, decays: bool = False) -> Any:
    """Stable-Baselines3's PPO.

    Args:
        shape: of the job.
        seed: of everything.
        sb3: the library.
        decays: whether the step size falls to 0 until it stops learning.
    """
    make = importlib.import_module("stable_baselines3.common.env_util").make_vec_env
    return sb3.PPO(
        "MlpPolicy",
        make(WORLD, shape.rows, seed=seed),
        n_steps=shape.steps,
        batch_size=shape.batch,
        n_epochs=shape.passes,
        learning_rate=(lambda left: left * shape.lr) if decays else shape.lr,
        gamma=shape.gamma,
        gae_lambda=shape.lam,
        device="cpu",
        seed=seed,
    )


def points(policy: Any, seed: int) -> float:
    """Mean return of the likeliest actions in twenty episodes.

    Args:
        policy: has `predict`.
        seed: of the episodes.
    """
    env = gym.make_vec(WORLD, EPISODES, vectorization_mode="vector_entry_point")
    obs, _ = env.reset(seed=1000 + seed)
    total, running = 0, np.ones(EPISODES, np.bool_)
    while running.any():
        obs, _, terminated, truncated, _ = env.step(policy.predict(obs, deterministic=True)[0])
        total += np.count_nonzero(running)
        running &= ~(terminated | truncated)
    return total / EPISODES


def _row(shape: Shape, sb3: Any) -> Row:
    row: Row = {"case": str(shape), "return": _learned(lambda seed: _trained(shape, seed))}
    row["peer_return"] = _learned(
        lambda seed: peer(shape, seed, sb3, decays=True).learn(shape.total, log_interval=None)
    )
    if min(row["return"], row["peer_return"]) < LEARNED:
        return row | {"note": "learned too little: not timed"}
    general = own(shape, 0)
    general._learn._slopes = None
    model = peer(shape, 0, sb3)
    cases = [
        _case("ours", shape, own(shape, 0)),
        _case("vector", shape, own(shape, 0, vector=True)),
        _case("autograd", shape, general),
        Case("peer", lambda times: _go_on(model, times * shape.update), shape.update),
    ]
    ours, vector, autograd, theirs = interleaved(cases, seconds=SECONDS)
    noisy = any(timing.noisy for timing in (ours, vector, autograd, theirs))
    return row | {
        "steps_per_second": ours.rate,
        "peer_per_second": theirs.rate,
        "x_sb3": ratio(ours, theirs),
        "x_sb3_vector": ratio(vector, theirs),
        "x_sb3_autograd": ratio(autograd, theirs),
        "note": "noisy" if noisy else "",
    }


def _case(name: str, shape: Shape, trainer: Any) -> Case:
    return Case(name, lambda times: trainer.train(trainer.update + times), shape.update)


def _go_on(model: Any, steps: int) -> None:
    model.learn(steps, reset_num_timesteps=False, log_interval=None)


def _trained(shape: Shape, seed: int) -> Any:
    trainer = own(shape, seed, updates=-(-shape.total // shape.update))
    trainer.train()
    return trainer.policy


def _learned(train: Callable[[int], Any]) -> float:
    """The least of the seeds' returns."""
    return min(points(train(seed), seed) for seed in SEEDS)
