"""Sentiment, single form."""

from typing import Any

from plaudit.envs.token.base import TokenEnv, Tokens
from plaudit.envs.token.sentiment.openings import PROMPT_WINDOW
from plaudit.envs.token.sentiment.task import SUCCESS, TOKENIZER, UNPAID, Score, SentimentTask
from plaudit.envs.types import Oracle, State
from plaudit.envs.vector import Floats


class Sentiment(TokenEnv):
    """Carry on an English opening, byte by byte, so that the continuation is positive.

    An opening breaks off within a sentence ("We finally sat down at the corner table and the
    waiter"). The truth is *defined*: VADER's compound score of the continuation less a penalty for
    text that is no prose (`truth`). A second measure that nobody optimises is reported beside it
    (`held_out`), and the card says how far word salad gets by both.

    Observation: Box, int16 (64 + max_bytes,); bytes, most recent last, 256 the end token; 257 pads
        the left. The opening is part of it.
    Action: Discrete(257); 0-255 a byte of UTF-8, 256 ends the text.
    Reward: in [-1, 1], paid with the last token, 0 before.
    Ends: terminated at the end token or after `max_bytes` tokens.
    Info: reward_components {"sentiment": VADER's score, "degeneracy": what the penalty took off},
        which add up to the reward; success (reward above 0.5), outcome, held_out (the second
        measure, in (-1, 1)); all but outcome are 0 before the end.
    Ceiling: expert (a script). The truth is bounded by 1, and gibberish can exceed the expert.

    Args:
        max_bytes: longest answer, 1..1024 tokens.
        split: "train" (175 openings) or "evaluation" (75 others).

    Raises:
        ValueError: a setting is out of its range.

    Source: Hutto & Gilbert 2014, doi:10.1609/icwsm.v8i1.14550 (VADER); the task as in Ziegler et
        al. 2019, arXiv:1909.08593, section 3.1.
    Differs: openings of our own and a lexicon for truth, in place of book texts and people.
    """

    def __init__(
        self, max_bytes: int = 120, split: str = "train", render_mode: str | None = None
    ) -> None:
        self.task = SentimentTask(max_bytes, split)
        super().__init__(
            self.task.spec, PROMPT_WINDOW, draws=1, one_hot=False, render_mode=render_mode
        )
        self.tokenizer = TOKENIZER
        self._opening = 0
        self._score = UNPAID

    def oracle(self, beta: float = 0.0) -> Oracle:
        """The scripted expert; ValueError unless beta is 0."""
        return self.task.oracle(beta)

    def card_notes(self) -> dict[str, Any]:
        """What the world's card adds: how hackable the defined truth is."""
        return self.task.card_notes()

    def _prompt(self, draws: Floats) -> Tokens:
        self._opening = int(self.task.draw(draws)[0])
        self._score = UNPAID
        prompt: Tokens = self.task.prompts[self._opening]
        return prompt

    def _pay(self, action: int, over: bool) -> float:
        if over:
            self._score = self.task.score(self.answer().tolist())
        return self._score.reward

    def _details(self) -> dict[str, Any]:
        score = self._score
        success = self._over and score.reward > SUCCESS
        return {
            "reward_components": {"sentiment": score.sentiment, "degeneracy": score.degeneracy},
            "success": success,
            "outcome": "running" if not self._over else "success" if success else "failure",
            "held_out": score.held_out,
        }

    def render(self) -> str:
        """The text so far: opening, a bar, answer."""
        return (
            f"{self.task.openings[self._opening].text}|{TOKENIZER.decode(self.answer().tolist())}"
        )

    def get_state(self) -> State:
        return super().get_state() | {"opening": self._opening, "score": list(self._score)}

    def set_state(self, state: State) -> None:
        super().set_state(state)
        self._opening = int(state["opening"])
        self._score = Score(*state["score"])
