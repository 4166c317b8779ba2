"""Blurred tokens: whoever reads a token world cannot tell some of its tokens apart.

So a prompt no longer says all that is wanted, and a problem has several solutions as far as its
solver knows. What is paid does not change.

Source: own design; underspecified requests as in arXiv:2310.11589.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.envs.types import State, TokenSpec

Tokens = npt.NDArray[np.integer[Any]]


class VectorBlurredTokens(gym.vector.VectorWrapper[Tokens, Any, Any]):
    """Shows the first of some tokens wherever one of them stands: "count b 2" as "count b 0".

    Observation: the world's, so blurred. Action, Reward, Info: the world's.

    Args:
        env: a token world's vector form, without auto-reset in the same step.
        tokens: ids that nobody writes: not below the world's `vocab_size`.

    Raises:
        TypeError: `env` is no token world.
        ValueError: there are no tokens, or one of them can be written.

    Source: own design.
    """

    env: Any

    def __init__(self, env: gym.vector.VectorEnv[Any, Any, Any], tokens: Sequence[int]) -> None:
        spec = getattr(env.unwrapped, "token_spec", None)
        if not isinstance(spec, TokenSpec):
            raise TypeError(f"expected the vector form of a token world, got {env}")
        if not tokens or not all(spec.vocab_size <= token < spec.pad_id for token in tokens):
            raise ValueError(
                f"expected tokens in {spec.vocab_size}..{spec.pad_id - 1}, which are read and "
                f"never written, got {list(tokens)}"
            )
        super().__init__(env)
        self.tokens = tuple(tokens)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Tokens, dict[str, Any]]:
        obs, info = self.env.reset(seed=seed, options=options)
        return self._blurred(obs), info

    def step(self, actions: Any) -> tuple[Tokens, Any, Any, Any, dict[str, Any]]:
        obs, *rest = self.env.step(actions)
        return (self._blurred(obs), *rest)

    def get_state(self) -> State:
        """Of the world; nothing is kept here."""
        state: State = self.env.get_state()
        return state

    def set_state(self, state: State) -> None:
        self.env.set_state(state)

    def _blurred(self, window: Tokens) -> Tokens:
        blurred = window.copy()
        blurred[np.isin(window, self.tokens)] = self.tokens[0]
        return blurred
