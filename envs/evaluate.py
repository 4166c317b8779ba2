"""How good is a policy really? Mean true return on a fixed panel of episodes."""

import inspect
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.actions import legal_actions, random_actions
from plaudit.envs.forms import VectorForm
from plaudit.envs.registry import known
from plaudit.envs.types import CeilingKind, State
from plaudit.envs.vector import LoopVectorEnv, NativeVectorEnv

ROWS = 64  # episodes played at once
FLOOR_EPISODES = 1024
CONFIDENCE = 0.95

Floats = npt.NDArray[np.float64]


class Scale(NamedTuple):
    """What a world's returns are compared with.

    Attributes:
        floor: mean true return of the random policy on the panel.
        ceiling: of the oracle; equal to `floor` where luck alone may part them.
        kind: of the ceiling; only "exact" makes a share of the way a share of the optimum.
    """

    floor: float
    ceiling: float
    kind: CeilingKind


@dataclass(frozen=True)
class Result:
    """What a policy earned on a panel.

    Attributes:
        mean: mean true return, in the world's unit.
        normalised: (mean - floor) / (ceiling - floor): 0 is the random policy, 1 the ceiling; NaN
            where all policies earn the same.
        interval: 95% Student t interval of the mean.
        kind: of the ceiling.
        returns: (episodes,) the true return of each episode, in panel order.
    """

    mean: float
    normalised: float
    interval: tuple[float, float]
    kind: CeilingKind
    returns: Floats = field(repr=False)

    def __str__(self) -> str:
        low, high = self.interval
        share = "no policy earns more than another"
        if not np.isnan(self.normalised):
            share = f"{self.normalised:.1%} of floor-to-ceiling ({self.kind})"
        return f"{self.mean:.3f} [{low:.3f}, {high:.3f}], {share}"


def panel(world_id: str, episodes: int) -> list[int]:
    """The fixed seeds of a world's evaluation episodes; the same on every machine."""
    known(world_id)
    if not isinstance(episodes, int | np.integer) or episodes < 1:
        raise ValueError(f"episodes must be an integer of at least 1, got {episodes!r}")
    entropy = np.random.SeedSequence([zlib.crc32(world_id.encode()), 0x9A7E1])
    return [int(seed) for seed in entropy.generate_state(episodes)]


def evaluate(
    policy: Any,
    world_id: str,
    episodes: int = 256,
    seeds: Sequence[int] | None = None,
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]] | None = None,
    **settings: Any,
) -> Result:
    """Play a panel and report the true return.

    Args:
        policy: an object with SB3's `predict(obs, state, episode_start, deterministic)` (SB3
            models, plaudit policies; told the legal actions if it takes `action_masks`, as
            sb3-contrib's MaskablePPO does, and the worlds' saved states if it takes `states`, as
            planners do), one with `respond(obs, pad_id=, max_new=, seed=)`
            (token policies; whole answers at once), a callable `obs (N, ...) -> actions (N, ...)`,
            or "random".
        world_id: a registered world.
        episodes: how many episodes of the world's panel, at least 2.
        seeds: a panel of your own instead.
        wrap: puts views around the world for a policy that was trained on them.
        **settings: of the world.

    Raises:
        KeyError: unknown world; TypeError: the policy has none of the forms above.
    """
    seeds = panel(world_id, episodes) if seeds is None else [int(seed) for seed in seeds]
    if len(seeds) < 2:
        raise ValueError(f"an interval needs at least 2 episodes, got {len(seeds)}")
    returns = true_returns(policy, world_id, seeds, settings, wrap)
    floor, ceiling, kind = scale(world_id, **settings)
    mean = float(returns.mean())
    half = half_width(returns, CONFIDENCE)
    share = (mean - floor) / (ceiling - floor) if ceiling > floor else np.nan
    return Result(mean, share, (mean - half, mean + half), kind, returns)


def scale(world_id: str, **settings: Any) -> Scale:
    """Floor and ceiling of a world under these settings."""
    from plaudit.envs.cards import stored_card  # the cards are measured with this module

    if not settings:
        card = stored_card(world_id)
        return Scale(card["floor"], card["ceiling"], card["ceiling_kind"])
    try:
        return _remembered_scale(world_id, json.dumps(settings, sort_keys=True))
    except TypeError:  # settings that are no JSON, e.g. a callable partner
        return _scale(world_id, settings)


@lru_cache(maxsize=256)
def _remembered_scale(world_id: str, settings: str) -> Scale:
    return _scale(world_id, json.loads(settings))


def _scale(world_id: str, settings: dict[str, Any]) -> Scale:
    returns = true_returns("random", world_id, panel(world_id, FLOOR_EPISODES), settings)
    floor, error = float(returns.mean()), float(returns.std(ddof=1)) / len(returns) ** 0.5
    known = gym.make(world_id, disable_env_checker=True, **settings).get_wrapper_attr("oracle")()
    ceiling = known.value if known.value - floor > 2 * error else floor
    return Scale(floor, ceiling, known.kind)


