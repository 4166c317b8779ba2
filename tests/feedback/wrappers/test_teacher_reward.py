import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.feedback import registry, snapshot
from plaudit.feedback.asks import Check
from plaudit.feedback.wrappers import (
    RecordSegments,
    TeacherReward,
    VectorRecordSegments,
    VectorTeacherReward,
)
from plaudit.feedback.wrappers.answer_rewards import answer_reward

WORLD = {"id": "plaudit/TokenNgram-v0", "max_new": 5, "vocab": 4, "end_token": True}
RATER = {"name": "oracle", "spread": 0.5}
MODES = [mode.value for mode in AutoresetMode]


def single(teacher=RATER, length=None, **settings):
    return TeacherReward(RecordSegments(gym.make(**WORLD), length), teacher, **settings)


def vector(mode="SameStep", teacher=RATER, length=None):
    venv = gym.make_vec(num_envs=3, autoreset_mode=mode, **WORLD)
    return VectorTeacherReward(VectorRecordSegments(venv, length), teacher)


def test_a_rating_is_paid_at_the_end_of_each_segment():
    env = single(length=2)
    env.reset(seed=0)
    rewards, true = [], []
    for action in (0, 1, 2, 0, 1):
        _, reward, _, _, info = env.step(action)
        rewards.append(reward)
        true.append(info["true_reward"])
    assert (rewards[0], rewards[2]) == (0.0, 0.0)
    # 5 levels with thresholds -0.75, -0.25, 0.25, 0.75; level a pays a / 2 - 1
    expected = [
        np.digitize(sum(part), [-0.75, -0.25, 0.25, 0.75]) / 2 - 1
        for part in (true[0:2], true[2:4], true[4:5])
    ]
    assert [rewards[1], rewards[3], rewards[4]] == expected
    assert len({*expected}) > 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("length", [None, 2])
def test_rows_of_vectors_get_the_ratings_of_their_own_segments(mode, length):
    env = vector(mode, length=length)
    env.reset(seed=4)
    rng, rated, since, over = np.random.default_rng(0), 0, np.zeros(3), np.zeros(3, bool)
    steps = np.zeros(3, int)
    for _ in range(60):
        live = ~over
        _, reward, terminated, _, info = env.step(rng.integers(0, 4, 3))
        since += np.where(live, info["true_reward"], 0)
        steps += live
        due = live & (terminated | (steps == (length or 99)))
        expected = np.digitize(since, [-0.75, -0.25, 0.25, 0.75]) / 2 - 1
        assert reward.tolist() == np.where(due, expected, 0.0).tolist()
        rated += int(due.sum())
        since[due], steps[due] = 0, 0
        over = np.zeros(3, bool) if mode == "SameStep" else terminated & live
        if mode == "Disabled" and over.any():
            env.reset(options={"reset_mask": over})
            over = np.zeros(3, bool)
    assert rated > 20


def test_a_skipped_rating_pays_what_was_agreed():
    env = single({"name": "noisy_person", "skip": 1.0}, missing=-0.25)
    env.reset(seed=0)
    assert env.step(3)[1] == -0.25


def test_the_truth_is_set_aside():
    env = single()
    _, info = env.reset(seed=0)
    assert info["eval"]["outcome"] == "running"
    _, _, _, _, info = env.step(3)
    assert info["true_reward"] == 0.0
    assert info["eval"]["reward_components"] == {"ngram": 0.0, "illegal": 0.0}
    assert info.keys() == {"eval", "true_reward"}


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    env, fresh = (vector(mode, "noisy_person", length=2) for _ in range(2))
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    for _ in range(3):
        env.step(rng.integers(0, 4, 3))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    paid = []
    for actions in rng.integers(0, 4, (30, 3)):
        ours, theirs = env.step(actions), fresh.step(actions)
        assert ours[1].tolist() == theirs[1].tolist()
        paid += ours[1].tolist()
        if mode == "Disabled" and ours[2].all():
            env.reset()
            fresh.reset()
    assert len({*paid}) > 2


def test_a_coin_flip_with_the_worlds_seed_knows_nothing_of_the_world():
    # Sentiment draws one number per episode, the teacher one per rating: in one stream with the
    # world they would be the same numbers, and the correlation near 1. Standard error 1/sqrt(200).
    env = TeacherReward(RecordSegments(gym.make("plaudit/Sentiment-v0", max_bytes=1)), "coin_flip")
    openings, ratings = [], []
    for episode in range(200):
        env.reset(seed=0 if episode == 0 else None)
        openings.append(int(env.unwrapped.get_state()["game"]["opening"][0]))
        ratings.append(env.step(65)[1])
    assert abs(np.corrcoef(openings, ratings)[0, 1]) < 4 / 200**0.5


def test_segments_recorded_before_are_not_rated():
    recorded = RecordSegments(gym.make(**WORLD))
    recorded.reset(seed=0)
    recorded.step(3)
    env = TeacherReward(recorded, {"name": "oracle", "center": 9.0})  # would rate it -1
    env.reset(seed=0)
    assert [env.step(0)[1], env.step(3)[1]] == [0.0, -1.0]


