"""What the contract tests of worlds share: making them small, and comparing to the last bit."""

import gymnasium as gym
import numpy as np
import pytest

from plaudit.envs.registry import WORLDS

STEPS = 40
ROWS = 3
# Settings under which episodes are short and of different lengths, so that rows reset often.
SHORT = {
    "plaudit/Sentiment-v0": {"max_bytes": 5},
    "plaudit/TokenNgram-v0": {"horizon": 6, "end_token": True, "vocab": 4, "reward_at": "span"},
}

every_world = pytest.mark.parametrize("world_id", WORLDS)


def make(world_id, **settings):
    return gym.make(world_id, disable_env_checker=True, **settings)


def short(world_id):
    return make(world_id, **SHORT.get(world_id, {}))


def vector(world_id, mode="SameStep", rows=ROWS):
    return gym.make_vec(world_id, rows, autoreset_mode=mode, **SHORT.get(world_id, {}))


def random_actions(env, steps=STEPS, seed=0):
    """(steps, ROWS) actions; the last one, which ends a text where there is an end, is frequent."""
    rng, count = np.random.default_rng(seed), int(env.action_space.n)
    actions = rng.integers(0, count, (steps, ROWS))
    return np.where(rng.random((steps, ROWS)) < 0.2, count - 1, actions)


def same(first, second):
    """Bit-equal, for nested dicts, tuples and arrays; dtypes count."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, tuple | list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, np.ndarray) and first.dtype == object:
        return same(list(first), list(second))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return first == second


def row_info(info, row):
    """The info of one row, as the single form gives it."""
    out = {}
    for key, value in info.items():
        if not key.startswith("_") and info[f"_{key}"][row]:
            out[key] = row_info(value, row) if isinstance(value, dict) else value[row]
    return out


def episode(env, seed):
    """Everything a seeded episode shows under random actions."""
    rng = np.random.default_rng(99)
    shown, over = [env.reset(seed=seed)], False
    while not over:
        shown.append(env.step(int(rng.integers(env.action_space.n))))
        over = shown[-1][2] or shown[-1][3]
    return shown
