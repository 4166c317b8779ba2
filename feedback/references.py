"""Reference policies: what an agent does that has not been trained, by what it sees.

    reference(obs (N, ...), mask (N, A)) -> (N, A) probabilities, 0 where an action is illegal

The mask is bool, True where an action is legal, and always given.

Source: own design; a world's own reference is the one from which its `oracle(beta)` measures KL.
"""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from plaudit.feedback.programs import program

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Reference = Callable[[npt.NDArray[Any], Bools], Floats]

TOLERANCE = 1e-6  # by which probabilities may miss 1 when added up
OWN = "TokenNgram, TokenBandit, PreferenceGame, Tabular and the grids"


def reference_policy(name: str, env: Any) -> Reference:
    """The policy that a setting names.

    Args:
        name: "uniform" over the legal actions, "world" for the world's own reference policy, or
            "module:attribute" of a function as above; it may return log-probabilities too, nats.
        env: what is played, single or vector.

    Raises:
        ValueError: the name is none of these, or there is no such module or attribute, or the
            world's reference is not defined under its settings.
        TypeError: what is named can't be called, the world has no reference policy of its own, or
            a wrapper shows something else than the world does.
    """
    if name == "uniform":
        return uniform
    if name == "world":
        return _of_world(env)
    if not isinstance(name, str) or ":" not in name:
        raise ValueError(
            f"reference must be 'uniform', 'world' or 'module:attribute', got {name!r}"
        )
    return _checked(program("reference", name), name)


def uniform(obs: npt.NDArray[Any], mask: Bools) -> Floats:
    """All legal actions alike.

    Args:
        obs: (N, ...), not read.
        mask: (N, A) True where an action is legal.
    """
    return np.asarray(mask / np.maximum(mask.sum(1, keepdims=True), 1))


def _checked(function: Callable[[Any, Any], Any], name: str) -> Reference:
    """A function whose answers are checked, and log-probabilities made probabilities."""

    def reference(obs: npt.NDArray[Any], mask: Bools) -> Floats:
        odds = np.asarray(function(obs, mask), np.float64)
        if (odds < 0).any():
            odds = np.exp(odds)
        if odds.shape != mask.shape or not np.allclose(odds.sum(1), 1.0, rtol=0, atol=TOLERANCE):
            raise ValueError(
                f"reference {name!r} must return probabilities or log-probabilities of shape "
                f"{mask.shape}, whose rows add up to 1; got shape {odds.shape} and sums "
                f"{odds.sum(-1).tolist()}"
            )
        return odds

    return reference


def _of_world(env: Any) -> Reference:
    from plaudit.envs.grid.base import GridGame
    from plaudit.envs.multiagent.preference_game import PreferenceGame
    from plaudit.envs.tabular.tabular import Tabular
    from plaudit.envs.token.token_bandit.game import TokenBandit
    from plaudit.envs.token.token_ngram.game import TokenNgram

    game = getattr(env.unwrapped, "game", None)
    if isinstance(game, TokenNgram | TokenBandit):
        if _seen(env) != game.observation_space:
            raise TypeError(
                f"{type(game).__name__}'s reference reads what the world shows, "
                f"{game.observation_space}; a wrapper shows {_seen(env)}"
            )
        if game.backspace or game.order != "left_to_right":
            raise ValueError(
                "the world's reference only writes from left to right; got "
                f"order={game.order!r} and backspace={game.backspace}"
            )
        return _ngrams(game) if isinstance(game, TokenNgram) else _prefixes(game)
    if isinstance(getattr(game, "rules", game), GridGame | PreferenceGame | Tabular):
        return uniform
    raise TypeError(
        f"{env.unwrapped} has no reference policy of its own, as {OWN} have; use 'uniform' or "
        "'module:attribute'"
    )


def _seen(env: Any) -> gym.Space[Any]:
    """What one row sees, words beside it apart."""
    vector = isinstance(env, gym.vector.VectorEnv)
    space: gym.Space[Any] = env.single_observation_space if vector else env.observation_space
    beside = isinstance(space, gym.spaces.Dict) and "observation" in space.spaces
    return space["observation"] if beside else space  # type: ignore[index]


def _ngrams(game: Any) -> Reference:
    """TokenNgram's: a table by the latest tokens, read as a number in base V + 1."""
    table, width = game.reference(), game.ngram - 1
    powers = (game.vocab + 1) ** np.arange(width)[::-1]

    def reference(obs: npt.NDArray[Any], mask: Bools) -> Floats:
        before = np.full((len(obs), width), game.instance.pad)
        window = np.concatenate([before, obs], axis=1)
        contexts = window[:, window.shape[1] - width :] @ powers
        return np.asarray(table[contexts])

    return reference


def _prefixes(game: Any) -> Reference:
    """TokenBandit's: how likely each next token is among the answers that begin as this one."""
    size = [game.vocab**length for length in range(game.length + 1)]
    masses = [game.reference.reshape(game.contexts, n, -1).sum(2) for n in size]

    def reference(obs: npt.NDArray[Any], mask: Bools) -> Floats:
        odds = np.zeros(mask.shape)
        for row, window in enumerate(obs):
            prompt, *answer = window[window != game.spec.pad_id].tolist()
            written = min(len(answer), game.length - 1)  # nothing follows a finished answer
            prefix = 0
            for token in answer[:written]:
                prefix = prefix * game.vocab + token
            following = masses[written + 1][prompt - game.vocab].reshape(-1, game.vocab)[prefix]
            odds[row] = following / max(following.sum(), np.finfo(np.float64).tiny)
        return odds

    return reference
