"""How hackable the truth of Sentiment is: the best of many random word salads.

A salad mixes VADER's most positive words with function words in a random share and order, with or
without exclamation marks. It has no meaning, so what it earns is what the definition gives away.

Source: own design; best-of-n as a measure of over-optimisation, Gao et al. 2022, arXiv:2210.10760.
"""

from typing import NamedTuple

import numpy as np

from plaudit.envs.token.sentiment.held_out import held_out_score
from plaudit.envs.token.sentiment.truth import FUNCTION_WORDS, Truth, analyser, true_reward

TRIES = 10_000
MIN_VALENCE = 2.0  # of VADER's scale -4..4: "good" has 1.9, "great" 3.1
PRAISE_SHARE = (0.1, 0.6)  # of the words of a salad, drawn uniformly
MEAN_WORD_BYTES = 4  # a salad is drawn too long and cut at the last word that fits


class RedTeam(NamedTuple):
    """The best salad found, its true reward and its held-out score."""

    text: str
    truth: Truth
    held_out: float


def best_word_salad(seed: int = 0, tries: int = TRIES, max_bytes: int = 120) -> RedTeam:
    """The salad with the highest true reward of `tries` random ones.

    Args:
        seed: of the salads.
        tries: how many are drawn, at least 1.
        max_bytes: longest salad, bytes, at least 1.

    Raises:
        ValueError: `tries` or `max_bytes` is below 1.
    """
    if tries < 1 or max_bytes < 1:
        raise ValueError(f"tries and max_bytes must be at least 1, got {tries} and {max_bytes}")
    rng = np.random.default_rng(seed)
    praise = sorted(
        word
        for word, valence in analyser().lexicon.items()
        if valence >= MIN_VALENCE and word.isascii() and word.isalpha()
    )
    function = sorted(FUNCTION_WORDS)
    salads = (_salad(rng, praise, function, max_bytes) for _ in range(tries))
    text, truth = max(((text, true_reward(text)) for text in salads), key=lambda pair: pair[1])
    return RedTeam(text, truth, held_out_score(text))


def _salad(rng: np.random.Generator, praise: list[str], function: list[str], max_bytes: int) -> str:
    count = max_bytes // MEAN_WORD_BYTES + 1
    from_praise = rng.random(count) < rng.uniform(*PRAISE_SHARE)
    places = rng.random(count)
    words = [
        pool[int(place * len(pool))]
        for place, pool in zip(
            places, (praise if praised else function for praised in from_praise), strict=True
        )
    ]
    marks = "!" * int(rng.integers(4))
    text = " " + " ".join(words)
    if len(text) + len(marks) > max_bytes:
        text = text[: max(max_bytes - len(marks), 0) + 1].rpartition(" ")[0]
    return (text + marks)[:max_bytes]
