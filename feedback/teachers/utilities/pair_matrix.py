"""PairMatrix: any odds between pairs of items, also those that no utility explains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from plaudit.envs.multiagent.preference_game import PreferenceGame
from plaudit.envs.preference_matrices import preference_matrix
from plaudit.envs.token.token_bandit.game import TokenBandit
from plaudit.envs.token.writing import reading_places
from plaudit.feedback.criteria import Criterion, criterion
from plaudit.feedback.programs import Spec
from plaudit.feedback.simulator import Simulator
from plaudit.feedback.teachers.utilities.base import BetweenSegments, Floats
from plaudit.feedback.types import Query, Segment

CERTAIN = 800.0  # nats; exp(-800) is 0 in double precision


@dataclass(frozen=True)
class PairMatrix(BetweenSegments):
    """Item i beats item j with probability M_ij, where M need not be transitive.

    The utility of a segment is the log of the share of the query's pairs that it wins,

        u_i = log sum_{j != i} M_ij + constant.

    Under Boltzmann(beta=1) this gives P(i beats j) = M_ij exactly; choosing one of several is then
    to draw a pair of them evenly and to take its winner. Odds of 0 and 1 stay 0 and 1.

    Source: arXiv:2401.04056 (minimax winner of intransitive preferences); of several: own design.

    Args:
        matrix: (K, K) with M + M^T = 1, or (X, K, K), one for each of X prompts.
        item: criterion that says which item a segment is, 0..K - 1.
        prompt: criterion that says which prompt it answers, 0..X - 1; for (X, K, K) alone.

    Raises:
        ValueError: no such matrix, or a prompt where there is one matrix only, or none else.
    """

    matrix: Sequence[Any]
    item: Spec
    prompt: Spec | None = None

    def __post_init__(self) -> None:
        several = np.ndim(self.matrix) == 3
        if several != (self.prompt is not None):
            raise ValueError(
                "a matrix for each prompt needs `prompt`, one matrix has none; got "
                f"{np.ndim(self.matrix)} axes and prompt={self.prompt!r}"
            )
        _ = self._matrices, self._criteria

    def compared(self, seen: Sequence[Segment], query: Query) -> Floats:
        items = [self._index(0, segment) for segment in seen]
        prompts = {self._index(1, segment) for segment in seen} if self.prompt else {0}
        if len(prompts) > 1:
            raise ValueError(f"query {query.query_id}: its segments answer prompts {prompts}")
        wins = self._matrices[prompts.pop()][np.ix_(items, items)].copy()
        np.fill_diagonal(wins, 0.0)
        won = wins.sum(1)
        logs = np.log(won, where=won > 0.0, out=np.full(len(won), -CERTAIN))
        return np.asarray(logs - logs.mean())

    def _index(self, axis: int, segment: Segment) -> int:
        amount = self._criteria[axis].amount(segment)
        size = self._matrices.shape[1 - axis]
        if amount not in range(size):
            what = ("item", "prompt")[axis]
            raise ValueError(f"{what} must be an integer in 0..{size - 1}, got {amount}")
        return int(amount)

    @cached_property
    def _matrices(self) -> Floats:
        """(X, K, K), X = 1 where there are no prompts."""
        several = self.matrix if self.prompt is not None else [self.matrix]
        return np.stack([preference_matrix(matrix) for matrix in several])

    @cached_property
    def _criteria(self) -> list[Criterion]:
        return [criterion(spec) for spec in (self.item, self.prompt) if spec is not None]


def preferences_of(world: str, settings: Mapping[str, Any]) -> PairMatrix:
    """The preferences of a world's own crowd between whole answers.

    Source: own design.

    Args:
        world: id of TokenBandit or PreferenceGame.
        settings: of the world, JSON values.

    Raises:
        ValueError: another world.
    """
    game: Any = Simulator(world, settings).game
    rules = getattr(game, "rules", game)
    if isinstance(rules, TokenBandit):
        matrices = [rules.preference(prompt) for prompt in range(rules.contexts)]
        return PairMatrix(matrices, partial(_written, rules), partial(_asked, rules.vocab))
    if isinstance(rules, PreferenceGame):
        return PairMatrix(
            list(rules.preferences), _answered, {"name": "entry", "index": 0, "at": "first"}
        )
    raise ValueError(
        f"{world} has no preferences between answers; TokenBandit and PreferenceGame have"
    )


def _written(game: TokenBandit, seen: Segment) -> int:
    """The number of a whole answer of TokenBandit; observations hold it in order of writing."""
    if seen.obs[-1, 0] == game.spec.pad_id:
        raise ValueError(f"preferences are between whole answers; {seen.ref} ends before its end")
    tokens = seen.obs[-1, 1:]
    if game.order != "left_to_right":
        tokens = tokens[reading_places(game.order, game.length)[-1]]
    return int(game.answer_index(tokens))


def _asked(vocab: int, seen: Segment) -> int:
    """The prompt of TokenBandit, which stands in front of a whole answer."""
    return int(seen.obs[-1, 0]) - vocab


def _answered(seen: Segment) -> int:
    """The answer in one round of PreferenceGame."""
    if len(seen) != 1:
        raise ValueError(f"preferences are between answers of one round, got {len(seen)} steps")
    return int(seen.actions[0])
