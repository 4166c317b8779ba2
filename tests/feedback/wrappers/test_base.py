import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import RecordEpisodeStatistics

from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView, TokenView
from plaudit.feedback.wrappers import (
    HideReward,
    LearnedReward,
    RecordSegments,
    TeacherReward,
    VectorHideReward,
    VectorLearnedReward,
    VectorRecordSegments,
    VectorTeacherReward,
)
from plaudit.feedback.wrappers.base import (
    final_observations,
    inner_state,
    set_inner_state,
    set_truth_aside,
    truth_of,
    without_truth,
)

ORDER = (
    r"world -> TextView -> TokenView \| ByteView -> RecordSegments -> Constraint -> "
    r"HideReward -> TeacherReward \| LearnedReward \| ScalarFeedback -> LanguageFeedback -> "
    r"Advice -> ReferenceLogProb -> RecordEpisodeStatistics"
)

SMALL = {"name": "bradley_terry", "width": 8}


def world():
    return gym.make("plaudit/TokenNgram-v0", max_new=4)


def vector():
    return gym.make_vec("plaudit/TokenNgram-v0", 2, max_new=4)


@pytest.mark.parametrize(
    ("outer", "inside"),
    [
        (RecordSegments, lambda: RecordSegments(world())),
        (RecordSegments, lambda: HideReward(world())),
        (HideReward, lambda: TeacherReward(RecordSegments(world()))),
        (LearnedReward, lambda: TeacherReward(RecordSegments(world()))),
        (TeacherReward, lambda: RecordEpisodeStatistics(RecordSegments(world()))),
        (VectorRecordSegments, lambda: VectorHideReward(vector())),
        (VectorLearnedReward, lambda: VectorTeacherReward(VectorRecordSegments(vector()))),
    ],
)
def test_a_wrong_order_names_the_right_one(outer, inside):
    message = rf"belongs inside \w+, not around it; the order is {ORDER}"
    with pytest.raises(TypeError, match=message):
        outer(inside())


@pytest.mark.parametrize(
    ("outer", "make"),
    [
        (LearnedReward, world),
        (TeacherReward, world),
        (VectorLearnedReward, vector),
        (VectorTeacherReward, vector),
    ],
)
def test_what_must_be_inside_is_named(outer, make):
    with pytest.raises(TypeError, match=rf"needs RecordSegments inside; the order is {ORDER}"):
        outer(make())


@pytest.mark.parametrize("wrap", [RecordSegments, HideReward, RecordEpisodeStatistics])
def test_views_around_feedback_are_refused(wrap):
    right = (
        f"belongs inside {wrap.__name__}, .* TextView -> TokenView [|] ByteView -> {wrap.__name__}"
    )
    with pytest.raises(TypeError, match=f"TextView {right}"):
        TextView(wrap(world()))
    with pytest.raises(TypeError, match=f"TokenView {right}"):
        TokenView(wrap(TextView(world())), ByteTokenizer())


def test_views_belong_inside_the_recorder():
    assert RecordSegments(TextView(world())).segments.env_id == "plaudit/TokenNgram-v0"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: RecordSegments(env, length=3, keep=10),
        lambda env: HideReward(RecordSegments(env), privileged_simulator=True),
        lambda env: TeacherReward(
            RecordSegments(env), {"name": "oracle"}, {"kind": "rate", "levels": 3}
        ),
        lambda env: LearnedReward(RecordSegments(env), model=SMALL, labels=7),
    ],
)
def test_the_spec_of_a_wrapped_world_is_json_and_makes_it_again(wrap):
    env = wrap(world())
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    assert type(again) is type(env)
    assert again.spec.to_json() == text
    again.reset(seed=0)
    again.step(0)


def test_the_truth_is_set_aside_at_every_depth():
    info = {
        "success": True,
        "_success": 1,
        "other": 2,
        "final_info": {"outcome": "failure", "other": 3},
    }
    out = set_truth_aside(info, 0.5, hidden=False)
    assert out == {
        "other": 2,
        "final_info": {"other": 3, "eval": {"outcome": "failure"}},
        "eval": {"success": True, "_success": 1},
        "_eval": True,
        "true_reward": 0.5,
    }
    assert without_truth(out) == without_truth(info) == {"other": 2, "final_info": {"other": 3}}
    assert info["success"] is True


