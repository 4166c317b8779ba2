"""Whole conversations: turn by turn, with one cache from the first word to the last.

At each turn what the worlds say is appended to the cache, then all open rows write. Token in, token
out: rows hold exactly the tokens that were sampled and read, so that log-probabilities recomputed
in one pass over a row equal those of sampling.

A row *fails* when its world raises, or when what it says leaves no room for another turn: nothing
is learned from it, and it is not scored 0. What it had earned stays in `true_scores`, for the log.

Source: own design.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.conversation import Conversations, check_conversations
from plaudit.agents.rollout.rows import Row, filled, left_padded
from plaudit.agents.rollout.truth import Truth
from plaudit.agents.rollout.write_turn import Turn, write_turn
from plaudit.agents.types import Rollout


@torch.no_grad()
def collect_turns(
    policy: TokenPolicy,
    conversations: Conversations,
    *,
    seeds: Sequence[int],
    rng: torch.Generator,
    greedy: bool = False,
) -> Rollout:
    """One conversation per seed.

    Args:
        policy: writes the turns.
        conversations: at least as many rows as seeds.
        seeds: rows with equal seeds begin in the same state and form a group.
        rng: of the turns; each turn draws seeds * max_new numbers.
        greedy: write the likeliest tokens.

    Returns:
        The rollout. Its `info` has, for evaluators: "transcript", "last" (the info of each row's
        last step) and "failure" ("" or what went wrong), lists of B.

    Raises:
        TypeError, ValueError: policy and tokenizer do not fit, or the first thing that a world says
            leaves no room for a turn.

    Source: own design.
    """
    check_conversations(policy, conversations)
    talks = [
        Talk(conversations, i, text, conversations.context(policy))
        for i, text in enumerate(conversations.begin(seeds))
    ]
    truth = Truth(conversations.envs[0])
    device, stops = policy.device, conversations.stops(policy)
    ids, mask = left_padded([talk.row.prompt for talk in talks], policy.pad_id, device)
    logits, cache = policy.start(ids, mask, ids.shape[1] + conversations.max_new)
    max_new = conversations.max_new
    while True:
        live = torch.tensor([talk.open for talk in talks], device=device)
        turn, cache = write_turn(
            policy, logits, cache, live, max_new=max_new, stops=stops, rng=rng, greedy=greedy
        )
        earned = _take(talks, turn, stops)
        truth.add(earned, {}, live.cpu().numpy())
        if not any(talk.open for talk in talks):
            break
        unread = [talk.unread if talk.open else [] for talk in talks]
        logits, cache = policy.extend(*left_padded(unread, policy.pad_id, device), cache)
    return _rollout(talks, truth, seeds, policy)


class Talk:
    """One row's conversation.

    Args:
        conversations: where it is held.
        index: of its world.
        text: what the world said first.
        context: longest conversation, tokens, or None.

    Attributes:
        row: its tokens.
        open: whether the policy writes next.
        unread: tokens that the policy has not read yet.
        turns: turns written. readable: of these, turns that the world could take.
        transcript: (who, text), "world" or "policy".
        last: the world's info of the last step.
        failure: what went wrong, or "".

    Raises:
        ValueError: the first text leaves no room for a turn.
    """

    def __init__(
        self, conversations: Conversations, index: int, text: str, context: int | None
    ) -> None:
        self._conversations, self._index, self._context = conversations, index, context
        self.row = Row(conversations.tokenizer.encode(conversations.template.first(text)))
        self.open, self.turns, self.readable = True, 0, 0
        self.transcript = [("world", text)]
        self.last: dict[str, Any] = {}
        self.failure = ""
        self.unread: list[int] = []
        self._state = conversations.state_number(index, text)
        if not self._has_room():
            raise ValueError(
                f"a prompt of {len(self.row)} tokens and a turn of {conversations.max_new} exceed "
                f"the context of {context} tokens"
            )

    def take(self, tokens: list[int], logp: list[float], closed: bool) -> float:
        """Say a turn to the world and hear its reply; the true reward."""
        conversations = self._conversations
        self.row.write(tokens, logp, self.turns, self._state)
        text = conversations.said(tokens)
        self.transcript.append(("policy", text))
        self.turns += 1
        try:
            said, reward, terminated, truncated, info = conversations.envs[self._index].step(text)
        except Exception as error:  # any: one broken world must not take the others with it
            self._fail(f"the world raised {type(error).__name__}: {error}")
            return 0.0
        self.transcript.append(("world", said))
        self.last = info
        self.readable += info.get("unparsable", "") == ""
        self.row.pay(float(reward), info.get("cost"))
        if terminated or truncated:
            self.row.status, self.open = "ended", False
        elif self.turns == conversations.max_turns:
            self.open = False  # status "length"
        else:
            self._hear(said, tokens[-1], closed)
        return float(info.get("true_reward", reward))

    def _hear(self, said: str, unread: int, closed: bool) -> None:
        conversations = self._conversations
        heard = conversations.tokenizer.encode(conversations.template.next(said, closed))
        if not self._has_room(len(heard)):
            self._fail(f"the context of {self._context} tokens ran over in turn {self.turns + 1}")
            return
        self.row.hear(heard)
        self.unread = [unread, *heard]
        self._state = conversations.state_number(self._index, said)

    def _has_room(self, more: int = 0) -> bool:
        needed = len(self.row) + more + self._conversations.max_new
        return self._context is None or needed <= self._context

    def _fail(self, failure: str) -> None:
        warnings.warn(f"conversation {self._index} failed: {failure}", RuntimeWarning, stacklevel=2)
        self.row.fail()
        self.open, self.failure = False, failure


def _take(talks: list[Talk], turn: Turn, stops: torch.Tensor) -> Any:
    """Say what was written in all open rows; (B,) true rewards."""
    earned = np.zeros(len(talks))
    tokens, logp = turn.tokens.tolist(), turn.logp.tolist()
    for i, (talk, count) in enumerate(zip(talks, turn.mask.sum(1).tolist(), strict=True)):
        if talk.open:
            closed = bool(stops[tokens[i][count - 1]])
            earned[i] = talk.take(tokens[i][:count], logp[i][:count], closed)
    return earned


def _rollout(talks: list[Talk], truth: Truth, seeds: Sequence[int], policy: TokenPolicy) -> Rollout:
    whole = filled([talk.row for talk in talks], policy.pad_id, policy.device, seeds)
    return replace(
        whole,
        valid=sum(talk.readable for talk in talks) / sum(talk.turns for talk in talks),
        true_scores=truth.scores,
        info={
            "transcript": [talk.transcript for talk in talks],
            "last": [talk.last for talk in talks],
            "failure": [talk.failure for talk in talks],
        },
    )
