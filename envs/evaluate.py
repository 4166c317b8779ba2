"""How good is a policy really? Mean true return on a fixed panel of episodes."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.names import nearest
from plaudit.envs.registry import WORLDS, World
from plaudit.envs.vector import LoopVectorEnv, NativeVectorEnv

ROWS = 64  # episodes played at once
CONFIDENCE = 0.95

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """What a policy earned on a panel.

    Attributes:
        mean: mean true return, in the world's unit.
        normalised: (mean - floor) / (ceiling - floor): 0 is the random policy, 1 the ceiling.
        interval: 95% Student t interval of the mean.
        returns: (episodes,) the true return of each episode, in panel order.
    """

    mean: float
    normalised: float
    interval: tuple[float, float]
    returns: Floats = field(repr=False)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.mean:.3f} [{low:.3f}, {high:.3f}], {self.normalised:.1%} of floor-to-ceiling"


def panel(world_id: str, episodes: int) -> list[int]:
    """The fixed seeds of a world's evaluation episodes; the same on every machine."""
    known(world_id)
    entropy = np.random.SeedSequence([zlib.crc32(world_id.encode()), 0x9A7E1])
    return [int(seed) for seed in entropy.generate_state(episodes)]


def evaluate(
    policy: Any,
    world_id: str,
    episodes: int = 256,
    seeds: Sequence[int] | None = None,
    **settings: Any,
) -> Result:
    """Play a panel and report the true return.

    Args:
        policy: an object with SB3's `predict(obs, state, episode_start, deterministic)` (SB3
            models, plaudit policies), one with `respond(obs, pad_id=, max_new=, seed=)` (token
            policies; whole answers at once), a callable `obs (N, ...) -> actions (N, ...)`, or
            "random".
        world_id: a registered world.
        episodes: how many episodes of the world's panel, at least 2.
        seeds: a panel of your own instead.
        **settings: of the world.

    Raises:
        KeyError: unknown world; TypeError: the policy has none of the forms above.
    """
    seeds = panel(world_id, episodes) if seeds is None else list(seeds)
    if len(seeds) < 2:
        raise ValueError(f"an interval needs at least 2 episodes, got {len(seeds)}")
    returns = true_returns(policy, world_id, seeds, settings)
    floor, ceiling = scale(world_id, **settings)
    mean = float(returns.mean())
    half = half_width(returns, CONFIDENCE)
    return Result(mean, (mean - floor) / (ceiling - floor), (mean - half, mean + half), returns)


def scale(world_id: str, **settings: Any) -> tuple[float, float]:
    """Floor (mean true return of the random policy on the panel) and ceiling of a world."""
    from plaudit.envs.cards import stored_card  # the cards are measured with this module

    if not settings:
        card = stored_card(world_id)
        return card["floor"], card["ceiling"]
    floor = float(true_returns("random", world_id, panel(world_id, 1024), settings).mean())
    return floor, float(gym.make(world_id, **settings).get_wrapper_attr("oracle")().value)


def make_rows(
    world_id: str,
    rows: int,
    autoreset_mode: AutoresetMode | str = AutoresetMode.DISABLED,
    **settings: Any,
) -> NativeVectorEnv:
    """A vector form with state saving and all reset modes: native where there is one."""
    if known(world_id).vector is not None:
        venv = gym.make_vec(world_id, rows, autoreset_mode=autoreset_mode, **settings)
        if isinstance(venv, NativeVectorEnv):
            return venv
    makers = [lambda: gym.make(world_id, disable_env_checker=True, **settings)] * rows
    return LoopVectorEnv(makers, autoreset_mode)


def known(world_id: str) -> World:
    """The registry's entry of a world, or KeyError with the nearest id."""
    if world_id not in WORLDS:
        raise KeyError(f"unknown world {world_id!r}{nearest(world_id, WORLDS)}")
    return WORLDS[world_id]


def half_width(values: Floats, confidence: float) -> float:
    """Half the width of the Student t interval of the mean of at least 2 values."""
    from scipy.special import stdtrit  # here, since importing scipy costs more than all the rest

    quantile = stdtrit(len(values) - 1, (1 + confidence) / 2)
    return float(quantile * values.std(ddof=1) / len(values) ** 0.5)


def true_returns(
    policy: Any, world_id: str, seeds: Sequence[int], settings: dict[str, Any]
) -> Floats:
    """(episodes,) true return of each episode; arguments as `evaluate`."""
    parts = []
    for start in range(0, len(seeds), ROWS):
        chunk = list(seeds[start : start + ROWS])
        venv = make_rows(world_id, len(chunk), **settings)
        obs, _ = venv.reset(seed=chunk)
        act = _actor(policy, venv, obs, chunk)
        total, over = np.zeros(len(chunk)), np.zeros(len(chunk), np.bool_)
        while not over.all():
            obs, reward, terminated, truncated, _ = venv.step(act(obs))
            total += np.where(over, 0.0, reward)
            over |= terminated | truncated
        parts.append(total)
        venv.close()
    return np.concatenate(parts)


def _actor(
    policy: Any, venv: NativeVectorEnv, obs: Any, seeds: Sequence[int]
) -> Callable[[Any], Any]:
    """A function obs -> actions for one chunk of the panel."""
    if isinstance(policy, str) and policy == "random":
        rng = np.random.default_rng(list(seeds))
        actions = int(venv.single_action_space.n)  # type: ignore[attr-defined]
        return lambda obs: rng.integers(0, actions, size=venv.num_envs)
    if hasattr(policy, "respond"):
        spec = venv.token_spec  # type: ignore[attr-defined]
        if policy.vocab_size != spec.vocab_size:
            raise ValueError(
                f"the policy writes {policy.vocab_size} tokens, the world reads {spec.vocab_size}; "
                "show it the world through TextView and TokenView"
            )
        tokens = policy.respond(obs, pad_id=spec.pad_id, max_new=spec.max_new, seed=seeds[0])
        # Behind its end an answer holds padding, which is no action; such rows stand still.
        columns = iter(np.where(tokens == spec.pad_id, 0, tokens).T)
        return lambda obs: next(columns)
    if hasattr(policy, "predict"):
        return _predictor(policy, venv.num_envs)
    if callable(policy):
        return lambda obs: policy(obs)
    raise TypeError(
        "policy must have predict(obs, ...) or respond(obs, ...), be callable or 'random', "
        f"got {policy!r}"
    )


def _predictor(policy: Any, rows: int) -> Callable[[Any], Any]:
    """The actions of `predict`, to which the state it returned is handed back at each step."""
    state: Any = None
    start = np.ones(rows, np.bool_)

    def act(obs: Any) -> Any:
        nonlocal state, start
        actions, state = policy.predict(obs, state=state, episode_start=start, deterministic=False)
        start = np.zeros(rows, np.bool_)
        return actions

    return act
