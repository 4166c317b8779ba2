"""Beam search over tokens: keep the best beginnings of answers, token by token.

    rank of a beginning = logp_weight * log pi(beginning) + worth(beginning)

Without `worth` it is the usual search for likely answers; a width of 1 is greedy decoding. With
one, it is led by values: a critic's, a world's, or the policy's own implicit reward.

Source: arXiv:2404.12358 (led by an implicit Q-function).
Differs: no cache; each step reads the beginnings anew.
"""

from dataclasses import dataclass, replace

import torch

from plaudit.agents.policies import sampling
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.search.base import Score, scored
from plaudit.agents.types import TokenBatch


@dataclass(frozen=True)
class Beams:
    """Answers to B prompts.

    Attributes:
        batch: (B, T) the best one to each.
        answers: (B * W, T), the W to a prompt beside one another, best first.
        ranks: (B, W) float64, of these; -inf where there were fewer answers than W.
    """

    batch: TokenBatch
    answers: TokenBatch
    ranks: torch.Tensor


@torch.no_grad()
def beam(
    policy: TokenPolicy,
    prompt_ids: torch.Tensor,
    prompt_mask: torch.Tensor,
    *,
    width: int,
    max_new: int,
    worth: Score | None = None,
    logp_weight: float = 1.0,
    branch: int | None = None,
) -> Beams:
    """The answers that rank best among those searched; of equal ones the first.

    A width of V**T searches all answers of T tokens, so that the best one is found if only whole
    answers are scored rightly.

    Args:
        policy: proposes tokens; those that its sampling cuts away are not tried.
        prompt_ids: (B, P) integers, padded on the left.
        prompt_mask: (B, P), true where not padding.
        width: W, beginnings kept of each prompt, at least 1.
        max_new: longest answer, tokens.
        worth: of beginnings and whole answers, see `scores`; None for log-probability alone.
        logp_weight: unit of `worth` per nat, at least 0; 0 leaves the ranking to `worth`.
        branch: only so many of the likeliest tokens are tried behind each beginning; None for all.

    Raises:
        ValueError: a setting is out of its range, `worth` is not finite, or prompt and answer
            exceed the policy's context.

    Source: arXiv:2404.12358.
    """
    _check(width, max_new, logp_weight, branch, worth)
    ids, mask = prompt_ids.to(policy.device), prompt_mask.to(policy.device).bool()
    longest = int(mask.sum(1).max()) if len(mask) else 0
    if policy.context is not None and longest + max_new > policy.context:
        raise ValueError(
            f"a prompt of {longest} tokens and an answer of {max_new} exceed the context of "
            f"{policy.context} tokens"
        )
    found = _Beginnings(policy, ids, mask, width, max_new)
    for place in range(max_new):
        logp = found.next_logp(place)
        if branch is not None and branch < logp.shape[-1]:
            likely = logp.topk(branch, -1)
            logp = torch.full_like(logp, -torch.inf).scatter(-1, likely.indices, likely.values)
        found.extend(place, logp, worth, logp_weight)
        if not found.open.any():
            break
    answers = found.answers()
    first = torch.arange(len(ids), device=ids.device) * width
    return Beams(answers.rows(first), answers, found.ranks.cpu())


