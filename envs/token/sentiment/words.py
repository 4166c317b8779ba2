"""Words of a text, and the word lists of Sentiment's two truths.

Source: own design; the lists in `data/words.json` were chosen by hand.
"""

import json
import re
from functools import cache
from importlib import resources

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
TYPOGRAPHIC_APOSTROPHE = "\u2019"


def split_words(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters, with apostrophes inside."""
    return WORD.findall(text.lower().replace(TYPOGRAPHIC_APOSTROPHE, "'"))


def word_list(name: str) -> frozenset[str]:
    """One of the lists: function, positive, negative, intensifiers, softeners or negators."""
    return frozenset(_lists()[name])


@cache
def _lists() -> dict[str, list[str]]:
    file = resources.files(__package__) / "data" / "words.json"
    lists: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return lists
