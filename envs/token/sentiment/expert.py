"""The scripted expert of Sentiment: fluent praise that carries on any of the openings.

An opening that ends with a subject gets a verb, one that ends where a clause begins gets a clause;
which of the four texts it gets depends on the opening alone. Where the text is too long it is cut
back to the last clause that fits.

Source: own design.
"""

import re
import zlib
from functools import lru_cache
from statistics import fmean

from plaudit.envs.token.sentiment.openings import Opening, load_openings
from plaudit.envs.token.sentiment.truth import true_reward

CONTINUATIONS = {
    "subject": (
        " turned out to be a real delight, better than I had dared to hope, and we were so happy.",
        " proved a wonderful surprise, full of warmth and charm, and I loved every minute of it.",
        " made us all smile, won our hearts with ease, and gave me the best memory of the year.",
        " could not have been lovelier, and we thanked our good luck with a big, happy laugh.",
    ),
    "clause": (
        " it all turned out wonderfully, better than I had hoped, and we were delighted with it.",
        " everything went perfectly, everybody was kind to us, and I loved every minute of it.",
        " in the end we had a great time, with good friends and much laughter, and I am so glad.",
        " what came next was pure joy, a lovely surprise for all of us, and I am truly thankful.",
    ),
}


def expert_continuation(opening: Opening, max_bytes: int) -> str:
    """What the expert writes behind an opening, at most `max_bytes` bytes (ASCII).

    Raises:
        ValueError: `max_bytes` is below 1.
    """
    if max_bytes < 1:
        raise ValueError(f"max_bytes must be at least 1, got {max_bytes}")
    choices = CONTINUATIONS[opening.ends]
    text = choices[zlib.crc32(opening.text.encode()) % len(choices)]
    if len(text) <= max_bytes:
        return text
    clauses = [text[: comma.start()] + "." for comma in re.finditer(",", text)]
    fitting = [clause for clause in clauses if len(clause) <= max_bytes]
    return fitting[-1] if fitting else text[:max_bytes]


@lru_cache(maxsize=64)
def expert_value(split: str, max_bytes: int) -> float:
    """Mean true reward of the expert over the openings of a split."""
    return fmean(
        true_reward(expert_continuation(opening, max_bytes)).reward
        for opening in load_openings(split)
    )
