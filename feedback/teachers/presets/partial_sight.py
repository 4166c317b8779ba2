"""Teachers who see a part of what happened, or mark a part of what they see."""

from collections.abc import Sequence
from typing import Unpack

from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.choices import Argmax
from plaudit.feedback.teachers.lenses import AgentView, Masked, SummaryOnly, full_view
from plaudit.feedback.teachers.noises.spotting import Spotting
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Linear, PartialReturn


def span_marker(
    *,
    recall: float = 0.8,
    precision: float = 0.9,
    standing_out: float | None = None,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Answers `Mark`: poor and good steps by their true rewards, with a recall and a precision.

    Source: arXiv:2306.01693 (fine-grained feedback).

    Args:
        recall: share of the steps that stand out which it marks.
        precision: share of its marks that are deserved; the others are poor or good evenly.
        standing_out: share of steps that stand out, in [0, 1); None to count them in the first
            batch of queries.
        center: reward of a step that is neither.
        spread: a step stands out where its reward is more than half of this from the center.
        seed: of the answers' stream.
    """
    noise = Spotting(recall, precision, standing_out, center, spread)
    choice = Argmax(center=center, spread=spread)
    return Simulated(full_view, PartialReturn(), choice, (noise,), seed=seed, name="span_marker")


def masked_viewer(
    weights: Sequence[float],
    features: Sequence[Spec] | None = None,
    *,
    keep: Sequence[int] | None = None,
    hide: Sequence[int] | None = None,
    fill: float = 0.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """`linear`, but blind to some entries of the observations, and to texts.

    Source: own design; partial observation by evaluators: arXiv:2402.17747.

    Args:
        weights: as `linear`.
        features: as `linear`.
        keep: entries that it sees; this or `hide`.
        hide: entries that it doesn't see.
        fill: what it takes hidden entries for.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    lens, utility = Masked(keep, hide, fill), Linear(weights, features)
    return Simulated(lens, utility, choice, seed=seed, name="masked_viewer")


def summary_reader(
    features: Sequence[Spec] | None = None,
    weights: Sequence[float] | None = None,
    *,
    actions: int = 0,
    characters: int | None = None,
    sentences: int | None = None,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Judges by a summary alone; by the true return that it states where no features are given.

    Source: own design; evaluators who see outcomes only: arXiv:2402.17747.

    Args:
        features: criteria on the summary, see `SummaryOnly`, e.g. {"name": "acted", "index": 0}
            for the number of steps; true rewards then stay closed.
        weights: of the features; None for 1 each.
        actions: discrete actions that the summary counts.
        characters: of the text's end that it shows; None for all.
        sentences: of the text's end that it shows; None for all.
        seed: of the answers' stream.
        judgement: see `Judgement`.

    Raises:
        ValueError: weights without features.
    """
    if features is None and weights is not None:
        raise ValueError(f"weights {weights} weigh features, but none are given")
    choice = rationality(**judgement)
    lens = SummaryOnly(actions, characters, sentences, total=features is None)
    if features is None:
        return Simulated(lens, PartialReturn(), choice, seed=seed, name="summary_reader")
    utility = Linear([1.0] * len(features) if weights is None else weights, features)
    return Simulated(lens, utility, choice, seed=seed, name="summary_reader")


def other_agent(
    agent: str,
    *,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Sees what another agent saw, and wants what that agent was paid.

    Source: own design.

    Args:
        agent: whose eyes and rewards, a key of `Segment.others`.
        gamma: discount of its return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    return Simulated(AgentView(agent), PartialReturn(gamma), choice, seed=seed, name="other_agent")
