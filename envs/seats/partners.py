"""Who fills the other seats: registered scripts, "module:attribute", a callable, a person, a list.

A partner that is a plain callable gets `(obs, mask, rng)` and gives an action. One that carries the
attribute `reads_text = True` gets `(text, rng)` and gives a text, so that a language model or a
person can take part in any game that speaks.
"""

import pkgutil
from collections.abc import Callable, Mapping
from operator import index
from typing import Any

import numpy as np

from plaudit.envs.actions import choose
from plaudit.envs.game import Arrays, Floats, Ints, Unparsable
from plaudit.envs.names import nearest
from plaudit.envs.seats.game import NO_ACTION, Partner, SeatGame, Seen
from plaudit.envs.seats.one_of import OneOf

GENERIC = {
    "person": "plaudit.envs.seats.partners:person",
    "random": "plaudit.envs.seats.partners:Random",
}
"""Partners that every game has beside its own."""


class Random(Partner):
    """Plays each legal action with equal odds."""

    numbers = 1

    def act(self, seen: Seen, memory: Arrays, numbers: Floats) -> Ints:
        return choose(seen.masks, numbers[:, 0])


class FromCallable(Partner):
    """`play(obs, mask, rng) -> action`, called row by row with a generator of its own."""

    numbers = 1

    def __init__(self, play: Callable[..., Any]) -> None:
        self._play = play

    def act(self, seen: Seen, memory: Arrays, numbers: Floats) -> Ints:
        actions = np.full(len(seen.obs), NO_ACTION)
        for row, number in enumerate(numbers[:, 0]):
            rng = np.random.default_rng(int(number * 2**53))
            mask = seen.masks[row].astype(np.int8)
            said = self._play(seen.obs[row], mask, rng)
            try:
                actions[row] = index(said)
            except TypeError:
                raise TypeError(
                    f"partner {self._play!r} must give an integer, got {said!r}"
                ) from None
        return actions


class FromText(Partner):
    """`speak(text, rng) -> text`, called row by row; what cannot be parsed is no action."""

    numbers = 1

    def __init__(self, speak: Callable[[str, np.random.Generator], str]) -> None:
        self._speak = speak

    def act(self, seen: Seen, memory: Arrays, numbers: Floats) -> Ints:
        actions = np.full(len(seen.obs), NO_ACTION)
        for row, number in enumerate(numbers[:, 0]):
            rng = np.random.default_rng(int(number * 2**53))
            try:
                actions[row] = seen.parse(self._speak(seen.read(row), rng), row)
            except Unparsable:
                continue
        return actions


def person(text: str, rng: np.random.Generator) -> str:
    """A person at the terminal: shows the text and reads one line."""
    return input(f"{text}\n> ")


person.reads_text = True  # type: ignore[attr-defined]


def partner(game: SeatGame, named: Any) -> Partner:
    """The player that a name stands for.

    Args:
        game: whose registered partners count beside the generic ones.
        named: a registered name, "module:attribute" of a Partner class or a callable, a Partner, or
            a callable (the last two cannot be part of a JSON spec); a list of these is one of
            them, drawn anew for each episode.

    Raises:
        KeyError: the name is unknown; TypeError: it stands for no player.
        ValueError: a list is empty.
    """
    if isinstance(named, list | tuple):
        return OneOf([partner(game, member) for member in named])
    table: Mapping[str, str] = {**GENERIC, **game.partners}
    found = named
    if isinstance(named, str):
        if named not in table and ":" not in named:
            raise KeyError(f"unknown partner {named!r}{nearest(named, table)}")
        try:
            found = pkgutil.resolve_name(table.get(named, named))
        except (ImportError, AttributeError, ValueError) as error:
            raise KeyError(f"partner {named!r} cannot be imported: {error}") from error
    if isinstance(found, type) and issubclass(found, Partner):
        return found.of(game)
    if isinstance(found, Partner):
        return found
    if not callable(found):
        raise TypeError(f"a partner must be a name, a Partner or a callable, got {named!r}")
    return FromText(found) if getattr(found, "reads_text", False) else FromCallable(found)
