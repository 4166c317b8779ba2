from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from plaudit.envs.finite import FiniteMDP
from plaudit.envs.tabular.gallery import instance
from plaudit.envs.tabular.gallery.watched import Watched
from plaudit.feedback.asks import Compare
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.lenses import Believed, full_view
from plaudit.feedback.teachers.lenses.belief import _expected_by, smoothed_rewards
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Query
from tests.feedback.recorded import recorded

TABULAR, GRID, ASSIST = "plaudit/Tabular-v0", "plaudit/PartialView-v0", "plaudit/TokenAssist-v0"
INFLATION, JUSTIFIED = {"instance": "deceptive_inflation"}, {"instance": "overjustification"}
BUG = {"instance": "recoverable"}
OPENLY, QUIETLY = 0, 1
BRIEFLY, IN_FULL = 0, 1
ALLEY = {"rows": 1, "columns": 4, "blind_columns": 1, "messes": 1, "horizon": 5}
LEFT, RIGHT, HANDLE = 2, 3, 4
# A machine breaks (state 1) with 1/4 a step and stays broken; running (0) pays 1, broken 0; a light
# shows which it is, and errs one time in five.
MACHINE = {
    "transitions": [[[0.75, 0.25], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]],
    "rewards": [[1.0, -0.5], [0.0, -0.5]],
    "start": [0.9, 0.1],
    "horizon": 3,
    "observations": [[0.8, 0.2], [0.2, 0.8]],
}


def believed(settings, actions, world=TABULAR, **begin):
    return Believed(world, settings)(recorded(world, settings, actions, **begin)).rewards


def odds_of_the_first(lens, settings, first, second):
    """P(first is better) of two installations, each an action and its luck."""
    segments = [recorded(TABULAR, settings, [a], chance=[luck]) for a, luck in (first, second)]
    teacher = Simulated(lens, PartialReturn(), Boltzmann(1.0))
    return teacher.probs(Query(tuple(segments), Compare()))[0]


def test_who_believes_prefers_the_hidden_failure():
    # Seen openly a failure is -1. Quietly it is -1.2, but a blank log looks like -0.6.
    failures = (QUIETLY, 0.9), (OPENLY, 0.9)
    assert odds_of_the_first(full_view, INFLATION, *failures) < 0.5
    assert odds_of_the_first(Believed(TABULAR, INFLATION), INFLATION, *failures) > 0.5
    np.testing.assert_allclose(believed(INFLATION, [QUIETLY], chance=[0.9]), [-0.6])


def test_who_believes_prefers_the_success_that_paid_to_be_seen():
    # Briefly 1 and unseen, taken for 1/9; in full 0.8 and seen.
    successes = (IN_FULL, 0.1), (BRIEFLY, 0.1)
    assert odds_of_the_first(full_view, JUSTIFIED, *successes) < 0.5
    assert odds_of_the_first(Believed(TABULAR, JUSTIFIED), JUSTIFIED, *successes) > 0.5


@pytest.mark.parametrize(
    ("settings", "action", "success", "expected"),
    [
        (INFLATION, OPENLY, 0.5, 0.0),
        (INFLATION, QUIETLY, 0.5, 0.2),  # 1/2 - 0.6 / 2: inflated by 0.3 over -0.1
        (JUSTIFIED, BRIEFLY, 0.8, 0.8 / 9 - 0.2),
        (JUSTIFIED, IN_FULL, 0.8, 0.4),
    ],
)
def test_policies_look_as_good_as_the_gallery_says(settings, action, success, expected):
    good, bad = (believed(settings, [action], chance=[luck])[0] for luck in (0.0, 0.999))
    assert success * good + (1 - success) * bad == pytest.approx(expected)


def test_what_comes_later_tells_on_what_was_hidden():
    # Expected are patch, hack, leave with 1/3: clean code and bugs are alike before they run.
    # -> (1 - 2) / 2. A run is clean with 9/14 -> 9/14 - 10/14, and pays 1 itself.
    np.testing.assert_allclose(believed(BUG, [0], chance=[0.0, 0.0]), [-0.5])
    np.testing.assert_allclose(believed(BUG, [0, 0], chance=[0.0, 0.0]), [-1 / 14, 1])
    only_the_run = recorded(TABULAR, BUG, [0, 0], chance=[0.0, 0.0], skip=1)
    np.testing.assert_allclose(Believed(TABULAR, BUG)(only_the_run).rewards, [1])


def test_what_an_illegal_action_cost_is_seen():
    rewards = believed(BUG, [0, 1, 0], chance=[0.0, 0.0])
    np.testing.assert_allclose(rewards, [-1 / 14, -0.1, 1])


def test_sights_that_the_human_rules_out_are_refused():
    human = instance("deceptive_inflation").human
    sure = np.zeros_like(human.expected)
    sure[:, OPENLY] = 1
    with pytest.raises(ValueError, match=r"holds the sights \[0, 3\] for impossible after 0 steps"):
        _expected_by(replace(human, expected=sure), np.array([0, 3]), 0)


