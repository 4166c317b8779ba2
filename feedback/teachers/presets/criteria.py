"""Teachers who judge by criteria: rubrics, principles, programs, pairs and likely follow-ups.

None of them sees the true rewards.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Unpack

from scipy.special import logit

from plaudit.envs.limits import check_range
from plaudit.feedback.criteria import PLAIN_TEXT
from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.lenses import Opened
from plaudit.feedback.teachers.noises import Mistake
from plaudit.feedback.teachers.presets.rationality import Judgement, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import (
    FollowUp,
    PairMatrix,
    Principles,
    Rubric,
    Verifier,
)
from plaudit.feedback.teachers.utilities.follow_up import NEGATIVE, POSITIVE
from plaudit.feedback.teachers.utilities.pair_matrix import preferences_of
from plaudit.feedback.teachers.utilities.rubric import Aggregate
from plaudit.feedback.teachers.utilities.verifier import By

CONSTITUTION: tuple[Spec, ...] = (
    {"name": "less", "of": "words"},
    "sentences",
    "variety",
    {"name": "matches", "pattern": r"[.!?][\"')\]]*\s*$"},
    {"name": "count", "text": "?"},
    {"name": "less", "of": {"name": "count", "text": "!"}},
)
"""Principles for any text: shorter, more sentences, fewer repeats, ended, asking, not shouting."""


def rubric(
    criteria: Sequence[Spec] | None = None,
    weights: Sequence[float] | None = None,
    *,
    aggregate: Aggregate = "mean",
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Judges by a weighted rubric: compares, ranks, chooses, rates, approves.

    Source: arXiv:2507.18624 (checklists as reward).

    Args:
        criteria: names, "module:attr" or {"name": ..., settings}, see `criteria.CRITERIA`; None for
            those of `PLAIN_TEXT`, which need segments with text.
        weights: of the criteria; None for equal ones.
        aggregate: "mean", "all", "any", "gated" or "product", see `Rubric`.
        seed: of the answers' stream.
        judgement: see `Judgement`; as the score is mostly in [0, 1], beta is 10, center 0.5 and
            spread 0.2 unless given.
    """
    specs = list(PLAIN_TEXT.values()) if criteria is None else criteria
    choice = rationality(default=10.0, **(Judgement(center=0.5, spread=0.2) | judgement))
    return Simulated(Opened(), Rubric(specs, weights, aggregate), choice, seed=seed, name="rubric")


def checklist(
    criteria: Sequence[Spec] | None = None, *, accuracy: float = 0.95, seed: int = 0
) -> Simulated:
    """Answers `Check` item by item, right as often as stated where an item is met or is not.

    Source: arXiv:2507.18624.

    Args:
        criteria: of the items, in the question's order, as `rubric`; None for those of
            `PLAIN_TEXT`, whose keys are the items in words.
        accuracy: share of clear items (score 0 or 1) answered rightly, in [0.5, 1]; those that are
            met in part are less certain.
        seed: of the answers' stream.
    """
    accuracy = check_range("accuracy", accuracy, 0.5, 1)
    specs = list(PLAIN_TEXT.values()) if criteria is None else criteria
    # A clear item is half a point from the center: sigmoid(beta / 2) = accuracy.
    sure, beta = accuracy == 1.0, 2.0 * float(logit(accuracy))
    choice = Argmax(center=0.5) if sure else Boltzmann(beta, center=0.5)
    return Simulated(Opened(), Rubric(specs), choice, seed=seed, name="checklist")


def constitution(
    principles: Sequence[Spec] | None = None,
    weights: Sequence[float] | None = None,
    *,
    count: int | None = None,
    draw: int = 0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Holds hidden principles that vote: compares, ranks, chooses.

    Source: arXiv:2406.06560.

    Args:
        principles: criteria of which more is preferred, as `rubric`; None for `CONSTITUTION`, which
            needs segments with text.
        weights: of their votes; None for equal ones.
        count: how many of them are held, drawn by `draw`; None for all.
        draw: seed of which ones are held.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    held = CONSTITUTION if principles is None else principles
    utility = Principles(held, weights, count, draw)
    choice = rationality(**judgement)
    return Simulated(Opened(), utility, choice, seed=seed, name="constitution")


def verifier(
    program: Spec | None = None,
    *,
    world: str | None = None,
    settings: Mapping[str, Any] | None = None,
    reads: Literal["segment", "text"] = "segment",
    by: By = "outcome",
    mistake: float = 0.0,
    center: float = 0.5,
    spread: float = 0.2,
    seed: int = 0,
) -> Simulated:
    """Lets a program judge, and reverses a share of the answers.

    Approves, rates and compares; `Check` and `Mark` where the program tells items or steps apart.

    Source: arXiv:2305.20050; arXiv:2507.18624.

    Args:
        program: what judges, as a criterion of `rubric`; this or `world`.
        world: id of a world with a verifier of its own, TokenChecklist or TokenMath; segments then
            need states.
        settings: of the world.
        reads: what a program of one's own is given, "segment" or "text".
        by: "outcome" or "process", of a world's verdict, see `Verifier`.
        mistake: share of answers, or parts of them, that are reversed.
        center: verdict above which it approves; for `Mark` 0, as steps are worth their change.
        spread: verdict between neighbouring thresholds of a rating.
        seed: of the answers' stream.
    """
    utility = Verifier(program, reads, world, dict(settings or {}), by)
    lens = Opened() if world is None else Opened(("states",))
    noises = (Mistake(mistake),) if mistake else ()
    choice = Argmax(center=center, spread=spread)
    return Simulated(lens, utility, choice, noises, seed=seed, name="verifier")


def intransitive(
    matrix: Sequence[Any] | None = None,
    item: Spec = "acted",
    prompt: Spec | None = None,
    *,
    world: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Prefers as a matrix says, also in circles: compares, ranks, chooses.

    Source: arXiv:2401.04056.

    Args:
        matrix: (K, K) of P(i beats j), or (X, K, K) with `prompt`; this or `world`.
        item: criterion that says which item a segment is; by default its only action.
        prompt: criterion that says which prompt it answers.
        world: id of TokenBandit or PreferenceGame, whose preferences these are then.
        settings: of the world.
        seed: of the answers' stream.
        judgement: see `Judgement`; at beta = 1, the default, the odds are those of the matrix.

    Raises:
        ValueError: neither or both of matrix and world.
    """
    if (matrix is None) == (world is None):
        raise ValueError(f"give matrix or world, one of them: got {matrix} and {world}")
    if world is not None:
        utility = preferences_of(world, dict(settings or {}))
    else:
        utility = PairMatrix(matrix or (), item, prompt)
    choice = rationality(**judgement)
    return Simulated(Opened(), utility, choice, seed=seed, name="intransitive")


def follow_up(
    scorer: Spec,
    *,
    positive: Sequence[str] = POSITIVE,
    negative: Sequence[str] = NEGATIVE,
    between: str = "\n",
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Likes what people would go on to praise: compares, ranks, chooses, rates, approves.

    Source: arXiv:2409.13948.

    Args:
        scorer: "module:attr" of a function (contexts, continuations) -> log-probabilities, see
            `follow_up.Scorer`.
        positive: praising follow-ups.
        negative: complaining ones.
        between: what stands between a text and its follow-up, e.g. the mark of a user's turn.
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    choice = rationality(**judgement)
    utility = FollowUp(scorer, positive, negative, between)
    return Simulated(Opened(), utility, choice, seed=seed, name="follow_up")
