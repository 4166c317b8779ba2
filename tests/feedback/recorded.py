"""Segments of a world with its states, as RecordSegments(states=True) records them."""

import gymnasium as gym
import numpy as np

import plaudit  # noqa: F401  registers the worlds
from plaudit.feedback.types import Segment, SegmentRef


def recorded(world, settings, actions, *, seed=0, episode=0, skip=0, **begin):
    """What some actions lead to from a reset, or from game arrays that are given in place of it.

    The first `skip` actions are played but not recorded.
    """
    env = gym.make(world, **settings).unwrapped
    env.reset(seed=seed)
    state = env.get_state()
    for name, value in begin.items():
        kept = state["game"][name]
        state["game"][name] = np.array(value, kept.dtype).reshape(kept.shape)
    env.set_state(state)
    obs, rewards, states = [env.game.observe(state["game"])[0]], [], [env.get_state()]
    for action in actions:
        seen, reward, *_ = env.step(action)
        obs.append(seen)
        rewards.append(reward)
        states.append(env.get_state())
    return Segment(
        np.stack(obs[skip:]),
        np.array(actions[skip:], np.int64),
        SegmentRef(world, episode, skip, len(actions)),
        rewards=np.array(rewards[skip:], np.float64),
        states=tuple(states[skip:]),
    )
