r"""How strong a preference is, by votes of several reward models, and what is done about weak ones.

The strength of an answer is how much more utility voters see in what was preferred than in what was
not, in the mean: below zero, they hold the answer for wrong. Of an annotator with odds
sigma(scale * margin) who reverses a share m of the answers, an answer of strength s is wrong with
probability

    m sigma(-scale s) / (m sigma(-scale s) + (1 - m) sigma(scale s))

which is exact where s is the true margin, and then the best that anybody can tell.

Source: arXiv:2401.06080, section 2 (strength, flipping, soft labels, adaptive margin).
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from plaudit.envs import limits
from plaudit.feedback.asks import Compare
from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.store import FeedbackBuffer, Row
from plaudit.feedback.types import pad

Floats = npt.NDArray[np.float64]


def votes(
    buffer: FeedbackBuffer, model: Callable[[], RewardModel], *, folds: int = 5, seed: int = 0
) -> Floats:
    """How much better each voter finds what was preferred, (M, B), by models that never saw it.

    The answers are split into `folds` parts; the members of a model fitted to the others vote on
    each, so that no answer speaks for itself.

    Differs: the source's ten voters learn from the answers that they judge, in other orders.

    Args:
        buffer: B comparisons without ties, answered once each.
        model: makes an unfitted ensemble of M members.
        folds: parts, >= 2.
        seed: of the split.

    Returns:
        Utilities, in the order of the buffer's answers.

    Raises:
        ValueError: other questions, or fewer answers than folds.
    """
    rows = _comparisons(buffer)
    limits.check_range("folds", folds, 2, len(rows), integer=True)
    segments = list(dict.fromkeys(s for row in rows for s in row.query.segments))
    place = {segment: i for i, segment in enumerate(segments)}
    pairs = np.array([[place[segment] for segment in row.query.segments] for row in rows])
    batch = pad(segments)
    fold = np.random.default_rng(seed).permutation(len(rows)) % folds
    parts: list[Floats] = []
    for part in range(folds):
        voters = model()
        voters.fit(buffer.select([r for r, f in zip(rows, fold, strict=True) if f != part]))
        rewards = voters.members(batch.obs[:, :-1], batch.actions)
        returns = (rewards * batch.mask).sum(-1, dtype=np.float64)[:, pairs[fold == part]]
        parts.append(returns[..., 0] - returns[..., 1])
    found = np.zeros((len(parts[0]), len(rows)))
    for part, margins in enumerate(parts):
        found[:, fold == part] = margins
    return np.where([row.feedback.answer == 0 for row in rows], found, -found)


def flip(buffer: FeedbackBuffer, strength: Floats, below: float = 0.0) -> FeedbackBuffer:
    """The answers, those of a strength below `below` reversed; skips are left out.

    Args:
        buffer: B comparisons without ties.
        strength: (B,) utility.
        below: utility.

    Raises:
        ValueError: other questions, or not one strength per answer.
    """
    rows = _comparisons(buffer)
    if strength.shape != (len(rows),):
        raise ValueError(f"strength must be ({len(rows)},), one per answer, got {strength.shape}")
    return buffer.select(
        replace(row, feedback=replace(row.feedback, answer=1 - _said(row), probs=None))
        if weak
        else row
        for row, weak in zip(rows, (strength < below).tolist(), strict=True)
    )


def soften(strength: Floats, mistake: float, scale: float = 1.0) -> Floats:
    """(B,) the probability that an answer of this strength is wrong; a model's `doubt`.

    Args:
        strength: (B,) utility; the true margin makes it exact.
        mistake: share of the answers that are reversed, in [0, 1].
        scale: rationality, 1 / unit of utility.
    """
    limits.check_range("mistake", mistake, 0, 1)
    # odds = mistake / (1 - mistake) * exp(-scale * strength)
    return np.asarray(expit(logit(mistake) - scale * np.asarray(strength)))


def margin(strength: Floats, share: float = 1.0) -> Floats:
    """(B,) utility by which what was preferred has to win; a model's `margin`.

    Args:
        strength: (B,) utility; weak answers, below 0, may even be lost by as much.
        share: of the strength, >= 0.
    """
    return limits.check_range("share", share, 0, inf) * strength


def auroc(strength: Floats, wrong: Floats) -> float:
    """The chance that a wrong answer is weaker than a right one; ties count half.

    Where nobody knows which answers are wrong, their probabilities, given all that decides on it,
    take the place of the draw: the mean over all draws, in the limit of many answers.

    Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.

    Args:
        strength: (B,) utility.
        wrong: (B,) probabilities, or true and false.

    Raises:
        ValueError: nothing is wrong, or nothing is right.
    """
    _, place = np.unique(strength, return_inverse=True)
    bad = np.bincount(place, wrong)
    good = np.bincount(place, 1.0 - np.asarray(wrong, np.float64))
    if not bad.sum() > 0 < good.sum():
        raise ValueError(f"auroc needs wrong and right answers, got {bad.sum()} of {len(strength)}")
    weaker = np.cumsum(bad) - 0.5 * bad
    return float((weaker * good).sum() / (bad.sum() * good.sum()))


def _said(row: Row) -> int:
    return int(row.feedback.answer)  # type: ignore[arg-type]  # a comparison's is a number


def _comparisons(buffer: FeedbackBuffer) -> list[Row]:
    """The answers without skips, which must all be comparisons without ties."""
    answered = buffer.answered()
    if answered.asks != [Compare()]:
        raise ValueError(f"strength is of comparisons without ties, got answers to {answered.asks}")
    return list(answered)
