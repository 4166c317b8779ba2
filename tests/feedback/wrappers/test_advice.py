import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit import feedback
from plaudit.feedback import snapshot
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.noises import Skip
from plaudit.feedback.teachers.population import Population
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import Utility
from plaudit.feedback.wrappers import (
    Advice,
    HideReward,
    RecordSegments,
    VectorAdvice,
    VectorConstraint,
    VectorLanguageFeedback,
    VectorReferenceLogProb,
)

TABLE = {  # action 0 stays and 1 goes over
    "id": "plaudit/Tabular-v0",
    "transitions": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
    "rewards": [[0.0, 1.0], [0.5, -1.0]],
    "start": [1, 0],
    "horizon": 4,
}
MODES = [mode.value for mode in AutoresetMode]


class InState(Utility):
    """Wants action 1 in state 0, where 1 is at stake, and 0 in state 1, where 3 are."""

    def actions(self, seen):
        return np.array([[0.0, 1.0], [3.0, 0.0]])[seen.obs[:, 0].astype(int)]


class Indifferent(Utility):
    def actions(self, seen):
        return np.zeros((len(seen.obs), 2))


@pytest.fixture
def adviser(monkeypatch):
    """Registers a teacher that is told what to be by its settings."""

    def make(name, skip=0.0, beta=None, seed=0):
        choice = Argmax() if beta is None else Boltzmann(beta)
        return Simulated(lambda s: s, InState(), choice, (Skip(skip),), seed=seed, name=name)

    monkeypatch.setattr(
        feedback, "make", lambda spec: make(**({"name": spec} if isinstance(spec, str) else spec))
    )


@pytest.mark.usefixtures("adviser")
def test_advice_is_for_what_is_seen_now_and_is_followed():
    env = Advice(gym.make(**TABLE), "adviser", budget=3)
    _, info = env.reset(seed=0)
    assert (info["advice"], info["advice_left"]) == (1, 2)
    _, reward, _, _, info = env.step(0)  # action 1 is executed: over to state 1
    assert (reward, info["followed"], info["executed"]) == (1.0, True, 1)
    assert (info["advice"], info["advice_left"]) == (0, 1)
    assert env.step(1)[4]["advice_left"] == 0  # the third one, given in state 1
    _, reward, over, _, info = env.step(1)
    assert (reward, info["advice"], info["executed"], over) == (0.5, -1, 0, False)
    _, reward, over, _, info = env.step(1)  # nothing is left: the agent is on its own
    assert (reward, info["followed"], info["executed"], over) == (-1.0, False, 1, True)


@pytest.mark.usefixtures("adviser")
def test_unfollowed_advice_is_only_information():
    env = Advice(gym.make(**TABLE), "adviser", adherence=0.0)
    env.reset(seed=0)
    steps = [env.step(action)[4] for action in (0, 1, 0, 0)]
    assert [info["executed"] for info in steps] == [0, 1, 0, 0]
    # advised were 1, 1, 0, 0: to do by oneself what is advised is to follow it too
    assert [info["followed"] for info in steps] == [False, True, True, True]
    assert "advice_left" not in steps[0]
    assert steps[3]["advice"] == -1  # the episode is over


@pytest.mark.usefixtures("adviser")
def test_a_share_of_the_advice_is_followed():
    env = VectorAdvice(gym.make_vec(num_envs=50, **TABLE), "adviser", adherence=0.3)
    _, info = env.reset(seed=0)
    followed = []
    for _ in range(40):
        against = 1 - info["advice"]
        *_, info = env.step(against)
        followed += info["followed"].tolist()
    # 2000 draws at 0.3: standard error 0.0102; four of them
    assert np.mean(followed) == pytest.approx(0.3, abs=0.041)


@pytest.mark.usefixtures("adviser")
@pytest.mark.parametrize(("threshold", "advised"), [(0.5, (1, 0)), (1.0, (-1, 0)), (3.0, (-1, -1))])
def test_advice_is_saved_for_where_more_is_at_stake(threshold, advised):
    # at stake: 1 in state 0, 3 in state 1; "more than" the threshold
    env = Advice(gym.make(**TABLE), "adviser", 9, when="important", threshold=threshold)
    _, info = env.reset(seed=0)
    *_, after = env.step(1)
    assert (info["advice"], after["advice"]) == advised
    assert after["advice_left"] == 9 - sum(action >= 0 for action in advised)


