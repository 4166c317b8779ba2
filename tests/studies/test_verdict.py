import numpy as np
import pytest

from plaudit.studies.study import Claim, Control, Effect, Precondition
from plaudit.studies.verdict import differences, estimate, judge, sign_flip_p
from tests.studies.toy import toy

ON, OFF = Effect("on", "base"), Effect("off", "base")


def runs(**scores):
    return {
        arm: {seed: {"measures": {"score": value}} for seed, value in enumerate(values)}
        for arm, values in scores.items()
    }


def judged(on, off=(0.0, 0.0, 0.0), coin=(0.0, 0.0, 0.0), base=(0.0, 0.0, 0.0), **changes):
    found = judge(toy(**changes), runs(on=on, off=off, coin=coin, base=base))
    return found.verdict, found.reason


def test_an_effect_is_paired_by_seed():
    found = differences(ON, runs(on=(3.0, 5.0), base=(1.0, 4.0)))
    np.testing.assert_array_equal(found, [2.0, 1.0])


def test_two_measures_of_one_arm_can_be_compared():
    both = {"a": {0: {"measures": {"seen": 3.0, "true": 1.0}}}}
    assert differences(Effect("a", "a", "seen", "true"), both).tolist() == [2.0]


def test_the_interval_is_students():
    # mean 2, s = 1, n = 3: 4.303 / sqrt(3) = 2.484
    found = estimate(np.array([1.0, 2.0, 3.0]))
    assert (found.mean, found.low) == (2.0, pytest.approx(2.0 - 2.4843, abs=1e-3))


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([1.0, 2.0, 3.0], 1 / 8),  # only the signs as they are sum to 6
        ([1.0, 2.0, -3.0], 5 / 8),  # sums 6 0 4 -2 2 -4 0 -6: five of at least 0
        ([0.0, 0.0], 1.0),
    ],
)
def test_p_counts_the_flips_of_signs(values, p):
    assert sign_flip_p(np.array(values)) == p


def test_p_of_twenty_seeds_is_exact():
    assert sign_flip_p(np.full(20, 0.1)) == 2.0**-20
    with pytest.raises(ValueError, match="at most 20 signs"):
        sign_flip_p(np.ones(21))


def test_a_clear_effect_holds():
    assert judged((0.5, 0.6, 0.55))[0] == "holds"


def test_an_effect_below_what_counts_is_refuted():
    verdict, reason = judged((0.02, 0.03, 0.02))
    assert verdict == "refuted"
    assert "smaller than what counts: it gains" in reason


def test_an_effect_that_is_there_without_the_mechanism_is_refuted():
    verdict, reason = judged((0.5, 0.6, 0.55), off=(0.3, 0.3, 0.31))
    assert verdict == "refuted"
    assert "without the mechanism" in reason


@pytest.mark.parametrize(
    ("arms", "reason"),
    [
        ({"on": (0.5, -0.3, 0.4)}, "reaches below what counts"),
        ({"on": (0.5, 0.6, 0.55), "off": (0.0, 0.2, -0.2)}, "ablation's interval reaches"),
        ({"on": (0.5, 0.6, 0.55), "coin": (0.2, 0.2, 0.21)}, "control, may show an effect"),
        ({"on": (0.5, 0.6, 0.55), "coin": (0.2, -0.2, 0.0)}, "control, may show an effect"),
    ],
)
def test_what_is_not_shown_is_inconclusive(arms, reason):
    verdict, said = judged(**arms)
    assert verdict == "inconclusive"
    assert reason in said


def test_a_refuted_claim_stays_refuted_whatever_a_control_shows():
    assert judged((0.01, 0.02, 0.01), coin=(0.2, 0.2, 0.21))[0] == "refuted"


def test_claim_and_ablation_must_differ():
    # "not worse by .2": the ablation is worse by .9, .9, .3 and lies below; but it does not differ
    # from the claim by more than its own noise: d - ablation = 1.0, 1.1, .4, mean .83 +- .93
    worse = Claim("it is not worse", ON, -0.2, ablation=OFF)
    verdict, reason = judged((0.1, 0.2, 0.1), (-0.9, -0.9, -0.3), claims=(worse,))
    assert verdict == "inconclusive"
    assert "ablation's interval reaches" in reason or "cannot be told apart" in reason


def test_without_its_precondition_a_study_is_untestable():
    unmet = (Precondition("the judge sees", Effect("base"), 0.5),)
    verdict, reason = judged((0.5, 0.6, 0.55), preconditions=unmet)
    assert verdict == "untestable here"
    assert reason == "precondition, not met: the judge sees"


@pytest.mark.parametrize(
    ("same", "verdict"),
    [
        ((0.01, 0.02, 0.015), "holds"),
        ((0.2, 0.21, 0.2), "refuted"),
        ((0.0, 0.05, -0.05), "inconclusive"),
    ],
)
def test_equality_is_two_one_sided_tests(same, verdict):
    equal = Claim("it is the same", Effect("same", "base"), equal=True)
    found = judge(
        toy(arms={**toy().arms, "same": {}}, claims=(*toy().claims, equal)),
        runs(on=(0.5, 0.6, 0.55), off=(0,) * 3, coin=(0,) * 3, base=(0,) * 3, same=same),
    )
    assert found.verdict == verdict


def test_the_p_of_a_study_is_that_of_its_weakest_claim():
    strict = Claim("it gains a lot", ON, 0.59, ablation=OFF)
    found = judge(
        toy(claims=(*toy().claims, strict)),
        runs(on=(0.5, 0.6, 0.55), off=(0,) * 3, coin=(0,) * 3, base=(0,) * 3),
    )
    # d - .59 = -.09, .01, -.04: sums of +-.09 +-.01 +-.04 of at least -.12: all but -.14
    assert found.p == 7 / 8


def test_with_the_mechanism_off_nothing_must_hold():
    found = judge(toy(), runs(off=(0.01, 0.0, 0.02), base=(0.0,) * 3), ablated=True)
    assert found.verdict == "refuted"
    assert [part.kind for part in found.parts] == ["claim"]


def test_arms_with_other_seeds_are_not_compared():
    with pytest.raises(ValueError, match="seed by seed"):
        differences(ON, runs(on=(1.0, 2.0), base=(1.0,)))


def test_a_measure_that_is_missing_is_named():
    with pytest.raises(KeyError, match="no measure 'gap'; it has score"):
        differences(Effect("on", measure="gap"), runs(on=(1.0, 2.0)))


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_an_interval_needs_two_numbers(values):
    with pytest.raises(ValueError, match="at least 2 finite numbers"):
        estimate(np.array(values))


def test_a_control_must_lie_within_its_own_margin():
    wide = (Control("a coin", Effect("coin", "base"), 0.5),)
    assert judged((0.5, 0.6, 0.55), coin=(0.2, 0.2, 0.21), controls=wide)[0] == "holds"


def test_a_one_sided_control_may_do_harm():
    harmed = (-0.5, -0.6, -0.55)
    one = (Control("a coin", Effect("coin", "base"), one_sided=True),)
    assert judged((0.5, 0.6, 0.55), coin=harmed)[0] == "inconclusive"
    assert judged((0.5, 0.6, 0.55), coin=harmed, controls=one)[0] == "holds"
    assert judged((0.5, 0.6, 0.55), coin=(0.2, 0.2, 0.21), controls=one)[0] == "inconclusive"