def test_what_a_reset_cut_is_not_paid_in_the_next_episode():
    env = gym.wrappers.TimeLimit(single(), 2)
    for _ in range(2):
        env.reset(seed=0)
        # The limit stands outside: the segments end at the resets, when no step is left to pay.
        assert [env.step(0)[1] for _ in range(2)] == [0.0, 0.0]
    assert len(env.env.env.segments) == 1


def counted(ask, teacher="oracle", rewards=(1.0, -1.0), length=2, **settings):
    """What a world that pays so, step by step, is said to be worth: one step or segment each."""

    class World(gym.Env):
        observation_space = gym.spaces.Box(-9, 9, (1,))
        action_space = gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            self.rewards = iter(rewards)
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.zeros(1, np.float32), next(self.rewards), False, False, {}

    env = TeacherReward(RecordSegments(World(), length), teacher, ask, **settings)
    env.reset()
    return [env.step(0)[1] for _ in rewards]


@pytest.mark.parametrize(
    ("ask", "rewards", "paid"),
    [
        ({"kind": "rate", "levels": 3}, (0.2, 0.2), 0.0),  # |0.4| < 0.5: the middle of 3 levels
        ({"kind": "rate", "levels": None}, (0.1, 0.3), 0.8),  # 0.5 + 0.4 of 0..1 is 0.8 of -1..1
        ({"kind": "rate", "levels": None, "low": -5, "high": 5}, (1.0, 2.0), 0.6),  # 3 of -5..5
        ({"kind": "approve"}, (1.0, 2.0), 1.0),
        ({"kind": "approve"}, (1.0, -2.0), -1.0),
        ({"kind": "react", "rates": [1.0]}, (1.0, 2.0), 1.0),
        ({"kind": "react", "rates": [1.0]}, (1.0, -2.0), 0.0),  # bad: no reaction
        ({"kind": "react", "kinds": ["boo"], "signs": [-1], "rates": [1.0]}, (1.0, -2.0), -1.0),
        ({"kind": "mark", "steps": 2}, (3.0, -1.0), 0.0),  # one good step, one poor one
        ({"kind": "mark", "steps": 2}, (3.0, 2.0), 2.0),
        ({"kind": "mark", "steps": 3}, (-3.0, 0.2), -1.0),  # 0.2 < 0.5: not marked
    ],
)
def test_every_graded_question_can_be_asked(ask, rewards, paid):
    sharp = {"name": "boltzmann", "beta": 1e6}
    assert counted(ask, sharp, rewards) == [0.0, pytest.approx(paid, abs=1e-3)]


def test_of_a_checklist_the_share_of_items_met_is_paid():
    answers = {(1, 0, 1, 0): 0.5, (0, 0, 0, 0): 0.0}
    for answer, paid in answers.items():
        assert answer_reward(Check(("a", "b", "c", "d")), answer, missing=9.0) == paid


def test_a_question_whose_answers_are_no_rewards_is_refused():
    with pytest.raises(ValueError, match="answers to 'compare' are no rewards; ask one of rate"):
        counted({"kind": "compare"})


def test_a_late_teacher_is_paid_for_when_the_answer_comes(monkeypatch):
    realtime = "plaudit.feedback.teachers.presets.realtime:guide"
    monkeypatch.setitem(registry.TEACHERS, "guide", realtime)
    teacher = {"name": "guide", "delay": 2, "beta": 1e6}
    ask = {"kind": "rate", "levels": None, "low": -1.0, "high": 1.0}
    paid = counted(ask, teacher, rewards=(0.5, -0.25, 0.75, 0.0, 0.0), length=1)
    assert paid == [0.0, 0.0, *(pytest.approx(x, abs=1e-3) for x in (0.5, -0.25, 0.75))]


@pytest.mark.parametrize("mode", MODES)
def test_what_comes_late_to_a_row_is_paid_at_its_next_step(mode, monkeypatch):
    realtime = "plaudit.feedback.teachers.presets.realtime:tamer"
    monkeypatch.setitem(registry.TEACHERS, "tamer", realtime)
    venv = gym.make_vec(num_envs=2, autoreset_mode=mode, **{**WORLD, "max_new": 2})
    env = VectorTeacherReward(
        VectorRecordSegments(venv), {"name": "tamer", "delay": 1}, {"kind": "approve"}
    )
    env.reset(seed=0)
    live, due, count = env._recorder, np.zeros(2, bool), 0
    over = np.zeros(2, bool)
    for _ in range(12):
        _, reward, terminated, _, _ = env.step(np.array([0, 1]))
        assert ((reward != 0) == (due & live.live)).all()
        count += int((reward != 0).sum())
        due = (due & ~live.live) | (terminated & live.live)
        over = terminated & live.live
        if mode == "Disabled" and over.any():
            env.reset(options={"reset_mask": over})
    assert count > 4


@pytest.mark.parametrize("teacher", ["crowd", {"name": "boltzmann", "agreement": 0.75}])
def test_until_a_teacher_knows_the_scale_its_skips_are_paid(teacher):
    env = RecordSegments(gym.make("Pendulum-v1"), length=1)  # episodes of 200 steps
    env = TeacherReward(env, teacher, {"kind": "approve"}, missing=0.25)
    env.reset(seed=0)
    env.action_space.seed(0)
    paid = [env.step(env.action_space.sample())[1] for _ in range(150)]
    assert paid[:99] == [0.25] * 99  # the 100th segment is enough
    assert {*paid[99:]} & {-1.0, 1.0}