@pytest.mark.usefixtures("adviser")
@pytest.mark.parametrize(("threshold", "advised"), [(0.4, (1, 1)), (0.5, (0, 1)), (1.5, (0, 0))])
def test_what_is_at_stake_for_a_population_is_the_mean(monkeypatch, threshold, advised):
    # at stake for the one 1 in state 0 and 3 in state 1, for the other one nothing
    one = feedback.make("adviser")
    careless = Simulated(one.lens, Indifferent(), one.choice)
    monkeypatch.setattr(feedback, "make", lambda name: Population([one, careless]))
    env = Advice(gym.make(**TABLE), "both", when="important", threshold=threshold)
    _, info = env.reset(seed=0)
    *_, after = env.step(1)
    assert (info["advice"] >= 0, after["advice"] >= 0) == advised


@pytest.mark.usefixtures("adviser")
def test_a_skip_is_no_advice_and_costs_nothing():
    env = Advice(gym.make(**TABLE), {"name": "adviser", "skip": 1.0}, budget=1)
    _, info = env.reset(seed=0)
    assert (info["advice"], info["advice_left"]) == (-1, 1)
    assert env.step(0)[4]["executed"] == 0


@pytest.mark.usefixtures("adviser")
def test_only_legal_actions_are_advised():
    env = Advice(gym.make(**TABLE, legal_actions=[[1, 0], [1, 1]]), "adviser")
    _, info = env.reset(seed=0)
    assert info["advice"] == 0  # 1 would be better, but is illegal
    important = Advice(env.env, "adviser", when="important")
    assert important.reset(seed=0)[1]["advice"] == -1  # with one legal action nothing is at stake


@pytest.mark.usefixtures("adviser")
@pytest.mark.parametrize("mode", MODES)
def test_one_budget_serves_all_rows_that_play(mode):
    venv = gym.make_vec(num_envs=3, autoreset_mode=mode, **TABLE)
    env = VectorAdvice(venv, "adviser", budget=17)
    _, info = env.reset(seed=0)
    over, given = np.zeros(3, bool), 0
    for _ in range(12):
        given += int((info["advice"] >= 0).sum())
        assert info["advice_left"].tolist() == [17 - given] * 3
        state = env.unwrapped.get_state()["rows"]["game"]["state"]
        asked = ~over & (info["advice"] >= 0)
        assert info["advice"][asked].tolist() == (1 - state[asked]).tolist()
        assert (info["advice"][over] == -1).all()
        _, _, terminated, truncated, info = env.step(np.zeros(3, int))
        over = (terminated | truncated) & (mode != "SameStep")
        if mode == "Disabled" and over.any():
            _, info = env.reset(options={"reset_mask": over})
            over = np.zeros(3, bool)
    assert given == 17


@pytest.mark.usefixtures("adviser")
def test_a_partial_reset_keeps_the_advice_of_other_rows():
    venv = gym.make_vec(num_envs=2, autoreset_mode="Disabled", **TABLE)
    env = VectorAdvice(venv, "adviser", budget=3)
    env.reset(seed=0)  # advice for both rows
    _, info = env.reset(options={"reset_mask": np.array([True, False])})
    assert info["advice"].tolist() == [1, 1]
    assert info["advice_left"].tolist() == [0, 0]


@pytest.mark.usefixtures("adviser")
@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    teacher = {"name": "adviser", "beta": 0.5, "skip": 0.3}
    venvs = (gym.make_vec(num_envs=3, autoreset_mode=mode, **TABLE) for _ in range(2))
    env, fresh = (VectorAdvice(venv, teacher, 20, adherence=0.5) for venv in venvs)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.zeros(3, int))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    told = []
    for actions in np.random.default_rng(1).integers(0, 2, (9, 3)):
        ours, theirs = env.step(actions)[4], fresh.step(actions)[4]
        for key in ("advice", "advice_left", "executed"):
            assert ours[key].tolist() == theirs[key].tolist()
        told += ours["advice"].tolist()
    assert {*told} == {-1, 0, 1} or mode == "Disabled"