def make_rows(
    world_id: str,
    rows: int,
    autoreset_mode: AutoresetMode | str = AutoresetMode.DISABLED,
    **settings: Any,
) -> NativeVectorEnv:
    """A world's vector form, which saves its state and takes all reset modes."""
    known(world_id)
    venv = gym.make_vec(world_id, rows, autoreset_mode=autoreset_mode, **settings)
    if not isinstance(venv, NativeVectorEnv):
        raise TypeError(f"{world_id} was registered anew, with another vector form: {venv}")
    return venv


def half_width(values: Floats, confidence: float) -> float:
    """Half the width of the Student t interval of the mean of at least 2 values."""
    from scipy.special import stdtrit  # here, since importing scipy costs more than all the rest

    quantile = stdtrit(len(values) - 1, (1 + confidence) / 2)
    return float(quantile * values.std(ddof=1) / len(values) ** 0.5)


def true_returns(
    policy: Any,
    world_id: str,
    seeds: Sequence[int],
    settings: dict[str, Any],
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]] | None = None,
) -> Floats:
    """(episodes,) true return of each episode; arguments as `evaluate`."""
    parts = []
    for start in range(0, len(seeds), ROWS):
        chunk = list(seeds[start : start + ROWS])
        venv = _rows(world_id, len(chunk), settings, wrap)
        obs, _ = venv.reset(seed=chunk)
        act = _actor(policy, venv, obs, chunk)
        total, over = np.zeros(len(chunk)), np.zeros(len(chunk), np.bool_)
        while not over.all():
            obs, reward, terminated, truncated, info = venv.step(act(obs))
            # Where something else than the truth is paid, the truth stands beside it.
            total += np.where(over, 0.0, info.get("true_reward", reward))
            over |= terminated | truncated
        parts.append(total)
        venv.close()
    return np.concatenate(parts)


def _rows(
    world_id: str,
    rows: int,
    settings: dict[str, Any],
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]] | None,
) -> NativeVectorEnv:
    if wrap is None:
        return make_rows(world_id, rows, **settings)
    makers = [lambda: wrap(gym.make(world_id, disable_env_checker=True, **settings))] * rows
    return LoopVectorEnv(makers, AutoresetMode.DISABLED)


def _actor(
    policy: Any, venv: NativeVectorEnv, obs: Any, seeds: Sequence[int]
) -> Callable[[Any], Any]:
    """A function obs -> actions for one chunk of the panel."""
    if isinstance(policy, str) and policy == "random":
        # A name and the length first, so that no world draws the same numbers.
        rng = np.random.default_rng([zlib.crc32(b"random policy"), len(seeds), *seeds])
        return lambda obs: random_actions(
            venv.single_action_space, legal_actions(venv), venv.num_envs, rng
        )
    if hasattr(policy, "respond"):
        spec = venv.token_spec  # type: ignore[attr-defined]
        if spec.turns > 1 or spec.backspace_id is not None:
            raise ValueError(
                "a policy that writes whole answers needs a world of one turn without backspace"
            )
        if policy.vocab_size != spec.vocab_size:
            raise ValueError(
                f"the policy writes {policy.vocab_size} tokens, the world reads {spec.vocab_size}; "
                "show it the world through TextView and TokenView"
            )
        tokens = policy.respond(obs, pad_id=spec.pad_id, max_new=spec.max_new, seed=seeds[0])
        # Behind its end an answer holds padding, which is no action; such rows stand still.
        columns = iter(np.where(tokens < spec.vocab_size, tokens, 0).T)
        return lambda obs: next(columns)
    if hasattr(policy, "predict"):
        return _predictor(policy, venv)
    if callable(policy):
        return lambda obs: policy(obs)
    raise TypeError(
        "policy must have predict(obs, ...) or respond(obs, ...), be callable or 'random', "
        f"got {policy!r}"
    )


def _predictor(policy: Any, venv: NativeVectorEnv) -> Callable[[Any], Any]:
    """The actions of `predict`, to which the state it returned is handed back at each step."""
    state: Any = None
    start = np.ones(venv.num_envs, np.bool_)
    wanted = inspect.signature(policy.predict).parameters
    asked = {"action_masks": legal_actions, "states": _row_states}

    def act(obs: Any) -> Any:
        nonlocal state, start
        told = {name: ask(venv) for name, ask in asked.items() if name in wanted}
        actions, state = policy.predict(
            obs, state=state, episode_start=start, deterministic=False, **told
        )
        start = np.zeros(venv.num_envs, np.bool_)
        return actions

    return act


def _row_states(venv: NativeVectorEnv) -> list[State]:
    """The state of each row's single form."""
    if isinstance(venv, LoopVectorEnv):
        return list(venv.get_state()["rows"])
    if not isinstance(venv, VectorForm):
        raise TypeError(f"the rows of {venv} cannot be saved one by one, as a planner needs them")
    state = venv.get_state()
    return [venv.row_state(row, state) for row in range(venv.num_envs)]
