"""What every token policy is: a next-token distribution, and the one loop that samples from it.

A leaf says how logits come about (`start`, `advance`, `forward_answer`); this module samples,
scores and measures all of them alike.

Source: own design; `predict` has the signature of Stable-Baselines3.
"""

import copy
from abc import ABC, abstractmethod
from itertools import chain
from typing import Any, NamedTuple, Self, Unpack

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.agents.device import send
from plaudit.agents.policies import sampling
from plaudit.agents.policies.windows import IntArray, read_windows
from plaudit.agents.shapes import check
from plaudit.agents.types import TokenBatch


class Evaluation(NamedTuple):
    """What one forward pass says about answers: (B, T) each, 0 where masked.

    Attributes:
        logp: log-probability of each token, nats.
        entropy: of the distribution each token was drawn from, nats.
        value: expected return before each token, or None without a value head.
    """

    logp: torch.Tensor
    entropy: torch.Tensor
    value: torch.Tensor | None


class TokenPolicy(nn.Module, ABC):
    """A distribution over the next token, given a prompt and the answer so far.

    Prompts are padded on the left. Sampling settings are plain attributes and may be changed
    between calls. Under truncation a token outside the kept set has log-probability -inf.

    Attributes:
        vocab_size: number of tokens V; ids 0 .. V - 1 can be sampled.
        symbols: ids that can be read, at least V.
        pad_id: id that fills prompts and finished answers.
        eos_id: token that ends an answer, or None for answers of fixed length.
        context: longest prompt plus answer, tokens, or None for no limit.
        temperature, top_k, top_p: see `sampling.Sampling`.
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        pad_id: int,
        eos_id: int | None = None,
        context: int | None = None,
        value_width: int | None = None,
        seed: int = 0,
        **settings: Unpack[sampling.Sampling],
    ) -> None:
        if eos_id is not None and not 0 <= eos_id < vocab_size:
            raise ValueError(f"eos_id must be in 0..{vocab_size - 1} or None, got {eos_id}")
        sampling.check_sampling(**settings)  # refuses unknown names, too
        super().__init__()
        self.vocab_size = self.symbols = vocab_size
        self.pad_id, self.eos_id, self.context = pad_id, eos_id, context
        self.temperature = settings.get("temperature", 1.0)
        self.top_k = settings.get("top_k")
        self.top_p = settings.get("top_p")
        self.value_head = None if value_width is None else _zero_head(value_width)
        self._predict_rng = torch.Generator().manual_seed(seed)

    @abstractmethod
    def start(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, capacity: int
    ) -> tuple[torch.Tensor, Any]:
        """Read the prompts (B, P).

        Returns:
            The logits (B, V) of the next token, and a cache with room for `capacity` tokens,
            the prompt included. `advance` may change the cache in place. This way of reading is
            for sampling; gradients come from `forward_answer`.
        """

    @abstractmethod
    def advance(self, tokens: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        """Read one more token per row, (B,); logits (B, V) of the next one, and the cache."""

    @abstractmethod
    def extend(self, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        """Read a block (B, L) behind what was read, padded on the left; logits (B, V), and cache.

        What `mask` (B, L) leaves out is as if it were not there. Rows of which nothing is read keep
        their place; their logits mean nothing. The block may be longer than the cache has room for.
        """

    @abstractmethod
    def forward_answer(
        self, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits (B, T, V) that predicted each answer token, and hidden states (B, T, d)."""

    @property
    def device(self) -> torch.device:
        """Where the policy computes, and where its batches lie."""
        for tensor in chain(self.parameters(), self.buffers()):
            return tensor.device
        return torch.device("cpu")

    @torch.no_grad()
    def sample(
        self,
        prompt_ids: torch.Tensor,
        prompt_mask: torch.Tensor,
        *,
        max_new: int,
        rng: torch.Generator,
        greedy: bool = False,
    ) -> TokenBatch:
        """Sample one answer to each prompt.

        Args:
            prompt_ids: (B, P) integers, padded on the left.
            prompt_mask: (B, P), true where not padding.
            max_new: longest answer, tokens.
            rng: on any device; each call draws B * max_new numbers, whatever the answers are.
            greedy: take the likeliest token each time.

        Raises:
            ValueError: prompts do not fit the policy or its context, or logits are not finite.
        """
        ids, mask = self._check_prompt(prompt_ids, prompt_mask, max_new)
        uniform = sampling.uniform((len(ids), max_new), rng).to(ids.device)
        written: list[torch.Tensor] = []
        logp: list[torch.Tensor] = []
        ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
        logits, cache = self.start(ids, mask, ids.shape[1] + max_new)
        for t, drawn in enumerate(uniform.unbind(1)):
            if t > 0:
                logits, cache = self.advance(written[-1], cache)
            scores = self._log_probs(logits)
            written.append(scores.argmax(-1) if greedy else sampling.draw(scores, drawn))
            logp.append(sampling.pick(scores, written[-1]))
            if self.eos_id is not None:
                ended = ended | (written[-1] == self.eos_id)
                if ended.all():
                    break
        tokens, rest = torch.stack(written, 1), (0, max_new - len(written))
        chosen = sampling.until_end(tokens, self.eos_id)
        return TokenBatch(
            ids,
            mask,
            nn.functional.pad(tokens.masked_fill(~chosen, self.pad_id), rest, value=self.pad_id),
            nn.functional.pad(chosen, rest, value=False),
            nn.functional.pad(torch.stack(logp, 1).masked_fill(~chosen, 0.0), rest),
            tuple("ended" if row else "length" for row in ended.tolist()),
        )

    def logp(self, batch: TokenBatch) -> torch.Tensor:
        """Differentiable log-probability (B, T) of each answer token, nats, 0 where masked."""
        logits, _, mask = self._read_answer(batch)
        return torch.where(
            mask, sampling.pick(self._log_probs(logits), batch.tokens.to(mask.device)), 0.0
        )

    def evaluate(self, batch: TokenBatch, *, entropy_gradient: bool = False) -> Evaluation:
        """Log-probabilities, entropies and, with a value head, values, by one forward pass.

        Differentiable entropies cost as much as the log-probabilities; `entropy_gradient` asks.
        """
        logits, hidden, mask = self._read_answer(batch)
        scores = self._log_probs(logits)
        logp = sampling.pick(scores, batch.tokens.to(mask.device))
        value = None if self.value_head is None else self._values(hidden, mask)
        spread = sampling.entropy(scores if entropy_gradient else scores.detach())
        return Evaluation(torch.where(mask, logp, 0.0), torch.where(mask, spread, 0.0), value)

    def value(self, batch: TokenBatch) -> torch.Tensor:
        """Expected return (B, T) before each answer token, 0 where masked.

        Raises:
            ValueError: the policy has no value head.
        """
        _, hidden, mask = self._read_answer(batch)
        return self._values(hidden, mask)

    def respond(self, obs: IntArray, *, pad_id: int, max_new: int, seed: int) -> IntArray:
        """Answer a token world: windows (B, L), padded on the left, to int64 answers (B, max_new).

        Args:
            obs: token ids, most recent last.
            pad_id: the world's padding, both in `obs` and after the end of an answer.
            max_new: longest answer, tokens.
            seed: of the answers' own stream.
        """
        ids, mask = read_windows(obs, pad_id)
        rng = torch.Generator().manual_seed(seed)
        batch = self.sample(ids, mask, max_new=max_new, rng=rng)
        return torch.where(batch.action_mask, batch.tokens, pad_id).cpu().numpy()

    @torch.no_grad()
    def predict(
        self,
        obs: IntArray,
        state: tuple[npt.NDArray[Any], ...] | None = None,
        episode_start: npt.NDArray[np.bool_] | None = None,
        deterministic: bool = False,
    ) -> tuple[IntArray, None]:
        """The next token for windows (B, L) or (L,) padded on the left with `self.pad_id`.

        Returns:
            int64 tokens, (B,) or (), and no state. Random ones come from the policy's own stream,
            deterministic ones are the likeliest.
        """
        window = np.asarray(obs)
        ids, mask = self._check_prompt(*read_windows(np.atleast_2d(window), self.pad_id), 1)
        scores = self._log_probs(self.start(ids, mask, ids.shape[1] + 1)[0])
        if deterministic:
            chosen = scores.argmax(-1)
        else:
            uniform = sampling.uniform((len(ids),), self._predict_rng).to(ids.device)
            chosen = sampling.draw(scores, uniform)
        return chosen.cpu().numpy().reshape(window.shape[:-1]), None

    def frozen_copy(self) -> Self:
        """A copy that does not train, e.g. the reference of a KL term.

        What trains now is copied. What is frozen already (a base model under LoRA adapters, an
        n-gram table) is shared, not stored twice, and has to stay frozen.
        """
        twin = copy.deepcopy(self, {id(thing): thing for thing in self._shared()})
        return twin.requires_grad_(False).eval()

    def _shared(self) -> list[Any]:
        """What a copy of this policy may share with it."""
        frozen = [p for p in self.parameters() if not p.requires_grad]
        return [*frozen, *self.buffers()]

    def _log_probs(self, logits: torch.Tensor) -> torch.Tensor:
        return sampling.log_probs(logits, self.temperature, self.top_k, self.top_p)

    def _values(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.value_head is None:
            raise ValueError(
                f"this {type(self).__name__} has no value head; construct it with value_head=True"
            )
        return torch.where(mask, self.value_head(hidden.float()).squeeze(-1), 0.0)

    def _read_answer(self, batch: TokenBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits (B, T, V), hidden states (B, T, d) and the action mask (B, T) of answers."""
        check(tokens=(batch.tokens, "B T"), action_mask=(batch.action_mask, "B T"))
        # Rows end at different places: behind the last choice stands nothing but padding.
        places = torch.arange(1, 1 + batch.tokens.shape[1], device=batch.action_mask.device)
        lengths = (batch.action_mask * places).amax(1)
        ids, mask = self._check_prompt(batch.prompt_ids, batch.prompt_mask, lengths)
        logits, hidden = self.forward_answer(ids, mask, batch.tokens.to(self.device))
        return logits, hidden, batch.action_mask.to(self.device)

    def _check_prompt(
        self, ids: torch.Tensor, mask: torch.Tensor, new: int | torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The prompt on the policy's device, int64 and bool, `pad_id` where masked.

        So many tokens, one number or (B,), must have room behind it.
        """
        sampling.check_sampling(self.temperature, self.top_k, self.top_p)
        check(prompt_ids=(ids, "B P"), prompt_mask=(mask, "B P"))
        if isinstance(new, int) and new < 1:
            raise ValueError(f"an answer needs at least 1 token, got max_new = {new}")
        ids, mask = send(ids.long(), self.device), send(mask.bool(), self.device)
        if (mask[:, :-1] & ~mask[:, 1:]).any():
            raise ValueError("prompts are padded on the left; prompt_mask has padding after tokens")
        wrong = ids[mask & ((ids < 0) | (ids >= self.symbols))]
        if len(wrong):
            raise ValueError(f"prompt ids must be 0..{self.symbols - 1}, got {int(wrong[0])}")
        prompts = mask.sum(1)
        wholes = prompts + (new if isinstance(new, int) else send(new, self.device))
        if self.context is not None and len(ids) and int(wholes.max()) > self.context:
            prompt, whole = (int(x[wholes.argmax()]) for x in (prompts, wholes))
            raise ValueError(
                f"a prompt of {prompt} tokens and an answer of {whole - prompt} exceed "
                f"the context of {self.context} tokens"
            )
        return ids.masked_fill(~mask, self.pad_id), mask


def _zero_head(width: int) -> nn.Linear:
    """A value head that starts at 0 and leaves the global random state alone."""
    with torch.random.fork_rng(devices=[]):
        head = nn.Linear(width, 1)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head
