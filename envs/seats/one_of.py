"""A partner who is another one in every episode: a population to learn against.

Source: own design; learning against a population as arXiv:2303.03196.
"""

from collections.abc import Sequence

import numpy as np

from plaudit.envs.game import Arrays, Floats, Ints, put, take
from plaudit.envs.seats.game import NO_ACTION, Partner, Seen

WHO, UNKNOWN = "who", -1


class OneOf(Partner):
    """One of several players, drawn anew for each episode with equal odds.

    It takes one number more than the neediest member: the first one of an episode's first action
    says who plays. Each row has room for everybody's memory.

    Args:
        members: at least one; each can fill the seat.

    Raises:
        ValueError: there are no members.
    """

    def __init__(self, members: Sequence[Partner]) -> None:
        if not members:
            raise ValueError("one of nobody: name at least one partner")
        self._members = list(members)
        self.numbers = 1 + max(member.numbers for member in members)
        limited = [set(member.seats) for member in members if member.seats is not None]
        self.seats = tuple(sorted(set.intersection(*limited))) if limited else None

    def begin(self, rows: int, horizon: int) -> Arrays:
        memory = {WHO: np.full(rows, UNKNOWN)}
        for place, member in enumerate(self._members):
            for name, array in member.begin(rows, horizon).items():
                memory[f"{place}/{name}"] = array
        return memory

    def act(self, seen: Seen, memory: Arrays, numbers: Floats) -> Ints:
        new = memory[WHO] == UNKNOWN
        memory[WHO][new] = (numbers[new, 0] * len(self._members)).astype(np.int64)
        actions = np.full(len(seen.obs), NO_ACTION)
        for place in np.unique(memory[WHO]).tolist():
            rows = np.flatnonzero(memory[WHO] == place)
            member = self._members[place]
            whole = {k: v for k, v in memory.items() if k.startswith(f"{place}/")}
            mine = {k.partition("/")[2]: v for k, v in take(whole, rows).items()}
            theirs = numbers[rows, 1 : 1 + member.numbers]
            actions[rows] = member.act(_seen_by(seen, rows), mine, theirs)
            put(whole, rows, {f"{place}/{name}": array for name, array in mine.items()})
        return actions


def _seen_by(seen: Seen, rows: Ints) -> Seen:
    """What some of the rows see."""
    return Seen(
        seen.obs[rows],
        seen.masks[rows],
        lambda row: seen.read(int(rows[row])),
        lambda text, row: seen.parse(text, int(rows[row])),
    )
