import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from plaudit import feedback
from plaudit.feedback import registry, snapshot
from plaudit.feedback.types import Feedback
from plaudit.feedback.wrappers import (
    HideReward,
    RecordSegments,
    ScalarFeedback,
    VectorRecordSegments,
    VectorScalarFeedback,
)

MODES = [mode.value for mode in AutoresetMode]
NGRAM = {"id": "plaudit/TokenNgram-v0", "max_new": 5, "vocab": 4}


class Counting(gym.Env):
    """Observes the step, pays +1 for action 1 and -1 for action 0, and ends after `horizon`."""

    observation_space = gym.spaces.Box(0, 99, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, horizon=4):
        self.horizon = horizon

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.t += 1
        obs = np.full(1, self.t, np.float32)
        return obs, 2.0 * action - 1.0, self.t == self.horizon, False, {}


def single(horizon=99, length=1, teacher="oracle", **settings):
    env = ScalarFeedback(RecordSegments(Counting(horizon), length), teacher, **settings)
    env.reset()
    return env


def vector(mode, horizon=2, rows=2, **settings):
    venv = SyncVectorEnv([lambda: Counting(horizon)] * rows, autoreset_mode=AutoresetMode(mode))
    env = VectorScalarFeedback(VectorRecordSegments(venv, 1), "oracle", **settings)
    env.reset()
    return env


def paid(env, actions):
    return [env.step(action)[1] for action in actions]


def test_without_delay_each_step_is_judged_at_once():
    assert paid(single(), [1, 0, 0, 1]) == [1.0, -1.0, -1.0, 1.0]


def test_a_constant_delay_shifts_what_is_paid():
    # step t pays what was said about step t - 2
    assert paid(single(delay=2), [1, 0, 0, 1, 1, 1]) == [0.0, 0.0, 1.0, -1.0, -1.0, 1.0]


def test_every_third_step_three_steps_are_judged_together():
    env = single(length=3, ask={"kind": "rate", "levels": 3})
    # returns 1 + 1 - 1 = 1 and -3; thresholds -0.5, 0.5: levels 2 and 0, that is +1 and -1
    assert paid(env, [1, 1, 0, 0, 0, 0]) == [0.0, 0.0, 1.0, 0.0, 0.0, -1.0]


def test_the_info_tells_what_was_paid_how_many_there_were_and_which_steps_were_meant():
    env = single(delay=1)
    first, second = env.step(1)[4], env.step(0)[4]
    assert (first["feedback"], first["feedback_count"]) == (0.0, 0)
    assert (second["feedback"], second["feedback_count"]) == (1.0, 1)
    assert [info["eval"]["feedback_for"] for info in (first, second)] == [(), (0,)]
    assert (first["true_reward"], second["true_reward"]) == (1.0, -1.0)


def test_several_that_arrive_in_one_step_are_added_up_and_counted():
    env, infos = single(delay=[0, 3]), []
    for _ in range(40):
        infos.append(env.step(1)[4])
    counts = [info["feedback_count"] for info in infos]
    assert [info["feedback"] for info in infos] == [float(count) for count in counts]
    assert {0, 1, 2} <= {*counts}
    meant = sorted(step for info in infos for step in info["eval"]["feedback_for"])
    assert meant[:37] == [*range(37)]  # none is lost, none comes twice, none after 3 steps
    for t, info in enumerate(infos):
        assert all(0 <= t - step <= 3 for step in info["eval"]["feedback_for"])


def test_gamma_delays_have_the_mean_of_their_whole_parts():
    env, waited = single(10**6, delay={"shape": 2.0, "scale": 3.0}), []
    for t in range(3000):
        waited += [t - step for step in env.step(1)[4]["eval"]["feedback_for"]]
    # the mean of Gamma(2, 3) is 6 and its sd 18 ** 0.5; cutting off fractions takes about 0.5
    assert np.mean(waited) == pytest.approx(5.5, abs=0.1 + 4 * (18 / 3000) ** 0.5)


