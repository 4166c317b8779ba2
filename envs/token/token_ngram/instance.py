r"""The rules of TokenNgram: a reference language model and a hidden reward, both n-gram tables.

A context is the last n - 1 tokens, or fewer at the start of a text, where a pad symbol V stands for
"nothing yet". Contexts are numbered in base V + 1, the most recent token least significant:

    index = sum_j token_{-1-j} (V + 1)^j,    next = (index (V + 1) + token) mod (V + 1)^(n - 1)

Source: own design; the exact token-level view of KL-regularised RL is that of Rafailov et al.
2024, arXiv:2404.12358.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

MAX_TABLE = 2**20  # cells of an n-gram table
MAX_VOCAB, MAX_HORIZON, MAX_NGRAM = 64, 32, 3
CONCENTRATION = 0.5  # Dirichlet parameter of the reference's rows: peaked, as language is
SMOOTHING = 0.1  # share of the uniform distribution mixed in, so that every KL is finite
REWARDED = 0.5  # share of n-grams that the hidden reward pays for (or fines), by default

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NgramInstance:
    """One drawn task; all arrays are read-only.

    Attributes:
        vocab: number of symbols V, the end symbol included where there is one.
        ngram: n of the n-grams.
        eos: the end symbol V - 1, or None.
        reference: (S, V) probabilities of the reference model, S = (V + 1)^(ngram - 1).
        weights: (S, V) hidden reward, points, for choosing a token in a context. 0 where the
            n-gram is not complete yet or the token ends the text.
        successor: (S, V) next context.
    """

    vocab: int
    ngram: int
    eos: int | None
    reference: Floats
    weights: Floats
    successor: Ints

    @property
    def pad(self) -> int:
        return self.vocab

    @property
    def contexts(self) -> int:
        return len(self.reference)

    @property
    def empty_context(self) -> int:
        """The context of an empty text: pad symbols only."""
        return self.contexts - 1


@lru_cache(maxsize=16)
def draw_instance(
    vocab: int,
    ngram: int,
    end_token: bool,
    horizon: int,
    seed: int,
    rewarded: float = REWARDED,
) -> NgramInstance:
    """Draw a reference model and a hidden reward; the same numbers for the same arguments.

    Args:
        vocab: V in 2..64.
        ngram: n in 1..3, with V**n <= 2**20.
        end_token: whether the last symbol ends the text.
        horizon: longest text, tokens; with an end token the reference ends a text at a rate of
            1 / horizon per token.
        seed: of the instance, apart from the seeds of episodes.
        rewarded: share of n-grams with a weight other than 0, 0..1.
    """
    if vocab**ngram > MAX_TABLE:
        raise ValueError(
            f"vocab**ngram must be at most 2**20 for an exact optimum, got {vocab}**{ngram}"
        )
    reference_rng, reward_rng = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    contexts = (vocab + 1) ** (ngram - 1)
    reference = reference_rng.dirichlet(np.full(vocab, CONCENTRATION), size=contexts)
    reference = (1 - SMOOTHING) * reference + SMOOTHING / vocab
    counts = reward_rng.random((contexts, vocab)) < rewarded
    weights = np.where(counts, reward_rng.standard_normal((contexts, vocab)), 0.0)
    weights[_incomplete(vocab, ngram)] = 0.0
    eos = vocab - 1 if end_token else None
    if eos is not None:
        reference[:, eos] = 0.0
        reference *= (1 - 1 / horizon) / reference.sum(1, keepdims=True)
        reference[:, eos] = 1 / horizon
        weights[:, eos] = 0.0
    states, tokens = np.arange(contexts)[:, None], np.arange(vocab)[None, :]
    successor = (states * (vocab + 1) + tokens) % contexts
    for array in (reference, weights, successor):
        array.setflags(write=False)
    return NgramInstance(vocab, ngram, eos, reference, weights, successor)


def _incomplete(vocab: int, ngram: int) -> npt.NDArray[np.bool_]:
    """(S,) True for contexts that hold a pad symbol: no n-gram ends there yet."""
    index = np.arange((vocab + 1) ** (ngram - 1))
    found = np.zeros(len(index), np.bool_)
    for _ in range(ngram - 1):
        found |= index % (vocab + 1) == vocab
        index //= vocab + 1
    return found
