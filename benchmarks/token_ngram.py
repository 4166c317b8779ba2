"""TokenNgram: the native vector form against gymnasium's loop over the same single form.

Same work on both sides: default settings, int16 observations copied afresh, infos, same-step
resets, actions drawn beforehand and outside of what is timed. The limit is the copy of the
observations alone.
"""

import importlib
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

import plaudit  # noqa: F401 - registers the worlds
from benchmarks.measure import Case, Timing, interleaved, ratio

WORLD = "plaudit/TokenNgram-v0"
SIZES = (1, 64, 1024)
PEER = 64  # rows of the loop that everything is compared with
GATE_STEPS = 40  # two episodes and a half

AnyVector = VectorEnv[Any, Any, Any]
Row = dict[str, Any]


def table() -> list[Row]:
    """Time all cases, after checking that those compared play the same episodes."""
    cases, wrong = [_single()], []
    for rows in SIZES:
        if not same_episodes(native(rows), loop(rows)):
            wrong.append({"case": f"native vector, n={rows}", "note": "wrong: not timed"})
            continue
        cases += [
            _vector(f"native vector, n={rows}", native(rows)),
            _vector(f"SyncVectorEnv, n={rows}", loop(rows)),
            _limit(rows),
        ]
    peers, notes = _sb3_cases()
    timings = {timing.name: timing for timing in interleaved(cases + peers)}
    return [_row(name, timings) for name in timings] + wrong + notes


def native(rows: int) -> AnyVector:
    return gym.make_vec(WORLD, rows)


def loop(rows: int) -> AnyVector:
    kwargs = {"autoreset_mode": AutoresetMode.SAME_STEP}
    return gym.make_vec(WORLD, rows, vectorization_mode="sync", vector_kwargs=kwargs)


def same_episodes(first: AnyVector, second: AnyVector) -> bool:
    """The gate: same seed and actions, same observations, rewards, ends and final observations."""
    if not np.array_equal(first.reset(seed=0)[0], second.reset(seed=0)[0]):
        return False
    for actions in _actions(first.num_envs)[:GATE_STEPS]:
        ours, theirs = first.step(actions), second.step(actions)
        if not all(np.array_equal(a, b) for a, b in zip(ours[:4], theirs[:4], strict=True)):
            return False
        finals = [info.get("final_obs", np.array([])) for info in (ours[4], theirs[4])]
        if any(not np.array_equal(a, b) for a, b in zip(*finals, strict=True)):
            return False
    return True


def _actions(rows: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 16, (64, rows))


def _single() -> Case:
    env = gym.make(WORLD)
    env.reset(seed=0)
    actions = _actions(1)[:, 0].tolist()

    def play(times: int) -> None:
        for i in range(times):
            _, _, terminated, truncated, _ = env.step(actions[i % 64])
            if terminated or truncated:
                env.reset()

    return Case("gym.make, n=1", play, 1)


def _vector(name: str, venv: Any) -> Case:
    venv.reset()
    actions = _actions(venv.num_envs)

    def play(times: int) -> None:
        for i in range(times):
            venv.step(actions[i % 64])

    return Case(name, play, venv.num_envs)


def _limit(rows: int) -> Case:
    source = native(rows).reset(seed=0)[0]
    target = np.empty_like(source)

    def play(times: int) -> None:
        for _ in range(times):
            np.copyto(target, source)

    return Case(f"limit: np.copyto, n={rows}", play, rows)


def _sb3_cases() -> tuple[list[Case], list[Row]]:
    """SB3's own loop and our adapter, if Stable-Baselines3 is installed."""
    try:
        peer = importlib.import_module("stable_baselines3.common.vec_env").DummyVecEnv
        ours = importlib.import_module("plaudit.agents.interop.sb3").SB3VecEnv
    except ModuleNotFoundError:
        return [], [{"case": f"SB3 DummyVecEnv, n={PEER}", "note": "not installed"}]
    makers: list[Callable[[], Any]] = [lambda: gym.make(WORLD)] * PEER
    return [
        _vector(f"SB3VecEnv around native, n={PEER}", ours(native(PEER))),
        _vector(f"SB3 DummyVecEnv, n={PEER}", peer(makers)),
    ], []


def _row(name: str, timings: dict[str, Timing]) -> Row:
    mine, size = timings[name], name.rpartition("=")[2]
    row: Row = {
        "case": name,
        "steps_per_second": mine.rate,
        "wall_per_cpu": mine.wall / mine.cpu,
        "note": "noisy" if mine.noisy else "",
    }
    if name.startswith("limit"):
        return row
    row["x_sync_64"] = ratio(mine, timings[f"SyncVectorEnv, n={PEER}"])
    if f"SyncVectorEnv, n={size}" in timings:
        row["x_sync_same_n"] = ratio(mine, timings[f"SyncVectorEnv, n={size}"])
        row["share_of_limit"] = ratio(mine, timings[f"limit: np.copyto, n={size}"])[0]
    return row
