"""People who watch and react: signals about what was just done, late, sparse or on a dial."""

from dataclasses import replace
from typing import Unpack

from plaudit.feedback.delays import Delay as Late
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Delay, Skip
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Segment


def tamer(*, delay: Late = 0, seed: int = 0, **judgement: Unpack[Judgement]) -> Simulated:
    """A trainer with two keys: -1 or +1 for the latest step, as the answer 0 or 1 to `Approve`.

    Source: Knox and Stone 2009, doi:10.1145/1597735.1597738.
    Differs: there the trainer weighs the future, too; `coach` and `regret` do.

    Args:
        delay: ticks of the asker's clock by which an answer is late, [least, most] of them, or
            {"shape": ..., "scale": ...} of a gamma distribution.
        seed: of the answers' stream.
        judgement: see `Judgement`; `center` is the reward above which the key is +1.
    """
    return _watching("tamer", delay, seed, judgement)


def guide(*, delay: Late = 1, seed: int = 0, **judgement: Unpack[Judgement]) -> Simulated:
    """A dial held while watching: a number for the latest step, for `Rate(None, -1.0, 1.0)`.

    Source: arXiv:2410.15181.

    Args:
        delay: as `tamer`; a step of the dial's clock, as in the authors' settings.
        seed: of the answers' stream.
        judgement: as `tamer`; a reward of `center` is felt as 0, one `spread` more as 1.
    """
    return _watching("guide", delay, seed, judgement)


def reactions(
    *, unseen: float = 0.0, gamma: float = 1.0, seed: int = 0, **judgement: Unpack[Judgement]
) -> Simulated:
    """Hearts and thumbs of passers-by, for `React`: few, and likelier the better it was.

    Silence is an answer, because who says nothing liked it less; what nobody saw is skipped.

    Source: arXiv:2505.14946 (P[Love]).

    Args:
        unseen: share of segments that nobody saw.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: as `tamer`; a return of `center` gets half of the reactions.
    """
    choice, noises = rationality(**judgement), [Skip(unseen)]
    utility = PartialReturn(gamma)
    return Simulated(full_view, utility, choice, noises, seed=seed, name="reactions")


def _watching(name: str, delay: Late, seed: int, judgement: Judgement) -> Simulated:
    choice = rationality(**judgement)
    return Simulated(_latest_step, PartialReturn(), choice, [Delay(delay)], seed=seed, name=name)


def _latest_step(segment: Segment) -> Segment:
    """The latest step alone, its true reward included; words about all of it are left out."""
    seen = full_view(segment)
    if not len(seen):
        raise ValueError(f"{segment.ref} has no step to judge")
    return replace(
        seen,
        obs=seen.obs[-2:],
        actions=seen.actions[-1:],
        ref=replace(seen.ref, start=seen.ref.end - 1),
        text=None,
        rewards=None if seen.rewards is None else seen.rewards[-1:],
        states=None if seen.states is None else seen.states[-2:],
        frames=None if seen.frames is None else seen.frames[-2:],
        others={},
    )
