"""Small PettingZoo parallel environments of somebody else's."""

import gymnasium as gym
import numpy as np
from pettingzoo import ParallelEnv

LEFT, RIGHT = "left", "right"


class Matching(ParallelEnv):
    """Each of two sees a number the other does not, and both are paid when both repeat their own.

    On top comes a bonus that depends on both numbers and on nothing that anybody does.
    """

    metadata = {"name": "matching_v0"}
    possible_agents = [LEFT, RIGHT]

    def __init__(self, numbers=4, bonus=0.0):
        self.numbers, self.bonus = numbers, bonus
        self.agents = []
        self._rng = np.random.default_rng()

    def observation_space(self, agent):
        return gym.spaces.Discrete(self.numbers)

    def action_space(self, agent):
        return gym.spaces.Discrete(self.numbers)

    def reset(self, seed=None, options=None):
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self._seen = {agent: int(self._rng.integers(self.numbers)) for agent in self.agents}
        return dict(self._seen), {agent: {} for agent in self.agents}

    def step(self, actions):
        right = [actions[agent] == seen for agent, seen in self._seen.items()]
        alike = (sum(self._seen.values()) % 2) * 2 - 1
        paid = dict.fromkeys(self.agents, sum(right) / 2 + self.bonus * alike)
        over, cut = dict.fromkeys(self.agents, True), dict.fromkeys(self.agents, False)
        infos = {agent: {} for agent in self.agents}
        self.agents = []
        return dict(self._seen), paid, over, cut, infos


class Leaving(ParallelEnv):
    """`left` leaves after some steps; a time limit sends home who is still there after three.

    Both are paid 1 for each step, and see how many there were.
    """

    metadata = {"name": "leaving_v0"}
    possible_agents = [LEFT, RIGHT]

    def __init__(self, leaves=1):
        self.leaves = leaves
        self.agents = []

    def observation_space(self, agent):
        return gym.spaces.Box(0, 3, (1,), np.float32)

    def action_space(self, agent):
        return gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self._steps = list(self.possible_agents), 0
        return self._shown(), {agent: {"action_mask": [1, 0]} for agent in self.agents}

    def step(self, actions):
        assert set(actions) == set(self.agents)
        self._steps += 1
        obs, paid = self._shown(), dict.fromkeys(self.agents, 1.0)
        over = {agent: agent == LEFT and self._steps == self.leaves for agent in self.agents}
        cut = {agent: self._steps == 3 for agent in self.agents}
        infos = {agent: {"action_mask": [1, 1]} for agent in self.agents}
        self.agents = [agent for agent in self.agents if not (over[agent] or cut[agent])]
        return obs, paid, over, cut, infos

    def _shown(self):
        return {agent: np.array([self._steps], np.float32) for agent in self.agents}
