"""What the world does next: worlds with a known true reward and a known optimum."""

import gymnasium as gym

from plaudit.envs.registry import WORLDS as WORLDS


def register() -> None:
    """Register every world with Gymnasium, once; importing `plaudit` does it."""
    for world_id, world in WORLDS.items():
        if world_id not in gym.registry:
            gym.register(world_id, entry_point=world.entry, vector_entry_point=world.vector)
