import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import RecordEpisodeStatistics
from gymnasium.wrappers import vector as outside

from plaudit import feedback
from plaudit.feedback.wrappers import (
    Advice,
    HideReward,
    LearnedReward,
    RecordSegments,
    ReferenceLogProb,
    ScalarFeedback,
    TeacherReward,
    VectorAdvice,
    VectorConstraint,
    VectorHideReward,
    VectorLanguageFeedback,
    VectorLearnedReward,
    VectorRecordSegments,
    VectorReferenceLogProb,
    VectorScalarFeedback,
    VectorTeacherReward,
)

WORLD = "plaudit/TokenNgram-v0"
SMALL = {"name": "bradley_terry", "width": 8}


def vector(rows=3):
    return gym.make_vec(WORLD, rows, max_new=4)


def recorded(rows=3):
    return VectorRecordSegments(vector(rows), length=2)


CHAINS = {
    "RecordSegments": recorded,
    "HideReward": lambda: VectorHideReward(vector(), privileged_simulator=True),
    "TeacherReward": lambda: VectorTeacherReward(recorded(), "oracle", missing=0.5),
    "ScalarFeedback": lambda: VectorScalarFeedback(recorded(), "oracle", delay=[1, 3], seed=2),
    "LearnedReward": lambda: VectorLearnedReward(recorded(), "oracle", SMALL, labels=7),
    "LanguageFeedback": lambda: VectorLanguageFeedback(vector(), "coin_flip", slots=("hp",)),
    "Advice": lambda: VectorAdvice(vector(), "coin_flip", budget=4, adherence=0.5),
    "Constraint": lambda: VectorConstraint(vector(), {"component": "ngram"}, limit=1.0),
    "ReferenceLogProb": lambda: VectorReferenceLogProb(vector(), beta=0.5),
    "one in another": lambda: VectorAdvice(VectorTeacherReward(recorded(1), "oracle"), "coin_flip"),
}


def paid(env):
    """What ten steps pay, and what the info says."""
    env.reset(seed=0)
    env.action_space.seed(0)
    return [env.step(env.action_space.sample())[1].tolist() for _ in range(10)]


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_the_spec_of_a_wrapped_vector_makes_it_again(make):
    env = make()
    text = env.spec.to_json()
    again = gym.make_vec(EnvSpec.from_json(text), num_envs=env.num_envs)
    assert str(again) == str(env)  # the same chain
    assert again.num_envs == env.num_envs
    assert again.spec.to_json() == text
    assert paid(again) == paid(env)


def test_a_spec_that_would_not_make_it_again_is_refused():
    scaled = outside.RescaleObservation(gym.make_vec("Pendulum-v1", 2), np.zeros(3), np.ones(3))
    with pytest.raises(TypeError, match="RescaleObservation does not record its settings"):
        _ = VectorRecordSegments(scaled).spec
    settings = {"vectorization_mode": "sync", "wrappers": [lambda env: env]}
    lost = VectorRecordSegments(gym.make_vec(WORLD, 2, **settings))
    with pytest.raises(TypeError, match="not JSON serializable"):
        lost.spec.to_json()
    unnamed = gym.vector.SyncVectorEnv([lambda: gym.make("CartPole-v1").unwrapped])
    unnamed.spec = None
    assert VectorRecordSegments(unnamed).spec is None


def test_foreign_vectors_are_made_again_too():
    mode = {"autoreset_mode": AutoresetMode.DISABLED}
    sync = {"vectorization_mode": "sync", "vector_kwargs": mode}
    env = VectorHideReward(gym.make_vec("CartPole-v1", 2, **sync))
    again = gym.make_vec(env.spec)
    assert again.metadata["autoreset_mode"] == AutoresetMode.DISABLED
    assert (type(again), again.num_envs) == (VectorHideReward, 2)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env, teacher: TeacherReward(env, teacher),
        lambda env, teacher: ScalarFeedback(env, teacher),
        lambda env, teacher: LearnedReward(env, teacher, SMALL),
        lambda env, teacher: Advice(TeacherReward(env, teacher), "coin_flip"),
    ],
)
def test_closing_lets_go_of_what_the_teacher_holds(wrap, tmp_path):
    teacher = {"name": "file", "directory": str(tmp_path / "answers")}
    env = wrap(RecordSegments(gym.make(WORLD)), teacher)
    env.close()
    feedback.make(**teacher).close()  # the folder is free again


def test_the_world_is_closed_even_where_its_teacher_fails(monkeypatch):
    closed, env = [], TeacherReward(RecordSegments(gym.make(WORLD)), "oracle")
    monkeypatch.setattr(env.env, "close", lambda: closed.append(True))
    teacher = env._onlooker.teacher
    monkeypatch.setattr(teacher, "close", lambda: 1 / 0, raising=False)
    with pytest.raises(ZeroDivisionError):
        env.close()
    assert closed == [True]


def test_every_teacher_inside_hears_of_the_policy(monkeypatch):
    told = []
    judged = TeacherReward(HideReward(RecordSegments(gym.make(WORLD))), "oracle")
    advised = Advice(judged, "coin_flip")
    for part in (judged._onlooker, advised._adviser):
        monkeypatch.setattr(part.teacher, "set_policy", told.append)
    env = RecordEpisodeStatistics(ReferenceLogProb(advised))
    env.get_wrapper_attr("set_policy")(np.ones)
    assert told == [np.ones, np.ones]
