import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.rollout.watched import Watched, spoken
from plaudit.envs.evaluate import make_rows
from plaudit.envs.vector import LoopVectorEnv
from plaudit.feedback.wrappers import (
    HideReward,
    RecordSegments,
    ScalarFeedback,
    VectorHideReward,
    VectorRecordSegments,
    VectorScalarFeedback,
)
from tests.agents.watched_worlds.toys import Scripted

NGRAM = {"vocab": 4, "max_new": 3}


def begun(env, choices=2):
    watched = Watched(env, choices)
    watched.begin([0] * env.num_envs)
    return watched


def looped(rows=2, hide=False, **settings):
    def one():
        env = RecordSegments(gym.make("plaudit/TokenNgram-v0", **NGRAM), 1)
        return ScalarFeedback(HideReward(env) if hide else env, "oracle", **settings)

    return LoopVectorEnv([one] * rows)


def together(rows=2, hide=False, **settings):
    env = VectorRecordSegments(make_rows("plaudit/TokenNgram-v0", rows, "SameStep", **NGRAM), 1)
    return VectorScalarFeedback(VectorHideReward(env) if hide else env, "oracle", **settings)


def test_nothing_is_heard_where_0_or_nan_is_paid():
    watched = begun(Scripted([0.0, np.nan, -2.0]))
    heard = [watched.step(np.zeros(1, int)) for _ in range(3)]
    assert [one.feedback.tolist() for one in heard] == [[0.0], [0.0], [-2.0]]
    assert [one.judgements.tolist() for one in heard] == [[0], [0], [1]]


def test_a_count_in_the_info_tells_a_judgement_of_0_from_silence():
    said, judgements = spoken(np.zeros(2), {"feedback_count": np.array([2, 0])})
    assert (said.tolist(), judgements.tolist()) == ([0.0, 0.0], [2, 0])


@pytest.mark.parametrize("make", [looped, together])
def test_each_step_of_an_episode_is_heard_the_last_one_too(make):
    watched = begun(make(delay=1, late="carry"), 4)
    heard = [watched.step(np.array([1, 2])) for _ in range(7)]
    # episodes of 3 steps; the judgement of each step comes at the next one, also of the third
    assert [one.judgements.tolist() for one in heard] == [[0, 0], *[[1, 1]] * 6]
    assert [bool(one.over.all()) for one in heard] == [
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("make", [looped, together])
def test_the_true_return_of_an_episode_is_logged_unless_it_is_hidden(make):
    rows, plain = begun(make(), 4), make_rows("plaudit/TokenNgram-v0", 2, **NGRAM)
    plain.reset(seed=[0, 0])
    truth = sum(plain.step(np.array([1, 2]))[1] for _ in range(3))
    for _ in range(3):
        rows.step(np.array([1, 2]))
    row = rows.figures()
    assert row["true_reward"] == pytest.approx(truth.mean())
    assert (row["episodes"], row["length"], row["heard"]) == (2, 3, 6)
    hidden = begun(make(hide=True), 4)
    for _ in range(3):
        hidden.step(np.array([1, 2]))
    assert "true_reward" not in hidden.figures()


def test_figures_are_of_the_episodes_that_ended_since():
    watched = begun(Scripted([1.0, 0.0, 2.0, 0.0], horizon=2))
    for _ in range(3):
        watched.step(np.zeros(1, int))
    row = watched.figures()
    assert (row["reward"], row["true_reward"], row["episodes"]) == (1.0, 20.0, 1)
    watched.step(np.zeros(1, int))
    assert watched.figures()["reward"] == 2.0  # 2 + 0 of the second one
    watched.step(np.zeros(1, int))
    row = watched.figures()
    assert (row["episodes"], row["reward"]) == (0, 2.0)  # none ended: those of the last that did


def test_before_the_first_end_figures_are_of_what_runs():
    watched = begun(Scripted([1.0, 2.0]))
    for _ in range(2):
        watched.step(np.zeros(1, int))
    row = watched.figures()
    assert (row["episodes"], row["reward"], row["length"]) == (0, 3.0, 2)


def test_a_resumed_run_still_knows_the_last_episodes():
    watched, second = (begun(Scripted([1.0, 2.0, 4.0], horizon=2)) for _ in range(2))
    for _ in range(2):
        watched.step(np.zeros(1, int))
    watched.figures()
    second.set_state(watched.get_state())
    for one in (watched, second):
        one.step(np.zeros(1, int))
    assert watched.figures() == second.figures()


def test_the_share_of_legal_actions_is_logged():
    world = {"instance": None, "legal_actions": [[1, 0], [1, 1]], "terminal": [0, 0]}
    world |= {"transitions": np.full((2, 2, 2), 0.5).tolist(), "rewards": [[0, 0], [0, 0]]}
    env = make_rows("plaudit/Tabular-v0", 4, "SameStep", start=[1, 0], horizon=9, **world)
    watched = begun(env)
    watched.step(np.array([0, 0, 0, 1]))  # in the first state action 1 is illegal
    assert watched.figures()["valid"] == 0.75


@pytest.mark.parametrize("paid", [np.inf, -np.inf])
def test_infinite_feedback_is_refused(paid):
    with pytest.raises(ValueError, match=r"feedback must be finite, or NaN for none; got \[.*inf"):
        begun(Scripted([paid])).step(np.zeros(1, int))
    with pytest.raises(ValueError, match="feedback is NaN where something was said"):
        spoken(np.array([np.nan]), {"feedback_count": np.array([1])})
