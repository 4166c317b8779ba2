"""What the single and the vector form of TokenNgram share: settings, scale, oracle, tokenizer."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from plaudit.envs.token.token_ngram.instance import MAX_HORIZON, NgramInstance, draw_instance
from plaudit.envs.token.token_ngram.solution import Solution, policy_value, prompt_model, solve
from plaudit.envs.types import Oracle, State, TokenSpec

RewardAt = Literal["token", "span", "end"]
ALPHABET = string.ascii_lowercase + string.ascii_uppercase + string.digits + "+-"


@dataclass(frozen=True)
class NgramTask:
    """Settings of TokenNgram; see the environment's docstring for their meaning."""

    vocab: int = 16
    horizon: int = 16
    order: int = 2
    prompt: int = 2
    reward_at: RewardAt = "token"
    span: int = 4
    end_token: bool = False
    instance_seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.horizon <= MAX_HORIZON:
            raise ValueError(f"horizon must be in 1..{MAX_HORIZON} tokens, got {self.horizon}")
        if not 0 <= self.prompt <= MAX_HORIZON:
            raise ValueError(f"prompt must be in 0..{MAX_HORIZON} tokens, got {self.prompt}")
        if self.reward_at not in ("token", "span", "end"):
            raise ValueError(f"reward_at must be 'token', 'span' or 'end', got {self.reward_at!r}")
        if self.end_token and self.horizon < 2:
            raise ValueError(f"end_token needs a horizon of at least 2 tokens, got {self.horizon}")
        if self.instance_seed < 0:
            raise ValueError(f"instance_seed must be at least 0, got {self.instance_seed}")
        if self.span < 1:
            raise ValueError(f"span must be at least 1 token, got {self.span}")

    @cached_property
    def instance(self) -> NgramInstance:
        return draw_instance(
            self.vocab, self.order, self.end_token, self.horizon, self.instance_seed
        )

    @cached_property
    def spec(self) -> TokenSpec:
        return TokenSpec(self.vocab, self.instance.pad, self.instance.eos, self.horizon)

    @cached_property
    def prompt_cdf(self) -> npt.NDArray[np.float64]:
        """(S, V) cumulative distribution of a prompt's next token."""
        return prompt_model(self.instance).cumsum(1)

    @cached_property
    def halfway(self) -> float:
        """True return half-way from the reference's mean to the optimum: what counts as success."""
        best = solution(self, 0.0).objective
        floor = policy_value(self.instance, self.horizon, self.prompt, self.instance.reference)
        return (best + floor) / 2

    def draw_prompts(
        self, draws: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int64]]:
        """Uniform numbers (n, prompt) -> prompt tokens (n, prompt) and the contexts (n,) behind."""
        context = np.full(len(draws), self.instance.empty_context)
        last = self.vocab - 1 - self.end_token
        tokens = np.zeros(draws.shape, np.int16)
        for place in range(self.prompt):
            token = (self.prompt_cdf[context] < draws[:, place, None]).sum(1)
            token = np.minimum(token, last)  # the last sum may fall short of 1
            tokens[:, place] = token
            context = self.instance.successor[context, token]
        return tokens, context

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The exact optimum; `act` and `q` take states of the single form."""
        best = solution(self, beta)

        def q(state: State) -> npt.NDArray[np.float64]:
            return best.q(self.horizon - state["written"], state["context"])

        def act(state: State) -> int:
            """The likeliest token under the optimal policy."""
            policy = best.policy(self.horizon - state["written"])
            return int(policy[state["context"]].argmax())

        return Oracle("exact", best.objective, act, q)


@lru_cache(maxsize=128)
def solution(task: NgramTask, beta: float) -> Solution:
    """The optimum of a task, solved once per process."""
    return solve(task.instance, task.horizon, task.prompt, beta)


class SymbolTokenizer:
    """One printable character per symbol, so that texts of token worlds can be read."""

    def __init__(self, spec: TokenSpec) -> None:
        self.vocab_size = spec.vocab_size
        self.eos_id = spec.eos_id
        self.pad_id = spec.pad_id

    def encode(self, text: str) -> list[int]:
        ids = [ALPHABET.find(letter) for letter in text]
        if any(not 0 <= i < self.vocab_size for i in ids):
            raise ValueError(f"expected letters of {ALPHABET[: self.vocab_size]!r}, got {text!r}")
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(ALPHABET[i] for i in ids if 0 <= i < self.vocab_size and i != self.eos_id)
