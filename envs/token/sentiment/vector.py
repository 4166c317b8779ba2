"""Sentiment, native vector form."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.token.base import Tokens, TokenVectorEnv
from plaudit.envs.token.sentiment.openings import PROMPT_WINDOW
from plaudit.envs.token.sentiment.task import SUCCESS, TOKENIZER, UNPAID, SentimentTask
from plaudit.envs.types import Oracle, State
from plaudit.envs.vector import Bools, Floats

REWARD, SENTIMENT, DEGENERACY, HELD_OUT = range(len(UNPAID))  # columns of the scores


class SentimentVector(TokenVectorEnv):
    """`num_envs` episodes of Sentiment at once; settings and episodes as in the single form.

    Source: own design.
    """

    def __init__(
        self,
        num_envs: int,
        max_bytes: int = 120,
        split: str = "train",
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    ) -> None:
        self.task = SentimentTask(max_bytes, split)
        super().__init__(
            num_envs,
            self.task.spec,
            PROMPT_WINDOW,
            draws=1,
            one_hot=False,
            autoreset_mode=autoreset_mode,
        )
        self.tokenizer = TOKENIZER
        self._opening = np.zeros(num_envs, np.int64)
        self._scores = np.zeros((num_envs, len(UNPAID)))
        self._over, self._success = np.zeros((2, num_envs), np.bool_)

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The scripted expert; ValueError unless beta is 0."""
        return self.task.oracle(beta)

    def _prompts(self, rows: npt.NDArray[np.int64], draws: Floats) -> Tokens:
        self._opening[rows] = self.task.draw(draws[:, 0])
        self._scores[rows] = UNPAID
        self._over[rows] = self._success[rows] = False
        return self.task.prompts[self._opening[rows]]

    def _pay(self, actions: npt.NDArray[np.int64], live: Bools | None, over: Bools) -> Floats:
        self._scores[:] = UNPAID
        window = self._window()
        for row in np.flatnonzero(over):
            self._scores[row] = self.task.score(window[row, -self._written[row] :].tolist())
        reward: Floats = self._scores[:, REWARD].copy()
        self._over |= over
        self._success |= over & (reward > SUCCESS)
        return reward

    def _details(self) -> dict[str, Any]:
        outcome = np.full(self.num_envs, "running", dtype=object)
        outcome[self._over] = "failure"
        outcome[self._success] = "success"
        return {
            "reward_components": {
                "sentiment": self._scores[:, SENTIMENT].copy(),
                "degeneracy": self._scores[:, DEGENERACY].copy(),
            },
            "success": self._success.copy(),
            "outcome": outcome,
            "held_out": self._scores[:, HELD_OUT].copy(),
        }

    def get_state(self) -> State:
        return super().get_state() | {
            "opening": self._opening.copy(),
            "scores": self._scores.copy(),
            "over": self._over.copy(),
            "success": self._success.copy(),
        }

    def set_state(self, state: State) -> None:
        super().set_state(state)
        for name in ("opening", "scores", "over", "success"):
            setattr(self, f"_{name}", state[name].copy())
