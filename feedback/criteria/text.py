"""Criteria on a segment's text. Tests say 0 or 1; capitals don't matter but in patterns.

Source: own design.
"""

import re
from collections.abc import Sequence

from plaudit.feedback.types import Segment

SENTENCE_END = re.compile(r"[.!?]+(?:\s|$)")
WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


def contains(seen: Segment, *, text: str) -> float:
    """Whether a text stands in it.

    Args:
        seen: the segment.
        text: what is looked for.
    """
    return float(text.casefold() in text_of(seen).casefold())


def lacks(seen: Segment, *, text: str) -> float:
    """Whether a text does not stand in it.

    Args:
        seen: the segment.
        text: what is looked for.
    """
    return 1.0 - contains(seen, text=text)


def starts(seen: Segment, *, text: str) -> float:
    """Whether it starts with a text, space in front apart.

    Args:
        seen: the segment.
        text: what is looked for.
    """
    return float(text_of(seen).lstrip().casefold().startswith(text.casefold()))


def ends(seen: Segment, *, text: str) -> float:
    """Whether it ends with a text, space behind apart.

    Args:
        seen: the segment.
        text: what is looked for.
    """
    return float(text_of(seen).rstrip().casefold().endswith(text.casefold()))


def matches(seen: Segment, *, pattern: str) -> float:
    """Whether a regular expression is found in it.

    Args:
        seen: the segment.
        pattern: Python's syntax, see `re`.
    """
    return float(re.search(pattern, text_of(seen)) is not None)


def count(seen: Segment, *, text: str) -> float:
    """How often a text stands in it, overlaps apart.

    Args:
        seen: the segment.
        text: what is looked for.
    """
    if not text:
        raise ValueError("criterion count needs a text to count, got an empty one")
    return float(text_of(seen).casefold().count(text.casefold()))


def characters(seen: Segment) -> float:
    """How many characters it has."""
    return float(len(text_of(seen)))


def words(seen: Segment) -> float:
    """How many words it has."""
    return float(len(words_of(seen)))


def sentences(seen: Segment) -> float:
    """How many sentences it has; words behind the last full stop make one."""
    parts = SENTENCE_END.split(text_of(seen))
    return float(sum(WORD.search(part) is not None for part in parts))


def variety(seen: Segment) -> float:
    """Share of different words among its words, in (0, 1]; 1 where there are none."""
    said = words_of(seen)
    return len(set(said)) / len(said) if said else 1.0


def place(seen: Segment, *, texts: Sequence[str]) -> float:
    """The place of this text in a list, from 0.

    Args:
        seen: the segment.
        texts: all there are.

    Raises:
        ValueError: it is not in the list.
    """
    text = text_of(seen).strip()
    if text not in texts:
        raise ValueError(f"{text!r} is none of the texts {list(texts)}")
    return float(list(texts).index(text))


def words_of(seen: Segment) -> list[str]:
    """Its words in lower case."""
    return WORD.findall(text_of(seen).casefold())


def text_of(seen: Segment) -> str:
    """The text of a segment.

    Raises:
        ValueError: it carries none, or the lens hides it.
    """
    if seen.text is None:
        raise ValueError(f"{seen.ref} shows no text, which is to be judged; record it with text")
    return seen.text
