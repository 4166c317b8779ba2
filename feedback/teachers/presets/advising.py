"""Teachers who say what should be done, by the exact action values of a world.

They have a private copy of the world and look at its states, so segments must be recorded with
them: RecordSegments(states=True).
"""

from collections.abc import Mapping
from typing import Any

from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.teachers.noises import Mistake, Noise, Reticence, Skip
from plaudit.feedback.teachers.presets.rationality import rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Regret

Settings = Mapping[str, Any] | None


def advisor(
    world: str,
    settings: Settings = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    mistake: float = 0.0,
    skip: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """Advises actions by their exact values; illegal ones never. For `Advise`.

    Source: arXiv:2010.02610 (action advice).

    Args:
        world: its id; one with exact action values.
        settings: of the world, JSON values.
        beta: 1 / unit of reward; 1 when neither this nor `agreement` is given.
        agreement: in place of beta: share in which the better one of two actions in one place is
            advised; found from the first batch of queries.
        mistake: share of advice that names any other action instead.
        skip: share of questions skipped.
        seed: of the answers' stream.

    Raises:
        ValueError: both beta and agreement, or a value out of range.
    """
    noises = (Mistake(mistake), Skip(skip))
    choice = rationality(beta, agreement)
    return _knowing(world, settings, choice, noises, seed, "advisor")


def corrector(
    world: str,
    settings: Settings = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    mistake: float = 0.0,
    skip: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """Names the step that should have been another, by what the change would have gained.

    For `Correct`.

    Source: arXiv:2406.06495; arXiv:2002.04833.

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        beta: as `advisor`.
        agreement: as `advisor`, of two changes of one segment.
        mistake: as `advisor`.
        skip: as `advisor`.
        seed: as `advisor`.

    Raises:
        ValueError: as `advisor`.
    """
    noises = (Mistake(mistake), Skip(skip))
    choice = rationality(beta, agreement)
    return _knowing(world, settings, choice, noises, seed, "corrector")


def demonstrator(
    world: str,
    settings: Settings = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    skip: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """Shows how to go on, by odds exp(beta * return of the way shown and of best play after it).

    For `Demonstrate`.

    Source: Ziebart et al. 2008, AAAI (maximum entropy); arXiv:2002.04833.

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        beta: as `advisor`.
        agreement: as `advisor`, of two ways to go on.
        skip: as `advisor`.
        seed: as `advisor`.

    Raises:
        ValueError: as `advisor`.
    """
    choice = rationality(beta, agreement)
    return _knowing(world, settings, choice, (Skip(skip),), seed, "demonstrator")


def critic(
    world: str,
    settings: Settings = None,
    *,
    beta: float | None = None,
    agreement: float | None = None,
    unsaid: float = 0.2,
    mistake: float = 0.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Says how good the last step was, whether it was right, and what to do and avoid next.

    For `Critique`, by exact action values.

    Source: arXiv:2312.06853 (LLF-Bench).

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        beta: as `advisor`.
        agreement: as `advisor`.
        unsaid: share of what would be said that is not, slot by slot.
        mistake: share of slots that say something else.
        center: value in the middle of the scale of the reward in words.
        spread: value between neighbouring thresholds of that scale.
        seed: as `advisor`.

    Raises:
        ValueError: as `advisor`.
    """
    noises = (Mistake(mistake), Reticence(unsaid))
    choice = rationality(beta, agreement, center=center, spread=spread)
    return _knowing(world, settings, choice, noises, seed, "critic")


def _knowing(
    world: str,
    settings: Settings,
    choice: Boltzmann,
    noises: tuple[Noise, ...],
    seed: int,
    name: str,
) -> Simulated:
    """A teacher who knows the exact values of actions."""
    lens, utility = Opened(("rewards", "states")), Regret(world, settings or {})
    return Simulated(lens, utility, choice, noises, seed=seed, name=name)
