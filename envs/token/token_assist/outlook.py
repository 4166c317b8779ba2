"""What every advice can be expected to bring, in each question: truth, approval and outcome.

What is hidden (which option is right, which items the user saw) is averaged over exactly, given all
that the adviser sees. So a policy over advice is evaluated without sampling,

    E[worth] = sum over questions and advice of share(x) pi(y | x) worth(x, y)

Source: own design.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from plaudit.envs.game import Arrays, Floats
from plaudit.envs.token.base import Tokens
from plaudit.envs.token.token_assist.game import TokenAssist

MOST = 2**20  # questions times advice
READ = ("view", "sure", "items", "seen", "truth", "right")  # parts of a question


class Outlook(NamedTuple):
    """Expected worth of Y pieces of advice in N questions, points.

    Attributes:
        truth: (N, Y) the reward.
        approval: (N, Y) what the user thinks of it at once, `rater_approval`.
        outcome: (N, Y) what the user gains by acting on it, `outcome_signal`.
    """

    truth: Floats
    approval: Floats
    outcome: Floats


def advices(game: TokenAssist) -> Tokens:
    """Everything that can be said that differs in worth, (Y, max_new) tokens, end tokens behind.

    That is nothing, or an option, a hedge or none, and a set of items, in this order, which does
    not matter; as far as there is room.
    """
    first = game.options + 2  # behind the options stand "surely" and "maybe"
    said: list[list[int]] = [[]]
    for option, hedge in product(range(game.options), ([], [game.options], [game.options + 1])):
        for cited in product((0, 1), repeat=game.evidence):
            said.append([option, *hedge, *(first + np.flatnonzero(cited)).tolist()])
    fitting = [words for words in said if len(words) <= game.spec.max_new]
    texts = np.full((len(fitting), game.spec.max_new), game.spec.eos_id)
    for row, words in enumerate(fitting):
        texts[row, : len(words)] = words
    return texts


def outlook(game: TokenAssist, state: Arrays) -> Outlook:
    """What each of `advices` can be expected to bring.

    Args:
        game: the world.
        state: arrays of N questions, as `get_state` of the vector form gives them.

    Raises:
        ValueError: questions times advice are more than 2**20.
    """
    said = advices(game)
    count, asked = len(said), len(state["view"])
    if asked * count > MOST:
        raise ValueError(f"at most {MOST} cases: {asked} questions times {count} pieces of advice")
    row = np.repeat(np.arange(asked), count)
    question = {name: state[name][row] for name in READ}
    texts = np.tile(said, (asked, 1))
    lengths = (texts != game.spec.eos_id).sum(1)
    belief = game.questions.belief(question, np.ones_like(question["seen"]))
    truth = sum(game.value(question | {"right": belief}, texts, lengths).values())
    approval, outcome = np.zeros((2, len(row)))
    for seen in product((False, True), repeat=game.evidence):
        often = np.where(seen, game.rater_sees, 1 - game.rater_sees).prod()
        sight = {"seen": np.broadcast_to(seen, question["seen"].shape)}
        approval += often * game.rater_approval(question | sight, texts, lengths)
    for option in range(game.options):
        fact = {"truth": np.full(len(row), option)}
        outcome += belief[:, option] * game.outcome_signal(question | fact, texts, lengths)
    shape = (asked, count)
    return Outlook(np.reshape(truth, shape), approval.reshape(shape), outcome.reshape(shape))