@pytest.mark.parametrize(("late", "next_episode", "dropped"), [("drop", 0.0, 2), ("carry", 1.0, 0)])
def test_what_comes_after_the_episode_is_dropped_or_carried(late, next_episode, dropped):
    env = single(4, delay=2, late=late)
    assert paid(env, [1, 1, 1, 1]) == [0.0, 0.0, 1.0, 1.0]
    env.reset()
    # the judgements of steps 2 and 3 would arrive at the first two steps of the next episode
    assert paid(env, [0, 0]) == [next_episode] * 2
    assert env.dropped == dropped


def test_a_reset_in_mid_episode_drops_what_is_on_its_way():
    env = single(delay=3)
    paid(env, [1, 1])
    env.reset()
    assert paid(env, [0, 0, 0, 0]) == [0.0, 0.0, 0.0, -1.0]
    assert env.dropped == 2


@pytest.mark.parametrize("late", ["drop", "carry"])
@pytest.mark.parametrize("mode", MODES)
def test_each_row_hears_what_was_said_about_it(mode, late):
    env, steps = vector(mode, delay=1, late=late), []
    for _ in range(7):
        _, reward, terminated, _, info = env.step(np.array([1, 0]))
        np.testing.assert_array_equal(reward, info["feedback"])
        np.testing.assert_array_equal(np.abs(reward), info["feedback_count"])
        assert reward[0] == -reward[1]
        steps.append(reward[0])
        if mode == "Disabled" and terminated.all():
            env.reset(options={"reset_mask": terminated})
    # Of two steps per episode the first is heard of at the second; the second one's judgement is
    # lost or comes with the next step that is played, which after NextStep's reset is two later.
    carried = {"NextStep": [0, 1, 0, 1, 1, 0, 1]}.get(mode, [0, 1, 1, 1, 1, 1, 1])
    dropping = {"NextStep": [0, 1, 0, 0, 1, 0, 0]}.get(mode, [0, 1, 0, 1, 0, 1, 0])
    assert steps == (carried if late == "carry" else dropping)
    assert env.dropped == (0 if late == "carry" else 2 * (2 if mode == "NextStep" else 3))


def test_real_seconds_decide_when_the_clock_says_so():
    env, now = single(delay=0.3, clock="seconds"), [0.0]
    env.seconds = lambda: now[0]
    heard = []
    for _ in range(6):
        heard.append(env.step(1)[1])
        now[0] += 0.125
    # said at 0, heard from 0.3 on: first at 0.375, which is the fourth step
    assert heard == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]


def test_a_late_teacher_and_the_delay_add_up(monkeypatch):
    realtime = "plaudit.feedback.teachers.presets.realtime:tamer"
    monkeypatch.setitem(registry.TEACHERS, "tamer", realtime)
    env = single(teacher={"name": "tamer", "delay": 1, "beta": 99.0}, delay=1)
    assert paid(env, [1, 0, 0, 1]) == [0.0, 0.0, 1.0, -1.0]


class Keys:
    """A person: `submit` shows, `poll` returns what was pressed since; everything else is free."""

    name = "person"

    def __init__(self):
        self.shown, self.pressed = [], []

    def submit(self, queries, *, now=0):
        self.shown += queries

    def poll(self, *, now=None):
        pressed, self.pressed = self.pressed, []
        return pressed

    def press(self, step, answer):
        self.pressed.append(Feedback(self.shown[step].query_id, self.name, answer))


@pytest.fixture
def person(monkeypatch):
    keys = Keys()
    monkeypatch.setattr(feedback, "make", lambda name: keys)
    return keys


def test_a_person_is_heard_whenever_a_key_is_pressed(person):
    env = single(teacher="person")
    assert paid(env, [0, 0, 0]) == [0.0, 0.0, 0.0]
    person.press(0, 1)
    person.press(2, 1)
    person.press(1, None)  # somebody shrugged
    _, reward, _, _, info = env.step(0)
    assert (reward, info["feedback_count"], info["eval"]["feedback_for"]) == (2.0, 2, (0, 2))
    assert paid(env, [0]) == [0.0]


def test_a_key_pressed_in_the_next_episode_is_too_late(person):
    env = single(2, teacher="person")
    paid(env, [1, 1])
    env.reset()
    person.press(1, 1)
    assert (paid(env, [0]), env.dropped) == ([0.0], 1)


