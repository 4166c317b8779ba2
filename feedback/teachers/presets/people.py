"""People with one weakness each: how they err, what sways them, and how they tire.

All of them see the true rewards and judge by them like `boltzmann`, whose settings they take as
`judgement`, see `rationality.Judgement`. An agreement is that of the answers meant, before the
weakness strikes.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Unpack

from plaudit.feedback.programs import Spec
from plaudit.feedback.teachers.choices import Choice, RaoKupper, Thurstone
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import (
    Anchoring,
    DropOut,
    Fatigue,
    Lapse,
    LengthBias,
    Mistake,
    Noise,
    SelfPreference,
    Sycophancy,
)
from plaudit.feedback.teachers.noises.biases import Length
from plaudit.feedback.teachers.presets.rationality import Judgement, fitted, rationality
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn


def drlhp(
    *, lapse: float = 0.1, gamma: float = 1.0, seed: int = 0, **judgement: Unpack[Judgement]
) -> Simulated:
    """Answers a share of the questions at random.

    Source: arXiv:1706.03741, section 2.2.3.

    Args:
        lapse: share of answers given at random.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    return _person("drlhp", judgement, gamma, seed, Lapse(lapse))


def verbose(
    *,
    weight: float = 1.0,
    of: Length = "steps",
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Likes long ones.

    Source: arXiv:2310.10076 (verbosity bias).

    Args:
        weight: utility per 100 steps, words or characters.
        of: "steps", or "words" or "characters" of the text.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    return _person("verbose", judgement, gamma, seed, LengthBias(weight, of))


def sycophant(
    *,
    weight: float = 1.0,
    agrees: Spec = "contains",
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Likes what agrees with the belief that a query states in `context["belief"]`.

    Source: arXiv:2310.13548.

    Args:
        weight: utility of full agreement.
        agrees: "contains", "module:attr" or {"name": ..., settings}, see `Sycophancy`.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    return _person("sycophant", judgement, gamma, seed, Sycophancy(weight, agrees))


def self_preferring(
    *,
    weight: float = 1.0,
    author: str = "self_preferring",
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Likes what it wrote itself, by the authors that a query names in `context["authors"]`.

    Source: arXiv:2404.13076.

    Args:
        weight: utility of being one's own.
        author: its name among the authors.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    noise = SelfPreference(weight, author)
    return _person("self_preferring", judgement, gamma, seed, noise)


def anchored(
    *, weight: float = 0.3, gamma: float = 1.0, seed: int = 0, **judgement: Unpack[Judgement]
) -> Simulated:
    """Judges with an eye on what was judged last.

    Source: Tversky and Kahneman 1974, doi:10.1126/science.185.4157.1124.

    Args:
        weight: pull of the latest utilities, in [0, 1].
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    return _person("anchored", judgement, gamma, seed, Anchoring(weight))


def tired(
    *,
    rate: float = 0.01,
    leaves_after: int | None = None,
    leaving_rate: float = 0.0,
    gamma: float = 1.0,
    seed: int = 0,
    **judgement: Unpack[Judgement],
) -> Simulated:
    """Judges worse with every question, and leaves at some time if told so.

    Source: own design.

    Args:
        rate: loss of rationality per question, see `Fatigue`.
        leaves_after: questions answered before leaving; None to draw it.
        leaving_rate: probability of leaving after each question, for that draw; 0 to stay.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream, and of that draw.
        judgement: see `Judgement`.
    """
    stays = leaves_after is None and leaving_rate == 0.0
    leaving = [] if stays else [DropOut(leaves_after, leaving_rate, seed)]
    return _person("tired", judgement, gamma, seed, Fatigue(rate), *leaving)


def thumbs(
    *, mistake: float = 0.0, gamma: float = 1.0, seed: int = 0, **judgement: Unpack[Judgement]
) -> Simulated:
    """Thumbs up or down, for `Approve`: up where the return is judged above `center`.

    Source: arXiv:2402.01306 (KTO's labels).

    Args:
        mistake: share of answers reversed.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`.
    """
    return _person("thumbs", judgement, gamma, seed, Mistake(mistake))


def thurstone(
    *,
    sd: float | None = None,
    agreement: float | None = None,
    reference_returns: Sequence[float] | None = None,
    indifference: float = 0.0,
    gamma: float = 1.0,
    center: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> Simulated:
    """Feels every return with normal noise; can't pick one of several.

    Source: Thurstone 1927, doi:10.1037/h0070288 (case V).

    Args:
        sd: of the noise, in return; 1 when neither this nor `agreement` is given.
        agreement: in place of sd, as `boltzmann`.
        reference_returns: as `boltzmann`.
        indifference: felt difference below which two are equal, in return.
        gamma: discount of the return, in (0, 1].
        center: return in the middle of a rating's scale.
        spread: return between neighbouring thresholds of a rating.
        seed: of the answers' stream.

    Raises:
        ValueError: both sd and agreement, reference returns without agreement, or a value out of
            range.
    """
    if sd is not None and agreement is not None:
        raise ValueError(f"give sd or agreement, not both: sd={sd}, agreement={agreement}")
    sd = 1.0 if sd is None and agreement is None else sd
    choice = Thurstone(sd, agreement, indifference, center=center, spread=spread)
    return _judging("thurstone", fitted(choice, reference_returns), gamma, seed)


def rao_kupper(
    *, indifference: float = 0.1, gamma: float = 1.0, seed: int = 0, **judgement: Unpack[Judgement]
) -> Simulated:
    """Judges like `boltzmann`, but calls two equal whose difference is felt to be small.

    Source: Rao and Kupper 1967, doi:10.1080/01621459.1967.10482901.

    Args:
        indifference: in units of beta * return, >= 0.
        gamma: discount of the return, in (0, 1].
        seed: of the answers' stream.
        judgement: see `Judgement`, without tie and tie_share.
    """
    choice = RaoKupper(**asdict(rationality(**judgement)), indifference=indifference)
    return _judging("rao_kupper", choice, gamma, seed)


def _person(name: str, judgement: Judgement, gamma: float, seed: int, *noises: Noise) -> Simulated:
    return _judging(name, rationality(**judgement), gamma, seed, *noises)


def _judging(name: str, choice: Choice, gamma: float, seed: int, *noises: Noise) -> Simulated:
    return Simulated(full_view, PartialReturn(gamma), choice, noises, seed=seed, name=name)
