"""From runs to a verdict: paired effects, their intervals, and what they must clear.

For each claim and n seeds, d_i = measure of the arm - measure of the other arm, seed i:

    interval    mean +- t(n - 1) s / sqrt(n), Student, 95%
    p           share of the 2^n flips of the signs of d_i - smallest whose mean is as large
    holds       low(d) > smallest, low(d - ablation) > 0, high(ablation) < smallest
    refuted     high(d) < smallest, or low(ablation) > smallest: it happens without the mechanism
    equal       both one-sided tests at 5%: the 90% interval lies within +- smallest

A study holds if all its claims do, its controls show nothing (90% interval within their margin, or
below it where only a gain would tell) and its preconditions are met; if one of these is not met it
is untestable here.

Source: sign flips: Fisher 1935, "The Design of Experiments", section 21; equivalence by two
one-sided tests: Schuirmann 1987, doi:10.1007/BF01068419.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from plaudit.envs.evaluate import half_width
from plaudit.studies.study import Claim, Control, Effect, Precondition, Reported, Run, Study

Verdict = Literal["holds", "refuted", "inconclusive", "untestable here"]
Runs = Mapping[str, Mapping[int, Run]]
"""By arm, then seed."""

Floats = npt.NDArray[np.float64]

LARGEST_FLIPPED = 20
"""Seeds whose signs are all flipped, 2^20 of them."""


class Estimate(NamedTuple):
    """An effect over seeds: mean and Student t interval; `values` in the order of seeds."""

    mean: float
    low: float
    high: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """One claim, control, precondition or reported effect, and what came of it.

    Attributes:
        kind: "claim", "control", "precondition" or "reported".
        text: what is said.
        effect: 95% interval; 90% for controls and claims of equality.
        limit: what the effect is compared with.
        met: whether it says what it should; None where it could go either way or says nothing.
        reason: in a few words.
        p: one-sided sign-flip p of a claim.
        ablation: of a claim, the effect with the mechanism off.
        margin: of a claim, effect less ablation.
        two_sided: the limit holds in both directions.
    """

    kind: str
    text: str
    effect: Estimate
    limit: float | None
    met: bool | None
    reason: str
    p: float | None = None
    ablation: Estimate | None = None
    margin: Estimate | None = None
    two_sided: bool = False


@dataclass(frozen=True)
class Judgement:
    """What a study came to."""

    verdict: Verdict
    reason: str
    parts: tuple[Part, ...]

    @property
    def claims(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.kind == "claim")

    @property
    def p(self) -> float:
        """That of the weakest claim: all of them must hold."""
        return max(part.p for part in self.claims if part.p is not None)


def judge(study: Study, runs: Runs, *, ablated: bool = False) -> Judgement:
    """The verdict on a study.

    Args:
        study: what was declared.
        runs: of all arms that its effects name, with the same seeds, at least 2.
        ablated: put each claim's ablation in the place of its effect; such a study must not hold.

    Raises:
        ValueError: an arm lacks a seed that another has, or there are fewer than 2.
        KeyError: a run lacks a measure.
    """
    claims = ablated_claims(study) if ablated else study.claims
    effects = [claim.effect for claim in claims] if ablated else study.effects()
    _check_seeds({arm for effect in effects for arm in effect.arms}, runs)
    parts = [_claim(claim, runs) for claim in claims]
    if not ablated:
        parts += [_control(control, runs) for control in study.controls]
        parts += [_precondition(condition, runs) for condition in study.preconditions]
        parts += [_reported(reported, runs) for reported in study.reported]
    return Judgement(*_verdict(parts), tuple(parts))


def ablated_claims(study: Study) -> tuple[Claim, ...]:
    """The claims that have an ablation, made about it."""
    return tuple(
        replace(claim, effect=claim.ablation, ablation=None, off="")
        for claim in study.claims
        if claim.ablation
    )


def differences(effect: Effect, runs: Runs) -> Floats:
    """(n,) the effect for each seed, in the order of seeds."""
    _check_seeds(effect.arms, runs)
    seeds = sorted(runs[effect.arm])
    values = np.array([_measure(effect.arm, effect.measure, runs, seed) for seed in seeds])
    if effect.against is None:
        return values
    name = effect.against_measure or effect.measure
    other = np.array([_measure(effect.against, name, runs, seed) for seed in seeds])
    return np.asarray(values - other, np.float64)


def estimate(values: Floats, confidence: float = 0.95) -> Estimate:
    """Mean and Student t interval; ValueError for fewer than 2 values or one that is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"an interval needs at least 2 finite numbers, got {values.tolist()}")
    mean, half = float(values.mean()), half_width(values, confidence)
    return Estimate(mean, mean - half, mean + half, tuple(values.tolist()))