def test_what_stands_beside_an_eval_is_a_signal_and_stays():
    signal = {"cost": 1.0, "eval": {"cost": 2.0}, "true_reward": 0.5}
    assert set_truth_aside(signal, 3.0, hidden=False) == signal
    assert without_truth(signal) == {"cost": 1.0}
    # behind a HideReward only signals are left
    assert set_truth_aside({"cost": 1.0}, 3.0, hidden=True) == {"cost": 1.0}


def test_a_world_without_states_cannot_be_saved():
    env = gym.make("CartPole-v1")
    with pytest.raises(TypeError, match="no layer of it has get_state"):
        inner_state(env)
    with pytest.raises(TypeError, match="no layer of it has set_state"):
        set_inner_state(env, {})


def test_where_a_world_pays_a_proxy_the_truth_beside_it_is_recorded():
    env = VectorRecordSegments(gym.make_vec("plaudit/TokenSummary-v0", 4, pay="proxy"))
    env.reset(seed=0)
    paid, true, recorded = 0.0, 0.0, 0.0
    for _ in range(60):
        _, reward, _, _, info = env.step(np.full(4, 20))  # fillers only
        paid += reward.sum()
        true += truth_of(info, reward).sum()
    for slot in env.segments.newest(24):
        recorded += env.segments.segment(slot).rewards.sum()
    # ten fillers: the proxy pays 10 * 0.05, the truth costs 10 * 0.02; 4 rows, 6 episodes each
    assert paid == pytest.approx(24 * 0.5)
    assert [true, recorded] == pytest.approx([24 * -0.2] * 2)


def test_a_hidden_reward_hides_the_truth_beside_a_proxy_too():
    env = HideReward(gym.make("plaudit/TokenSummary-v0", pay="proxy"))
    _, info = env.reset(seed=0)
    *_, told = env.step(0)
    assert "true_reward" not in info | told


@pytest.mark.parametrize(
    "finals",
    [
        [np.array([1, 2]), np.array([3, 4])],
        [np.array([[1, 3], [2, 4]]).T[0], np.array([[3, 3], [4, 4]]).T[0]],  # not contiguous
        list(np.array([[1, 2], [3, 4]])),  # the rows of one array, as in native vector forms
        list(np.array([[3, 4], [1, 2]])[::-1]),
        list(np.array([[1, 3], [2, 4]]).T),
        [np.array([1, 2]), [3, 4]],
        [np.array([1, 2]), np.array([3, 4], np.int8)],
        [np.array([1, 2], object), np.array([3, 4], object)],
    ],
)
def test_what_a_step_led_to_is_final_where_a_row_was_reset(finals):
    obs, over = np.array([[0, 0], [7, 8], [0, 0]]), np.array([True, False, True])
    info = {"final_obs": np.empty(3, object)}
    info["final_obs"][0], info["final_obs"][2] = finals
    assert final_observations(info, obs, over).tolist() == [[1, 2], [7, 8], [3, 4]]
    assert obs.tolist() == [[0, 0], [7, 8], [0, 0]]


def test_final_observations_may_be_single_numbers():
    info = {"final_obs": np.array([5, None], object)}
    assert final_observations(info, np.array([0, 1]), np.array([True, False])).tolist() == [5, 1]


def test_whose_truth_is_told_is_told_by_any_mask():
    some, others = np.array([True, False, False]), np.array([False, False, True])
    info = {"success": others, "_success": some, "outcome": some, "_outcome": others}
    out = set_truth_aside(info, np.zeros(3), False)
    assert out["eval"] == info
    assert out["eval"] is not info
    assert out["_eval"].tolist() == [True, False, True]
    assert out["_true_reward"].tolist() == [True] * 3


def test_the_truth_of_rows_that_all_end_at_once_stands_in_the_final_info_alone():
    both = np.array([True, True])
    info = {"final_info": {"true_reward": np.array([3.0, 4.0])}, "_final_info": both}
    assert truth_of(info, np.array([0.5, 0.5])).tolist() == [3.0, 4.0]
    one = info | {"_final_info": np.array([True, False])}
    assert truth_of(one, np.array([0.5, 0.5])).tolist() == [3.0, 0.5]
