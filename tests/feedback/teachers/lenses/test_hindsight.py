from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.teachers.lenses import Hindsight
from tests.feedback.recorded import recorded

TABULAR, ASSIST = "plaudit/Tabular-v0", "plaudit/TokenAssist-v0"
CORRIDOR = {"instance": "regret_vs_partial_return"}
MASKED = {"instance": "recoverable"}  # with two of three actions illegal in the second step
LEFT, RIGHT = 0, 1


def to_the_right(obs):
    return np.tile([0.0, 1.0], (len(obs), 1))


def to_the_left(obs):
    return np.tile([1.0, 0.0], (len(obs), 1))


def test_the_outcome_is_seen_to_the_end():
    # From cell 2 the best goes right: -1, -1, and 10 - 1 at the goal.
    segment = recorded(TABULAR, CORRIDOR, [RIGHT], state=1)
    seen = Hindsight(TABULAR, CORRIDOR)(segment)
    assert seen.rewards.tolist() == [-1, -1, -1, 9]
    assert seen.obs.tolist() == [[1, 10], [2, 9], [3, 8], [4, 7], [5, 6]]
    assert seen.actions.tolist() == [RIGHT] * 4
    assert seen.ref == replace(segment.ref, end=4)
    assert len(seen.states) == 5
    assert len(segment) == 1


def test_some_steps_are_seen_but_none_after_the_end():
    segment = recorded(TABULAR, CORRIDOR, [RIGHT], state=1)
    assert Hindsight(TABULAR, CORRIDOR, steps=2)(segment).rewards.tolist() == [-1, -1, -1]
    assert len(Hindsight(TABULAR, CORRIDOR, steps=9)(segment)) == 4
    over = recorded(TABULAR, CORRIDOR, [RIGHT], state=4)
    seen = Hindsight(TABULAR, CORRIDOR)(over)
    assert seen.rewards.tolist() == [9]
    assert seen is not over


def test_what_happens_is_what_would_have_happened_in_this_episode():
    world, actions = "plaudit/TokenNgram-v0", [5, 1, 2, 0, 4, 3]
    whole, begun = (recorded(world, {}, actions[:n], seed=9) for n in (6, 2))
    wanted = iter(actions[2:])

    def continued(obs):
        return np.eye(16)[[next(wanted)]]

    lens = Hindsight(world, steps=4, policy="learner")
    lens.set_policy(continued)
    np.testing.assert_array_equal(lens(begun).rewards, whole.rewards)


def test_random_play_is_legal_and_the_same_for_the_same_segment():
    clean = recorded(TABULAR, MASKED, [0], chance=[0.0, 0.0])
    assert Hindsight(TABULAR, MASKED, policy="random")(clean).actions.tolist() == [0, 0]
    segment = recorded("plaudit/TokenNgram-v0", {}, [1])
    played = [
        Hindsight("plaudit/TokenNgram-v0", policy="random", seed=seed)(part).actions.tolist()
        for seed, part in ((0, segment), (0, replace(segment)), (1, segment))
    ]
    assert played[0] == played[1] != played[2]
    elsewhere = recorded("plaudit/TokenNgram-v0", {}, [1], episode=1)
    assert (
        Hindsight("plaudit/TokenNgram-v0", policy="random")(elsewhere).actions.tolist() != played[0]
    )


def test_the_learner_plays_on_as_it_does_now():
    segment, lens = (
        recorded(TABULAR, CORRIDOR, [RIGHT], state=2),
        Hindsight(TABULAR, CORRIDOR, 2, "learner"),
    )
    with pytest.raises(ValueError, match="Hindsight goes by the learner's own policy"):
        lens(segment)
    lens.set_policy(to_the_left)
    assert lens(segment).actions.tolist() == [RIGHT, LEFT, LEFT]
    lens.set_policy(to_the_right)
    assert lens(segment).actions.tolist() == [RIGHT, RIGHT, RIGHT]


def test_illegal_actions_of_a_policy_are_left_out():
    clean = recorded(TABULAR, MASKED, [0], chance=[0.0, 0.0])
    lens = Hindsight(TABULAR, MASKED, policy="learner")
    for odds in ([0.2, 0.8, 0.0], [0.0, 0.0, 1.0]):
        lens.set_policy(lambda obs, odds=odds: np.array([odds]))
        assert lens(clean).actions.tolist() == [0, 0]


def test_of_advice_one_feels_what_acting_on_it_gains():
    # The user is sure of b and a is right: "a" is followed, "a maybe" is not, and b is wrong.
    asked = {"truth": [0], "view": [1], "sure": [True], "items": [0, 2, 0, 1], "seen": [False] * 4}
    a, maybe, end = 0, 5, 10
    followed = recorded(ASSIST, {}, [a, end], right=[1, 0, 0, 0], **asked)
    ignored = recorded(ASSIST, {}, [a, maybe, end], right=[1, 0, 0, 0], **asked)
    lens = Hindsight(ASSIST)
    np.testing.assert_allclose(lens(followed).rewards, [0, 1])
    np.testing.assert_allclose(lens(ignored).rewards, [0, 0, -0.5])
    assert followed.rewards.sum() == pytest.approx(0.99)  # the truth: 1 and a token


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"policy": "oracel"}, "unknown policy 'oracel'; did you mean 'oracle'"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Hindsight(TABULAR, CORRIDOR, **settings)


def test_segments_that_hide_what_is_needed_or_went_through_a_view_are_refused():
    segment, lens = recorded(TABULAR, CORRIDOR, [RIGHT]), Hindsight(TABULAR, CORRIDOR)
    with pytest.raises(ValueError, match="carries no states"):
        lens(segment.view())
    with pytest.raises(ValueError, match="Hindsight needs the true rewards"):
        lens(replace(segment, rewards=None))
    with pytest.raises(ValueError, match=r"observations of the segment have shape \(3,\)"):
        lens(replace(segment, obs=np.zeros((2, 3))))