def sign_flip_p(values: Floats) -> float:
    """Share of all flips of signs whose sum is at least that of `values`; in [2^-n, 1].

    Raises:
        ValueError: more than `LARGEST_FLIPPED` values.
    """
    if len(values) > LARGEST_FLIPPED:
        raise ValueError(f"at most {LARGEST_FLIPPED} signs can be flipped, got {len(values)}")
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    # Sums of the same numbers in another order differ in their last bits.
    return float((sums >= values.sum() - 1e-12 * np.abs(values).sum()).mean())


def _claim(claim: Claim, runs: Runs) -> Part:
    values = differences(claim.effect, runs)
    if claim.equal:
        return _equality(claim, values)
    effect, p = estimate(values), sign_flip_p(values - claim.smallest)
    part = Part("claim", claim.text, effect, claim.smallest, None, "", p)
    if claim.ablation is not None:
        off = differences(claim.ablation, runs)
        part = replace(part, ablation=estimate(off), margin=estimate(values - off))
    met, reason = _settled(part, claim.smallest)
    return replace(part, met=met, reason=reason)


def _settled(part: Part, smallest: float) -> tuple[bool | None, str]:
    off, margin = part.ablation, part.margin
    if part.effect.high < smallest:
        return False, "the effect is smaller than what counts"
    if off is not None and off.low > smallest:
        return False, "the effect is there without the mechanism"
    if part.effect.low <= smallest:
        return None, "the effect's interval reaches below what counts"
    if off is not None and off.high >= smallest:
        return None, "the ablation's interval reaches what counts"
    if margin is not None and margin.low <= 0:
        return None, "claim and ablation cannot be told apart"
    return True, "above what counts"


def _equality(claim: Claim, values: Floats) -> Part:
    effect, margin = estimate(values, 0.9), claim.smallest
    p = max(sign_flip_p(values + margin), sign_flip_p(margin - values))
    if -margin < effect.low and effect.high < margin:
        met, reason = True, "equal within the margin"
    elif effect.low > margin or effect.high < -margin:
        met, reason = False, "different by more than the margin"
    else:
        met, reason = None, "the interval reaches beyond the margin"
    return Part("claim", claim.text, effect, margin, met, reason, p, two_sided=True)


def _control(control: Control, runs: Runs) -> Part:
    effect, within = estimate(differences(control.effect, runs), 0.9), control.within
    met = effect.high < within and (control.one_sided or effect.low > -within)
    reason = "shows nothing" if met else "may show an effect"
    both = not control.one_sided
    return Part("control", control.text, effect, within, met, reason, two_sided=both)


def _precondition(condition: Precondition, runs: Runs) -> Part:
    effect = estimate(differences(condition.effect, runs))
    met = effect.low > condition.least
    reason = "met" if met else "not met"
    return Part("precondition", condition.text, effect, condition.least, met, reason)


def _reported(reported: Reported, runs: Runs) -> Part:
    effect = estimate(differences(reported.effect, runs))
    return Part("reported", reported.text, effect, None, None, "")


def _verdict(parts: Sequence[Part]) -> tuple[Verdict, str]:
    """The first of these that some part is.

    A refuted claim stays refuted whatever the controls show: they guard against effects that only
    seem to be there.
    """
    settling: tuple[tuple[str, bool | None, Verdict], ...] = (
        ("precondition", False, "untestable here"),
        ("claim", False, "refuted"),
        ("control", False, "inconclusive"),
        ("claim", None, "inconclusive"),
    )
    for kind, met, verdict in settling:
        for part in parts:
            if part.kind == kind and part.met is met:
                return verdict, f"{kind}, {part.reason}: {part.text}"
    return "holds", "all claims hold, and nothing else explains them"


def _check_seeds(arms: Iterable[str], runs: Runs) -> None:
    """ValueError unless all arms were run with the same seeds."""
    seeds = {arm: tuple(sorted(runs[arm])) for arm in sorted(arms)}
    if len(set(seeds.values())) > 1:
        raise ValueError(f"arms are compared seed by seed, but were run with the seeds {seeds}")


def _measure(arm: str, name: str, runs: Runs, seed: int) -> float:
    measures = runs[arm][seed]["measures"]
    if name not in measures:
        raise KeyError(f"arm {arm!r} has no measure {name!r}; it has {', '.join(measures)}")
    return float(measures[name])
