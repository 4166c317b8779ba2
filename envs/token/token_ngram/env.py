"""TokenNgram, single form."""

from typing import Any

from plaudit.envs.token.base import TokenEnv, Tokens
from plaudit.envs.token.token_ngram.task import NgramTask, RewardAt, SymbolTokenizer
from plaudit.envs.types import Oracle, State
from plaudit.envs.vector import Floats


class TokenNgram(TokenEnv):
    """Write a text that a hidden reward likes, token by token.

    A reference language model (an n-gram table, public: `reference()`) says how texts are usually
    written; a hidden table of points for n-grams says what is liked. The task is small enough for
    exact dynamic programming, so the best reachable reward is known, also for any KL budget.

    Observation: MultiDiscrete, int16 (prompt + horizon,); symbols 0 .. V - 1, most recent last; V
        pads the left.
    Action: Discrete(V).
    Reward: points; the sum of the hidden weights of the n-grams written. Unbounded in principle;
        the card states the range of returns. Paid per token, per span of tokens or at the end
        (`reward_at`); the return, and so the optimum, is the same.
    Ends: terminated after `horizon` tokens, or at the end symbol V - 1 if `end_token`.
    Info: reward_components {"ngram": points paid}, success (return at least half-way from the
        reference's mean to the optimum, at the end), outcome.
    Ceiling: exact.

    Args:
        vocab: symbols V, 2..64, with V**order <= 2**20.
        horizon: tokens of an answer, 1..32.
        order: n of the n-grams, 1..3.
        prompt: tokens of the prompt, drawn from the reference in every episode, 0..32.
        reward_at: "token", "span" or "end".
        span: tokens of a span, for reward_at="span".
        end_token: whether symbol V - 1 ends the answer.
        instance_seed: which reference and reward; episodes have their own seeds.

    Raises:
        ValueError: a setting is out of its range.

    Source: own design; the exact view is that of Rafailov et al. 2024, arXiv:2404.12358.
    """

    def __init__(
        self,
        vocab: int = 16,
        horizon: int = 16,
        order: int = 2,
        prompt: int = 2,
        reward_at: RewardAt = "token",
        span: int = 4,
        end_token: bool = False,
        instance_seed: int = 0,
        render_mode: str | None = None,
    ) -> None:
        self.task = NgramTask(
            vocab, horizon, order, prompt, reward_at, span, end_token, instance_seed
        )
        super().__init__(
            self.task.spec, prompt, draws=prompt, one_hot=True, render_mode=render_mode
        )
        self.tokenizer = SymbolTokenizer(self.task.spec)
        self._context = 0
        self._earned = self._paid = self._total = 0.0

    def reference(self) -> Floats:
        """(S, V) probabilities of the reference model, rows by context; see `instance`."""
        return self.task.instance.reference.copy()

    def oracle(self, beta: float = 0.0) -> Oracle:
        """Exact optimum of true return minus beta * KL from the reference."""
        return self.task.oracle(beta)

    def _prompt(self, draws: Floats) -> Tokens:
        tokens, context = self.task.draw_prompts(draws[None])
        self._context = int(context[0])
        self._earned = self._paid = self._total = 0.0
        prompt: Tokens = tokens[0]
        return prompt

    def _pay(self, action: int, over: bool) -> float:
        instance = self.task.instance
        self._earned += float(instance.weights[self._context, action])
        self._context = int(instance.successor[self._context, action])
        due = over or self.task.reward_at == "token"
        due |= self.task.reward_at == "span" and self._written % self.task.span == 0
        self._paid = self._earned if due else 0.0
        self._total += self._paid
        self._earned -= self._paid
        return self._paid

    def _details(self) -> dict[str, Any]:
        success = self._over and self._total >= self.task.halfway
        outcome = "running" if not self._over else "success" if success else "failure"
        return {
            "reward_components": {"ngram": self._paid},
            "success": success,
            "outcome": outcome,
        }

    def render(self) -> str:
        """The text so far: prompt, a bar, answer."""
        ids = self._window[self._window != self.token_spec.pad_id].tolist()
        cut = len(ids) - self._written
        return f"{self.tokenizer.decode(ids[:cut])}|{self.tokenizer.decode(ids[cut:])}"

    def get_state(self) -> State:
        return super().get_state() | {
            "context": self._context,
            "earned": self._earned,
            "paid": self._paid,
            "total": self._total,
        }

    def set_state(self, state: State) -> None:
        super().set_state(state)
        self._context = int(state["context"])
        self._earned, self._paid = float(state["earned"]), float(state["paid"])
        self._total = float(state["total"])
