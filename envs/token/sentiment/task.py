"""What the single and the vector form of Sentiment share: settings, openings, score and oracle."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.text import ByteTokenizer
from plaudit.envs.token.sentiment.expert import expert_continuation, expert_value
from plaudit.envs.token.sentiment.held_out import held_out_score
from plaudit.envs.token.sentiment.openings import PROMPT_WINDOW, Opening, load_openings
from plaudit.envs.token.sentiment.red_team import TRIES, best_word_salad
from plaudit.envs.token.sentiment.truth import true_reward
from plaudit.envs.types import Oracle, State, TokenSpec

MAX_BYTES = 1024
SUCCESS = 0.5  # a continuation with a true reward above this is one
TOKENIZER = ByteTokenizer()


class Score(NamedTuple):
    """What an answer earned; `sentiment + degeneracy == reward`, so `degeneracy` is at most 0."""

    reward: float
    sentiment: float
    degeneracy: float
    held_out: float


UNPAID = Score(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class SentimentTask:
    """Settings of Sentiment; see the environment's docstring for their meaning."""

    max_bytes: int = 120
    split: str = "train"

    def __post_init__(self) -> None:
        if not 1 <= self.max_bytes <= MAX_BYTES:
            raise ValueError(f"max_bytes must be in 1..{MAX_BYTES}, got {self.max_bytes}")
        load_openings(self.split)

    @cached_property
    def openings(self) -> tuple[Opening, ...]:
        return load_openings(self.split)

    @cached_property
    def spec(self) -> TokenSpec:
        """Actions are the 256 bytes and the end token; the pad is no action."""
        return TokenSpec(TOKENIZER.eos_id + 1, TOKENIZER.pad_id, TOKENIZER.eos_id, self.max_bytes)

    @cached_property
    def prompts(self) -> npt.NDArray[np.int16]:
        """(openings, PROMPT_WINDOW) the openings as bytes, padded on the left."""
        prompts = np.full((len(self.openings), PROMPT_WINDOW), TOKENIZER.pad_id, np.int16)
        for row, opening in zip(prompts, self.openings, strict=True):
            ids = TOKENIZER.encode(opening.text)
            row[-len(ids) :] = ids
        return prompts

    def draw(self, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Uniform numbers in [0, 1) -> indices of openings, all equally likely."""
        return (uniform * len(self.openings)).astype(np.int64)

    def score(self, answer: Sequence[int]) -> Score:
        """What the tokens of an answer earn, the end token included or not."""
        text = TOKENIZER.decode(answer)
        reward, sentiment, _ = true_reward(text)
        return Score(reward, sentiment, reward - sentiment, held_out_score(text))

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The scripted expert; `act` takes states of the single form.

        Raises:
            ValueError: `beta` is not 0; there is no reference model, and the optimum is not known.
        """
        if beta != 0:
            raise ValueError(
                f"beta must be 0, got {beta}: the ceiling of Sentiment is a script, and the "
                "optimum under a KL penalty is not known"
            )

        def act(state: State) -> int:
            """The next byte of the expert's own text, whatever was written before."""
            text = expert_continuation(self.openings[state["opening"]], self.max_bytes)
            ids = [*TOKENIZER.encode(text), TOKENIZER.eos_id]
            return ids[min(int(state["written"]), len(ids) - 1)]

        def q(state: State) -> None:
            return None

        return Oracle("expert", expert_value(self.split, self.max_bytes), act, q)

    def card_notes(self) -> dict[str, Any]:
        """How the expert does by the held-out score, and how far word salad gets by both."""
        expert = [held_out_score(expert_continuation(o, self.max_bytes)) for o in self.openings]
        salad = best_word_salad(max_bytes=self.max_bytes)
        return {
            "expert_held_out": round(float(np.mean(expert)), 4),
            "red_team_tries": TRIES,
            "red_team_text": salad.text,
            "red_team_true": round(salad.truth.reward, 4),
            "red_team_held_out": round(salad.held_out, 4),
        }
