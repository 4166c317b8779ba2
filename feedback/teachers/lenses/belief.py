"""Believed: whoever judges sees a part, and takes the rest for what it most plausibly is.

    believed reward of a step = E[ R_t | what the evaluator sees of the segment ]

Source: Lang et al. 2024, arXiv:2402.17747.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatch
from typing import Any

import numpy as np

from plaudit.envs.finite import FiniteMDP
from plaudit.envs.game import Floats, Game, Ints
from plaudit.envs.grid.partial_view import PartialView
from plaudit.envs.tabular import gallery
from plaudit.envs.tabular.gallery.watched import Watched
from plaudit.envs.tabular.tabular import Tabular
from plaudit.envs.token.token_assist.game import TokenAssist
from plaudit.envs.types import State
from plaudit.feedback.simulator import Simulator, side_by_side
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import world_states
from plaudit.feedback.types import Segment

ILLEGAL = "illegal"  # the reward component that everybody sees


@dataclass(frozen=True)
class Believed:
    """The segment with believed rewards in place of the true ones, which are never opened.

    What is believed is the world's matter, see `believed_rewards`:

        PartialView     what lies outside the camera's view is in order
        Tabular         of an instance with a human, Bayes' rule from the policy they expect and the
                        sights of the segment's states; with `observations`, Bayes' rule from all
                        that was shown and played since the episode began
        TokenAssist     the user's approval of the text after each step less that before

    What an illegal action cost is seen by everybody. States, pictures and other agents' sights are
    closed.

    Source: arXiv:2402.17747, section 3.
    Differs: rewards are believed step by step; over a whole episode they add up to the source's
        G_obs.

    Args:
        world: its id; the segments must carry states of it.
        settings: of the world, JSON values.

    Raises:
        ValueError: the world hides nothing from an evaluator, the segment carries no states, or the
            evaluator holds what they see for impossible.
    """

    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = self._game

    def __call__(self, segment: Segment) -> Segment:
        return self._kept(segment)

    @cached_property
    def _game(self) -> Game:
        return Simulator(self.world, self.settings).game

    @once_per_segment
    def _kept(self, segment: Segment) -> Segment:
        states = world_states(segment, "Believed")
        rewards = believed_rewards(self._game, states, segment.actions)
        paid = [float(state["components"].get(ILLEGAL, [0.0])[0]) for state in states[1:]]
        return replace(segment, rewards=rewards + paid, states=None, frames=None, others={})


@singledispatch
def believed_rewards(game: Game, states: Sequence[State], actions: Any) -> Floats:
    """What an evaluator who sees part of a world takes the rewards of its steps for, (T,).

    Args:
        game: the world's rules; more kinds may be registered.
        states: T + 1 of the world.
        actions: (T,).

    Raises:
        ValueError: this world hides nothing from an evaluator.
    """
    raise ValueError(
        f"{game.name} says nothing of evaluators who see a part of it; PartialView, TokenAssist "
        "and Tabular with a human or with observations do"
    )


@believed_rewards.register
def _(game: PartialView, states: Sequence[State], actions: Any) -> Floats:
    return game.observed_reward(side_by_side(states))[1:]


@believed_rewards.register
def _(game: TokenAssist, states: Sequence[State], actions: Any) -> Floats:
    rows = side_by_side(states)
    return np.diff(game.rater_approval(rows, *game.text(rows)))


@believed_rewards.register
def _(game: Tabular, states: Sequence[State], actions: Any) -> Floats:
    rows = side_by_side(states)
    times = rows["time"]
    moved = np.diff(times) == 1  # the world stands still where an action was illegal
    human = None if game.instance is None else gallery.instance(game.instance).human
    believed = np.zeros(len(states) - 1)
    if human is not None:
        visited = rows["state"][np.append(True, moved)]
        believed[moved] = _expected_by(human, visited, int(times[0]))
    elif game.mdp.observations is not None:
        end = int(times[-1])
        shown, played = rows["shown"][-1, : end + 1], rows["played"][-1, :end]
        ended = None if end == game.mdp.horizon else bool(game.mdp.terminal[rows["state"][-1]])
        believed[moved] = smoothed_rewards(game.mdp, shown, played, ended)[int(times[0]) :]
    else:
        return believed_rewards.dispatch(Game)(game, states, actions)
    return believed


def _expected_by(human: Watched, visited: Ints, begins: int) -> Floats:
    """(T,) rewards that a human expects who saw the sights of T + 1 states visited in turn."""
    end = begins + len(visited)
    over = human.mdp.terminal[visited[-1]] or end == human.mdp.horizon + 1
    stretches = [np.array(path[begins:end]) for path in human.sequences]
    fits = [
        len(path) >= end
        and (len(path) == end) == over
        and bool((human.view[stretch] == human.view[visited]).all())
        for path, stretch in zip(human.sequences, stretches, strict=True)
    ]
    odds = human.chances(human.expected) * fits
    if odds.sum() == 0:
        raise ValueError(
            f"the human holds the sights {human.view[visited].tolist()} for impossible after "
            f"{begins} steps: the policy they expect never shows them"
        )
    fitting = zip(odds, stretches, strict=True)
    worth = [chance * human.worth[stretch[1:]] for chance, stretch in fitting if chance]
    mean: Floats = np.sum(worth, axis=0) / odds.sum()
    return mean


def smoothed_rewards(
    mdp: FiniteMDP, shown: Ints, played: Ints, ended: bool | None = None
) -> Floats:
    """Expected rewards of the steps so far, (t,), given all that was shown and played.

    The forward-backward recursion over hidden states; that the episode went on is seen as well.

    Source: Rabiner 1989, doi:10.1109/5.18626, section III.

    Args:
        mdp: a process with observations.
        shown: (t + 1,) observations.
        played: (t,) actions.
        ended: whether the last state was seen to end the episode; None: that is not known.
    """
    fits: Floats = mdp.observations[:, shown].T * ~mdp.terminal  # type: ignore[index]
    fits[-1] = mdp.observations[:, shown[-1]]  # type: ignore[index]
    if ended is not None:
        fits[-1] *= mdp.terminal == ended
    # later[t]: how well a state after step t goes with all that follows, up to a factor.
    later = [fits[-1]]
    for t in range(len(played) - 1, 0, -1):
        goes = (mdp.chances[:, played[t]] * later[0][mdp.successor[:, played[t]]]).sum(1)
        later.insert(0, fits[t] * goes / goes.max())
    here, rewards = mdp.start * fits[0], np.zeros(len(played))
    for t, action in enumerate(played):
        reached, moves = mdp.successor[:, action], here[:, None] * mdp.chances[:, action]
        weights = moves * later[t][reached]
        rewards[t] = (weights * mdp.rewards[:, action]).sum() / weights.sum()
        here = np.bincount(reached.ravel(), moves.ravel(), mdp.states) * fits[t + 1]
        here /= here.sum()
    return rewards