class _Beginnings:
    """W beginnings for each of B prompts.

    Attributes:
        open: (B, W) bool, which are not ended yet.
        ranks: (B, W) float64, -inf where there is none.
    """

    def __init__(
        self, policy: TokenPolicy, ids: torch.Tensor, mask: torch.Tensor, width: int, max_new: int
    ) -> None:
        self._policy = policy
        self._ids, self._mask = ids.repeat_interleave(width, 0), mask.repeat_interleave(width, 0)
        shape = (len(ids), width, max_new)
        self._tokens = torch.full(shape, policy.pad_id, device=ids.device)
        self._written = torch.zeros(shape, dtype=torch.bool, device=ids.device)
        self._logp = torch.zeros(shape, device=ids.device)
        self.ranks = torch.full(shape[:2], -torch.inf, dtype=torch.float64, device=ids.device)
        self.ranks[:, 0] = 0.0
        self.open = torch.isfinite(self.ranks)

    def next_logp(self, place: int) -> torch.Tensor:
        """(B, W, V) log-probabilities of the next token; -inf behind what is not open."""
        policy = self._policy
        # What has ended is read on, as zeros, and not used.
        read = torch.where(self._written, self._tokens, 0).flatten(0, 1)[:, :place]
        ids = torch.cat([self._ids, read], 1)
        mask = torch.cat([self._mask, torch.ones_like(read, dtype=torch.bool)], 1)
        logits, _ = policy.start(ids, mask, ids.shape[1] + 1)
        logp = sampling.log_probs(logits, policy.temperature, policy.top_k, policy.top_p)
        return logp.view(*self.open.shape, -1).masked_fill(~self.open[..., None], -torch.inf)

    def extend(
        self, place: int, logp: torch.Tensor, worth: Score | None, logp_weight: float
    ) -> None:
        """Try every token behind every open beginning and keep the W best, ended ones included."""
        prompts, width, vocab = logp.shape
        whole = self._logp.sum(-1, dtype=torch.float64)[..., None] + logp.double()
        tried = torch.isfinite(logp)
        ranks = torch.where(tried, logp_weight * whole, -torch.inf).flatten()
        if worth is not None:
            index = tried.flatten().nonzero()[:, 0]
            ranks[index] += self._worth(worth, place, index, logp).to(ranks.device)
        # An ended answer competes as it is.
        ended = self.ranks.masked_fill(self.open, -torch.inf)
        both = torch.cat([ranks.view(prompts, -1), ended], 1)
        best = both.sort(dim=1, descending=True, stable=True)
        self.ranks, chosen = best.values[:, :width], best.indices[:, :width]
        grown = chosen < width * vocab
        parent = torch.where(grown, chosen // vocab, chosen - width * vocab)
        token = torch.where(grown, chosen % vocab, self._policy.pad_id)
        rows = torch.arange(prompts, device=logp.device)[:, None]
        step = logp.view(prompts, -1).gather(1, chosen.clamp(max=width * vocab - 1))
        real = torch.isfinite(self.ranks)  # where fewer were tried than are kept, the rest is empty
        self._tokens, self._logp = self._tokens[rows, parent], self._logp[rows, parent]
        self._written = self._written[rows, parent] & real[..., None]
        real = real & grown
        self._tokens[..., place] = torch.where(real, token, self._policy.pad_id)
        self._written[..., place] = real
        self._logp[..., place] = torch.where(real, step, 0.0)
        self.open = real
        if self._policy.eos_id is not None:
            self.open = real & (token != self._policy.eos_id)

    def answers(self, index: torch.Tensor | None = None) -> TokenBatch:
        """All beginnings as a batch, or some of them."""
        tokens, written = self._tokens.flatten(0, 1), self._written.flatten(0, 1)
        batch = TokenBatch(
            self._ids, self._mask, tokens, written, self._logp.flatten(0, 1), self._status(tokens)
        )
        return batch if index is None else batch.rows(index)

    def _status(self, tokens: torch.Tensor) -> tuple[str, ...]:
        if self._policy.eos_id is None:
            return ("length",) * len(tokens)
        ended = (tokens == self._policy.eos_id).any(1).tolist()
        return tuple("ended" if row else "length" for row in ended)

    def _worth(
        self, worth: Score, place: int, index: torch.Tensor, logp: torch.Tensor
    ) -> torch.Tensor:
        """Worth of beginnings with one more token, named by places in (B, W, V) laid flat."""
        vocab = logp.shape[-1]
        grown = self.answers(index // vocab)
        grown.tokens[:, place], grown.action_mask[:, place] = index % vocab, True
        grown.logp[:, place] = logp.flatten()[index]
        return scored(worth, replace(grown, status=self._status(grown.tokens)))


def _check(
    width: int, max_new: int, logp_weight: float, branch: int | None, worth: Score | None
) -> None:
    for name, number in (("width", width), ("max_new", max_new), ("branch", branch)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 <= logp_weight < float("inf"):
        raise ValueError(f"logp_weight must be finite and at least 0, got {logp_weight}")
    if worth is None and logp_weight == 0:
        raise ValueError("nothing to rank by: logp_weight is 0 and there is no worth")
