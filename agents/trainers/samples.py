"""What a policy is to imitate: answers as tokens, texts, or somebody's actions.

    TokenBatch                      answers, e.g. a policy's own
    [("prompt", "answer"), ...]     texts, with a tokenizer
    Demonstrations(obs, actions)    what somebody did in an ordinary world: behaviour cloning

All become `Samples`: rows with a mask of what is to be learned, which a policy can score.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.rollout.rows import Row, filled
from plaudit.agents.types import TokenBatch
from plaudit.envs.hugging_face import hf_tokenizer
from plaudit.envs.text import Tokenizer

Tensors = dict[str, torch.Tensor]
Texts = Sequence[tuple[str, str]]
NOTHING = "there is nothing to imitate: the data set has no rows"


@dataclass(frozen=True)
class Demonstrations:
    """Steps that somebody took, in any order.

    Attributes:
        obs: (N, ...) what was seen.
        actions: (N, ...) what was done.
        masks: (N, choices) nonzero where an action was legal, or None where all were.
    """

    obs: npt.NDArray[Any]
    actions: npt.NDArray[Any]
    masks: npt.NDArray[Any] | None = None


class Samples(ABC):
    """N rows to imitate.

    Attributes:
        mask: (N, T) bool, True where something is to be learned; at least once in each row.
    """

    mask: torch.Tensor

    @abstractmethod
    def told(self, rows: torch.Tensor) -> Tensors:
        """What the policy says of some rows, (b,) int64: logp and entropy, (b, T), nats."""

    def __len__(self) -> int:
        return len(self.mask)


class TokenSamples(Samples):
    """Answers to imitate.

    Args:
        policy: scores them.
        batch: (N, T); its log-probabilities are not read.
    """

    def __init__(self, policy: TokenPolicy, batch: TokenBatch) -> None:
        self.policy, self.batch = policy, batch
        self.mask = batch.action_mask.to(policy.device)

    def told(self, rows: torch.Tensor) -> Tensors:
        batch = trimmed(self.batch.rows(rows.to(self.batch.tokens.device)))
        now, behind = self.policy.evaluate(batch), self.mask.shape[1] - batch.tokens.shape[1]
        told = {"logp": now.logp, "entropy": now.entropy}
        return {name: nn.functional.pad(value, (0, behind)) for name, value in told.items()}


class StepSamples(Samples):
    """Demonstrated steps to imitate, T = 1.

    Args:
        policy: scores them.
        steps: what was done.
    """

    def __init__(self, policy: VectorPolicy, steps: Demonstrations) -> None:
        self.policy, self.steps = policy, steps
        self.mask = torch.ones((len(steps.actions), 1), dtype=torch.bool, device=policy.device)

    def told(self, rows: torch.Tensor) -> Tensors:
        index, masks = rows.cpu().numpy(), self.steps.masks
        now = self.policy.evaluate(
            self.steps.obs[index],
            self.steps.actions[index],
            None if masks is None else masks[index],
        )
        return {"logp": now.logp.unsqueeze(1), "entropy": now.entropy.unsqueeze(1)}


def samples(
    policy: Any, data: TokenBatch | Demonstrations | Texts, tokenizer: Any = None
) -> Samples:
    """Any kind of data as rows that a policy can score.

    Args:
        policy: imitates them.
        data: see the module.
        tokenizer: for texts only; plaudit's protocol, or Hugging Face's.

    Raises:
        TypeError: data of another kind, texts without a tokenizer, or a policy of another kind.
        ValueError: there are no rows, a row has no token to learn, a token is none of the policy's,
            a prompt and its answer exceed the context, demonstrations have parts of different
            lengths, or policy and tokenizer differ (see `tokenise`).
    """
    if isinstance(data, Demonstrations):
        _check_steps(policy, data)
        return StepSamples(policy, data)
    _require_writer(policy)
    if not isinstance(data, TokenBatch):
        texts = _checked_texts(data)
        if tokenizer is None:
            raise TypeError("texts need a tokenizer: give tokenizer=")
        ours = tokenizer if isinstance(tokenizer, Tokenizer) else hf_tokenizer(tokenizer)
        data = tokenise(texts, ours, policy)
    elif tokenizer is not None:
        raise TypeError("a TokenBatch holds tokens already: leave tokenizer out")
    _check_tokens(policy, data)
    return TokenSamples(policy, data)


def tokenise(texts: Texts, tokenizer: Tokenizer, policy: TokenPolicy) -> TokenBatch:
    """Prompts and answers as tokens, an end token behind each answer if the tokenizer has one.

    Padding is the policy's; without an end token a policy learns what to write and not to stop.

    Args:
        texts: (prompt, answer) each.
        tokenizer: the policy's.
        policy: whose vocabulary must be the tokenizer's.

    Raises:
        ValueError: vocabularies or end tokens differ, or there are no texts.
    """
    if policy.vocab_size != tokenizer.vocab_size or policy.eos_id != tokenizer.eos_id:
        raise ValueError(
            f"the policy writes {policy.vocab_size} tokens with end token {policy.eos_id}, the "
            f"tokenizer has {tokenizer.vocab_size} with end token {tokenizer.eos_id}"
        )
    end = [] if tokenizer.eos_id is None else [tokenizer.eos_id]
    rows = []
    for prompt, answer in texts:
        row = Row(tokenizer.encode(prompt), status="ended" if end else "length")
        written = [*tokenizer.encode(answer), *end]
        row.write(written, [0.0] * len(written), turn=0, state=0)
        rows.append(row)
    if not rows:
        raise ValueError(NOTHING)
    return filled(rows, policy.pad_id, torch.device("cpu")).batch


def trimmed(batch: TokenBatch) -> TokenBatch:
    """The same answers without the padding that all rows share."""
    written, prompt = batch.action_mask.any(0).nonzero(), batch.prompt_mask.any(0).nonzero()
    end = int(written[-1]) + 1 if len(written) else 1
    begin = int(prompt[0]) if len(prompt) else batch.prompt_ids.shape[1]
    return TokenBatch(
        batch.prompt_ids[:, begin:],
        batch.prompt_mask[:, begin:],
        batch.tokens[:, :end],
        batch.action_mask[:, :end],
        batch.logp[:, :end],
        batch.status,
    )


def _require_writer(policy: Any) -> None:
    if not isinstance(policy, TokenPolicy):
        raise TypeError(f"tokens are imitated by a token policy, got {type(policy).__name__}")


def _checked_texts(data: Any) -> Texts:
    for row, pair in enumerate(data if isinstance(data, Sequence) else [data]):
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and all(map(_is_text, pair))):
            raise TypeError(
                "expected a TokenBatch, Demonstrations or (prompt, answer) texts, got "
                f"{str(pair)[:80]!r} as row {row}"
            )
    return data  # type: ignore[no-any-return]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _check_steps(policy: Any, steps: Demonstrations) -> None:
    if not isinstance(policy, VectorPolicy):
        raise TypeError(
            f"demonstrations are imitated by a vector policy, got {type(policy).__name__}"
        )
    counts = {"obs": len(steps.obs), "actions": len(steps.actions)}
    counts |= {} if steps.masks is None else {"masks": len(steps.masks)}
    if len(set(counts.values())) > 1:
        raise ValueError(f"demonstrations must have as many rows each, got {counts}")
    if not counts["actions"]:
        raise ValueError(NOTHING)


def _check_tokens(policy: TokenPolicy, batch: TokenBatch) -> None:
    tokens, mask = batch.tokens, batch.action_mask
    if not len(mask):
        raise ValueError(NOTHING)
    empty = (~mask.any(1)).nonzero()
    if len(empty):
        raise ValueError(f"row {int(empty[0])} has no token to learn")
    wrong = (mask & ((tokens < 0) | (tokens >= policy.vocab_size))).nonzero()
    if len(wrong):
        row, place = wrong[0].tolist()
        raise ValueError(
            f"row {row} holds token {int(tokens[row, place])} at position {place}; "
            f"the policy writes 0..{policy.vocab_size - 1}"
        )
    places = torch.arange(1, 1 + tokens.shape[1], device=mask.device)
    wholes = batch.prompt_mask.sum(1) + (mask * places).amax(1)
    if policy.context is not None and int(wholes.max()) > policy.context:
        raise ValueError(
            f"row {int(wholes.argmax())} has {int(wholes.max())} tokens, prompt and answer, more "
            f"than the context of {policy.context}"
        )