def test_an_answer_that_was_not_asked_for_is_refused(person):
    env = single(teacher="person")
    paid(env, [1])
    person.press(0, 1)
    person.press(0, 1)
    with pytest.raises(ValueError, match="'person' answered question 0, which is not open"):
        env.step(1)


def test_where_the_truth_is_hidden_no_step_is_told_but_the_teacher_still_sees_it():
    env = ScalarFeedback(HideReward(RecordSegments(Counting(), 1)), "oracle")
    env.reset()
    _, reward, _, _, info = env.step(1)
    assert (reward, info) == (1.0, {"feedback": 1.0, "feedback_count": 1})


@pytest.mark.parametrize("delay", [0, 2, [0, 4], {"shape": 2.0, "scale": 1.5}])
@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, delay, tmp_path):
    def make():
        venv = gym.make_vec(num_envs=3, autoreset_mode=mode, end_token=True, **NGRAM)
        teacher, ask = {"name": "noisy_person", "skip": 0.2}, {"kind": "rate"}
        return VectorScalarFeedback(VectorRecordSegments(venv, 1), teacher, ask, delay)

    env, fresh, rng = make(), make(), np.random.default_rng(0)
    env.reset(seed=0)
    for _ in range(4):
        env.step(rng.integers(0, 4, 3))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    heard = []
    for actions in rng.integers(0, 4, (30, 3)):
        ours, theirs = env.step(actions), fresh.step(actions)
        assert ours[1].tolist() == theirs[1].tolist()
        heard += ours[1].tolist()
        if mode == "Disabled" and ours[2].any():
            for both in (env, fresh):
                both.reset(options={"reset_mask": ours[2]})
    assert env.dropped == fresh.dropped
    assert len({*heard}) > 2


def test_saved_in_seconds_what_is_left_of_a_delay_goes_on():
    made = [
        ScalarFeedback(
            RecordSegments(gym.make(**NGRAM), 1), "coin_flip", delay=5.0, clock="seconds"
        )
        for _ in range(2)
    ]
    env, fresh = made
    env.seconds, fresh.seconds = (lambda: 100.0), (lambda: 7.0)
    env.reset(seed=0)
    env.step(0)
    fresh.set_state(env.get_state())
    fresh.seconds = lambda: 11.9
    assert fresh.step(0)[4]["feedback_count"] == 0
    fresh.seconds = lambda: 12.1
    assert fresh.step(0)[4]["feedback_count"] == 1


def test_the_spec_is_json_and_makes_it_again():
    env = RecordSegments(gym.make(**NGRAM), 1)
    env = ScalarFeedback(env, {"name": "oracle"}, {"kind": "rate"}, [1, 2], late="carry", seed=3)
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    assert type(again) is ScalarFeedback
    assert again.spec.to_json() == text
    again.reset(seed=0)
    again.step(0)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"delay": 0.5}, ValueError, "delay must be an integer of at least 0 .* got 0.5"),
        ({"delay": [3, 1]}, ValueError, r"delay must be \[least, most\] in this order"),
        ({"clock": "second"}, KeyError, "unknown clock 'second'; did you mean 'seconds'"),
        ({"late": "dropp"}, KeyError, "unknown late 'dropp'; did you mean 'drop'"),
        ({"ask": {"kind": "compare"}}, ValueError, "'compare' are no rewards; ask one of rate"),
        ({"ask": {"kind": "aprove"}}, ValueError, "unknown ask 'aprove'; did you mean 'approve'"),
    ],
)
def test_settings_out_of_range_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        single(**settings)


def test_the_learners_policy_is_passed_on(monkeypatch):
    told, env = [], single()
    monkeypatch.setattr(env._onlooker.teacher, "set_policy", told.append)
    env.set_policy(len)
    assert told == [len]


def test_a_teacher_that_gets_to_know_a_scale_says_nothing_until_then():
    env = single(200, teacher={"name": "boltzmann", "agreement": 0.75})
    counts = [env.step(step % 2)[4]["feedback_count"] for step in range(150)]
    assert counts == [0] * 99 + [1] * 51  # the 100th segment is enough
