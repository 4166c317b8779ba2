"""Answers as people type them: one line per question, by numbers or by names.

one choice       a number or a name, or how it begins: "2", "second", "sec"
an order         the places, the best one first: "3 1 2"
step and action  "4 1"
actions          one after the other: "0 1 1"
several parts    "2 poor, 5-7 good" or "hindsight right, do action 1"; "1, 3" says yes to two
                 items; what is left out stays unsaid, and "none" leaves out all
a number         "0.7"
"""

import math
import re
from collections.abc import Sequence

from plaudit.feedback.asks import Answer, Ask, Correct, Demonstrate, Rank

NOTHING = "none"
YES_OR_NO = ("no", "yes")
UNSAID = {"", "no", "unmarked"}  # first cells of parts that need not be mentioned
MEMBER = re.compile(r"(\d+)(?:\s*-\s*(\d+))?(?!\S)")


def typed_answer(ask: Ask, text: str) -> Answer:
    """The answer about places (see `places`) that somebody typed.

    Args:
        ask: the question.
        text: one line, as the module says.

    Raises:
        ValueError: it can't be understood, or is no answer; the message says why.
    """
    text = " ".join(text.casefold().split())
    if ask.continuous:
        return ask.check(_number(ask, text))
    if isinstance(ask, Rank | Correct | Demonstrate):
        return _numbers(ask, text)
    if ask.parts == ("",):
        return ask.answer((_cell(ask.names[0], text, keys(ask.names[0])),))
    return ask.answer(_parts(ask, text))


def how_to(ask: Ask) -> str:
    """What may be typed, in words."""
    if isinstance(ask, Rank):
        return f"the numbers 1 to {ask.segments}, the best one first"
    if isinstance(ask, Correct):
        return f"a step of 0 to {ask.steps - 1} and an action of 0 to {ask.actions - 1}"
    if isinstance(ask, Demonstrate):
        return f"{ask.steps} actions of 0 to {ask.actions - 1}, one after the other"
    if ask.continuous:
        return ask.expected
    if ask.parts == ("",):
        return _menu(ask.names[0], keys(ask.names[0]))
    if len(set(ask.names)) == 1:
        cells = " / ".join(ask.names[0])
        return f'{_menu(ask.parts, keys(ask.parts))}\neach {cells}, e.g. "{_example(ask)}"'
    lines = [f"{part}: {' / '.join(names)}" for part, names in _sayable(ask).items()]
    return "\n".join([*lines, f'as much as you like, e.g. "{_example(ask)}"'])


def keys(names: Sequence[str]) -> tuple[str, ...]:
    """The numbers by which names are called: those they bear, else counted from 1."""
    return _borne(names) or tuple(str(place + 1) for place in range(len(names)))


def _borne(names: Sequence[str]) -> tuple[str, ...]:
    """The numbers that names bear, if each has one of its own."""
    found = [re.findall(r"\d+", name) for name in names]
    own = tuple(numbers[0] for numbers in found if len(numbers) == 1)
    return own if len(own) == len(set(own)) == len(names) else ()


def _menu(names: Sequence[str], numbers: Sequence[str]) -> str:
    borne = zip(names, numbers, strict=True)
    return "   ".join(name if number in name else f"{number} {name}" for name, number in borne)


def _sayable(ask: Ask) -> dict[str, list[str]]:
    """What may be said of each part; a critique may leave out some kinds of feedback."""
    odds = ask.log_random(ask.alike(1))
    names = [
        [name for name, logp in zip(cells, table, strict=True) if name and logp > -math.inf]
        for cells, table in zip(ask.names, odds, strict=True)
    ]
    return {part: said for part, said in zip(ask.parts, names, strict=True) if said}


def _example(ask: Ask) -> str:
    if len(set(ask.names)) > 1:
        said = list(_sayable(ask).items())[:2]
        return ", ".join(f"{part} {names[-1]}" for part, names in said)
    numbers, cells = keys(ask.parts), ask.names[0]
    if cells[0] not in UNSAID:
        return f"{numbers[0]}-{numbers[-1]} {cells[-1]}"
    return numbers[-1] if cells == YES_OR_NO else f"{numbers[-1]} {cells[-1]}"


def _cell(names: Sequence[str], text: str, numbers: Sequence[str]) -> int:
    """The place of the name that a text means."""
    folded = [name.casefold() for name in names]
    for spelled in (numbers, folded):
        if text and text in spelled:
            return list(spelled).index(text)
    begun = [place for place, name in enumerate(folded) if text and name.startswith(text)]
    if len(begun) == 1:
        return begun[0]
    known = ", ".join(repr(name) for name in names if name)
    raise ValueError(f"{text!r} {'may be several' if begun else 'is none'} of {known}")


def _number(ask: Ask, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number; expected {ask.expected}") from None


def _numbers(ask: Rank | Correct | Demonstrate, text: str) -> Answer:
    numbers = tuple(map(int, re.findall(r"-?\d+", text)))
    try:
        # People count places from 1, but steps and actions have numbers of their own.
        return ask.check(tuple(n - 1 for n in numbers) if isinstance(ask, Rank) else numbers)
    except ValueError:
        raise ValueError(f"{text!r} is no answer; expected {how_to(ask)}") from None


def _parts(ask: Ask, text: str) -> tuple[int, ...]:
    """The cells of an answer's parts, each mentioned at most once."""
    said: dict[int, int] = {}
    for mention in () if text == NOTHING else re.split(r"[,;]", text):
        members, rest = _members(ask, mention.strip())
        for part in members:
            if part in said:
                raise ValueError(f"{ask.parts[part]!r} is mentioned twice")
            said[part] = _said(ask.names[part], rest, ask.parts[part])
    missing = [
        part for i, part in enumerate(ask.parts) if i not in said and ask.names[i][0] not in UNSAID
    ]
    if missing:
        raise ValueError(f"nothing is said about {', '.join(map(repr, missing))}")
    return tuple(said.get(part, 0) for part in range(len(ask.parts)))


def _said(names: Sequence[str], text: str, part: str) -> int:
    """The cell of a part; numbers only where the names bear them, as "2 1" may mean two parts."""
    if not text and names == YES_OR_NO:
        return 1
    if not text:
        raise ValueError(f"what about {part!r}? Say one of {', '.join(filter(None, names))}")
    spoken = [name for name in names if name]
    cell = _cell(spoken, text, _borne(spoken))
    return cell + len(names) - len(spoken)


def _members(ask: Ask, mention: str) -> tuple[range, str]:
    """The parts that a mention begins with, by name or by number, and the rest of it."""
    named = [
        (len(part), place)
        for place, part in enumerate(ask.parts)
        if f"{mention} ".startswith(f"{part.casefold()} ")
    ]
    if named:
        length, place = max(named)
        return range(place, place + 1), mention[length:].strip()
    found, numbers = MEMBER.match(mention), keys(ask.parts)
    if found is None:
        raise ValueError(f"{mention!r} names none of {_menu(ask.parts, numbers)}")
    first, last = found[1], found[2] or found[1]
    if first not in numbers or last not in numbers or int(first) > int(last):
        raise ValueError(f"{found[0]!r} is none of {numbers[0]} to {numbers[-1]}")
    return range(numbers.index(first), numbers.index(last) + 1), mention[found.end() :].strip()
