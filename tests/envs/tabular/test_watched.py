import dataclasses

import numpy as np
import pytest

from plaudit.envs.finite import FiniteMDP, solve
from plaudit.envs.finite.solution import policy_value
from plaudit.envs.tabular.gallery import instance
from plaudit.envs.tabular.gallery.watched import Watched

NAMES = ("deceptive_inflation", "irreducibly_ambiguous", "overjustification", "recoverable")


def human(name: str) -> Watched:
    watched = instance(name).human
    assert watched is not None
    return watched


@pytest.mark.parametrize("name", NAMES)
def test_truth_is_the_return_of_the_process(name: str) -> None:
    watched = human(name)
    for policy in [*watched.policies(), watched.expected]:
        assert watched.judged(policy).truth == pytest.approx(policy_value(watched.mdp, policy))
        assert watched.chances(policy).sum() == pytest.approx(1)
    assert watched.judged(watched.best()).truth == pytest.approx(solve(watched.mdp).value)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_seen_is_truth_plus_over_less_underestimation(name: str) -> None:
    watched = human(name)
    for policy in watched.policies():
        judged = watched.judged(policy)
        assert judged.seen == pytest.approx(judged.truth + judged.over - judged.under)


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_the_human_expects_looks_as_good_as_it_is(name: str) -> None:
    judged = human(name).judged(human(name).expected)
    assert judged.seen == pytest.approx(judged.truth)


@pytest.mark.parametrize("name", NAMES)
def test_who_sees_everything_is_neither_deceived_nor_impressed(name: str) -> None:
    watched = human(name)
    clear = dataclasses.replace(watched, view=np.arange(watched.mdp.states))
    looks = clear.judged(clear.best_looking())
    assert (looks.over, looks.under) == (0, 0)
    assert looks.truth == pytest.approx(solve(watched.mdp).value)
    assert clear.ambiguity() == 0


@pytest.mark.parametrize("name", NAMES)
def test_looking_best_without_being_best_takes_inflation_or_overjustification(name: str) -> None:
    # The theorem of the source, section 4.
    watched = human(name)
    looks, best = watched.judged(watched.best_looking()), watched.judged(watched.best())
    assert looks.truth < best.truth
    inflated = looks.over > best.over and looks.seen > best.seen
    overjustified = looks.under < best.under and looks.truth < best.truth
    assert inflated or overjustified


def test_quiet_failures_inflate() -> None:
    watched = human("deceptive_inflation")
    openly, quietly, idle = map(watched.judged, np.eye(3)[:, None] * watched.mdp.legal[:, :1])
    assert openly == pytest.approx((0, 0, 0, 0))
    assert quietly == pytest.approx((-0.1, 0.2, 0.3, 0))
    assert idle == pytest.approx((-0.3, -0.6, 0, 0.3))


def test_full_logs_overjustify() -> None:
    watched = human("overjustification")
    briefly, in_full, _ = map(watched.judged, np.eye(3)[:, None] * watched.mdp.legal[:, :1])
    assert briefly == pytest.approx((0.6, 0.8 / 9 - 0.2, 0, 0.8 * 8 / 9))
    assert in_full == pytest.approx((0.4, 0.4, 0, 0))


def test_beliefs_follow_bayes_rule() -> None:
    watched = human("recoverable")
    sights = {path: kind for path, kind in zip(watched.sequences, watched.looks, strict=True)}
    place = watched.sequences.index((0, 1, 3))  # clean code that runs
    # Clean and buggy code are expected alike: 0.9 / (0.9 + 0.5) on a run.
    assert watched.belief[sights[0, 1, 3], place] == pytest.approx(9 / 14)
    np.testing.assert_allclose(watched.belief.sum(1), 1)


@pytest.mark.parametrize(
    ("name", "ambiguous"),
    [
        ("deceptive_inflation", 1),
        ("overjustification", 1),
        ("recoverable", 0),
        ("irreducibly_ambiguous", 1),
    ],
)
def test_the_ambiguity_is_the_part_of_the_returns_that_beliefs_annul(
    name: str, ambiguous: int
) -> None:
    watched = human(name)
    assert watched.ambiguity() == ambiguous
    other = watched.gamma @ (watched.twin() - watched.worth)
    np.testing.assert_allclose(watched.belief @ other, 0, atol=1e-12)
    assert (np.abs(other).max() > 1e-9) == (ambiguous > 0)


def test_known_beliefs_recover_the_returns_where_nothing_is_ambiguous() -> None:
    watched = human("recoverable")
    np.testing.assert_allclose(
        watched.gamma @ watched.explained(), watched.gamma @ watched.worth, atol=1e-12
    )


def test_a_sight_that_the_human_rules_out_has_no_belief() -> None:
    watched = human("deceptive_inflation")
    sure = np.zeros_like(watched.expected)
    sure[:, 0] = 1
    with pytest.raises(ValueError, match="must believe each sight possible"):
        _ = dataclasses.replace(watched, expected=sure).belief


def test_a_choice_that_comes_again_is_refused() -> None:
    mdp = FiniteMDP([[0, 0]], [1], 2, successor=[[0, 0]])
    looped = Watched(mdp, np.zeros(1), np.zeros(1, np.int64), mdp.uniform())
    with pytest.raises(ValueError, match="can be met twice"):
        looped.policies()


def test_harm_is_told_as_shares_of_the_way_from_random_to_best() -> None:
    watched = human("deceptive_inflation")
    # Random play returns (0 - 0.1 - 0.3) / 3 = -0.4 / 3, so the way is 0.4 / 3. Quiet installing
    # loses 0.1, gains 0.2 in looks and 0.3 in E+: 0.75, min(1.5, 2.25), and E- stays 0.
    np.testing.assert_allclose(watched.harm(watched.best_looking()), (0.75, 1.5, 0.0), atol=1e-12)
    np.testing.assert_allclose(watched.harm(watched.best()), (0.0, 0.0, 0.0), atol=1e-12)


def test_paying_to_be_seen_is_overjustification() -> None:
    watched = human("overjustification")
    # Random play returns 0.4 / 3, the best 0.6: the way is 1.4 / 3; 0.2 are paid for 0.71 of E-.
    assert watched.harm(watched.best_looking()).overjustification == pytest.approx(0.6 / 1.4)