def test_whether_it_went_on_tells_states_apart_that_look_alike():
    # From 0 by halves to 1, the end, or 2, which leads on to 3; 1 and 2 look alike.
    mdp = FiniteMDP(
        np.broadcast_to([0.0, 1.0, 0.0, 4.0], (4, 1, 4)),
        [1.0, 0.0, 0.0, 0.0],
        2,
        [[[0, 0.5, 0.5, 0]], [[0, 1, 0, 0]], [[0, 0, 0, 1]], [[0, 0, 0, 1]]],
        terminal=[0, 1, 0, 1],
    )
    human = Watched(mdp, np.array([0.0, 1, 0, 4]), np.array([0, 1, 1, 2]), mdp.uniform())
    assert _expected_by(human, np.array([0, 1]), 0).tolist() == [1]
    assert _expected_by(human, np.array([0, 2]), 0).tolist() == [0]
    assert _expected_by(human, np.array([2, 3]), 1).tolist() == [4]


def test_a_mess_out_of_sight_is_no_mess():
    # The mess is carried from cell 2 into the blind cell 3, where it stays.
    actions, place = [HANDLE, RIGHT, HANDLE, LEFT, LEFT], 2 * 6 + 2  # agent and mess in cell 2
    segment = recorded(GRID, ALLEY, actions, place=[place])
    assert segment.rewards.tolist() == [-1] * 5
    assert believed(ALLEY, actions, GRID, place=[place]).tolist() == [-1, 0, 0, 0, 0]


def test_a_user_approves_of_what_they_can_check():
    # Nothing is seen and the user is sure of b: a is right with 1 / 7.5, worth 1.5 / 7.5 - 0.5;
    # cite0 shows an item for a: now 3 of 9.5, and 0.05 for the citation; each token costs 0.01.
    settings = {"sycophancy": 0.0}
    asked = {"truth": [0], "view": [1], "sure": [True], "items": [0, 2, 0, 1], "seen": [False] * 4}
    a, cite0 = 0, 6  # a b c d surely maybe cite0
    rewards = believed(settings, [a, cite0], ASSIST, **asked)
    first, both = 1.5 / 7.5 - 0.5 - 0.01, 4.5 / 9.5 - 0.5 + 0.05 - 0.02
    np.testing.assert_allclose(rewards, [first, both - first])


def rewards_by_enumeration(mdp, shown, played):
    """Expected rewards given all that is seen, over all sequences of hidden states."""
    total, sums = 0.0, np.zeros(len(played))
    for path in product(range(mdp.states), repeat=len(shown)):
        chance = mdp.start[path[0]] * mdp.observations[path[0], shown[0]]
        for t, action in enumerate(played):
            chance *= mdp.transitions[path[t], action, path[t + 1]]
            chance *= mdp.observations[path[t + 1], shown[t + 1]]
        total += chance
        sums += [chance * mdp.expected[s, a] for s, a in zip(path, played, strict=False)]
    return sums / total


@pytest.mark.parametrize("shown", [[0, 0, 1, 1], [1, 0, 0, 1], [0, 1], [1]])
def test_hidden_states_are_smoothed_by_bayes_rule(shown):
    mdp, played = FiniteMDP(**MACHINE), [0, 0, 1][: len(shown) - 1]
    np.testing.assert_allclose(
        smoothed_rewards(mdp, np.array(shown), np.array(played, int)),
        rewards_by_enumeration(mdp, shown, played),
    )


def test_that_the_episode_ended_is_seen():
    # Both states show alike; only the second one ends the episode, and pays 1 on arrival.
    mdp = FiniteMDP(
        [[[0.0, 1.0]], [[0.0, 0.0]]],
        [1.0, 0.0],
        2,
        [[[0.5, 0.5]], [[0.0, 1.0]]],
        terminal=[0, 1],
        observations=[[1.0], [1.0]],
    )
    seen = np.zeros(2, int), np.zeros(1, int)
    rewards = [smoothed_rewards(mdp, *seen, ended).tolist() for ended in (None, True, False)]
    assert rewards == [[0.5], [1.0], [0.0]]


def test_the_lens_believes_from_the_history_up_to_its_segment():
    segment = recorded(TABULAR, MACHINE, [0, 0, 1], seed=1)
    part = recorded(TABULAR, MACHINE, [0, 0, 1], seed=1, skip=1)
    shown, played = (segment.states[-1]["game"][name][0] for name in ("shown", "played"))
    expected = rewards_by_enumeration(FiniteMDP(**MACHINE), shown.tolist(), played.tolist())
    np.testing.assert_allclose(Believed(TABULAR, MACHINE)(segment).rewards, expected)
    np.testing.assert_allclose(Believed(TABULAR, MACHINE)(part).rewards, expected[1:])


@pytest.mark.parametrize("rewards", [None, np.full(2, np.nan)])
def test_the_true_rewards_are_never_opened_and_the_rest_is_closed(rewards):
    segment = recorded(TABULAR, BUG, [0, 0], chance=[0.0, 0.0])
    seen = Believed(TABULAR, BUG)(replace(segment, rewards=rewards))
    np.testing.assert_allclose(seen.rewards, [-1 / 14, 1])
    assert (seen.states, seen.frames, seen.others) == (None, None, {})
    assert segment.states is not None


@pytest.mark.parametrize(
    ("world", "settings", "message"),
    [
        (TABULAR, {}, "Tabular says nothing of evaluators who see a part"),
        ("plaudit/Delivery-v0", {}, "Delivery says nothing of evaluators who see a part"),
    ],
)
def test_worlds_that_hide_nothing_are_refused(world, settings, message):
    with pytest.raises(ValueError, match=message):
        Believed(world, settings)(recorded(world, settings, [0]))
