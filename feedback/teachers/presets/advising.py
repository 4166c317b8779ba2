"""Teachers who say what should be done, by the exact action values of a world.

They have a private copy of the world and look at its states, so segments must be recorded with
them: RecordSegments(states=True).
"""

from collections.abc import Mapping
from typing import Any, Unpack

from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.teachers.noises import Mistake, Noise, Reticence, Skip
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Regret

Settings = Mapping[str, Any] | None


def advisor(
    world: str,
    settings: Settings = None,
    *,
    mistake: float = 0.0,
    skip: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Advises actions by their exact values; illegal ones never. For `Advise`.

    Source: arXiv:2010.02610 (action advice).

    Args:
        world: its id; one with exact action values.
        settings: of the world, JSON values.
        mistake: share of advice that names any other action instead.
        skip: share of questions skipped.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    noises = (Mistake(mistake), Skip(skip))
    choice = rationality(**judgement)
    return _knowing(world, settings, choice, noises, seed, "advisor")


def corrector(
    world: str,
    settings: Settings = None,
    *,
    mistake: float = 0.0,
    skip: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Names the step that should have been another, by what the change would have gained.

    For `Correct`.

    Source: arXiv:2406.06495; arXiv:2002.04833.

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        mistake: as `advisor`.
        skip: as `advisor`.
        seed: as `advisor`.
        judgement: see `Judgement`.
    """
    noises = (Mistake(mistake), Skip(skip))
    choice = rationality(**judgement)
    return _knowing(world, settings, choice, noises, seed, "corrector")


def demonstrator(
    world: str,
    settings: Settings = None,
    *,
    skip: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Shows how to go on, by odds exp(beta * return of the way shown and of best play after it).

    For `Demonstrate`.

    Source: Ziebart et al. 2008, AAAI (maximum entropy); arXiv:2002.04833.

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        skip: as `advisor`.
        seed: as `advisor`.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    return _knowing(world, settings, choice, (Skip(skip),), seed, "demonstrator")


def critic(
    world: str,
    settings: Settings = None,
    *,
    unsaid: float = 0.2,
    mistake: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Says how good the last step was, whether it was right, and what to do and avoid next.

    For `Critique`, by exact action values.

    Source: arXiv:2312.06853 (LLF-Bench).

    Args:
        world: as `advisor`.
        settings: as `advisor`.
        unsaid: share of what would be said that is not, slot by slot.
        mistake: share of slots that say something else.
        seed: as `advisor`.
        judgement: see `Judgement`; `center` and `spread` are those of the reward in words.
    """
    noises = (Mistake(mistake), Reticence(unsaid))
    choice = rationality(**judgement)
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
