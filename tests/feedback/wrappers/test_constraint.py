import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.feedback import snapshot
from plaudit.feedback.wrappers import (
    Constraint,
    HideReward,
    LearnedReward,
    RecordSegments,
    TeacherReward,
    VectorConstraint,
    VectorHideReward,
)
from plaudit.feedback.wrappers import cost_meter as module

TABLE = {  # action 1 costs 2 in state 0 and 1 in state 1; action 0 stays, 1 goes over
    "id": "plaudit/Tabular-v0",
    "transitions": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
    "rewards": [[0.5, 1.0], [0.25, -1.0]],
    "costs": [[0, 2], [0, 1]],
    "start": [1, 0],
    "horizon": 3,
}
GRID = {"id": "plaudit/LanguageTeacher-v0", "horizon": 4}
TOLD = {"info": "cost"}
MODES = list(AutoresetMode)


def test_a_component_turns_into_a_cost_and_leaves_the_reward():
    env = Constraint(gym.make(**GRID), {"component": "step"}, limit=0.05)
    _, info = env.reset(seed=0)
    assert info["cost_left"] == 0.05
    left = []
    for action in (0, 0, 0, 0):
        _, reward, over, _, info = env.step(action)
        assert (reward, info["cost"], info["true_reward"]) == (0.0, 0.02, -0.02)
        left.append(round(info["cost_left"], 6))
    # 0.05 less 0.02 each time; the whole episode of 4 steps costs 0.08
    assert left == [0.03, 0.01, -0.01, -0.03]
    assert over
    assert info["cost_return"] == pytest.approx(0.08)
    assert info["eval"]["reward_components"]["step"] == -0.02


def test_a_number_that_the_environment_tells_is_a_cost():
    env = Constraint(gym.make(**TABLE), TOLD)
    env.reset(seed=0)
    steps = [env.step(action) for action in (1, 1, 0)]  # costs 2 and 1, then stays
    assert [step[4]["cost"] for step in steps] == [2.0, 1.0, 0.0]
    assert [step[1] for step in steps] == [1.0, -1.0, 0.5]  # what is paid stays
    assert ["cost_return" in step[4] for step in steps] == [False, False, True]
    assert steps[2][4]["cost_return"] == 3.0
    assert "cost_left" not in steps[0][4]


def constrained():
    return Constraint(RecordSegments(gym.make(**TABLE), length=1), TOLD)


@pytest.mark.parametrize(
    "outside",
    [
        lambda env: TeacherReward(env, "coin_flip"),
        lambda env: LearnedReward(env, model={"name": "bradley_terry", "width": 8}),
    ],
)
def test_the_cost_survives_other_rewards_and_the_worlds_own_stays_aside(outside):
    env = outside(constrained())
    env.reset(seed=0)
    *_, info = env.step(1)
    assert (info["cost"], info["true_reward"]) == (2.0, 1.0)
    assert info["eval"]["total_cost"] == 2.0
    assert info.keys() == {"cost", "true_reward", "eval"}


def test_a_cost_is_a_signal_where_the_world_tells_nothing_too():
    recorded = RecordSegments(gym.make("CartPole-v1"), length=1)
    env = TeacherReward(Constraint(recorded, {"teacher": "oracle"}), "coin_flip")
    env.reset(seed=0)
    assert env.step(0)[4] == {"cost": 0.0, "true_reward": 1.0, "eval": {}}


@pytest.mark.parametrize("outside", [lambda env: env, lambda env: TeacherReward(env, "coin_flip")])
def test_the_cost_survives_a_hidden_reward_and_the_truth_does_not(outside):
    env = outside(HideReward(constrained()))
    assert env.reset(seed=0)[1] == {}
    *_, info = env.step(1)
    assert info == {"cost": 2.0}


def test_a_function_gives_costs_of_any_action(monkeypatch):
    def effort(obs, actions, after):
        assert obs.shape == after.shape == (1, 3)
        return np.abs(actions)[:, 0]

    monkeypatch.setattr(module, "effort", effort, raising=False)
    env = Constraint(gym.make("Pendulum-v1"), {"function": f"{module.__name__}:effort"})
    env.reset(seed=0)
    assert [env.step(np.array([a]))[4]["cost"] for a in (-1.5, 0.25)] == [1.5, 0.25]


@pytest.mark.parametrize("mode", MODES)
def test_rows_that_do_not_play_cost_nothing(mode, monkeypatch):
    monkeypatch.setattr(module, "one", lambda obs, actions, after: np.ones(2), raising=False)
    venv = gym.make_vec(num_envs=2, autoreset_mode=mode, **TABLE)
    env = VectorConstraint(venv, {"function": f"{module.__name__}:one"})
    env.reset(seed=0)
    costs = [env.step(np.zeros(2, int))[4]["cost"].tolist() for _ in range(5)]
    idle = {AutoresetMode.NEXT_STEP: [3], AutoresetMode.DISABLED: [3, 4]}.get(mode, [])
    # episodes of three steps; the fourth one is a reset, or all stand still
    assert costs == [[0.0 if step in idle else 1.0] * 2 for step in range(5)]


@pytest.mark.parametrize(
    ("ask", "center", "costs"),
    [
        # 0.5 and 1.0 are paid: above 0.75 will do
        ({"kind": "approve"}, 0.75, [1.0, 0.0]),
        # thresholds 0.7 -+ 0.5 / 2: 0.5 is level 1 of 0..2, 1.0 level 2
        ({"kind": "rate", "levels": 3}, 0.7, [0.5, 0.0]),
        ({"kind": "rate", "levels": 2}, 0.75, [1.0, 0.0]),
    ],
)
def test_a_judgement_costs_what_it_lacks(ask, center, costs):
    teacher = {"name": "oracle", "center": center, "spread": 0.5}
    env = Constraint(gym.make(**TABLE), {"teacher": teacher, "ask": ask})
    env.reset(seed=0)
    steps = [env.step(0), env.step(1)]
    assert [step[4]["cost"] for step in steps] == costs
    assert [step[1] for step in steps] == [0.5, 1.0]


