"""Critic: what a teacher says about the latest step of each of N rows.

Source: arXiv:2312.06853 (LLF-Bench).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from plaudit import feedback
from plaudit.envs.types import State, generator_from, generator_state, stream
from plaudit.feedback.asks import Critique
from plaudit.feedback.asks.telling import PHRASES, SLOTS
from plaudit.feedback.programs import Named
from plaudit.feedback.types import Query
from plaudit.feedback.wrappers.base import inner, set_truth_aside, truth_of
from plaudit.feedback.wrappers.discrete_actions import discrete_actions
from plaudit.feedback.wrappers.last_step import Array, Bools, LastStep, Told
from plaudit.feedback.wrappers.spoken_observation import TEXT_LIMIT, Show, SpokenObservation


@dataclass(frozen=True)
class Speech:
    """How somebody speaks; JSON-able.

    Attributes:
        every: after every so many steps of an episode, >= 1.
        slots: which kinds of feedback may be given, some of r, hp, hn, fp, fn; see `Critique`.
        levels: of the reward in words, >= 2.
        in_observation: None, "words" or "slots", see `LanguageFeedback`.
        instruction: the task in words, at most 2000 characters.
        action_names: what the actions are called; () for "action 0" and so on.
        paraphrase: draw one of several wordings each time, from a stream of its own.
        reward_hidden: pay 0, so that there is nothing to learn from but what is said.
        states: show the teacher the world's states; slow, see `LastStep`.
        seed: of the wording; the teacher has its own.
    """

    every: int = 1
    slots: Sequence[str] = SLOTS
    levels: int = 5
    in_observation: Show | None = None
    instruction: str = ""
    action_names: Sequence[str] = ()
    paraphrase: bool = False
    reward_hidden: bool = False
    states: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every must be at least 1 step, got {self.every}")
        if len(self.instruction) > TEXT_LIMIT:
            raise ValueError(
                f"an instruction has at most {TEXT_LIMIT} characters, got {len(self.instruction)}"
            )


class Critic:
    """Asks a teacher about the latest steps of N rows and puts its answers into words.

    Args:
        env: what is stepped, single or vector.
        observations, actions: spaces of one row.
        teacher: spec of one that answers `Critique`.
        speech: how it speaks.

    Attributes:
        teacher, speech: as given; the teacher made.
        shown: puts what was said into observations.
        last: the latest step of every row.
        words: (N,) what was last said of each row, str.
        cells: (N, 4) the same as cells of a `Critique`.
    """

    def __init__(
        self,
        env: Any,
        observations: gym.Space[Any],
        actions: gym.Space[Any],
        teacher: Named,
        speech: Speech,
    ) -> None:
        count, self._start = discrete_actions("LanguageFeedback", actions)
        if len(speech.action_names) not in (0, count):
            raise ValueError(
                f"action_names needs {count} names, one per action, got {speech.action_names}"
            )
        self.teacher, self.speech = feedback.make(teacher), speech
        self._ask = Critique(count, speech.levels, tuple(speech.slots))
        self.shown = SpokenObservation(observations, speech.in_observation, self._ask.sizes)
        self.last = LastStep(env, speech.states)
        self._hider: Any = inner(env, "HideReward")
        self._wording = stream(speech.seed, "wording")
        self._asked = 0
        rows = self.last.rows.count
        self.words = np.full(rows, "", object)
        self.cells = np.zeros((rows, len(self._ask.sizes)), np.int64)

    def begin(self, obs: Any, rows: Bools | None = None) -> Told:
        """Rows (N,), or all, start a new episode."""
        self.last.begin(obs, rows)
        begun = np.ones(self.last.rows.count, np.bool_) if rows is None else rows
        self.words[begun], self.cells[begun] = "", 0
        return self._told(begun, begun)

    def step(
        self, actions: Array, reward: Array, obs: Any, over: Bools, info: dict[str, Any]
    ) -> Told:
        """What is told of a step."""
        # What is hidden from the learner is not hidden from its teacher.
        truth = truth_of(info, reward) if self._hider is None else self._hider.truth
        taken = np.asarray(actions) - self._start
        self.last.add(taken, np.atleast_1d(truth), obs, over, info)
        self.words, self.cells = np.full_like(self.words, ""), np.zeros_like(self.cells)
        due = np.flatnonzero(self.last.played & (self.last.age % self.speech.every == 0))
        context = {"instruction": self.speech.instruction} if self.speech.instruction else {}
        queries = [
            Query((self.last.segment(int(row)),), self._ask, (), context, self._asked + i)
            for i, row in enumerate(due)
        ]
        answers = self.teacher.answer(queries, now=self._asked)
        self._asked += len(queries)
        for row, given in zip(due, answers, strict=True):
            if given.answer is not None:
                self.cells[row] = given.answer
            said = self._put(self.cells[row].tolist()), given.comment
            self.words[row] = " ".join(filter(None, said))[:TEXT_LIMIT]
        return self._told(self.last.played, self.last.fresh)

    def aside(self, info: dict[str, Any], reward: Any) -> dict[str, Any]:
        """The info, with the truth set aside where the reward is hidden."""
        if not self.speech.reward_hidden:
            return dict(info)
        return set_truth_aside(info, reward, self._hider is not None)

    def shown_rows(self, obs: Any, fresh: Bools) -> Any:
        """What N rows see; where an episode is `fresh`, the instruction and no feedback."""
        instructions = np.where(fresh, self.speech.instruction, "").tolist()
        words = np.where(fresh, "", self.words).tolist()
        return self.shown.rows(obs, instructions, words, np.where(fresh[:, None], 0, self.cells))

    def shown_last(self, final: Array) -> Array:
        """(N,) last observations of the episodes that have ended, with what was said of them."""
        out = np.full(len(final), None, object)
        for row in np.flatnonzero(self.last.ended):
            out[row] = self.shown.row(final[row], "", self.words[row], self.cells[row])
        return out

    def get_state(self) -> State:
        return {
            "teacher": self.teacher.get_state(),
            "last": self.last.get_state(),
            "wording": generator_state(self._wording),
            "asked": self._asked,
            "words": self.words.tolist(),
            "cells": self.cells.copy(),
        }

    def set_state(self, state: State) -> None:
        self.teacher.set_state(state["teacher"])
        self.last.set_state(state["last"])
        self._wording = generator_from(state["wording"])
        self._asked = int(state["asked"])
        self.words, self.cells = np.array(state["words"], object), state["cells"].copy()

    def _put(self, answer: list[int]) -> str:
        """An answer in words; as many wordings are drawn whatever it says."""
        wordings = [0] * len(PHRASES)
        if self.speech.paraphrase:
            wordings = self._wording.integers([len(same) for same in PHRASES]).tolist()
        return self._ask.say(answer, wordings, self.speech.action_names)

    def _told(self, said: Bools, fresh: Bools) -> Told:
        told: Told = {
            "feedback": (self.words.copy(), said.copy()),
            "feedback_slots": (self.cells.copy(), said.copy()),
        }
        if fresh.any():
            told["instruction"] = (np.full(len(fresh), self.speech.instruction, object), fresh)
        return told
