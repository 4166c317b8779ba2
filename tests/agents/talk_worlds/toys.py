"""A world one talks to in single letters, and policies that say them."""

import gymnasium as gym
import numpy as np
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.conversation import Conversations
from plaudit.envs.text import ByteTokenizer, UnicodeText

END, PAD = ByteTokenizer.eos_id, ByteTokenizer.pad_id


class Letters(gym.Env):
    """Says "go", then "+" after an "a" (1 point) and "-" after a "b"; an "x" breaks it.

    The episode has 1 + seed % 3 turns. Any other text is unparsable and answered by "?".
    """

    observation_space = action_space = UnicodeText(40)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 1 + seed % 3
        return "go", {}

    def step(self, action):
        if action == "x":
            raise RuntimeError("broken by an x")
        self.left -= 1
        said = {"a": "+", "b": "-"}.get(action, "?")
        info = {"unparsable": "" if action in ("a", "b") else "expected a or b", "success": False}
        return said, float(action == "a"), self.left == 0, False, info

    def get_state(self):
        return {"left": self.left}

    def set_state(self, state):
        self.left = state["left"]


def talks(rows=1, world=Letters, **settings):
    settings = {"max_new": 2} | settings
    return Conversations([world] * rows, ByteTokenizer(), **settings)


def saying(**odds):
    """A policy that says a letter with these odds, then ends its turn."""
    table = np.full((258, 257), -60.0)
    for letter, chance in odds.items():
        table[:, ord(letter)] = np.log(chance)
    for letter in odds:
        table[ord(letter)] = -60.0
        table[ord(letter), END] = 0.0
    return NgramPolicy(table, eos_id=END, pad_id=PAD)


def tiny(seed=0, **settings):
    """A small transformer over bytes whose distribution is neither flat nor certain."""
    odds = np.full((1, 257), 0.5 / 256)
    odds[0, END] = 0.5  # turns of different lengths
    settings = {"layers": 2, "width": 16, "heads": 2, "context": 400} | settings
    policy = TinyTransformer(
        257, eos_id=END, pad_id=PAD, symbols=257, prior=np.log(odds), seed=seed, **settings
    )
    rng = torch.Generator().manual_seed(seed)
    torch.nn.init.normal_(policy.output.weight, std=0.5, generator=rng)
    return policy
