"""Teachers who judge what was done by what it is worth: in truth, as they believe, or in the end.

They have a private copy of the world and judge by its states, so segments must be recorded with
them: RecordSegments(states=True).
"""

from collections.abc import Mapping
from typing import Any

from plaudit.feedback.teachers.lenses import Believed, Hindsight, Opened, full_view
from plaudit.feedback.teachers.noises import Mistake
from plaudit.feedback.teachers.presets.rationality import rationality
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
    beta: float | None = None,
    agreement: float | None = None,
    gamma: float = 1.0,
    realised: bool = False,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Prefers what lost least against the best play, by the world's exact values.

    For comparisons, ratings and approvals of segments, and for marks of single steps.

    Source: arXiv:2206.02231; discounted advantages arXiv:2310.13639 (CPL).

    Args:
        world: its id.
        settings: of the world, JSON values.
        beta: 1 / unit of reward; 1 when neither this nor `agreement` is given.
        agreement: in place of beta, see `Boltzmann`; found from the first batch of queries.
        gamma: weight of each later step, in (0, 1].
        realised: whether luck counts, see `Regret`.
        tie: Davidson's weight of a tie, used where the question allows ties.
        center: worth in the middle of a rating's scale, <= 0 as a rule.
        spread: worth between neighbouring thresholds of a rating.
        seed: of the answers' stream.

    Raises:
        ValueError: both beta and agreement, or a value out of range.
    """
    utility = Regret(world, settings or {}, gamma, realised)
    choice = rationality(beta, agreement, tie=tie, center=center, spread=spread)
    return Simulated(WITH_STATES, utility, choice, seed=seed, name="regret")


def learned_regret(
    values: str,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    gamma: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Prefers what lost least by somebody's learned values, in any world.

    Where segments hold the world's states, they tell the values of states where an episode ended.

    Source: arXiv:2310.13639, section 3 (CPL).

    Args:
        values: "module:attr" of a function of observations, see `LearnedRegret`.
        beta: as `regret`.
        agreement: as `regret`.
        gamma: discount of the values, in (0, 1].
        tie: as `regret`.
        center: as `regret`.
        spread: as `regret`.
        seed: as `regret`.

    Raises:
        ValueError: as `regret`.
    """
    choice = rationality(beta, agreement, tie=tie, center=center, spread=spread)
    utility = LearnedRegret(values, gamma)
    return Simulated(full_view, utility, choice, seed=seed, name="learned_regret")


def coach(
    world: str,
    settings: Settings = None,
    *,
    policy: str | None = None,
    beta: float | None = None,
    agreement: float | None = None,
    mistake: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Praises what was better than the learner's own habit and blames what was worse.

    Asked to approve of one step it gives the sign of the advantage, asked to rate it its size.

    Source: arXiv:1701.06049 (COACH).
    Differs: the sign is as uncertain as the advantage is small.

    Args:
        world: its id; one with a finite model (grid worlds, Tabular).
        settings: of the world, JSON values.
        policy: "module:attr" of the learner's policy until `set_policy` tells it; None: none.
        beta: as `regret`.
        agreement: as `regret`.
        mistake: share of answers reversed.
        center: advantage from which on one approves.
        spread: advantage between neighbouring thresholds of a rating.
        seed: as `regret`.

    Raises:
        ValueError: as `regret`, or the share is no probability.
    """
    utility = PolicyAdvantage(world, settings or {}, policy)
    choice = rationality(beta, agreement, center=center, spread=spread)
    return Simulated(WITH_STATES, utility, choice, (Mistake(mistake),), seed=seed, name="coach")


def believer(
    world: str,
    settings: Settings = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Sees a part of the world and judges by the return it believes in, see `Believed`.

    Source: arXiv:2402.17747.

    Args:
        world: its id; PartialView, TokenAssist, or Tabular with a human or with observations.
        settings: of the world, JSON values.
        beta: as `regret`.
        agreement: as `regret`.
        tie: as `regret`.
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: as `regret`.

    Raises:
        ValueError: as `regret`.
    """
    choice = rationality(beta, agreement, tie=tie, center=center, spread=spread)
    lens = Believed(world, settings or {})
    return Simulated(lens, PartialReturn(), choice, seed=seed, name="believer")


def hindsight(
    world: str,
    settings: Settings = None,
    *,
    steps: int | None = None,
    policy: str = "oracle",
    policy_seed: int = 0,
    beta: float | None = None,
    agreement: float | None = None,
    gamma: float = 1.0,
    tie: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Judges after having seen what came of it, see `Hindsight`.

    Source: arXiv:2501.08617 (RLHS).

    Args:
        world: its id.
        settings: of the world, JSON values.
        steps: how many more are seen; None: to the episode's end.
        policy: who plays on: "oracle", "random", "learner" or "module:attr".
        policy_seed: of random play.
        beta: as `regret`.
        agreement: as `regret`.
        gamma: discount of the return, in (0, 1].
        tie: as `regret`.
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: as `regret`.

    Raises:
        ValueError: as `regret`, or a wrong setting of the lens.
    """
    lens = Hindsight(world, settings or {}, steps, policy, policy_seed)
    choice = rationality(beta, agreement, tie=tie, center=center, spread=spread)
    return Simulated(lens, PartialReturn(gamma), choice, seed=seed, name="hindsight")