def test_a_skipped_judgement_costs_what_was_agreed():
    teacher = {"name": "noisy_person", "skip": 1.0}
    env = Constraint(gym.make(**TABLE), {"teacher": teacher}, missing=0.125)
    env.reset(seed=0)
    assert env.step(0)[4]["cost"] == 0.125


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_rows_of_vectors_have_costs_of_their_own_episodes(mode, native):
    settings = {"vector_kwargs": {"autoreset_mode": mode}, "vectorization_mode": "sync"}
    venv = gym.make_vec(num_envs=2, **TABLE, **({"autoreset_mode": mode} if native else settings))
    env = VectorConstraint(venv, TOLD, limit=4.0)
    env.reset(seed=0)
    rng, over = np.random.default_rng(0), np.zeros(2, bool)
    state, spent, returns = np.zeros(2, int), np.zeros(2), []
    same = mode == AutoresetMode.SAME_STEP
    for _ in range(20):
        actions = rng.integers(0, 2, 2)
        _, _, terminated, truncated, info = env.step(actions)
        cost = np.where(over | (actions == 0), 0.0, np.where(state == 0, 2.0, 1.0))
        assert info["cost"].tolist() == cost.tolist()
        assert info["_cost"].tolist() == (~over).tolist()
        state, spent = np.where(actions == 1, 1 - state, state), spent + cost
        ended = (terminated | truncated) & ~over
        assert info["_cost_return"].tolist() == ended.tolist()
        assert info["cost_return"][ended].tolist() == spent[ended].tolist()
        returns += spent[ended].tolist()
        fresh = ended if same else over & (mode == AutoresetMode.NEXT_STEP)
        assert info["cost_left"].tolist() == np.where(fresh, 4.0, 4.0 - spent).tolist()
        begins = ended if same else over
        state[begins], spent[begins] = 0, 0.0
        over = ended & (not same)
        if mode == AutoresetMode.DISABLED and over.any():
            _, info = env.reset(options={"reset_mask": over})
            state[over], spent[over], over = 0, 0.0, np.zeros(2, bool)
    assert len({*returns}) > 2


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    judged = {"teacher": "noisy_person", "ask": {"kind": "rate", "levels": 3}}
    env, fresh = (
        VectorConstraint(gym.make_vec(num_envs=2, **TABLE, autoreset_mode=mode), judged, 5.0)
        for _ in range(2)
    )
    env.reset(seed=0)
    for _ in range(2):
        env.step(np.array([0, 1]))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    told = []
    for actions in np.random.default_rng(1).integers(0, 2, (9, 2)):
        ours, theirs = env.step(actions)[4], fresh.step(actions)[4]
        for key in ("cost", "cost_left", "cost_return"):
            assert ours[key].tolist() == theirs[key].tolist()
        told += ours["cost"].tolist()
    assert len({*told}) > 1


def test_the_spec_is_json_and_makes_the_wrapper_again():
    env = Constraint(gym.make(**TABLE), {"teacher": {"name": "oracle", "center": 0.75}}, limit=2.0)
    text = env.spec.to_json()
    json.loads(text)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(text))
    for one in (env, again):
        one.reset(seed=0)
        assert one.step(0)[4]["cost_left"] == 1.0


def test_what_is_no_cost_is_refused():
    env = gym.make(**GRID)
    for cost in ({}, {"info": "a", "component": "b"}, {"info": "a", "ask": {}}, "step"):
        with pytest.raises(ValueError, match=r"cost must be {kind: ...} with one of comp"):
            Constraint(env, cost)
    with pytest.raises(ValueError, match="a cost is judged by 'approve' or 'rate', got 'react'"):
        Constraint(env, {"teacher": "oracle", "ask": {"kind": "react"}})
    wrong = Constraint(env, {"component": "stop"})
    wrong.reset(seed=0)
    with pytest.raises(KeyError, match="unknown component 'stop'; did you mean 'step'"):
        wrong.step(0)
    plain = Constraint(gym.make("CartPole-v1"), {"component": "illegal"})
    plain.reset(seed=0)
    with pytest.raises(KeyError, match="unknown component 'illegal'; this world tells no comp"):
        plain.step(0)
    with pytest.raises(ValueError, match="there is no cost function 'numpy:nowhere'"):
        Constraint(env, {"function": "numpy:nowhere"})
    with pytest.raises(TypeError, match=r"function 'numpy:pi' must be callable, got 3\.14"):
        Constraint(env, {"function": "numpy:pi"})
    with pytest.raises(TypeError, match="Constraint belongs inside HideReward"):
        Constraint(HideReward(env), {"info": "cost"})
    with pytest.raises(TypeError, match="Constraint belongs inside HideReward"):
        VectorConstraint(VectorHideReward(gym.make_vec(num_envs=2, **GRID)), {"info": "cost"})


def test_foreign_worlds_work_unchanged():
    for world in ("CartPole-v1", "FrozenLake-v1", "Pendulum-v1"):
        env = VectorConstraint(gym.make_vec(world, 2), {"teacher": "coin_flip"})
        env.reset(seed=0)
        env.action_space.seed(0)
        costs = np.concatenate([env.step(env.action_space.sample())[4]["cost"] for _ in range(30)])
        assert {*costs.tolist()} == {0.0, 1.0}
