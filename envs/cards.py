"""Cards: what every world is, measured. Generated, stored beside the code and held by a test.

`python -m plaudit.envs.cards` measures all cards again and writes them.
"""

import hashlib
import json
import sys
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit.envs.evaluate import known, panel, true_returns
from plaudit.envs.registry import WORLDS

FLOOR_EPISODES = 1024
HASH_EPISODES = 3


def measure_card(world_id: str) -> dict[str, Any]:
    """Measure a world with its default settings.

    Returns:
        JSON values: spaces, horizon (steps), floor (mean true return of the random policy, 1024
        episodes of the panel) and floor_range (the least and the most of them), ceiling and its
        kind, episode_hash (of three episodes of fixed actions; equal on every machine), tags, and
        what the world adds by a `card_notes` method (e.g. how hackable a defined truth is).
    """
    env = gym.make(world_id, disable_env_checker=True)
    oracle = env.get_wrapper_attr("oracle")()
    returns = true_returns("random", world_id, panel(world_id, FLOOR_EPISODES), {})
    notes: dict[str, Any] = getattr(env.unwrapped, "card_notes", dict)()
    return {
        "observation": str(env.observation_space)[:120],
        "action": str(env.action_space),
        "horizon": env.get_wrapper_attr("token_spec").max_new,
        "floor": round(float(returns.mean()), 4),
        "floor_range": [round(float(returns.min()), 4), round(float(returns.max()), 4)],
        "ceiling": round(oracle.value, 4),
        "ceiling_kind": oracle.kind,
        "episode_hash": episode_hash(env),
        "tags": list(known(world_id).tags),
        **notes,
    }


def episode_hash(env: gym.Env[Any, Any]) -> str:
    """Hex digest of observations, rewards and ends of a few episodes under fixed random actions."""
    digest = hashlib.sha256()
    rng = np.random.default_rng(0)
    for seed in range(HASH_EPISODES):
        obs, _ = env.reset(seed=seed)
        over = False
        while not over:
            digest.update(np.ascontiguousarray(obs).tobytes())
            action = int(rng.integers(0, env.action_space.n))  # type: ignore[attr-defined]
            obs, reward, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
            digest.update(f"{float(reward):.9f} {terminated} {truncated}".encode())
    return digest.hexdigest()[:16]


@cache
def stored_cards() -> dict[str, dict[str, Any]]:
    """The cards as committed."""
    text = resources.files("plaudit.envs").joinpath("data/cards.json").read_text("utf-8")
    cards: dict[str, dict[str, Any]] = json.loads(text)
    return cards


def stored_card(world_id: str) -> dict[str, Any]:
    """The committed card of a world; KeyError with the nearest id if there is no such world."""
    known(world_id)
    return stored_cards()[world_id]


def main() -> None:
    """Measure every card and write the file."""
    path = Path(__file__).resolve().parent / "data" / "cards.json"
    path.parent.mkdir(exist_ok=True)
    cards = {world_id: measure_card(world_id) for world_id in WORLDS}
    path.write_text(json.dumps(cards, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"wrote {len(cards)} cards to {path.name}\n")


if __name__ == "__main__":
    main()