def test_who_follows_a_knowing_adviser_earns_the_optimum():
    world = {"id": "plaudit/LanguageTeacher-v0", "horizon": 20}
    knowing = {"name": "advisor", "world": world["id"], "settings": {"horizon": 20}, "beta": 1e6}
    env = Advice(HideReward(gym.make(**world)), knowing, states=True)
    for seed in range(3):
        env.reset(seed=seed)
        state, total, over = env.unwrapped.get_state(), 0.0, False
        best = float(env.unwrapped.oracle().q(state).max())
        while not over:
            _, _, over, _, _ = env.step(0)
            total += env.env.truth
        assert total == pytest.approx(best)


def test_what_is_executed_is_what_is_recorded():
    recorded = RecordSegments(gym.make("CartPole-v1"), length=5)
    env = Advice(recorded, {"name": "coin_flip", "seed": 3})
    env.reset(seed=0)
    executed = [env.step(0)[4]["executed"] for _ in range(5)]
    assert recorded.segments.segment(0).actions.tolist() == executed
    assert {*executed} == {0, 1}


@pytest.mark.parametrize("world", ["CartPole-v1", "FrozenLake-v1", "Taxi-v4"])
def test_foreign_worlds_work_unchanged(world):
    env = VectorAdvice(gym.make_vec(world, 2), "coin_flip", budget=30, adherence=0.5)
    _, info = env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(20):
        legal = info.get("action_mask")
        for row in np.flatnonzero(info["advice"] >= 0) if legal is not None else ():
            assert legal[row, info["advice"][row]] == 1
        *_, info = env.step(env.action_space.sample())
    assert info["advice_left"].tolist() == [0, 0]


def test_the_spec_is_json_and_makes_the_wrapper_again():
    teacher = {"name": "coin_flip", "seed": 5}
    env = Advice(gym.make("CartPole-v1"), teacher, 4, adherence=0.5, seed=1)
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    ours, theirs = ([one.reset(seed=0)[1]] for one in (env, again))
    for one, infos in ((env, ours), (again, theirs)):
        infos += [one.step(0)[4] for _ in range(6)]
    assert ours == theirs


def test_settings_are_checked(monkeypatch):
    env = gym.make("CartPole-v1")
    for settings, message in (
        ({"budget": -1}, "budget must be at least 0, or None, got -1"),
        ({"adherence": 1.5}, r"adherence must be a probability in \[0, 1\], got 1.5"),
        ({"threshold": -1.0}, "threshold must be at least 0, got -1.0"),
        ({"when": "often"}, "when must be 'always' or 'important', got 'often'"),
    ):
        with pytest.raises(ValueError, match=message):
            Advice(env, "coin_flip", **settings)
    with pytest.raises(TypeError, match="Advice needs Discrete actions"):
        Advice(gym.make("Pendulum-v1"), "coin_flip")
    with pytest.raises(TypeError, match="states=True needs a world with get_state"):
        Advice(env, "coin_flip", states=True)
    table = {key: value for key, value in TABLE.items() if key != "id"}
    knows = {"name": "advisor", "world": TABLE["id"], "settings": table}
    blind = Advice(gym.make(**TABLE), knows)
    with pytest.raises(ValueError, match=r"carries no states: give states=True to .*Advice"):
        blind.reset(seed=0)
    with pytest.raises(TypeError, match="RecordSegments belongs inside Advice"):
        RecordSegments(Advice(env, "coin_flip"))


def test_a_person_cannot_be_asked_what_is_important(monkeypatch):
    class Person:
        name = "me"

    monkeypatch.setattr(feedback, "make", lambda name: Person())
    with pytest.raises(TypeError, match=r"needs a simulated teacher, .* 'me' is none"):
        Advice(gym.make("CartPole-v1"), "person", when="important")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: VectorAdvice(env, "coin_flip"),
        lambda env: VectorConstraint(env, {"teacher": "coin_flip"}),
        lambda env: VectorLanguageFeedback(env, "coin_flip"),
        lambda env: VectorReferenceLogProb(env),
    ],
)
@pytest.mark.parametrize("mode", AutoresetMode)
def test_worlds_may_show_several_numbers_and_words(wrap, mode):
    one = {"vectorization_mode": "sync", "vector_kwargs": {"autoreset_mode": mode}}
    env = wrap(gym.make_vec("Blackjack-v1", 3, **one))
    obs, _ = env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(10):
        obs, _, over, cut, _ = env.step(env.action_space.sample())
        if mode == AutoresetMode.DISABLED and (over | cut).any():
            env.reset(options={"reset_mask": over | cut})
    assert len(obs) == 3  # as the world shows them: a tuple of three arrays
