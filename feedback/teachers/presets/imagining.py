"""A teacher who judges by an outcome that was made up."""

from collections.abc import Mapping
from typing import Any, Unpack

from plaudit.feedback.teachers.lenses.imagined import Imagined
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn


def imaginer(
    world: str,
    settings: Mapping[str, Any] | None = None,
    *,
    knows: str = "all",
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Judges after having seen what might have come of it, see `Imagined`.

    Source: arXiv:2501.08617 (RLHS).

    Args:
        world: its id.
        settings: of the world, JSON values.
        knows: what the simulator of the outcome goes by, "all" or "view".
        seed: of the answers' stream, and of what is imagined.
        judgement: see `Judgement`.
    """
    lens = Imagined(world, settings or {}, knows, seed)
    choice = rationality(**judgement)
    return Simulated(lens, PartialReturn(), choice, seed=seed, name="imaginer")
