"""Everybody against everybody: how a population of bots, and guests, do against it.

Two measures, in points per episode (Lanctot et al. 2023, arXiv:2303.03196):

    population return                   mean return against the members of the population
    within-population exploitability    the most that any of its members takes from a player

Guests are measured against the population but are no part of it. A bot against itself earns 0 in
expectation, by symmetry, and that is what counts. Run `python -m
plaudit.envs.multiagent.repeated_rps.league --help` for a table.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from plaudit.envs.game import WORLD, Arrays, Floats, Ints
from plaudit.envs.multiagent.repeated_rps.bots.table import BOTS
from plaudit.envs.multiagent.repeated_rps.game import FIRST, SECOND, RepeatedRPS
from plaudit.envs.seats.game import Partner, Seen
from plaudit.envs.seats.partners import partner
from plaudit.envs.types import stream

ROUNDS = 1000  # as in the source
EPISODES = 20
RECALL = 20  # rounds that guests see; bots need one


@dataclass(frozen=True)
class League:
    """What a league has shown.

    Attributes:
        players: names of everybody, the population first.
        population: how many of them are its members.
        returns: (players, population) mean return of the row against the column, points.
        errors: (players, population) standard errors of these.
        rounds: throws of an episode.
        episodes: of each pair.
    """

    players: tuple[str, ...]
    population: int
    returns: Floats
    errors: Floats
    rounds: int
    episodes: int

    def population_return(self) -> Floats:
        """(players,) mean return against the population, points."""
        mean: Floats = self.returns.mean(1)
        return mean

    def exploitability(self) -> Floats:
        """(players,) the most that a member of the population takes, points.

        The largest of many noisy means: too large, by up to about two of the `errors`, for players
        whom nobody really exploits.
        """
        most: Floats = (-self.returns).max(1)
        return most

    def table(self) -> list[dict[str, Any]]:
        """One row for each player, the highest population return first."""
        rows = []
        for place, name in enumerate(self.players):
            nemesis = int(self.returns[place].argmin())
            rows.append(
                {
                    "player": name,
                    "population_return": float(self.population_return()[place]),
                    "exploitability": float(self.exploitability()[place]),
                    "nemesis": self.players[nemesis],
                    "guest": place >= self.population,
                }
            )
        return sorted(rows, key=lambda row: -row["population_return"])


@dataclass
class _Side:
    """A player in one seat of several matches at once."""

    player: Partner
    seat: str
    rows: Ints
    rng: np.random.Generator
    memory: Arrays = field(default_factory=dict)

    def act(self, game: RepeatedRPS, state: Arrays, views: dict[str, Any]) -> Ints:
        numbers = self.rng.random((len(self.rows), self.player.numbers))
        seen = Seen(
            views[self.seat][self.rows],
            np.ones((len(self.rows), 3), np.bool_),
            lambda row: game.says(state, int(self.rows[row]), self.seat),
            lambda text, row: game.parse(text, state, int(self.rows[row]), self.seat),
        )
        return self.player.act(seen, self.memory, numbers)


def play(
    first: Any,
    second: Any,
    episodes: int = EPISODES,
    rounds: int = ROUNDS,
    seed: int = 0,
    recall: int = RECALL,
) -> Floats:
    """(episodes,) returns of `first` against `second`, points.

    Args:
        first: name of a bot, "module:attribute", Partner or callable.
        second: another one, or the same.
        episodes: at least 1, played side by side.
        rounds: throws of an episode.
        seed: of the numbers the players draw.
        recall: rounds that they see.

    Raises:
        KeyError: a name is unknown; TypeError: it stands for no player.
    """
    returns: Floats = _matches([first, second], [(0, 1)], episodes, rounds, seed, recall)[0]
    return returns


def league(
    names: Sequence[str] | None = None,
    guests: Sequence[Any] = (),
    episodes: int = EPISODES,
    rounds: int = ROUNDS,
    seed: int = 0,
    recall: int = RECALL,
) -> League:
    """Play every pair of a population, and every guest against all of it.

    Args:
        names: the population, at least one; all of `BOTS` if None.
        guests: further players, e.g. "module:attribute" or a Partner; one that is no name is
            called "guest 0", "guest 1" ... by its place.
        episodes: of each pair, at least 1, played side by side.
        rounds: throws of an episode.
        seed: of the numbers the players draw.
        recall: rounds that they see.

    Raises:
        KeyError: a name is unknown; TypeError: it stands for no player.
        ValueError: nobody is in the population, or there are no episodes.
    """
    population = sorted(BOTS) if names is None else list(names)
    if not population or episodes < 1:
        raise ValueError(
            f"a league needs a population and at least 1 episode, got {names!r} and {episodes}"
        )
    players, size = [*population, *guests], len(population)
    pairs = [(i, j) for i in range(len(players)) for j in range(size) if i > j]
    played = _matches(players, pairs, episodes, rounds, seed, recall)
    returns, errors = np.zeros((2, len(players), size))
    for (i, j), points in zip(pairs, played, strict=True):
        error = points.std(ddof=1) / np.sqrt(episodes) if episodes > 1 else np.nan
        returns[i, j], errors[i, j] = points.mean(), error
        if i < size:
            returns[j, i], errors[j, i] = -points.mean(), error
    called = [name if isinstance(name, str) else f"guest {i}" for i, name in enumerate(guests)]
    return League((*population, *called), size, returns, errors, rounds, episodes)


def _matches(
    players: Sequence[Any],
    pairs: list[tuple[int, int]],
    episodes: int,
    rounds: int,
    seed: int,
    recall: int,
) -> Floats:
    """(pairs, episodes) returns of the first of each pair; all matches are played at once."""
    game = RepeatedRPS(rounds=rounds, recall=recall)
    matches = np.repeat(np.array(pairs).reshape(-1, 2), episodes, axis=0)
    state = game.begin({WORLD: np.zeros((len(matches), 0))})
    sides = []
    for number, player in enumerate(players):
        for place, seat in enumerate((FIRST, SECOND)):
            rows = np.flatnonzero(matches[:, place] == number)
            if len(rows):
                rng = stream(seed, f"{player if isinstance(player, str) else number}/{seat}")
                sides.append(_Side(partner(game, player), seat, rows, rng))
    for side in sides:
        side.memory = side.player.begin(len(side.rows), rounds)
    for _ in range(rounds):
        views = {seat: game.observe(state, seat) for seat in game.seats}
        throws = {seat: np.zeros(len(matches), np.int64) for seat in game.seats}
        for side in sides:
            throws[side.seat][side.rows] = side.act(game, state, views)
        game.step(state, throws)
    return state["lead"].reshape(-1, episodes).astype(np.float64)


def main() -> None:
    """Play the league that the command line asks for and print its table."""
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="throws of an episode")
    parser.add_argument("--episodes", type=int, default=EPISODES, help="of each pair")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bots", nargs="+", help="the population; default: all")
    parser.add_argument("--guests", nargs="+", default=[], help="others, as module:attribute")
    parser.add_argument("--json", type=Path, help="file for the whole table of pairs")
    given = parser.parse_args()
    played = league(given.bots, given.guests, given.episodes, given.rounds, given.seed)
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("player", "population return", "exploitability", "nemesis"):
        shown.add_column(head, justify="left" if head in ("player", "nemesis") else "right")
    for row in played.table():
        shown.add_row(
            f"{row['player']}{' (guest)' if row['guest'] else ''}",
            f"{row['population_return']:.1f}",
            f"{row['exploitability']:.1f}",
            row["nemesis"],
        )
    Console().print(shown)
    if given.json:
        record = {
            "rounds": played.rounds,
            "episodes": played.episodes,
            "seed": given.seed,
            "players": played.players,
            "population": played.population,
            "returns": played.returns.tolist(),
            "errors": played.errors.tolist(),
            "table": played.table(),
        }
        given.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
