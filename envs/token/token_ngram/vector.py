"""TokenNgram, native vector form."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from plaudit.envs.token.base import Tokens, TokenVectorEnv
from plaudit.envs.token.token_ngram.task import NgramTask, RewardAt, SymbolTokenizer
from plaudit.envs.types import Oracle, State
from plaudit.envs.vector import Bools, Floats


class TokenNgramVector(TokenVectorEnv):
    """`num_envs` episodes of TokenNgram at once; settings and episodes as in the single form.

    Source: own design.
    """

    def __init__(
        self,
        num_envs: int,
        vocab: int = 16,
        horizon: int = 16,
        order: int = 2,
        prompt: int = 2,
        reward_at: RewardAt = "token",
        span: int = 4,
        end_token: bool = False,
        instance_seed: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    ) -> None:
        self.task = NgramTask(
            vocab, horizon, order, prompt, reward_at, span, end_token, instance_seed
        )
        super().__init__(
            num_envs,
            self.task.spec,
            prompt,
            draws=prompt,
            one_hot=True,
            autoreset_mode=autoreset_mode,
        )
        self.tokenizer = SymbolTokenizer(self.task.spec)
        self._context = np.zeros(num_envs, np.int64)
        self._earned, self._paid, self._total = np.zeros((3, num_envs))
        self._over = np.zeros(num_envs, np.bool_)
        # Copied at every step, which is several times faster than filling an array of objects.
        self._running = np.full(num_envs, "running", dtype=object)

    def reference(self) -> Floats:
        """(S, V) probabilities of the reference model, rows by context."""
        return self.task.instance.reference.copy()

    def oracle(self, beta: float = 0.0) -> Oracle:
        """Exact optimum of true return minus beta * KL from the reference."""
        return self.task.oracle(beta)

    def _prompts(self, rows: npt.NDArray[np.int64], draws: Floats) -> Tokens:
        tokens, self._context[rows] = self.task.draw_prompts(draws)
        for array in (self._earned, self._paid, self._total):
            array[rows] = 0.0
        self._over[rows] = False
        return tokens

    def _pay(self, actions: npt.NDArray[np.int64], live: Bools | None, over: Bools) -> Floats:
        instance = self.task.instance
        weights = instance.weights[self._context, actions]
        successor = instance.successor[self._context, actions]
        if live is not None:
            weights = np.where(live, weights, 0.0)
            successor = np.where(live, successor, self._context)
        self._context = successor
        self._over = over.copy() if live is None else over | (self._over & ~live)
        if self.task.reward_at == "token":
            self._paid = weights
        else:
            self._earned = self._earned + weights
            due = over
            if self.task.reward_at == "span":
                due = over | (self._written % self.task.span == 0)
            self._paid = np.where(due, self._earned, 0.0)
            self._earned = self._earned - self._paid
        self._total = self._total + self._paid
        return self._paid.copy()

    def _details(self) -> dict[str, Any]:
        outcome = self._running.copy()
        success = np.zeros(self.num_envs, np.bool_)
        if self._over.any():
            success = self._over & (self._total >= self.task.halfway)
            outcome[self._over] = "failure"
            outcome[success] = "success"
        return {
            "reward_components": {"ngram": self._paid.copy()},
            "success": success,
            "outcome": outcome,
        }

    def get_state(self) -> State:
        return super().get_state() | {
            "context": self._context.copy(),
            "earned": self._earned.copy(),
            "paid": self._paid.copy(),
            "total": self._total.copy(),
            "over": self._over.copy(),
        }

    def set_state(self, state: State) -> None:
        super().set_state(state)
        for name in ("context", "earned", "paid", "total", "over"):
            setattr(self, f"_{name}", state[name].copy())
