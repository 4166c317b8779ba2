import numpy as np
import pytest

from plaudit.feedback.simulator import Simulator
from plaudit.feedback.teachers.utilities import PolicyAdvantage
from tests.feedback.recorded import recorded

TABULAR, GRID = "plaudit/Tabular-v0", "plaudit/PartialView-v0"
ALLEY = {"rows": 1, "columns": 3, "blind_columns": 1, "messes": 1, "horizon": 4}
MASKED = {"instance": "recoverable"}
TAKE, WAIT = 0, 1
# Taking pays 1 and ends it; waiting pays nothing; there are two steps.
POT = {
    "transitions": [[[0, 1], [1, 0]], [[0, 1], [0, 1]]],
    "rewards": [[1, 0], [0, 0]],
    "start": [1, 0],
    "horizon": 2,
    "terminal": [0, 1],
}


def even(obs):
    return np.full((len(obs), 2), 0.5)


def told(world, settings, policy):
    utility = PolicyAdvantage(world, settings)
    utility.set_policy(policy)
    return utility


def test_advantages_of_a_policy_by_hand():
    # With one step left V = 1/2 and A = 1/2, -1/2. With two Q = 1, V_1 = 1/2, so V = 3/4 and
    # A = 1/4, -1/4.
    segment = recorded(TABULAR, POT, [WAIT, TAKE])
    utility = told(TABULAR, POT, even)
    np.testing.assert_allclose(utility.steps(segment), [-0.25, 0.5])
    np.testing.assert_allclose(
        utility.actions(segment), [[0.25, -0.25], [0.5, -0.5], [np.nan, np.nan]]
    )
    assert utility.segment(segment) == pytest.approx(0.25)


def test_feedback_changes_with_the_learner_and_runs_out():
    segment = recorded(TABULAR, POT, [WAIT, TAKE])
    habit = [0.5]
    utility = told(TABULAR, POT, lambda obs: np.tile([habit[0], 1 - habit[0]], (len(obs), 1)))
    assert utility.steps(segment)[1] == pytest.approx(0.5)
    habit[0] = 1.0  # the same function, after learning: taking is now what it does anyway
    np.testing.assert_allclose(utility.steps(segment), [0.0, 0.0])


def test_the_policy_is_asked_about_what_it_would_see():
    # It takes only with one step left: V_1 = 1, so waiting first loses nothing.
    def late(obs):
        take = (obs[:, 1] == 1).astype(float)
        return np.stack([take, 1 - take], 1)

    utility = told(TABULAR, POT, late)
    np.testing.assert_allclose(utility.steps(recorded(TABULAR, POT, [WAIT, TAKE])), [0, 0])


def test_values_are_the_mean_of_all_ways_to_go_on():
    # Under a uniform policy all 5**4 sequences of actions are as likely, here in a grid.
    segment = recorded(GRID, ALLEY, [4])
    simulator = Simulator(GRID, ALLEY)
    q = [
        later.rewards[0] + (simulator.path_values(later.states[0], 3).mean())
        for later in (simulator.play(segment.states[0], [action]) for action in range(5))
    ]
    utility = told(GRID, ALLEY, lambda obs: np.full((len(obs), 5), 0.2))
    np.testing.assert_allclose(utility.actions(segment)[0], np.array(q) - np.mean(q))


def test_an_unchanged_policy_is_evaluated_once():
    utility = told(TABULAR, POT, even)
    segment = recorded(TABULAR, POT, [WAIT])
    utility.steps(segment)
    first = vars(utility)["_known"]
    utility.steps(segment)
    assert vars(utility)["_known"] is first


def test_what_the_learner_would_do_illegally_is_left_out():
    # Clean code may only be run, which the learner wants with 1/3: it is all it can do, and A = 0.
    segment = recorded(TABULAR, MASKED, [0, 2, 0], chance=[0.0, 0.0])
    utility = told(TABULAR, MASKED, lambda obs: np.full((len(obs), 3), 1 / 3))
    steps = utility.steps(segment)
    np.testing.assert_allclose(steps[1:], [-0.1, 0])  # the illegal step in between cost 0.1
    # Patch 0.8 * 1.8 - 0.2 * 2 = 1.04, hack 0.2 * 1.8 - 0.8 * 2 = -1.24, leave 0.6; mean 0.4 / 3.
    assert steps[0] == pytest.approx(1.04 - 0.4 / 3)


def test_a_policy_can_be_named_until_the_learner_tells_its_own():
    segment = recorded(TABULAR, POT, [TAKE])
    utility = PolicyAdvantage(TABULAR, POT, "tests.contracts.teacher_cases.values:even")
    assert utility.segment(segment) == pytest.approx(0.25)
    utility.set_policy(lambda obs: np.tile([0.0, 1.0], (len(obs), 1)))
    assert utility.segment(segment) == pytest.approx(1.0)


def test_without_a_policy_nothing_can_be_said():
    with pytest.raises(ValueError, match="learner's own policy, which it was not told"):
        PolicyAdvantage(TABULAR, POT).segment(recorded(TABULAR, POT, [TAKE]))


@pytest.mark.parametrize("odds", [np.ones((3, 2)), np.full((4, 2), -1.0)])
def test_what_is_no_policy_is_refused(odds):
    utility = told(TABULAR, POT, lambda obs: odds)
    with pytest.raises(ValueError, match=r"must give \(4, 2\) probabilities"):
        utility.segment(recorded(TABULAR, POT, [TAKE]))


def test_worlds_without_a_finite_model_are_refused():
    world = "plaudit/TokenNgram-v0"
    utility = told(world, {}, even)
    with pytest.raises(ValueError, match="TokenNgram has no finite model"):
        utility.segment(recorded(world, {}, [0]))
