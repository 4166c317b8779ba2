"""Teachers who judge what was done by what it is worth: in truth, as they believe, or in the end.

They have a private copy of the world and judge by its states, so segments must be recorded with
them: RecordSegments(states=True).
"""

from collections.abc import Mapping
from typing import Any, Unpack

from plaudit.feedback.teachers.lenses import Believed, Hindsight, Opened, full_view
from plaudit.feedback.teachers.noises import Mistake
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import (
    LearnedRegret,
    PartialReturn,
    PolicyAdvantage,
    Regret,
)

Settings = Mapping[str, Any] | None
WITH_STATES = Opened(("rewards", "states"))


def regret(
    world: str,
    settings: Settings = None,
    *,
    gamma: float = 1.0,
    realised: bool = False,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Prefers what lost least against the best play, by the world's exact values.

    For comparisons, ratings and approvals of segments, and for marks of single steps.

    Source: arXiv:2206.02231; discounted advantages arXiv:2310.13639 (CPL).

    Args:
        world: its id.
        settings: of the world, JSON values.
        gamma: weight of each later step, in (0, 1].
        realised: whether luck counts, see `Regret`.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    utility = Regret(world, settings or {}, gamma, realised)
    choice = rationality(**judgement)
    return Simulated(WITH_STATES, utility, choice, seed=seed, name="regret")


def learned_regret(
    values: str,
    *,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Prefers what lost least by somebody's learned values, in any world.

    Where segments hold the world's states, they tell the values of states where an episode ended.

    Source: arXiv:2310.13639, section 3 (CPL).

    Args:
        values: "module:attr" of a function of observations, see `LearnedRegret`.
        gamma: discount of the values, in (0, 1].
        seed: as `regret`.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    utility = LearnedRegret(values, gamma)
    return Simulated(full_view, utility, choice, seed=seed, name="learned_regret")


def coach(
    world: str,
    settings: Settings = None,
    *,
    policy: str | None = None,
    mistake: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Praises what was better than the learner's own habit and blames what was worse.

    Asked to approve of one step it gives the sign of the advantage, asked to rate it its size.

    Source: arXiv:1701.06049 (COACH).
    Differs: the sign is as uncertain as the advantage is small.

    Args:
        world: its id; one with a finite model (grid worlds, Tabular).
        settings: of the world, JSON values.
        policy: "module:attr" of the learner's policy until `set_policy` tells it; None: none.
        mistake: share of answers reversed.
        seed: as `regret`.
        judgement: see `Judgement`; `center` is the advantage from which on one approves.
    """
    utility = PolicyAdvantage(world, settings or {}, policy)
    choice = rationality(**judgement)
    return Simulated(WITH_STATES, utility, choice, (Mistake(mistake),), seed=seed, name="coach")


def believer(
    world: str,
    settings: Settings = None,
    *,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Sees a part of the world and judges by the return it believes in, see `Believed`.

    Source: arXiv:2402.17747.

    Args:
        world: its id; PartialView, TokenAssist, or Tabular with a human or with observations.
        settings: of the world, JSON values.
        seed: as `regret`.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    lens = Believed(world, settings or {})
    return Simulated(lens, PartialReturn(), choice, seed=seed, name="believer")


def hindsight(
    world: str,
    settings: Settings = None,
    *,
    steps: int | None = None,
    policy: str = "oracle",
    policy_seed: int = 0,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Judges after having seen what came of it, see `Hindsight`.

    Source: arXiv:2501.08617 (RLHS).

    Args:
        world: its id.
        settings: of the world, JSON values.
        steps: how many more are seen; None: to the episode's end.
        policy: who plays on: "oracle", "random", "learner" or "module:attr".
        policy_seed: of random play.
        gamma: discount of the return, in (0, 1].
        seed: as `regret`.
        judgement: see `Judgement`.
    """
    lens = Hindsight(world, settings or {}, steps, policy, policy_seed)
    choice = rationality(**judgement)
    return Simulated(lens, PartialReturn(gamma), choice, seed=seed, name="hindsight")
