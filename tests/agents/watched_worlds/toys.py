"""A world of two rows or more in which a script says what is heard."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space


class Scripted(gym.vector.VectorEnv):
    """Shows the step of the episode; pays what the script says; episodes last `horizon` steps.

    `script` holds a number per step, for all rows, or one per row; NaN means that nothing was said.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, script, horizon=4, rows=1, actions=2):
        self.num_envs, self.horizon = rows, horizon
        self.script = np.array([np.broadcast_to(said, rows) for said in script], np.float64)
        self.single_observation_space = gym.spaces.Discrete(horizon)
        self.single_action_space = gym.spaces.Discrete(actions)
        self.observation_space = batch_space(self.single_observation_space, rows)
        self.action_space = batch_space(self.single_action_space, rows)
        self.played, self.actions = 0, []

    def reset(self, *, seed=None, options=None):
        return self._seen(), {}

    def step(self, actions):
        self.actions.append(np.array(actions))
        said = self.script[self.played % len(self.script)]
        self.played += 1
        over = np.full(self.num_envs, self.played % self.horizon == 0)
        info = {"true_reward": np.full(self.num_envs, 10.0), "_true_reward": ~np.zeros_like(over)}
        return self._seen(), said.copy(), over, np.zeros_like(over), info

    def get_state(self):
        return {"played": self.played}

    def set_state(self, state):
        self.played = int(state["played"])

    def _seen(self):
        return np.full(self.num_envs, self.played % self.horizon)
