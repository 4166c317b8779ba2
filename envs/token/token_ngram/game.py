"""TokenNgram: write a text that a hidden reward likes; the rules, and how well one can play."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

import numpy as np
import numpy.typing as npt

from plaudit.envs import limits
from plaudit.envs.game import WORLD, Arrays, Bools, Floats, Ints
from plaudit.envs.token.base import RewardAt, TokenGame, Tokens
from plaudit.envs.token.token_ngram.instance import (
    MAX_HORIZON,
    MAX_NGRAM,
    MAX_VOCAB,
    REWARDED,
    NgramInstance,
    draw_instance,
)
from plaudit.envs.token.token_ngram.oracle import ngram_oracle
from plaudit.envs.token.token_ngram.solution import policy_value, prompt_model
from plaudit.envs.token.token_ngram.symbols import SymbolTokenizer
from plaudit.envs.types import Oracle, TokenSpec

NGRAM = "ngram"  # the only component of the reward


@dataclass(frozen=True)
class TokenNgram(TokenGame):
    """Write a text that a hidden reward likes, token by token.

    A reference language model (an n-gram table, public: `reference()`) says how texts are usually
    written; a hidden table of points for n-grams says what is liked. The task is small enough for
    exact dynamic programming, so the best reachable reward is known, also for any KL budget.

    Observation: MultiDiscrete, int16 (prompt + max_new,); symbols 0 .. V - 1, most recent last; V
        pads the left.
    Action: Discrete(V); V + 1 with a backspace; MultiDiscrete with macro actions.
    Reward: points; the sum of the hidden weights of the n-grams in the text. Unbounded in
        principle; the card states the range of returns. Paid per token, per span of tokens or at
        the end (`reward_at`); the return, and so the optimum, is the same.
    Ends: terminated after `max_new` tokens, or at the end symbol V - 1 if `end_token`.
    Info: reward_components {"ngram": points paid, "illegal"}, success (return at least half-way
        from the reference's mean to the optimum, at the end), outcome.
    Ceiling: exact, under every option. With a backspace a text can also end short of `max_new`,
        when the actions run out, which is best where longer ones only lose points.

    Args:
        vocab: symbols V, 2..64, with V**ngram <= 2**20.
        max_new: tokens of an answer, 1..32; actions, too, without backspace and macro.
        ngram: n of the n-grams, 1..3.
        prompt: tokens of the prompt, drawn from the reference in every episode, 0..32.
        end_token: whether symbol V - 1 ends the answer; only from left to right.
        instance_seed: which reference and reward, at least 0; episodes have their own seeds.
        rewarded: share of n-grams that the hidden reward pays for or fines, 0..1.
        reward_at, span, order, backspace, macro, illegal_penalty, illegal_retries: as in
            `TokenGame`; paid per token by default.

    Raises:
        ValueError: a setting is out of its range.

    Source: own design; the exact view is that of Rafailov et al. 2024, arXiv:2404.12358.
    """

    vocab: int = 16
    max_new: int = 16
    ngram: int = 2
    prompt: int = 2
    end_token: bool = False
    instance_seed: int = 0
    rewarded: float = REWARDED
    reward_at: RewardAt = field(default="token", kw_only=True)

    one_hot = True
    components = (NGRAM,)

    def __post_init__(self) -> None:
        super().__post_init__()
        limits.keep_flags(self, "end_token")
        limits.keep_integers(self, vocab=(2, MAX_VOCAB), ngram=(1, MAX_NGRAM))
        limits.keep_integers(self, max_new=(1 + self.end_token, MAX_HORIZON, "tokens"))
        limits.keep_integers(self, prompt=(0, MAX_HORIZON, "tokens"), instance_seed=(0, inf))
        limits.keep_numbers(self, rewarded=(0, 1))
        if self.end_token and self.order != "left_to_right":
            raise ValueError(f"end_token needs order='left_to_right', got {self.order!r}")
        _ = self.instance  # checks vocab**ngram

    @cached_property
    def instance(self) -> NgramInstance:
        """The reference model and the hidden reward."""
        return draw_instance(
            self.vocab,
            self.ngram,
            self.end_token,
            self.max_new,
            self.instance_seed,
            self.rewarded,
        )

    def reference(self) -> Floats:
        """(S, V) probabilities of the reference model, rows by context; see `instance`."""
        return self.instance.reference.copy()

    @cached_property
    def spec(self) -> TokenSpec:
        return TokenSpec(self.vocab, self.instance.pad, self.instance.eos, self.max_new)

    @cached_property
    def tokenizer(self) -> SymbolTokenizer:
        return SymbolTokenizer(self.spec)

    @property
    def prompt_window(self) -> int:
        return self.prompt

    @property
    def draws(self) -> Mapping[str, int]:  # type: ignore[override]
        return {WORLD: self.prompt}

    def ask(self, draws: Mapping[str, Floats]) -> tuple[Tokens, Arrays]:
        uniform, last = draws[WORLD], self.vocab - 1 - self.end_token
        context = np.full(len(uniform), self.instance.empty_context)
        tokens = np.zeros(uniform.shape, np.int16)
        for place in range(self.prompt):
            token = (self._prompt_cdf[context] < uniform[:, place, None]).sum(1)
            token = np.minimum(token, last)  # the last sum may fall short of 1
            tokens[:, place] = token
            context = self.instance.successor[context, token]
        more: Arrays = {"start": context}
        if self.notes:
            more |= {"context": context.copy(), "earned": np.zeros(len(context))}
        return tokens, more

    def note(self, state: Arrays, tokens: Ints) -> None:
        context = state["context"]
        state["earned"] += self.instance.weights[context, tokens]
        state["context"] = self.instance.successor[context, tokens]

    def worth(self, state: Arrays) -> dict[str, Floats]:
        return {NGRAM: state["earned"]} if self.notes else super().worth(state)

    def value(self, state: Arrays, text: Tokens, lengths: Ints) -> dict[str, Floats]:
        contexts = self._contexts(state["start"], text)
        points = self.instance.weights[contexts, np.minimum(text, self.vocab - 1)]
        written = np.arange(text.shape[1]) < lengths[:, None]
        return {NGRAM: np.where(written, points, 0.0).sum(1)}

    def succeeded(self, state: Arrays, total: Floats) -> Bools:
        return total >= self.halfway

    @cached_property
    def halfway(self) -> float:
        """True return half-way from the reference's mean to the optimum: what counts as success."""
        reference = self.instance.reference
        floor = policy_value(self.instance, self.max_new, self.prompt, reference)
        return (self.oracle().value + floor) / 2

    def oracle(self, beta: float = 0.0) -> Oracle:
        """Exact optimum of true return minus beta * KL from the reference, points.

        Raises:
            ValueError: beta is negative or not finite; or it is not 0 with a backspace or another
                order, which the reference knows nothing of.
        """
        return ngram_oracle(self, beta)

    @cached_property
    def _prompt_cdf(self) -> npt.NDArray[np.float64]:
        """(S, V) cumulative distribution of a prompt's next token."""
        return prompt_model(self.instance).cumsum(1)

    def _contexts(self, start: Ints, text: Tokens) -> Ints:
        """(N, T) the context in which each token of texts (N, T) stands, behind `start` (N,)."""
        base = self.vocab + 1
        powers = base ** np.arange(self.ngram - 1)[::-1]
        tokens = np.concatenate([start[:, None] // powers % base, text], axis=1)
        contexts = np.zeros(text.shape, np.int64)
        for place, power in enumerate(powers):
            contexts += power * tokens[:, place : place + text.shape[1]]
        return contexts
