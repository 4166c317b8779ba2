"""All wrappers around one world, in their order."""

import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit import feedback
from plaudit.feedback import snapshot, wrappers
from plaudit.feedback.teachers.choices import Argmax
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn

WORLD = {"id": "plaudit/TokenNgram-v0", "vocab": 3, "max_new": 4, "end_token": True}
CHAIN = (
    ("RecordSegments", {"length": 2}),
    ("Constraint", {"cost": {"component": "illegal"}, "limit": 1.0}),
    ("HideReward", {"privileged_simulator": True}),
    ("TeacherReward", {"teacher": "noisy_person"}),
    ("LanguageFeedback", {"teacher": "coin_flip", "in_observation": "words", "paraphrase": True}),
    ("Advice", {"teacher": "coin_flip", "budget": 30, "adherence": 0.5}),
    ("ReferenceLogProb", {"reference": "world", "beta": 0.5}),
)


def wrapped(env):
    vector = "Vector" if isinstance(env, gym.vector.VectorEnv) else ""
    for name, settings in CHAIN:
        env = getattr(wrappers, vector + name)(env, **settings)
    return env


def same(one, other):
    """Whether what two steps returned is equal, whatever it consists of."""
    return json.dumps(one, default=str, sort_keys=True) == json.dumps(
        other, default=str, sort_keys=True
    )


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_vector_with_all_of_them_goes_on_bit_equal_and_shows_no_truth(mode, tmp_path):
    env, fresh = (wrapped(gym.make_vec(num_envs=3, autoreset_mode=mode, **WORLD)) for _ in range(2))
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.zeros(3, int))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    for actions in np.random.default_rng(0).integers(0, 3, (12, 3)):
        ours, theirs = env.step(actions), fresh.step(actions)
        assert same(ours, theirs)
        told = {key for key in ours[4] if key[0] != "_"}
        assert told >= {"cost", "cost_left", "feedback", "feedback_slots", "advice", "followed"}
        assert not told & {"true_reward", "eval", "reward_components", "success", "outcome"}
        if mode == AutoresetMode.DISABLED and ours[2].any():
            mask = {"reset_mask": ours[2]}
            assert same(env.reset(options=mask), fresh.reset(options=mask))


def test_a_spec_of_all_of_them_makes_the_whole_chain_again():
    env = wrapped(gym.make(**WORLD))
    text = env.spec.to_json()
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    assert again.spec.to_json() == text
    assert same(env.reset(seed=3), again.reset(seed=3))
    for action in (0, 1, 2):
        assert same(env.step(action), again.step(action))


@pytest.mark.parametrize("place", range(1, len(CHAIN)))
def test_none_belongs_around_what_stands_outside_of_it(place):
    env = gym.make(**WORLD)
    for name, settings in CHAIN[: place + 1]:
        env = getattr(wrappers, name)(env, **settings)
    name, settings = CHAIN[place - 1]
    with pytest.raises(TypeError, match=f"{name} belongs inside {CHAIN[place][0]}, not around it"):
        getattr(wrappers, name)(env, **settings)


@pytest.mark.parametrize("name", ["Constraint", "LanguageFeedback", "Advice"])
@pytest.mark.parametrize("vector", [False, True])
def test_a_teacher_is_told_the_learners_policy(name, vector, monkeypatch):
    told = []

    class Told(Simulated):
        def set_policy(self, probs):
            told.append(probs)

    monkeypatch.setattr(feedback, "make", lambda name: Told(full_view, PartialReturn(), Argmax()))
    world = gym.make_vec("CartPole-v1", 2) if vector else gym.make("CartPole-v1")
    settings = {"cost": {"teacher": "told"}} if name == "Constraint" else {"teacher": "told"}
    wrap = getattr(wrappers, f"Vector{name}" if vector else name)
    wrap(world, **settings).set_policy(len)
    assert told == [len]
