"""How an agent gets on: it learns in equal parts, and plays a panel before and after each of them.

The agent is PPO, of our own or Stable-Baselines3's; the world any Gymnasium id. Neither needs
callbacks: what is paid, and by whom, is the environment's business, and scores are taken outside.

Source: own design.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
from gymnasium.vector import AutoresetMode

from plaudit import agents
from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.rollout.played_steps import PlayedSteps, played_steps
from plaudit.agents.rollout.step_worlds import AnyVector
from plaudit.envs.names import nearest
from plaudit.envs.registry import WORLDS

Advance = Callable[[int], None]


class Progress(NamedTuple):
    """Where an agent stands.

    Attributes:
        steps: that it has trained on, over all rows.
        played: an episode per row of the panel, by the policy's mean or likeliest actions.
        policy: as it is now, with `predict`.
    """

    steps: int
    played: PlayedSteps
    policy: Any


def vector_world(world: str, rows: int, **settings: Any) -> AnyVector:
    """A vector environment with same-step resets: a world's native form, or single ones in a row.

    Args:
        world: any id that Gymnasium knows.
        rows: how many.
        **settings: of the world.
    """
    if world in WORLDS:
        return gym.make_vec(world, rows, **settings)
    mode = {"autoreset_mode": AutoresetMode.SAME_STEP}
    return gym.make_vec(world, rows, vectorization_mode="sync", vector_kwargs=mode, **settings)


def progress(
    agent: str,
    env: AnyVector,
    panel: AnyVector,
    *,
    updates: int,
    parts: int = 10,
    seed: int = 0,
    panel_seeds: int | Sequence[int] = 0,
    **settings: Any,
) -> Iterator[Progress]:
    """Train, and yield where the agent stands before and after each part.

    Args:
        agent: "ppo" for our own PPO of an `ActorCritic`, "sb3_ppo" for Stable-Baselines3's.
        env: to learn in, wrapped as you like; with same-step resets.
        panel: the plain world, a row per episode.
        updates: in all; a multiple of `parts`.
        parts: of equal length.
        seed: of weights, actions and episodes.
        panel_seeds: of the panel's rows.
        **settings: of the agent.

    Raises:
        KeyError: unknown agent.
        ValueError: updates cannot be parted so.
    """
    if agent not in AGENTS:
        raise KeyError(f"unknown agent {agent!r}{nearest(agent, AGENTS)}")
    if parts < 1 or updates < 1 or updates % parts:
        raise ValueError(f"{updates} updates cannot be parted into {parts} equal parts")
    policy, advance, size = AGENTS[agent](env, updates, seed, settings)

    def act(obs: Any) -> Any:
        return policy.predict(obs, deterministic=True)[0]

    yield Progress(0, played_steps(act, panel, panel_seeds), policy)
    for part in range(1, parts + 1):
        done = updates * part // parts
        advance(done)
        yield Progress(done * size, played_steps(act, panel, panel_seeds), policy)


def _own(env: AnyVector, updates: int, seed: int, settings: Any) -> tuple[Any, Advance, int]:
    spaces = env.single_observation_space, env.single_action_space
    policy = ActorCritic(*spaces, seed=seed, device="cpu")
    trainer = agents.make("ppo", env, policy=policy, updates=updates, seed=seed, **settings)

    def advance(until: int) -> None:
        trainer.train(until)

    return policy, advance, env.num_envs * trainer.settings.steps


def _sb3(env: AnyVector, updates: int, seed: int, settings: Any) -> tuple[Any, Advance, int]:
    from stable_baselines3 import PPO  # here, since our own agent needs none of it

    from plaudit.agents.interop.sb3 import SB3VecEnv

    model = PPO("MlpPolicy", SB3VecEnv(env), seed=seed, device="cpu", **settings)
    size = env.num_envs * model.n_steps

    def advance(until: int) -> None:
        # Whole rollouts, so that none is begun for less.
        model.learn(until * size - model.num_timesteps, reset_num_timesteps=False)

    return model, advance, size


AGENTS = {"ppo": _own, "sb3_ppo": _sb3}
